#!/usr/bin/python3
"""import.py -- recorded traces become workloads that do what was recorded.

Goal: who records a machine can run what it did, and who edits the result knows what it says.
Method: one short history is written by hand in every form that ftrace, trace-cmd and perf print,
with names made to mislead a reader; the bursts that `braidsim import` finds are those counted by
hand.  Traces that braidsim wrote are replayed under the same scheduler and machine: every process
gets the CPU time that it had.  Results of a scenario with references run again elsewhere, and what
cannot be is refused.

usage: import.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import gzip
import json
import math
import os
import re
import subprocess
import sys
import tempfile

from checks import check, finish

PROGRAM = os.path.abspath(sys.argv[1])
LINES_OF_COMMENT = re.compile(r"^ *//.*$", re.M)
FOR_GOOD = 1e11


def braidsim(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)


def run(scenario, out, *arguments):
    """Rows of processes.csv."""
    done = braidsim("run", "--quiet", scenario, "--out", out, *arguments)
    check(done.returncode == 0, f"{scenario}: status {done.returncode}: {done.stderr}")
    with open(os.path.join(out, "processes.csv"), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path, text):
    with open(path, "wb") as file:
        file.write(gzip.compress(text.encode()) if path.endswith(".gz") else text.encode())


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)


def imported(path, *arguments):
    """The scenario that is made of a trace, and what is said beside."""
    done = braidsim("import", path, *arguments)
    check(done.returncode == 0, f"{path}: status {done.returncode}: {done.stderr}")
    return json.loads(LINES_OF_COMMENT.sub("", done.stdout)), done.stderr


# ---- One history in many forms ------------------------------------------------------------

A, B, C, D = (101, "a b", 120), (202, "x: [000] 1.0: y", 115), (303, "c ==> d:1 [2]", 98), \
             (404, "e prev_pid=7", 120)
IDLE = (0, "swapper/0", 120)
# us, cpu, who is on it, event, ...
HISTORY = [
    (0, 0, IDLE, "waking", A), (10, 0, IDLE, "switch", "R", A),
    (110, 0, A, "switch", "S", IDLE),    # A ran 100
    (300, 1, B, "switch", "R+", C),      # B was there from the beginning
    (400, 0, IDLE, "waking", A),         # A slept 290
    (410, 0, IDLE, "switch", "R", A), (450, 0, A, "fork", D),
    (500, 1, C, "switch", "D", B),       # C ran 200, and waited from the beginning
    (510, 0, A, "switch", "R", D),       # A is preempted after 100
    (600, 0, D, "switch", "X", A),       # D ran 90
    (650, 0, A, "switch", "S|K", IDLE),  # A ran 50 more
    (1000, 1, B, "switch", "S", IDLE),   # B ran 300 + 500
    (1100, 1, IDLE, "waking", C),
]
RUNTIMES = [(295, 1, B, "runtime", B, 290000), (999, 1, B, "runtime", B, 480500)]
BURSTS = {"a_b": (0, [100, 290, 150, FOR_GOOD]), "x___000__1_0__y": (0, [800, FOR_GOOD]),
          "c_____d_1__2_": (0, [200, FOR_GOOD]), "e_prev_pid_7": (450, [90])}


def named_fields(event):
    who, kind, rest = event[2], event[3], event[4:]
    if kind == "switch":
        return (f"sched_switch: prev_comm={who[1]} prev_pid={who[0]} prev_prio={who[2]} "
                f"prev_state={rest[0]} ==> next_comm={rest[1][1]} next_pid={rest[1][0]} "
                f"next_prio={rest[1][2]}")
    if kind == "waking":
        return f"sched_waking: comm={rest[0][1]} pid={rest[0][0]} prio={rest[0][2]} target_cpu=000"
    if kind == "fork":
        return (f"sched_process_fork: comm={who[1]} pid={who[0]} child_comm={rest[0][1]} "
                f"child_pid={rest[0][0]}")
    return f"sched_stat_runtime: comm={rest[0][1]} pid={rest[0][0]} runtime={rest[1]} [ns]"


def short_fields(event):
    who, kind, rest = event[2], event[3], event[4:]
    if kind == "switch":
        return (f"sched_switch: {who[1]}:{who[0]} [{who[2]}] {rest[0]} ==> "
                f"{rest[1][1]}:{rest[1][0]} [{rest[1][2]}]")
    if kind == "waking":
        return f"sched_wakeup: {rest[0][1]}:{rest[0][0]} [{rest[0][2]}] success=1 CPU:000"
    return named_fields(event)


def time_of(event, digits):
    return f"10.{event[0]:06d}{'000' if digits == 9 else ''}"


def ftrace(event, middle=" d..2.", digits=6):
    name = "<idle>" if event[2][0] == 0 else event[2][1]
    return f"{name:>16}-{event[2][0]:<7} [{event[1]:03d}]{middle} {time_of(event, digits)}: "


def perf(event, who, digits=6):
    return f"{event[2][1]:>16} {who:>5} [{event[1]:03d}] {time_of(event, digits)}: "


FORMS = {
    "ftrace": lambda e: ftrace(e) + named_fields(e),
    "no flags": lambda e: ftrace(e, "") + named_fields(e),
    "tgid": lambda e: ftrace(e).replace(" [", f" (  {e[2][0]:>5}) [", 1).replace("x: (", "x: [") +
                      named_fields(e) if e[2] != B else ftrace(e) + named_fields(e),
    "trace-cmd": lambda e: ftrace(e, " ") + short_fields(e).replace(": ", ":         ", 1),
    "perf": lambda e: perf(e, str(e[2][0])) + "      sched:" + named_fields(e),
    "perf --ns": lambda e: perf(e, f"{e[2][0]}/{e[2][0]}", 9) + " sched:" + named_fields(e),
    "older perf": lambda e: perf(e, str(e[2][0])) + "          1 sched:" + short_fields(e),
}


def found_bursts(scenario):
    return {entry["name"]: (entry["start_us"][0], entry["phases"][0]["bursts_us"][0])
            for entry in scenario["workload"]}


def try_forms():
    for name, form in FORMS.items():
        for path in "t.txt", "t.txt.gz":
            write(path, "# tracer: nop\n#\n" + "\n".join(map(form, HISTORY)) + "\n")
            scenario, said = imported(path)
            check(found_bursts(scenario) == BURSTS, f"{name}: {found_bursts(scenario)}")
            check(said == "", f"{name}: said {said}")
        check(scenario["machine"]["cores"] == 2, f"{name}: {scenario['machine']}")
    by_name = {entry["name"]: entry for entry in scenario["workload"]}
    check([by_name[name]["weight"] for name in BURSTS] == [1024, 3121, 1024, 1024], "weights")
    check([by_name[name]["priority"] for name in BURSTS] == [0, 5, 21, 0], "priorities")


def try_disorder():
    """Lines in another order between cpus, losses, other events, and what is no event."""
    lines = [FORMS["ftrace"](event) for event in HISTORY]
    mixed = [line for line in lines if "[001]" in line and "[000] 1.0" in line or "[001] d" in line]
    mixed += [line for line in lines if line not in mixed]
    check(mixed != lines and sorted(mixed) == sorted(lines), "another order")
    noise = ["CPU:1 [LOST 12 EVENTS]", "LOST 3 events", "what is this?", "",
             "            bash-7  [000] d.h1. 10.000200: irq_handler_entry: irq=1 name=timer"]
    write("t.ftrace", "\r\n".join(noise + mixed) + "\r\n")
    scenario, said = imported("t.ftrace")
    check(found_bursts(scenario) == BURSTS, f"disorder: {found_bursts(scenario)}")
    for what in "15 events were lost", "1 lines were not understood", "1 lines of other events":
        check(what in said, f"disorder: no {what}: {said}")


def try_runtimes():
    """B's time is what sched_stat_runtime says; that of others is what goes by."""
    events = sorted(HISTORY + RUNTIMES, key=lambda event: event[0])
    write("t.ftrace", "\n".join(map(FORMS["perf"], events)))
    wanted = {**BURSTS, "x___000__1_0__y": (0, [770.5, FOR_GOOD])}
    check(found_bursts(imported("t.ftrace")[0]) == wanted, "runtimes")


