"""support.py -- what the tests of experiments share: running the program, and comparing results.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import filecmp
import json
import os
import subprocess
import sys

SMALL = {
    "name": "small", "seed": 3, "replications": 4, "duration_ms": 20,
    "machine": {"cpu": "piii-xeon-700", "cores": 2},
    "scheduler": {"tori": 1, "policy": "rr", "slice_us": 2000, "tick_hz": 1000},
    "cost": "flat",
    "workload": [
        {"name": "hog", "instances": 3, "phases": [{"run": {"dist": "exponential", "mean_us": 5000}}]},
        {"name": "sleeper", "instances": 2, "phases": [{"run": 300}, {"sleep": 700}]}],
    "variants": {"rr": {}, "fair": {"scheduler": {"policy": "fair"}}},
    "sweep": {"/machine/cores": [1, 2, 3, 4, 5]},
}

failures = 0


def failed(text):
    global failures
    failures += 1
    print(f"FAILED: {text}", file=sys.stderr)


def check(condition, text):
    if not condition:
        failed(text)


def finish():
    sys.exit(1 if failures else 0)


def merged(target, patch):
    """RFC 7396."""
    result = dict(target)
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def write(path, sweep=None, **changes):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(dict(merged(SMALL, changes), **({"sweep": sweep} if sweep else {})), file)
    return path


def run(*arguments, status=0, env=None, timeout=300):
    """Runs the program; returns what it has printed."""
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, check=False,
                          timeout=timeout, env=dict(os.environ, **(env or {})))
    text = done.stdout + done.stderr
    if done.returncode != status:
        failed(f"{' '.join(map(str, arguments))}: status {done.returncode}, not {status}: {text}")
    return text


def refused(message, *arguments, status=2):
    text = run(*arguments, status=status)
    check(message in text, f"{' '.join(map(str, arguments))}: no \"{message}\" in: {text}")


def equal(one, other, what):
    """All files but those that tell of the making are equal to the byte."""
    names = [sorted(set(os.listdir(path)) - {"manifest.json", "engine.csv"})
             for path in (one, other)]
    if names[0] != names[1] or len(names[0]) < 4:
        failed(f"{what}: other files: {names[0]}, {names[1]}")
        return
    for name in names[0]:
        if not filecmp.cmp(os.path.join(one, name), os.path.join(other, name), shallow=False):
            failed(f"{what}: {name} differs")
