#!/usr/bin/python3
"""agree.py -- the schema of scenarios accepts what the program accepts, at every bound.

Goal: an editor that knows the schema says what the program would say.  Method: each number of the
schema is put into a good scenario at its bounds and just outside, each key with wrong types, each
distribution with what it does not take; schema and program must agree on every document, but for
those few that break a rule between two keys, which the schema cannot state.

With "smoke" it is every fourth of them: for sanitizers.

usage: agree.py PROGRAM [smoke]
SPDX-License-Identifier: GPL-3.0-or-later
"""
import copy
import itertools
import json
import os
import subprocess
import sys
import tempfile

import jsonschema

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "../tidy"))
from validate_schemas import put, read_json  # noqa: E402  (its folder is found above)

# Fine each, but not together with the rest of the scenario, as the program says.
BETWEEN_KEYS = {("/warmup_ms", 100000000.0),   # not less than duration_ms
                ("/machine/smt", 8),           # more than the CPU has
                ("/scheduler/tick_hz", 0),     # slices by tick need one
                ("/workload/0/instances", 16777216), # with the others, too many
                ("/workload/0/instances", 0),      # nobody forks it,
                ("/workload/0/max_alive", 1), ("/workload/0/max_alive", 16777216), # likewise
                ("/workload/0/phases/0/run", 0)} # then no phase takes any time


def resolved(schema, node):
    """The node with what it refers to."""
    while "$ref" in node:
        target = schema
        for step in node["$ref"].split("/")[1:]:
            target = target[step]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def numbers(schema, node, pointer):
    """(pointer, value) at the bounds of every number below node, and just outside."""
    node = resolved(schema, node)
    for key, child in node.get("properties", {}).items():
        if (pointer, key) != ("/machine", "figures"):
            yield from numbers(schema, child, f"{pointer}/{key}")
    if "items" in node and pointer in ("/workload", "/workload/0/phases"):
        yield from numbers(schema, node["items"].get("else", node["items"]), pointer + "/0")
    for choice in node.get("oneOf", []) if "properties" not in node else []:
        if "properties" not in resolved(schema, choice):
            yield from numbers(schema, choice, pointer)
    for bound, inward in (("minimum", 1), ("exclusiveMinimum", 1), ("maximum", -1)):
        if bound not in node:
            continue
        value, whole = node[bound], node.get("type") == "integer"
        step = 1 if whole else max(abs(value), 1e-3) / 10
        yield pointer, value
        yield pointer, value - inward * step
        if bound == "exclusiveMinimum":
            yield pointer, 1e-9
    if pointer and {"type", "enum", "const", "oneOf"} & set(node):
        named = "string" == node.get("type") and not {"pattern", "enum", "const"} & set(node)
        for wrong in ("", "nonsense", [], {}, True, None, 1.5, -1):
            if wrong != "nonsense" or not named: # a name may be of something that is not there
                yield pointer, wrong


def distributions():
    """Each with all parameters, without one, and at its bounds."""
    good = {"constant": {"value_us": 1}, "uniform": {"min_us": 1, "max_us": 2},
            "exponential": {"mean_us": 1}, "lognormal": {"mean_us": 1, "cv2": 1},
            "gamma": {"mean_us": 1, "cv2": 1}, "hyperexponential": {"mean_us": 1, "cv2": 1},
            "pareto": {"min_us": 1, "shape": 2},
            "bounded_pareto": {"min_us": 1, "max_us": 2, "shape": 1}}
    for name, parameters in good.items():
        whole = {"dist": name, **parameters}
        yield whole
        yield {**whole, "nonsense": 1}
        for key in parameters:
            yield {k: v for k, v in whole.items() if k != key}
            for value in (0, 1e-9, 0.999, -1, 4.6e12, 4.7e12, "1", None):
                if key == "min_us" and value in (4.6e12,):
                    continue  # above max_us, which the schema cannot say
                if key == "max_us" and value in (0, 1e-9, 0.999):
                    continue  # below min_us
                yield {**whole, key: value}


