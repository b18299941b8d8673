#!/usr/bin/python3
"""many.py -- a sweep of many runs takes little memory, and little time but the engine's.

Goal: 10,000 runs on two cores stay below 200 MB resident, with at least 90 % of the processor time in the
engine, and the time left is told.  Method: 500 points of two variants with 10 runs each; resident memory as the
kernel counts it, the largest of the program and its children; the engine's time is what the runs say, each
of a process on a core of its own (engine.csv, wall_s), or less where others have the core: so the processor
time of the children and of the program are measured too, and their share is printed.  Progress is read
from a terminal.

usage: many.py PROGRAM [RUNS]
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import os
import pty
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

from support import check, finish, write

program = os.path.realpath(sys.argv[1])
runs = int(sys.argv[2]) if len(sys.argv) > 2 else 60
work = tempfile.mkdtemp(prefix="braidsim-many.")
os.chdir(work)

values = [1000 + 7 * i for i in range(runs // 20)]
write("many.json", replications=10, duration_ms=60000,
      sweep={"/workload/0/phases/0/run/mean_us": values})

terminal, side = pty.openpty()
began = time.monotonic()
process = subprocess.Popen([program, "run", "many.json", "--out", "out", "--jobs", "2"],
                           stdout=subprocess.DEVNULL, stderr=side)
os.close(side)
shown = b""
while True:
    try:
        got = os.read(terminal, 65536)
    except OSError:
        break
    if not got:
        break
    shown += got
_, status, usage = os.wait4(process.pid, 0)
took_s = time.monotonic() - began
check(status == 0, f"status {status}: {shown.decode(errors='replace')[-500:]}")
if status != 0:
    finish()

with open("out/engine.csv", encoding="utf-8") as file:
    engine = list(csv.DictReader(file))
check(len(engine) == runs, f"{len(engine)} runs in engine.csv")
resident_mb = usage.ru_maxrss / 1024  # of the program; wait4() knows the largest process
child_mb = max(float(row["peak_rss_kb"]) for row in engine) / 1024
cpu_s = usage.ru_utime + usage.ru_stime  # with its children, as it has waited for them
wall_s = sum(float(row["wall_s"]) for row in engine)
engine_s = sum(float(row["cpu_s"]) for row in engine)
print(f"{runs} runs in {took_s:.1f} s: program {resident_mb:.0f} MB, runs {child_mb:.0f} MB resident; processor "
      f"{cpu_s:.1f} s, of it in the engine {engine_s:.1f} s ({100 * engine_s / cpu_s:.1f} %), "
      f"runs took {wall_s:.1f} s of time")
check(resident_mb < 200 and child_mb < 200, "more than 200 MB resident")
check(engine_s >= 0.9 * cpu_s, "less than 90 % of the processor time in the engine")
text = shown.decode(errors="replace")
check(re.search(r"\] \d+ of %d runs, about \d+ (s|min) left" % runs, text), f"no progress: {text[-300:]}")
print(f"{len(re.findall('left', text))} times the time left: {text.split(chr(13))[len(text.split(chr(13))) // 2]!r}")
shutil.rmtree(work)
finish()
