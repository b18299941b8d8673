#!/usr/bin/python3
"""programs.py -- what processes do, to the microsecond, against times reckoned by hand.

Goal: each primitive of a program means what docs/MODEL.md says.  Method: small workloads run on the
ideal machine, where nothing but the processes' own work takes time; who runs on which core from
when to when is read from the text trace and compared with what was reckoned by hand.  Most run with
one torus for all cores and with one a core, which must give the same.  What a program must not do is
refused with status 2 and words that say who and why.

usage: programs.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import json
import os
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../trace"))
from checks import check, finish  # noqa: E402  pylint: disable=wrong-import-position
from ideal import RUN10, SWITCH, entry, scenario, simulate, stretches  # noqa: E402  pylint: disable=wrong-import-position

# What runs when: name, workload, cores, {process: [(from us, to us), ...]}, more of the scenario.
WAIT = {"wait": {"ref": "c", "mutex": "m"}}
SYNC = {"sync": {"ref": "c", "mutex": "m"}}
CASES = [
    # b comes at 10 and waits for the mutex until 100; then it has it for 30.
    ("mutex",
     [entry("a", [{"lock": "m"}, {"run": 100}, {"unlock": "m"}, {"run": 50}]),
      entry("b", [{"lock": "m"}, {"run": 30}, {"unlock": "m"}], start_us=10)],
     2, {"a": [(0, 150)], "b": [(100, 130)]}),
    # Who waits longest is next: c came at 5, b at 10, whatever they are called.
    ("mutex, first come",
     [entry("a", [{"lock": "m"}, {"run": 20}, {"unlock": "m"}]),
      entry("b", [{"lock": "m"}, RUN10, {"unlock": "m"}], start_us=10),
      entry("c", [{"lock": "m"}, RUN10, {"unlock": "m"}], start_us=5)],
     3, {"a": [(0, 20)], "c": [(20, 30)], "b": [(30, 40)]}),
    # Both wait, each giving up the mutex.  s signals at 50, and has the mutex until 70, when w/0
    # gets it; the second signal, at 120, is for w/1.
    ("signal",
     [entry("w", [{"run": 0}, {"lock": "m"}, WAIT, RUN10, {"unlock": "m"}], instances=2),
      entry("s", [{"lock": "m"}, {"signal": "c"}, {"run": 20}, {"unlock": "m"}, {"run": 50},
                  {"signal": "c"}, {"run": 5}], start_us=50)],
     3, {"s": [(50, 125)], "w/0": [(70, 80)], "w/1": [(120, 130)]}, {"scheduler": {"tori": 1}}),
    # A signal that nobody waits for is lost.
    ("a signal too early",
     [entry("s", [{"signal": "c"}, RUN10]),
      entry("w", [RUN10, {"lock": "m"}, WAIT, RUN10, {"unlock": "m"}])],
     2, {"s": [(0, 10)], "w": [(0, 10)]}),
    # Both wait for c; woken together at 50, they have the mutex one after the other.
    ("broadcast",
     [entry("w", [{"lock": "m"}, WAIT, RUN10, {"unlock": "m"}], instances=2),
      entry("s", [{"broad": "c"}, {"run": 5}], start_us=50)],
     3, {"s": [(50, 55)], "*": [(50, 60), (60, 70)]}),
    # a waits at 5; b signals at 7 and waits; a, done after 5 more, signals b at 12 and waits.
    ("sync",
     [entry("a", [{"run": 5}, SYNC, {"run": 5}, SYNC]),
      entry("b", [{"run": 7}, SYNC, {"run": 7}])],
     2, {"a": [(0, 5), (7, 12)], "b": [(0, 7), (12, 19)]}),
    # Three come at 10, 20 and 35, twice; who comes last goes on at once.
    ("barrier",
     [entry("a", [RUN10, {"barrier": "x"}, RUN10, {"barrier": "x"}, {"run": 1}]),
      entry("b", [{"run": 20}, {"barrier": "x"}, {"run": 20}, {"barrier": "x"}]),
      entry("c", [{"run": 35}, {"barrier": "x"}, {"run": 5}, {"barrier": "x"}])],
     3, {"a": [(0, 10), (35, 45), (55, 56)], "b": [(0, 20), (35, 55)],
         "c": [(0, 35), (35, 40)]}),
    # A queue of one place: the producer makes one in 10, the consumer takes 25 for it.
    ("producer and consumer",
     [entry("p", [{"sem_post": "free"},
                  {"loop": 3, "phases": [RUN10, {"sem_wait": "free"}, {"sem_post": "full"}]}]),
      entry("c", [{"loop": 3,
                   "phases": [{"sem_wait": "full"}, {"run": 25}, {"sem_post": "free"}]}])],
     2, {"p": [(0, 20), (35, 45)], "c": [(10, 85)]}),
    # As rt-app's tutorial has it: a resume that nobody waits for is lost.
    ("suspend and resume",
     [entry("a", [{"resume": "b"}, RUN10, {"resume": "b"}, {"suspend": ""}, RUN10]),
      entry("b", [{"run": 5}, {"suspend": "b"}, RUN10, {"resume": "a"}, {"run": 1}])],
     2, {"a": [(0, 10), (20, 30)], "b": [(0, 5), (10, 21)]}),
    # The drawing of rt-app's tutorial, in units of 1 us: the third turn takes 30, and its timer is
    # missed; then a relative one counts from there, and an absolute one does not.
    ("relative timer",
     [entry("r", [{"loop": 2, "phases": [RUN10, {"timer": {"ref": "unique", "period": 20}}]},
                  {"run": 30}, {"timer": {"ref": "unique", "period": 20}},
                  {"loop": 3, "phases": [RUN10, {"timer": {"ref": "unique", "period": 20}}]}])],
     1, {"r": [(0, 10), (20, 30), (40, 80), (90, 100), (110, 120)]}),
    ("absolute timer",
     [entry("r", [{"loop": 2, "phases": [
                      RUN10, {"timer": {"ref": "unique", "period": 20, "mode": "absolute"}}]},
                  {"run": 30}, {"timer": {"ref": "unique", "period": 20, "mode": "absolute"}},
                  {"loop": 3, "phases": [
                      RUN10, {"timer": {"ref": "unique", "period": 20, "mode": "absolute"}}]}])],
     1, {"r": [(0, 10), (20, 30), (40, 90), (100, 110)]}),
    # One timer for both: b finds it set for 50, so it waits for 100; then a for 150.
    ("shared timer",
     [entry("a", [RUN10, {"timer": {"ref": "t", "period": 50}}, RUN10,
                  {"timer": {"ref": "t", "period": 50}}, {"run": 1}]),
      entry("b", [{"run": 20}, {"timer": {"ref": "t", "period": 50}}, {"run": 1}])],
     2, {"a": [(0, 10), (50, 60), (150, 151)], "b": [(0, 20), (100, 101)]}),
    # A timer counts from when its process starts.
    ("timer of a late one",
     [entry("a", [RUN10, {"timer": {"ref": "unique", "period": 50}}, RUN10], start_us=7)],
     1, {"a": [(7, 17), (57, 67)]}),
    # And so it does where another process had its place before: both wait, 40 us each.
    ("timer of each of a stream",
     [{"name": "s", "arrivals": 400, "phases": [RUN10, {"timer": {"ref": "unique", "period": 50}}, RUN10]}],
     1, {"*": [(400, 410), (450, 460), (800, 810), (850, 860)]}),
    # Slices of 30, in turn: 100 us go by while a runs 70 of them, or b 30 of its first 100.
    ("runtime",
     [entry("a", [{"runtime": 100}]), entry("b", [{"runtime": 100}])],
     1, {"a": [(0, 30), (60, 90)], "b": [(30, 60), (90, 130)]},
     {"scheduler": {"slice_us": 30}}),
    ("forks",
     [entry("p", [{"loop": 3, "phases": [RUN10, {"fork": "k"}]}, {"sleep": 50}, {"run": 1}]),
      entry("k", [{"run": 100}], instances=0)],
     4, {"p": [(0, 30), (80, 81)], "*": [(10, 110), (20, 120), (30, 130)]}),
    # A stream of processes that share a mutex.
    ("stream",
     [{"name": "s", "arrivals": 400, "loop": 2,
       "phases": [{"lock": "m"}, RUN10, {"unlock": "m"}, {"sleep": 10}]}],
     2, {"*": [(400, 410), (420, 430), (800, 810), (820, 830)]}),
    ("groups",
     [entry("g", [{"loop": 2, "phases": [{"loop": 2, "phases": [{"run": 1}, {"sleep": 2}]},
                                         {"run": 5}, {"sleep": 1}]}, {"run": 3}], loop=2)],
     1, {"g": [(0, 1), (3, 4), (6, 11), (12, 13), (15, 16), (18, 23), (24, 28), (30, 31),
               (33, 38), (39, 40), (42, 43), (45, 50), (51, 54)]}),
    # 2.4 turns are 2, 0.5 are 1, and 0.4 none, of an outer group which begins twice.
    ("turns that are drawn",
     [entry("g", [{"loop": 2, "phases": [
                      {"loop": {"dist": "constant", "value": 2.4},
                       "phases": [{"run": 1}, {"sleep": 2}]},
                      {"loop": {"dist": "constant", "value": 0.4}, "phases": [{"run": 50}],
                       "cpus": [0]},
                      {"loop": {"dist": "uniform", "min": 0.5, "max": 0.5},
                       "phases": [{"run": 5}]}, {"sleep": 1}]}, {"run": 3}])],
     1, {"g": [(0, 1), (3, 4), (6, 11), (12, 13), (15, 16), (18, 23), (24, 27)]}),
    # 400 kB at 4000 MB/s are 100 us, and so are 50 kB at the 500 MB/s of the device.
    ("memory and device",
     [entry("m", [{"mem": 400000}, {"iorun": {"dist": "constant", "value_bytes": 50000}},
                  {"memrun": 5}])],
     1, {"m": [(0, 100), (200, 205)]},
     {"machine": {"cpu": "ideal", "cores": 1, "figures": {"memory_read_mb_s": 4000}}}),
    ("recorded bursts, once",
     [entry("b", [{"bursts_us": [[10, 5, 10], [1, 2]]}, {"run": 3}], instances=2)],
     2, {"b/0": [(0, 10), (15, 28)], "b/1": [(0, 1), (3, 6)]}),
]


def compare(name, expected):
    found = stretches()
    if "*" in expected:
        named = set(expected) - {"*"}
        found["*"] = sorted(part for who in set(found) - named for part in found[who])
        found = {who: parts for who, parts in found.items() if who == "*" or who in named}
    check(found == {who: merged(parts) if who != "*" else parts
                    for who, parts in expected.items()},
          f"{name}: {found}, not {expected}")


def merged(parts):
    whole = []
    for since, until in parts:
        if whole and whole[-1][1] == since:
            since = whole.pop()[0]
        whole.append((since, until))
    return whole


def check_cases():
    for name, workload, cores, expected, *rest in CASES:
        for tori, queues in ((1, "inbox"), ("per_core", "inbox"), ("per_core", "locked")):
            more = json.loads(json.dumps(rest[0] if rest else {}))
            settings = {"queues": queues, **more.pop("scheduler", {})}
            result = simulate("out", scenario(workload, cores, tori, scheduler=settings, **more))
            check(result.returncode == 0, f"{name}: {result.stderr}")
            if result.returncode == 0:
                compare(f"{name}, tori {tori}, {queues}", expected)


# The classic inversion: low has the mutex that high wants, and mid, which wants nothing, comes
# between, unless low inherits high's priority.
INVERSION = [entry("low", [{"lock": "m"}, {"run": 100}, {"unlock": "m"}, RUN10], priority=1),
             entry("high", [{"lock": "m"}, RUN10, {"unlock": "m"}], priority=3, start_us=10),
             entry("mid", [{"run": 500}], priority=2, start_us=20)]
# high waits for b, which mid2 holds, which waits for a, which low holds: low inherits through it.
CHAIN = [entry("low", [{"lock": "a"}, {"run": 100}, {"unlock": "a"}, RUN10], priority=1),
         entry("mid2", [{"lock": "b"}, {"lock": "a"}, RUN10, {"unlock": "a"}, {"unlock": "b"},
                        RUN10], priority=2, start_us=10),
         entry("high", [{"lock": "b"}, RUN10, {"unlock": "b"}], priority=4, start_us=20),
         entry("mid", [{"run": 500}], priority=3, start_us=30)]


# Of four that wait the most urgent is next, of equals who came first: the last of three, then the
# second, then the first and one that has come since.
HEIRS = [entry("low", [{"lock": "m"}, {"run": 100}, {"unlock": "m"}, RUN10], priority=1),
         entry("one", [{"lock": "m"}, RUN10, {"unlock": "m"}], priority=2, start_us=10),
         entry("two", [{"lock": "m"}, RUN10, {"unlock": "m"}], priority=3, start_us=20),
         entry("three", [{"lock": "m"}, RUN10, {"sleep": 20}, {"unlock": "m"}], priority=4,
               start_us=30),
         entry("four", [{"lock": "m"}, RUN10, {"unlock": "m"}], priority=2, start_us=115)]


# Of equal priorities, the heavier.
HEAVIER = [entry("low", [{"lock": "m"}, {"run": 100}, {"unlock": "m"}], priority=1),
           entry("light", [{"lock": "m"}, RUN10, {"unlock": "m"}], priority=2, start_us=10),
           entry("heavy", [{"lock": "m"}, RUN10, {"unlock": "m"}], priority=2, weight=2048,
                 start_us=20)]


# INVERSION with high on another core, whose torus must tell that of the others.
APART = [{**one, "cpus": [1 if one["name"] == "high" else 0]} for one in INVERSION]


# mid comes between low and those who wait, but for the second of them.
SECOND = [entry("low", [{"lock": "m"}, {"run": 100}, {"unlock": "m"}, RUN10], priority=1),
          entry("one", [{"lock": "m"}, RUN10, {"unlock": "m"}], priority=2, start_us=10),
          entry("high", [{"lock": "m"}, RUN10, {"unlock": "m"}], priority=4, start_us=20),
          entry("mid", [{"run": 500}], priority=3, start_us=30)]


# low waits behind mid when high, on another core, comes to wait for it.
READY = [entry("low", [{"lock": "m"}, {"run": 100}, {"unlock": "m"}, RUN10], priority=1, cpus=[0]),
         entry("mid", [{"run": 500}], priority=2, start_us=5, cpus=[0]),
         entry("high", [{"lock": "m"}, RUN10, {"unlock": "m"}], priority=3, start_us=10, cpus=[1])]


def check_inheritance():
    for name, workload, tori, inherits, expected in (
            ("apart", APART, 2, False,
             {"low": [(0, 20), (520, 610)], "mid": [(20, 520)], "high": [(600, 610)]}),
            ("inheritance apart", APART, 2, True,
             {"low": [(0, 100), (600, 610)], "mid": [(100, 600)], "high": [(100, 110)]}),
            ("inversion", INVERSION, 1, False,
             {"low": [(0, 20), (520, 600), (610, 620)], "mid": [(20, 520)], "high": [(600, 610)]}),
            ("inheritance", INVERSION, 1, True,
             {"low": [(0, 100), (610, 620)], "high": [(100, 110)], "mid": [(110, 610)]}),
            ("heirs", HEIRS, 1, True,
             {"low": [(0, 100), (110, 120)], "three": [(100, 110)], "two": [(130, 140)],
              "one": [(140, 150)], "four": [(150, 160)]}),
            ("heirs", HEIRS, 1, False,
             {"low": [(0, 100), (130, 140)], "one": [(100, 110)], "two": [(110, 120)],
              "three": [(120, 130)], "four": [(150, 160)]}),
            ("inheritance of the second", SECOND, 1, True,
             {"low": [(0, 100), (620, 630)], "high": [(100, 110)], "mid": [(110, 610)],
              "one": [(610, 620)]}),
            ("inheritance of who waits apart", READY, 2, True,
             {"low": [(0, 5), (10, 105), (600, 610)], "mid": [(5, 10), (105, 600)],
              "high": [(105, 115)]}),
            ("heavier heirs", HEAVIER, 3, True,
             {"low": [(0, 100)], "heavy": [(100, 110)], "light": [(110, 120)]}),
            ("heavier heirs", HEAVIER, 3, False,
             {"low": [(0, 100)], "light": [(100, 110)], "heavy": [(110, 120)]}),
            ("inheritance along a chain", CHAIN, 1, True,
             {"low": [(0, 100), (630, 640)], "mid2": [(100, 110), (620, 630)],
              "high": [(110, 120)], "mid": [(120, 620)]})):
        result = simulate("out", scenario(workload, tori, tori, scheduler={"policy": "priority"},
                                          resources={"priority_inheritance": inherits}))
        check(result.returncode == 0, f"{name}: {result.stderr}")
        compare(name, expected)


def check_inherited_weight():
    """The heir is the most urgent, and has the weight of who waits on behind it: nine times that
    of the hog, so that it has run for 2 ms after little more; its own is a ninth."""
    workload = [entry("low", [{"lock": "m"}, {"run": 100}, {"unlock": "m"}], cpus=[0]),
                entry("heir", [{"lock": "m"}, {"run": 2000}, {"unlock": "m"}], priority=1,
                      weight=100, start_us=10, cpus=[1]),
                entry("heavy", [{"lock": "m"}, RUN10, {"unlock": "m"}], weight=9000, start_us=20,
                      cpus=[0]),
                entry("hog", [{"run": 1000}], weight=900, loop=-1, start_us=90, cpus=[1])]
    for inherits, least, most in (True, 2100, 2700), (False, 10000, 25000):
        result = simulate("out", scenario(workload, 2, 2, scheduler={
            "policy": "fair", "slice_us": 20}, duration_ms=30,
            resources={"priority_inheritance": inherits}))
        check(result.returncode == 0, f"inherited weight: {result.stderr}")
        end = stretches()["heir"][-1][1]
        check(least < end < most, f"inherited weight ({inherits}): the heir ends at {end}")


def check_birthplaces():
    """Those of an entry are born on its cpus in turn: what a fork costs is paid there."""
    two = entry("p", [{"run": 10}], instances=4, cpus=[1, 3])
    result = simulate("out", scenario([two], 4, "per_core", scheduler={"placement": "affinity"}))
    check(result.returncode == 0, f"birthplaces: {result.stderr}")
    with open("out/cores.csv", encoding="utf-8") as file:
        user_us = [float(row["user_ps"]) / 1e6 for row in csv.DictReader(file)]
    check(user_us == [0, 20, 0, 20], f"birthplaces: cores worked {user_us}")


def check_runtime_on_a_slow_core():
    """It lasts as long on a core of half the speed, whoever comes between."""
    figures = {"max_cores": 2, "small_cores": 1, "small_rate": 0.5}
    workload = [entry("r", [{"runtime": 100}, {"run": 10}], cpus=[1]),
                entry("h", [RUN10], priority=1, start_us=30, cpus=[1])]
    result = simulate("out", scenario(workload, 2, 2, scheduler={"policy": "priority"}, machine={
        "cpu": "ideal", "cores": 2, "figures": figures}))
    check(result.returncode == 0, f"slow core: {result.stderr}")
    compare("slow core", {"r": [(0, 30), (50, 120)], "h": [(30, 50)]})


def check_drawn_turns():
    """Turns are drawn anew by each process and each time: 1 to 3, two in the mean."""
    drawn = entry("g", [{"loop": {"dist": "uniform", "min": 0.5, "max": 3.5},
                         "phases": [{"run": 1}]}, {"sleep": 1}], instances=20, loop=40)
    result = simulate("out", scenario([drawn], 20, "per_core"))
    check(result.returncode == 0, f"drawn turns: {result.stderr}")
    with open("out/processes.csv", encoding="utf-8") as file:
        us = [float(row["user_ps"]) / 1e6 for row in csv.DictReader(file)]
    runs = {round(until - since) for parts in stretches().values() for since, until in parts}
    check(runs == {1, 2, 3}, f"drawn turns: of {runs} us")
    check(len(set(us)) > 5 and abs(sum(us) / 20 - 80) < 5, f"drawn turns: {us}")


def check_cpus():
    """Four on cpus 1 and 3 of four, which leave the others idle; and a group on another."""
    pinned = entry("p", [{"run": 30}, {"sleep": 10}], instances=4, cpus=[1, 3], loop=-1)
    mover = entry("q", [{"run": 10}, {"cpus": [0], "phases": [{"run": 20}]}, {"run": 5}],
                  cpus=[2])
    result = simulate("out", scenario([pinned, mover], 4, "per_core"))
    check(result.returncode == 0, f"cpus: {result.stderr}")
    on = {}
    with open("t.ftrace", encoding="utf-8") as file:
        for core, seconds, _, _, name, pid in SWITCH.findall(file.read()):
            at = round(float(seconds) * 1e6)
            before, since = on.get(core, (None, 0))
            if before is not None and at > since:
                allowed = (1, 3) if before.startswith("p/") else ((2, 0)[10 <= since < 30],)
                check(int(core) in allowed, f"cpus: {before} on {core} from {since} to {at}")
            on[core] = (name if pid != "0" else None, at)
    with open("out/cores.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    user_us = [float(row["user_ps"]) / 1e6 for row in rows]
    check(user_us[0] == 20 and user_us[2] == 15, f"cpus: cores 0 and 2 worked {user_us}")
    check(user_us[1] > 950 and user_us[3] > 950, f"cpus: cores 1 and 3 worked {user_us}")
    grouped = simulate("out", scenario([pinned], 4, 2))
    check(grouped.returncode == 0 and "serves other cores too" in grouped.stderr,
          f"cpus: nothing said of tori of several cores: {grouped.stderr}")


def check_cpus_in_turn():
    """From one group's cpus to the next one's, however they come about, without the entry's between,
    where a hog is that would be waited for; the entry's again where something happens on them."""
    def on(core, *phases, **more):
        return {"cpus": [core], "phases": list(phases), **more}
    run, loops = {"run": 10}, {"loop": 2}
    for phases, more, wanted in (
            ([on(0, run), on(2, run)], loops, [0, 2, 0, 2]),
            ([on(0, run), on(0, run)], loops, [0, 0, 0, 0]),
            ([{"phases": [on(0, run), on(2, run)], **loops}], {}, [0, 2, 0, 2]),
            ([on(0, run, on(2, run), **loops)], {}, [0, 2, 0, 2]),
            ([on(0, run), on(2, run, loop={"dist": "constant", "value": 2}), run], {},
             [0, 2, 2, 1]),
            ([run, on(0, run), on(2, run)], loops, [1, 0, 2, 1, 0, 2]),
            ([on(0, run), run], loops, [0, 1, 0, 1])):
        us = {"b": [], "hog": []}
        hog = entry("hog", [{"run": 100}], cpus=[1], start_us=1)
        others = [] if 1 in wanted else [hog]
        result = simulate("out", scenario([entry("b", phases, cpus=[1], **more), *others], 3,
                                          "per_core"))
        check(result.returncode == 0, f"cpus in turn: {phases}: {result.stderr}")
        present = {}
        with open("t.ftrace", encoding="utf-8") as file:
            for core, seconds, _, _, name, pid in SWITCH.findall(file.read()):
                at = round(float(seconds) * 1e6)
                before, since = present.get(core, (None, 0))
                if before is not None and at > since:
                    us[before] += [(begin, int(core)) for begin in range(since, at, 10)]
                present[core] = (name if pid != "0" else None, at)
        check(sorted(us["b"]) == [(10 * i, core) for i, core in enumerate(wanted)],
              f"cpus in turn: {phases} {more}: {sorted(us['b'])}, not {wanted}")
        with open("out/processes.csv", encoding="utf-8") as file:
            moves = {row["workload"]: int(row["migrations"]) for row in csv.DictReader(file)}
        check(moves["b"] == sum(a != b for a, b in zip(wanted, wanted[1:])),
              f"cpus in turn: {phases} {more}: {moves['b']} migrations")


