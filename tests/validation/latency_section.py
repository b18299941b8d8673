"""latency_section.py -- the latency maps, as a section of the document.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import statistics

import latency
from support import CannotRun, Section, Series, draw, table

CURVES = (("PIII-Coppermine-731", 32), ("Zen4-7950X-4492", 64))  # a map and a stride to draw


def worst_cell(point):
    test, stride, kb, measured, modelled = point
    return f"{test} {stride}, {kb:g} KB: {measured} measured, {modelled:.0f} modelled"


def regions(compared):
    """Median error and bias of all points by region and pattern."""
    groups = {}
    for points, capacities in compared:
        for key, group in latency.by_region(points, capacities).items():
            groups.setdefault(key, []).extend(group)
    rows = []
    for (region, pattern), group in sorted(groups.items()):
        bias = statistics.median(100 * (p[4] - p[3]) / p[3] for p in group)
        rows.append([region, pattern, len(group),
                     f"{statistics.median(map(latency.error_percent, group)):.1f}", f"{bias:+.1f}"])
    return table(["data fit in", "pattern", "points", "median error %", "median bias %"], rows,
                 "llrrr")


def scatter(lab, compared):
    series = []
    for region in ("L1", "L2", "L3", "memory"):
        points = [p for points, capacities in compared for p in points
                  if latency.region_of(p, capacities) == region]
        if points:
            series.append(Series(f"fits in {region}" if region != "memory" else "fits in no cache",
                                 [p[3] for p in points], [p[4] for p in points], "points"))
    ends = [1, 1000]
    series.append(Series("equal", ends, ends, "lines", colour="#000000"))
    return draw(lab, "latency", "Latency maps: every walk of every CPU", "measured (cycles)",
                "modelled (cycles)", series, ["set logscale xy", "set xrange [1:1000]",
                                              "set yrange [1:1000]"])


def curves(lab, cpu, points, stride):
    series = []
    for test in latency.TESTS:
        line = [p for p in points if p[0] == test and p[1] == stride]
        if test != "block_random" and line:
            colour = {"linear": "#0072b2"}.get(test, "#d55e00")
            series.append(Series(f"{test}, measured", [p[2] for p in line], [p[3] for p in line],
                                 "points", colour=colour))
            series.append(Series(f"{test}, modelled", [p[2] for p in line], [p[4] for p in line],
                                 "lines", colour=colour))
    return draw(lab, "latency-" + cpu["name"].lower(),
                f"{cpu['name']}, a load every {stride} bytes", "footprint (KB)", "cycles per load",
                series, ["set logscale x 2"])


def experiment(program):
    def run(lab):
        section = Section("L", "Latency maps, Pentium to Zen 4", "fit")
        cpus = latency.load_maps()
        have = [c for c in cpus if os.path.exists(latency.profile_path(c["profile"]))]
        have = have[:2] if lab.quick else have
        if not have:
            raise CannotRun("no CPU of the latency maps has a profile")
        rows, medians, far, compared, plots, failed = [], [], [], [], [], []
        for cpu, points in zip(have, latency.walk_all(program, have, lab.quick)):
            if isinstance(points, str):
                failed.append(f"{cpu['name']}: {points}")
                continue
            capacities = latency.geometry(cpu)
            compared.append((points, capacities))
            s = latency.summary(points, capacities)
            medians.append((s["median"], cpu["name"]))
            far.append(s["median_far"])
            rows.append([cpu["name"], cpu["profile"], s["points"], f"{s['median']:.1f}",
                         f"{s['median_far']:.1f}", f"{s['worst']:.0f}",
                         worst_cell(s["worst_point"])])
            for name, stride in CURVES:
                if name == cpu["name"]:
                    plots.append(curves(lab, cpu, points, stride))
        if not medians:
            raise CannotRun("; ".join(failed))
        middle = statistics.median(m for m, _ in medians)
        aim = latency.AIM_PERCENT
        over = sorted(name for m, name in medians if m > aim)
        section.verdict("median over CPUs of the median error", f"aim {aim} %", f"{middle:.1f} %",
                        "within" if middle <= aim else "misses")
        section.verdict("the same beyond the first level", "", f"{statistics.median(far):.1f} %", "")
        section.verdict("worst CPU's median error", "", f"{max(medians)[0]:.1f} %",
                        max(medians)[1])
        section.sentence = (
            f"Over {len(medians)} machines the median of the median errors is {middle:.1f} %, "
            + ("within" if middle <= aim else "not within") + f" the {aim} % aimed at; "
            + (f"{len(over)} of them miss it: {', '.join(over)}." if over else
               "none of them misses it.")
            + " Most latencies of the profiles were read off these same maps, so this shows that "
            "the model can reproduce them, not that it foresaw them.")
        missing = sorted({c["profile"] for c in cpus} - {c["profile"] for c in have})
        section.add(
            "Measured: AIDA64/EVEREST dumps of the InstLatx64 collection (files in "
            "`tests/validation/latency-maps.json`). Modelled: the same walks, by "
            "`tests/validation/latency_walk.c`, through the function that prices the scheduler. "
            "`linear` goes up; `random` is one random order over the footprint; `page_random` is "
            "random within the reach of the TLB, `block_random` within a block of so many lines. "
            "The memory of a measured machine is its own: profiles take theirs from other machines "
            "of the kind in part. Measured figures are whole cycles, and the median beyond L1 "
            "leaves out footprints that fit the first level, which are easy. Maps of chips that no "
            "profile describes are not compared, also where a profile takes single figures from "
            "them.",
            table(["map", "profile", "points", "median error %", "beyond L1 %", "worst %",
                   "worst point"], rows, "llrrrrl"),
            *(["Maps without a profile: " + ", ".join(missing) + "."] if missing else []),
            *(["Not run: " + "; ".join(failed) + "."] if failed else []),
            "By where the data fit and how they are walked, all CPUs together:",
            regions(compared), scatter(lab, compared), *plots)
        return section
    return run
