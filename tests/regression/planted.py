"""planted.py -- the regression suite catches what it should, and lets pass what it should.

Goal: each kind of regression that a scheduler's author makes is called worse by the metric that it
is about; changes that do no harm are not.  Method: models/sched is copied, one line of the copy is
changed, and the copy is built as a traced module, as the package documents; tests/regression/run
runs the scenarios under it against the committed baselines.  A change that finds not exactly one
place fails, so that the test cannot go stale in silence.

usage: planted.py PROGRAM BUILD_DIR TRACED_COMPILER [NAME...]
SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# name: file, what is there, what is planted, {scenario: metrics one of whose verdicts must be bad}
PLANTS = {
    "a balancer that ping-pongs": (
        "balancer_threshold.c",
        "if (own > load && own - load > braid->threshold && own - load > 1)",
        "if (own + 1 > load)",
        {"balance": ["migrations_per_s"], "rotation": ["migrations_per_s"]}),
    "a balancer that never gives": (
        "balancer_threshold.c",
        "if (own > load && own - load > braid->threshold && own - load > 1)",
        "if (own > load && own - load > 1000000)",
        {"spread": ["wasted_percent", "throughput_per_s"]}),
    "a placement that keeps all": (
        "placement_least_loaded.c",
        "        torus_load(torus) <= load)\n        return torus->id;",
        "        torus_load(torus) <= load || process != NULL)\n        return torus->id;",
        {"placement": ["wasted_percent"]}),
    "a pick that turned linear": (
        "policy_rr.c",
        "    struct process *head = process_of_link(fifo->ready.next);\n",
        "    struct process *head = process_of_link(fifo->ready.next);\n"
        "    for (struct list_link *at = head->link.next; at != &fifo->ready; at = at->next)\n"
        "        if (process_of_link(at)->since_ns < head->since_ns)\n"
        "            head = process_of_link(at);\n",
        {"picks": ["sched_call_ns_mean.schedule"]}),
    "a lost wake-up preemption": (
        "torus.c",
        "    if (torus->policy->preempts == NULL)\n        return;\n",
        "    if (torus->policy->preempts == NULL || process->slice_ns == 0)\n        return;\n",
        {"fair-wakeup": ["wakeup_latency_us_mean.typist"],
         "priority-wakeup": ["wakeup_latency_us_mean.urgent"]}),
    "a slice one tick short": (
        "torus.c",
        "        if (process->slice_ns == 0)\n            requests",
        "        if (process->slice_ns <= used_ns)\n            process->slice_ns = 0;\n"
        "        if (process->slice_ns == 0)\n            requests",
        {"rr-slices": ["switches_per_s"]}),
    "a priority inversion": (
        "policy_priority_aging.c",
        "    uint32_t epoch_bits = 0;\n",
        "    uint32_t epoch_bits = LEVELS_EPOCH_BITS_MAX;\n",
        {"priority-lock": ["response_us_mean.high", "throughput_per_s.high"]}),
    "a leak of fairness across sleep": (
        "policy_fair.c",
        "    if (tree_before(share->received, least))\n",
        "    if (least == 1)\n",
        {"fair-sleep": ["wait_us_p99.hog", "wait_us_mean.hog"]}),
}
# Which change nothing but prices, by a few instructions or by how they are ordered.
HARMLESS = {
    "nothing": (None, None, None),
    "a few instructions more": (
        "torus.c",
        "    core->kicked = 0;\n    struct process *next",
        "    core->kicked = 0;\n    torus->seen += torus->seen == 0xFFFFFFFF;\n"
        "    torus->missed += torus->missed == 0xFFFFFFFF;\n    struct process *next"),
}


def variable(build, name, include):
    """The flags that the package documents."""
    environment = dict(os.environ, PKG_CONFIG_PATH=str(build))
    return subprocess.run(
        ["pkg-config", f"--define-variable=includedir={include}", f"--variable={name}",
         "braid-sched"], env=environment, check=True, capture_output=True, text=True).stdout.split()


class Builder:
    """Traced modules of copies of models/sched; what is not changed is compiled once."""

    def __init__(self, build, compiler, work):
        self.compiler, self.work, self.sources = compiler, work, work / "sched"
        shutil.copytree(ROOT / "models/sched", self.sources)
        self.flags = variable(build, "traced_cflags", self.sources / "include")
        self.link_flags = variable(build, "module_ldflags", "")
        # The context switch is for kernels, and in no module.
        self.objects = {source.name: self.compile(source, source.stem + ".o")
                        for source in sorted(self.sources.glob("*.c"))
                        if source.name != "context.c"}

    def compile(self, source, name):
        """The path of its object."""
        made = self.work / name
        subprocess.run([self.compiler, *self.flags, f"-ffile-prefix-map={self.work}/=", "-c",
                        source, "-o", made], check=True)
        return made

    def module(self, change):
        """The path of a module with that change."""
        name, there, planted = change
        objects = dict(self.objects)
        if name is not None:
            text = (self.sources / name).read_text()
            if text.count(there) != 1:
                sys.exit(f"{name} has {text.count(there)} places like the one to change:\n{there}")
            changed = self.sources / f"changed_{name}"
            changed.write_text(text.replace(there, planted))
            objects[name] = self.compile(changed, "changed.o")
        made = self.work / "module.so"
        subprocess.run([self.compiler, *self.link_flags, *objects.values(), "-o", made], check=True)
        return made


def compare(program, module, out, scenarios):
    """Runs scenarios (all when there are none) under the module: status, {scenario: {metric:
    verdicts}}, and what was printed."""
    environment = dict(os.environ, SCHEDULER=str(module), OUT=str(out))
    done = subprocess.run([ROOT / "tests/regression/run", program, *scenarios], env=environment,
                          capture_output=True, text=True, check=False)
    if done.returncode > 1:
        sys.exit(f"tests/regression/run: status {done.returncode}\n{done.stdout}{done.stderr}")
    verdicts = {}
    for path in out.glob("*.compare.json"):
        found = verdicts.setdefault(path.name.split(".")[0], {})
        for item in json.loads(path.read_text())["metrics"]:
            found.setdefault(item["metric"], set()).add(item["verdict"])
    return done.returncode, verdicts, done.stdout


def check(program, builder, name, change, wanted):
    """True when what is wanted ({}: that all pass) came."""
    module = builder.module(change)
    with tempfile.TemporaryDirectory() as out:
        status, verdicts, printed = compare(program, module, pathlib.Path(out), wanted.keys())
    fine = status == (1 if wanted else 0)
    for scenario, metrics in wanted.items():
        bad = [metric for metric in metrics
               if verdicts[scenario].get(metric, set()) & {"worse", "different"}]
        fine = fine and bool(bad)
        print(f"{name}: {scenario}: {', '.join(bad) if bad else 'not caught'}")
    if not wanted:
        count = sum(len(found) for found in verdicts.values())
        print(f"{name}: {len(verdicts)} scenarios, {count} metrics: "
              f"{'none worse' if fine else 'called worse'}")
    if not fine:
        print(printed)
    return fine


def main():
    """All of them, or those named."""
    program, build, compiler = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    names = sys.argv[4:] or [*HARMLESS, *PLANTS]
    fine = True
    with tempfile.TemporaryDirectory() as work:
        builder = Builder(build, compiler, pathlib.Path(work))
        for name in names:
            if name in HARMLESS:
                fine &= check(program, builder, name, HARMLESS[name], {})
            else:
                *change, wanted = PLANTS[name]
                fine &= check(program, builder, name, change, wanted)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
