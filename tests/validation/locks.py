"""locks.py -- C1, C2, C8 and the three kinds of queues: what locks cost, against what was measured.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from support import (Section, Series, draw, golden_section, how_close, off, overtakes, paired,
                     percent_off, plausible, published, set_figure, standing, table, value_of)

HANDOVER = set_figure("handover_ns")
QUEUES = ("global", "locked", "tori")
ALONE = 100  # replications of one core
SAME = 0.005  # throughputs that differ by less are called equal


def unmetered_us(known, handover_ns):
    """What a metered lock is held beyond the hold that is reported: lockmeter's bookkeeping on both
    sides of its two time stamps and, where others wait, one more transfer of the lock's line.  It
    keeps an index in the lock, which it reads before letting go; those who lost the race have taken
    the line away by then, and the core reads its counter without waiting for it."""
    return known["metering_us"] + known["contention_percent"] / 100 * handover_ns / 1000


def metered(known, handover_ns):
    """The settings of C1 for a metered lock.  The hold is exponential as reported, with a constant
    beside it: a gamma distribution of that mean and variance.  The think time was what is left of
    the cores' time, so the same amount is taken from it."""
    beside_us = unmetered_us(known, handover_ns)
    mean_us = known["hold_us"] + beside_us
    return {HANDOVER: handover_ns,
            "/flat/hold": {"dist": "gamma", "mean_us": round(mean_us, 4),
                           "cv2": round((known["hold_us"] / mean_us) ** 2, 4)},
            "/workload/0/phases/0/run": {"dist": "exponential",
                                         "mean_us": round(known["think_us"] - beside_us, 4)}}


def metered_percent(known, point):
    """The utilisation that the meter reports: the reported hold, as often as it was taken."""
    return 100 * point["lock_acquisitions_per_s"] * known["hold_us"] / 1e6


def fit_handover(lab):
    """The hand-over in ns with which the lock is reported held as long as measured, and that
    run."""
    known = published("run_queue_lock")

    def run(handover_ns):
        return lab.run("c1-run-queue-lock.json", metered(known, handover_ns))[0]

    def error(handover_ns):
        return abs(metered_percent(known, run(round(handover_ns))) - known["utilisation_percent"])

    handover_ns, _ = golden_section(error, 0, 2000, 4 if lab.quick else 16)
    return round(handover_ns), run(round(handover_ns))


def c1(lab):
    """C1: the hand-over is fitted to the utilisation."""
    known = published("run_queue_lock")
    section = Section("C1", "Run-queue lock of Linux 2.4.4 on 8 x Pentium III", "fit")
    handover_ns, point = fit_handover(lab)
    held = metered_percent(known, point)
    section.verdict("lock utilisation", f"{known['utilisation_percent']} %", f"{held:.1f} %",
                    off(held, known["utilisation_percent"]))
    transfer = value_of(lab.profile("piii-xeon-700"), "transfer_ns")
    most = known["transfer_ns_at_most"]
    idle = known["hold_us"] * (1 / (held / 100) - 1)
    known_idle = known["hold_us"] * (100 / known["utilisation_percent"] - 1)
    section.sentence = (
        f"Fitted: `handover_ns` = {handover_ns}; with it "
        + how_close(percent_off(held, known["utilisation_percent"]), 1, "the utilisation") + ".")
    section.add(
        "One parameter was fitted to one figure, so the agreement proves only that the value "
        "exists. It is what it takes one core to get the line of the lock and go on; the hand-over "
        f"between {known['cores']} cores follows from it, and between two holds that are reported "
        f"the lock lies idle, is in transit or is held unreported for {idle:.2f} us on the average "
        f"(measured {known_idle:.2f}).",
        f"Of these {unmetered_us(known, handover_ns):.2f} us are the meter itself: about "
        f"{known['metering_us']} us of bookkeeping while the lock is held, before the time stamp "
        "that begins a hold and after the one that ends it, and in "
        f"{known['contention_percent']} % of the holds one more transfer of the lock's line, since "
        "lockmeter keeps an index in the lock and reads it before letting go, when those who lost "
        "the race have taken the line away. **Assumed** is that the core reads its counter without "
        "waiting for that. Source: " + known["metering_source"] + ". A core's think time, which is "
        "what is left of its time, has been shortened by as much.",
        "- " + plausible("handover_ns", handover_ns, transfer, 2 * most,
                         f"from one line transfer of {transfer:g} ns on such a machine to two of "
                         f"the {most} ns that its profile thinks possible") + ".")
    return section


