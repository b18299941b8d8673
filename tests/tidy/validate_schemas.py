#!/usr/bin/python3
"""validate_schemas.py -- what is shipped in configs fits its schemas, and they fit the program.

Goal: an editor that knows the schemas says what the program would say.  Method: every shipped file
is validated; the figures in cpu.schema.json are compared with PROFILE_FIGURES; bad files must fail.

usage: validate_schemas.py [DIR]
SPDX-License-Identifier: GPL-3.0-or-later
"""
import copy
import json
import os
import re
import sys

import jsonschema

STRING = r'"(?:[^"\\]|\\.)*"'


def read_json(path):
    """Comments are allowed, duplicate keys are not."""
    def unique(pairs):
        keys = [key for key, _ in pairs]
        if len(keys) != len(set(keys)):
            raise ValueError(f"duplicate keys among {keys}")
        return dict(pairs)

    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(rf"({STRING})|//[^\n]*|/\*.*?\*/", lambda m: m.group(1) or " ", text,
                  flags=re.S)
    return json.loads(text, object_pairs_hook=unique)


def figures_of_header(path):
    """{name: (required, minimum, maximum)} of the list PROFILE_FIGURES."""
    with open(path, encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    lines = [line for line in text.split("\n") if line.startswith("#define PROFILE_FIGURES(X)")]
    entry = (rf"X\(\s*(\w+),\s*(true|false),\s*[\d.e]+,\s*([\d.e]+),\s*([\d.e]+),"
             rf"\s*(?:{STRING}\s*)+\)")
    found = re.findall(entry, lines[0])
    if not found or len(found) != len(re.findall(r"\bX\(\s*\w+,", lines[0])):
        raise ValueError(f"{path}: PROFILE_FIGURES has entries that are not understood")
    return {name: (required == "true", float(low), float(high))
            for name, required, low, high in found}


def figures_of_schema(schema):
    figures = schema["properties"]["figures"]
    return {name: (name in figures["required"], float(figure["properties"]["value"]["minimum"]),
                   float(figure["properties"]["value"]["maximum"]))
            for name, figure in figures["properties"].items()}


def error_in(schema, document):
    """None, or what is wrong."""
    errors = jsonschema.Draft202012Validator(schema).iter_errors(document)
    error = jsonschema.exceptions.best_match(errors)
    return error and f"/{'/'.join(map(str, error.absolute_path))}: {error.message}"


def error_in_caches(profile):
    """Sets must be whole numbers, which a schema cannot say."""
    value = {name: figure["value"] for name, figure in profile["figures"].items()}
    for cache in ("l1", "l2", "l3"):
        if value.get(cache + "_kb", 0) > 0:
            sets = value[cache + "_kb"] * 1024 / (value[cache + "_ways"] * value["line_bytes"])
            if sets != int(sets):
                return f"/figures/{cache}_kb: makes {sets} sets, which must be a whole number"
    return None


def merge_patch(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def put(document, pointer, value):
    """Sets what a JSON pointer names."""
    *parents, last = [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]
    for key in parents:
        document = document[int(key) if isinstance(document, list) else key]
    document[int(last) if isinstance(document, list) else last] = value


def error_in_scenario(schema, path):
    """Of the file, and of every point of it with each swept key varied alone."""
    document = read_json(path)
    error = error_in(schema, document)
    if error:
        return error
    if "extends" in document:
        base = read_json(os.path.join(os.path.dirname(path), document["extends"]))
        document = merge_patch(base, document)
    base = {key: value for key, value in document.items()
            if key not in ("extends", "variants", "sweep", "expect")}
    for name, patch in document.get("variants", {"": {}}).items():
        point = merge_patch(base, patch)
        for pointer, values in document.get("sweep", {}).items():
            put(point, pointer, copy.deepcopy(values[0]))
        for pointer, values in document.get("sweep", {"/seed": [0]}).items():
            for value in values:
                varied = copy.deepcopy(point)
                put(varied, pointer, value)
                error = error_in(schema, varied)
                if error:
                    return f"variant \"{name}\", {pointer} = {value}: {error}"
    return None


def bad_documents(profile, scenario):
    """Each must be refused, so that a schema that accepts all is noticed."""
    for pointer, value in (("/figures/clock_mhz/value", 0), ("/figures/clock_mhz/kind", "guess"),
                           ("/figures/clock_ghz", {}), ("/colour", "red"), ("/figures", {})):
        yield "cpu", profile, pointer, value
    for pointer, value in (("/seed", 2**53), ("/colour", "red"), ("/machine/cores", 0),
                           ("/scheduler/lock", "none"), ("/scheduler/tori", "all"),
                           ("/scheduler/process_stride_bytes", 100), ("/workload", []),
                           ("/workload/0/arrivals", 100), ("/workload/0/name", "a b"),
                           ("/workload/0/phases/0", {"run": 1, "sleep": 1}),
                           ("/workload/0/phases/0/run", {"dist": "gamma", "mean_us": 1}),
                           ("/workload/0/phases/0/run",
                            {"dist": "gamma", "mean_us": 1, "cv2": 0}),
                           ("/workload/0/phases/0/run",
                            {"dist": "hyperexponential", "mean_us": 1, "cv2": 0.5}),
                           ("/workload/0/phases/0/run",
                            {"dist": "pareto", "min_us": 0, "shape": 2}),
                           ("/sweep", {"/replications": [1]}), ("/duration_ms", 0),
                           ("/expect", [{"metric": "jain"}])):
        yield "scenario", scenario, pointer, value


def checks(root):
    """(name, None or what is wrong) of every check."""
    schemas = {}
    for kind in ("cpu", "scenario"):
        path = os.path.join(root, "configs/schema", kind + ".schema.json")
        schemas[kind] = read_json(path)
        try:
            jsonschema.Draft202012Validator.check_schema(schemas[kind])
            yield path, None
        except jsonschema.exceptions.SchemaError as error:
            yield path, error.message

    header = figures_of_header(os.path.join(root, "models/machine/profile.h"))
    schema = figures_of_schema(schemas["cpu"])
    for name in sorted(set(header) | set(schema)):
        same = header.get(name) == schema.get(name)
        yield f"figure {name}", None if same else (
            f"profile.h says {header.get(name)}, cpu.schema.json {schema.get(name)} "
            "(required, minimum, maximum)")

    for folder in ("cpus", "scenarios"):
        directory = os.path.join(root, "configs", folder)
        names = sorted(name for name in os.listdir(directory) if name.endswith(".json"))
        yield folder, None if names else f"{directory} has no files"
        for name in names:
            path = os.path.join(directory, name)
            try:
                if folder == "scenarios":
                    error = error_in_scenario(schemas["scenario"], path)
                else:
                    profile = read_json(path)
                    error = error_in(schemas["cpu"], profile) or error_in_caches(profile)
                    if not error and profile["name"] + ".json" != name:
                        error = f"/name: is \"{profile['name']}\", which is not the file's"
            except (ValueError, KeyError, IndexError, OSError) as exception:
                error = repr(exception)
            yield path, error

    profile = read_json(os.path.join(root, "configs/cpus/ideal.json"))
    scenario = read_json(os.path.join(root, "configs/scenarios/old-hardware.json"))
    for kind, good, pointer, value in bad_documents(profile, scenario):
        bad = copy.deepcopy(good)
        put(bad, pointer, value)
        refused = error_in(schemas[kind], bad) is not None
        yield f"bad {kind} {pointer}", None if refused else f"{value} is accepted"


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here))
    results = list(checks(root))
    failed = [(name, error) for name, error in results if error]
    for name, error in failed:
        print(f"{name}: {error}")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
