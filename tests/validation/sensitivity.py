"""sensitivity.py -- which assumed figure of the main job's profile matters, and how much.

The figures are changed, run and ranked by `braidsim sensitivity`.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import subprocess

from support import ROOT, CannotRun, Section, load_json, table

SCENARIO = os.path.join(ROOT, "configs", "scenarios", "old-hardware.json")
PROFILE = "piii-xeon-700"
METRIC = "sched_overhead_percent"


def measure(lab):
    """What the command writes; of a short run with four figures when the document only is tested."""
    out = os.path.join(lab.work, "sensitivity.json")
    command = [lab.program, "sensitivity", SCENARIO, "--metric", METRIC, "--jobs", "2", "--quiet",
               "--replications", "1" if lab.quick else "3", "--json", out]
    if lab.quick:
        figures = lab.profile(PROFILE)
        assumed = [name for name in sorted(figures) if figures[name]["kind"] == "assumed"]
        for name in assumed[:4]:
            command += ["--figure", name]
        command += ["--set", "/duration_ms=40", "--set", "/warmup_ms=10"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun((done.stderr.strip() or f"exit status {done.returncode}").splitlines()[0])
    return load_json(out)


def effects_of(figure):
    """{"halved": {point: change in per cent}}; a message instead where it was not run."""
    return {change["change"]: change.get("not_run") or
            {at["point"]: at["change_percent"] for at in change["points"]}
            for change in figure["changes"]}


def value_of(figure):
    return next(at["value"] for change in figure["changes"] for at in change.get("points", ()))


def sensitivity(lab):
    """Item 7: each assumed figure halved and doubled."""
    section = Section("S", "Sensitivity: the assumed figures of the main job", "show")
    report = measure(lab)
    variants = [point["variant"] for point in report["points"]]
    metric = report["metrics"][0]
    results = [(figure["greatest_percent"], figure["figure"], value_of(figure), effects_of(figure))
               for figure in metric["figures"]]
    clipped = [f"`{figure['figure']}` {change['change']} is {change['points'][0]['given']:g}"
               for figure in sorted(metric["figures"], key=lambda figure: figure["figure"])
               for change in figure["changes"] if change["clipped"] and "points" in change]
    refused = [f"`{one['figure']}` {one['change']}: {one['why']}" for one in report["not_run"]]
    absent = [f"`{name}`" for name in report["absent"]]
    return describe(section, dict(zip(variants, metric["base"])), results, clipped, refused, absent)


def describe(section, base, results, clipped, refused, absent):
    variants = list(base)

    def cell(effects, variant):
        point = variants.index(variant)
        return " / ".join(("" if what != "flipped" else "flipped ")
                          + ("-" if isinstance(effect, str) else f"{effect[point]:+.1f}")
                          for what, effect in effects.items())

    rows = [[rank, f"`{name}`", f"{value:g}"] + [cell(effects, v) for v in variants]
            for rank, (_, name, value, effects) in enumerate(results, 1)]
    scaled = [result for result in results if "flipped" not in result[3]]
    flags = [result for result in results if "flipped" in result[3]]
    most, name = scaled[0][:2] if scaled else (0, "none")
    idle = [result for result in results if result[0] < 0.5]
    section.verdict("assumed figure that matters most", "", f"`{name}`", f"up to {most:.0f} %")
    section.sentence = (
        f"Of {len(results)} assumed figures, `{name}` matters most: halving or doubling it changes "
        f"the overhead of a variant by up to {most:.0f} %; "
        + (f"{len(idle)} change it by less than half a per cent." if idle else
           "every one of them changes it by half a per cent or more.")
        + (f" Of the assumed yes and no, `{flags[0][1]}` matters most, {flags[0][0]:.0f} %."
           if flags else ""))
    section.add(
        f"`{METRIC}` of configs/scenarios/old-hardware.json as it is: "
        + ", ".join(f"{v} {base[v]:.2f} %" for v in variants)
        + ". In the table, its change in per cent of itself, figure halved / doubled (a yes or no "
        "is turned over instead):",
        table(["rank", "assumed figure", "value"] + variants, rows, "rlr" + "r" * len(variants)),
        *([("Figures are kept within the range that a profile may hold, and counts whole: "
            + "; ".join(clipped) + ".")] if clipped else []),
        *([("Assumed to be 0, that is not there, so nothing to halve or double: "
            + ", ".join(absent) + ".")] if absent else []),
        *([("Not run: " + "; ".join(refused) + ".")] if refused else []))
    return section


EXPERIMENTS = (("S", sensitivity),)