def c2(lab):
    """C2: contention in the run that C1 fitted."""
    known = published("run_queue_lock")
    section = Section("C2", "The same run: how many acquisitions wait", "compare")
    _, point = fit_handover(lab)
    contended = point["lock_contention_percent"]
    section.verdict("contended acquisitions", f"{known['contention_percent']} %",
                    f"{contended:.1f} %", off(contended, known["contention_percent"]))
    constant = known["contention_constant_percent"]
    better = abs(contended - known["contention_percent"]) < abs(
        known["contention_linear_percent"] - known["contention_percent"])
    section.sentence = (
        "Compared, not predicted: nothing was fitted to this figure, but it was known while the "
        "rules were written that decide it; "
        + how_close(percent_off(contended, known["contention_percent"]), 5)
        + (", nearer than the linear hand-over." if better else
           f"; theory predicts {constant} % with a constant hand-over and "
           f"{known['contention_linear_percent']} % with a linear one, so a measured lock that "
           "meets fewer waiters than either is not explained by the hand-over alone."))
    rate = known["utilisation_percent"] / 100 / known["hold_us"]
    little = known["cores"] / rate - known["think_us"] - known["hold_us"]
    wait = point["lock_wait_us_mean"]
    section.add("Those rules say who gets a lock that is being handed over. Other rules were tried, "
                "and moved the figure by up to four points; strict order of service, by which a core "
                "that comes back at once keeps the lock for ever, was among them. Now a comer is "
                "drawn with the waiters while the requests of the last race are still under way, and "
                "else races with the one that is first. The chances are assumed and not fitted. The "
                "figure itself is used in one place: it says how much of the measured hold was "
                "metered with the lock contended.")
    section.add("Reported, not judged: what follows from C1 by Little's law.",
                table(["", "by Little's law", "simulated", "error"],
                      [["wait for an acquisition, us", f"{little:.1f}", f"{wait:.1f}",
                        off(wait, little)],
                       ["spinning, % of core time",
                        f"{100 * little / (little + known['think_us'] + known['hold_us']):.1f}",
                        f"{point['account_lock_wait_percent']:.1f}", ""]]))
    return section


def pick(points, variant, cores):
    return next(p for p in points if p.variant == variant and p.sweep["/machine/cores"] == cores)


def standings(points, cores, metric, higher, lower, slack=0.0):
    """Of the runs of two kinds of queues at each number of cores, as standing() has it."""
    return [standing(pick(points, higher, c).runs(metric), pick(points, lower, c).runs(metric),
                     slack) for c in cores]


