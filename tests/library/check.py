#!/usr/bin/python3
"""check.py -- the library of workloads: each is what it says.

Goal: what a file of workloads/library says of its load cannot rot, and each runs everywhere.
Method: on an ideal machine with cores to spare, every workload at scale 1 and 2 must keep as many
cores busy as its "load" says, and go so many rounds a second; on four cores, under one torus and
under one a core, every process must have run, those with a "loop" must have exited after it, and
equal seeds must give equal results.  Each comment in a file says where a figure comes from.  Names
that are none are refused; the shipped scenario library.json runs all of them.

usage: check.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import json
import os
import re
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
LIBRARY = os.path.join(ROOT, "workloads/library")
TOLERANCE = 0.05  # of what "load" says; the runs are long enough for a third of it
ORIGINS = ("published", "measured", "derived", "assumed", "left out")
# Name: cores to spare, and ms at scale 1, for "load"; ms on four cores, in which every process
# runs.
RUNS = {
    "audio-and-compile": (10, 30000, 5000),
    "batch-mix": (24, 200000, 5000),
    "build-farm": (24, 30000, 5000),
    "chat-rooms": (64, 100, 200),
    "cpu-hogs": (4, 1000, 1000),
    "desktop": (8, 300000, 60000),
    "fork-storm": (10, 1000, 200),
    "heavy-tailed": (16, 600000, 20000),
    "io-storm": (56, 300, 200),
    "message-passing": (84, 10, 60),
    "thundering-herd": (16, 20000, 500),
    "web-server": (16, 100000, 5000),
}
failures = 0


def failed(what):
    global failures
    failures += 1
    print(f"FAILED: {what}", file=sys.stderr)


def braidsim(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)


def read_table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_workload(name):
    with open(os.path.join(LIBRARY, name + ".json"), encoding="utf-8") as file:
        text = file.read()
    lines = text.splitlines()
    comments = [line for line in lines if line.startswith("//")]
    pattern = rf"//(   \S|  *({'|'.join(ORIGINS)}): )"
    for line in comments:
        if not re.match(pattern, line):
            failed(f"{name}: a comment says not where a figure comes from: {line}")
    if not any(line.startswith(("// published", "// measured", "// assumed")) for line in comments):
        failed(f"{name}: no figure has an origin")
    return json.loads("\n".join(line for line in lines if not line.startswith("//")))


def run(work, scenario, *arguments):
    """Runs it; where the results are, or None."""
    path, results = os.path.join(work, "scenario.json"), os.path.join(work, "results")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(scenario, file)
    done = braidsim("run", path, "--quiet", "--out", results, *arguments)
    if done.returncode != 0:
        failed(f"{scenario['workload']}: status {done.returncode}: {done.stderr}")
        return None
    return results


def scenario_of(name, scale, cores, duration_ms, warmup_ms):
    return {"name": "library", "replications": 1, "duration_ms": duration_ms,
            "warmup_ms": warmup_ms, "cost": "flat", "machine": {"cpu": "ideal", "cores": cores},
            "scheduler": {"tori": 1, "policy": "fair"},
            "workload": [{"library": name, "scale": scale}]}


# ---- What its "load" says ------------------------------------------------------------------

def expected(workload, scale):
    """Busy cores, and rounds per second of entries: as the file says of this scale, or else so many
    times what it says of scale 1."""
    by_scale = {load["scale"]: load for load in workload["load"]}
    load, times = (by_scale[scale], 1) if scale in by_scale else (by_scale[1], scale)
    return (times * load["busy_cores"],
            {entry: times * rounds for entry, rounds in load["rounds_per_s"].items()})


def compare(what, found, wanted):
    if not abs(found - wanted) <= TOLERANCE * wanted:
        failed(f"{what} is {found:g}; the file says {wanted:g}")


def check_load(work, name, workload, scale):
    cores, duration_ms, _ = RUNS[name]
    measured_ms = max(duration_ms / scale, 1000 if name == "cpu-hogs" else 0)
    results = run(work, scenario_of(name, scale, cores, 20 + measured_ms, 20))
    if results is None:
        return
    row = read_table(results + "/runs.csv")[0]
    busy, rounds = expected(workload, scale)
    what = f"{name} at scale {scale}"
    compare(f"{what}: busy cores", float(row["useful_percent"]) / 100 * cores, busy)
    for entry, per_s in rounds.items():
        compare(f"{what}: rounds/s of {entry}", float(row["throughput_per_s." + entry]), per_s)


# ---- That it runs ----------------------------------------------------------------------------

def check_processes(name, workload, scales, rows):
    """All that there are from the beginning, each of which ran, or did all and exited."""
    entries = {entry["name"]: entry for entry in workload["entries"] if entry.get("instances")}
    for point, (scale, variant) in enumerate(scales):
        found = {entry: [] for entry in entries}
        for row in rows:
            if int(row["point"]) == point:
                found[row["workload"]].append(row)
        for entry, processes in found.items():
            where = f"{name} at scale {scale}, {variant}: {entry}"
            if len(processes) != entries[entry]["instances"] * scale:
                failed(f"{where}: {len(processes)} processes")
            if any(int(process["user_ps"]) == 0 for process in processes):
                failed(f"{where}: a process never ran")
            loop = entries[entry].get("loop")
            if loop and any(int(process["loops"]) != loop for process in processes):
                failed(f"{where}: did not exit after {loop} rounds")


def check_runs(work, name, workload):
    scenario = scenario_of(name, 1, 4, RUNS[name][2], 0)
    scenario["scheduler"].update(slice_us=1000, tick_hz=1000)  # everybody has a turn soon
    scenario["variants"] = {"global": {}, "tori": {"scheduler": {"tori": "per_core"}}}
    scenario["sweep"] = {"/workload/0/scale": [1, 2]}
    texts = []
    for seed in (1, 1, 2):
        results = run(work, scenario, f"--seed={seed}")
        if results is None:
            return
        rows = read_table(results + "/processes.csv")
        runs = read_table(results + "/runs.csv")
        scales = [(int(run["/workload/0/scale"]), run["variant"]) for run in runs]
        check_processes(name, workload, scales, rows)
        with open(results + "/runs.csv", "rb") as file:
            texts.append(file.read())
    if texts[0] != texts[1]:
        failed(f"{name}: equal seeds give unequal results")
    if texts[0] == texts[2] and "dist" in json.dumps(workload):
        failed(f"{name}: the seed decides nothing")


# ---- What is said of it ------------------------------------------------------------------------

def check_list(workloads):
    lines = braidsim("list", "workloads").stdout.splitlines()
    listed = {line.split()[0]: line for line in lines if line.strip()}
    phases = {word.rstrip(",") for line in lines[1:lines.index("")] for word in line[:18].split()}
    with open(os.path.join(ROOT, "configs/schema/scenario.schema.json"), encoding="utf-8") as file:
        events = set(json.load(file)["$defs"]["event"]["properties"])
    if phases != events | {"phases"}:
        failed(f"list workloads: phases are {phases}, should be {events} and groups")
    for name, workload in workloads.items():
        count = sum(entry.get("instances", 0) for entry in workload["entries"])
        line = listed.get(name, "")
        for words in (workload["description"],
                      f"scale: {workload['scale']}; at 1: {count} process"):
            if words not in line:
                failed(f"list workloads: {name}: \"{line}\" does not say \"{words}\"")


def check_refusals(work):
    scenario = scenario_of("desktop", 1, 1, 10, 0)
    for reference, words in (
            ({"library": "desktp"},
             '"desktp", did you mean "desktop"? There is audio-and-compile, batch-mix, build-farm'),
            ({"library": "desktop", "scale": 0}, "/workload/0/scale"),
            ({"library": "desktop", "instances": 1}, "/workload/0/instances: unknown key")):
        path = os.path.join(work, "refused.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**scenario, "workload": [reference]}, file)
        done = braidsim("check", path)
        if done.returncode != 2 or words not in done.stderr:
            failed(f"{reference}: status {done.returncode}: {done.stderr}")


def check_scenario(work, names):
    """The shipped scenario has all, under each of its schedulers."""
    path = os.path.join(ROOT, "configs/scenarios/library.json")
    done = braidsim("run", path, "--quiet", "--out", work + "/shipped", "--set", "/duration_ms=20",
                    "--set", "/warmup_ms=5", "--cost=flat")
    if done.returncode != 0:
        failed(f"library.json: status {done.returncode}: {done.stderr}")
        return
    found = {(row["variant"], json.loads(row["/workload/0/library"]))
             for row in read_table(work + "/shipped/runs.csv")}
    if found != {(variant, name) for variant in ("global", "tori") for name in names}:
        failed(f"library.json runs {sorted(found)}")


def main():
    names = sorted(file[:-5] for file in os.listdir(LIBRARY) if file.endswith(".json"))
    if names != sorted(RUNS):
        failed(f"the library has {names}")
        sys.exit(1)
    workloads = {name: read_workload(name) for name in names}
    with tempfile.TemporaryDirectory() as work:
        check_list(workloads)
        check_refusals(work)
        check_scenario(work, names)
        for name, workload in workloads.items():
            for scale in (1, 2):
                check_load(work, name, workload, scale)
            check_runs(work, name, workload)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
