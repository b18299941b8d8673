/* burst_file.c -- recorded bursts and starts, as an entry has them.
 *
 * Goal: every number comes to the instance that it is for, in ps, and what is none, or too much, is
 * refused at its place.
 * Method: small arrays beside the lists that they must become; wrong ones beside the refusal; more
 * instances than arrays.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/burst_file.h"

#include <math.h>
#include <string.h>

#include "sim/base/check.h"
#include "tests/support/suite.h"

static struct arena arena;
static struct error err;
static struct reference_cache cache;
static struct json_source source;
static struct layer layer;
static struct document document;

/* The text as a document; it lives until the next one. */
static struct node node_of(const char *text)
{
    json_source_free(&source);
    CHECK(json_parse(&source, "f", text, strlen(text), &arena, &err));
    layer = (struct layer){ .source = &source, .value = source.root, .at = "", .prefix = "" };
    document = (struct document){
        .root = source.root, .layers = &layer, .layer_count = 1, .arena = &arena
    };
    return document_node(&document);
}

static const struct burst_list *read_bursts(const char *text, uint32_t instances, double *least_us)
{
    struct node node = node_of(text);
    struct workload workload = { .instances = instances };
    const struct burst_list *lists = NULL;
    bool fine = bursts_read(&node, &workload, &lists, &cache, least_us, &err);
    ck_assert_msg(fine, "%s: %s: %s", text, err.place, err.message);
    return lists;
}

static void expect_list(const struct burst_list *list, uint32_t count, const uint64_t *ps)
{
    ck_assert_uint_eq(list->count, count);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_uint_eq(list->ps[i], ps[i]);
}

START_TEST(bursts_are_of_their_instances)
{
    static const uint64_t first[] = { 10000000, 2500000, 1, 0 }, second[] = { 4600000000000000000 };
    double least_us = 0;
    const struct burst_list *lists =
        read_bursts("[[10, 2.5, 0.000001, 0], [4.6e12]]", 5, &least_us);
    for (uint32_t i = 0; i < 5; i++)
        if (i % 2 == 0)
            expect_list(&lists[i], 4, first);
        else
            expect_list(&lists[i], 1, second);
    ck_assert_double_eq_tol(least_us, 12.500001, 1e-9);
    lists = read_bursts("[[3], [0, 1], [2]]", 3, &least_us);
    expect_list(&lists[2], 1, (const uint64_t[]){ 2000000 });
    ck_assert_double_eq(least_us, 1);
}
END_TEST

/* To the nearest ps; a half goes up. */
START_TEST(times_are_rounded)
{
    double least_us;
    const struct burst_list *lists =
        read_bursts("[[0.0000014, 0.0000016, 0.1, 1e-9, 5]]", 1, &least_us);
    expect_list(lists, 5, (const uint64_t[]){ 1, 2, 100000, 0, 5000000 });
}
END_TEST

/* Equal lists are one, also between entries; those that differ in any number are not. */
START_TEST(equal_lists_are_kept_once)
{
    double least_us;
    const struct burst_list *one =
        read_bursts("[[1, 2], [1, 3], [1, 2], [1], [1, 2, 0]]", 5, &least_us);
    const struct burst_list *other = read_bursts("[[1, 3]]", 1, &least_us);
    ck_assert_ptr_eq(one[0].ps, one[2].ps);
    ck_assert_ptr_eq(one[1].ps, other[0].ps);
    for (uint32_t i = 0; i < 5; i++)
        for (uint32_t j = 0; j < i; j++)
            if (i != 2 || j != 0)
                ck_assert_ptr_ne(one[i].ps, one[j].ps);
}
END_TEST

START_TEST(starts_are_of_their_instances)
{
    struct node node = node_of("[7, 0, 0.5]");
    struct workload workload = { .instances = 4 };
    ck_assert(starts_read(&node, &workload, &err));
    static const uint64_t expected[] = { 7000000, 0, 500000, 7000000 };
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_uint_eq(workload.starts_ps[i], expected[i]);
}
END_TEST

static const struct refusal {
    const char *text, *place, *words;
    bool starts, open;
} refusals[] = {
    { "[[1, -1]]", "f:1:6: /0/1", "from 0 to 4600000000000, is -1", false, false },
    { "[[1], [4.7e12]]", "f:1:8: /1/0", "from 0 to 4600000000000", false, false },
    { "[[1, 2, \"x\"]]", "f:1:9: /0/2", "must be a number", false, false },
    { "[[0, 0]]", "f:1:2: /0", "must have a number above 0", false, false },
    { "[[]]", "f:1:2: /0", "must have a number above 0", false, false },
    { "[[1], 5]", "f:1:7: /1", "must be an array of numbers, run, sleep, run, ...; is a number",
      false, false },
    { "[]", "f:1:1: /", "of which there are 2, or fewer, which are gone through again; has 0",
      false, false },
    { "[[1], [1], [1]]", "f:1:1: /", "has 3", false, false },
    { "{}", "f:1:1: /", "must be an array of arrays, is an object", false, false },
    { "[[1]]", "f:1:1: /", "is for \"instances\" only", false, true },
    { "[1, 2, 3]", "f:1:1: /", "has 3", true, false },
    { "[]", "f:1:1: /", "has 0", true, false },
    { "[1, -2]", "f:1:5: /1", "from 0", true, false },
    { "[1]", "f:1:1: /", "a number or a distribution where there are \"arrivals\"", true, true },
};

START_TEST(what_is_wrong_is_refused_at_its_place)
{
    const struct refusal *r = &refusals[_i];
    struct node node = node_of(r->text);
    struct workload workload = { .instances = r->open ? 0 : 2, .open = r->open };
    const struct burst_list *lists;
    double least_us;
    ck_assert(r->starts ? !starts_read(&node, &workload, &err)
                        : !bursts_read(&node, &workload, &lists, &cache, &least_us, &err));
    ck_assert_msg(strstr(err.place, r->place) == err.place, "%s: at %s", r->text, err.place);
    ck_assert_msg(strstr(err.message, r->words) != NULL, "%s: %s", r->text, err.message);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("burst_file");
    tcase_add_test(tests, bursts_are_of_their_instances);
    tcase_add_test(tests, times_are_rounded);
    tcase_add_test(tests, equal_lists_are_kept_once);
    tcase_add_test(tests, starts_are_of_their_instances);
    tcase_add_loop_test(tests, what_is_wrong_is_refused_at_its_place, 0,
                        sizeof refusals / sizeof refusals[0]);
    int status = suite_run("burst_file", tests);
    json_source_free(&source);
    reference_cache_free(&cache);
    arena_free(&arena);
    return status;
}
