#!/usr/bin/python3
"""many.py -- a sweep of many runs takes little memory, and tells how far it is.

Goal: the runs of a sweep stay below 200 MB resident, however many there are, and the time left is told.
Method: points of two variants with 10 runs each, 60 runs or as many as are said; resident memory as the kernel
counts it, the largest of the program and its children; progress is read from a terminal.  How much of the time
is the engine's is measured by tests/bench/many.py.

usage: many.py PROGRAM [RUNS]
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile

from support import check, finish, write

program = os.path.realpath(sys.argv[1])
runs = int(sys.argv[2]) if len(sys.argv) > 2 else 60
work = tempfile.mkdtemp(prefix="braidsim-many.")
os.chdir(work)

values = [1000 + 7 * i for i in range(runs // 20)]
write("many.json", replications=10, duration_ms=60000,
      sweep={"/workload/0/phases/0/run/mean_us": values})

terminal, side = pty.openpty()
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
check(status == 0, f"status {status}: {shown.decode(errors='replace')[-500:]}")
if status != 0:
    finish()

with open("out/engine.csv", encoding="utf-8") as file:
    engine = list(csv.DictReader(file))
check(len(engine) == runs, f"{len(engine)} runs in engine.csv")
resident_mb = usage.ru_maxrss / 1024  # of the program; wait4() knows the largest process
child_mb = max(float(row["peak_rss_kb"]) for row in engine) / 1024
print(f"{runs} runs: program {resident_mb:.0f} MB, runs {child_mb:.0f} MB resident")
check(resident_mb < 200 and child_mb < 200, "more than 200 MB resident")
text = shown.decode(errors="replace")
check(re.search(r"\] \d+ of %d runs, about \d+ (s|min) left" % runs, text), f"no progress: {text[-300:]}")
print(f"{len(re.findall('left', text))} times the time left: {text.split(chr(13))[len(text.split(chr(13))) // 2]!r}")
shutil.rmtree(work)
finish()