LOCK_X, LOCK_Y = {"lock": "x"}, {"lock": "y"}
REFUSED = [
    ("a ends in a deadlock at 0.100000 ms: a holds x, waits for y; b holds y, waits for x",
     [entry("b", [LOCK_Y, {"run": 90}, LOCK_X]), entry("a", [LOCK_X, {"run": 100}, LOCK_Y])]),
    ("c holds z, waits for x; a holds x, waits for y; b holds y, waits for z",
     [entry("a", [LOCK_X, {"run": 10}, LOCK_Y]), entry("b", [LOCK_Y, {"run": 20}, {"lock": "z"}]),
      entry("c", [{"lock": "z"}, {"run": 30}, LOCK_X])]),
    ("a/0 holds x, waits for x", [entry("a", [LOCK_X, RUN10, LOCK_X], instances=2)]),
    ("a unlocks x, which it does not hold", [entry("a", [RUN10, {"unlock": "x"}])]),
    ("a waits for c with the mutex m, which it does not hold", [entry("a", [RUN10, WAIT])]),
    ("a exits while it holds the mutex x", [entry("a", [LOCK_X, RUN10])]),
    ("the clock stands still", [entry("a", [{"sem_post": "s"}, {"sem_wait": "s"}], loop=-1)]),
    ("the clock stands still",
     [entry("a", [{"sem_post": "s"}, {"sem_wait": "t"}], loop=-1),
      entry("b", [{"sem_wait": "s"}, {"sem_post": "t"}], loop=-1)]),
    ("more than max_alive (5) processes of those that are forked of \"k\"",
     [entry("p", [{"run": 1}, {"fork": "k"}], loop=10),
      entry("k", [{"sleep": 1000}], instances=0, max_alive=5)]),
]


