#!/usr/bin/python3
"""examples.py -- all examples of Debian's package rt-app run, or are refused as fragments.

Goal: what users have works.  Method: every file of the package's examples is run to its end under one
torus and under one a core; all its threads must be in the results, and where a file says how much
its threads run, each must have had that to a us (locks take some ns), whatever the scheduler.
Fragments for merge.py, which are no files to run, must be refused as such.  Skipped (77) where the
package is not there.

usage: examples.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import os
import subprocess
import sys
import tempfile

EXAMPLES = "/usr/share/doc/rt-app/examples"
PROGRAM = os.path.abspath(sys.argv[1])
FRAGMENTS = {f"merge/{name}.json" for name in
             ("global", "resources", "thread0", "thread1", "thread2", "thread3")}
# File: the threads of each task, and of what is known, the ms that each runs.
FILES = {
    "browser-long.json": {name: (1, None) for name in (
        "BrowserMain", "BrowserSub1", "BrowserSub2", "BrowserDisplay", "Binder-dummy",
        "Binder-display", "Event-Browser", "Event-Display", "Display")},
    "mp3-long.json": {"AudioTick": (1, 0), "AudioOut": (1, 100000), "AudioTrack": (1, None),
                      "mp3_decoder": (1, None), "OMXCall": (1, None)},
    "spreading-tasks.json": {"thread1": (1, 24000), "thread2": (1, None)},
    "template.json": {"thread0": (1, 600)},
    "video-long.json": {name: (1, None) for name in (
        "surfaceflinger", "DispSync", "hwc_eventmon", "EventThread1", "EventThread2", "waker",
        "NuPlayerRenderer", "NuPlayerDriver1", "NuPlayerDriver2", "CodecLooper1", "CodecLooper2",
        "OMXCallbackDisp2", "CodecLooper3", "NPDecoder", "NPDecoder-CL", "gle_aac_decoder",
        "OMXCallbackDisp1")},
    "cpufreq_governor_efficiency/calibration.json": {"thread": (1, 2)},
    "cpufreq_governor_efficiency/dvfs.json": {"thread": (1, 9000)},
    "tutorial/example1.json": {"thread0": (1, 400)},
    "tutorial/example2.json": {"thread0": (1, 200)},
    "tutorial/example3.json": {"thread0": (12, 300)},
    "tutorial/example4.json": {"thread0": (1, None), "thread1": (1, None)},
    "tutorial/example5.json": {"thread0": (1, 960), "thread1": (1, 90)},
    "tutorial/example6.json": {"thread0": (1, None)},
    "tutorial/example7.json": {"task0": (1, None), "task1": (1, None)},
    "tutorial/example8.json": {"thread0": (1, None)},
}
FILES["video-long.json"]["waker"] = (1, 0)  # it wakes others, and runs nothing
FILES["browser-short.json"] = FILES["browser-long.json"]
FILES["video-short.json"] = FILES["video-long.json"]
FILES["mp3-short.json"] = {**FILES["mp3-long.json"], "AudioOut": (1, 1000)}
failures = 0


def failed(what):
    global failures
    failures += 1
    print(f"FAILED: {what}", file=sys.stderr)


def braidsim(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)


def check_threads(name, tori, results):
    found = {}
    with open(results + "/processes.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["workload"], []).append(int(row["user_ps"]) / 1e9)
    expected = FILES[name]
    if {task: len(times) for task, times in found.items()} != \
            {task: count for task, (count, _) in expected.items()}:
        failed(f"{name}, {tori}: the threads are {found}")
        return
    for task, times in found.items():
        ms = expected[task][1]
        if ms is not None and any(abs(time - ms) > 1e-3 for time in times):
            failed(f"{name}, {tori}: {task} ran {times} ms, not {ms}")
        if ms is None and min(times) <= 0:
            failed(f"{name}, {tori}: {task} never ran")


def run(name, tori):
    with tempfile.TemporaryDirectory() as work:
        done = braidsim("run", "--as", "rt-app", os.path.join(EXAMPLES, name), "--quiet", "--set",
                        f"/scheduler/tori={tori}", "--out", work + "/results", "--cost",
                        "flat" if "-long" in name else "traced")  # ten minutes take their time
        if done.returncode != 0:
            failed(f"{name}, {tori}: status {done.returncode}: {done.stderr}")
        else:
            check_threads(name, tori, work + "/results")
        return done.returncode == 0


def main():
    if not os.path.isdir(EXAMPLES):
        print(f"SKIPPED: there is no {EXAMPLES}: install Debian's package rt-app to have this run")
        sys.exit(77)
    found = {os.path.relpath(os.path.join(folder, file), EXAMPLES)
             for folder, _, files in os.walk(EXAMPLES) for file in files if file.endswith(".json")}
    if found != FRAGMENTS | set(FILES):
        failed(f"the package has other examples: {sorted(found ^ (FRAGMENTS | set(FILES)))}")
    counts = {tori: sum(run(name, tori) for name in sorted(FILES)) for tori in ("1", "per_core")}
    refused = 0
    for name in sorted(FRAGMENTS):
        for command in ("check", "run"):
            done = braidsim(command, "--as", "rt-app", os.path.join(EXAMPLES, name))
            if done.returncode != 2 or "a fragment for rt-app's merge.py" not in done.stderr:
                failed(f"{command} {name}: status {done.returncode}: {done.stderr}")
        refused += 1
    for tori, count in counts.items():
        print(f"tori {tori}: {count} of {len(FILES)} examples run to their end")
    print(f"{refused} fragments are refused")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