def try_gaps():
    """A switch that is lost: neither stretch counts, and it is said."""
    lost = [event for event in HISTORY if event[0] != 510]
    write("t.ftrace", "\n".join(map(FORMS["ftrace"], lost)))
    scenario, said = imported("t.ftrace")
    check("2 stretches on a cpu lack an end" in said, f"gap: {said}")
    check(found_bursts(scenario)["a_b"][1] == [100, 290, 50, FOR_GOOD], f"gap: {scenario}")
    without = [event for event in HISTORY if event[3] == "switch"]
    write("t.ftrace", "\n".join(map(FORMS["ftrace"], without)))
    found = found_bursts(imported("t.ftrace")[0])
    check(found["a_b"] == (0, [100, 300, 150, FOR_GOOD]), f"without wakings: {found}")
    check(found["c_____d_1__2_"][0] == 290, f"without wakings it begins when seen: {found}")


def try_names():
    """Numbers behind a slash tell no entry from another; 300 kinds of process fit in."""
    lines = []
    for i in range(600):
        who = (1000 + i, f"hog/{i}" if i < 300 else f"p{i:03d}x", 120 if i % 2 else 130)
        lines += [(2 * i, 0, IDLE, "switch", "R", who), (2 * i + 1, 0, who, "switch", "S", IDLE)]
    write("t.ftrace", "\n".join(map(FORMS["ftrace"], lines)))
    entries = imported("t.ftrace")[0]["workload"]
    check(len(entries) <= 255, f"{len(entries)} entries")
    check(len({entry["name"] for entry in entries}) == len(entries), "each name once")
    check(sum(entry["instances"] for entry in entries) == 600, "nobody is left out")
    by_name = {entry["name"]: entry for entry in entries}
    check(by_name["hog"]["instances"] == by_name["hog-nice0"]["instances"] == 150, "hogs together")
    check("others" in by_name, "the least go together")
    write_json("s.json", scenario_of([{"trace": "t.ftrace"}]))
    check(len(run("s.json", "out")) == 600, "and run")


