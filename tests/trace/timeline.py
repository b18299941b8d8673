#!/usr/bin/python3
"""timeline.py -- `plot --timeline` draws what a trace says, and refuses what is none.

Goal: the picture shows who ran where, and the overhead.  Method: a scenario is traced and drawn; the
script beside the picture, which holds the data, must have every stretch and every slice of overhead
of the trace, as a reader of our own sees them, cut to the window; the picture must name cores and
processes.  Then damaged traces are drawn: cut short, with bits turned, no traces at all; each is
drawn or refused with status 2 and a message, and what is refused leaves nothing.

usage: timeline.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile

from checks import check, finish
from wire import Trace

PROGRAM = os.path.abspath(sys.argv[1])
TRIALS = 200
SCENARIO = {"name": "two", "duration_ms": 30, "warmup_ms": 0, "replications": 1,
            "machine": {"cpu": "piii-xeon-700", "cores": 3},
            "scheduler": {"tori": "per_core", "policy": "fair", "tick_hz": 1000, "slice_us": 2000},
            "workload": [
                {"name": "hog", "instances": 4, "phases": [{"run": 30000}]},
                {"name": "nap", "instances": 1, "phases": [{"run": 700}, {"sleep": 1900}]}]}


def braidsim(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False,
                          timeout=60)


def expected(trace, from_ns, to_ns):
    """What both blocks of the script hold: (from ns, to ns, core, name)."""
    runs, overhead = [], []
    for core, switches in sorted(trace.switches.items()):
        on, since = 0, 0
        for ns, _, _, after in switches:
            if on != 0 and ns > from_ns and since < to_ns:
                runs.append((max(since, from_ns), min(ns, to_ns), core, trace.names[on]))
            on, since = after, ns
    for track, slices in trace.slices.items():
        for name, begin, end in slices:
            if end > from_ns and begin < to_ns:
                overhead.append((max(begin, from_ns), min(end, to_ns),
                                 int(track.rsplit(" ", 1)[1]), name))
    return {"runs": sorted(runs), "overhead": sorted(overhead)}


def block(script, name):
    body = re.search(rf"^\${name} << EOD\n(.*?)^EOD$", script, re.M | re.S)[1]
    rows = [re.fullmatch(r'(\S+) (\S+) (\d+) 0x[0-9A-F]{6} "(.*)"', line)
            for line in body.splitlines()]
    return sorted((round(float(row[1]) * 1e6), round(float(row[2]) * 1e6), int(row[3]), row[4])
                  for row in rows)


def try_pictures():
    with open("two.pftrace", "rb") as file:
        trace = Trace(file.read())
    for window, from_ns, to_ns in (([], 0, 30000000),
                                   (["--from", "3.5", "--to", "7.25"], 3500000, 7250000)):
        done = braidsim("plot", "--timeline", "two.pftrace", *window)
        check(done.returncode == 0 and done.stdout == "two.svg\n", f"drawn: {done}")
        with open("two.gp", encoding="utf-8") as file:
            script = file.read()
        for name, rows in expected(trace, from_ns, to_ns).items():
            check(len(rows) > 5 and block(script, name) == rows, f"{window}: {name}")
        with open("two.svg", encoding="utf-8") as file:
            picture = file.read()
        for text in ("core 0", "core 2", "hog/0", "nap", "overhead", "time, ms", "two"):
            check(text in picture, f"the picture has \"{text}\"")
        check("pattern" in picture, "overhead is hatched")
    again = subprocess.run(["gnuplot", "two.gp"], capture_output=True, check=False)
    with open("two.svg", encoding="utf-8") as file:
        check(again.returncode == 0 and file.read() == picture, "the script draws it again")
    os.link("two.pftrace", "a `touch ran` \"b.pftrace")  # a name from anywhere runs no command
    braidsim("plot", "--timeline", "a `touch ran` \"b.pftrace")
    subprocess.run(["gnuplot", "a `touch ran` \"b.gp"], capture_output=True, check=False)
    check(os.path.exists("a `touch ran` \"b.gp") and not os.path.exists("ran"), "names are quoted")
    for ending in "png", "pdf":
        done = braidsim("plot", "--timeline", "two.pftrace", "--format", ending)
        check(done.returncode == 0 and os.path.getsize("two." + ending) > 1000, f"as {ending}")


def is_refused(arguments, what):
    done = braidsim("plot", *arguments)
    check(done.returncode == 2 and what in done.stderr and done.stderr.count("\n") <= 3,
          f"{arguments}: status {done.returncode}: {done.stderr[:300]}")


def try_refusals():
    with open("text.pftrace", "w", encoding="utf-8") as file:
        file.write('{ "name": "no trace" }\n')
    with open("empty.pftrace", "wb"):
        pass
    timeline = ["--timeline", "two.pftrace"]
    for arguments, what in (
            (["--timeline", "gone.pftrace"], "cannot be opened"), (["--timeline"], "which"),
            (["--timeline", "text.pftrace"], "no trace"), (["--timeline", "."], "."),
            (["--timeline", "empty.pftrace"], "nothing in it that runs"),
            ([*timeline, "--from", "40"], "the trace is from 0 to 30 ms"),
            ([*timeline, "--from", "4", "--to", "4"], "later than"),
            ([*timeline, "--format", "txt"], "svg, png or pdf"),
            ([*timeline, "--metric", "jain"], "not for a --timeline"),
            ([*timeline, "--to", "x"], "a time in ms"), (["out", "--from", "1"], "of a --timeline")):
        is_refused(arguments, what)


def try_damage():
    """Bits turned, bytes cut, of the plain trace and of the compressed one."""
    rng = random.Random(5)
    with open("two.pftrace", "rb") as file:
        plain = file.read()
    statuses = {0: 0, 2: 0}
    for trial in range(TRIALS):
        data = bytearray(gzip.compress(plain, mtime=0) if trial % 4 == 3 else plain)
        name_at = data.find(b"hog")
        if trial % 3 == 0:
            data = data[:rng.randrange(len(data))]
        elif trial % 7 == 0 and name_at >= 0: # any name will do
            data[name_at + rng.randrange(3)] ^= 1 << rng.randrange(5)
        else:
            for _ in range(rng.choice([1, 1, 4, 40])):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        name = f"bad{trial}.pftrace" + (".gz" if trial % 4 == 3 else "")
        with open(name, "wb") as file:
            file.write(data)
        before = set(os.listdir("."))
        done = braidsim("plot", "--timeline", name)
        check(done.returncode in statuses, f"trial {trial}: {done}")
        statuses[done.returncode] = statuses.get(done.returncode, 0) + 1
        if done.returncode == 2:
            check(name in done.stderr, f"trial {trial}: {done.stderr}")
            check(set(os.listdir(".")) - before <= {f"bad{trial}.gp"}, f"trial {trial}: left")
    check(statuses[0] > TRIALS / 10 and statuses[2] > TRIALS / 10, f"some of each: {statuses}")


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        with open("two.json", "w", encoding="utf-8") as file:
            json.dump(SCENARIO, file)
        done = braidsim("run", "two.json", "--quiet", "--out", "out", "--trace", "two.pftrace")
        check(done.returncode == 0, done.stderr)
        try_pictures()
        try_refusals()
        try_damage()
    finish()


main()
