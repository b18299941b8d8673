#!/usr/bin/python3
"""resume.py -- a study that is killed goes on from where it was, and ends the same.

Goal: no finished run is lost or repeated, and results equal those of an uninterrupted study to the byte.
Method: the program and its children are killed with SIGKILL at ten random moments of one study and resumed
each time; in between, the journal must keep all its whole records as they were.  Then a record is torn off,
a child alone is killed, and journals of other studies are offered.

usage: resume.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from support import SMALL, check, equal, failed, finish, refused, run, write

program = os.path.realpath(sys.argv[1])
work = tempfile.mkdtemp(prefix="braidsim-resume.")
os.chdir(work)
KILLS = 10


def size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def begin(*arguments):
    return subprocess.Popen([program, "run", *arguments], start_new_session=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill(process):
    """The program and all its children, at once."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def wait_for(process, path, least):
    """Until the journal has so many bytes."""
    while size(path) < least and process.poll() is None:
        time.sleep(0.002)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


# ---- Ten kills ------------------------------------------------------------------------------
random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else 892)
write("study.json", duration_ms=1500, replications=12)
began = time.monotonic()
run(program, "run", "study.json", "--quiet", "--out", "whole")
took_s = time.monotonic() - began
journal, kills, before, grown = "killed/runs.journal", 0, b"", 0
for attempt in range(KILLS):
    process = begin("study.json", "--out", "killed", "--resume")
    time.sleep(random.uniform(0, 1.5 * took_s / KILLS))
    early = process.poll() is None
    kill(process)
    if not early:
        break
    kills += 1
    now = open(journal, "rb").read() if os.path.exists(journal) else b""
    grown += len(now) > len(before)
    before = now
check(kills >= 5 and grown >= 3, f"only {kills} kills, {grown} with progress")
print(f"{kills} kills in a study of {took_s:.1f} s; its journal grew to {len(before)} bytes")
run(program, "run", "study.json", "--quiet", "--out", "killed", "--resume")
equal("whole", "killed", "killed and resumed")
left = [name for name in os.listdir(".") if name.startswith("killed.")]
check(not left, f"left beside the results: {left}")
check(not os.path.exists(journal), "the journal is still there")
run(program, "run", "study.json", "--quiet", "--out", "killed", "--resume")  # complete

# ---- Nothing is repeated, and a torn record is dropped --------------------------------------
process = begin("study.json", "--out", "torn", "--jobs", "1")
wait_for(process, "torn/runs.journal", 100000)
kill(process)
whole = size("torn/runs.journal")
with open("torn/runs.journal", "r+b") as file:
    file.truncate(whole - 1)
kept = open("torn/runs.journal", "rb").read()
process = begin("study.json", "--out", "torn", "--resume", "--jobs", "1")
wait_for(process, "torn/runs.journal", whole + 20000)
kill(process)
now = open("torn/runs.journal", "rb").read()
common = next((i for i, (a, b) in enumerate(zip(kept, now)) if a != b), len(kept))
check(common > whole // 2, "the journal was not kept")
run(program, "run", "study.json", "--quiet", "--out", "torn", "--resume")
equal("whole", "torn", "a torn record")

# ---- A child alone ----------------------------------------------------------------------------
write("long.json", duration_ms=4000, replications=2)
process = subprocess.Popen([program, "run", "long.json", "--out", "child", "--quiet"],
                           stderr=subprocess.PIPE, text=True)
wait_for(process, "child/runs.journal", 40000)  # it has made some of its runs
victims, kept = children(process.pid), open("child/runs.journal", "rb").read()
os.kill(victims[0], signal.SIGKILL)
text = process.communicate()[1]
check(open("child/runs.journal", "rb").read().startswith(kept), "a killed child took finished runs along")
check(process.returncode == 4 and "was killed" in text and "--resume" in text,
      f"a child was killed: status {process.returncode}, {text}")
run(program, "run", "long.json", "--quiet", "--out", "child", "--resume")
run(program, "run", "long.json", "--quiet", "--out", "child-whole")
equal("child-whole", "child", "a killed child")

# ---- What is refused ---------------------------------------------------------------------------
process = begin("study.json", "--out", "held", "--jobs", "1")
wait_for(process, "held/runs.journal", 60000)
refused("is at work there", program, "run", "study.json", "--out", "held", "--resume")
kill(process)
kept = open("held/runs.journal", "rb").read()
refused("holds a study that was interrupted: --resume goes on with it, --restart replaces it",
        program, "run", "study.json", "--out", "held")
write("other.json", duration_ms=1501, replications=12)
for message, arguments in (
        ("/scenario/duration_ms is 1500 there, and 1501 here", ["other.json"]),
        ("/scenario/seed is 3 there, and 4 here", ["study.json", "--seed", "4"]),
        ("/scenario/replications is 12 there, and 13 here", ["study.json", "--replications", "13"]),
        ("/shard is absent there, and \"1/2\" here", ["study.json", "--shard", "1/2"]),
        ("/schedulers/flat, libbraid_sched.so is", ["study.json", "--cost", "traced"]),
        ("/trace is absent there", ["study.json", "--trace", "t.ftrace"])):
    refused(message, program, "run", *arguments, "--out", "held", "--resume")
refused("one of --resume and --restart", program, "run", "study.json", "--resume", "--restart")
check(open("held/runs.journal", "rb").read() == kept, "a refused study changed the journal")
with open("held/runs.journal", "r+b") as file:
    file.write(b"X")
refused("holds something other than results", program, "run", "study.json", "--out", "held",
        "--resume")
with open("held/runs.journal", "r+b") as file:
    file.write(kept[:1])
run(program, "run", "study.json", "--quiet", "--out", "held", "--restart")
equal("whole", "held", "begun anew")
open("held/runs.journal", "wb").write(b"")  # killed before it wrote a byte
run(program, "run", "study.json", "--quiet", "--out", "held")
equal("whole", "held", "an empty journal")

# ---- Old results stay until new ones are there ------------------------------------------------
process = begin("study.json", "--out", "held", "--seed", "5")
wait_for(process, "held/runs.journal", 60000)
kill(process)
equal_before = os.path.exists("held/runs.csv")
check(equal_before, "the old results are gone")
os.remove("held/runs.journal")
equal("whole", "held", "old results")
shutil.rmtree(work)
check(SMALL["seed"] == 3, "the scenario of the tests")
finish()
