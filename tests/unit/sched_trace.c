/* sched_trace.c -- the events of a recorded trace become what each process did.
 *
 * Goal: runs, sleeps, starts and priorities are exactly those recorded, also where an end of a
 * stretch was lost; what was lost is counted.
 * Method: short histories, a line an event, beside the bursts counted by hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/sched_trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "tests/support/suite.h"

static struct arena arena;
static struct error err;
static char path[] = "/tmp/braidsim-sched-trace-XXXXXX";
static struct sched_trace trace;

/* At 1 s and so many us, on that cpu. */
#define AT(cpu, us) " who-1 [00" #cpu "] d... 1.000" #us ": "
#define SWITCH(cpu, us, who, prio, state, next, next_prio)                                         \
    AT(cpu, us)                                                                                    \
    "sched_switch: prev_comm=p" #who " prev_pid=" #who " prev_prio=" #prio " prev_state=" state    \
    " ==> next_comm=p" #next " next_pid=" #next " next_prio=" #next_prio "\n"
#define RUN(cpu, us, next)         SWITCH(cpu, us, 0, 120, "R", next, 120)
#define LEAVE(cpu, us, who, state) SWITCH(cpu, us, who, 120, state, 0, 120)
#define WAKE(us, who)              AT(0, us) "sched_waking: comm=p" #who " pid=" #who " prio=120\n"

#define TOLD(us, who, ns) AT(0, us) "sched_stat_runtime: comm=p pid=" #who " runtime=" #ns " [ns]\n"

static void read_text(const char *text)
{
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
    sched_trace_free(&trace);
    ck_assert_msg(sched_trace_read(&trace, path, &arena, &err), "%s: %s", text, err.message);
}

static const struct sched_process *find(uint32_t pid)
{
    for (uint32_t i = 0; i < trace.process_count; i++)
        if (trace.processes[i]->pid == pid)
            return trace.processes[i];
    ck_abort_msg("there is no process %u", pid);
}

/* It starts and does so, in ns. */
static void expect(uint32_t pid, uint64_t start_ns, uint32_t count, ...)
{
    const struct sched_process *process = find(pid);
    uint64_t run_ns = 0;
    va_list bursts;
    ck_assert_uint_eq(process->start_ns, start_ns);
    ck_assert_uint_eq(process->count, count);
    va_start(bursts, count);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq((int)process->ns[i], va_arg(bursts, int));
        run_ns += i % 2 == 0 ? process->ns[i] : 0;
    }
    va_end(bursts);
    ck_assert_uint_eq(process->run_ns, run_ns);
}

START_TEST(a_process_runs_and_sleeps)
{
    read_text(WAKE(100, 5) RUN(0, 110, 5) LEAVE(0, 150, 5, "S") WAKE(170, 5) RUN(0, 175, 5) LEAVE(
        0, 180, 5, "R") RUN(0, 190, 5) LEAVE(0, 200, 5, "D") RUN(0, 230, 5) LEAVE(0, 250, 5, "S"));
    expect(5, 0, 5, 40000, 20000, 15000, 30000, 20000);
    ck_assert_uint_eq(trace.duration_ns, 150000);
    ck_assert_uint_eq(trace.cpus, 1);
    ck_assert_uint_eq(trace.switches, 8);
    ck_assert(!find(5)->exits && trace.has_wakings && !trace.is_fine);
    ck_assert_str_eq(sched_trace_notes(&trace, &arena), "");
}
END_TEST

/* The priority is the last that it had, be it of who comes. */
START_TEST(priorities_are_the_last)
{
    read_text(RUN(0, 100, 5) SWITCH(0, 110, 5, 98, "S", 6, 97) SWITCH(1, 120, 0, 120, "R", 5, 99));
    ck_assert_int_eq(find(6)->prio, 97);
    ck_assert_int_eq(find(5)->prio, 99);
}
END_TEST

START_TEST(some_exit)
{
    read_text(RUN(0, 100, 5) SWITCH(0, 110, 5, 120, "X", 6, 120) SWITCH(0, 120, 6, 120, "Z", 7, 120)
                  SWITCH(0, 130, 7, 120, "x", 8, 120) SWITCH(0, 140, 8, 120, "S", 5, 120)
                      LEAVE(0, 150, 5, "K"));
    ck_assert(find(6)->exits && find(7)->exits && !find(8)->exits);
    /* The pid 5 is used again. */
    ck_assert_uint_eq(trace.process_count, 5);
    ck_assert(trace.processes[0]->exits && !trace.processes[1]->exits);
    ck_assert_uint_eq(trace.processes[1]->start_ns, 40000);
}
END_TEST

