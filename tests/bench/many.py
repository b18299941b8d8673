#!/usr/bin/python3
"""many.py -- how much of a sweep's processor time is the engine's, and how many runs a second it makes.

Prints, of a sweep of two variants with 10 runs a point on two cores: runs/s, and in % of all processor time of the
program and its runs what these say that the engine took (cpu_s of engine.csv).  The rest is start, journal, results.
Timed, so no test: a busy machine gives other figures.

usage: many.py PROGRAM [RUNS [DURATION_MS]]   (default: 10000 of 60000 simulated, some 76 ms each; minutes)
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "experiments"))
from support import write  # noqa: E402

program = os.path.realpath(sys.argv[1])
runs = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
duration_ms = float(sys.argv[3]) if len(sys.argv) > 3 else 60000
with tempfile.TemporaryDirectory(prefix="braidsim-bench.") as work:
    os.chdir(work)
    write("many.json", replications=10, duration_ms=duration_ms,
          sweep={"/workload/0/phases/0/run/mean_us": [1000 + 7 * i for i in range(runs // 20)]})
    began = time.monotonic()
    subprocess.run([program, "run", "many.json", "--quiet", "--out", "out", "--jobs", "2"], check=True)
    took_s = time.monotonic() - began
    with open("out/engine.csv", encoding="utf-8") as file:
        engine_s = sum(float(row["cpu_s"]) for row in csv.DictReader(file))
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = usage.ru_utime + usage.ru_stime
    os.chdir("/")
print(f"{runs // 20 * 20} runs in {took_s:.1f} s: {runs // 20 * 20 / took_s:.1f} runs/s, "
      f"engine {100 * engine_s / cpu_s:.1f} % of {cpu_s:.1f} s of processor time")
