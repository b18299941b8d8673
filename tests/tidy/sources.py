#!/usr/bin/python3
"""sources.py -- the tree is as STYLE says, as far as a program can tell.

Goal: lengths, headers, leftovers, and who may include whom.  Method: every C and assembly file is read as text;
a self-test feeds the rules a bad file each, so that a rule that finds nothing is known to work.

usage: sources.py DIR | sources.py --self-test
SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import re
import sys

FILE_LINES, FUNCTION_LINES, COLUMNS = 600, 70, 100
FOLDERS = ("models", "sim", "workloads", "tests")
FREESTANDING = {"stdint.h", "stdbool.h", "stddef.h", "stdatomic.h", "limits.h", "stdalign.h"}
LEFTOVER = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "XX" "X")) + r")\b")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
SCHED = "models/sched/"


def without_comments(text):
    """The text with comments, strings and characters blanked; lines stay where they are."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)


def check_lines(path, text):
    lines = text.split("\n")
    if len(lines) > FILE_LINES:
        yield f"{path}: {len(lines)} lines, at most {FILE_LINES}"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            yield f"{path}:{number}: {len(line)} columns, at most {COLUMNS}"
        if "\t" in line:
            yield f"{path}:{number}: tab"
        if line != line.rstrip():
            yield f"{path}:{number}: space at the end of the line"
        if LEFTOVER.search(line):
            yield f"{path}:{number}: leftover: {LEFTOVER.search(line).group()}"
    if text and not text.endswith("\n"):
        yield f"{path}: no newline at the end"


def check_licence(path, text):
    expected = "MIT" if path.startswith(SCHED) else "GPL-3.0-or-later"
    tags = re.findall(r"SPDX-License-Identifier: (\S+)", text)
    if tags != [expected]:
        yield f"{path}: needs one line SPDX-License-Identifier: {expected}, has {tags}"


def check_functions(path, text):
    """A function's body opens with a brace in column 1 (BreakBeforeBraces: Linux)."""
    opened = None
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        if line.startswith("{"):
            opened = number
        elif line.startswith("}") and opened is not None:
            if number - opened + 1 > FUNCTION_LINES:
                yield (f"{path}:{opened}: a function of {number - opened + 1} lines, "
                       f"at most {FUNCTION_LINES}")
            opened = None


def check_sched(path, text):
    if not path.startswith(SCHED):
        return
    for _, name in INCLUDE.findall(text):
        own = path.startswith(SCHED + "ports/") and name == "port.h"
        if name not in FREESTANDING and not own and not re.fullmatch(r"braid/\w+\.h", name):
            yield f"{path}: includes {name}: only braid/*.h and freestanding headers"
    code = without_comments(text)
    for word in sorted(set(re.findall(r"\b(?:sched|SCHED)_\w+", code))):
        yield f"{path}: {word}: <sched.h> owns that prefix"
    for word in sorted(set(re.findall(r"\b(?:float|double)\b", code))):
        yield f"{path}: {word}: no floating point in a kernel"


def resolve(path, name, files):
    """The file of the tree that is included, or None: a header of the system."""
    for candidate in (name, SCHED + "include/" + name,
                      os.path.normpath(os.path.join(os.path.dirname(path), name))):
        if candidate in files:
            return candidate
    return None


def find_cycle(edges):
    """A list of nodes that goes round, or None."""
    done, trail = set(), []

    def visit(node):
        if node in trail:
            return trail[trail.index(node):] + [node]
        if node in done:
            return None
        trail.append(node)
        for following in sorted(edges.get(node, ())):
            cycle = visit(following)
            if cycle:
                return cycle
        trail.pop()
        done.add(node)
        return None

    for node in sorted(edges):
        cycle = visit(node)
        if cycle:
            return cycle
    return None


GENERATED = ".pb-c.h"  # by protobuf-c, in the build directory


def check_includes(files):
    edges = {}
    for path, text in files.items():
        for kind, name in INCLUDE.findall(text):
            target = resolve(path, name, files)
            if kind == '"' and name.endswith(GENERATED):
                continue
            if kind == '"' and target is None:
                yield f"{path}: includes \"{name}\", which is not in the tree"
            if target is not None:
                edges.setdefault(path, set()).add(target)
    cycle = find_cycle(edges)
    if cycle:
        yield "include cycle: " + " -> ".join(cycle)


