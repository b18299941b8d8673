"""context.py -- C5, C6 and C7: what a context switch costs in caches.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import math
import statistics

from support import (Section, Series, coordinate_fit, draw, how_close, off, percent_off, plausible,
                     published, set_figure, table, value_of)

# ---- C5 -----------------------------------------------------------------------------------------

CPU = "piii-katmai-500"
CLOCK_MHZ = 550
PARAMETERS = {  # fitted, and the range that is searched
    "switch_ns": (200, 10000),
    "l2_stream_cycles": (4, 22),  # no more than l2_latency_cycles
    "memory_read_mb_s": (100, 1500),
    "kernel_kb": (0.5, 16),
}


def streamed_us(cpu, parameters, kb):
    """What a set costs its process beyond hits in the first level when it sweeps it alone: a set
    that the first level cannot hold comes from the second in every sweep.  A cache set with one
    line too many loses all that it has before they are wanted again."""
    line = value_of(cpu, "line_bytes")
    lines, capacity = kb * 1024 / line, value_of(cpu, "l1_kb") * 1024 / line
    over = max(0, lines - capacity) / (capacity / value_of(cpu, "l1_ways"))
    kept = min(lines, capacity) * max(0, 1 - over)
    cycles = parameters["l2_stream_cycles"] - value_of(cpu, "l1_latency_cycles")
    return (lines - kept) * cycles / CLOCK_MHZ


def switch_cost(lab, parameters):
    """{(processes, kb): us of a hand-over as lmbench reports it}.  It subtracts the system calls,
    and the summing of a set as 4 KB take it, times the size: that is all in the first level.  The
    simulated run time contains what a set streams when its process is alone."""
    known = published("lat_ctx")
    cpu = lab.profile(CPU)
    run_us, call_us = 100, value_of(cpu, "syscall_ns") / 1000
    cost = {}
    figures = {set_figure(name): value for name, value in parameters.items()
               if name != "kernel_kb"}
    for kb in known["working_set_kb"]:
        with_kernel = max(1, round(kb + parameters["kernel_kb"]))
        points = lab.run("c5-lat-ctx.json", {
            set_figure("clock_mhz"): CLOCK_MHZ, **figures,
            "/workload/0/working_set_kb": with_kernel})
        for point in points:
            elapsed_us = 1e6 / point["throughput_per_s"]
            cost[point.sweep["/workload/0/instances"], kb] = (
                elapsed_us - run_us - call_us + streamed_us(cpu, parameters, with_kernel))
    return cost


def lat_ctx_error(lab, parameters):
    known = published("lat_ctx")
    cost = switch_cost(lab, parameters)
    return sum(math.log(max(cost[n, kb], 1e-3) / us) ** 2
               for n in (2, 64) for kb, us in zip(known["working_set_kb"], known["us"][str(n)]))


def fixed_bandwidth(lab, best, mb_s):
    """The worst error in per cent when memory_read_mb_s is not fitted but given."""
    known = published("lat_ctx")
    start = {**best, "memory_read_mb_s": mb_s}
    ranges = {name: limits for name, limits in PARAMETERS.items() if name != "memory_read_mb_s"}
    others = start if lab.quick else coordinate_fit(
        lambda parameters: lat_ctx_error(lab, parameters), start, ranges, 3, 12)
    cost = switch_cost(lab, others)
    return max((percent_off(cost[n, kb], us) for n in (2, 64)
                for kb, us in zip(known["working_set_kb"], known["us"][str(n)])), key=abs)


def c5(lab):
    """C5: the four costs behind lat_ctx, fitted to its eight figures."""
    known = published("lat_ctx")
    section = Section("C5", "lmbench lat_ctx, 550 MHz Pentium III class", "fit")
    cpu = lab.profile(CPU)
    start = {"switch_ns": 1500, "l2_stream_cycles": 12, "memory_read_mb_s": 350, "kernel_kb": 2}
    best = start if lab.quick else coordinate_fit(
        lambda parameters: lat_ctx_error(lab, parameters), start, PARAMETERS, 4, 12)
    if lab.quick:  # all that would be searched must be accepted
        for name, limits in PARAMETERS.items():
            for end in limits:
                switch_cost(lab, {**start, name: end})
    cost = switch_cost(lab, best)
    rows, errors = [], []
    for n in (2, 64):
        for kb, us in zip(known["working_set_kb"], known["us"][str(n)]):
            errors.append(percent_off(cost[n, kb], us))
            rows.append([n, kb, us, f"{cost[n, kb]:.2f}", off(cost[n, kb], us)])
    worst = max(errors, key=abs)
    typical = statistics.median(map(abs, errors))
    section.verdict("8 figures of 3 to 184 us, worst error", "0 %", f"{worst:+.1f} %", "")
    section.verdict("the same, median error", "0 %", f"{typical:.1f} %", "")
    section.sentence = (f"Four parameters fitted to eight figures: "
                        + how_close(worst, 20, "the worst of them") + ".")
    without = fixed_bandwidth(lab, best, known["read_mb_s"]["piii-coppermine"])
    reads = known["read_mb_s"]
    l2 = value_of(cpu, "l2_latency_cycles")
    line = value_of(cpu, "line_bytes")
    # Per line: as published, less what lmbench subtracts for summing it, a load a cycle at most.
    most_mb_s = line / (line / reads["piii-coppermine"] - line / 4 / CLOCK_MHZ)
    section.add(
        table(["processes", "KB each", "published us", "simulated us", "error"], rows, "rrrrr"),
        "Fitted parameters:\n\n" + "\n".join("- " + line for line in (
            plausible("switch_ns", best["switch_ns"], 300, 3000,
                      "from the bare switch of the profile to one with pipe and scheduler of "
                      "Linux, which lat_ctx contains and this ring does not"),
            plausible("l2_stream_cycles", best["l2_stream_cycles"], 4, l2,
                      f"from an eight-byte bus at full speed to the published latency of {l2:g}"),
            plausible("memory_read_mb_s", best["memory_read_mb_s"], reads["piii-katmai"],
                      most_mb_s,
                      f"published for two Pentium IIIs: {reads['piii-katmai']} and "
                      f"{reads['piii-coppermine']}, where the loop that reads is part of the time; "
                      "lmbench subtracts the loop, which alone takes up to a cycle for each load of "
                      "four bytes"),
            plausible("kernel_kb", round(best["kernel_kb"]), 0.5, 8,
                      "KB of stacks, pipe and kernel data that a process brings along; not a "
                      "figure of the profile, and a whole number here"))),
        f"With the bandwidth held at the {reads['piii-coppermine']} MB/s published for the faster "
        f"of the two, the other three parameters bring the worst error to {without:+.1f} %.",
        "What lmbench reports is the time of a hand-over less that of a pipe in one process, and "
        "less the summing of 4 KB times size / 4 KB (`lat_ctx.c` of lmbench 2). So a set that "
        "exceeds the first level is charged for its way from the second, though it would come from "
        "there without any switch. The simulated cost is taken alike: the system call is "
        "subtracted, and what a set streams alone, which the model counts as its process's own "
        "work, is added. The two CPUs of the machine are taken as one: a pipe of Linux 2.4 wakes "
        "its reader without looking for an idle CPU, so the ring stays where it is.",
        draw(lab, "c5", "lmbench lat_ctx, 550 MHz Pentium III class", "working set (KB)",
             "us per switch, warm work subtracted",
             [Series(f"{n} processes, {what}", known["working_set_kb"], ys, style, colour=colour)
              for n, colour in ((2, "#0072b2"), (64, "#d55e00"))
              for what, ys, style in (
                  ("published", known["us"][str(n)], "points"),
                  ("fitted", [cost[n, kb] for kb in known["working_set_kb"]], "lines"))],
             ["set xrange [-3:70]"]))
    return section


# ---- C6 -----------------------------------------------------------------------------------------

def indirect_us(lab, order):
    """(KB of each set, us of stall per switch, us of the switch itself without any set)."""
    points = lab.run("c6-indirect-switch.json", {"/workload/0/working_set_order": order})
    kbs = [p.sweep["/workload/0/working_set_kb"] for p in points]
    indirect = [p["account_cache_percent"] / 100 * 1e6 / p["switches_per_s"] for p in points]
    return kbs, indirect, points[0]["context_switch_ns_mean"] / 1000


def above_nothing(kbs, costs):
    """The points that a logarithmic axis has: those of a cost."""
    some = [(kb, us) for kb, us in zip(kbs, costs) if kb > 0 and us > 0]
    return [kb for kb, _ in some], [us for _, us in some]


def c6(lab):
    """C6: indirect cost of a switch against the working set, predicted."""
    known = published("indirect_switch")
    section = Section("C6", "Indirect cost of a switch, dual Xeon with 512 KB of L2", "predict")
    kbs, swept, direct = indirect_us(lab, "sequential")
    _, random, _ = indirect_us(lab, "random")
    small = max(us for costs in (swept, random) for kb, us in zip(kbs, costs) if kb <= 32)
    large = max(random)
    middle = known["l2_kb"] / 2  # two processes share the cache
    before = max(us for kb, us in zip(kbs, random) if kb <= middle / 2)
    after = max(us for kb, us in zip(kbs, random) if kb <= 2 * known["l2_kb"])
    rises = after > 5 * before
    section.verdict("small working sets (32 KB), us", "a few", f"{small:.1f}",
                    "as published" if small <= known["small_us_at_most"] else "too dear")
    section.verdict("working sets beyond the L2, us", f"over {known['large_us_at_least']}",
                    f"{large:.0f}", "as published" if large >= known["large_us_at_least"] else
                    f"{large / known['large_us_at_least']:.2f} x")
    section.verdict("the same, swept in order", "", f"{max(swept):.0f}", "")
    section.verdict("direct cost, us", known["direct_us"], f"{direct:.2f}",
                    off(direct, known["direct_us"], 0))
    section.sentence = (
        ("It has the right shape: the cost rises "
         f"{after / max(before, 1e-3):.0f} times as the two working sets pass the L2"
         if rises else "It has not the published shape: no steep rise at the size of the L2")
        + (", and reaches the published height" if large >= known["large_us_at_least"] else
           f", but the height is {large:.0f} us instead of over {known['large_us_at_least']}")
        + f" where lines are touched in no order; swept in order they take {max(swept):.0f} us at "
        "most.")
    cpu = lab.profile("p4-northwood-2400")
    lmbench_us = known["lmbench_us"]
    free = [kb for kb, us in zip(kbs, swept) if kb > 0 and us == 0]
    section.add(
        "The measurement varied the stride of the accesses as well as the size. Strides that the "
        "processor does not fetch ahead are taken as lines in random order here, each of which "
        "takes the latency of memory "
        f"({value_of(cpu, 'memory_latency_ns'):g} ns); small strides stream at "
        f"{value_of(cpu, 'memory_read_mb_s'):g} MB/s. A set swept in order that exceeds the L2 "
        "comes from memory without any switch too, so that a switch costs it nothing"
        + (f" (sets of {free[0]:g} KB and more; the plot, whose axes are logarithmic, has no points "
           "for them)" if free else "") + ". Lines that were written, and go back to memory when they are evicted, are not modelled.",
        f"The direct cost is that of the profile, which rests on {lmbench_us} us by lmbench on a "
        f"Pentium 4 of 2.4 GHz ({known['lmbench_source']}); {known['direct_us']} us, "
        f"{known['direct_us'] / lmbench_us:.1f} times as much, were measured on a Xeon of that core "
        "by another program and under another kernel. No switch cost can meet both.",
        draw(
        lab, "c6", "Indirect cost of a context switch, Pentium 4 with 512 KB of L2",
        "working set of each of two processes (KB)", "indirect cost (us per switch)",
        [Series("predicted, random order", *above_nothing(kbs, random)),
         Series("predicted, in order", *above_nothing(kbs, swept)),
         Series("published: over 1000 us beyond the L2", [known["l2_kb"], kbs[-1]],
                [known["large_us_at_least"]] * 2, "lines", dashed=True),
         Series("published: a few us, below this", [kbs[1], 64],
                [known["small_us_at_most"]] * 2, "lines", dashed=True)],
        ["set logscale xy", "set xrange [3:3000]", "set yrange [*:3000]", f"set arrow from {known['l2_kb']}, graph 0 to {known['l2_kb']}, "
         "graph 1 nohead dashtype 3", f'set label "L2" at {known["l2_kb"]}, graph 0.05']))
    return section


# ---- C7 -----------------------------------------------------------------------------------------

SIZES = (16, 32, 64, 128, 256, 512)


def affinity_saves(lab, sets):
    """Of a workload that runs anywhere, and with affinity: its cache account in per cent, and what
    affinity saves of the stalls and of the time per round, in per cent."""
    points = {p.variant: p for p in lab.run("c7-affinity.json", sets)}
    free, kept = points["anywhere"], points["affinity"]
    stall = [p["account_cache_percent"] / p["throughput_per_s"] for p in (free, kept)]
    return (free["account_cache_percent"], kept["account_cache_percent"],
            100 * (1 - stall[1] / stall[0]) if stall[0] > 0 else 0,
            100 * (1 - free["throughput_per_s"] / kept["throughput_per_s"]))


def c7(lab):
    """C7: what keeping processes on their cores saves, predicted."""
    known = published("affinity")
    section = Section("C7", "Cache affinity on a bus multiprocessor", "predict")
    low, high = known["misses_less_percent"]
    limit = known["time_less_percent_at_most"]
    cases = [("3 each of 32, 64, 128, 256", affinity_saves(lab, {}))]
    phases = [{"run": {"dist": "exponential", "mean_us": 20000}}, {"yield": True}]
    for kb in SIZES:
        cases.append((f"12 of {kb}", affinity_saves(lab, {"/workload": [
            {"name": "alike", "instances": 12, "working_set_kb": kb, "phases": phases}]})))
    rows = [[what, f"{free:.2f}", f"{kept:.2f}", f"{-less:+.1f}", f"{-gain:+.2f}"]
            for what, (free, kept, less, gain) in cases]
    mixed, alike = cases[0][1][2], [saved[2] for _, saved in cases[1:]]
    best = max(saved[3] for _, saved in cases)
    outside = max(low - mixed, mixed - high, 0)
    section.verdict("refill stalls saved, mixed sizes", f"{low} to {high} % of misses",
                    f"{mixed:.0f} %", f"{outside:.1f} points outside" if outside else "inside")
    section.verdict("the same, sizes alike", "", f"{round(min(alike))} to {round(max(alike))} %", "")
    section.verdict("time saved at most", f"{limit} %", f"{best:.1f} %",
                    "within" if best <= limit else f"{best - limit:+.1f} points")
    section.sentence = (
        f"Affinity saves {mixed:.0f} % of the refills of a workload of mixed sizes, "
        + (f"{outside:.1f} points outside" if outside else "inside") + " the published range; "
        + ("the gain in time is small, as measured" if best <= limit else
           "the gain in time is larger than measured, which is suspect")
        + f" (at most {best:.1f} %).")
    section.add(
        "Saved by keeping processes on their cores (negative is less):",
        table(["KB each", "anywhere: cache %", "affinity: cache %", "stall per round %", "time %"],
              rows, "lrrrr"),
        "Small sets are still there when their process comes back to its core, so affinity saves "
        "nearly all of their refills, which are cheap; three sets as large as the cache leave "
        "nothing of one another, so it saves nothing of theirs. What programs miss on their own is "
        "not modelled and was measured with the rest: of all misses the share is smaller than of "
        "refills. Sets of 512 KB stream from memory all the time; their stall is the bus that four "
        "of them share.")
    return section


EXPERIMENTS = (("C5", c5), ("C6", c6), ("C7", c7))
