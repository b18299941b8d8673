#!/usr/bin/python3
"""rtapp_measure.py -- measures rt-app itself on this machine, for section R of docs/VALIDATION.md.

Each file of rt-app's examples goes through workgen, as its documentation says, and is run several
times.  So long after its threads have appeared it is stopped, and the CPU time of every thread is
read from /proc/PID/task/TID/schedstat.  Only "ftrace" and "gnuplot" are switched off in the file, and
"calibration" is given as a number: the CPU time of a loop, measured just before.

Others on the machine disturb, so a run begins when they have left it alone for a second, and what
they took of the CPUs during it is noted; of all runs of a file the quietest are kept.

usage: rtapp_measure.py --out FILE [--repeats N] [--minutes N] [--quiet-percent N] [--cgroup DIR]
Wants root (negative nice values).  SPDX-License-Identifier: GPL-3.0-or-later
"""
import argparse
import datetime
import glob
import json
import os
import platform
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

EXAMPLES = "/usr/share/doc/rt-app/examples"
# For how long, from the start of the threads: less than the file runs, and in the middle of a sleep.
FILES = {"tutorial/example1.json": 1.95, "template.json": 5.95, "tutorial/example7.json": 4.9,
         "spreading-tasks.json": 9.0, "mp3-short.json": 5.9, "video-short.json": 5.9,
         "browser-short.json": 5.9}


def busy_ticks():
    """Of all CPUs, with anything."""
    with open("/proc/stat", encoding="ascii") as file:
        numbers = list(map(int, file.readline().split()[1:]))
    return sum(numbers) - numbers[3] - numbers[4]  # without idle and waiting for disks


def run_ns(pid):
    """CPU time of each thread, by name, in ns; the main thread left out."""
    times = {}
    for task in glob.glob(f"/proc/{pid}/task/*"):
        if task.endswith(f"/{pid}"):
            continue
        with open(task + "/comm", encoding="utf-8") as file:
            name = file.read().strip()
        with open(task + "/schedstat", encoding="ascii") as file:
            times.setdefault(name, []).append(int(file.read().split()[0]))
    return times


def wait_until_quiet(quiet_share):
    ticks = os.sysconf("SC_CLK_TCK") * os.cpu_count()
    quiet = 0
    while quiet < 1:
        before = busy_ticks()
        time.sleep(1)
        quiet = quiet + 1 if (busy_ticks() - before) / ticks <= quiet_share else 0


def prepare(path, work, p_load):
    plain = os.path.join(work, "plain.json")
    subprocess.run(["workgen", "-d", "-o", plain, path], check=True, capture_output=True)
    with open(plain, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r'("ftrace"|"gnuplot")\s*:\s*true', r"\1 : false", text)
    text = re.sub(r'"calibration"\s*:\s*("\w+"|\d+)', f'"calibration" : {p_load}', text)
    with open(plain, "w", encoding="utf-8") as file:
        file.write(text)
    return plain


def run_once(plain, work, seconds):
    """CPU ns by thread, and the share of the CPUs that others took."""
    with subprocess.Popen(["rt-app", plain], cwd=work, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        while len(os.listdir(f"/proc/{process.pid}/task")) < 2:
            time.sleep(0.0005)
        start, before = time.monotonic(), busy_ticks()
        time.sleep(seconds)
        process.send_signal(signal.SIGSTOP)
        took, after = time.monotonic() - start, busy_ticks()
        time.sleep(0.05)
        times = run_ns(process.pid)
        process.kill()
    own = sum(map(sum, times.values())) / 1e9
    others = (after - before) / os.sysconf("SC_CLK_TCK") - own
    return times, max(0.0, others) / (took * os.cpu_count())


def calibrate(work):
    """ns of CPU time a loop takes now, whoever else runs.  rt-app's own way finds none on a machine
    that is not idle: it asks for two times that differ by no more than 2 %."""
    path, assumed_ns, run_s = os.path.join(work, "calibrate.json"), 20, 0.5
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"tasks": {"t": {"loop": 1, "phases": {"p": {"run": int(1e6 * run_s)}}}},
                   "global": {"calibration": assumed_ns, "logdir": "./"}}, file)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(["rt-app", path], cwd=work, capture_output=True, check=True)
    used_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return round(assumed_ns * used_s / run_s)


def measure(options, work):
    """The runs of each file."""
    quiet = options.quiet_percent / 100
    runs = {name: [] for name in FILES}
    end = time.monotonic() + 60 * options.minutes
    while time.monotonic() < end:
        wanting = [name for name in FILES
                   if sum(run[1] <= quiet for run in runs[name]) < options.repeats]
        if not wanting:
            break
        name = min(wanting, key=lambda name: len(runs[name]))
        wait_until_quiet(quiet)
        p_load = calibrate(work)
        plain = prepare(os.path.join(EXAMPLES, name), work, p_load)
        times, others = run_once(plain, work, FILES[name])
        runs[name].append((times, others, p_load))
        print(name, p_load, f"others {100 * others:.1f} %", {task: round(sum(ns) / 1e6, 1)
                                                      for task, ns in times.items()},
              file=sys.stderr, flush=True)
    return runs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=30, help="at most")
    parser.add_argument("--quiet-percent", type=float, default=10, help="of the CPUs, for others")
    parser.add_argument("--cgroup", help="folder of a cpu cgroup to join, to which others give way")
    options = parser.parse_args()
    if options.cgroup:
        with open(os.path.join(options.cgroup, "cgroup.procs"), "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
    with tempfile.TemporaryDirectory() as work:
        all_runs = measure(options, work)
    files = []
    for name, seconds in FILES.items():
        runs = sorted(all_runs[name], key=lambda run: run[1])[:options.repeats]
        if not runs:
            continue
        tasks = [{"name": task, "cpu_ms": [round(sum(run[0].get(task, [0])) / 1e6, 3)
                                           for run in runs]} for task in sorted(runs[0][0])]
        files.append({"file": name, "seconds": seconds, "tasks": tasks,
                      "others_percent": [round(100 * run[1], 1) for run in runs],
                      "ns_per_loop": [run[2] for run in runs]})
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*:\s*(.*)", file.read()).group(1)
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "rt-app"], check=False,
                             capture_output=True, text=True).stdout
    data = {"date": datetime.date.today().isoformat(), "cpu": model, "cpus": os.cpu_count(),
            "kernel": platform.release(), "rt_app": version, "in_cgroup": bool(options.cgroup),
            "files": files}
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
