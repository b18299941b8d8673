#!/usr/bin/python3
"""measure.py -- counts the instructions of every operation of every build of the scheduler.

Method: the plain module is compiled as in the release preset by gcc and by clang (and by gcc at -O2,
for comparison), and runs every operation (operations.c) under callgrind, which writes one dump
an operation.  Instructions of the driver's own source files are left out; what remains is the
scheduler's.  The two bare builds (bare.c), of 64 and of 32 bits, are otherwise equal and linked
without position-independent code, as kernels are.  The traced module's counts of the same operations
come from the program trace.

Writes a table for fit.c: lines `# build NAME: how`, a line of column names, and one line an
operation, with tabs between.

usage: measure.py SOURCE_DIR TRACE_PROGRAM GCC TABLE

SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import re
import subprocess
import sys
import tempfile

SCHEDULER = ["-std=c11", "-ffreestanding", "-mgeneral-regs-only"]
MODULE = ["-fPIC", "-fno-semantic-interposition", "-shared", "-nostdlib", "-Wl,-Bsymbolic"]
BARE = ["-fno-pic", "-no-pie", "-static", "-nostdlib"]
RIG = ["rig.c", "kinds.c", "operations.c"]
DRIVER = ["-std=c11", "-O1", "-g"]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"measure.py: {' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def callgrind(work, *program):
    """{operation: instructions of the scheduler in it}"""
    out = os.path.join(work, "callgrind.out")
    run("valgrind", "--tool=callgrind", "--collect-atstart=no", "--combine-dumps=yes",
        f"--callgrind-out-file={out}", *program)
    counts, files = {}, {}
    operation, ours, is_call = None, False, False
    with open(out, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("desc: Trigger: "):
                operation = line.removeprefix("desc: Trigger: Client Request: ").rstrip("\n")
                counts[operation] = 0
            elif name := re.match(r"(fl|fi|fe|cfi|cfl)=\((\d+)\)(?: (.*))?$", line):
                kind, number, path = name.groups()
                files.setdefault(number, path)
                if kind == "fl":
                    ours = "tests/instructions/" in files[number]
            elif line.startswith("calls="):
                is_call = True  # the next line is the cost of the callee
            elif re.match(r"[\d+*-]", line):
                if not is_call and not ours:
                    counts[operation] += int(line.split()[1])
                is_call = False
    return counts


class Builder:
    """Compiles and counts in a folder of its own."""

    def __init__(self, source, work, gcc):
        self.source, self.work, self.gcc = source, work, gcc
        self.includes = [f"-I{source}", f"-I{source}/models/sched/include"]
        sched = os.path.join(source, "models/sched")
        # context.c is in no module.
        self.scheduler = sorted(os.path.join(sched, name) for name in os.listdir(sched)
                                if name.endswith(".c") and name != "context.c")
        self.how = {}

    def driver(self, *names):
        return [os.path.join(self.source, "tests/instructions", name) for name in names]

    def note(self, name, compiler, flags):
        version = run(compiler, "--version").split("\n", 1)[0]
        self.how[name] = f"{version}, {' '.join(flags)}"

    def module(self, name, compiler, *flags):
        count, module = os.path.join(self.work, "count"), os.path.join(self.work, f"{name}.so")
        if not os.path.exists(count):
            run(self.gcc, *DRIVER, *self.includes, *self.driver("count.c", *RIG),
                "-o", count, "-ldl")
        run(compiler, *SCHEDULER, *MODULE, *flags, *self.includes, *self.scheduler, "-o", module)
        self.note(name, compiler, flags)
        return callgrind(self.work, count, module)

    def bare(self, name, *flags):
        machine = [flag for flag in flags if flag.startswith("-m")]
        objects = []
        for path in self.driver("bare.c", *RIG):
            objects.append(os.path.join(self.work, f"{name}-{os.path.basename(path)}.o"))
            run(self.gcc, *DRIVER, "-ffreestanding", "-fno-pic", *machine, *self.includes,
                "-c", path, "-o", objects[-1])
        program = os.path.join(self.work, name)
        run(self.gcc, *SCHEDULER, *BARE, *flags, *self.includes, *self.scheduler, *objects,
            "-o", program)
        self.note(name, self.gcc, flags)
        return callgrind(self.work, program)


def main():
    source, trace, gcc, table = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        builder = Builder(os.path.abspath(source), work, gcc)
        columns = {
            "gcc": builder.module("gcc", gcc, "-O3"),
            "clang": builder.module("clang", "clang", "-O3"),
            "gcc-O2": builder.module("gcc-O2", gcc, "-O2"),
            "bits64": builder.bare("bits64", "-O3"),
            "bits32": builder.bare("bits32", "-O3", "-m32", "-march=i686"),
        }
        traced = [line.split("\t") for line in run(trace).splitlines()]
    with open(table, "w", encoding="utf-8") as out:
        for name in columns:
            print(f"# build {name}: {builder.how[name]}", file=out)
        print("operation", "blocks", "bytes", "accesses", "calls", "entries", *columns, sep="\t", file=out)
        for operation, *counts in traced:
            print(operation, *counts, *(count[operation] for count in columns.values()),
                  sep="\t", file=out)


if __name__ == "__main__":
    main()