def c8(lab):
    """C8: what the global lock costs two cores, and a locked queue one."""
    known = published("two_cpus")
    section = Section("C8", "One and two CPUs: what the locks cost there", "predict")
    points = lab.run("c8-two-cpus.json")
    ideal = lab.run("c8-two-cpus.json", {"/scheduler/lock": "ideal"})

    def busy(point):
        return sum(point[f"account_{name}_percent"] for name in ("sched", "lock_wait"))

    mhz = value_of(lab.profile("piii-xeon-700"), "clock_mhz")

    def cost(variant, cores):
        """Of run time in per cent, and cycles an acquisition: two a round, block and wake."""
        point = pick(points, variant, cores)
        percent = busy(point) - busy(pick(ideal, variant, cores))
        return percent, percent / 100 * cores * mhz * 1e6 / (2 * point["throughput_per_s"])

    percent, cycles = cost("global", 2)
    alone, alone_cycles = cost("locked", 1)
    section.verdict("2 CPUs, global lock, cycles an acquisition",
                    f"about {known['cycles_per_acquisition']}", f"{cycles:.0f}",
                    off(cycles, known["cycles_per_acquisition"], 0))
    section.verdict("2 CPUs, global lock, of run time", f"{known['percent_of_run_time']} %",
                    f"{percent:.3f} %", f"{percent / known['percent_of_run_time']:.1f} x")
    section.verdict("1 CPU, locked queue, of run time",
                    f"a few %, {known['one_cpu_loss_percent']} % in one report", f"{alone:.4f} %",
                    f"{alone - known['one_cpu_loss_percent']:+.2f} points")
    cores = sorted({p.sweep["/machine/cores"] for p in points})
    curves = {name: [pick(points, name, c)["sched_overhead_percent"] for c in cores]
              for name in QUEUES}
    words, at = overtakes(cores, standings(points, cores, "sched_overhead_percent", "global",
                                           "locked"))
    rate = pick(points, "global", 2)["throughput_per_s"]  # twice a round, on each of two CPUs
    implied = (known["percent_of_run_time"] / 100 * mhz * 1e6 / known["cycles_per_acquisition"])
    section.sentence = (
        f"The global lock takes {percent:.3f} % of run time at 2 CPUs, which is "
        f"{'nearly free' if percent < 0.1 else 'not nearly free'}. At 1 CPU the locked queue costs "
        f"{alone:.4f} %, "
        + (f"{known['one_cpu_loss_percent'] / max(alone, 1e-6):.0f} times less than the "
           f"{known['one_cpu_loss_percent']} % that were published: far from the published loss, "
           "which is that of a web server under a whole other scheduler with several queues, where "
           "here only a lock is added. " if alone < known["one_cpu_loss_percent"] / 2 else
           f"about the {known['one_cpu_loss_percent']} % that were published. ")
        + f"It is cheaper than the global queue {words}: "
        + ("the crossover exists." if at else "there is no crossover."))
    section.add(
        "The cost of a lock is the difference between a ticket lock and an ideal one in the "
        "accounts sched and lock_wait; it is taken twice a round, to block and to wake.",
        f"At 2 CPUs the global lock is acquired {rate:.0f} times a second and CPU here. The share "
        "of run time is proportional to that rate, which was not published; the two published "
        f"figures together imply {implied:.0f} at this clock, at which it would be "
        f"{percent * implied / rate:.3f} % here.",
        f"At 1 CPU an acquisition costs {alone_cycles:.0f} cycles: an atomic operation whose line "
        "nobody else wants. That is all that a locked queue adds here, as its code is that of the "
        "tori: with one queue there is nobody to balance with and nobody to look at. At "
        f"{pick(points, 'locked', 1)['throughput_per_s'] * 2:.0f} acquisitions a second a loss of "
        f"{known['one_cpu_loss_percent']} % would take "
        f"{alone_cycles * known['one_cpu_loss_percent'] / max(alone, 1e-6):.0f} cycles each, so what "
        "was reported must be the other code of those kernels (queues of other CPUs that are looked at, "
        "balancing, choosing a CPU at every wake-up), not their locks, and is not modelled.",
        draw(lab, "c8", "Scheduler overhead on Pentium III Xeons, by the kind of queue",
             "CPUs", "sched_overhead_percent (%)",
             [Series(name, cores, curves[name],
                     half=[pick(points, name, c).half("sched_overhead_percent") for c in cores])
              for name in QUEUES], ["set logscale x 2", "set xrange [0.9:9]", "set yrange [0:*]"]))
    return section


def expected(mean, half, most):
    """Is it above nothing and below `most`, as far as its interval goes?"""
    if mean - half > 0 and mean + half < most:
        return "as expected"
    if mean - half <= 0 < mean + half < most:
        return "less than can be told"
    return "not as expected" if mean - half > most or mean + half < 0 else "cannot be told"