# ---- Round trip ---------------------------------------------------------------------------

HOGS = {"name": "hog", "instances": 5, "phases": [{"run": 30000}]}
ONE = {"name": "one", "instances": 1, "phases": [{"run": 100}, {"sleep": 250}]}
SLEEPERS = {"name": "sleeper", "instances": 30, "working_set_kb": 16, "phases": [
    {"run": {"dist": "exponential", "mean_us": 400}},
    {"sleep": {"dist": "exponential", "mean_us": 9000}}]}
JOBS = {"name": "job", "arrivals": {"dist": "poisson", "rate_per_s": 900}, "max_alive": 400,
        "phases": [{"run": {"dist": "exponential", "mean_us": 500}}, {"sleep": 100}, {"run": 50}]}


def scenario_of(workload, cores=8, cost="flat", cpu="piii-xeon-700", **more):
    return {"name": "trip", "duration_ms": 1000, "replications": 1,
            "machine": {"cpu": cpu, "cores": cores}, "cost": cost, "workload": workload,
            "scheduler": {"tori": "per_core", "policy": "fair", "tick_hz": 250, "slice_us": 4000,
                          **more}}


def differences(before, after):
    """Of each process that ran: how far its work then is from what it was, relatively."""
    work = {(row["workload"], row["instance"]): int(row["user_ps"]) for row in after}
    return {(row["workload"], row["instance"]):
            abs(work.get((row["workload"], row["instance"]), 0) / int(row["user_ps"]) - 1)
            for row in before if int(row["user_ps"]) > 0}


def user_ps(out):
    with open(os.path.join(out, "cores.csv"), encoding="utf-8", newline="") as file:
        return sum(int(row["user_ps"]) for row in csv.DictReader(file))


def longest_ms(made):
    """What all bursts take one after another, whoever waits for whom."""
    work = longest = 0
    for entry in made["workload"]:
        for start, bursts in zip(entry["start_us"], entry["phases"][0]["bursts_us"]):
            work += sum(bursts[::2]) # who sleeps for good does so at an odd place
            longest = max(longest, start + sum(us for us in bursts if us < FOR_GOOD))
    return (work + longest) / 1000


