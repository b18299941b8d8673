"""latency.py -- the memory model against measured latency maps.

Goal: predicted cycles of every measured walk, and where the model errs most.  Method: the program
latency_walk drives memory_access() over each point of latency-maps.json whose profile exists; the
error of a point is |modelled - measured| / measured.  The measured figures are whole cycles.

usage: latency.py WALK [--points CPU] [CPU...]    prints the comparison, and the points of a CPU
SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import os
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
AIM_PERCENT = 15
TESTS = ("linear", "random", "page_random", "block_random")


def profile_path(name):
    return os.path.join(ROOT, "configs", "cpus", name + ".json")


def load_maps():
    with open(os.path.join(HERE, "latency-maps.json"), encoding="utf-8") as file:
        return json.load(file)["cpus"]


def points_of(cpu, quick):
    """(test, stride, footprint_kb, measured cycles) of each point that was measured."""
    points = []
    for row in cpu["cycles"]:
        for footprint, cycles in zip(cpu["footprints_kb"], row["cycles"]):
            if cycles is not None and (footprint <= 256 or not quick):
                points.append((row["test"], row["stride"], footprint, cycles))
    return points




def walk(program, cpu, quick=False):
    """[(test, stride, footprint_kb, measured, modelled)], or the message why it cannot run."""
    points = points_of(cpu, quick)
    lines = "".join(f"{test} {stride} {kb}\n" for test, stride, kb, _ in points)
    done = subprocess.run(
        [program, profile_path(cpu["profile"]), str(cpu["mhz"]), str(cpu.get("window_kb", 0))],
        input=lines, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return done.stderr.strip() or f"latency_walk ended with {done.returncode}"
    return [point + (float(line),) for point, line in zip(points, done.stdout.split())]


def walk_all(program, cpus, quick=False, jobs=2):
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda cpu: walk(program, cpu, quick), cpus))


def error_percent(point):
    return 100 * abs(point[4] - point[3]) / point[3]


def geometry(cpu):
    """Capacities in KB, nearest first, as far as the profile has levels."""
    with open(profile_path(cpu["profile"]), encoding="utf-8") as file:
        figures = json.load(file)["figures"]
    return [figures[name]["value"] for name in ("l1_kb", "l2_kb", "l3_kb") if name in figures]


def region_of(point, capacities):
    """Where the walk's data fit by the profile: "L1", "L2", "L3" or "memory"."""
    for level, kb in enumerate(capacities, 1):
        if kb > 0 and point[2] <= kb:
            return f"L{level}"
    return "memory"


def pattern_of(point):
    """What the walk stresses besides: "linear 4096" and its like change page at every load."""
    wide = point[1] >= 4096 and point[0] != "block_random"
    return point[0] + (" by page" if wide else "")


def summary(points, capacities):
    """Median and worst error, the worst point, and the median beyond the first level."""
    errors = [error_percent(p) for p in points]
    far = [error_percent(p) for p in points if region_of(p, capacities) != "L1"]
    worst = max(points, key=error_percent)
    return {"points": len(points), "median": statistics.median(errors),
            "median_far": statistics.median(far) if far else 0,
            "worst": error_percent(worst), "worst_point": worst}


def by_region(points, capacities):
    """{(region, pattern): [points]} in a fixed order."""
    groups = {}
    for point in points:
        groups.setdefault((region_of(point, capacities), pattern_of(point)), []).append(point)
    return dict(sorted(groups.items()))


def print_comparison(program, cpus):
    medians = []
    for cpu, points in zip(cpus, walk_all(program, cpus)):
        if isinstance(points, str):
            print(f"{cpu['name']}: cannot run yet: {points}")
            continue
        capacities = geometry(cpu)
        s = summary(points, capacities)
        medians.append(s["median"])
        test, stride, kb, measured, modelled = s["worst_point"]
        print(f"{cpu['name']} ({cpu['profile']}): median {s['median']:.1f} %, beyond L1 "
              f"{s['median_far']:.1f} %, worst {s['worst']:.0f} %: {test} {stride} {kb:g} KB "
              f"measured {measured} modelled {modelled:.1f}")
        for (region, pattern), group in by_region(points, capacities).items():
            bias = statistics.median(100 * (p[4] - p[3]) / p[3] for p in group)
            print(f"    {region:7} {pattern:20} {len(group):4} points, median error "
                  f"{statistics.median(map(error_percent, group)):6.1f} %, bias {bias:+6.1f} %")
    if medians:
        print(f"median of medians {statistics.median(medians):.1f} % (aim {AIM_PERCENT} %)")


def print_points(program, cpu):
    rows = {}
    for test, stride, kb, measured, modelled in walk(program, cpu):
        rows.setdefault((test, stride), []).append(f"{kb:g}:{measured}/{modelled:.1f}")
    for (test, stride), cells in rows.items():
        print(f"{test} {stride}: " + " ".join(cells))


def main():
    program, names = sys.argv[1], sys.argv[2:]
    detail = names[:1] == ["--points"]
    cpus = [cpu for cpu in load_maps() if not names or cpu["name"] in names]
    cpus = [cpu for cpu in cpus if detail or os.path.exists(profile_path(cpu["profile"]))]
    if detail:
        for cpu in cpus:
            print_points(program, cpu)
    else:
        print_comparison(program, cpus)


if __name__ == "__main__":
    main()
