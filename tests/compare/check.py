"""check.py -- `braidsim compare`: what it says, what it refuses, and that it is seldom wrong.

Goal: verdicts are right where the truth is known.  Method: one build against itself under another
seed, where every verdict of better or worse is a false one; the same build with its entries made 5 %
dearer, which must be called worse; differences and intervals of the JSON worked out again from
runs.csv; and, of each rule about what may be compared, a pair that breaks it.  The JUnit XML is held
to junit.xsd, where xmllint is there.

usage: check.py PROGRAM BUILD_DIR TRACED_COMPILER
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import json
import math
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "regression"))
from planted import Builder  # noqa: E402  pylint: disable=wrong-import-position

PROGRAM = sys.argv[1]
# 24 points: three sets of policies on two machines' worth of cores, two loads.
SCENARIO = {
    "name": "compare", "seed": 1, "replications": 5, "duration_ms": 60, "warmup_ms": 10,
    "machine": {"cpu": "core2-quad", "cores": 2},
    "scheduler": {"policy": "rr", "slice_us": 3000, "tick_hz": 1000},
    "workload": [
        {"name": "short", "instances": 16,
         "phases": [{"run": {"dist": "exponential", "mean_us": 100}},
                    {"sleep": {"dist": "exponential", "mean_us": 2000}}]}],
    "variants": {"global": {"scheduler": {"tori": 1}},
                 "tori": {"scheduler": {"tori": "per_core"}}},
    "sweep": {"/scheduler/policy": ["rr", "fair", "priority", "stride", "mlfq", "eevdf"],
              "/workload/0/instances": [8, 24]},
}
# Adds some 5 % to the mean price of an entry into the scheduler (4 to 8 by variant and seed).
SLOWER = ("torus.c", "    core->kicked = 0;\n    struct process *next",
          "    core->kicked = 0;\n    for (volatile uint32_t i = 0; i < 8; i++)\n        ;\n"
          "    struct process *next")
failures = []


def expect(what, condition, *details):
    """Notes a failure."""
    if not condition:
        failures.append(what)
        print(f"FAILED: {what}", *details)


def execute(*arguments):
    """Status, standard output, standard error of the program."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def simulate(out, scenario, *options):
    """Runs the scenario into out, which is returned."""
    out.parent.mkdir(parents=True, exist_ok=True)
    path = out.with_suffix(".json")
    path.write_text(json.dumps(scenario))
    status, _, errors = execute("run", path, "--quiet", "--out", out, *options)
    if status != 0:
        sys.exit(f"run: status {status}: {errors}")
    return out


def changed(**keys):
    """SCENARIO with other values of its top-level keys."""
    return {**SCENARIO, **keys}


def compare(work, *arguments):
    """Status, and the JSON, of a comparison."""
    path = work / "compare.out.json"
    status, printed, errors = execute("compare", *arguments, "--json", path)
    if status > 1:
        sys.exit(f"compare {arguments}: status {status}: {errors}")
    return status, json.loads(path.read_text()), printed


def column(directory, metric, variant, swept):
    """The values of a metric at a point, by replication."""
    with open(directory / "runs.csv", encoding="utf-8") as file:
        return [float(row[metric]) for row in csv.DictReader(file)
                if row["variant"] == variant and
                all(json.loads(f"[{row[key]}]")[0] == value for key, value in swept.items())]


def check_figures(a, b, found):
    """Means, differences and intervals once more; t(4, 0.975) = 2.776445, from any table."""
    checked = 0
    for item in found["metrics"]:
        if item["metric"] not in ("sched_call_ns_mean", "throughput_per_s"):
            continue
        ours = column(a, item["metric"], item["variant"], item["sweep"])
        others = column(b, item["metric"], item["variant"], item["sweep"])
        d = [y - x for x, y in zip(ours, others)]
        half = 2.776445105 * statistics.stdev(d) / math.sqrt(len(d))
        expect("difference", math.isclose(item["difference"], statistics.mean(d), rel_tol=1e-9,
                                          abs_tol=1e-9), item)
        expect("interval", math.isclose(item["ci95_high"] - item["ci95_low"], 2 * half,
                                        rel_tol=1e-6, abs_tol=1e-9), item, half)
        expect("margin", item["margin"] >= 0.02 * abs(item["mean_a"]) * (1 - 1e-12), item)
        checked += 1
    expect("figures", checked == 48, checked)