/* ---- Ends --------------------------------------------------------------------------------- */

/* First seen leaving: it was there since the beginning, or since the cpu's last switch. */
START_TEST(beginnings)
{
    read_text(WAKE(100, 9) LEAVE(0, 140, 5, "S") SWITCH(1, 150, 7, 120, "S", 6, 120)
                  LEAVE(1, 170, 6, "S") RUN(0, 180, 9) LEAVE(0, 200, 9, "S"));
    expect(5, 0, 1, 40000);
    expect(7, 0, 1, 50000);
    expect(6, 0, 1, 20000); /* it waited */
    expect(9, 0, 1, 20000);
    /* Without wakings it begins when it comes. */
    read_text(RUN(0, 100, 5) SWITCH(0, 130, 5, 120, "S", 6, 120) LEAVE(0, 150, 6, "S"));
    expect(6, 30000, 1, 20000);
}
END_TEST

/* On a cpu at the end: it runs to then. */
START_TEST(the_end)
{
    read_text(RUN(0, 100, 5) RUN(1, 110, 6) LEAVE(1, 120, 6, "R") RUN(1, 160, 7));
    expect(5, 0, 1, 60000);
    expect(6, 10000, 1, 10000);
    ck_assert_uint_eq(trace.process_count, 2); /* 7 runs for nothing */
    ck_assert(!find(5)->sleeps && !find(6)->sleeps);
}
END_TEST

/* Asleep at the end, or woken, or gone. */
START_TEST(last_sleeps)
{
    read_text(RUN(0, 100, 5) LEAVE(0, 110, 5, "S") RUN(0, 120, 6) LEAVE(0, 130, 6, "D") WAKE(140, 6)
                  RUN(0, 150, 7) LEAVE(0, 160, 7, "X") RUN(0, 170, 8) LEAVE(0, 180, 8, "S"));
    ck_assert(find(5)->sleeps && !find(6)->sleeps && !find(7)->sleeps && find(8)->sleeps);
    ck_assert_uint_eq(find(5)->slept_ns, 70000);
    ck_assert_uint_eq(find(8)->slept_ns, 0);
}
END_TEST

/* Another than was seen coming leaves, who was not seen before: neither end is known. */
START_TEST(lost_switches)
{
    read_text(RUN(0, 100, 5) LEAVE(0, 130, 6, "S") RUN(0, 140, 6) LEAVE(0, 150, 6, "S")
                  RUN(0, 160, 5) LEAVE(0, 165, 5, "S"));
    ck_assert_uint_eq(trace.cut_stretches, 2);
    expect(6, 30000, 3, 0, 10000, 10000);
    expect(5, 0, 1, 5000);
    /* It sleeps until it is seen leaving again; it comes twice. */
    read_text(RUN(0, 100, 5) LEAVE(0, 110, 5, "S") LEAVE(0, 150, 5, "S") RUN(0, 160, 5)
                  RUN(1, 170, 5) LEAVE(1, 175, 5, "S"));
    expect(5, 0, 5, 10000, 40000, 0, 10000, 5000);
    ck_assert_uint_eq(trace.cut_stretches, 2);
    ck_assert_str_eq(sched_trace_notes(&trace, &arena),
                     "2 stretches on a cpu lack an end and count as sched_stat_runtime says, or "
                     "nothing");
    /* It comes on one cpu and leaves another: nobody knows how long it was on either. */
    read_text(RUN(0, 100, 5) LEAVE(1, 130, 5, "S") WAKE(140, 5) RUN(1, 150, 5)
                  LEAVE(1, 160, 5, "S"));
    expect(5, 0, 3, 0, 10000, 10000);
    ck_assert_uint_eq(trace.cut_stretches, 1);
}
END_TEST

/* ---- Told times --------------------------------------------------------------------------- */