def trip(name, scenario, whole):
    """whole: the replay goes on until all is done, else as long as the record."""
    write_json("a.json", scenario)
    before = run("a.json", "a", "--trace", "trip.ftrace")
    made, _ = imported("trip.ftrace")
    replay = {**scenario, "workload": made["workload"], "warmup_ms": 0}
    check(made["machine"]["cores"] == scenario["machine"]["cores"], f"{name}: cores")
    least_ms, most_ms = longest_ms(made), max(longest_ms(made), scenario["duration_ms"])
    check(10 * least_ms <= made["duration_ms"] - 10000 <= math.ceil(10 * most_ms) and
          made["until"] == "done",
          f"{name}: {made['duration_ms']} ms, at least {least_ms}, at most {most_ms}")
    if whole:
        replay.update({key: made[key] for key in ("duration_ms", "until")})
    write_json("b.json", replay)
    after = run("b.json", "b")
    if whole:
        with open(os.path.join("b", "runs.csv"), encoding="utf-8", newline="") as file:
            done_ms = float(next(csv.DictReader(file))["done_ms"])
        check(done_ms < made["duration_ms"], f"{name}: is done at {done_ms}")
    write_json("c.json", {**replay, "workload": [{"trace": "trip.ftrace"}]})
    check(run("c.json", "c") == after, f"{name}: a reference does what the import does")
    if any("arrivals" in entry for entry in scenario["workload"]):
        worst = {"all": abs(user_ps("b") / user_ps("a") - 1)} # rows are of those alive at the end
    else:
        worst = differences(before, after)
    most = max(worst, key=worst.get)
    print(f"{name}: {len(worst)} processes, worst {most}: {100 * worst[most]:.5f} %")
    check(len(worst) > 0 and worst[most] < 1e-3, f"{name}: {most} differs by {worst[most]}")


def try_trips():
    for cost in "flat", "traced":
        for cpu in "piii-xeon-700", "zen4":
            for cores in 1, 8:
                for name, workload in (("hogs", [HOGS]), ("sleepers", [ONE, SLEEPERS]),
                                       ("mix", [HOGS, ONE, SLEEPERS])):
                    # Where a core is never idle, or caches decide what a burst takes, whose
                    # burst the end cuts off is chance.
                    full = (cores == 1 or cost == "traced") and name != "hogs"
                    trip(f"{cost}, {cpu}, {cores} cores, {name}",
                         scenario_of(workload, cores, cost, cpu), full)
    for tori in 1, "per_core": # where they depend on one another, and cores are too few
        trip(f"messages, tori {tori}",
             {**scenario_of([{"library": "message-passing"}], 4, tori=tori), "duration_ms": 100},
             True)
    balanced = {"balance": {"kind": "steal"}, "policy": "eevdf", "placement": "affinity"}
    trip("balanced", scenario_of([HOGS, ONE, SLEEPERS], 4, **balanced), True)
    trip("global queue", scenario_of([HOGS, ONE, SLEEPERS], 8, tori=1), True)
    audio = scenario_of([{"library": "audio-and-compile"}], 3, "traced")
    trip("after a warm-up", {**audio, "scheduler": {"balance": {"kind": "steal"}, "policy": "fair"},
                             "duration_ms": 200, "warmup_ms": 47.3, "seed": 11}, True)
    # Siblings slow one another, and cores idle beside who waits.
    yielders = [{"name": "y", "instances": 3, "phases": [{"run": 500}, {"yield": True}]},
                {"name": "s", "instances": 3, "phases": [{"run": 100}, {"sleep": 700}]}]
    threads = scenario_of(yielders, 4, cpu="zen4", tori=1, policy="eevdf")
    threads["machine"]["smt"] = 2
    trip("threads", {**threads, "duration_ms": 200}, True)
    trip("unbalanced", {**scenario_of(yielders, 4, placement="affinity"), "duration_ms": 200}, True)
    trip("jobs", scenario_of([JOBS, ONE], 2), True)
    trip("weights", scenario_of([{**HOGS, "weight": 3121}, {**HOGS, "name": "light", "weight": 87},
                                 {**ONE, "priority": -3}], 1), True)
    entries = imported("trip.ftrace")[0]["workload"]
    ranks = [(entry["weight"], entry["priority"]) for entry in entries]
    check(ranks == [(3121, 5), (87, -11), (526, -3)], f"weights and priorities: {ranks}")


