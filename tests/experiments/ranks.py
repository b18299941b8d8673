#!/usr/bin/python3
"""ranks.py -- under mpirun results are the same, at every number of ranks, and when one dies.

Goal: results equal those of a run without MPI to the byte at 1 to 4 ranks; a rank that is killed under
--enable-recovery costs its runs' repetition, and the job ends well; so does one that only was asleep; a study
that is killed as a whole is resumed; what is refused is refused once, by everyone.
Method: mpirun on this machine; ranks are found by their environment, and killed while they run.

usage: ranks.py PROGRAM
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

from support import check, equal, failed, finish, run, write

program = os.path.realpath(sys.argv[1])
if not shutil.which("mpirun") or "with Open MPI" not in run(program, "--version"):
    print("left out: no mpirun here, or the program is built without Open MPI")
    sys.exit(77)
work = tempfile.mkdtemp(prefix="braidsim-ranks.")
os.chdir(work)
os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
TIMEOUT_S = 100


def mpirun(count, *arguments, recovery=("--enable-recovery",)):
    return ["mpirun", "--oversubscribe", *recovery, "-n", str(count), program, *arguments]


def rank_of(process, rank):
    """The process of a rank: a child of mpirun that has that in its environment."""
    wanted = f"OMPI_COMM_WORLD_RANK={rank}".encode()
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
                children = [int(pid) for pid in file.read().split()]
            for pid in children:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if wanted in file.read().split(b"\0"):
                        return pid
        except OSError:
            pass
        time.sleep(0.01)
    return None


def begin(count, *arguments, **how):
    return subprocess.Popen(mpirun(count, "run", *arguments, **how), text=True,
                            start_new_session=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def wait_for(path, least, process):
    while process.poll() is None and (not os.path.exists(path) or os.path.getsize(path) < least):
        time.sleep(0.005)


def end(process, what, status=0):
    try:
        text = process.communicate(timeout=TIMEOUT_S)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        failed(f"{what}: does not end")
        return ""
    check(process.returncode == status, f"{what}: status {process.returncode}, not {status}: {text}")
    return text


# ---- Any number of ranks -----------------------------------------------------------------------
random.seed(7)
write("study.json")
write("second.json", name="second", seed=8)
run(program, "run", "study.json", "--quiet", "--out", "whole")
for count in (1, 2, 3, 4):
    run(*mpirun(count, "run", "study.json", "--quiet", "--out", f"of{count}"), timeout=TIMEOUT_S)
    equal("whole", f"of{count}", f"{count} ranks")
run(program, "run", "study.json", "second.json", "--quiet", "--out", "both")
run(*mpirun(3, "run", "study.json", "second.json", "--quiet", "--out", "both3"), timeout=TIMEOUT_S)
for name in ("small", "second"):
    equal(f"both/{name}", f"both3/{name}", "two studies")

# ---- One is killed -------------------------------------------------------------------------------
write("long.json", duration_ms=4000, replications=6)
run(program, "run", "long.json", "--quiet", "--out", "long")
for victim in (1, 2):
    process = begin(3, "long.json", "--quiet", "--out", f"killed{victim}", "--rank-silence", "2")
    wait_for(f"killed{victim}/runs.journal", random.randrange(20000, 80000), process)
    pid = rank_of(process, victim)
    check(pid is not None, "the study was over before a rank was killed")
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    text = end(process, f"rank {victim} was killed")
    check(f"rank {victim} has been silent for 2 s" in text, f"nobody noticed: {text}")
    equal("long", f"killed{victim}", f"rank {victim} was killed")

# ---- One only sleeps ---------------------------------------------------------------------------------
process = begin(3, "long.json", "--quiet", "--out", "asleep", "--rank-silence", "1")
wait_for("asleep/runs.journal", 20000, process)
pid = rank_of(process, 1)
os.kill(pid, signal.SIGSTOP)
time.sleep(1.5)
os.kill(pid, signal.SIGCONT)
end(process, "rank 1 slept")
equal("long", "asleep", "rank 1 slept")

# ---- All are killed ------------------------------------------------------------------------------------
process = begin(3, "long.json", "--quiet", "--out", "resumed")
wait_for("resumed/runs.journal", 60000, process)
pids = [rank_of(process, rank) for rank in range(3)]
process.kill()
for pid in pids:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, TypeError):
        pass
process.communicate()
check(os.path.exists("resumed/runs.journal"), "there is no journal")
run(*mpirun(2, "run", "long.json", "--quiet", "--out", "resumed", "--resume"), timeout=TIMEOUT_S)
equal("long", "resumed", "resumed")

# ---- Ends that are not good: with --enable-recovery mpirun says 0 to everything -------------------------
plain = {"recovery": ()}
text = end(begin(3, "nowhere.json", **plain), "no scenario", status=2)
check(text.count("cannot be opened") == 1, f"no scenario: {text}")
os.mkdir("foreign")
open("foreign/thesis.tex", "w", encoding="utf-8").close()
text = end(begin(3, "study.json", "--out", "foreign", **plain), "a foreign folder", status=2)
check(text.count("something other than results") == 1, f"a foreign folder: {text}")
write("hopes.json", expect=[{"metric": "jain", "at_least": 2}])
end(begin(3, "hopes.json", "--quiet", "--out", "hopes", **plain), "an expectation fails", status=1)
write("crowd.json", workload=[{"name": "crowd", "arrivals": 20, "max_alive": 3,
                               "phases": [{"run": 5000}]}], sweep={"/machine/cores": [1, 2]})
text = end(begin(3, "crowd.json", "--out", "crowd", **plain), "too many", status=2)
check("max_alive" in text and not os.path.exists("crowd"), f"too many: {text}")
shutil.rmtree(work)
finish()
