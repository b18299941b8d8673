#!/usr/bin/python3
"""mixtures.py -- programs put together at random, under schedulers put together at random.

Goal: no mixture of what processes can do makes the scheduler or the host lose anybody, whatever the
policy, the tori, the machine and the prices, and while tori fail; every run's own checks (accounts,
the audit of queues and inboxes, what is owed) hold.  Method: scenarios of every primitive are drawn
from fixed seeds, with mutexes locked in one order, so that nobody deadlocks; each must run to its
end, or be refused where a reservation meets cpus.

usage: mixtures.py PROGRAM [FIRST [COUNT]] (of the mixtures; those below 0 are crowds)
SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../trace"))
from checks import check, finish  # noqa: E402  pylint: disable=wrong-import-position

PROGRAM = os.path.abspath(sys.argv[1])
FIRST = int(sys.argv[2]) if len(sys.argv) > 2 else 0
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 60
CROWDS = 16
POLICIES = ["rr", "priority", "fair", "eevdf", "stride", "lottery", "mlfq", "io_aware",
            "priority_aging", "edf"]


def duration(rng, mean):
    return rng.choice([mean, {"dist": "exponential", "mean_us": mean},
                       {"dist": "uniform", "min_us": 0, "max_us": 2 * mean},
                       {"dist": "lognormal", "mean_us": mean, "cv2": 2}])


def timer(rng):
    return {"timer": {"ref": rng.choice(["unique", "tick", "uniqueB"]),
                      "period": duration(rng, 100),
                      "mode": rng.choice(["relative", "absolute"])}}


def cpus(rng, cores):
    return rng.sample(range(cores), rng.randrange(1, cores + 1))


def phases(rng, cores, depth, fork, held):
    """Of the mutexes m0 to m2 those below held are held already, so the others come behind them."""
    free = [lambda: [{"run": duration(rng, rng.choice([1, 20, 200]))}],
            lambda: [{"sleep": duration(rng, 50)}], lambda: [{"yield": True}],
            lambda: [{"runtime": duration(rng, 60)}], lambda: [timer(rng)],
            lambda: [{"sem_post": f"s{rng.randrange(2)}"}],
            lambda: [{"signal": "c"}, {"broad": "d"}, {"resume": "x"}]]
    alone = [lambda: [{"sem_post": "s0"}, {"sem_wait": "s0"}],
             lambda: [{"broad": "c"}, {"sync": {"ref": "c", "mutex": "own"}}],
             lambda: [rng.choice([{"iorun": 10000}, {"mem": 5000}, {"memrun": 10},
                                  {"suspend": ""}])]]

    def locked():
        mutex = rng.randrange(held, 3)
        return [{"lock": f"m{mutex}"}, *phases(rng, cores, depth, None, mutex + 1),
                {"unlock": f"m{mutex}"}]

    def group():
        inner = {"phases": phases(rng, cores, depth + 1, fork, held)}
        if rng.random() < 0.5:
            inner["loop"] = rng.randrange(1, 4)
        if rng.random() < 0.5:
            inner["cpus"] = cpus(rng, cores)
        return [inner]

    ways = free + (alone if held == 0 else []) + ([locked] * 2 if held < 3 else [])
    ways += ([group] * 2 if depth < 3 else []) + ([lambda: [{"fork": fork}]] if fork else [])
    return [phase for _ in range(rng.randrange(1, 5)) for phase in rng.choice(ways)()]


def workload(rng, cores):
    entries = [{"name": "kid", "instances": 0, "max_alive": 20000, "loop": rng.randrange(1, 3),
                "phases": phases(rng, cores, 2, None, 0) + [{"run": 3}]}]
    for i in range(rng.randrange(1, 5)):
        one = {"name": f"e{i}", "instances": rng.randrange(1, 6), "priority": rng.randrange(4),
               "weight": rng.choice([512, 1024, 3000]), "start_us": duration(rng, 100),
               "phases": phases(rng, cores, 0, "kid", 0) + [{"run": 10},
                                                            {"sleep": duration(rng, 100)}]}
        if rng.random() < 0.3:
            one["loop"] = rng.randrange(1, 20)
        if rng.random() < 0.3:
            one["cpus"] = cpus(rng, cores)
        entries.append(one)
    entries.append({"name": "stream", "arrivals": {"dist": "exponential", "mean_us": 700},
                    "phases": [{"run": 20}, *phases(rng, cores, 1, None, 0)]})
    entries.append({"name": "bar", "instances": rng.randrange(1, 4),
                    "phases": [{"run": duration(rng, 30)}, {"barrier": "b"}]})
    entries.append({"name": "pump", "instances": 1,  # lets everybody go on who waits for somebody
                    "phases": [{"sleep": 200}, {"fork": "kid"}, {"broad": "c"},
                               {"sem_post": "s1"},
                               *({"resume": one["name"]} for one in entries)]})
    return entries


def scheduler(rng, cores):
    settings = {"policy": rng.choice(POLICIES),
                "tori": rng.choice([1, "per_core", "per_core", min(2, cores), cores * 2]),
                "tick_hz": rng.choice([100, 1000, 10000]), "slices": rng.choice(["tick", "exact"]),
                "slice_us": rng.choice([50, 1000]), "lock": rng.choice(["ticket", "mcs", "ttas"]),
                "placement": rng.choice(["least_loaded", "round_robin", "random", "affinity"]),
                "place_woken": rng.random() < 0.5, "idle": rng.choice(["halted", "polling"]),
                "inbox": rng.choice(["interrupt", "entry"]),
                "balance": {"kind": rng.choice(["none", "steal", "threshold", "periodic", "braid"]),
                            "interval_ms": 1}}
    if settings["tori"] != cores * 2 and rng.random() < 0.4:
        settings["queues"] = "locked"
    return settings


def scenario(seed):
    rng = random.Random(seed)
    cores = rng.choice([1, 2, 3, 4, 8])
    made = {"name": "mixture", "seed": seed, "replications": 1,
            "duration_ms": rng.choice([3, 8]), "warmup_ms": rng.choice([0, 1]),
            "machine": {"cpu": rng.choice(["ideal", "piii-xeon-700", "zen4"]), "cores": cores},
            "scheduler": scheduler(rng, cores), "cost": rng.choice(["flat", "traced"]),
            "lag": rng.random() < 0.3, "workload": workload(rng, cores),
            "resources": {"priority_inheritance": rng.random() < 0.5}}
    settings = made["scheduler"]
    if settings["tori"] == "per_core" and cores >= 3 and "queues" not in settings:
        settings.update(patience=3, exchange_us=300, tick_hz=10000)
        made["events"] = [{"at_ms": at, kind: {"torus": 1}} for at, kind in (
            (0.5, "stop"), (1.5, "revive"), (1.8, "offline"), (2.5, "online"))]
    if settings["policy"] == "edf":
        made["workload"][1]["reservation"] = {"budget_us": 5, "period_us": 1000}
    if made["warmup_ms"] == 0 and rng.random() < 0.5:
        made["until"] = "done"
    return made


def crowd(number):
    """A torus stops while hundreds come to its inbox, some of whom may be nowhere else, and is back
    when its taker has dealt out a part of them."""
    return {"name": "crowd", "seed": 1, "replications": 1, "duration_ms": 300, "cost": "flat",
            "machine": {"cpu": "skylake-i7-6700", "cores": 4},
            "scheduler": {"tori": "per_core", "policy": POLICIES[number % 4], "tick_hz": 1000,
                          "exchange_us": 5000, "patience": 10, "placement": "round_robin",
                          "balance": {"kind": "braid"}},
            "workload": [
                {"name": "free", "arrivals": {"dist": "poisson", "rate_per_s": 20000},
                 "phases": [{"run": 20}]},
                {"name": "hop", "instances": 400, "phases": [
                    {"cpus": [0], "phases": [
                        {"run": 20}, {"sleep": {"dist": "exponential", "mean_us": 40000}}]},
                    {"cpus": [2], "phases": [{"run": 20}]}]}],
            "events": [{"at_ms": 50, "stop": {"torus": 2}},
                       {"at_ms": 146 + 2 * number, "revive": {"torus": 2}}]}


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    for number in [*range(FIRST, FIRST + COUNT), *range(-CROWDS, 0)]:
        with open("s.json", "w", encoding="utf-8") as file:
            json.dump(scenario(number) if number >= 0 else crowd(-number), file)
        run = subprocess.run([PROGRAM, "run", "s.json", "--quiet", "--out", "out"],
                             capture_output=True, text=True, check=False, timeout=120)
        fine = run.returncode == 0 or (run.returncode == 2 and "its reservation" in run.stderr)
        check(fine, f"{number}: status {run.returncode}: {run.stderr[:400]}")
finish()
