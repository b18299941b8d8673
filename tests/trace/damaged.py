#!/usr/bin/python3
"""damaged.py -- no file that is called a trace does harm.

Goal: whatever happens to a trace on its way, it is refused in words or replayed.  Method: 200
traces, in both of perf's forms and in ftrace's, are cut off, have bits flipped, lines put into
another order, doubled or left out, and numbers made huge, by random numbers of a fixed seed; each
is checked and, where it is fine, imported, fitted and run.  A sanitizer that has something to say
ends the program with another status.

usage: damaged.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import concurrent.futures
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile

from checks import check, finish

PROGRAM = os.path.abspath(sys.argv[1])
COUNT = 200
HUGE = [b"0", b"1", b"99999999999999999999999999", b"4294967296", b"18446744073709551615",
        b"2147483648", b"-1", b"1e400", b"65535", b"99999"]


def program(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, check=False, timeout=60)
    return done.returncode, done.stderr.decode(errors="replace")


def original():
    """ftrace text of a run, short enough to hurt it everywhere."""
    scenario = {"name": "o", "duration_ms": 20, "replications": 1, "cost": "flat",
                "machine": {"cpu": "zen4", "cores": 2}, "scheduler": {"policy": "fair"},
                "workload": [{"name": "w", "instances": 5, "phases": [
                    {"run": {"dist": "exponential", "mean_us": 400}}, {"sleep": 900}]}]}
    with open("o.json", "w", encoding="utf-8") as file:
        json.dump(scenario, file)
    status, said = program("run", "--quiet", "o.json", "--out", "o", "--trace", "o.ftrace")
    check(status == 0, f"original: status {status}: {said}")
    with open("o.ftrace", "rb") as file:
        return file.read()


def as_perf(text, short):
    text = re.sub(rb"^ *(\S+)-(\d+) +(\[\d+\]) \S+ +([\d.]+): (sched)", rb"\1 \2 \3 \4: sched:\5",
                  text, flags=re.M)
    if short:
        text = re.sub(rb"prev_comm=(\S+) prev_pid=(\d+) prev_prio=(\d+) prev_state=(\S) ==> "
                      rb"next_comm=(\S+) next_pid=(\d+) next_prio=(\d+)",
                      rb"\1:\2 [\3] \4 ==> \5:\6 [\7]", text)
    return text


def cut(chance, text):
    begin, end = sorted(chance.sample(range(len(text)), 2))
    return text[:end] if chance.random() < 0.5 else text[begin:]


def flip(chance, text):
    damaged = bytearray(text)
    for _ in range(chance.choice([1, 10, 100, 1000])):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def reorder(chance, text):
    lines = text.split(b"\n")
    how = chance.randrange(4)
    if how == 0:
        chance.shuffle(lines)
    elif how == 1:
        lines = [line for line in lines if chance.random() < 0.7]
    elif how == 2:
        lines = [line for line in lines for _ in range(chance.choice([1, 1, 2]))]
    else:
        lines.reverse()
    return b"\n".join(lines)


def grow(chance, text):
    share = chance.choice([0.001, 0.01, 0.1])
    return re.sub(rb"\d+", lambda match: chance.choice(HUGE) if chance.random() < share
                  else match[0], text)


def damage(chance, text):
    for way in chance.sample([cut, flip, reorder, grow], chance.choice([1, 1, 1, 2])):
        text = way(chance, text) or b" "
    if chance.random() < 0.1: # a damaged file that is compressed, or a compressed one that is damaged
        text = gzip.compress(text, mtime=0)
        if chance.random() < 0.5:
            text = flip(chance, text)
    return text


def try_one(number):
    """Whether it was fine; what was wrong with the program."""
    wrong = []
    path, scenario = f"{number}.ftrace", f"{number}.json"
    with open(scenario, "w", encoding="utf-8") as file:
        json.dump({"name": "d", "duration_ms": 20, "replications": 1, "cost": "flat",
                   "machine": {"cpu": "zen4", "cores": 2}, "scheduler": {"policy": "fair"},
                   "workload": [{"trace": path}]}, file)
    status, said = program("run", "--quiet", scenario, "--out", f"out{number}")
    if status not in (0, 2) or (status == 2 and path not in said):
        wrong.append(f"{path}: status {status}: {said[-600:]}")
    fitted, said_then = program("import", path, "--fit", "--out", f"{number}.fit.json")
    if fitted not in (0, 2) or (fitted == 2 and path not in said_then) or fitted > status:
        wrong.append(f"{path}: import: status {fitted}: {said_then[-600:]}")
    if fitted == 0:
        checked, said_then = program("check", f"{number}.fit.json")
        if checked not in (0, 2) or (checked == 2 and status == 0):
            wrong.append(f"{path}: imported: status {checked}: {said_then[-600:]}")
    return status == 0, wrong


def main():
    chance = random.Random(20240229)
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        text = original()
        texts = [text, as_perf(text, False), as_perf(text, True)]
        for number in range(COUNT):
            with open(f"{number}.ftrace", "wb") as file:
                file.write(damage(chance, texts[number % 3]))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = list(pool.map(try_one, range(COUNT)))
        for _, wrong in results:
            check(not wrong, "; ".join(wrong))
        ran = sum(fine for fine, _ in results)
        print(f"{ran} of {COUNT} ran, the rest were refused")
        check(COUNT / 4 < ran < COUNT, f"{ran} ran")
    finish()


main()