# ---- References ---------------------------------------------------------------------------

def try_references():
    """Results are whole without the trace; a name may be swept; prefixes tell traces apart."""
    write_json("a.json", scenario_of([SLEEPERS]))
    run("a.json", "a", "--trace", "one.ftrace")
    write_json("a.json", scenario_of([HOGS]))
    run("a.json", "a", "--trace", "two.ftrace.gz")
    os.makedirs("sub")
    write_json("sub/base.json", scenario_of([{"trace": "../one.ftrace"},
                                             {"trace": "../one.ftrace", "prefix": "again-"}]))
    write_json("s.json", {"extends": "sub/base.json", "variants": {
        "as it is": {}, "other": {"workload": [{"trace": "two.ftrace.gz"}, ONE]}}})
    rows = run("s.json", "first")
    names = {row["workload"] for row in rows}
    check(names == {"sleeper", "again-sleeper", "hog", "one"}, f"entries: {names}")
    with open("first/scenario.json", encoding="utf-8") as file:
        written = json.load(file)
    check("entries" in written["workload"][1] and
          "entries" in written["variants"]["other"]["workload"][0], "entries are written")
    check(written["workload"][0]["entries"][0]["code_kb"] == 8, "with their defaults")
    os.makedirs("else/where")
    os.rename("first/scenario.json", "else/where/s.json")
    os.rename("one.ftrace", "gone.ftrace")
    check(run("else/where/s.json", "second") == rows, "results run again without the trace")
    os.rename("gone.ftrace", "one.ftrace")
    write_json("s.json", {**scenario_of([{"trace": "one.ftrace"}]),
                          "sweep": {"/workload/0/trace": ["one.ftrace", "two.ftrace.gz"]}})
    rows = run("s.json", "swept")
    check({(row["point"], row["workload"]) for row in rows} == {("0", "sleeper"), ("1", "hog")},
          "a name is swept")
    os.rename("swept/scenario.json", "else/where/s.json")
    check(run("else/where/s.json", "again") == rows and rows[0]["/workload/0/trace"] ==
          '"one.ftrace"', "and found again from elsewhere, under the same name")
    with open("else/where/s.json", encoding="utf-8") as file:
        written = file.read()
    check(written == open("again/scenario.json", encoding="utf-8").read(), "written likewise")
    write_json("s.json", scenario_of([{"trace": "../one.ftrace", "folder": "sub"}]))
    check({row["workload"] for row in run("s.json", "out")} == {"sleeper"}, "in a folder")


def try_library():
    """A workload of the library is read from the program's data, scaled, and renamed."""
    cpus = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../configs/cpus")
    os.makedirs("data/library")
    os.symlink(cpus, "data/cpus")
    os.environ["BRAIDSIM_DATA"] = "data"
    thing = {"description": "a thing to try", "scale": "things", "entries": [
        {"name": "three", "instances": 3, "phases": [{"run": 100}, {"sleep": 1000}]},
        {"name": "stream", "arrivals": {"dist": "constant", "value_us": 10000}, "max_alive": 50,
         "phases": [{"run": 10}]}]}
    write_json("data/library/thing.json", thing)
    done = braidsim("list", "workloads")
    check(re.search(r"^thing +a thing to try; scale: things; at 1: 3 processes, and those that "
                    r"arrive$", done.stdout, re.M), f"list: {done.stdout}")
    for scale, instances, arrivals in (1, 3, 99), (3, 9, 299):
        write_json("s.json", scenario_of([{"library": "thing", "scale": scale, "prefix": "p-"}]))
        rows = run("s.json", "out")
        names = [row["workload"] for row in rows]
        check(names.count("p-three") == instances, f"scale {scale}: {names}")
        with open("out/runs.csv", encoding="utf-8", newline="") as file:
            per_s = float(next(csv.DictReader(file))["throughput_per_s.p-stream"])
        check(abs(per_s - arrivals) <= 1, f"scale {scale}: {per_s} arrivals, not {arrivals}")
    for change, what in (({"entries": [{"name": "x"}]}, "thing.json:1:"),
                         ({"entries": [{"name": "x"}]}, "/entries/0: must have exactly one of"),
                         ({"entries": 5}, "/entries: must be an array"),
                         ({"colour": 5}, "unknown key \"colour\""),
                         ({"description": 5}, "/description: must be a string")):
        write_json("data/library/thing.json", {**thing, **change})
        done = braidsim("check", "s.json")
        check(done.returncode == 2 and what in done.stderr and "data/library" in done.stderr,
              f"{change}: status {done.returncode}: {done.stderr}")
    write_json("s.json", scenario_of([{"library": "think"}]))
    check("did you mean \"thing\"" in braidsim("check", "s.json").stderr, "the nearest")
    for scale in 0, 0.5:
        write_json("s.json", scenario_of([{"library": "thing", "scale": scale}]))
        done = braidsim("check", "s.json")
        check("/workload/0/scale: must be" in done.stderr, f"scale {scale}: {done.stderr}")
    del os.environ["BRAIDSIM_DATA"]


