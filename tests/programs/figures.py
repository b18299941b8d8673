#!/usr/bin/python3
"""figures.py -- what results say of processes, and who pays for what, against figures reckoned by hand.

Goal: bursts begin and end, waits last, and calls and interrupts cost what docs/MODEL.md says.  Method:
small workloads on the ideal machine, of which at most one thing takes time, so that each figure is a
sum of whole microseconds.

usage: figures.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import os
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../trace"))
from checks import check, finish  # noqa: E402  pylint: disable=wrong-import-position
from ideal import RUN10, entry, scenario, simulate  # noqa: E402  pylint: disable=wrong-import-position


def check_missed_timers():
    """Bursts after a missed timer begin when it would have rung, or, if relative, at once."""
    for mode, expected in ("relative", 30), ("absolute", 60):
        late = entry("r", [{"run": 30}, {"timer": {"ref": "unique", "period": 20, "mode": mode}}],
                     loop=4)
        result = simulate("out", scenario([late], 1, 1))
        check(result.returncode == 0, f"missed timers: {result.stderr}")
        with open("out/runs.csv", encoding="utf-8") as file:
            most_us = float(next(csv.DictReader(file))["response_us_max.r"])
        check(most_us == expected, f"missed timers, {mode}: response {most_us}")


def check_totals():
    """Exits, rounds and forked ones in the results; responses with and without waits."""
    workload = [entry("a", [{"lock": "m"}, {"run": 100}, {"unlock": "m"}, {"sleep": 10}], loop=3),
                entry("b", [RUN10, {"lock": "m"}, {"run": 30}, {"unlock": "m"}, {"sleep": 500}]),
                entry("k", [RUN10], instances=0), entry("p", [RUN10, {"fork": "k"}])]
    result = simulate("out", scenario(workload, 4, 1))
    check(result.returncode == 0, f"totals: {result.stderr}")
    with open("out/processes.csv", encoding="utf-8") as file:
        rows = {row["workload"]: row for row in csv.DictReader(file)}
    check(sorted(rows) == ["a", "b", "p"], f"totals: {sorted(rows)}")
    check([rows[name]["loops"] for name in "abp"] == ["3", "1", "1"], f"totals: {rows}")
    check(float(rows["a"]["user_ps"]) == 300e6, f"totals: {rows['a']}")
    with open("out/runs.csv", encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    # b asks for 40 and has waited for the mutex from 10 to 100, within its burst.
    check(float(row["response_us_max.b"]) == 130, f"totals: response {row['response_us_max.b']}")
    check(float(row["slowdown_max.b"]) == 3.25, f"totals: slowdown {row['slowdown_max.b']}")
    check(float(row["wakeup_latency_us_max.b"]) == 0, "totals: it ran as soon as it had the mutex")
    check(float(row["completed"]) == 6, f"totals: {row['completed']} completed")


def check_drawn_rounds():
    """A drawn loop of an entry: each process goes round so often, and exits."""
    for loop, least, most in (({"dist": "constant", "value": 3}, 3, 3),
                              ({"dist": "uniform", "min": 1, "max": 9}, 1, 9),
                              ({"dist": "constant", "value": 0}, 0, 0)):
        result = simulate("out", scenario([entry("d", [RUN10], instances=200, loop=loop)], 1, 1, duration_ms=20))
        check(result.returncode == 0, f"drawn rounds: {result.stderr}")
        with open("out/processes.csv", encoding="utf-8") as file:
            rounds = [float(row["user_ps"]) / 10e6 for row in csv.DictReader(file)]
        check(len(rounds) == 200 and min(rounds) == least and max(rounds) == most,
              f"drawn rounds, {loop}: {len(rounds)} of {min(rounds)} to {max(rounds)}")
        check(abs(sum(rounds) / 200 - (least + most) / 2) < 0.6, f"drawn rounds, {loop}: {sum(rounds)}")
        with open("out/runs.csv", encoding="utf-8") as file:
            check(float(next(csv.DictReader(file))["completed"]) == 200, f"drawn rounds, {loop}")


def run_figures(what, workload, cores, **more):
    """The line of runs.csv."""
    result = simulate("out", scenario(workload, cores, "per_core", **more))
    check(result.returncode == 0, f"{what}: {result.stderr}")
    with open("out/runs.csv", encoding="utf-8") as file:
        return next(csv.DictReader(file))


def check_bursts():
    """A burst goes on while it waits for a mutex, and ends where it waits for anything else."""
    holder = entry("a", [{"lock": "m"}, {"run": 100}, {"unlock": "m"}])
    waiter = entry("b", [RUN10, {"lock": "m"}, {"run": 30}, {"unlock": "m"}, {"sleep": 10}],
                   start_us=20)
    row = run_figures("a burst with a mutex", [holder, waiter], 2)
    check(float(row["response_us_max.b"]) == 110, f"a burst with a mutex: from 20 to 130, {row}")
    wait = {"wait": {"ref": "c", "mutex": "m"}}
    for what, before, waits, after, goes_on in (
            ("condition", [{"lock": "m"}], wait, [{"unlock": "m"}], {"signal": "c"}),
            ("barrier", [], {"barrier": "b"}, [], {"barrier": "b"}),
            ("semaphore", [], {"sem_wait": "s"}, [], {"sem_post": "s"}),
            ("suspension", [], {"suspend": "x"}, [], {"resume": "x"})):
        row = run_figures(what, [
            entry("w", [*before, {"run": 30}, waits, *after, {"run": 20}]),
            entry("p", [{"run": 100}, goes_on])], 2)
        for name, expected in ("response_us_max.w", 30), ("slowdown_max.w", 1):
            check(float(row[name]) == expected, f"bursts about a {what}: {name} is {row[name]}")


def check_waits():
    """Who goes to other cpus waits from when it leaves, not from when it was last waiting."""
    mover = entry("b", [{"run": 50}, {"cpus": [0], "phases": [RUN10]}], cpus=[1])
    run_figures("cpus", [mover], 2, scheduler={"placement": "affinity"})
    with open("out/processes.csv", encoding="utf-8") as file:
        found = [(row["migrations"], row["wait_ps"]) for row in csv.DictReader(file)]
    check(found == [("1", "0")], f"cpus: migrations and waits are {found}")


def check_until_done():
    """The run ends with what the last one does: it exits, waits for what never comes, or sleeps for
    good; not while anybody runs, or is woken, born or forked later."""
    done = {"until": "done"}
    work = [entry("a", [{"run": 100}, {"sleep": 900}], cpus=[0]),
            entry("b", [{"run": 100}, {"sleep": 300}], instances=2, loop=3, cpus=[1, 2])]
    for what, workload, expected in (
            ("all exit", work, 1.2), ("one waits", [*work, entry("w", [{"suspend": ""}], cpus=[3])], 1.2),
            ("one sleeps on", [*work, entry("s", [{"bursts_us": [[10, 1e11, 10]]}], cpus=[3])], 1.2),
            ("one is cut off", [*work, entry("s", [RUN10, {"sleep": 1e8}], cpus=[3])], None),
            ("one comes late", [*work, entry("l", [RUN10], start_us=7000)], 7.01),
            ("one forks", [entry("p", [{"sleep": 2000}, {"fork": "k"}]),
                           entry("k", [RUN10], instances=0)], 2.01),
            ("one goes round", [entry("r", [RUN10, {"sleep": 5000}], loop=-1)], None)):
        row = run_figures(what, workload, 5, duration_ms=20, **done)
        found = float(row["done_ms"]) if row["done_ms"] else None
        check(found == expected, f"until done: {what}: {found}, not {expected}")
        exits = {"all exit": 7, "one waits": 7, "one sleeps on": 7, "one comes late": 8}
        if what in exits: # each round of b counts
            check(abs(float(row["throughput_per_s"]) - exits[what] / expected * 1000) < 1e-6 and
                  float(row["useful_percent"]) > 0, f"until done: {what}: {row['throughput_per_s']}")
    # The last exit, a system call of 1 us, is still paid, and all accounts are of that window.
    call = {"cpu": "ideal", "cores": 1, "figures": {"syscall_ns": 1000}}
    row = run_figures("a call", [entry("a", [RUN10])], 1, machine=call, **done)
    check(float(row["done_ms"]) == 0.011, f"until done: with a call: {row['done_ms']}")
    with open("out/cores.csv", encoding="utf-8") as file:
        core = next(csv.DictReader(file))
    check((core["user_ps"], core["sched_ps"], core["idle_ps"]) == ("10000000", "1000000", "0"),
          f"until done: with a call: {core}")
    for more, words in (({"until": "then"}, "/until: unknown until"),
                        ({"warmup_ms": 0.1, **done}, "/until: \"done\" is for runs without warm-up"),
                        ({"warmup_ms": "auto", **done}, "/until: \"done\" is for runs without")):
        result = simulate("refused", scenario(work, 3, 1, **more))
        check(result.returncode == 2 and words in result.stderr, f"{words}: {result.stderr}")


def check_costs():
    """On a machine where only one thing takes time: who pays for it, and how often."""
    figures = {"clock_mhz": 1000, "atomic_cycles": 1000, "handover_ns": 1000, "syscall_ns": 0}
    calm = [entry("a", [{"lock": "m"}, RUN10, {"unlock": "m"}])]
    calls = [entry("a", [{"lock": "m"}, {"run": 20}, {"unlock": "m"}]),
             entry("b", [{"lock": "m"}, RUN10, {"unlock": "m"}], start_us=5)]
    three = [entry("s", [{"suspend": "x"}], instances=3),
             entry("r", [{"sleep": 9}, {"resume": "x"}])]
    apart = [entry("low", [{"lock": "m"}, {"run": 100}, {"unlock": "m"}], priority=1, cpus=[0]),
             entry("high", [{"sleep": 5}, {"lock": "m"}, RUN10, {"unlock": "m"}], priority=3,
                   cpus=[1])]
    call = {"atomic_cycles": 0, "syscall_ns": 1000}
    interrupt = {"atomic_cycles": 0, "ipi_send_ns": 1000}
    inherits = {"resources": {"priority_inheritance": True}}
    by_priority = {"policy": "priority", "placement": "affinity"}
    for name, workload, tori, prices, account, expected, more in (
            # lock and unlock, an atomic of 1 us each
            ("atomic", calm, 1, {}, "user_ps", 12e6, {}),
            # b's wait, a's hand-over, and two exits, a system call of 1 us each
            ("calls", calls, 1, call, "sched_ps", 4e6, {}),
            # three waits, a sleep, four exits, and one call that lets all three go on
            ("one call for all", three, 1, call, "sched_ps", 9e6, {}),
            # low's core has to hear of its new priority, and high's of the mutex that it has got
            ("interrupts", apart, 2, interrupt, "sched_ps", 2e6,
             {"scheduler": by_priority, **inherits}),
            ("polled", apart, 2, interrupt, "sched_ps", 1e6,
             {"scheduler": {"idle": "polling", **by_priority}, **inherits}),
            ("not inherited", apart, 2, interrupt, "sched_ps", 1e6, {"scheduler": by_priority})):
        cores = sum(one["instances"] for one in workload)
        result = simulate("out", scenario(
            workload, cores, tori,
            machine={"cpu": "ideal", "cores": cores, "figures": {**figures, **prices}}, **more))
        check(result.returncode == 0, f"{name}: {result.stderr}")
        with open("out/cores.csv", encoding="utf-8") as file:
            total = sum(float(row[account]) for row in csv.DictReader(file))
        check(total == expected, f"{name}: {account} is {total}, not {expected}")


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    check_missed_timers()
    check_bursts()
    check_waits()
    check_totals()
    check_drawn_rounds()
    check_costs()
    check_until_done()
finish()