START_TEST(told_times_count)
{
    read_text(RUN(0, 100, 5) TOLD(110, 5, 7000) TOLD(120, 5, 4000) LEAVE(0, 130, 5, "S")
                  WAKE(140, 5) RUN(0, 150, 5) TOLD(160, 5, 3000) LEAVE(0, 170, 5, "R")
                      RUN(0, 180, 5) TOLD(190, 5, 2000) LEAVE(0, 195, 5, "S"));
    expect(5, 0, 3, 11000, 10000, 5000);
    /* Also of a stretch that lacks its end. */
    read_text(RUN(0, 100, 5) TOLD(110, 5, 7000) LEAVE(0, 130, 6, "S") RUN(0, 140, 5)
                  TOLD(150, 5, 1000) LEAVE(0, 160, 5, "S"));
    expect(5, 0, 1, 8000);
    /* But not what is told before it wakes of the stretch after. */
    read_text(RUN(0, 100, 5) TOLD(110, 5, 7000) LEAVE(0, 130, 5, "S") TOLD(135, 5, 500) WAKE(140, 5)
                  TOLD(150, 5, 2000) LEAVE(0, 160, 5, "S"));
    expect(5, 0, 3, 7000, 10000, 2000);
    /* Waking again changes nothing for who is ready. */
    read_text(RUN(0, 100, 5) TOLD(110, 5, 7000) LEAVE(0, 130, 5, "R") TOLD(135, 5, 500) WAKE(140, 5)
                  LEAVE(0, 160, 5, "S"));
    expect(5, 0, 1, 7500);
    /* Nor for who runs. */
    read_text(RUN(0, 100, 5) TOLD(110, 5, 7000) WAKE(140, 5) LEAVE(0, 160, 5, "S"));
    expect(5, 0, 1, 7000);
    ck_assert_uint_eq(trace.cut_stretches, 0);
}
END_TEST

/* ---- The file ----------------------------------------------------------------------------- */

START_TEST(lines_of_all_kinds)
{
    read_text("# entries-in-buffer/entries-written: 2/2   #P:8\n" RUN(0, 100, 5)
                  LEAVE(0, 130, 5, "S") "what?\nLOST 7 events\nCPU:0 [LOST EVENTS]\n" AT(
                      0, 100) "irq: x\n[0] 1.000150: "
                              "sched_switch: a:5 [120] R ==> x:1 [2] S ==> y:6 [7]\n");
    ck_assert_uint_eq(trace.cpus, 8);
    ck_assert_str_eq(sched_trace_notes(&trace, &arena),
                     "7 events were lost in recording, 1 times events were lost, nobody knows how "
                     "many, 1 lines were not understood and skipped, 1 "
                     "switches could be read in several ways, as a name looks like their form, and "
                     "were skipped, 1 lines of other events were skipped");
    read_text("#P:1\n" RUN(0, 100, 5) RUN(1, 110, 6) LEAVE(0, 130, 5, "S"));
    ck_assert_uint_eq(trace.cpus, 2);
}
END_TEST

/* What is beyond the longest line is no line of its own. */
START_TEST(long_lines)
{
    char *text = arena_alloc(&arena, 20000, 1);
    int length = sprintf(text, "%s%s", RUN(0, 100, 5), LEAVE(0, 130, 5, "S"));
    memset(text + length, 'x', 4095);
    sprintf(text + length + 4095, "%s%s", RUN(0, 140, 6), LEAVE(0, 150, 6, "S"));
    read_text(text);
    ck_assert_uint_eq(trace.unknown_lines, 1);
    ck_assert_uint_eq(trace.switches, 3);
    ck_assert_uint_eq(trace.cut_stretches, 1);
}
END_TEST

START_TEST(disorder_is_sorted)
{
    read_text(LEAVE(0, 130, 5, "S") RUN(0, 100, 5) RUN(1, 110, 6) LEAVE(1, 150, 6, "S"));
    expect(5, 0, 1, 30000);
    expect(6, 10000, 1, 40000);
    ck_assert_uint_eq(trace.duration_ns, 50000);
    /* Of equal times the order is that of the lines: it sleeps and is woken at once. */
    read_text(RUN(0, 110, 5) LEAVE(0, 120, 5, "S") WAKE(120, 5) RUN(0, 130, 5) LEAVE(0, 150, 5, "S")
                  RUN(1, 100, 6) LEAVE(1, 140, 6, "S"));
    expect(5, 0, 3, 10000, 0, 20000);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("sched_trace");
    int file = mkstemp(path);
    CHECK(file >= 0 && close(file) == 0);
    tcase_add_test(tests, a_process_runs_and_sleeps);
    tcase_add_test(tests, priorities_are_the_last);
    tcase_add_test(tests, some_exit);
    tcase_add_test(tests, beginnings);
    tcase_add_test(tests, the_end);
    tcase_add_test(tests, last_sleeps);
    tcase_add_test(tests, lost_switches);
    tcase_add_test(tests, told_times_count);
    tcase_add_test(tests, lines_of_all_kinds);
    tcase_add_test(tests, long_lines);
    tcase_add_test(tests, disorder_is_sorted);
    int status = suite_run("sched_trace", tests);
    CHECK(unlink(path) == 0);
    sched_trace_free(&trace);
    arena_free(&arena);
    return status;
}