def check_itself(work, base):
    """Shows 1: itself under another seed; and equal seeds, which are the same in everything."""
    other = simulate(work / "other", SCENARIO, "--seed", 2)
    status, found, printed = compare(work, base, other)
    called = found["counts"]["better"] + found["counts"]["worse"] + found["counts"]["different"]
    total = len(found["metrics"])
    print(f"itself under another seed: {called} of {total} called better or worse")
    expect("more than 200", total > 200, total)
    expect("at most 5 %", called <= 0.05 * total, called, total)
    expect("independent", found["samples"] == "independent" and "independent samples" in printed)
    expect("status", status == (1 if called else 0))
    status, found, printed = compare(work, base, base)
    expect("equal", status == 0 and found["verdict"] == "same" and found["samples"] == "paired")
    expect("says pairs", "as pairs" in printed)
    expect("sums up what is the same", len(printed.splitlines()) < 12, printed)


def check_slower(work, builder):
    """5 % dearer: worse, within 30 replications, with equal seeds and with others."""
    scenario = changed(sweep={"/scheduler/policy": ["eevdf"]}, duration_ms=100, seed=5,
                       replications=30)
    path = work / "slower.json"
    path.write_text(json.dumps(scenario))
    for name, change in ("before", (None, None, None)), ("after", SLOWER):
        shutil.copy(builder.module(change), work / f"{name}.so")
    schedulers = ("--scheduler", work / "before.so", "--scheduler", work / "after.so")
    status, found, _ = compare(work, path, *schedulers, "--out", work / "kept")
    expect("exit status of worse", status == 1, status)
    expect("a slower scheduler", found["verdict"] == "worse", found["counts"])
    simulate(work / "kept/c", scenario, "--seed", 6, "--scheduler", work / "after.so")
    _, apart, _ = compare(work, work / "kept/a", work / "kept/c")
    for what in found, apart:
        prices = [item for item in what["metrics"] if item["metric"] == "sched_call_ns_mean"]
        dearer = [100 * item["difference"] / item["mean_a"] for item in prices]
        print(f"{what['samples']}, n {prices[0]['n_a']} and {prices[0]['n_b']}: an entry is",
              ", ".join(f"{value:.1f} %" for value in dearer), "dearer:",
              ", ".join(item["verdict"] for item in prices))
        expect("about 5 % were planted", all(3.5 < value < 8 for value in dearer), dearer)
        expect("5 % are called worse", all(item["verdict"] == "worse" for item in prices), prices)
    status, found, _ = compare(work, work / "kept/b", work / "kept/a", "--metrics",
                               "sched_call_ns_mean")
    expect("the other way round it is better", status == 0 and found["verdict"] == "better", found)
    status, found, _ = compare(work, work / "kept/a", work / "kept/b", "--margin", 20)
    expect("within a wide margin", found["counts"]["worse"] == 0, found["counts"])
    head = execute("compare", work / "kept/a", work / "kept/b")[1].split("\n")[:2]
    expect("what lies beneath both modules is not listed",
           all("libbraid_sched" not in line for line in head), head)
    # In a temporary place, of which nothing stays.
    before = set(os.listdir(os.environ["TMPDIR"]))
    status, _, errors = execute("compare", path, *schedulers, "--replications", 3)
    expect("temporary", status in (0, 1) and set(os.listdir(os.environ["TMPDIR"])) == before,
           status, errors)


