#!/usr/bin/python3
"""check.py -- `braidsim sensitivity` against runs with the figures set by hand.

Goal: each effect is that of `braidsim run` with the changed figure, replication by replication; CPUs have each
their own value changed, and only where it is assumed; results are the same whatever the jobs.
Method: means and intervals are worked out again here from runs.csv of runs as it is and with --set; a price that
is all there is must have twice the effect when doubled; where two CPUs differ, both are looked at; a change that
contradicts other figures must be told of and left out.

usage: check.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "trace"))
from checks import check, finish  # noqa: E402  (its folder is found above)

SMALL = {
    "name": "small", "seed": 5, "replications": 4, "duration_ms": 60, "warmup_ms": 10, "cost": "flat",
    "machine": {"cpu": "piii-xeon-700", "cores": 2},
    "scheduler": {"tori": 1, "policy": "rr", "slice_us": 2000, "tick_hz": 1000},
    "workload": [
        {"name": "hog", "instances": 3, "phases": [{"run": {"dist": "exponential", "mean_us": 5000}}]},
        {"name": "sleeper", "instances": 2, "phases": [{"run": 300}, {"sleep": 700}]}],
    "variants": {"rr": {}, "fair": {"scheduler": {"policy": "fair"}}},
    "sweep": {"/machine/cores": [1, 2]},
}
T975_3 = 3.182446  # Student's t, 3 degrees of freedom

def near(one, other, what):
    check(abs(one - other) <= 1e-6 * max(1, abs(one), abs(other)), f"{what}: {one}, not {other}")


program = os.path.realpath(sys.argv[1])
work = tempfile.mkdtemp(prefix="braidsim-sensitivity.")
os.chdir(work)


def run(*arguments, status=0):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    check(done.returncode == status, f"{arguments}: status {done.returncode}: {done.stderr}")
    return done


def write(name, **changes):
    with open(name, "w", encoding="utf-8") as file:
        json.dump({**SMALL, **changes}, file)
    return name


def read(name):
    with open(name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)) if name.endswith(".csv") else json.load(file)


def sensitivity(name, *arguments):
    done = run("sensitivity", name, "--json", "s.json", "--csv", "s.csv", *arguments)
    return read("s.json"), read("s.csv"), done.stdout


def runs(name, metric, *arguments):
    """{point: [value of each replication]}"""
    run("run", name, "--quiet", "--out", "out", *arguments)
    values = {}
    for row in read("out/runs.csv"):
        values.setdefault(int(row["point"]), []).append(float(row[metric]))
    shutil.rmtree("out")
    return values


# ---- Effects are those of runs -----------------------------------------------------------------
name = write("small.json")
METRICS = ("sched_overhead_percent", "response_us_mean.hog")
asked = [argument for metric in METRICS for argument in ("--metric", metric)]
FIGURES = {"flat_entry_ns": ((450, "halved"), (1800, "doubled")), "tlb_tagged": ((1, "flipped"),),
           "timer_interrupt_ns": ((2700, "halved"), (10800, "doubled"))}
for figure in FIGURES:
    asked += ["--figure", figure]
report, rows, text = sensitivity(name, *asked)
check([point["sweep"]["/machine/cores"] for point in report["points"]] == [1, 2, 1, 2], "points")
for metric in METRICS:
    base = runs(name, metric)
    ranked = next(one for one in report["metrics"] if one["metric"] == metric)["figures"]
    check({figure["figure"] for figure in ranked} == set(FIGURES), f"{metric}: figures")
    for figure in ranked:
        greatest = 0
        for (given, change), found in zip(FIGURES[figure["figure"]], figure["changes"]):
            check(found["change"] == change, f"{figure['figure']}: {found['change']}")
            values = runs(name, metric, "--set", f"/machine/figures/{figure['figure']}={given}")
            for at in found["points"]:
                what = f"{metric} {figure['figure']} {change} point {at['point']}"
                before, after = base[at["point"]], values[at["point"]]
                mean = statistics.fmean(before)
                differences = [b - a for a, b in zip(before, after)]
                near(at["given"], given, what)
                near(at["base"], mean, what)
                near(at["mean"], statistics.fmean(after), what)
                near(at["change_percent"], 100 * statistics.fmean(differences) / mean, what)
                near(at["ci95_percent"],
                     100 * T975_3 * statistics.stdev(differences) / math.sqrt(4) / mean, what)
                greatest = max(greatest, abs(at["change_percent"]))
            check(len(found["points"]) == 4, f"{figure['figure']}: points")
        near(figure["greatest_percent"], greatest, f"{metric} {figure['figure']}: greatest")
    effects = [figure["greatest_percent"] for figure in ranked]
    check(effects == sorted(effects, reverse=True), f"{metric}: not ranked: {effects}")
    first = [row for row in rows if row["metric"] == metric and row["rank"] == "1"]
    check(first and {row["figure"] for row in first} == {ranked[0]["figure"]}, f"{metric}: CSV")
check(len(rows) == 2 * 4 * 5, f"{len(rows)} rows of CSV")
check("timer_interrupt_ns" in text and max(map(len, text.split("\n"))) <= 120, text)

# ---- The same whatever the jobs ------------------------------------------------------------------
files = [open(name, "rb").read() for name in ("s.json", "s.csv")]
again = sensitivity(name, *asked, "--jobs", "1")
check(files == [open(name, "rb").read() for name in ("s.json", "s.csv")], "--jobs 1 differs")
check(again[2] == text, "--jobs 1: another table")

# ---- A price that is all there is -------------------------------------------------------------
write("ideal.json", machine={"cpu": "ideal", "cores": 2, "figures": {"flat_entry_ns": 100}},
      workload=[{"name": "hog", "instances": 4, "phases": [{"run": 1000000}]}],
      variants={"rr": {}}, sweep={"/machine/cores": [2]})
report, rows, text = sensitivity("ideal.json", "--figure", "flat_entry_ns")
halved, doubled = [float(row["change_percent"]) for row in rows]
check(abs(halved + 50) < 0.5 and abs(doubled - 100) < 0.5, f"price of all: {halved}, {doubled}")

# ---- Two CPUs, each with its own value, one of them published -------------------------------------
write("two.json", machine={"cpu": "piii-xeon-700", "cores": 2}, sweep={"/machine/cores": [2]},
      variants={"old": {}, "given": {"machine": {"figures": {"timer_interrupt_ns": 1000}}},
                "same": {"machine": {"cpu": "ideal"}}})
report, rows, text = sensitivity("two.json", "--figure", "timer_interrupt_ns")
given = {(row["variant"], row["change"]): float(row["given"]) for row in rows}
wanted = {("old", "halved"): 2700, ("old", "doubled"): 10800, ("given", "halved"): 500,
          ("given", "doubled"): 2000}
check({key: given.get(key) for key in wanted} == wanted, f"two CPUs: {given}")
check("1000 to 5400" in text, f"two CPUs: {text}")

# ---- What cannot be ---------------------------------------------------------------------------------
write("tight.json", machine={"cpu": "piii-xeon-700", "cores": 2,
                             "figures": {"transfer_ns": 180, "transfer_socket_ns": 200}})
report, rows, text = sensitivity("tight.json", "--figure", "transfer_socket_ns", "--figure",
                                 "l2_ways")
check([(one["figure"], one["change"]) for one in report["not_run"]] ==
      [("transfer_socket_ns", "halved")], f"not run: {report['not_run']}")
check("Not run: transfer_socket_ns halved: " in text, text)
check(any(row["figure"] == "transfer_socket_ns" and row["change"] == "doubled" for row in rows),
      "the other way is run")
for arguments, words in ((["--metric", "beauty"], "no point of the scenario has \"beauty\""),
                         (["--figure", "beauty"], "no CPU profile has a figure \"beauty\""),
                         (["--figure", "clock_mhz"], "is assumed of no CPU"),
                         (["--metric", "jain", "--metric", "jain"], "is there twice"),
                         (["more.json"], "one scenario is wanted"),
                         (["--json", "nowhere/there/s.json/"], "")):
    done = run("sensitivity", "small.json", "--quiet", *arguments, status=2)
    check(words in done.stderr, f"{arguments}: {done.stderr}")
shutil.rmtree(work)
finish()