def check_layers(files):
    """The engine knows no CPU and no process; base knows nothing; nobody includes tests."""
    for path, text in files.items():
        for _, name in INCLUDE.findall(text):
            target = resolve(path, name, files)
            if target is None:
                continue
            if target.startswith("tests/") and not path.startswith("tests/"):
                yield f"{path}: includes {target}"
            if path.startswith("sim/base/") and not target.startswith("sim/base/"):
                yield f"{path}: includes {target}: base knows nothing of the rest"
            if path.startswith("sim/engine/") and \
                    not target.startswith(("sim/engine/", "sim/base/")):
                yield f"{path}: includes {target}: the engine knows no CPU and no process"


def check(files):
    """All complaints about files, a dict of path and text."""
    for path, text in sorted(files.items()):
        for rule in (check_lines, check_licence, check_functions, check_sched):
            yield from rule(path, text)
    yield from check_includes(files)
    yield from check_layers(files)


def read_tree(root):
    files = {}
    for folder in FOLDERS:
        for directory, _, names in os.walk(os.path.join(root, folder)):
            for name in names:
                if name.endswith((".c", ".h", ".S")):
                    full = os.path.join(directory, name)
                    with open(full, encoding="utf-8") as stream:
                        files[os.path.relpath(full, root)] = stream.read()
    return files


def self_test():
    gpl = "/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
    mit = "/* SPDX-License-Identifier: MIT */\n"
    good = {"sim/a.c": gpl + '#include "sim/a.h"\n', "sim/a.h": gpl,
            "models/sched/torus.c": mit + '#include "braid/torus.h"\n#include <stdint.h>\n',
            "models/sched/include/braid/torus.h": mit + "/* sched_yield, a double */\n"}
    bad = {
        "lines, at most": {"sim/a.c": gpl + "\n" * FILE_LINES},
        "columns": {"sim/a.c": gpl + "x" * (COLUMNS + 1) + "\n"},
        "tab": {"sim/a.c": gpl + "\tx\n"},
        "space at the end": {"sim/a.c": gpl + "x \n"},
        "leftover": {"sim/a.c": gpl + "/* TO" "DO */\n"},
        "newline": {"sim/a.c": gpl + "x"},
        "needs one line SPDX": {"sim/a.c": "\n"},
        "SPDX-License-Identifier: MIT": {"models/sched/torus.c": gpl},
        "a function of": {"sim/a.c": gpl + "f(void)\n{\n" + "\n" * FUNCTION_LINES + "}\n"},
        "freestanding headers": {"models/sched/torus.c": mit + "#include <stdio.h>\n"},
        "only braid": {"models/sched/torus.c": mit + '#include "sim/a.h"\n'},
        "includes port.h": {"models/sched/torus.c": mit + '#include "port.h"\n'},
        "owns that prefix": {"models/sched/torus.c": mit + "void sched_pick(void);\n"},
        "floating point": {"models/sched/torus.c": mit + "double x;\n"},
        "not in the tree": {"sim/a.c": gpl + '#include "sim/gone.h"\n'},
        "include cycle": {"sim/a.h": gpl + '#include "sim/b.h"\n',
                          "sim/b.h": gpl + '#include "sim/a.h"\n'},
        "knows nothing": {"sim/base/b.c": gpl + '#include "sim/a.h"\n'},
        "knows no CPU": {"sim/engine/b.c": gpl + '#include "braid/torus.h"\n'},
        "includes tests/": {"sim/a.c": gpl + '#include "tests/t.h"\n', "tests/t.h": gpl},
    }
    complaints = list(check(good))
    assert not complaints, complaints
    for expected, change in bad.items():
        complaints = list(check({**good, **change}))
        assert any(expected in complaint for complaint in complaints), (expected, complaints)
    return 0


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--self-test":
        return self_test()
    files = read_tree(sys.argv[1])
    if not files:
        sys.exit(f"{sys.argv[1]}: no C file found")
    complaints = list(check(files))
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
