"""ideal.py -- programs on the ideal machine, where nothing but the processes' own work takes time.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import os
import re
import subprocess
import sys

PROGRAM = os.path.abspath(sys.argv[1])
SWITCH = re.compile(r"\[(\d+)\].* ([\d.]+): sched_switch: prev_comm=(.*) prev_pid=(\d+) .*"
                    r" ==> next_comm=(.*) next_pid=(\d+)")

RUN10 = {"run": 10}  # us


def entry(name, phases, **more):
    return {"name": name, "instances": 1, "loop": 1, **more, "phases": phases}


def scenario(workload, cores, tori, **more):
    scheduler = {"policy": "rr", "tori": tori, "lock": "ideal", "tick_hz": 0, "slices": "exact",
                 "exchange_us": 0, "placement": "round_robin"}
    scheduler.update(more.pop("scheduler", {}))
    return {"name": "programs", "replications": 1, "duration_ms": 1,
            "machine": {"cpu": "ideal", "cores": cores}, "scheduler": scheduler, "cost": "flat",
            "workload": workload, **more}


def simulate(folder, what):
    with open("s.json", "w", encoding="utf-8") as file:
        json.dump(what, file)
    return subprocess.run([PROGRAM, "run", "s.json", "--quiet", "--out", folder,
                           "--trace", "t.ftrace"],
                          capture_output=True, text=True, check=False, timeout=60)


def stretches():
    """Process name -> [(from us, to us)], stretches that touch being one."""
    on, found = {}, {}
    with open("t.ftrace", encoding="utf-8") as file:
        for core, seconds, _, _, name, pid in SWITCH.findall(file.read()):
            at = round(float(seconds) * 1e6)
            before, since = on.get(core, (None, 0))
            if before is not None and at > since:
                found.setdefault(before, []).append((since, at))
            on[core] = (name if pid != "0" else None, at)
    for name, parts in found.items():
        whole = []
        for since, until in sorted(parts):
            if whole and whole[-1][1] == since:
                since = whole.pop()[0]
            whole.append((since, until))
        found[name] = whole
    return found