def check_refusals(work, base):
    """What must not differ; each names the key, and both values."""
    short = {"sweep": {"/scheduler/policy": ["rr"], "/workload/0/instances": [8]},
             "replications": 2, "duration_ms": 20}
    one = simulate(work / "one", changed(**short))
    workload = [dict(SCENARIO["workload"][0], weight=2048)]
    cases = [
        ("workload", {"workload": workload}, "/workload/0/weight is 1024 there and 2048 here"),
        ("cpu", {"machine": {"cpu": "core2-quad", "cores": 3}},
         "/machine/cores is 2 there and 3 here"),
        ("machine", {"machine": {"cpu": "zen4", "cores": 2}},
         '/machine/cpu is "core2-quad" there and "zen4" here'),
        ("cost", {"cost": "flat"}, '/cost is "traced" there and "flat" here'),
        ("warm-up", {"warmup_ms": 5}, "/warmup_ms is 10 there and 5 here"),
        ("lag", {"events": [{"at_ms": 15, "stop": {"torus": 0}}]}, "/events is absent there and"),
    ]
    for name, keys, message in cases:
        other = simulate(work / "refused", changed(**{**short, **keys}))
        status, printed, errors = execute("compare", one, other)
        expect(f"refuses {name}", status == 2 and message in errors and not printed, errors)
    text = (one / "manifest.json").read_text()
    shutil.copytree(one, work / "profile")
    hash_text = json.loads(text)["profiles_fnv1a"]["core2-quad"]
    (work / "profile/manifest.json").write_text(text.replace(hash_text, "0123456789abcdef"))
    status, _, errors = execute("compare", one, work / "profile")
    expect("refuses another profile", status == 2 and "/profiles_fnv1a/core2-quad" in errors, errors)
    fair = simulate(work / "fair", changed(**{**short, "scheduler": dict(SCENARIO["scheduler"],
                                                                       slice_us=1000)}))
    status, printed, _ = execute("compare", one, fair)
    expect("another scheduler section", status in (0, 1) and
           "/scheduler/slice_us: 3000, then 1000" in printed, printed)
    status, _, errors = execute("compare", base, one)
    expect("refuses another duration", status == 2 and "/duration_ms is 60 there" in errors, errors)


def check_words(work, base):
    """Usage, lists of metrics, missing points, variants."""
    few = simulate(work / "few", changed(sweep={
        "/scheduler/policy": ["rr", "lottery"], "/workload/0/instances": [8, 24]}))
    status, found, printed = compare(work, base, few)
    expect("missing points", len(found["only_in_a"]) == 20 and len(found["only_in_b"]) == 4 and
           status == 0 and "Only in A, not compared: 20 points" in printed, printed)
    expect("missing, strict", execute("compare", base, few, "--strict")[0] == 1)
    cases = [
        (["--metrics", "response_us_max"], "is a maximum"),
        (["--metrics", "lag_ms_max"], "is a maximum"),
        (["--metrics", "nothing"], "there is no metric"),
        (["--metrics", "jain=-1"], "0 to 1000 percent"),
        (["--metrics", "jain,jain"], "twice"),
        (["--margin", "x"], "--margin must be"),
        (["--scheduler", "a.so"], "two --scheduler"),
        (["--jobs", "2"], "--jobs is of a scenario"),
    ]
    for arguments, message in cases:
        status, _, errors = execute("compare", base, base, *arguments)
        expect(f"{arguments}", status == 2 and message in errors, status, errors)
    status, _, errors = execute("compare", work / "few.json")
    expect("a scenario alone", status == 2 and "or a scenario and two --scheduler" in errors, errors)
    expect("nothing there", execute("compare", base, work / "nowhere")[0] == 2)
    (work / "scenario.json").write_text(json.dumps(SCENARIO))
    status, _, errors = execute("compare", work / "scenario.json", base)
    expect("a scenario is no results", status == 2 and "is a scenario, which has no results yet; `braidsim run` it"
           in errors, errors)
    expect("no variant", execute("compare", "--variants", base, "global", "x")[0] == 2)
    status, found, _ = compare(work, "--variants", base, "global", "tori")
    expect("variants", found["samples"] == "paired" and not found["only_in_a"] and
           found["a"]["variant"] == "global", found["a"])
    status, found, _ = compare(work, base, base, "--metrics", "jain,wait_us_p99.short=7")
    expect("metrics", found["margins_percent"] == {"jain": 2, "wait_us_p99.short": 7})
    ends = {"name": "ends", "replications": 5, "duration_ms": 60, "until": "done", "machine": SCENARIO["machine"],
            "workload": [{"name": "a", "instances": 3, "loop": 40,
                          "phases": [{"run": {"dist": "exponential", "mean_us": 500}}]}]}
    slow, fast = (simulate(work / f"done{tori}", {
        **ends, "scheduler": {"policy": "rr", "tori": tori, "slice_us": 1000}}) for tori in (2, 1))
    _, found, printed = compare(work, slow, fast, "--metrics", "done_ms=5")
    expect("when all is done", [item["verdict"] for item in found["metrics"]] == ["better"], printed)


