/* sched_line.c -- one line of a recorded trace.
 *
 * Goal: every field of every event is read as it stands, in the forms of ftrace, trace-cmd, perf,
 * whatever a comm is; what is none is told apart.
 * Method: lines beside what they say, among them such whose comm looks like the rest of a line, and
 * numbers at the ends of their ranges.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/sched_line.h"

#include <string.h>

#include "tests/support/suite.h"

static const struct expected {
    const char *text;
    enum sched_line_kind kind;
    uint64_t ns, count;
    uint32_t cpu;
    const char *comm;
    uint32_t pid;
    int prio;
    char state;
    const char *next_comm;
    uint32_t next_pid;
    int next_prio;
} lines[] = {
    /* Switches: ftrace, perf, and perf's older form. */
    { " a b-5 [003] d..2. 12.000345: sched_switch: prev_comm=a b prev_pid=5 prev_prio=120 "
      "prev_state=S ==> next_comm=c next_pid=6 next_prio=98",
      SCHED_SWITCH, 12000345000, 0, 3, "a b", 5, 120, 'S', "c", 6, 98 },
    { "a 5 [003] 12.123456789: 1 sched:sched_switch: prev_comm=a prev_pid=5 prev_prio=-1 "
      "prev_state=R+ ==> next_comm=swapper/3 next_pid=0 next_prio=139",
      SCHED_SWITCH, 12123456789, 0, 3, "a", 5, -1, 'R', "swapper/3", 0, 139 },
    { "a 5 [1023] 0.1: sched:sched_switch: a:5 [120] D|W ==> b:6 [0]", SCHED_SWITCH, 100000000, 0,
      1023, "a", 5, 120, 'D', "b", 6, 0 },
    { "a 5 [0] 0.1234567891: sched:sched_switch: :5 [120] S ==> :6 [0]", SCHED_SWITCH, 123456789, 0,
      0, "", 5, 120, 'S', "", 6, 0 },
    /* Comms that look like what follows them. */
    { "x [000] 1.0: x: y 5 [002] 1.000001: sched_switch: prev_comm= prev_pid=7 prev_pid=5 "
      "prev_prio=120 prev_state=S ==> next_comm= next_pid=8 next_prio=9 next_pid=6 next_prio=1",
      SCHED_SWITCH, 1000001000, 0, 2, " prev_pid=7", 5, 120, 'S', " next_pid=8 next_prio=9", 6, 1 },
    { "a 5 [0] 0.1: sched:sched_switch: a ==> b:5 [120] S ==> c:1 [2]:6 [7]", SCHED_SWITCH,
      100000000, 0, 0, "a ==> b", 5, 120, 'S', "c:1 [2]", 6, 7 },
    { "a 5 [0] 0.1: sched:sched_switch: a:3 [4] S:5 [120] S ==> b:6 [7]", SCHED_SWITCH, 100000000,
      0, 0, "a:3 [4] S", 5, 120, 'S', "b", 6, 7 },
    /* Comms that look like all of the line: who leaves is who it begins with. */
    { "x:1 [2] S ==> y 5 [0] 0.1: sched:sched_switch: x:1 [2] S ==> y:5 [120] R ==> b:6 [7]",
      SCHED_SWITCH, 100000000, 0, 0, "x:1 [2] S ==> y", 5, 120, 'R', "b", 6, 7 },
    { "a 5 [0] 0.1: sched:sched_switch: a:5 [120] R ==> x:1 [2] S ==> y:6 [7]", SCHED_SWITCH,
      100000000, 0, 0, "a", 5, 120, 'R', "x:1 [2] S ==> y", 6, 7 },
    { "  x:5 [2] S ==> y   4/5 \t[0] 0.1: sched_switch: x:5 [2] S ==> y:5 [120] R ==> b:6 [7]",
      SCHED_SWITCH, 100000000, 0, 0, "x:5 [2] S ==> y", 5, 120, 'R', "b", 6, 7 },
    { " x:5 [2] S ==> -5  [0] 0.1: sched_switch: x:5 [2] S ==> :5 [120] R ==> b:6 [7]",
      SCHED_SWITCH, 100000000, 0, 0, "x:5 [2] S ==> ", 5, 120, 'R', "b", 6, 7 },
    { "     x-5 [0] 0.1: sched_switch:  x :5 [120] R ==> x:5 [2] S ==> y:6 [7]", SCHED_SWITCH,
      100000000, 0, 0, "x ", 5, 120, 'R', "x:5 [2] S ==> y", 6, 7 },
    { "swapper 0 [0] 0.1: sched_switch: swapper/0:0 [120] R ==> x:1 [2] S ==> y:6 [7]",
      SCHED_SWITCH, 100000000, 0, 0, "swapper/0", 0, 120, 'R', "x:1 [2] S ==> y", 6, 7 },
    { "5 [0] 0.1: sched_switch: a:5 [120] R ==> x:1 [2] S ==> y:6 [7]", SCHED_SWITCH, 100000000, 0,
      0, "a", 5, 120, 'R', "x:1 [2] S ==> y", 6, 7 },
    { "[0] 0.1: sched_switch: a:5 [120] R ==> x:1 [2] S ==> y:6 [7]", SCHED_TWOFOLD, 0, 0, 0, "", 0,
      0, 0, "", 0, 0 },
    { "z 5 [0] 0.1: sched_switch: x:5 [2] S ==> y:5 [120] R ==> b:6 [7]", SCHED_TWOFOLD, 0, 0, 0,
      "", 0, 0, 0, "", 0, 0 },
    { "prev_comm=q 5 [0] 0.1: sched:sched_switch: prev_comm=q:5 [120] S ==> b:6 [7]", SCHED_SWITCH,
      100000000, 0, 0, "prev_comm=q", 5, 120, 'S', "b", 6, 7 },
    /* Wakings and forks. */
    { " <idle>-0 [001] d.h. 1.5: sched_waking: comm=a pid=3 pid=4194304 prio=120 target_cpu=000",
      SCHED_WAKING, 1500000000, 0, 1, "a pid=3", 4194304, 120, 0, "", 0, 0 },
    { "a 5 [001] 1.5: sched:sched_wakeup: b:7 [100] success=1 CPU:001", SCHED_WAKING, 1500000000, 0,
      1, "b", 7, 100, 0, "", 0, 0 },
    { " a-5 [001] .... 1.5: sched_process_fork: comm=a child_comm=x pid=5 child_comm=b child_pid=9",
      SCHED_WAKING, 1500000000, 0, 1, "b", 9, 0, 0, "", 0, 0 },
    { " a-5 [001] .... 1.5: sched_stat_runtime: comm=a pid=5 runtime=1000000000000000 [ns]",
      SCHED_RUNTIME, 1500000000, 1000000000000000, 1, "a", 5, 0, 0, "", 0, 0 },
    /* Others. */
    { " a-5 [001] .... 1.5: sched_process_exit: comm=a pid=5 prio=120", SCHED_EMPTY, 1500000000, 0,
      1, "", 0, 0, 0, "", 0, 0 },
    { " a-5 [001] .... 1.5: irq_handler_entry: irq=1", SCHED_OTHER, 1500000000, 0, 1, "", 0, 0, 0,
      "", 0, 0 },
    { "a 5 [0] 0.1: irq: x [1] 2.0: nothing", SCHED_OTHER, 100000000, 0, 0, "", 0, 0, 0, "", 0, 0 },
    { "   \r", SCHED_EMPTY, 0, 0, 0, "", 0, 0, 0, "", 0, 0 },
    { "# tracer: nop", SCHED_EMPTY, 0, 0, 0, "", 0, 0, 0, "", 0, 0 },
    { "# entries-in-buffer/entries-written: 12/12   #P:8", SCHED_CPUS, 0, 8, 0, "", 0, 0, 0, "", 0,
      0 },
    { "CPU:1 [LOST 1000000000000 EVENTS]", SCHED_LOST, 0, 1000000000000, 0, "", 0, 0, 0, "", 0, 0 },
    { "CPU:1 [LOST x, LOST 5 EVENTS]", SCHED_UNKNOWN, 0, 0, 0, "", 0, 0, 0, "", 0, 0 },
    { "CPU:0 [LOST EVENTS]", SCHED_LOST, 0, SCHED_UNCOUNTED, 0, "", 0, 0, 0, "", 0, 0 },
    { "  CPU:12 [EVENTS DROPPED]", SCHED_LOST, 0, SCHED_UNCOUNTED, 0, "", 0, 0, 0, "", 0, 0 },
    { "CPU:1 [12 EVENTS DROPPED]", SCHED_LOST, 0, 12, 0, "", 0, 0, 0, "", 0, 0 },
    { "CPU:1 [12 EVENTS]", SCHED_UNKNOWN, 0, 0, 0, "", 0, 0, 0, "", 0, 0 },
    { "lost 17 events", SCHED_LOST, 0, 17, 0, "", 0, 0, 0, "", 0, 0 },
};