def check_refusals():
    for words, workload in REFUSED:
        result = simulate("refused", scenario(workload, 3, 1))
        check(result.returncode == 2 and words in result.stderr, f"{words}: {result.stderr}")
        check(not os.path.exists("refused/runs.csv"), f"{words}: wrote results")


def timer(**members):
    return {"timer": {"ref": "t", "period": 5, **members}}


def nested(depth):
    return [{"run": 1}] if depth == 0 else [{"phases": nested(depth - 1)}]


# What cannot be read: phases of the only entry, what is said.
MALFORMED = [
    ([{"lock": "m", "unlock": "m"}], "/workload/0/phases/0: must have exactly one event"),
    ([{"lok": "m"}], "/workload/0/phases/0/lok: unknown key \"lok\", did you mean \"lock\"?"),
    ([{"lock": 5}], "/workload/0/phases/0/lock: must be a string"),
    ([{"lock": ""}], "/workload/0/phases/0/lock: must be a name of 1 to 100 characters"),
    ([{"lock": "m"}, {"unlock": "m"}], "/workload/0/phases: no phase takes any time"),
    ([{"phases": [{"sem_post": "s"}], "loop": -1}, {"run": 1}],
     "/workload/0/phases/0: no phase takes any time"),
    ([{"wait": {"ref": "c"}}], "/workload/0/phases/0/wait: the key \"mutex\" is missing"),
    ([{"wait": "c"}], "/workload/0/phases/0/wait: must be an object"),
    ([timer(period=-1)], "/workload/0/phases/0/timer/period: must be"),
    ([timer(mode="absolut")], "/workload/0/phases/0/timer/mode: "),
    ([timer(modes="absolute")], "did you mean \"mode\""),
    ([{"yield": 1}, {"run": 1}, {"lock": "m"}], "/workload/0/phases/0/yield: must be true"),
    ([{"fork": "b"}, {"run": 1}], "/workload/0/phases/0/fork: there is no entry \"b\" to fork"),
    ([{"phases": [{"run": 1}], "loop": 0}], "/workload/0/phases/0/loop: must be a whole number"),
    ([{"phases": [{"run": 1}], "loop": 1.5}], "/workload/0/phases/0/loop: must be a whole number"),
    ([{"phases": [{"run": 1}], "loops": 2}], "did you mean \"loop\""),
    ([{"cpus": [0], "run": 1}], "/workload/0/phases/0/cpus: is for a group, with"),
    ([{"run": 1, "loop": 3}], "/workload/0/phases/0/loop: is for a group"),
    ([{"phases": [{"run": 1}], "loop": {"dist": "constant", "value_us": 2}}],
     "/workload/0/phases/0/loop/value_us: unknown key"),
    ([{"phases": [{"run": 1}], "loop": {"dist": "uniform", "min": 2, "max": 1}}],
     "/workload/0/phases/0/loop: max must be at least min"),
    ([{"phases": [{"run": 1}], "cpus": [0, 3]}],
     "/workload/0/phases/0/cpus/1: is no core of this machine, which has 0 to 2"),
    ([{"phases": [{"run": 1}], "cpus": []}], "/workload/0/phases/0/cpus: must be an array of cores"),
    ([{"phases": []}], "/workload/0/phases/0/phases: must be an array of 1 to"),
    (nested(5), "at most 4 may be nested"),
    ([{"mem": {"dist": "constant", "value_us": 5}}], "unknown key \"value_us\"; there is dist, value_bytes"),
    ([{"run": 1}, SYNC] * 1000, "makes the program longer than 4096 steps"),
]
# Likewise, of the whole entry, or of the scenario.
WRONG_ENTRIES = [
    ({"max_alive": 5}, {}, "/workload/0/max_alive: is for entries that a \"fork\" names"),
    ({"instances": 0}, {}, "/workload/0/instances: is for entries that a \"fork\" names"),
    ({"loop": 0}, {}, "/workload/0/loop: must be a whole number"),
    ({"loop": {"dist": "constant", "value_us": 2}}, {}, "/workload/0/loop/value_us: unknown key \"value_us\""),
    ({"cpus": 1}, {}, "/workload/0/cpus: must be an array of cores"),
    ({}, {"resources": {"io_mb_s": 0}}, "/resources/io_mb_s: must be"),
    ({}, {"resources": {"priority": 1}}, "/resources/priority: unknown key"),
]


def check_malformed():
    for phases, words in MALFORMED:
        result = simulate("refused", scenario([entry("a", phases, loop=-1)], 3, 1))
        check(result.returncode == 2 and words in result.stderr and "s.json:1:" in result.stderr,
              f"{words}: {result.stderr}")
    for members, more, words in WRONG_ENTRIES:
        result = simulate("refused", scenario([entry("a", [RUN10], **members)], 3, 1, **more))
        check(result.returncode == 2 and words in result.stderr, f"{words}: {result.stderr}")
    stream = {"name": "s", "arrivals": 5, "loop": -1, "phases": [RUN10]}
    barrier = {"name": "s", "arrivals": 5, "phases": [{"barrier": "b"}, RUN10]}
    for workload, words in ((stream, "as processes that arrive have to exit"),
                            (barrier, "needs to know how many come")):
        result = simulate("refused", scenario([workload], 3, 1))
        check(result.returncode == 2 and words in result.stderr, f"{words}: {result.stderr}")


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    check_cases()
    check_inheritance()
    check_inherited_weight()
    check_birthplaces()
    check_runtime_on_a_slow_core()
    check_drawn_turns()
    check_cpus()
    check_cpus_in_turn()
    check_refusals()
    check_malformed()
finish()
