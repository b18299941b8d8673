#!/usr/bin/env python3
"""moved.py -- what a comparison's gated metrics have moved by, also where that is within the margin.

usage: moved.py COMPARISON.json
SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import sys

with open(sys.argv[1]) as file:
    metrics = json.load(file)["metrics"]
moved = [m for m in metrics if m["mean_a"] != m["mean_b"]]
for m in moved:
    point = [m["variant"]] if m["variant"] else []
    where = ", ".join(point + [f"{k} {v}" for k, v in m["sweep"].items()])
    by = f"{(m['mean_b'] / m['mean_a'] - 1) * 100:+.2f} %" if m["mean_a"] else "from 0"
    print(f"  {where + ': ' if where else ''}{m['metric']} {m['mean_a']:.6g} -> {m['mean_b']:.6g} {m['unit']}, {by}")
print(f"{len(moved)} of {len(metrics)} gated means have moved")