def try_refusals():
    write("no.ftrace", "hello\nworld\n")
    write("cpu.ftrace", "hello\n" + "\n".join(map(FORMS["perf"], HISTORY)).replace("[00", "[9999"))
    write("cut.ftrace.gz", "x" * 100000)
    with open("cut.ftrace.gz", "rb") as file:
        whole = file.read()
    with open("cut.ftrace.gz", "wb") as file:
        file.write(whole[:len(whole) // 2])
    write("long.ftrace", "\n".join(FORMS["perf"]((us, *event[1:]))
                                   for us, event in zip((0, 1), HISTORY[1:3])).replace(
                                       "10.000001", "900000.000001"))
    one = {"trace": "one.ftrace"}
    for workload, what in (
            ([{"trace": "none"}], "s.json:1:"), ([{"trace": "none"}], "there is no file none"),
            ([{"trace": 5}], "/workload/0/trace: must be a string"),
            ([{"trace": "no.ftrace"}], "no.ftrace: has no sched_switch event"),
            ([{"trace": "cpu.ftrace"}], "no sched_switch event that can be read; of that in line 3 "
                                        "the cpu is beyond 65535"),
            ([{"trace": "cut.ftrace.gz"}], "cut.ftrace.gz: cannot be decompressed"),
            ([{"trace": "long.ftrace"}], "long.ftrace: lasts for 899990 s"),
            ([{"trace": "/dev/zero"}], "/dev/zero: is no regular file"),
            ([{"trace": "."}], "is no regular file"),
            ([one, one], "/workload/1: sleeper is the name of entry 0 already; add a \"prefix\" "
                         "for its names, such as \"b-\""),
            ([{**one, "prefix": "a"}, one, {**one, "prefix": "a"}],
             "/workload/2: asleeper is the name of entry 0 already; choose another \"prefix\" for "
             "its names than \"a\""),
            ([{**one, "entries": [SLEEPERS, SLEEPERS]}],
             "/workload/0/entries/1/name: sleeper is the name of entry 0 already; choose another\n"),
            ([SLEEPERS, SLEEPERS],
             "/workload/1/name: sleeper is the name of entry 0 already; choose another\n"),
            ([one, SLEEPERS],
             "/workload/1/name: sleeper is the name of entry 0 already; choose another\n"),
            ([{**one, "folder": 5}], "/workload/0/folder: must be a string"),
            ([{**one, "folder": "sub"}], "there is no file sub/one.ftrace"),
            ([{"library": "desktop", "folder": "."}], "unknown key \"folder\""),
            ([{**one, "prefix": "a b"}], "/workload/0/prefix: must be of letters"),
            ([{**one, "scale": 2}], "unknown key \"scale\""),
            ([{**one, "entries": {}}], "/workload/0/entries: must be an array"),
            ([{**one, "entries": []}], "/workload/0/entries: must have an entry"),
            ([{**one, "entries": [{}]}], "/workload/0/entries/0: the key \"name\" is missing"),
            ([{"library": "nonsense"}], "unknown workload of the library \"nonsense\""),
            ([{"library": "desktop", "entries": []}], "unknown key \"entries\"")):
        write_json("s.json", scenario_of(workload))
        done = braidsim("check", "s.json")
        check(done.returncode == 2 and what in done.stderr,
              f"{workload}: status {done.returncode}: {done.stderr}")
    write("no.pftrace", "\n\0hello")
    for arguments, what in ((["no.ftrace"], "has no sched_switch"), (["no.pftrace"], "not Perfetto's"),
                            (["none"], "cannot be opened"),
                            ([], "which trace?"), (["a", "b"], "one trace at a time"),
                            (["a", "--min-runs", "1"], "from 2 to"),
                            (["one.ftrace", "--min-runs", "5"], "--min-runs is for --fit"),
                            (["one.ftrace", "--out", "/dev/null/x"], "not a folder")):
        done = braidsim("import", *arguments)
        check(done.returncode == 2 and what.lower() in done.stderr.lower(),
              f"import {arguments}: status {done.returncode}: {done.stderr}")


# ---- Fits ---------------------------------------------------------------------------------

def check_loads():
    """A fit that is far longer in the mean than what was recorded says so: the pareto that has
    these lengths as quantiles, but for its longest, is of shape 1.1, so that its mean is 11."""
    count = 400
    runs = [(1 - (i + 0.5) / count) ** (-1 / 1.1) for i in range(count)]
    events, us = [], 0
    for run in sorted(runs, key=lambda us: us % 0.01): # in any order
        for comm, pid, state, then in (("swapper", 0, "R", "heavy"), ("heavy", 5, "S", "swapper")):
            events.append(f"{comm} {pid} [000] {us / 1e6:.9f}: sched:sched_switch: prev_comm={comm} "
                          f"prev_pid={pid} prev_prio=120 prev_state={state} ==> next_comm={then} "
                          f"next_pid={5 - pid} next_prio=120")
            us += 100 * run if pid == 0 else 50
    write("heavy.txt", "\n".join(events))
    done = braidsim("import", "heavy.txt", "--fit", "--out", "heavy.json")
    said = re.search(r"^heavy: \d+ runs of ([\d.]+) us in the mean: pareto, mean ([\d.]+) us",
                     done.stdout, re.M)
    check(said is not None, f"fit: a heavy tail: {done.stdout}")
    more = 100 * (float(said[2]) / float(said[1]) - 1)
    warning = f"the fit's mean is {more:.0f} % longer than that recorded"
    check(more > 20 and done.stderr == f"heavy.txt: warning: heavy, runs: {warning}\n" and
          f"// warning: {warning}" in open("heavy.json", encoding="utf-8").read(),
          f"fit: {more} %: {done.stderr}")


def check_rare():
    """Who wakes once, and who is cut off at both ends, has the CPU time that it had: of processes
    that sleep, (from us, to us) on one cpu; the last also ends the trace."""
    def history(*stretches):
        lines, was_on = [], set()
        for since, until, pid, state in stretches:
            who = f"p{pid}"
            if since is not None:
                lines += [f"x 0 [000] {since / 1e6:.6f}: sched:sched_waking: comm={who} pid={pid} "
                          "prio=120"] if pid in was_on or since > 0 else []
                lines.append(f"x 0 [000] {since / 1e6:.6f}: sched:sched_switch: x:0 [120] R ==> "
                             f"{who}:{pid} [120]")
            was_on.add(pid)
            lines.append(f"{who} {pid} [000] {until / 1e6:.6f}: sched:sched_switch: {who}:{pid} "
                         f"[120] {state} ==> x:0 [120]")
        write("rare.txt", "\n".join(lines))
        made, said = imported("rare.txt", "--fit")
        write_json("rare.json", {**made, "cost": "flat", "replications": 1,
                                 "machine": {"cpu": "ideal", "cores": 1}})
        return made, said, {row["workload"]: int(row["user_ps"]) / 1e6
                            for row in run("rare.json", "out")}
    rare = {pid: pid * 100000 + 500 for pid in range(2, 6)} # us: when it runs, for 100
    often = [(us, us + 200, 1, "S") for us in range(0, 1000000, 10000)]
    made, said, us = history(*sorted(often + [(at, at + 100, pid, "S")
                                              for pid, at in rare.items()]))
    check(all(us[f"p{pid}"] == 100 for pid in rare) and 19800 <= us["p1"] <= 22200,
          f"fit: who wakes once: {us}")
    check(all(f"p{pid}, sleeps: none comes to its end" in said for pid in rare) and "warning: p1" not in said,
          f"fit: who wakes once: {said}")
    made, said, us = history((None, 0, 2, "S"), (1000, 2000, 1, "S"), (3000, 10000, 2, "S"))
    check(made["workload"][1]["phases"] == [{"run": 7000}, {"sleep": 3000}] and
          us == {"p1": 1000, "p2": 8000}, f"fit: cut off at both ends: {made['workload']} {us}")
    made, said, us = history((0, 1000, 1, "S"), (1000, 2000, 1, "S"))
    check(made["workload"][0]["phases"][0] == {"run": 1000} and us["p1"] >= 2000,
          f"fit: no time between: {made['workload']} {us}")


def try_fits():
    """What was drawn from a distribution is fitted by that, and runs."""
    drawn = {"exponential": {"dist": "exponential", "mean_us": 300},
             "gamma": {"dist": "gamma", "mean_us": 300, "cv2": 0.25},
             "lognormal": {"dist": "lognormal", "mean_us": 300, "cv2": 2},
             "uniform": {"dist": "uniform", "min_us": 100, "max_us": 300},
             "hyperexponential": {"dist": "hyperexponential", "mean_us": 300, "cv2": 9},
             "pareto": {"dist": "pareto", "min_us": 100, "shape": 2.5},
             "bounded_pareto": {"dist": "bounded_pareto", "min_us": 10, "max_us": 1000,
                                "shape": 0.9}, "constant": 300}
    workload = [{"name": name, "instances": 2, "phases": [{"run": kind}, {"sleep": 2000}]}
                for name, kind in drawn.items()]
    workload.append({"name": "rare", "instances": 1, "phases": [{"run": 10}, {"sleep": 100000}]})
    write_json("a.json", scenario_of(workload, 16, cpu="ideal"))
    run("a.json", "a", "--trace", "fit.ftrace")
    done = braidsim("import", "fit.ftrace", "--fit", "--out", "fit.json")
    check(done.returncode == 0 and done.stderr == "", f"fit: {done.stderr}")
    with open("fit.json", encoding="utf-8") as file:
        text = file.read()
    entries = {entry["name"]: entry["phases"]
               for entry in json.loads(LINES_OF_COMMENT.sub("", text))["workload"]}
    for name, kind in drawn.items():
        found = entries[name][0]["run"]
        if name == "constant":
            check(found == 300, f"fit: constant is {found}")
            continue
        check(found["dist"] == name, f"fit: {name} is {found}")
        for key, value in kind.items():
            check(key == "dist" or abs(found.get(key, 0) / value - 1) < 0.25,
                  f"fit: {name} is {found}, not {kind}")
        said = re.search(rf"^{name}: \d+ runs of ([\d.]+) us in the mean: {name}, mean ([\d.]+) us, "
                         r"AIC .* KS distance ([\d.]+), p ([\d.e-]+)$", done.stdout, re.M)
        check(said is not None and said[0].split(": ", 1)[1] in text, f"fit: {name} is reported")
        check(said is not None and float(said[3]) < 0.06 and float(said[4]) > 0.01 and
              abs(float(said[2]) / float(said[1]) - 1) < 0.1, f"fit: {name}: {said}")
    check_loads()
    check_rare()
    check(entries["rare"][0]["run"] == 10 and "too few to fit, so their mean" in done.stdout,
          f"fit: too few: {entries['rare']}")
    check(braidsim("run", "--quiet", "fit.json", "--out", "out", "--replications", "1",
                   "--set", "/duration_ms=50").returncode == 0, "fit: it runs")


def main():
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        try_forms()
        try_disorder()
        try_runtimes()
        try_gaps()
        try_names()
        try_trips()
        try_references()
        try_library()
        try_refusals()
        try_fits()
    finish()


main()
