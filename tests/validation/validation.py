#!/usr/bin/python3
"""validation.py -- writes docs/VALIDATION.md: predicted against published, with the error.

Every figure, plot and verdict in the document is computed here from a run of this tree; a target
that cannot run yet says so, with braidsim's own message.

usage: validation.py --program BRAIDSIM --walk LATENCY_WALK --out DIR
                     [--theory PROGRAM]... [--only KEY]... [--quick]
DIR gets VALIDATION.md and images/validation-*.png.  --quick shortens everything, to prove that the
document can be made; its figures mean nothing.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import argparse
import os
import sys
import tempfile

import context
import latency_section
import locks
import rtapp_section
import sensitivity
import storm
import theory
from support import CannotRun, Lab, Section, published, table

KEYS = {  # what the document must have, in its order, with the source of what was published
    "A1": None, "A2": None, "A3": None, "A4": None, "A5": None, "A6": None, "A7": None,
    "A8": None, "A9": None, "B": None,
    "C1": "run_queue_lock", "C2": "run_queue_lock", "C3": "yield_storm", "C4": "yield_storm",
    "C5": "lat_ctx", "C6": "indirect_switch", "C7": "affinity", "C8": "two_cpus",
    "L": None, "Q": None, "R": None, "S": None,
}
USES = {"fit": "fitted", "compare": "compared", "predict": "predicted", "test": "tested",
        "show": "shown"}

HEAD = """# Validation

What braidsim predicts against what theory and published measurements say, with the error, also
where it is large. This file is generated: every figure and every sentence of judgement is computed
from runs of this tree by

    cmake --build build/release --target validation

(`tests/validation`: one scenario per experiment, the published figures with their sources in
`published.json` and `latency-maps.json`). *Fitted* figures agree because a parameter was chosen
so; to *compared* ones no parameter was fitted, but they were known while the rules behind them were
written, or such a parameter has no influence; *predicted* ones had no say in any parameter;
*tested* ones are exact theory. Published figures are facts of one machine and one program each: an
error says how far the model is from that one."""


def run_one(lab, key, experiment):
    print(f"validation: {key}", file=sys.stderr)
    try:
        return experiment(lab)
    except CannotRun as message:
        section = Section(key, "cannot run yet", "show")
        section.sentence = f"Cannot run yet: {message}."
        section.verdict("", "", "cannot run yet", "")
        return section


def overview(sections):
    rows = []
    for s in sections:
        for i, (what, known, predicted, error) in enumerate(s.verdicts):
            rows.append([f"[{s.key}](#{s.key.lower()})" if i == 0 else "",
                         USES[s.use] if i == 0 else "", what, known, predicted, error])
    return table(["target", "", "what", "published", "here", "error"], rows, "lllrrr")


def document(sections):
    parts = [HEAD, "## Overview", overview(sections)]
    for s in sections:
        parts += [f'## <a id="{s.key.lower()}"></a>{s.key}. {s.title}', f"**{s.sentence}**"]
        source = KEYS[s.key]
        if source:
            facts = published(source)
            parts.append(f"Published: {facts['about']}. Source: {facts['source']}.")
        if s.verdicts and s.title != "cannot run yet":
            parts.append(table(["", "published", "here", "error"], s.verdicts))
        parts += s.body
    return "\n\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--walk", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--theory", action="append", default=[])
    parser.add_argument("--only", action="append", default=[], choices=list(KEYS))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    needs_theory = not options.only or set(options.only) & set(theory.TITLES)
    if not needs_theory:
        options.theory = []

    images = os.path.join(options.out, "images")
    os.makedirs(images, exist_ok=True)
    experiments = dict((*theory.experiments(options.theory, options.quick), *locks.EXPERIMENTS,
                        *storm.EXPERIMENTS, *context.EXPERIMENTS, *rtapp_section.EXPERIMENTS,
                        *sensitivity.EXPERIMENTS,
                        ("L", latency_section.experiment(options.walk))))
    with tempfile.TemporaryDirectory() as work:
        lab = Lab(os.path.abspath(options.program), work, images, options.quick)
        wanted = [key for key in KEYS if not options.only or key in options.only]
        made = {key: run_one(lab, key, experiments[key])  # the theory tests run meanwhile
                for key in sorted(wanted, key=lambda key: key in theory.TITLES)}
        sections = [made[key] for key in wanted]
    with open(os.path.join(options.out, "VALIDATION.md"), "w", encoding="utf-8") as file:
        file.write(document(sections))


if __name__ == "__main__":
    main()
