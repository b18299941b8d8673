#!/usr/bin/python3
"""mutated.py -- damaged rt-app files are refused with a place, or run; nothing else happens.

Goal: no file makes the program crash, hang or leak (the sanitizers of the preset tell).  Method:
200 files, made of those beside this and of rt-app's own examples by a generator with a fixed seed:
cut off, with bits flipped, with lines moved, with numbers far too large, with characters gone.  Each
is run for a few simulated milliseconds; the status must be 0 or 2, and a refusal must be one line
that begins with the file.

usage: mutated.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import concurrent.futures
import glob
import os
import random
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(sys.argv[1])
EXAMPLES = "/usr/share/doc/rt-app/examples"
FILES, SEED, LIMIT_S = 200, 5, 60
NUMBERS = ["-1", "-2147483648", "0", "1", "99", "1023", "65536", "1000000000", "2147483647",
           "2147483648", "9007199254740993", "1000000000000000000", "1e308", "1e-5", "00"]
EVENT = re.compile(rb'^\s*"(run|sleep|(un)?lock|wait|signal|sync|suspend|resume|timer|barrier|sem_|mem'
                   rb'|iorun|fork|yield)[^{}]*({[^{}]*})?[^{}]*,\s*$')


def cut(text, rng):
    return text[:rng.randrange(len(text))]


def flip(text, rng):
    changed = bytearray(text)
    for _ in range(rng.choice((1, 1, 2, 5))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def move_lines(text, rng):
    lines = text.split(b"\n")
    only = EVENT if rng.random() < 0.7 else re.compile(b"")  # events alone: it is JSON still
    for _ in range(rng.choice((1, 3, 10))):
        places = [i for i, line in enumerate(lines) if only.search(line)]
        if len(places) > 1:
            line = lines.pop(places.pop(rng.randrange(len(places))))
            lines.insert(rng.choice([i for i, line in enumerate(lines) if only.search(line)]), line)
    return b"\n".join(lines)


def put_numbers(text, rng):
    for _ in range(rng.choice((1, 1, 3))):
        number = rng.choice(list(re.finditer(rb"(?<![\w.\"])-?\d+(?![\w.\"])", text)) or [None])
        if number:
            text = text[:number.start()] + rng.choice(NUMBERS).encode() + text[number.end():]
    return text


def drop(text, rng):
    for _ in range(rng.choice((1, 2))):
        at = rng.randrange(len(text))
        text = text[:at] + text[at + rng.choice((1, 1, 2, 20)):]
    return text


MUTATIONS = (cut, flip, move_lines, put_numbers, drop)


def mutants():
    rng = random.Random(SEED)
    paths = sorted(glob.glob(HERE + "/*.json")) + sorted(
        path for path in glob.glob(EXAMPLES + "/**/*.json", recursive=True) if "merge" not in path)
    texts = []
    for path in paths:
        with open(path, "rb") as file:
            texts.append(file.read())
    for i in range(FILES):
        yield MUTATIONS[i % len(MUTATIONS)](texts[rng.randrange(len(texts))], rng)


def run(work, number, text):
    """What is wrong with how the program takes it, or None; and its status."""
    path = os.path.join(work, f"{number}.json")
    with open(path, "wb") as file:
        file.write(text)
    command = [PROGRAM, "run", "--as", "rt-app", path, "--quiet", "--jobs", "1", "--cost", "flat",
               "--set", "/duration_ms=10", "--out", os.path.join(work, f"{number}")]
    try:
        done = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return "hangs", None
    said = done.stderr.decode("utf-8", "replace")
    lines = [line for line in said.splitlines() if ": note: " not in line]
    if done.returncode not in (0, 2):
        return f"status {done.returncode}: {said[-2000:]}", done.returncode
    if done.returncode == 2 and not (lines and lines[0].startswith(path) and lines[0].count(": ")):
        return f"refused without a place: {said[-2000:]}", 2
    return None, done.returncode


def main():
    counts, failures = {}, 0
    with tempfile.TemporaryDirectory() as work, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        texts = list(mutants())
        for number, (wrong, status) in enumerate(
                pool.map(lambda pair: run(work, *pair), enumerate(texts))):
            counts[status] = counts.get(status, 0) + 1
            if wrong:
                failures += 1
                kept = os.path.join(tempfile.gettempdir(), f"braidsim-mutated-{number}.json")
                with open(kept, "wb") as file:
                    file.write(texts[number])
                print(f"FAILED: {kept}: {wrong}", file=sys.stderr)
    print(f"{len(texts)} files: {counts.get(0, 0)} run, {counts.get(2, 0)} refused")
    if not counts.get(0) or not counts.get(2):
        print("FAILED: all of one kind: nothing is tested", file=sys.stderr)
        failures += 1
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
