"""theory.py -- sums up what the theory tests print.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from support import CannotRun, Section, table

LINE = re.compile(r"^(ok  |FAIL) (\w+) (.*?)\s+known +(\S+), simulated +(\S+) \+- (\S+) % "
                  r"\(([-+]\S+) %\)$")
TITLES = {
    "A1": "Closed lock model (machine repairman)",
    "A2": "M/M/c against tori with random placement",
    "A3": "Power of two choices",
    "A4": "Stealing one process",
    "A5": "Join the shortest queue",
    "A6": "Processor sharing",
    "A7": "M/G/1, and preemptive priority",
    "A8": "Nine hogs on eight tori",
    "A9": "Work conservation",
    "B": "Lock scaling (Boyd-Wickizer and others, 2012)",
}


class Theory:
    """The lines of all theory tests, which run one after the other beside the experiments."""

    def __init__(self, programs, quick):
        arguments = ["smoke"] if quick else []
        pool = ThreadPoolExecutor(1)
        self.runs = [pool.submit(subprocess.run, [program] + arguments, capture_output=True,
                                 text=True, check=False) for program in programs]
        pool.shutdown(wait=False)

    def lines_of(self, key):
        """(holds, text, match of LINE or None) of each line about the target."""
        found = []
        for run in self.runs:
            for line in run.result().stdout.splitlines():
                verdict, _, rest = line.partition(f" {key} ")
                if rest and verdict.strip() in ("ok", "FAIL"):
                    found.append((verdict.strip() == "ok", rest, LINE.match(line)))
        return found


def section_of(theory, key):
    def run(_):
        lines = theory.lines_of(key)
        if not lines:
            raise CannotRun(f"no theory test prints a line of {key}")
        section = Section(key, TITLES[key], "test")
        held = sum(holds for holds, _, _ in lines)
        section.sentence = f"{'All' if held == len(lines) else f'Only {held} of'} {len(lines)} " \
                           "statements hold by the rule of the theory tests"
        rows = [(holds, *match.groups()[2:]) for holds, _, match in lines if match]
        others = [("holds: " if holds else "FAILS: ") + text
                  for holds, text, match in lines if not match]
        if rows:
            worst = max(rows, key=lambda row: abs(float(row[5])))
            section.sentence += (f"; of the values, the farthest is {worst[1]}, off by "
                                 f"{abs(float(worst[5])):.2f} %")
            section.add(table(["", "known", "simulated", "half-width", "error", ""],
                              [[what, known, simulated, f"{half} %", f"{error} %",
                                "holds" if holds else "FAILS"]
                               for holds, what, known, simulated, half, error in rows], "lrrrrl"))
        section.verdict(f"{len(lines)} statements", "theory", f"{held} hold",
                        f"worst {float(worst[5]):+.2f} %" if rows else "")
        section.sentence += "."
        if others:
            section.add("\n".join("- " + text for text in others))
        return section
    return run


def experiments(programs, quick):
    theory = Theory(programs, quick)
    return tuple((key, section_of(theory, key)) for key in TITLES)
