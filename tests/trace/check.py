#!/usr/bin/python3
"""check.py -- traces tell what the results tell, to the nanosecond, in every format.

Goal: who looks at a trace sees the run that the results are of.  Method: scenarios of every kind of
machine, queue, event and arrival are run with and without traces; results must be equal to the
byte; from the traces the time and the stretches of every process on cores, the accounts of every
core and the migrations are added up and compared with processes.csv and cores.csv; the formats, the
compressed ones and the windows are compared with each other; names, paths and windows that cannot
be are refused, and leave nothing.

usage: check.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

from checks import check, finish
from wire import Trace

PROGRAM = os.path.abspath(sys.argv[1])
SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../configs/scenarios")
RESULTS = ["runs.csv", "processes.csv", "cores.csv", "summary.json"]
LINE = re.compile(r"^ *(?P<comm>.+)-(?P<pid>\d+) +\[(?P<cpu>\d+)\] d\.\.2\. +(?P<s>\d+)\.(?P<ns>\d{9}): "
                  r"(?P<event>\w+): (?P<rest>.*)$")
SWITCH = re.compile(r"^prev_comm=(\S+) prev_pid=(\d+) prev_prio=(\d+) prev_state=([RSX]) ==> "
                    r"next_comm=(\S+) next_pid=(\d+) next_prio=(\d+)$")
WAKING = re.compile(r"^comm=(\S+) pid=(\d+) prio=(\d+) target_cpu=(\d+)$")
RUNTIME = re.compile(r"^comm=(\S+) pid=(\d+) runtime=(\d+) \[ns\]$")
STATES = {0: "R", 1: "S", 16: "X"}

MIX = {"name": "mix", "duration_ms": 300, "warmup_ms": 50.5, "replications": 1,
       "machine": {"cpu": "piii-xeon-700", "cores": 4},
       "scheduler": {"tori": "per_core", "policy": "fair", "tick_hz": 250, "slice_us": 4000},
       "workload": [
           {"name": "hog", "instances": 5, "phases": [{"run": 30000}]},
           {"name": "one", "instances": 1, "priority": 7, "phases": [{"run": 100}, {"sleep": 250}]},
           {"name": "short-sleeper", "instances": 30, "phases": [
               {"run": {"dist": "exponential", "mean_us": 200}}, {"yield": True},
               {"run": {"dist": "exponential", "mean_us": 200}},
               {"sleep": {"dist": "exponential", "mean_us": 9000}}]}]}
VARIATIONS = {
    "tori": [], "global": ["/scheduler/tori=1"], "locked": ["/scheduler/queues=locked"],
    "several": ["/scheduler/tori=8"], "polling": ["/scheduler/idle=polling"],
    "exact": ["/scheduler/slices=exact", "/scheduler/policy=eevdf"],
    "idle": ["/workload/0/instances=1"], "one core": ["/machine/cores=1", "/scheduler/policy=mlfq"],
}


def run(*arguments):
    return subprocess.run([PROGRAM, "run", "--quiet", *arguments], capture_output=True, text=True,
                          check=False)


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        return file.read()


# ---- Of one trace -------------------------------------------------------------------------

def stretches(trace, from_ns=0, to_ns=1 << 63):
    """pid: [ns on cores, times], of what lies within."""
    found = {}
    for switches in trace.switches.values():
        on, since = 0, 0
        for ns, before, _, after in switches:
            check(before == on, "a switch begins with who is there")
            check(ns >= since, "time goes on")
            begin, end = max(since, from_ns), min(ns, to_ns)
            if on != 0 and (begin < end or (from_ns <= begin == end < to_ns)):
                total = found.setdefault(on, [0, 0])
                total[0] += end - begin
                total[1] += 1
            on, since = after, ns
        check(on == 0, "at the end nobody is on a core")
    return found


def check_processes(trace, processes, name):
    found = stretches(trace)
    for pid, row in enumerate(processes, 1):
        ns, times = found.get(pid, [0, 0])
        check(ns == int(row["runtime_ns"]), f"{name}: process {pid} ran {row['runtime_ns']} ns "
              f"by its row, {ns} by the trace")
        check(times == int(row["switches"]), f"{name}: process {pid} came onto a core "
              f"{row['switches']} times by its row, {times} by the trace")
        label = trace.names.get(pid, row["workload"] if times == 0 else "")
        check(label in (row["workload"], row["workload"] + "/" + row["instance"]),
              f"{name}: process {pid} is called {label}")
        check(int(row["user_ps"]) // 1000 <= int(row["runtime_ns"]) + times,
              f"{name}: process {pid} worked longer than it was there")
    check(len(found) > 2, f"{name}: something happened")
    woken = {pid for wakings in trace.wakings.values() for _, pid in wakings}
    check(set(trace.names) == woken | set(found), f"{name}: names of those that occur")


def check_accounts(trace, cores, name):
    for row in cores:
        total, count, last = {}, 0, 0
        for account, begin, end in trace.slices["/Overhead/Core " + row["core"]]:
            check(last <= begin <= end, f"{name}: slices of core {row['core']} overlap")
            total[account] = total.get(account, 0) + end - begin
            last, count = end, count + 1
        for column, ps in row.items():
            account = column[:-3]
            if column.endswith("_ps") and account not in ("user", "idle"):
                check(abs(total.get(account, 0) - int(ps) / 1000) <= count + 1,
                      f"{name}: core {row['core']}, {account}: {ps} ps by its row, "
                      f"{total.get(account, 0)} ns by the trace")


def check_work(work, processes, name):
    """Where all cores are alike and nothing else takes of their speed, work is time."""
    for pid, row in enumerate(processes, 1):
        wanted, found = int(row["user_ps"]) / 1000, work.get(pid, 0)
        check(abs(found - wanted) <= 2, f"{name}: process {pid} worked for {wanted} ns by its row, "
              f"{found} by the trace")


def check_text(trace, text, processes, name):
    switches, wakings, work = {}, {}, {}
    last = 0
    lines = [line for line in text.decode().split("\n")[:-1] if not line.startswith("#")]
    for line in lines:
        at = LINE.match(line)
        check(at is not None, f"{name}: a line of ftrace: {line}")
        cpu, ns = int(at["cpu"]), int(at["s"]) * 1000000000 + int(at["ns"])
        check(ns >= last, f"{name}: lines by time")
        last = ns
        if at["event"] == "sched_switch":
            event = SWITCH.match(at["rest"])
            check(event is not None and event[2] == at["pid"], f"{name}: a switch: {line}")
            switches.setdefault(cpu, []).append((ns, int(event[2]), event[4], int(event[6])))
            comm = trace.names.get(int(event[6]), f"swapper/{cpu}")
            check(event[5] == comm, f"{name}: named {event[5]}, not {comm}")
        elif at["event"] == "sched_stat_runtime":
            event = RUNTIME.match(at["rest"])
            check(event is not None and event[2] == at["pid"], f"{name}: a stretch: {line}")
            work[int(event[2])] = work.get(int(event[2]), 0) + int(event[3])
        else:
            event = WAKING.match(at["rest"])
            check(at["event"] == "sched_waking" and event is not None, f"{name}: a waking: {line}")
            wakings.setdefault(cpu, []).append((ns, int(event[2])))
    same = {cpu: [(ns, before, STATES[state], after) for ns, before, state, after in events]
            for cpu, events in trace.switches.items()}
    check(switches == same, f"{name}: the same switches in text")
    check(wakings == dict(trace.wakings), f"{name}: the same wakings in text")
    check_work(work, processes, name)
    written = re.search(rb"entries-written: (\d+)/(\d+)", text)
    check(int(written[1]) == int(written[2]) == len(lines), f"{name}: as many lines as it says")


def check_samples(full, part, cores, name):
    """Samples add up to what the slices do; the queues are as they were then."""
    check(full.switches == part.switches and full.wakings == part.wakings, f"{name}: who runs where")
    check(not part.slices, f"{name}: no slices")
    slot_ms = float(next(re.match(r"/Overhead, sampled every ([0-9.e-]+) ms$", track)[1]
                         for track in part.tracks.values() if track.count("/") == 1 and
                         "sampled" in track))
    begin = 50.5e6
    for row in cores:
        for column, ps in row.items():
            account = column[:-3]
            if not column.endswith("_ps") or account in ("user", "idle"):
                continue
            track = next(each for each in part.tracks.values()
                         if each.endswith(f"Core {row['core']}: {account}"))
            values = part.counters.get(track, [])
            spans = zip(values, values[1:])
            total = sum(value / 100 * (after - ns) for (ns, value), (after, _) in spans)
            check(not values or values[-1][1] == 0, f"{name}: {track} ends with nothing")
            check(abs(total - int(ps) / 1000) <= 1e-3 * int(ps) / 1000 + 5 * len(values),
                  f"{name}: {track}: {total} ns sampled, {ps} ps by its row")
            check(all(0 <= value <= 100.0001 and ns >= begin for ns, value in values),
                  f"{name}: {track}: shares")
    for track, values in full.counters.items():
        for ns, value in part.counters.get(track, []):
            before = [found for at, found in values if at < ns]
            check(before and before[-1] == value,
                  f"{name}: {track} is {value} at {ns}, {before[-1:]} in the whole")
        check(len(part.counters.get(track, [])) <= 1000 + 1, f"{name}: {track} is sampled")
        check(track in part.counters, f"{name}: {track} is there")
    check(0.2 < slot_ms < 0.3, f"{name}: a slot is {slot_ms} ms")


def leaving(trace):
    """The states in which processes leave their cores."""
    return {STATES[state] for switches in trace.switches.values()
            for _, before, state, _ in switches if before != 0}


# ---- Of one scenario ----------------------------------------------------------------------

def try_scenario(scenario, name, *options):
    """One file of one run; returns its trace."""
    for out, extra in (("plain", []), ("full", ["--trace", "full.pftrace"]),
                       ("text", ["--trace", "text.ftrace"]),
                       ("sampled", ["--trace", "sampled.pftrace", "--trace-detail", "sampled"]),
                       ("small", ["--trace", "small.pftrace.gz", "--trace-detail", "sched"])):
        done = run(scenario, "--out", out, "--replications", "1", *options, *extra)
        check(done.returncode <= 1, f"{name}: status {done.returncode}: {done.stderr}")
        for result in RESULTS:
            check(read(os.path.join("plain", result)) == read(os.path.join(out, result)),
                  f"{name}: {result} is the same with a trace ({out})")
    full, small = Trace(read("full.pftrace")), Trace(read("small.pftrace.gz"))
    if scenario == "mix.json":
        check_samples(full, Trace(read("sampled.pftrace")), rows("full/cores.csv"), name)
    check_processes(full, rows("full/processes.csv"), name)
    check_accounts(full, rows("full/cores.csv"), name)
    check_text(full, read("text.ftrace"), rows("full/processes.csv"), name)
    check(full.switches == small.switches and full.wakings == small.wakings and
          full.names == small.names and not small.tracks, f"{name}: sched alone")
    check(any(full.wakings.values()), f"{name}: somebody wakes")
    moved = sum(int(row["migrations"]) for row in rows("full/processes.csv"))
    migrations = full.counters.get("/Migrations", [])
    check(len(migrations) >= moved, f"{name}: {moved} migrations, {len(migrations)} in the trace")
    check([value for _, value in migrations] == list(range(1, len(migrations) + 1)),
          f"{name}: migrations are counted")
    check(all(value >= 0 for track in full.counters.values() for _, value in track),
          f"{name}: queues have lengths")
    return full


def try_many(scenario):
    """More switches than are shown in detail: sampled, from the start, and small."""
    sleepers = [{"name": "sleeper", "instances": 40, "phases": [{"run": 20}, {"sleep": 50}]}]
    sets = ["--set", f"/workload={json.dumps(sleepers)}", "--set", "/duration_ms=2000", "--cost", "flat"]
    for detail in "auto", "sampled", "all":
        done = run(scenario, "--out", "many", *sets, "--trace", detail + ".pftrace",
                   "--trace-detail", detail)
        check(done.returncode == 0, f"many: {done.stderr}")
    switches = sum(map(len, Trace(read("auto.pftrace")).switches.values()))
    size = os.path.getsize("auto.pftrace")
    check(switches > 210000, f"many: {switches} switches")
    check(read("auto.pftrace") == read("sampled.pftrace"), "many: sampled from the start")
    check(size < 45 * switches, f"many: {size / switches} bytes a switch")
    check(os.path.getsize("all.pftrace") > 4 * size, "many: all is more")


def try_windows(scenario, name):
    run(scenario, "--out", "full", "--trace", "full.pftrace", "--trace-from", "0")
    full = Trace(read("full.pftrace"))
    for begin, end in ((0, 10), (60.25, 61), (99.9999, 100.0001), (290, 5000), (50.5, 300)):
        run(scenario, "--out", "part", "--trace", "part.pftrace", "--trace-from", str(begin),
            "--trace-to", str(end))
        part = Trace(read("part.pftrace"))
        from_ns, to_ns = round(begin * 1e6), min(round(end * 1e6), 300000000)
        times = [ns for events in part.switches.values() for ns, *_ in events]
        times += [ns for track in part.slices.values() for event in track for ns in event[1:]]
        times += [ns for track in part.counters.values() for ns, _ in track]
        check(times and min(times) >= from_ns and max(times) <= to_ns,
              f"{name}: {begin} to {end} ms keeps to its window")
        whole = {pid: total[0] for pid, total in stretches(full, from_ns, to_ns).items() if total[0]}
        found = {pid: total[0] for pid, total in stretches(part).items() if total[0]}
        check(whole == found, f"{name}: {begin} to {end} ms is what the whole shows of it")


def try_runs(scenario):
    """Several runs, a file each, whatever the number of jobs."""
    traces = {}
    for jobs in "1", "3":
        os.makedirs("many" + jobs)
        done = run(scenario, "--out", "many", "--replications", "2", "--jobs", jobs,
                   "--trace", f"many{jobs}/a.b.pftrace.gz")
        check(done.returncode == 0, f"several runs: {done.stderr}")
        traces[jobs] = {name: read(os.path.join("many" + jobs, name))
                        for name in sorted(os.listdir("many" + jobs))}
    check(list(traces["1"]) == ["a.b-0-0.pftrace.gz", "a.b-0-1.pftrace.gz"],
          f"several runs, several files: {list(traces['1'])}")
    check(traces["1"] == traces["3"], "traces do not depend on the number of jobs")
    check(len(set(traces["1"].values())) == 2, "each of its own run")


def try_full_disk(scenario):
    """A trace that does not fit leaves nothing, and no results that would hide it."""
    os.makedirs("disk")
    limit = f"ulimit -f 8; {PROGRAM} run --quiet {scenario} --out disk/out --trace disk/t.pftrace"
    done = subprocess.run(["bash", "-c", limit], capture_output=True, text=True, check=False)
    check(done.returncode == 2 and "disk/t.pftrace: cannot be written" in done.stderr,
          f"full disk: status {done.returncode}: {done.stderr}")
    check(os.listdir("disk") == [], "full disk: something was left")


def try_refusals(scenario):
    os.makedirs("none")
    for arguments, what in (
            (["--trace", "none/t.json"], ".pftrace"), (["--trace", "none/pftrace"], ".pftrace"),
            (["--trace", "/dev/null/t.ftrace"], "not a folder"),
            (["--trace", "none/t.ftrace", "--trace-from", "300"], "before the end of the run at 300"),
            (["--trace", "none/t.ftrace", "--trace-from", "9", "--trace-to", "9"], "later than"),
            (["--trace", "none/t.ftrace", "--trace-to", "50"], "later than 50.5 ms"),
            (["--trace", "none/t.ftrace", "--trace-to", "x"], "a time in ms"),
            (["--trace", "none/t.ftrace", "--trace-to", "nan"], "a time in ms"),
            (["--trace", "none/t.ftrace", "--trace-detail", "some"], "auto, sched, sampled or all"),
            (["--trace-from", "1"], "want --trace"),
            ([scenario, "--trace", "none/t.ftrace"], "of one scenario")):
        done = run(scenario, "--out", "none/out", *arguments)
        check(done.returncode == 2 and what in done.stderr,
              f"{arguments}: status {done.returncode}: {done.stderr}")
        check(os.listdir("none") == [], f"{arguments}: something was left")


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        with open("mix.json", "w", encoding="utf-8") as file:
            json.dump(MIX, file)
        for name, sets in VARIATIONS.items():
            try_scenario("mix.json", name, *[word for one in sets for word in ("--set", one)])
        for cost in "traced", "flat":
            trace = try_scenario("mix.json", cost, "--cost", cost)
        check(len(trace.names) == 36 and trace.names[6] == "one", "everyone has a name")
        check(leaving(trace) == {"R", "S"}, f"in mix they sleep, and nobody ends: {leaving(trace)}")
        for name, point in (("torus-failure", "/duration_ms=2600"), ("mm1", "/duration_ms=300")):
            with open(os.path.join(SCENARIOS, name + ".json"), encoding="utf-8") as file:
                text = re.sub(r"^\s*//.*$", "", file.read(), flags=re.M)
            scenario = json.loads(text)
            variants = scenario.pop("variants", {"": {}})
            scenario.pop("expect", None)
            scenario.pop("sweep", None)
            for variant, patch in variants.items():
                scenario.setdefault("scheduler", {}).update(patch.get("scheduler", {}))
                with open("one.json", "w", encoding="utf-8") as file:
                    json.dump(scenario, file)
                trace = try_scenario("one.json", f"{name} {variant}", "--set", point, "--set",
                                     "/warmup_ms=100")
        check(leaving(trace) <= {"R", "X"} and "X" in leaving(trace),
              f"in mm1 they end, and nobody sleeps: {leaving(trace)}")
        try_many("mix.json")
        try_windows("mix.json", "windows")
        try_runs("mix.json")
        try_full_disk("mix.json")
        try_refusals("mix.json")
    finish()


main()