static void expect_who(const char *text, const struct sched_who *who, const char *comm,
                       uint32_t pid, int prio)
{
    ck_assert_msg(who->length == strlen(comm) && memcmp(who->comm, comm, who->length) == 0,
                  "%s: comm is %.*s", text, (int)who->length, who->comm);
    ck_assert_msg(who->pid == pid, "%s: pid is %u", text, who->pid);
    ck_assert_msg(who->prio == prio, "%s: priority is %d", text, who->prio);
}

START_TEST(lines_are_read)
{
    const struct expected *e = &lines[_i];
    struct sched_line line;
    enum sched_line_kind kind = sched_line_read(&line, e->text);
    ck_assert_msg(kind == e->kind, "%s: kind %d, not %d", e->text, (int)kind, (int)e->kind);
    if (kind == SCHED_LOST || kind == SCHED_CPUS || kind == SCHED_RUNTIME)
        ck_assert_uint_eq(line.count, e->count);
    if (kind <= SCHED_CPUS)
        return;
    ck_assert_msg(line.ns == e->ns, "%s: at %ju ns", e->text, (uintmax_t)line.ns);
    ck_assert_uint_eq(line.cpu, e->cpu);
    expect_who(e->text, &line.who, e->comm, e->pid, e->prio);
    ck_assert_int_eq(line.state, e->state);
    if (kind == SCHED_SWITCH)
        expect_who(e->text, &line.next, e->next_comm, e->next_pid, e->next_prio);
}
END_TEST

