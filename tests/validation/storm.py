"""storm.py -- C3 and C4: a storm of sched_yield on eight Pentium IIIs.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import math

from locks import HANDOVER, fit_handover
from support import (Section, Series, draw, golden_section, how_close, off, percent_off, plausible,
                     published, set_figure, table, value_of)

RATIO = set_figure("instruction_ratio")
RATIO_LOW, RATIO_HIGH = 0.5, 3.0  # what a profile may say
INERT = 1.1  # a yield that grows by less over that range does not depend on the path
VARIANTS = {"scan": "global O(n)", "constant": "global O(1)"}
THREADS = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


def yield_us(point):
    """Elapsed time over all cores' yields."""
    return 1e6 / max(point["throughput_per_s"], 1e-9)


def fit_path(lab):
    """The hand-over of C1, the instruction ratio that fits both published figures best, the points
    of the run with it, the us per yield at both ends of the range, by variant; and why nothing is
    left to fit, so that the ratio is the profile's, "" when it is fitted."""
    known = published("yield_storm")
    handover_ns, _ = fit_handover(lab)

    def run(ratio):
        points = lab.run("c3-yield-storm.json",
                         {HANDOVER: handover_ns, RATIO: float(f"{ratio:.4g}")})
        return {point.variant: point for point in points}

    def error(ratio):
        points = run(ratio)
        return sum(math.log(yield_us(points[variant]) / known[f"yield_us_{variant}"]) ** 2
                   for variant in VARIANTS)

    ends = {variant: [yield_us(run(end)[variant]) for end in (RATIO_LOW, RATIO_HIGH)]
            for variant in VARIANTS}
    ratio, why = value_of(lab.profile("piii-xeon-700"), "instruction_ratio"), ""
    if all(high < INERT * low for low, high in ends.values()):
        why = "a yield hardly changes"
    else:
        best, _ = golden_section(error, RATIO_LOW, RATIO_HIGH, 3 if lab.quick else 12)
        if RATIO_LOW * 1.02 < best < RATIO_HIGH / 1.02:
            ratio = best
        else:
            grows = [100 * (high / low - 1) for low, high in ends.values()]
            why = (f"a yield takes but {min(grows):.0f} to {max(grows):.0f} % longer, and the best "
                   "fit is the end of that range")
    return handover_ns, float(f"{ratio:.4g}"), run(ratio), ends, why


def c3(lab):
    """C3: the path length of a yield is fitted, if it has any influence."""
    known = published("yield_storm")
    handover_ns, ratio, points, ends, why = fit_path(lab)
    section = Section("C3", "Storm of sched_yield, 16 threads on 8 x Pentium III 700",
                      "compare" if why else "fit")
    free = {point.variant: yield_us(point)
            for point in lab.run("c3-yield-storm.json", {"/scheduler/lock": "ideal", RATIO: ratio})}
    errors, rows = [], []
    for variant, name in VARIANTS.items():
        published_us, us = known[f"yield_us_{variant}"], yield_us(points[variant])
        held_us = points[variant]["lock_utilisation"] * us
        errors.append(percent_off(us, published_us))
        section.verdict(f"us per yield, {name}", published_us, f"{us:.2f}", off(us, published_us))
        rows.append([name, published_us, f"{us:.2f}", f"{held_us:.2f}", f"{us - held_us:.2f}",
                     f"{free[variant]:.2f}", " to ".join(f"{end:.2f}" for end in ends[variant])])
    worst = max(errors, key=abs)
    section.sentence = (
        (f"Compared, as nothing is left to fit: from {RATIO_LOW:g} to {RATIO_HIGH:g} times the "
         f"instructions {why}, since the lock and the lines that go from core to core set the pace; "
         f"with the profile's {ratio:g} "
         if why else f"Fitted: {ratio:.2f} times the instructions of this scheduler; ")
        + how_close(worst, 10, "the worse of the two figures") + ".")
    us = {variant: yield_us(points[variant]) for variant in VARIANTS}
    order = us["scan"] > us["constant"]
    section.add(
        ("With the lock and the hand-over of C1 " if why else
         "Fitted to both figures at once, with the lock and the hand-over of C1 ")
        + f"({handover_ns} ns):",
        "- " + plausible(
            "instruction_ratio", ratio, 0.8, 2.5,
            "a kernel of 2001 does somewhat more in a yield than this scheduler, on 32 bits, but "
            "the profile's `instructions_per_cycle`, which acts in the same place, is itself "
            "uncertain from 0.7 to 1.3") + ".",
        "Where the time of a yield goes, in us: the lock is held, or on its way to the next of "
        f"{known['cores'] - 1} that wait, all the time. Alone is the price of the entry behind an "
        "ideal lock, where nobody spins; path is the yield at "
        f"{RATIO_LOW:g} and at {RATIO_HIGH:g} times the instructions.",
        table(["", "published", "here", "held", "passed on", "alone", "path"], rows, "lrrrrrr"),
        "The O(n) scheduler is " + ("the dearer one, as measured, " if order else
                                    "not the dearer one, unlike measured, ")
        + f"by {100 * (us['scan'] / us['constant'] - 1):.1f} % (measured "
        f"{100 * (known['yield_us_scan'] / known['yield_us_constant'] - 1):.1f} %). The two that "
        "were measured are closer to one another than these: the O(1) one goes down its list "
        "until it finds a process that ran last on the asking CPU (its author, in the mail that "
        "has the figure), and so finds its lines at home; here it takes the head, whose lines are "
        "on another core. The O(n) one prefers such processes too, and has what it compares in "
        "one line of 32 bytes; a process here has two.")
    return section


