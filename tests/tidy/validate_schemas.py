#!/usr/bin/python3
"""validate_schemas.py -- what is shipped in configs fits its schemas, and they fit the program.

Goal: an editor that knows the schemas says what the program would say.  Method: every shipped file
is validated; bad files must fail; the figures in both schemas must be those that --write makes of
PROFILE_FIGURES, which does so in place.

usage: validate_schemas.py [--write] [DIR]
SPDX-License-Identifier: GPL-3.0-or-later
"""
import copy
import json
import os
import re
import sys
import textwrap

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
    """{name: (required, default, minimum, maximum, help, values)} of the list PROFILE_FIGURES."""
    with open(path, encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    lines = [line for line in text.split("\n") if line.startswith("#define PROFILE_FIGURES(X)")]
    entry = (rf"X\(\s*(\w+),\s*(true|false),\s*([\d.e]+),\s*([\d.e]+),\s*([\d.e]+),"
             rf"\s*(\w+),\s*((?:{STRING}\s*)+)\)")
    found = re.findall(entry, lines[0])
    if not found or len(found) != len(re.findall(r"\bX\(\s*\w+,", lines[0])):
        raise ValueError(f"{path}: PROFILE_FIGURES has entries that are not understood")
    return {name: (required == "true", default, low, high,
                   "".join(json.loads(part) for part in re.findall(STRING, text)), values)
            for name, required, default, low, high, values, text in found}


def constraint(figure):
    """What the schema says beside the bounds, as enum figure_values has it."""
    low, high, values = float(figure[2]), float(figure[3]), figure[5]
    if values == "WHOLE":
        return ['"multipleOf": 1']
    allowed = {"SWITCH": [0, 1], "HISTORY": [4, 16, 64],
               "POWER": [2**i for i in range(32) if low <= 2**i <= high]}.get(values)
    return [f'"enum": {allowed}'] if allowed else []


UNITS = {"_mhz": "MHz", "_cores": "cores", "_threads": "threads", "_kb": "KB (1024 bytes)",
         "_ways": "ways", "_cycles": "cycles", "_ns": "ns", "_mb_s": "10^6 bytes/s",
         "_bytes": "bytes", "_entries": "entries", "_rate": "ratio", "_ratio": "ratio",
         "_channels": "channels", "_per_cycle": "1/cycle", "_exclusive": "0 or 1",
         "_inclusive": "0 or 1", "_tagged": "0 or 1", "_line": "0 or 1",
         "_instructions": "instructions", "_misses": "lines", "_buffer": "stores",
         "_history": "blocks"}


def described(name, figure, kind):
    unit = UNITS[max((end for end in UNITS if name.endswith(end)), key=len)]
    if figure[5] == "POWER":
        unit += ", a power of two"
    default = "required" if figure[0] else f"default {figure[1]}"
    if kind == "scenario":
        default = "default: the profile's"
    return json.dumps(f"{figure[4][0].upper()}{figure[4][1:]}; {unit}; {default}")


def with_figures(text, figures, kind):
    """The schema's text, its run of figures made anew; in cpu.schema.json the required ones too."""
    def block(indent, name, figure):
        description = described(name, figure, kind)
        lines = [f'{indent}"{name}": {{', f'{indent}  "description": {description},']
        bounds = [f'"minimum": {figure[2]}', f'"maximum": {figure[3]}', *constraint(figure)]
        if kind == "cpu":
            lines += [f'{indent}  "$ref": "#/$defs/figure",',
                      f'{indent}  "properties": {{ "value": {{ {", ".join(bounds)} }} }}']
        else:
            lines += [f'{indent}  "type": "number",']
            lines += [f'{indent}  {bound}' for bound in ",|".join(bounds).split("|")]
        return "\n".join(lines + [indent + "}"])

    first = next(iter(figures))
    run = re.compile(rf'( *)"{first}": \{{\n.*?\n\1\}}(?:,\n\1"\w+": \{{\n.*?\n\1\}})*', re.S)
    text = run.sub(lambda m: ",\n".join(block(m.group(1), name, figure)
                                        for name, figure in figures.items()), text)
    if kind == "cpu":
        needed = textwrap.wrap(", ".join(f'"{name}"' for name, figure in figures.items()
                                         if figure[0]), 80)
        text = re.sub(rf'("required": \[)\s*"{first}",[^\]]*?\n( *)\]',
                      lambda m: "\n".join([m.group(1)] + [f"{m.group(2)}  {line}"
                                                          for line in needed]
                                          + [m.group(2) + "]"]), text)
    return text


def error_in(schema, document):
    """None, or what is wrong."""
    errors = jsonschema.Draft202012Validator(schema).iter_errors(document)
    error = jsonschema.exceptions.best_match(errors)
    return error and f"/{'/'.join(map(str, error.absolute_path))}: {error.message}"


def extended(path, cpus, chain=()):
    """The profile at path with what it extends: a figure replaces the base's, null removes it."""
    profile = read_json(path)
    if "extends" in profile:
        name = profile["extends"]
        base = (os.path.join(os.path.dirname(path), name) if name.endswith(".json")
                else os.path.join(cpus, name + ".json"))
        if base in chain:
            raise ValueError(f"{base} extends itself")
        figures = {**extended(base, cpus, (*chain, path))["figures"], **profile.get("figures", {})}
        profile["figures"] = {name: figure for name, figure in figures.items()
                              if figure is not None}
        del profile["extends"]
    return profile


def error_in_profile(schema, path, cpus):
    """In the file, and in what comes of it when the base is there."""
    profile = read_json(path)
    error = error_in(schema, profile)
    if error:
        return error
    if profile["name"] + ".json" != os.path.basename(path):
        return f"/name: is \"{profile['name']}\", which is not the file's"
    whole = extended(path, cpus)
    return error_in(schema, whole) or error_in_caches(whole)


def error_in_caches(profile):
    """Sets must be whole numbers, which a schema cannot say."""
    value = {name: figure["value"] for name, figure in profile["figures"].items()}
    for cache in ("l1", "l1i", "l2", "l3"):
        if value.get(cache + "_kb", 0) > 0:
            sets = value[cache + "_kb"] * 1024 / (value[cache + "_ways"] * value["line_bytes"])
            if sets != int(sets):
                return f"/figures/{cache}_kb: makes {sets} sets, which must be a whole number"
    for tlb in ("tlb", "tlb2"):
        if value.get(tlb + "_entries", 0) % value.get(tlb + "_ways", 1):
            return f"/figures/{tlb}_entries: is not a multiple of its ways"
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
        if isinstance(document, dict) and key == "figures":
            document.setdefault(key, {})
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
                           ("/figures/clock_mhz/source", " "), ("/figures/clock_ghz", {}),
                           ("/colour", "red"), ("/figures", {}),
                           ("/figures/clock_mhz", None), ("/figures/l2_kb", None),
                           ("/figures/line_bytes/value", 48), ("/figures/max_cores/value", 1.5),
                           ("/figures/branch_history",
                            {"value": 17, "source": "s", "kind": "assumed"}),
                           ("/figures/tlb_tagged",
                            {"value": 0.5, "source": "s", "kind": "assumed"}),
                           *((f"/figures/{name}", {"value": value, "source": "s", "kind": "assumed"})
                             for name, value in (("smt_threads", 2), ("smt_rate", 0.6),
                                                 ("small_cores", 2), ("small_rate", 0.6))),
                           ("/extends", 5)):
        yield "cpu", profile, pointer, value
    for pointer, value in (("/seed", 2**53), ("/colour", "red"), ("/machine/cores", 0),
                           ("/machine/figures/transfer_ns", 0), ("/machine/figures/clock", 1),
                           ("/machine/figures/clock_mhz", {"value": 5}),
                           ("/machine/figures/branch_history", 32),
                           ("/machine/figures/l2_exclusive", 0.5),
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
                           ("/sweep", {"/expect": [[]]}), ("/sweep", {"/variants/a": [{}]}),
                           ("/sweep", {"cores": [1]}), ("/sweep", {"/machine/~2": [1]}),
                           ("/variants", {"": {}}), ("/variants", {"a": {"expect": []}}),
                           ("/variants", {"a": {"sweep": {}}}), ("/variants", {"a": 7}),
                           ("/variants", {"a": {"name": "b"}}), ("/variants", {"a": {"seed": 1}}),
                           ("/expect", [{"metric": "jain"}])):
        yield "scenario", scenario, pointer, value


def figures_of_schemas(root):
    """{kind: (path, its text, the text that it should have)}."""
    figures = figures_of_header(os.path.join(root, "models/machine/profile.h"))
    found = {}
    for kind in ("cpu", "scenario"):
        path = os.path.join(root, "configs/schema", kind + ".schema.json")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        found[kind] = (path, text, with_figures(text, figures, kind))
    return found


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

    for kind, (path, text, wanted) in figures_of_schemas(root).items():
        yield f"figures of {path}", None if text == wanted else (
            "are not those of PROFILE_FIGURES; run validate_schemas.py --write")

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
                    error = error_in_profile(schemas["cpu"], path, directory)
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
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    root = arguments[0] if arguments else os.path.dirname(os.path.dirname(here))
    if "--write" in sys.argv:
        for path, _, wanted in figures_of_schemas(root).values():
            with open(path, "w", encoding="utf-8") as file:
                file.write(wanted)
    results = list(checks(root))
    failed = [(name, error) for name, error in results if error]
    for name, error in failed:
        print(f"{name}: {error}")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
