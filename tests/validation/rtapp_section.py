"""rtapp_section.py -- R: rt-app itself and braidsim on the same files, CPU time of every task.

What rt-app took was measured once (rtapp_measure.py writes rtapp-measured.json); so was the profile of that
host (braidsim calibrate; rtapp-host.json).  The files are those of Debian's package rt-app, which has to
be installed.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import statistics

from support import HERE, CannotRun, Section, load_json, percent_off, table

EXAMPLES = "/usr/share/doc/rt-app/examples"
LEAST_MS = 5  # less than that is overhead and chance


NAME_MOST = 15  # the kernel refuses longer names, so that such threads stay "rt-app"


def is_entry(name, thread):
    """Does the thread's CPU time belong to the entry?"""
    if thread == "rt-app":
        return len(name) > NAME_MOST
    return name == "".join(c if c.isalnum() or c in "_-" else "_" for c in thread)


def simulated_ms(lab, data, file):
    """CPU time of each task, by what the scheduler was told, as the kernel counts it."""
    sets = {"/machine/cpu": os.path.join(HERE, "rtapp-host.json"), "/machine/cores": data["cpus"],
            "/duration_ms": 1000 * file["seconds"]}
    times = {}
    for row in lab.processes(os.path.join(EXAMPLES, file["file"]), sets, ["--as", "rt-app"]):
        times[row["workload"]] = times.get(row["workload"], 0) + int(row["runtime_ns"]) / 1e6
    return times


def compare(lab, data, file):
    """Rows (task, measured: median, least and most; simulated)."""
    here = simulated_ms(lab, data, file)
    rows = []
    for task in file["tasks"]:
        found = [name for name in here if is_entry(name, task["name"])]
        if not found:
            raise CannotRun(f"{file['file']}: no task is called {task['name']}")
        times = task["cpu_ms"]
        rows.append((" + ".join(found), statistics.median(times), min(times), max(times),
                     sum(here[name] for name in found)))
    return rows


def whole_ms(file):
    """The CPU time of all tasks in each run."""
    return [sum(times) for times in zip(*(task["cpu_ms"] for task in file["tasks"]))]


def conditions(data):
    others = [p for file in data["files"] for p in file["others_percent"]]
    runs = [len(file["others_percent"]) for file in data["files"]]
    loops = [ns for file in data["files"] for ns in file["ns_per_loop"]]
    group = (", which gave way to it (a cpu cgroup of its own with a hundred times the weight)"
             if data["in_cgroup"] else "")
    return (
        f"Measured on {data['date']}: rt-app {data['rt_app']} on {data['cpus']} CPUs "
        f"({data['cpu']}) of a virtual machine under Linux {data['kernel']}, {min(runs)} "
        "runs or more of each file, by `tests/validation/rtapp_measure.py`: so long after its "
        "threads have appeared rt-app is stopped, and their time is read from "
        "`/proc/PID/task/TID/schedstat`. The machine was not idle: during these runs other programs "
        f"took {min(others):.0f} to {max(others):.0f} % of its CPUs{group}. A loop of rt-app's, "
        f"measured before each run and given as its calibration, took {min(loops)} to {max(loops)} "
        "ns of CPU time, by what they and the neighbours on the host did, and within a run that "
        "changes as much; and where threads start at different "
        "times, a wake-up that nobody waits for yet is lost, and what it was for never runs. The "
        "median of all runs is compared, and the least and the most tell how far they are apart.")


def experiment(lab):
    if not os.path.isdir(EXAMPLES):
        raise CannotRun("Debian's package rt-app, whose examples are compared, is not installed")
    data = load_json(os.path.join(HERE, "rtapp-measured.json"))
    section = Section("R", "rt-app itself, on the same files", "compare")
    lines, errors, sums, inside = [], [], [], 0
    for file in data["files"]:
        rows = compare(lab, data, file)
        for i, (task, median, least, most, here) in enumerate(rows):
            off = f"{percent_off(here, median):+.1f} %" if median >= LEAST_MS else ""
            lines.append([f"`{file['file']}`" if i == 0 else "", task, f"{median:.1f}",
                          f"{least:.1f} to {most:.1f}", f"{here:.1f}", off])
            if median >= LEAST_MS:
                errors.append((abs(percent_off(here, median)), file["file"], task))
                inside += least <= here <= most
        whole, here = statistics.median(whole_ms(file)), sum(row[4] for row in rows)
        sums.append(percent_off(here, whole))
        section.verdict(f"CPU time of all tasks of {file['file']}, ms", f"{whole:.0f}",
                        f"{here:.0f}", f"{sums[-1]:+.1f} %")
    median, worst = statistics.median(e[0] for e in errors), max(errors)
    section.verdict("median error of a task", "0 %", f"{median:.1f} %", "")
    section.verdict("tasks between the least and the most measured", f"{len(errors)}", f"{inside}", "")
    section.sentence = (
        f"Over {len(data['files'])} files the CPU time of all tasks together is off by "
        f"{min(sums):+.1f} to {max(sums):+.1f} %, that of a single task by {median:.1f} % in the "
        f"median and {worst[0]:.1f} % at worst ({worst[2]} of {worst[1]}).")
    section.add(
        conditions(data),
        "Simulated: the same files by `--as rt-app`, on as many cores of the profile that `braidsim "
        "calibrate` made of that machine (`tests/validation/rtapp-host.json`), for as long; what "
        "counts is the time that the scheduler was told of (`runtime_ns`).",
        "rt-app counts a `run` in loops; here it is as long as asked. Its own log and clocks cost "
        "CPU time at every event, and here nothing. Who sleeps between runs, rather than by a timer, gets "
        "round less often where waking and switching take longer.",
        table(["file", "task", "rt-app, median, ms", "least to most", "here, ms", "error"], lines,
              "llrrrr"),
        f"Errors are against the median, and given for tasks of at least {LEAST_MS} ms.")
    return section


EXPERIMENTS = (("R", experiment),)
