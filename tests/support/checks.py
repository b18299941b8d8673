"""checks.py -- what must hold in a test of Python's, and how many of these did not.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import sys

_failed = []


def expect(condition, what):
    """Notes and tells a failure; the test goes on."""
    if not condition:
        _failed.append(what)
        print("FAILED:", what, file=sys.stderr)


def exit_status():
    """The test's."""
    return 1 if _failed else 0
