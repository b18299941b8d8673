"""support.py -- running braidsim, fitting, drawing and writing, for the experiments beside it.

Everything here is deterministic: equal programs and files give equal bytes.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import json
import math
import os
import re
import shutil
import statistics
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class CannotRun(Exception):
    """braidsim refused a scenario; the text is its message."""


def load_json(path):
    """JSON with // comments on lines of their own, as scenarios have them."""
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file if not line.lstrip().startswith("//")]
    return json.loads("".join(lines))


def published(name):
    return load_json(os.path.join(HERE, "published.json"))[name]


class Point:
    """One point of a results directory: its variant, what was swept, its metrics, and its rows of
    runs.csv."""

    def __init__(self, data, rows):
        self.variant = data["variant"]
        self.sweep = data.get("sweep") or {}
        self.metrics = data["metrics"]
        self.rows = rows

    def __getitem__(self, metric):
        return self.metrics[metric]["mean"]

    def half(self, metric):
        """Half the width of the 95 % interval, 0 when there is only one run."""
        return self.metrics[metric].get("ci95") or 0

    def runs(self, metric):
        """Its value in each replication; those of one number draw the same times in all points."""
        return [float(row[metric]) for row in self.rows]


class Lab:
    """Runs scenarios of this folder and of configs/scenarios, each combination once."""

    def __init__(self, program, work, images, quick):
        self.program, self.work, self.images, self.quick = program, work, images, quick
        self.cache, self.count = {}, 0

    def run(self, scenario, sets=None, replications=None):
        """The points of a run.  sets: {"/json/pointer": value}."""
        sets = dict(sets or {})
        if self.quick:
            sets.setdefault("/duration_ms", 40)
            sets.setdefault("/warmup_ms", 10)
            replications = 1
        key = (scenario, json.dumps(sets, sort_keys=True), replications)
        if key not in self.cache:
            self.cache[key] = self._run(scenario, sets, replications)
        if isinstance(self.cache[key], str):
            raise CannotRun(self.cache[key])
        return self.cache[key]

    def processes(self, path, sets, options):
        """The rows of processes.csv of one run of a file, with these options."""
        if self.quick:
            sets = {**sets, "/duration_ms": 200}
        key = (path, json.dumps(sets, sort_keys=True), tuple(options))
        if key not in self.cache:
            self.cache[key] = self._run(path, sets, None, options, "processes.csv")
        if isinstance(self.cache[key], str):
            raise CannotRun(self.cache[key])
        return self.cache[key]

    def _run(self, scenario, sets, replications, options=(), wanted=None):
        """The points of a run, or the rows of the file of results that is wanted; or, in words, why
        there is none."""
        path = scenario if os.path.isabs(scenario) else os.path.join(HERE, scenario)
        out = os.path.join(self.work, f"run-{self.count}")
        self.count += 1
        command = [self.program, "run", path, "--jobs", "2", "--quiet", "--out", out, *options]
        if replications:
            command += ["--replications", str(replications)]
        for pointer, value in sets.items():
            command += ["--set", f"{pointer}={json.dumps(value)}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = [line for line in done.stderr.split("\n") if ": note: " not in line]
            message = ("\n".join(said).strip() or f"exit status {done.returncode}").splitlines()[0]
            return re.sub(re.escape(ROOT) + "/", "", message)
        with open(os.path.join(out, wanted or "runs.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if wanted:
            shutil.rmtree(out)
            return rows
        points = [Point(data, [row for row in rows if int(row["point"]) == i]) for i, data in
                  enumerate(load_json(os.path.join(out, "summary.json"))["points"])]
        shutil.rmtree(out)
        return points

    def profile(self, name):
        """{figure: {value, source, kind}} of a profile, what it extends included."""
        data = load_json(os.path.join(ROOT, "configs", "cpus", name + ".json"))
        base = data.get("extends")
        figures = self.profile(base.removesuffix(".json")) if base else {}
        figures.update(data["figures"])
        return figures


def value_of(profile, name, fallback=0):
    return profile[name]["value"] if name in profile else fallback


def set_figure(name):
    return f"/machine/figures/{name}"


# ---- Fits ---------------------------------------------------------------------------------------

def golden_section(error, low, high, steps):
    """Where error(x), with one valley between low and high, is least: J. Kiefer, Proc. AMS 4,
    1953.  Returns (x, error)."""
    ratio = (math.sqrt(5) - 1) / 2
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    at_a, at_b = error(a), error(b)
    for _ in range(steps):
        if at_a <= at_b:
            high, b, at_b = b, a, at_a
            a = high - ratio * (high - low)
            at_a = error(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + ratio * (high - low)
            at_b = error(b)
    return (a, at_a) if at_a <= at_b else (b, at_b)


def coordinate_fit(error, start, ranges, rounds, steps):
    """Fits several parameters one after the other, rounds times, each by golden section over its
    range in logarithms.  Parameters that act on different figures converge in two rounds."""
    best = dict(start)
    for _ in range(rounds):
        for name, (low, high) in ranges.items():
            def along(x, name=name):
                return error({**best, name: float(f"{math.exp(x):.4g}")})
            x, _ = golden_section(along, math.log(low), math.log(high), steps)
            best[name] = float(f"{math.exp(x):.4g}")
    return best


# ---- Words --------------------------------------------------------------------------------------

def percent_off(predicted, known):
    return 100 * (predicted - known) / known


def off(predicted, known, digits=1):
    """ "+3.4 %" """
    return f"{percent_off(predicted, known):+.{digits}f} %"


def how_close(error_percent, limit_percent, what="it"):
    """A clause that judges a distance against what was asked for."""
    size = abs(error_percent)
    if size <= limit_percent:
        return f"{what} is within {limit_percent:g} % (off by {size:.1f} %)"
    return f"{what} misses {limit_percent:g} %: it is off by {size:.1f} %"


def plausible(name, value, low, high, why):
    inside = low <= value <= high
    return (f"`{name}` = {value:.4g}: {'plausible' if inside else 'NOT plausible'}, "
            f"{'inside' if inside else 'outside'} {low:.4g} to {high:.4g} ({why})")


def table(header, rows, align=None):
    """A Markdown table; align: a letter for each column, l or r."""
    align = align or "l" + "r" * (len(header) - 1)
    marks = ["---" if a == "l" else "---:" for a in align]
    lines = [header, marks] + rows
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


T975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)  # Student's, 1 to 9 degrees
Z975 = 1.959963985  # the normal one


def t975(degrees):
    """From 10 degrees on by M. Abramowitz and I. Stegun, 26.7.5, to 4 digits."""
    if degrees <= len(T975):
        return T975[degrees - 1]
    return Z975 + (Z975**3 + Z975) / (4 * degrees) + \
        (5 * Z975**5 + 16 * Z975**3 + 3 * Z975) / (96 * degrees**2) + \
        (3 * Z975**7 + 19 * Z975**5 + 17 * Z975**3 - 15 * Z975) / (384 * degrees**3)


def interval(values):
    """Mean and half the width of its 95 % interval, infinite when there is one value only."""
    n = len(values)
    half = t975(n - 1) * statistics.stdev(values) / math.sqrt(n) if n > 1 else math.inf
    return statistics.fmean(values), half


def paired(one, other):
    """Interval of one - other, replication by replication: those of a number draw the same times."""
    return interval([a - b for a, b in zip(one, other)])


def standing(one, other, slack=0.0):
    """1 where the runs `one` exceed `other` by more than the interval of the difference and a share
    of slack, -1 where they fall below by as much, 0 where nobody can tell."""
    mean, half = paired(one, other)
    least = slack * abs(statistics.fmean(other))
    return (mean - half > least) - (mean + half < -least)


def overtakes(xs, standings):
    """Where one gets ahead of another for good, in words, and the index of the first x from which it
    stays so, None when there is none.  standings: at each x 1 (ahead), -1, or 0 (cannot be told)."""
    last = len(xs)
    while last > 0 and standings[last - 1] > 0:
        last -= 1
    before = [x for x, ahead in zip(xs[:last], standings) if ahead > 0]
    equal = [x for x, ahead in zip(xs, standings) if ahead == 0]
    if len(equal) == len(xs):
        return f"nowhere up to {xs[-1]} cores as far as can be told", None
    told = f" ({listed(equal)}: not to be told)" if equal else ""
    if last == len(xs):
        return ("not for good, only at " + listed(before) if before else
                f"nowhere up to {xs[-1]} cores") + told, None
    if last == 0:
        return "at any number of cores", 0
    return (f"for good from between {xs[last - 1]} and {xs[last]} cores on"
            + (f", before that at {listed(before)}" if before else "") + told), last


def listed(cores):
    """ "2 and 4 cores" """
    words = [str(c) for c in cores]
    some = ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]
    return f"{some} core{'' if cores == [1] else 's'}"


# ---- Plots --------------------------------------------------------------------------------------

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # M. Okabe, K. Ito


class Series:
    """A line of a plot, or points alone; half: half-widths of intervals; wide: stays visible under
    another that it coincides with; mark: gnuplot's point type and size, instead of one by order."""

    def __init__(self, title, xs, ys, style="linespoints", half=None, colour=None, dashed=False,
                 wide=False, mark=None):
        self.title, self.xs, self.ys, self.style = title, xs, ys, style
        self.half, self.colour, self.dashed, self.wide = half, colour, dashed, wide
        self.mark = mark


def draw(lab, name, title, xlabel, ylabel, series, extra=()):
    """Writes images/validation-NAME.png and returns the Markdown that shows it."""
    path = os.path.join(lab.images, f"validation-{name}.png")
    script = ['set terminal pngcairo noenhanced size 900, 600 font "sans,13" linewidth 1.5',
              f'set output "{path}"', f'set title "{title}"', f'set xlabel "{xlabel}"',
              f'set ylabel "{ylabel}"', "set key at screen 0.5, 0.02 center bottom horizontal maxcols 2",
              f"set bmargin {4 + 1.2 * len(series):g}", "set border 3",
              "set tics nomirror", 'set grid back linecolor "#cccccc" linewidth 0.6', *extra]
    bars, lines = [], []
    for i, s in enumerate(series):
        colour = s.colour or COLOURS[i % len(COLOURS)]
        rows = "\n".join(" ".join(f"{v:.8g}" for v in row)
                         for row in zip(s.xs, s.ys, s.half or [0] * len(s.xs)))
        script.append(f"$data{i} << EOD\n{rows}\nEOD")
        look = f'linecolor "{colour}"'
        if "points" in s.style:  # the first ones are larger, since the last ones cover them
            kind, size = s.mark or (5 + 2 * (i % 5), 2 if s.wide else max(1.7 - 0.3 * i, 0.8))
            look += f" pointtype {kind} pointsize {size:g}"
        if s.dashed:
            look += " dashtype 2"
        if s.wide:
            look += " linewidth 4"
        lines.append(f'$data{i} using 1:2 with {s.style} {look} title "{s.title}"')
        if s.half:
            bars.append(f'$data{i} using 1:2:3 with yerrorbars linecolor "{colour}" pointsize 0 '
                        "notitle")
    script.append("plot " + ", ".join(bars + lines))
    subprocess.run(["gnuplot"], input="\n".join(script) + "\n", text=True, check=True)
    return f"![{title}](images/validation-{name}.png)"


class Section:
    """What an experiment hands to the document."""

    def __init__(self, key, title, use):
        self.key, self.title, self.use = key, title, use  # use: as validation.USES
        self.verdicts = []  # rows (what, published, predicted, error)
        self.sentence = ""
        self.body = []

    def verdict(self, what, known, predicted, error):
        self.verdicts.append((what, known, predicted, error))

    def add(self, *paragraphs):
        self.body += paragraphs