def cases(schema):
    yield from numbers(schema, schema, "")
    for distribution in distributions():
        yield "/workload/0/start_us", distribution
        if 0 not in distribution.values(): # no phase would take any time
            yield "/workload/0/phases/0/run", distribution
    for gap in [0, 1, {"dist": "constant", "value_us": 0}, {"dist": "exponential", "mean_us": 0},
                {"dist": "uniform", "min_us": 0, "max_us": 0}, {"dist": "poisson"},
                {"dist": "gamma", "mean_us": 0, "cv2": 1}, {"dist": "poisson", "rate_per_s": 0},
                {"dist": "hyperexponential", "mean_us": 0, "cv2": 1},
                {"dist": "poisson", "rate_per_s": 5}]:
        yield "/workload/2/arrivals", gap
    entry = {"name": "other", "instances": 1, "phases": [{"run": 1}]}
    for reference in ({"trace": 5}, {"trace": "a", "scale": 2}, {"library": "desktop", "entries": []},
                      {"trace": "a", "library": "b"}, {"trace": "a", "entries": [entry]},
                      {"trace": "a", "entries": []}, {"trace": "a", "entries": [5]},
                      {"trace": "a", "entries": [entry], "prefix": "x-"},
                      {"trace": "a", "entries": [entry], "prefix": "x y"},
                      {"rt-app": "a", "entries": [entry], "prefix": 5}, {"library": "a", "scale": 0}):
        yield "/workload/1", reference
    for bursts in ([[1]], [[1, 0.5, 2]], [[0, 4.6e12]], [[0, 0]], [[]], [], [5], [[-1]], [["1"]],
                   [[4.7e12]]):
        yield "/workload/0/phases/0", {"bursts_us": bursts}
    for starts in ([0], [0.5], [], ["0"], [-1], [4.7e12]):
        yield "/workload/0/start_us", starts
    for varied in ("name", "extends", "seed", "replications", "variants", "sweep", "expect",
                   "profiles", "starve_ms"):
        yield "/variants", {"a": {varied: 5}}
        yield "/sweep", {"/" + varied: [5]}
        if varied != "starve_ms":
            yield "/sweep", {"/" + varied + "/x": [5]}
    for profile in (5, None, {}, {"name": "a"}, {"name": 1, "title": "a", "figures": {}},
                    {"name": "a", "title": "a", "figures": {}, "extends": "zen4"}):
        yield "/profiles", {"a": profile}
    for sweep in ({}, [], None, {"/starve_ms": []}, {"/starve_ms": 5}, {"starve_ms": [5]}, {"": [5]},
                  {"/machine/~2": [5]}):
        yield "/sweep", sweep
    for variants in ({}, [], None, {"": {}}, {"a": 5}, {"a": None}, {"a": {}},
                     {"a": {"scheduler": {"lock": None}}}):
        yield "/variants", variants


def good_scenario():
    scenario = read_json(os.path.join(HERE, "small.json"))
    scenario["flat"] = {}
    scenario["resources"] = {}
    scenario["scheduler"]["balance"] = {"kind": "threshold"}
    scenario["workload"][0]["reservation"] = {"budget_us": 0.001, "period_us": 4000000}
    scenario["workload"].append({"name": "stream", "arrivals": 500, "max_alive": 9,
                                 "phases": [{"run": 10}]})
    return scenario


def main():
    schema = read_json(os.path.join(ROOT, "configs/schema/scenario.schema.json"))
    validator = jsonschema.Draft202012Validator(schema)
    documents = [("", None, good_scenario())]
    every = 4 if sys.argv[2:] == ["smoke"] else 1
    for pointer, value in itertools.islice(cases(schema), 0, None, every):
        document = good_scenario()
        if pointer == "/precision_percent":
            document["replications"] = 15
        if pointer.startswith("/sweep/"):
            document["sweep"] = {
                "paired": [{"/starve_ms": [5, 6]}],
                "sample": {"points": 2, "latin_hypercube": {"/machine/figures/transfer_ns": {"from": 100, "to": 120}}}}
        put(document, pointer, copy.deepcopy(value))
        documents.append((pointer, value, document))
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number, (_, _, document) in enumerate(documents):
            names.append(os.path.join(folder, f"{number}.json"))
            with open(names[-1], "w", encoding="utf-8") as file:
                json.dump(document, file)
        run = subprocess.run([sys.argv[1], "check", *names], capture_output=True, text=True,
                             check=False)
    fine = {line.split(": fine")[0] for line in run.stdout.splitlines()}
    said = {line.split(":")[0]: line for line in run.stderr.splitlines()}
    for name, (pointer, value, document) in zip(names, documents):
        by_schema, by_program = validator.is_valid(document), name in fine
        if by_schema == by_program or (by_schema and not by_program and not isinstance(
                value, (dict, list, str, type(None))) and (pointer, value) in BETWEEN_KEYS):
            continue
        failures += 1
        print(f"{pointer} = {json.dumps(value)}: the schema {'accepts' if by_schema else 'refuses'}"
              f" it, the program does not: {said.get(name, 'fine')}")
    print(f"{len(documents) - failures} passed, {failures} failed")
    return 1 if failures or len(documents) < 300 else 0


if __name__ == "__main__":
    sys.exit(main())
