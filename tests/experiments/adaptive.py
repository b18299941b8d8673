#!/usr/bin/python3
"""adaptive.py -- a warm-up that is found and replications that are added are the same on every way there.

Goal: results with "warmup_ms": "auto" and "precision_percent" are equal to the byte at every --jobs, in shards,
and when killed and resumed; variants of a point have equally many replications.
Method: one study is run in all of these ways.

usage: adaptive.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from support import check, equal, finish, run, write

program = os.path.realpath(sys.argv[1])
work = tempfile.mkdtemp(prefix="braidsim-adaptive.")
os.chdir(work)

write("study.json", duration_ms=300, warmup_ms="auto", replications=15, precision_percent=3,
      precision_metrics=["response_us_mean.hog"], max_replications=60)
run(program, "run", "study.json", "--quiet", "--out", "whole", "--jobs", "1")
run(program, "run", "study.json", "--quiet", "--out", "four", "--jobs", "4")
equal("whole", "four", "four jobs")
for i in (1, 2, 3):
    run(program, "run", "study.json", "--quiet", "--out", f"part{i}", "--shard", f"{i}/3")
run(program, "merge", "part1", "part2", "part3", "--quiet", "--out", "merged")
equal("whole", "merged", "three shards")
process = subprocess.Popen([program, "run", "study.json", "--quiet", "--out", "killed"],
                           start_new_session=True)
for least in (50000, 400000):
    while process.poll() is None and (not os.path.exists("killed/runs.journal") or
                                      os.path.getsize("killed/runs.journal") < least):
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process = subprocess.Popen([program, "run", "study.json", "--quiet", "--out", "killed",
                                "--resume"], start_new_session=True)
check(process.wait() == 0, "resumed, it fails")
equal("whole", "killed", "killed twice")

with open("whole/summary.json", encoding="utf-8") as file:
    points = json.load(file)["points"]
counts = {}
for point in points:
    cores = point["sweep"]["/machine/cores"]
    n = max(metric["n"] for metric in point["metrics"].values())
    counts.setdefault(cores, set()).add((n, point["warmup_ms"]))
check(all(len(values) == 1 for values in counts.values()), f"variants differ: {counts}")
numbers = {n for values in counts.values() for n, _ in values}
check(len(numbers) > 1 and min(numbers) >= 15 and max(numbers) <= 60, f"replications: {counts}")
check(any(0 < warmup <= 150 for values in counts.values() for _, warmup in values), f"{counts}")
print(f"replications and warm-up in ms, by cores: {counts}")

# Where the replications allowed do not suffice, it is said; where they do, not.
for percent, wide in ((0.01, True), (90, False)):
    write("wide.json", duration_ms=100, replications=15, precision_percent=percent,
          precision_metrics=["response_us_mean.hog"], max_replications=15)
    text = run(program, "run", "wide.json", "--quiet", "--out", f"wide{percent}")
    check(("note: at 5 of 5 combinations of swept values the intervals are wider" in text) == wide, text)
    check("are undefined" not in text, text)

# A metric that no run defines, of one core, asks for nothing, which is said.
write("undefined.json", duration_ms=100, replications=15, precision_percent=5,
      precision_metrics=["response_us_mean.hog", "lock_wait_us_p99"], max_replications=15)
text = run(program, "run", "undefined.json", "--quiet", "--out", "undefined")
check("note: at 1 of 5 combinations of swept values some of \"precision_metrics\" are undefined" in text, text)
shutil.rmtree(work)
finish()
