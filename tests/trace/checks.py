"""checks.py -- counts what a test has looked at, and what does not hold.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import sys

_counts = {True: 0, False: 0}


def check(holds, what):
    _counts[bool(holds)] += 1
    if not holds:
        print("FAILED:", what)


def finish():
    print(f"{_counts[True]} passed, {_counts[False]} failed")
    sys.exit(_counts[False] > 0)