def check_near_zero(work):
    """Where 2 % of A are less than the absolute margin, the head says which margin holds, and where."""
    few = {"sweep": {"/scheduler/policy": ["rr"], "/workload/0/instances": [1, 24]}, "duration_ms": 20,
           "variants": {"global": {"scheduler": {"tori": 1}}}}
    one, other = (simulate(work / f"near{seed}", changed(**few, seed=seed)) for seed in (1, 2))
    _, found, printed = compare(work, one, other, "--metrics", "account_lock_wait_percent,wait_us_mean")
    lines = [line for line in printed.split("\n") if line.startswith("Near zero instead: ")]
    near = {}
    for item in found["metrics"]:
        near.setdefault(item["metric"], []).append(item["margin"] > 0.02 * abs(item["mean_a"]) * (1 + 1e-9))
    wanted = "; ".join(f"{name} {margin} {unit} at {sum(near[name])} point{'s' if sum(near[name]) > 1 else ''}"
                       for name, margin, unit in (("account_lock_wait_percent", 0.01, "points"),
                                                  ("wait_us_mean", 0.5, "us")) if any(near[name]))
    expect("near zero", any(map(any, near.values())) and lines == [f"Near zero instead: {wanted}"], lines, wanted)
    expect("not near zero", "Near zero" not in compare(work, one, other, "--metrics", "throughput_per_s")[2])


def check_baseline(work, base):
    """A baseline stands for its directory."""
    gates = "sched_call_ns_mean=10,jain=1"
    status, _, errors = execute("compare", base, "--metrics", gates, "--save", work / "saved.json")
    expect("saves", status == 0, errors)
    other = simulate(work / "again", changed(seed=9))
    _, by_file, _ = compare(work, work / "saved.json", other)
    _, by_directory, _ = compare(work, base, other, "--metrics", gates)
    expect("a baseline's own gates", by_file["margins_percent"] == {"sched_call_ns_mean": 10,
                                                                   "jain": 1})
    expect("a baseline is as good as what it was made of",
           by_file["metrics"] == by_directory["metrics"])
    _, turned, _ = compare(work, other, work / "saved.json")
    expect("a baseline's own gates, on side B too",
           turned["margins_percent"] == by_file["margins_percent"])
    saved = (work / "saved.json").read_text()
    first = re.search(r'("jain":\s*\[)([^],]*)', saved)
    for value, fine in ("1e101", False), ("-1e308", False), ('"1"', False), ("1e99", True), ("null", True):
        (work / "odd.json").write_text(saved[:first.start(2)] + value + saved[first.end(2):])
        status, _, errors = execute("compare", work / "odd.json", other)
        refused = status == 2 and "/points/0/values/jain/0: must be a number" in errors
        expect(f"a result of {value}", refused != fine and (refused or status < 2), status, errors)


def check_junit(work, base, other):
    """Counts agree with the cases, and the schema holds."""
    for strict in [], ["--strict"]:
        path = work / "junit.xml"
        status, _, _ = execute("compare", base, other, "--junit", path, "--json",
                               work / "j.json", *strict)
        counts = json.loads((work / "j.json").read_text())["counts"]
        suite = ElementTree.parse(path).getroot().find("testsuite")
        cases = suite.findall("testcase")
        bad = sum(case.find("failure") is not None for case in cases)
        skipped = sum(case.find("skipped") is not None for case in cases)
        undecided = counts["undecided"]
        expect("junit", len(cases) == int(suite.get("tests")) == sum(counts.values()) and
               bad == int(suite.get("failures")) and skipped == int(suite.get("skipped")))
        expect("junit, what fails", bad == counts["worse"] + (undecided if strict else 0) and
               skipped == (0 if strict else undecided) and status == (1 if bad else 0), counts)
        if shutil.which("xmllint"):
            done = subprocess.run(["xmllint", "--noout", "--schema", HERE / "junit.xsd", path],
                                  capture_output=True, text=True, check=False)
            expect("junit.xsd", done.returncode == 0, done.stderr)


def main():
    """All of it."""
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "tmp").mkdir()
        os.environ["TMPDIR"] = str(work / "tmp")
        base = simulate(work / "base", SCENARIO)
        check_itself(work, base)
        slices = simulate(work / "slices", changed(scheduler=dict(SCENARIO["scheduler"],
                                                                  slice_us=1000)))
        check_figures(base, slices, compare(work, base, slices)[1])
        check_junit(work, base, slices)
        check_junit(work, base, work / "other")
        check_baseline(work, base)
        check_words(work, base)
        check_near_zero(work)
        check_refusals(work, base)
        (work / "modules").mkdir()
        check_slower(work, Builder(pathlib.Path(sys.argv[2]), sys.argv[3], work / "modules"))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
