#!/usr/bin/python3
"""references.py -- an rt-app file by itself and in a scenario: the same processes, and nothing unsaid.

Goal: a file means the same however it comes in, and results stand for themselves.  Method: the files
beside this are run with --as rt-app and by a scenario that refers to them, once and twice with prefixes;
the scenario.json of results is run again from another folder; what each process had must be equal.
Notes must come once a file, whatever the number of points, and refusals with the file's place.

usage: references.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(sys.argv[1])
FILES = {"all-events": "fair", "classes": "priority", "deadline": "edf"}
failures = 0


def check(holds, what):
    global failures
    if not holds:
        failures += 1
        print(f"FAILED: {what}", file=sys.stderr)


def braidsim(work, *arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, cwd=work)


def processes(work, out, *arguments):
    """processes.csv of a run, and what it said; None when refused."""
    done = braidsim(work, "run", *arguments, "--quiet", "--jobs", "1", "--out", out)
    check(done.returncode == 0, f"{arguments}: status {done.returncode}: {done.stderr}")
    if done.returncode != 0:
        return None, done.stderr
    with open(os.path.join(work, out, "processes.csv"), encoding="utf-8") as file:
        return file.read(), done.stderr


def scenario_of(work, name, workload, suffix="-refers", **more):
    """The scenario that --as makes, with another workload."""
    with open(os.path.join(work, name, "scenario.json"), encoding="utf-8") as file:
        scenario = json.load(file)
    scenario["workload"] = workload
    scenario.update(more)
    path = os.path.join(work, name + suffix + ".json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(scenario, file)
    return path


def check_file(work, name, policy):
    path = os.path.join(HERE, name + ".json")
    alone, said = processes(work, name, "--as", "rt-app", path)
    refers = scenario_of(work, name, [{"rt-app": path}])
    with open(refers, encoding="utf-8") as file:
        made = json.load(file)
    check(made["scheduler"]["policy"] == policy and made["name"] == name, f"{name}: {made}")
    again, _ = processes(work, name + "-refers", refers)
    check(alone == again, f"{name}: another result by reference")
    os.makedirs(os.path.join(work, "elsewhere"), exist_ok=True)
    written = os.path.join(work, name, "scenario.json")
    again, repeated = processes(work, name + "-again", written)
    check(alone == again, f"{name}: another result from scenario.json")
    check(repeated == "", f"{name}: what was written says {repeated}")
    check(said.count("without meaning in a simulation") == (name == "all-events"),
          f"{name}: says {said}")


def check_points(work):
    """Two points, each with the file twice: one set of notes, names with prefixes."""
    path = os.path.join(HERE, "all-events.json")
    refers = scenario_of(work, "all-events",
                         [{"rt-app": path, "prefix": "a-"}, {"rt-app": path, "prefix": "b-"}],
                         variants={"one": {"scheduler": {"tori": 1}}, "each": {}})
    found, said = processes(work, "points", refers)
    check(found is not None and ",a-main_task,0," in found and ",b-partner,0," in found,
          f"names: {found}")
    for words in ("without meaning in a simulation, and left out: \"calibration\", \"logdir\"",
                  "names are changed: \"main.task\" is main_task",
                  "left to the scenario: \"duration\" (by duration_ms), \"pi_enabled\""):
        check(said.count(words) == 1, f"not once: {words}: {said}")


def check_ends(work):
    """What ends goes on until it has, however slow its core is; what is cut off says so."""
    with open(os.path.join(work, "slow.json"), "w", encoding="utf-8") as file:
        file.write('{ "tasks": { "a": { "loop": 30, "run": 100000, "cpus": [7] } } }')
    slow = ["--as", "rt-app", "slow.json", "--set", "/machine/cpu=m1-pro"]
    for more, runs in (([], None), (["--set", "/duration_ms=3001"], "1 of 1 run "),
                       (["--set", "/duration_ms=3001", "--replications", "2"], "2 of 2 runs ")):
        out = f"slow{len(more)}"
        _, said = processes(work, out, *slow, *more)
        with open(os.path.join(work, out, "runs.csv"), encoding="utf-8", newline="") as file:
            done_ms = next(csv.DictReader(file))["done_ms"]
        check(said == "" and 3001 < float(done_ms) < 40000 if runs is None else
              done_ms == "" and said.startswith(f"slow.json: note: {runs}that should last"),
              f"ends, {more}: at {done_ms}, says {said}")
    for from_ms, words in (("3000", ""), ("35000", "1 of 1 run that should last \"until\": \"done\" had ended")):
        _, said = processes(work, "traced", *slow, "--trace", "t.ftrace", "--trace-from", from_ms)
        check(words in said and (said == "") == (words == ""), f"traced from {from_ms}: {said}")


def check_refusals(work):
    path = os.path.join(HERE, "all-events.json")
    with open(os.path.join(work, "bad.json"), "w", encoding="utf-8") as file:
        file.write('{ "tasks": { "t": {\n"run": 1, "dance" } } }')
    cases = [
        (["check", "--as", "rt-app", "bad.json"], "bad.json:2:11: /tasks/t/dance: "),
        (["run", "--as", "rt-app", "bad.json"], "bad.json:2:11: /tasks/t/dance: "),
        (["check", "--as", "rt-app", "none.json"], "none.json:1:1: /: cannot be opened"),
        (["check", "--as", "perf", "bad.json"], "--as must be rt-app, is \"perf\""),
        (["check", scenario_of(work, "all-events", [{"rt-app": "bad.json"}], "-bad")],
         "bad.json:2:11: /tasks/t/dance: "),
        (["check", scenario_of(work, "all-events", [{"rt-app": "none.json"}], "-none")],
         "/workload/0/rt-app: there is no file"),
        (["check", path], "all-events.json: note: this is a file of rt-app's, which --as rt-app runs"),
        (["run", "--as", "rt-app", path, "--set", "/machine/cpu=abacus"], "no CPU profile \"abacus\""),
        (["run", "--as", "rt-app", path, "--set", "/machine/cores=1"], "is no core of this machine"),
    ]
    for arguments, words in cases:
        done = braidsim(work, *arguments)
        check(done.returncode == 2 and words in done.stderr,
              f"{arguments}: status {done.returncode}: {done.stderr}")


def main():
    with tempfile.TemporaryDirectory() as work:
        for name, policy in FILES.items():
            check_file(work, name, policy)
        check_points(work)
        check_ends(work)
        check_refusals(work)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