def storm_of(lab, threads, sets):
    """The storm with so many threads.  It is only in its stride when every thread has had a turn,
    which takes O(n) schedulers a time that grows with the square of n."""
    round_ms = threads * (5 + 0.4 * threads) / 1000  # threads x us per yield, generously
    warmup_ms = round(30 + round_ms)
    return lab.run("c3-yield-storm.json", {
        "/workload/0/instances": threads, "/warmup_ms": warmup_ms,
        "/duration_ms": round(warmup_ms + 100 + round_ms / 2), **sets}, replications=1)


def knee(threads, slopes):
    """Where the cost of one more thread passes the geometric middle between its least and its
    most: threads, interpolated; None when it does not grow twofold."""
    low, high = min(slopes), max(slopes)
    if low <= 0 or high < 2 * low:
        return None
    middle = math.sqrt(low * high)
    for i in range(1, len(slopes)):
        if slopes[i - 1] < middle <= slopes[i]:
            share = (middle - slopes[i - 1]) / (slopes[i] - slopes[i - 1])
            return threads[i - 1] * (threads[i] / threads[i - 1]) ** share
    return None


def c4(lab):
    """C4: the same storm with more threads, predicted."""
    known = published("yield_storm")
    section = Section("C4", "The same storm, 16 to 4096 threads", "predict")
    handover_ns, ratio, *_ = fit_path(lab)
    threads = THREADS[:3] if lab.quick else THREADS
    series = {}
    for stride in (8192, 128):
        for n in threads:
            for point in storm_of(lab, n, {HANDOVER: handover_ns, RATIO: ratio,
                                           "/scheduler/process_stride_bytes": stride}):
                series.setdefault((point.variant, stride), []).append(yield_us(point))
    scan = series["scan", 8192]
    middles = [math.sqrt(a * b) for a, b in zip(threads, threads[1:])]
    slopes = [1000 * (scan[i + 1] - scan[i]) / (threads[i + 1] - threads[i])
              for i in range(len(threads) - 1)]
    where = knee(middles, slopes)
    low, high = known["knee_from_threads"], known["knee_to_threads"]
    inside = where is not None and low <= where <= high
    grows = scan[-1] / scan[0]
    flat = series["constant", 8192][-1] / series["constant", 8192][0]
    packed = scan[-1] / series["scan", 128][-1]
    section.verdict("knee of global O(n), threads", f"{low} to {high}",
                    "none" if where is None else f"{where:.0f}",
                    "inside" if inside else "outside")
    section.verdict(f"us per yield at {threads[-1]} threads over 16, global O(n)",
                    "not published here", f"{grows:.1f} x", "")
    section.sentence = (
        ("The O(n) curve has its knee at "
         f"{where:.0f} threads, {'as' if inside else 'not where'} published. "
         if where is not None else "The O(n) curve has no knee, unlike the published one. ")
        + ("Without the 8-KB alignment it would cost "
           f"{'far ' if packed > 2 else ''}less: {packed:.1f} times less at the end. "
           if packed > 1.1 else "The 8-KB alignment makes no difference. ")
        + f"O(1) {'stays flat' if flat < 1.5 else f'grows {flat:.1f} times'}.")
    header = ["threads", "O(n) us", "ns per further thread", "O(1) us", "O(n), 128 B apart, us"]
    rows = [[n, f"{scan[i]:.2f}", f"{slopes[i - 1]:.0f}" if i else "",
             f"{series['constant', 8192][i]:.2f}", f"{series['scan', 128][i]:.2f}"]
            for i, n in enumerate(threads)]
    cpu = lab.profile("piii-xeon-700")
    aligned = value_of(cpu, "l2_kb") / 8  # structures 8 KB apart that the cache can index
    section.add(
        f"Structures 8 KB apart share few sets: a second level of {value_of(cpu, 'l2_kb'):g} KB "
        f"holds one line of each of at most {aligned:.0f} of them, and random page frames fill "
        "some sets long before. The knee is where the cost of one more thread passes the geometric "
        "middle between its least and its most.",
        table(header, rows, "rrrrr"),
        draw(lab, "c4", "sched_yield storm on 8 x Pentium III 700", "threads",
             "elapsed us per yield of any core",
             [Series("global O(n), structures 8 KB apart", threads, scan),
              Series("global O(n), 128 B apart", threads, series["scan", 128]),
              Series("global O(1), structures 8 KB apart", threads, series["constant", 8192]),
              Series(f"published, 16 threads, O(n): {known['yield_us_scan']} us", [16],
                     [known["yield_us_scan"]], "points", colour="#000000", mark=(4, 3)),
              Series(f"published, 16 threads, O(1): {known['yield_us_constant']} us", [16],
                     [known["yield_us_constant"]], "points", colour="#cc0000", mark=(12, 4.5))],
             ["set logscale xy", "set xrange [12:5500]",
              f'set arrow from {low}, graph 0 to {low}, graph 1 nohead dashtype 3',
              f'set arrow from {high}, graph 0 to {high}, graph 1 nohead dashtype 3',
              f'set label "published knee" at {math.sqrt(low * high):g}, graph 0.95 center']))
    return section


EXPERIMENTS = (("C3", c3), ("C4", c4))
