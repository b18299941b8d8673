#!/usr/bin/python3
"""intervals.py -- intervals that are not Student's: of medians in results, of resamples in compare.

Goal: quantiles and maxima have the median of their runs between order statistics that cover 95 %, in summary.json
and in the table, from six runs on; `compare --interval bootstrap` judges by resamples of the runs.
Method: ranks are found here by the binomial distribution and looked up in runs.csv; bootstrap-t is worked out
again here from the same runs with other random numbers, and must agree but for chance; what must be worse,
undecided or refused is.

usage: intervals.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import json
import math
import os
import random
import re
import shutil
import statistics
import sys
import tempfile

from support import check, finish, refused, run, write

program = os.path.realpath(sys.argv[1])
work = tempfile.mkdtemp(prefix="braidsim-intervals.")
os.chdir(work)
METRIC = "response_us_p99"


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)) if path.endswith(".csv") else json.load(file)


def ranks(n):
    """The narrowest symmetric ranks, from 1, between which the median is with 95 %."""
    low = 0
    while sum(math.comb(n, k) for k in range(low + 1)) / 2**n <= 0.025:
        low += 1
    return low, n + 1 - low


# ---- Medians in results -------------------------------------------------------------------------
for n in (5, 6, 12):
    write("study.json", replications=n, sweep={"/machine/cores": [1, 2]})
    text = run(program, "run", "study.json", "--out", f"of{n}")
    check(("its median, 95 %" in text) == (n > 5), f"{n} runs: {text}")
    rows, points = read(f"of{n}/runs.csv"), read(f"of{n}/summary.json")["points"]
    low, high = ranks(n)
    seen = 0
    for p, point in enumerate(points):
        for name, metric in point["metrics"].items():
            tail = re.search(r"_(p\d+|max)(\..*)?$", name) is not None
            check(("median" in metric) == tail, f"{name}: {metric}")
            values = sorted(float(row[name]) for row in rows if int(row["point"]) == p and row[name])
            if not tail or len(values) != n:
                continue
            wanted = [values[(n + 1) // 2 - 1]] + ([values[low - 1], values[high - 1]] if low else
                                                   [None, None])
            got = [metric["median"], metric["median_low"], metric["median_high"]]
            check(got == wanted, f"{name}: {got}, not {wanted}")
            seen += 1
    check(seen > 20, f"only {seen} medians of {n} runs")
check(ranks(6) == (1, 6) and ranks(12) == (3, 10), "ranks")

# ---- Resamples in compare -----------------------------------------------------------------------------


def bounds(values):
    """Of the mean, by bootstrap-t with 4000 resamples."""
    draw, mean, n = random.Random(1), statistics.fmean(values), len(values)
    ts = []
    for _ in range(4000):
        sample = draw.choices(values, k=n)
        error = statistics.stdev(sample) / math.sqrt(n)
        if error > 0:
            ts.append((statistics.fmean(sample) - mean) / error)
    ts.sort()
    error = statistics.stdev(values) / math.sqrt(n)
    return mean - ts[int(0.975 * len(ts))] * error, mean - ts[int(0.025 * len(ts))] * error


write("a.json", replications=20, sweep={"/machine/cores": [2]})
write("b.json", replications=20, sweep={"/machine/cores": [2]}, scheduler={"slice_us": 3000})
write("few.json", replications=7, sweep={"/machine/cores": [2]}, scheduler={"slice_us": 3000})
for name in ("a", "b", "few"):
    run(program, "run", f"{name}.json", "--quiet", "--out", name)
run(program, "run", "b.json", "--quiet", "--seed", "9", "--out", "other")
asked = ["--metrics", METRIC, "--json", "c.json"]


def compare(one, other, *arguments, status=0):
    text = run(program, "compare", one, other, *asked, *arguments, status=status)
    return text, read("c.json")


statuses = {}
for point in (0, 1):
    a, b = ([float(row[METRIC]) for row in read(f"{name}/runs.csv") if int(row["point"]) == point]
            for name in ("a", "b"))
    low, high = bounds([y - x for x, y in zip(a, b)])
    for interval in ("student", "bootstrap"):
        text, report = compare("a", "b", "--interval", interval, "--margin", "1000")
        check(report["interval"] == interval and ("bootstrap-t" in text) == (interval != "student"),
              f"{interval}: {text}")
        item = next(one for one in report["metrics"] if one["variant"] == ("rr", "fair")[point])
        statuses[interval, point] = item["ci95_low"], item["ci95_high"]
    got = statuses["bootstrap", point]
    width = high - low
    check(abs(got[0] - low) < 0.15 * width and abs(got[1] - high) < 0.15 * width,
          f"point {point}: {got}, not about {(low, high)}")
    student = statuses["student", point]
    check(abs(sum(student) / 2 - item["difference"]) < 1e-6 * width, "Student's is not symmetric")
    check(abs(sum(got) / 2 - item["difference"]) > 1e-3 * width, "bootstrap-t's is symmetric")
text, report = compare("a", "other", "--interval", "bootstrap", "--margin", "1000")
check(report["samples"] == "independent" and report["verdict"] == "same", text)
text, report = compare("few", "few", "--interval", "bootstrap")
check(report["verdict"] == "same", f"equal runs: {text}")
text, report = compare("a", "few", "--interval", "bootstrap")
check("too few replications" in text and report["verdict"] == "undecided", text)
refused("--interval must be student or bootstrap", program, "compare", "a", "b", "--interval", "no")
shutil.rmtree(work)
finish()