def queues(lab):
    """Item 6: three kinds of queues over 1 to 64 cores."""
    section = Section("Q", "Global queue, locked queues and tori, 1 to 64 cores", "show")
    sweep = {"/sweep": {"/machine/cores": [1, 2]}}
    points = lab.run("queues-1-to-64.json", sweep if lab.quick else None)
    points = [p for p in points if p.sweep["/machine/cores"] > 1] + lab.run(
        "queues-1-to-64.json", {"/sweep": {"/machine/cores": [1]}}, ALONE)
    ideal = lab.run("queues-1-to-64.json", {"/scheduler/lock": "ideal", **sweep})
    cores = sorted({p.sweep["/machine/cores"] for p in points})
    cost, lost = {}, {}
    for name in QUEUES:
        cost[name] = [pick(points, name, c)["sched_overhead_percent"] for c in cores]
        lost[name] = [-pick(points, name, c)["throughput_per_s"] / c for c in cores]
    pairs = (("global", "locked"), ("global", "tori"), ("locked", "tori"))
    overhead = "sched_overhead_percent"
    extra, extra_half = (100 * points_off / cost["tori"][0] for points_off in paired(
        pick(points, "locked", 1).runs(overhead), pick(points, "tori", 1).runs(overhead)))
    two, two_half = paired(pick(points, "global", 2).runs(overhead),
                           pick(ideal, "global", 2).runs(overhead))
    section.verdict("1 core: scheduler overhead of the locked queue over that of tori", "a little",
                    f"{extra:+.2f} ± {extra_half:.2f} %",
                    expected(extra, extra_half, 10))
    section.verdict("2 cores: run time that the global lock costs", "nearly nothing",
                    f"{two:.3f} ± {two_half:.3f} %", expected(two, two_half, 0.25))
    section.verdict(f"{cores[-1]} cores: throughput of tori over global", "",
                    f"{lost['tori'][-1] / lost['global'][-1]:.1f} x", "")
    section.sentence = (
        "Scheduler overhead: " + "; ".join(
            f"{better} cheaper than {worse} "
            + overtakes(cores, standings(points, cores, overhead, worse, better))[0]
            for worse, better in pairs)
        + ". Throughput, where a global queue also keeps all cores busy: " + "; ".join(
            f"{better} ahead of {worse} " + overtakes(
                cores, standings(points, cores, "throughput_per_s", better, worse, SAME))[0]
            for worse, better in pairs)
        + f". (Not to be told: the 95 % interval of the difference, replication by replication, "
        f"contains 0 or, for throughputs, ends within {100 * SAME:g} %.)")

    def over(c, metric):
        """By how many per cent locked queues exceed tori, and half the 95 % interval of that, from
        replications in each of which both draw the same times."""
        both = zip(pick(points, "locked", c).runs(metric), pick(points, "tori", c).runs(metric))
        off = [percent_off(a, b) for a, b in both]
        return paired(off, [0] * len(off))

    rows = [[c] + [f"{cost[name][i]:.3f}" for name in QUEUES]
            + [f"{-lost[name][i]:.0f}" for name in QUEUES] for i, c in enumerate(cores)]
    section.add(
        "Scheduler overhead in per cent, and rounds a second and core:",
        table(["cores"] + [f"{name} %" for name in QUEUES] + [f"{name} /s" for name in QUEUES],
              rows, "rrrrrrr"),
        *[draw(lab, f"queues-{key}", title, "cores", label,
               [Series(name, cores, ys[name],
                       half=[pick(points, name, c).half(metric) / (c if scale else 1)
                             for c in cores], wide=name == "locked",
                       colour="#e69f00" if name == "locked" else None)
                for name in QUEUES], ["set logscale x 2", "set xrange [0.9:72]", *extra_lines])
          for key, title, metric, ys, label, scale, extra_lines in (
              ("overhead", "Scheduler overhead on Zen 4, by the kind of queue",
               "sched_overhead_percent", cost, "sched_overhead_percent (%)", False,
               ["set logscale y"]),
              ("throughput", "Throughput a core on Zen 4, by the kind of queue",
               "throughput_per_s", {n: [-y for y in lost[n]] for n in QUEUES},
               "rounds a second and core", True, ["set yrange [0:*]"]))],
        "Locked queues and tori nearly coincide there; how far they are apart:",
        draw(lab, "queues-ratio", "Locked queues over tori on Zen 4", "cores",
             "locked over tori, %",
             [Series(title, cores, [over(c, metric)[0] for c in cores],
                     half=[over(c, metric)[1] for c in cores])
              for title, metric in (("scheduler overhead", "sched_overhead_percent"),
                                    ("throughput", "throughput_per_s"))],
             ["set logscale x 2", "set xrange [0.9:72]", "set xzeroaxis"]),
        f"Bars are 95 % intervals over {len(points[0].rows)} replications, in each of which both draw "
        f"the same times. With one core, where they differ by an atomic a call, there are "
        f"{len(points[-1].rows)}.")
    return section


EXPERIMENTS = (("C1", c1), ("C2", c2), ("C8", c8), ("Q", queues))
