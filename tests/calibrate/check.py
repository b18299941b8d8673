#!/usr/bin/python3
"""check.py -- a calibrated profile fits its schema, and physics.

Goal: no figure that no processor could have, no figure that was made up unmarked, and everything
assumed said.  Method: bounds that hold for any processor of the last 25 years, and relations between
figures: farther caches are larger and slower, memory is slowest.

usage: check.py ROOT host|one PROFILE MESSAGES
SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import sys

sys.path.insert(0, os.path.join(sys.argv[1], "tests/tidy"))
from validate_schemas import error_in, error_in_caches, read_json  # noqa: E402

# (figure, least, most); those absent are passed over.
BOUNDS = (
    ("clock_mhz", 200, 8000), ("instructions_per_cycle", 0.2, 8), ("line_bytes", 16, 256),
    ("l1_kb", 4, 256), ("l1_ways", 1, 64), ("l1_latency_cycles", 1, 8), ("l2_kb", 64, 65536),
    ("index_cycles", 0.5, 15), ("choice_cycles", 0.5, 20),
    ("l2_latency_cycles", 5, 80), ("l3_kb", 256, 1048576), ("l3_latency_cycles", 15, 400),
    ("l2_stream_cycles", 0.3, 80), ("l3_stream_cycles", 0.3, 300), ("memory_latency_ns", 20, 1500),
    ("memory_read_mb_s", 200, 400000), ("tlb_entries", 8, 4096), ("page_walk_cycles", 2, 2000),
    ("branch_miss_cycles", 3, 60), ("atomic_cycles", 1, 400), ("transfer_ns", 5, 3000),
    ("transfer_shared_ns", 3, 2000), ("transfer_line_ns", 0.2, 2000), ("syscall_ns", 15, 20000),
    ("switch_ns", 50, 50000), ("timer_interrupt_ns", 50, 100000), ("ipi_handle_ns", 30, 100000),
    ("ipi_latency_ns", 20, 100000), ("idle_exit_ns", 20, 1000000), ("handover_ns", 1, 20000),
    ("flat_entry_ns", 2, 5000))
# The first is less than the second.
ORDER = (("l1_kb", "l2_kb"), ("l2_kb", "l3_kb"), ("l1_latency_cycles", "l2_latency_cycles"),
         ("l2_latency_cycles", "l3_latency_cycles"), ("memory_page_ns", "memory_latency_ns"))
# Every host with a clock and memory can do these.
ALWAYS = ("clock_mhz", "l1_latency_cycles", "memory_latency_ns", "memory_read_mb_s",
          "atomic_cycles", "syscall_ns", "instructions_per_cycle", "index_cycles", "choice_cycles")
BETWEEN_CORES = ("transfer_ns", "ipi_send_ns", "ipi_latency_ns", "ipi_handle_ns", "handover_ns")


def complaints(root, kind, profile, messages):
    schema = read_json(os.path.join(root, "configs/schema/cpu.schema.json"))
    yield from filter(None, (error_in(schema, profile), error_in_caches(profile)))
    figures = profile["figures"]
    value = {name: figure["value"] for name, figure in figures.items()}
    for name, least, most in BOUNDS:
        if name in value and not least <= value[name] <= most:
            yield f"{name} is {value[name]}, not {least} to {most}: {figures[name]['source']}"
    for less, more in ORDER: # equal if it was found greater, and what fits was taken
        if less in value and more in value and not value[less] < value[more] and not (
                value[less] == value[more] and "this fits" in figures[less]["source"]):
            yield f"{less} = {value[less]} is not less than {more} = {value[more]}"
    if value["l1_latency_cycles"] / value["clock_mhz"] * 1000 >= value["memory_latency_ns"]:
        yield "memory is as fast as the first level"
    for name, figure in figures.items():
        if figure["kind"] == "published":
            yield f"{name} claims to be published"
        if figure["kind"] == "assumed" and f"{name}: assumed" not in messages:
            yield f"{name} is assumed, which is not said"
        if figure["kind"] == "measured" and "on this host" not in figure["source"]:
            yield f"{name}: measured where? {figure['source']}"
    for name in ALWAYS:
        if figures.get(name, {}).get("kind") != "measured":
            yield f"{name} was not measured: {figures.get(name, {}).get('source', 'it is absent')}"
    for name in BETWEEN_CORES:
        if kind == "one" and figures[name]["kind"] != "assumed":
            yield f"{name} was measured between cores, and there is one"
    if kind == "one" and "one CPU" not in messages:
        yield "does not say that there is one CPU"
    if kind == "one" and any(name in value for name in ("transfer_shared_ns", "memory_line_ns")):
        yield "figures of several cores, and there is one"


def main():
    root, kind, profile, messages = sys.argv[1:]
    with open(messages, encoding="utf-8") as file:
        found = list(complaints(root, kind, read_json(profile), file.read()))
    for complaint in found:
        print(f"{profile}: {complaint}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
