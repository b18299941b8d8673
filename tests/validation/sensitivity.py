"""sensitivity.py -- which assumed figure of the main job's profile matters, and how much.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import os

from support import ROOT, CannotRun, Section, load_json, set_figure, table

SCENARIO = os.path.join(ROOT, "configs", "scenarios", "old-hardware.json")
PROFILE = "piii-xeon-700"
METRIC = "sched_overhead_percent"


def ranges():
    """{figure: (least, most)} that a profile may hold, from the schema."""
    schema = load_json(os.path.join(ROOT, "configs", "schema", "cpu.schema.json"))
    figures = schema["properties"]["figures"]["properties"]
    return {name: (entry["properties"]["value"]["minimum"],
                   entry["properties"]["value"]["maximum"]) for name, entry in figures.items()}


def overheads(lab, sets):
    return {p.variant: p[METRIC] for p in lab.run(SCENARIO, sets, replications=3)}


def run_one(lab, name, value, base):
    """Relative changes in per cent by variant, or the message why it cannot run."""
    try:
        changed = overheads(lab, {set_figure(name): value})
    except CannotRun as message:
        return str(message)
    return {v: 100 * (changed[v] - base[v]) / base[v] for v in base}


def is_flag(limits):
    return limits == (0, 1)


def is_count(name):
    """Figures without a unit are counts, ratios, or yes and no; ratios are not whole by nature."""
    units = ("_mhz", "_ns", "_cycles", "_mb_s", "_kb", "_bytes", "_ratio", "_rate", "per_cycle")
    return not name.endswith(units)


def variations(name, value, limits):
    """[(what, value, was clipped)]: halved and doubled, or a yes or no turned over; none for a
    figure of 0, which says that the machine has no such thing."""
    low, high = limits
    if is_flag(limits):
        return [("flipped", 1 - value, False)]
    if value == 0:
        return []
    result = []
    for what, factor in (("halved", 0.5), ("doubled", 2)):
        wanted = value * factor
        given = min(max(wanted, low), high)
        if is_count(name):
            given = max(1, round(given))
        result.append((what, given, given != wanted))
    return result


def sensitivity(lab):
    """Item 7: each assumed figure halved and doubled."""
    section = Section("S", "Sensitivity: the assumed figures of the main job", "show")
    base = overheads(lab, {})
    figures = lab.profile(PROFILE)
    assumed = [name for name in sorted(figures) if figures[name]["kind"] == "assumed"]
    limits = ranges()
    results, clipped, refused, absent = [], [], [], []
    for name in assumed[:4] if lab.quick else assumed:
        value = figures[name]["value"]
        effects = {}
        for what, given, was_clipped in variations(name, value, limits[name]):
            if was_clipped:
                clipped.append(f"`{name}` {what} is {given:g}")
            effects[what] = run_one(lab, name, given, base)
            if isinstance(effects[what], str):
                refused.append(f"`{name}` {what}: {effects[what]}")
        changes = [abs(c) for e in effects.values() if not isinstance(e, str) for c in e.values()]
        if changes:
            results.append((max(changes), name, value, effects))
        elif not effects:
            absent.append(f"`{name}`")
    if not results:
        raise CannotRun(refused[0] if refused else f"{PROFILE} has no assumed figure")
    results.sort(key=lambda result: (-result[0], result[1]))
    return describe(section, base, results, clipped, refused, absent)


def describe(section, base, results, clipped, refused, absent):
    variants = list(base)

    def cell(effects, variant):
        return " / ".join(("" if what != "flipped" else "flipped ")
                          + ("-" if isinstance(effect, str) else f"{effect[variant]:+.1f}")
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
