#!/usr/bin/python3
"""shards.py -- shards that are put together are the study, and nothing else is taken for it.

Goal: results of merge equal those of one run to the byte, for any number of shards, with the exit status and
verdicts of a run; what is missing, there twice, unfinished or of another study is refused.
Method: one study is run whole and in 1, 2, 3 and 7 shards, which are more than it has groups.

usage: shards.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import os
import shutil
import sys
import tempfile

from support import check, equal, finish, refused, run, write

program = os.path.realpath(sys.argv[1])
work = tempfile.mkdtemp(prefix="braidsim-shards.")
os.chdir(work)


def shard(i, n, *arguments, name="s", scenario="study.json"):
    out = f"{name}{i}of{n}"
    run(program, "run", scenario, "--quiet", "--shard", f"{i}/{n}", "--out", out, *arguments)
    return out


write("study.json")
run(program, "run", "study.json", "--quiet", "--out", "whole")
for n in (2, 3, 7):
    parts = [shard(i, n) for i in range(n, 0, -1)]
    run(program, "merge", *parts, "--quiet", "--out", f"merged{n}")
    equal("whole", f"merged{n}", f"{n} shards")
total = 0
for i in (1, 2):
    with open(f"s{i}of2/manifest.json", encoding="utf-8") as file:
        check(json.load(file)["shard"] == f"{i}/2", "manifest.json names no shard")
    check(sorted(os.listdir(f"s{i}of2")) == ["manifest.json", "scenario.json", "shard.journal"],
          f"a shard holds {os.listdir(f's{i}of2')}")
shutil.move("study.json", "moved.json")  # all that is wanted is in the shards
run(program, "merge", "s1of2", "s2of2", "--quiet", "--out", "again")
equal("whole", "again", "without the scenario")
shutil.move("moved.json", "study.json")
run(program, "run", "study.json", "--quiet", "--out", "again")  # over it, as it is a whole study
text = run(program, "merge", "s1of3", "s2of3", "s3of3", "--out", "again")
check("Where the cores' time went" in text and "Results: again" in text, f"no table: {text}")
text = run(program, "run", "study.json", "--shard", "1/2", "--out", "s1of2")
check("16 runs, which are shard 1 of 2" in text or "24 runs, which are shard 1 of 2" in text,
      f"a shard says {text}")
text = run(program, "run", "study.json", "--shard", "1/2", "--out", "s1of2", "--resume")
check("Complete before: s1of2" in text, f"a complete shard says {text}")

# ---- Expectations are judged when all is there ------------------------------------------------
write("hopes.json", expect=[{"variant": "rr", "metric": "jain", "at_least": 2}])
for i in (1, 2):
    shard(i, 2, name="h", scenario="hopes.json")
whole = run(program, "run", "hopes.json", "--quiet", "--out", "hopes", status=1)
text = run(program, "merge", "h1of2", "h2of2", "--quiet", "--out", "hopes2", status=1)
check(text.count("FAIL") == whole.count("FAIL") == 5, f"verdicts: {text}")
equal("hopes", "hopes2", "with expectations")

# ---- What is refused -----------------------------------------------------------------------------
for message, arguments in (
        ("shard 2 of 3 is missing", ["s1of3", "s3of3"]),
        ("s1of3: is shard 1 of 3, and so is s1of3", ["s1of3", "s2of3", "s1of3"]),
        ("s2of2: is shard 2 of 2, but s1of3 is of 3", ["s1of3", "s2of2"]),
        ("whole: holds no shard", ["whole", "s1of3"]),
        ("nowhere/scenario.json", ["nowhere"]),
        ("h2of2: is of another study: /scenario/expect is ", ["s1of2", "h2of2"])):
    refused(message, program, "merge", *arguments, "--out", "refused")
for command in (["plot", "s1of2"], ["compare", "s1of2", "whole"], ["compare", "whole", "s1of2"]):
    refused("s1of2: holds one shard of a study, and no results yet; `braidsim merge DIR...", program,
            *command)
refused("where to? --out DIR", program, "merge", "s1of2", "s2of2")
refused('"s1of2" is one of the shards', program, "merge", "s1of2", "s2of2", "--out", "s1of2")
for bad in ("0/2", "3/2", "1", "a/b", "1/2x", "-1/2", "1/0"):
    refused("--shard must be I/N", program, "run", "study.json", "--shard", bad)
shard(2, 2, "--seed", "4", name="seed")
refused("seed2of2: is of another study: /scenario/seed is 4 there, and 3 here", program, "merge",
        "s1of2", "seed2of2", "--out", "refused")
with open("s2of2/shard.journal", "r+b") as file:
    file.truncate(os.path.getsize("s2of2/shard.journal") - 9)
refused("s2of2: is damaged: replication ", program, "merge", "s1of2", "s2of2", "--out",
        "refused")
shutil.copy("s2of2/shard.journal", "s2of2/runs.journal")
refused("s2of2: is not finished", program, "merge", "s1of2", "s2of2", "--out", "refused")
for command in (["plot", "s2of2"], ["compare", "whole", "s2of2"]):
    refused("s2of2: holds a study that is not finished; `braidsim run --resume`", program, *command)
check(not os.path.exists("refused"), "a refused merge left something")
shutil.rmtree(work)
finish()
