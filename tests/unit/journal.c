/* journal.c -- what was appended comes back, and of a file that is cut anywhere all whole runs do.
 *
 * Method: a journal of a few runs is cut to every length that it can have, and every byte of its
 * last record is changed in turn.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/study/journal.h"

#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/host/result_io.h"

enum { RUNS = 3 };

static struct arena arena;
static char path[] = "/tmp/braidsim-journal.XXXXXX";
static struct error err;
static uint64_t places[RUNS], ends[RUNS + 1]; /* ends[n]: of the file with n runs */

static void append_run(struct journal *journal, uint32_t i)
{
    double metrics[] = { i, i + 0.5 };
    struct run_result result = { .point = i, .replication = 7, .metric_count = 2 };
    struct run_order order = { .point = i, .replication = 7, .warmup_ps = 100 + i };
    size_t size;
    result.metrics = metrics;
    const void *bytes = result_pack(&result, &size, &arena);
    ck_assert(journal_append(journal, &order, bytes, size, &places[i], &err));
}

static void set_up(void)
{
    struct journal journal;
    struct stat status;
    arena = ARENA_EMPTY;
    strcpy(strrchr(path, '.') + 1, "XXXXXX");
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    ck_assert(journal_create(&journal, path, "{ \"who\": \"me\" }", &arena, &err));
    for (uint32_t i = 0; i <= RUNS; i++) {
        if (i > 0)
            append_run(&journal, i - 1);
        ck_assert_int_eq(stat(path, &status), 0);
        ends[i] = (uint64_t)status.st_size;
    }
    journal_close(&journal);
}

static void tear_down(void)
{
    unlink(path);
    arena_free(&arena);
}

static void expect_run(void *context, const struct run_order *order,
                       const struct run_result *result, uint64_t where)
{
    uint32_t *seen = context, i = (*seen)++;
    ck_assert_uint_eq(order->point, i);
    ck_assert_uint_eq(order->replication, 7);
    ck_assert_uint_eq(order->warmup_ps, 100 + i);
    ck_assert_uint_eq(result->metric_count, 2);
    ck_assert_double_eq(result->metrics[1], i + 0.5);
    ck_assert_uint_eq(where, places[i]);
}

/* How many runs there are in the file. */
static uint32_t count_runs(uint64_t *torn)
{
    struct journal journal;
    uint32_t seen = 0;
    ck_assert(journal_open(&journal, path, true, &arena, &err));
    if (journal.identity != NULL)
        journal_each(&journal, expect_run, &seen);
    *torn = journal.torn;
    journal_close(&journal);
    return seen;
}

START_TEST(what_was_appended_comes_back)
{
    struct journal journal;
    struct run_result result;
    uint64_t torn;
    ck_assert_uint_eq(count_runs(&torn), RUNS);
    ck_assert_uint_eq(torn, 0);
    ck_assert(journal_open(&journal, path, false, &arena, &err));
    ck_assert_str_eq(journal.identity, "{ \"who\": \"me\" }");
    for (uint32_t i = RUNS; i-- > 0;) {
        journal_load(&journal, places[i], &result, &arena);
        ck_assert_uint_eq(result.point, i);
        ck_assert_double_eq(result.metrics[0], i);
    }
    journal_close(&journal);
}
END_TEST

START_TEST(cut_anywhere)
{
    uint64_t torn;
    for (uint64_t length = ends[RUNS]; length-- > 0;) {
        ck_assert_int_eq(truncate(path, (off_t)length), 0);
        uint32_t whole = 0;
        while (whole < RUNS && ends[whole + 1] <= length)
            whole++;
        ck_assert_uint_eq(count_runs(&torn), whole);
        ck_assert_uint_eq(torn, length - (length >= ends[0] ? ends[whole] : 0));
    }
}
END_TEST

START_TEST(every_byte_counts)
{
    uint64_t torn;
    int file = open(path, O_RDWR);
    for (uint64_t at = ends[RUNS - 1]; at < ends[RUNS]; at++) {
        unsigned char byte, other;
        ck_assert_int_eq(pread(file, &byte, 1, (off_t)at), 1);
        other = byte ^ 0x10;
        ck_assert_int_eq(pwrite(file, &other, 1, (off_t)at), 1);
        ck_assert_uint_eq(count_runs(&torn), RUNS - 1);
        ck_assert_int_eq(pwrite(file, &byte, 1, (off_t)at), 1);
    }
    close(file);
    ck_assert_uint_eq(count_runs(&torn), RUNS);
}
END_TEST

START_TEST(it_goes_on_behind_a_torn_record)
{
    struct journal journal;
    uint64_t torn;
    uint32_t seen = 0;
    ck_assert_int_eq(truncate(path, (off_t)(ends[RUNS] - 1)), 0);
    ck_assert(journal_open(&journal, path, false, &arena, &err));
    journal_each(&journal, expect_run, &seen);
    ck_assert_uint_eq(seen, RUNS - 1);
    append_run(&journal, RUNS - 1);
    journal_close(&journal);
    ck_assert_uint_eq(count_runs(&torn), RUNS);
    ck_assert_uint_eq(torn, 0);
}
END_TEST

START_TEST(one_writer_at_a_time)
{
    struct journal journal, other;
    int status;
    ck_assert(journal_open(&journal, path, false, &arena, &err));
    pid_t child = fork();
    if (child == 0) {
        bool opened = journal_open(&other, path, false, &arena, &err);
        _exit(opened || strstr(err.message, "is at work there") == NULL);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    journal_close(&journal);
}
END_TEST

START_TEST(what_is_none)
{
    struct journal journal;
    FILE *file = fopen(path, "w");
    fputs("a shopping list, which is longer than what a journal begins with", file);
    fclose(file);
    ck_assert(!journal_open(&journal, path, false, &arena, &err));
    ck_assert_str_eq(err.message, "is no journal of this version of braidsim");
    unlink(path);
    ck_assert(!journal_open(&journal, path, false, &arena, &err));
    ck_assert(!journal_exists(path));
}
END_TEST

START_TEST(a_hidden_one)
{
    struct journal journal;
    struct run_result result;
    ck_assert(journal_create(&journal, "nowhere", NULL, &arena, &err));
    append_run(&journal, 2);
    append_run(&journal, 1);
    journal_load(&journal, places[1], &result, &arena);
    ck_assert_uint_eq(result.point, 1);
    journal_close(&journal);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("journal");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_was_appended_comes_back);
    tcase_add_test(tests, cut_anywhere);
    tcase_add_test(tests, every_byte_counts);
    tcase_add_test(tests, it_goes_on_behind_a_torn_record);
    tcase_add_test(tests, one_writer_at_a_time);
    tcase_add_test(tests, what_is_none);
    tcase_add_test(tests, a_hidden_one);
    return suite_run("journal", tests);
}