#define SWITCH(cpu, time, pid, prio, rest)                                                         \
    " a-5 [" cpu "] d..2. " time ": sched_switch: prev_comm=a prev_pid=" pid " prev_prio=" prio    \
    " prev_state=S ==> next_comm=c next_pid=6 " rest

/* Too large, or not there. */
static const char *const unknown[] = {
    "hello",
    "a 5 [0] 0.1: nothing",
    SWITCH("65536", "1.5", "5", "120", "next_prio=98"),
    SWITCH("0", "1", "5", "120", "next_prio=98"),
    SWITCH("0", "1.", "5", "120", "next_prio=98"),
    SWITCH("0", "10000000001.0", "5", "120", "next_prio=98"),
    SWITCH("0", "1.5", "1073741825", "120", "next_prio=98"),
    SWITCH("0", "1.5", "42949672960000000000000000000005", "120", "next_prio=98"),
    SWITCH("0", "1.5", "", "120", "next_prio=98"),
    SWITCH("0", "1.5", "5", "140", "next_prio=98"),
    SWITCH("0", "1.5", "5", "-2", "next_prio=98"),
    SWITCH("0", "1.5", "5", "120", "next_prio="),
    SWITCH("0", "1.5", "5", "120", ""),
    "a 5 [0] 0.1: sched:sched_switch: a:5 [120] S ==> b:6 [7",
    "a 5 [0] 0.1: sched:sched_switch: a:5 [120]  ==> b:6 [7]",
    "a 5 [0] 0.1: sched:sched_switch: a:5 [120] S x ==> b:6 [7]",
    " a-5 [001] .... 1.5: sched_waking: comm=a pid=5",
    " a-5 [001] .... 1.5: sched_stat_runtime: comm=a pid=5 runtime=1000000000000001 [ns]",
    " a-5 [001] .... 1.5: sched_process_fork: comm=a pid=5",
    "LOST 1000000000001 EVENTS",
};

START_TEST(what_is_none_is_not_read)
{
    struct sched_line line;
    ck_assert_msg(sched_line_read(&line, unknown[_i]) == SCHED_UNKNOWN, "%s", unknown[_i]);
}
END_TEST

/* What a refusal names. */
START_TEST(faults_are_named)
{
    static const struct {
        const char *text, *fault;
    } faults[] = {
        { SWITCH("65536", "1.5", "5", "120", "next_prio=98"), "the cpu is beyond 65535" },
        { SWITCH("65535", "1.5", "5", "140", "next_prio=98"), "a priority is beyond 139" },
        { SWITCH("0", "1.5", "5", "139", "next_prio=140"), "a priority is beyond 139" },
        { "a 5 [0] 0.1: sched:sched_switch: a:5 [140] S ==> b:6 [7]", "a priority is beyond 139" },
        { SWITCH("0", "1.5", "1073741825", "120", "next_prio=98"), "a pid is beyond 2^30" },
        { SWITCH("0", "1", "5", "120", "next_prio=98"), NULL },
        { " a-5 [99999] .... 1.5: sched_waking: comm=a pid=5 prio=120", NULL },
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const char *fault = sched_line_fault(faults[i].text), *wanted = faults[i].fault;
        bool fine = fault != NULL && wanted != NULL && strncmp(fault, wanted, strlen(wanted)) == 0;
        ck_assert_msg(fine || fault == wanted, "%s: %s", faults[i].text, fault);
    }
}
END_TEST

START_TEST(ends_of_ranges)
{
    struct sched_line line;
    ck_assert_int_eq(sched_line_read(&line, SWITCH("65535", "10000000000.999999999", "1073741824",
                                                   "139", "next_prio=-1")),
                     SCHED_SWITCH);
    ck_assert_uint_eq(line.ns, UINT64_C(10000000000999999999));
    ck_assert_uint_eq(line.who.pid, SCHED_PID_MAX);
    ck_assert_int_eq(line.who.prio, SCHED_PRIO_MAX);
    ck_assert_int_eq(line.next.prio, SCHED_PRIO_MIN);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("sched_line");
    tcase_add_loop_test(tests, lines_are_read, 0, sizeof lines / sizeof lines[0]);
    tcase_add_loop_test(tests, what_is_none_is_not_read, 0, sizeof unknown / sizeof unknown[0]);
    tcase_add_test(tests, faults_are_named);
    tcase_add_test(tests, ends_of_ranges);
    return suite_run("sched_line", tests);
}
