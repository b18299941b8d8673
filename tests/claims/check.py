#!/usr/bin/python3
"""check.py -- `braidsim claims`, and that docs/CLAIMS.md is what it makes.

Goal: no verdict is by hand, in the program or on the page; the ledger is the same whatever the jobs.
Method: the page's last line has a hash of the page and one of what it was made from, which the program
tells without a run; a page of which one figure was changed must be found out. One cheap claim is
measured, and its verdicts are worked out again here from the intervals that it states.

usage: check.py PROGRAM
SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "trace"))
from checks import check, finish  # noqa: E402  (its folder is found above)

PAGE = os.path.join(ROOT, "docs", "CLAIMS.md")
STAMP = re.compile(rb"\n<!-- shape ([0-9a-f]{16}), text ([0-9a-f]{16}) -->\n\Z")

def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def stamp(page):
    """The shape that the page states, or None if it is not as the program wrote it."""
    found = STAMP.search(page)
    if found is None or int(found.group(2), 16) != fnv1a(page[:found.start()]):
        return None
    return found.group(1).decode()


def run(program, *arguments):
    return subprocess.run([program, "claims", *arguments], capture_output=True, text=True,
                          check=False)


def check_page(program):
    with open(PAGE, "rb") as file:
        page = file.read()
    shape = run(program, "--shape").stdout.strip()
    check(re.fullmatch("[0-9a-f]{16}", shape), f"--shape prints a hash, not {shape!r}")
    check(stamp(page) is not None, "docs/CLAIMS.md is not as the program wrote it: make it again")
    check(stamp(page) in (None, shape),
          "docs/CLAIMS.md is of other claims, studies or machines: make it again")
    damaged = page.replace(b"**fails**", b"**holds**", 1)
    check(damaged != page and stamp(damaged) is None, "a changed verdict is found out")


def check_finding(claim, finding):
    """Verdicts by the rule, from the intervals."""
    measured = holding = 0
    for setting in finding["settings"]:
        figure = setting["figure"]
        if figure["n"] < 2:
            continue
        holds = (figure["low"] >= claim["at_least"] if "at_least" in claim
                 else figure["high"] <= claim["at_most"])
        check(setting["holds"] == holds, f"{claim['id']} {setting['at']}: {setting}")
        measured += 1
        holding += holds
    check((measured, holding) == (finding["measured"], finding["holding"]), claim["id"])
    wanted = ("not measured" if measured == 0 else "fails" if holding == 0
              else "holds" if holding == measured else "holds under conditions")
    check(finding["verdict"] == wanted, f"{claim['id']}: {finding['verdict']}, not {wanted}")
    check((finding["conditions"] != "") == (wanted == "holds under conditions"), claim["id"])
    return wanted


def check_ledger(ledger):
    for claim in ledger["claims"]:
        for machine in claim["machines"]:
            verdict = check_finding(claim, machine)
            if machine["instructions_per_cycle_kind"] != "assumed":
                continue
            varied = [check_finding(claim, machine[key]) for key in ("ipc_halved", "ipc_doubled")]
            check(machine["survives_ipc"] == (varied == [verdict, verdict]), claim["id"])


def check_run(program, work):
    asked = ["--claim", "fair-jain", "--claim", "switch", "--machine", "raspberry-pi-1",
             "--replications", "2"]
    outputs = []
    for jobs in ("1", "2"):
        files = [os.path.join(work, f"{jobs}.{kind}") for kind in ("json", "md")]
        result = run(program, *asked, "--jobs", jobs, "--json", files[0], "--markdown", files[1])
        check(result.returncode == 0, result.stderr)
        check(max(map(len, result.stdout.split("\n"))) <= 100, "a line of over 100 columns")
        outputs.append([result.stdout] + [open(name, "rb").read() for name in files])
    check(outputs[0] == outputs[1], "the ledger differs between --jobs 1 and 2")
    check(stamp(outputs[0][2]) is not None, "a page that was just made is as it was made")
    ledger = json.loads(outputs[0][1])
    check([c["id"] for c in ledger["claims"]] == ["switch", "fair-jain"], "two claims")
    check_ledger(ledger)


def check_unmeasured(program, work):
    """Several cores are wanted, and there is one: the reason is said, and nothing of the IPC."""
    name = os.path.join(work, "unmeasured.json")
    result = run(program, "--claim", "scaling", "--claim", "three-torus1", "--machine",
                 "raspberry-pi-1", "--json", name)
    reason = "raspberry-pi-1 has one core, and the claim is of several"
    check(result.returncode == 0, result.stderr)
    check(result.stdout.count(f"VERDICT: not measured: {reason}\n") == 2, result.stdout)
    check("IPC" not in result.stdout.split("VERDICT")[1], result.stdout)
    with open(name, encoding="utf-8") as file:
        claims = json.load(file)["claims"]
    check([(c["verdict"], c["reason"]) for c in claims] == 2 * [("not measured", reason)], claims)


def check_switch():
    """What a switch of registers is taken to be is how long its code is, but for the load of the x87 control
    word, which is skipped as a rule."""
    with open(os.path.join(ROOT, "models/sched/context_x86_64.S"), encoding="utf-8") as file:
        code = re.search(r"^process_context_switch:(.*?)^\s+ret$", file.read(), re.S | re.M)
    lines = code.group(1).split("\n")
    count = 1 + sum(bool(re.match(r"\s+(?!fldcw)[a-z]", line)) for line in lines)
    with open(os.path.join(ROOT, "sim/claims/quantity.h"), encoding="utf-8") as file:
        stated = int(re.search(r"SWITCH_INSTRUCTIONS = (\d+)", file.read()).group(1))
    check(count == stated, f"process_context_switch() has {count} instructions, not {stated}")


def check_refusals(program):
    for arguments, words in ((["--claim", "none"], "no claim is called"),
                             (["--machine", "zen5"], "there is no CPU profile \"zen5\", did you mean \"zen4\"?"),
                             (["--machine", "./none.json"], "there is no CPU profile"),
                             (["--replications", "1"], "from 2"),
                             (["extra"], "takes no arguments")):
        result = run(program, *arguments)
        check(result.returncode == 2 and words in result.stderr, (arguments, result.stderr))


def main():
    program = os.path.realpath(sys.argv[1])
    check_switch()
    check_refusals(program)
    check_page(program)
    with tempfile.TemporaryDirectory() as work:
        check_run(program, work)
        check_unmeasured(program, work)
    finish()


if __name__ == "__main__":
    main()
