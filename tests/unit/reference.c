/* reference.c -- elements of "workload" that stand for entries which are kept elsewhere.
 *
 * Goal: a reference finds its file from the one that names it, reads it once, gives entries with
 * prefix and scale, and writes into the scenario what is needed to run it again; what is wrong is
 * refused at its place.
 * Method: a folder with a library of three workloads, a trace and an rt-app file; references one by
 * one, beside what they give, write and say.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/input/label.h"
#include "tests/support/suite.h"

static char folder[] = "/tmp/braidsim-reference-XXXXXX";
static struct arena arena;
static struct error err;
static struct json_source source;
static struct layer layer;
static struct document document;

static const char *path_of(const char *name)
{
    return arena_printf(&arena, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void write_files(void)
{
    CHECK(mkdtemp(folder) != NULL && mkdir(path_of("data"), 0700) == 0 &&
          mkdir(path_of("data/library"), 0700) == 0 && mkdir(path_of("sub"), 0700) == 0);
    write_file("data/library/zeta.json",
               "{\"description\":\"last\",\"scale\":\"things\",\"load\":{},\"entries\":["
               "{\"name\":\"a\",\"instances\":3},{\"name\":\"b\",\"instances_per_core\":2},"
               "{\"name\":\"c\",\"arrivals\":5},{\"name\":\"d\",\"instances\":0}]}");
    write_file("data/library/alpha.json",
               "{\"description\":\"first\",\"scale\":\"x\",\"entries\":[{\"instances\":1}]}");
    write_file("data/library/bad.json", "{\"description\":\"bad\",\n\"entries\":[]}");
    write_file("data/library/.json", "not a name");
    write_file("data/library/readme.txt", "not a workload");
    write_file("sub/t.ftrace",
               " a-5 [000] d... 1.000100: sched_switch: prev_comm=a prev_pid=5 prev_prio=120 "
               "prev_state=S ==> next_comm=swapper next_pid=0 next_prio=120\n"
               "CPU:0 [LOST 7 EVENTS]\n"
               " <idle>-0 [000] d... 1.000300: sched_switch: prev_comm=swapper prev_pid=0 "
               "prev_prio=120 prev_state=R ==> next_comm=a next_pid=5 next_prio=120\n"
               " a-5 [000] d... 1.000350: sched_switch: prev_comm=a prev_pid=5 prev_prio=120 "
               "prev_state=S ==> next_comm=swapper next_pid=0 next_prio=120\n");
    write_file("both.json",
               "{\"tasks\":{\"t\":{\"run\":5}}} /*\n"
               " a-5 [000] d... 1.000100: sched_switch: prev_comm=a prev_pid=5 prev_prio=120 "
               "prev_state=S ==> next_comm=b next_pid=6 next_prio=120\n"
               " b-6 [000] d... 1.000150: sched_switch: prev_comm=b prev_pid=6 prev_prio=120 "
               "prev_state=S ==> next_comm=a next_pid=5 next_prio=120\n*/");
    write_file("r.json", "{\"global\":{\"duration\":3},\"tasks\":{\"t\":{\"run\":5}}}");
}

static void remove_files(void)
{
    CHECK(system(arena_printf(&arena, "rm -r '%s'", folder)) == 0);
}

/* A scenario of that workload, read from the folder; it lives until the next one. */
static struct node workload_of(struct reference_cache *cache, const char *workload)
{
    const char *text = arena_printf(&arena, "{\"workload\":[%s]}", workload);
    struct node list;
    json_source_free(&source);
    CHECK(json_parse(&source, path_of("s.json"), text, strlen(text), &arena, &err));
    layer = (struct layer){ .source = &source, .value = source.root, .at = "", .prefix = "" };
    layer.home = "";
    document = (struct document){
        .root = source.root, .layers = &layer, .layer_count = 1, .arena = &arena
    };
    *cache = (struct reference_cache){ .data_dir = path_of("data"),
                                       .scenario_path = path_of("s.json"),
                                       .written = cJSON_Duplicate(source.root, true) };
    struct node root = document_node(&document);
    CHECK(node_get(&root, "workload", &list));
    return list;
}

static void finish(struct reference_cache *cache)
{
    cJSON_Delete(cache->written);
    reference_cache_free(cache);
}

static struct reference expect_read(struct reference_cache *cache, const struct node *list,
                                    int index)
{
    struct reference reference;
    struct node element = node_element(list, index);
    ck_assert(reference_is(&element));
    bool fine = reference_read(cache, &element, &reference, &err);
    ck_assert_msg(fine, "%s: %s", err.place, err.message);
    return reference;
}

/* ---- Library ------------------------------------------------------------------------------ */

START_TEST(the_library_is_listed)
{
    const char *const *names = reference_library(path_of("data"), &arena);
    static const char *const expected[] = { "alpha", "bad", "zeta" };
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_str_eq(names[i], expected[i]);
    ck_assert_ptr_null(names[3]);
    ck_assert_ptr_null(*reference_library(path_of("nowhere"), &arena));
    ck_assert_str_eq(reference_summary("zeta", path_of("data"), &arena, &err),
                     "last; scale: things; at 1: 3 processes and 2 a core, and those that arrive, "
                     "and those that are forked");
    ck_assert_str_eq(reference_summary("alpha", path_of("data"), &arena, &err),
                     "first; scale: x; at 1: 1 process");
    ck_assert_ptr_null(reference_summary("bad", path_of("data"), &arena, &err));
    ck_assert_ptr_nonnull(strstr(err.place, "bad.json:1:1: /"));
    ck_assert_str_eq(err.message, "the key \"scale\" is missing; add it");
}
END_TEST

START_TEST(a_library_has_prefix_and_scale)
{
    struct reference_cache cache;
    struct node list =
        workload_of(&cache, "{\"library\":\"zeta\",\"prefix\":\"p-\",\"scale\":10000},"
                            "{\"library\":\"alpha\"}");
    struct reference one = expect_read(&cache, &list, 0), other = expect_read(&cache, &list, 1);
    ck_assert_str_eq(one.prefix, "p-");
    ck_assert_double_eq((double)one.scale, 10000);
    ck_assert_int_eq(cJSON_GetArraySize(one.entries.json), 4);
    ck_assert_str_eq(one.entries.pointer, "/entries");
    ck_assert_str_eq(one.element.pointer, "/workload/0");
    ck_assert_str_eq(other.prefix, "");
    ck_assert_double_eq((double)other.scale, 1);
    /* It comes with the program, so its entries are not written. */
    ck_assert_ptr_null(json_at(cache.written, "/workload/0/entries"));
    ck_assert_str_eq(json_at(cache.written, "/workload/1/library")->valuestring, "alpha");
    finish(&cache);
}
END_TEST

/* ---- Files -------------------------------------------------------------------------------- */

/* Twice the same file: read once, and written twice. */
START_TEST(entries_are_written)
{
    struct reference_cache cache;
    uint32_t count;
    struct node list = workload_of(&cache, "{\"trace\":\"sub/t.ftrace\"},{\"rt-app\":\"r.json\"},"
                                           "{\"trace\":\"sub/t.ftrace\",\"prefix\":\"b\"}");
    struct reference trace = expect_read(&cache, &list, 0), rtapp = expect_read(&cache, &list, 1),
                     again = expect_read(&cache, &list, 2);
    ck_assert_ptr_eq(trace.entries.json, again.entries.json);
    ck_assert_int_eq(cJSON_GetArraySize(trace.entries.json), 1);
    ck_assert_str_eq(json_at(cache.written, "/workload/0/entries/0/name")->valuestring, "a");
    ck_assert_str_eq(json_at(cache.written, "/workload/1/entries/0/name")->valuestring, "t");
    ck_assert_ptr_nonnull(json_at(cache.written, "/workload/2/entries/0/phases/0/bursts_us"));
    ck_assert_ptr_ne(json_at(cache.written, "/workload/0/entries"),
                     json_at(cache.written, "/workload/2/entries"));
    ck_assert_int_eq(cJSON_GetArraySize(rtapp.entries.json), 1);
    /* Notes in order of reading, and what the file says of the scenario unless it is its own. */
    const char **notes = reference_notes(&cache, false, &count, &arena);
    ck_assert_uint_ge(count, 2);
    ck_assert_ptr_nonnull(strstr(notes[0], "/sub/t.ftrace: note: 7 events were lost"));
    ck_assert_ptr_nonnull(strstr(notes[1], "/r.json: note: "));
    uint32_t alone;
    reference_notes(&cache, true, &alone, &arena);
    ck_assert_uint_eq(alone, count - 1);
    finish(&cache);
}
END_TEST

START_TEST(entries_that_are_there_are_taken)
{
    struct reference_cache cache;
    struct node list =
        workload_of(&cache, "{\"trace\":\"gone\",\"entries\":[{\"name\":\"x\"},{\"name\":\"y\"}]}");
    struct reference reference = expect_read(&cache, &list, 0);
    ck_assert_int_eq(cJSON_GetArraySize(reference.entries.json), 2);
    ck_assert_str_eq(reference.entries.pointer, "/workload/0/entries");
    ck_assert_ptr_null(cache.files);
    finish(&cache);
}
END_TEST

static void expect_first(const struct reference *reference, const char *name)
{
    const cJSON *entry = cJSON_GetArrayItem(reference->entries.json, 0);
    ck_assert_str_eq(cJSON_GetObjectItem(entry, "name")->valuestring, name);
}

/* A file is read once for each kind of reference, and written once for each reference, in however
 * many points it is. */
START_TEST(files_are_read_once)
{
    struct reference_cache cache;
    struct node list = workload_of(&cache, "{\"trace\":\"both.json\"},{\"rt-app\":\"both.json\"}");
    for (int point = 0; point < 2; point++) {
        struct reference trace = expect_read(&cache, &list, 0),
                         rtapp = expect_read(&cache, &list, 1);
        expect_first(&trace, "b");
        expect_first(&rtapp, "t");
    }
    ck_assert_int_eq(cJSON_GetArraySize(json_at(cache.written, "/workload/0")), 2);
    ck_assert_int_eq(cJSON_GetArraySize(json_at(cache.written, "/workload/1")), 2);
    finish(&cache);
}
END_TEST

/* A sweep of the name alone: the folder is written, and the names stay. */
START_TEST(folders_are_written_for_swept_names)
{
    struct reference_cache cache;
    static const char swept[] = "/sweep/~1workload~10~1trace/0";
    struct node list = workload_of(&cache, "{\"trace\":\"t.ftrace\"}");
    cJSON *sweep = cJSON_Parse("{\"/workload/0/trace\":[\"t.ftrace\"]}");
    struct json_source in_sub = source;
    in_sub.name = path_of("sub/s.json");
    json_put(cache.written, "/sweep", sweep);
    struct layer layers[] = { layer,
                              { .source = &in_sub,
                                .value = json_at(cache.written, swept),
                                .at = "/workload/0/trace",
                                .prefix = "",
                                .home = swept } };
    document.layers = layers;
    document.layer_count = 2;
    expect_read(&cache, &list, 0);
    ck_assert_str_eq(json_at(cache.written, swept)->valuestring, "t.ftrace");
    ck_assert_ptr_null(json_at(cache.written, "/workload/0/entries"));
    ck_assert_str_eq(json_at(cache.written, "/workload/0/folder")->valuestring, path_of("sub"));
    finish(&cache);
}
END_TEST

/* A swept reference is called as it was before its entries were written. */
START_TEST(labels_leave_entries_out)
{
    cJSON *values = cJSON_Parse("[{\"trace\":\"t\",\"entries\":[{\"name\":\"a\"}]},"
                                "[{\"rt-app\":\"r\",\"entries\":[]},{\"entries\":1}],"
                                "{\"trace\":\"u\",\"entries\":2},{\"trace\":\"u\",\"entries\":3}]");
    static const char *const texts[] = { "{\"trace\":\"t\"}",
                                         "[{\"rt-app\":\"r\"},{\"entries\":1}]",
                                         "{\"trace\":\"u\",\"entries\":2}",
                                         "{\"trace\":\"u\",\"entries\":3}" };
    static const char *const labels[] = { "{trace:t}", "[{rt-app:r},{entries:1}]", "{trace:u} #3",
                                          "{trace:u} #4" };
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(label_text(values, i, &arena), texts[i]);
        ck_assert_str_eq(label_of(values, i, &arena), labels[i]);
    }
    cJSON_Delete(values);
}
END_TEST

START_TEST(what_is_no_reference)
{
    struct reference_cache cache;
    struct node list = workload_of(&cache, "{\"name\":\"x\"},{\"trace\":\"t\"}");
    struct node plain = node_element(&list, 0), trace = node_element(&list, 1);
    ck_assert(!reference_is(&plain));
    ck_assert(reference_is(&trace));
    document.written = cache.written;
    ck_assert(reference_is_alike_written(&trace));
    ck_assert(reference_is_alike_written(&plain));
    json_put(cache.written, "/workload/1", cJSON_CreateObject());
    json_put(cache.written, "/workload/0/library", cJSON_CreateString("alpha"));
    ck_assert(!reference_is_alike_written(&trace));
    ck_assert(!reference_is_alike_written(&plain));
    document.written = NULL;
    finish(&cache);
}
END_TEST

static const struct refusal {
    const char *element, *place, *words;
} refusals[] = {
    { "{\"library\":\"zetta\"}", "/workload/0/library", "did you mean \"zeta\"" },
    { "{\"library\":5}", "/workload/0/library", "must be a string, is a number" },
    { "{\"library\":\"bad\"}", "bad.json:1:1: /", "the key \"scale\" is missing" },
    { "{\"library\":\"alpha\",\"scale\":0}", "/workload/0/scale", "from 1 to 10000" },
    { "{\"library\":\"alpha\",\"scale\":10001}", "/workload/0/scale", "from 1 to 10000" },
    { "{\"library\":\"alpha\",\"scale\":1.5}", "/workload/0/scale", "whole number" },
    { "{\"library\":\"alpha\",\"entries\":[]}", "/workload/0/entries", "unknown key" },
    { "{\"library\":\"alpha\",\"prefix\":\"a b\"}", "/workload/0/prefix", "must be of letters" },
    { "{\"library\":\"alpha\",\"prefix\":5}", "/workload/0/prefix", "must be a string" },
    { "{\"trace\":\"t.ftrace\"}", "/workload/0/trace", "/t.ftrace; name one that there is" },
    { "{\"trace\":\"r.json\"}", "/r.json", "has no sched_switch event" },
    { "{\"trace\":\"t.ftrace\",\"folder\":\"data\"}", "/workload/0/trace", "/data/t.ftrace; name" },
    { "{\"rt-app\":\"t.ftrace\",\"folder\":\"sub\"}", "t.ftrace:1:7", "" },
    { "{\"rt-app\":\"t.ftrace\",\"folder\":5}", "/workload/0/folder", "must be a string" },
    { "{\"library\":\"alpha\",\"folder\":\"sub\"}", "/workload/0/folder", "unknown key" },
    { "{\"rt-app\":\"sub/t.ftrace\"}", "t.ftrace:1:7", "" },
    { "{\"rt-app\":\"r.json\",\"scale\":2}", "/workload/0/scale", "unknown key" },
    { "{\"rt-app\":\"r.json\",\"entries\":{}}", "/workload/0/entries", "must be an array" },
};

START_TEST(what_is_wrong_is_refused_at_its_place)
{
    const struct refusal *r = &refusals[_i];
    struct reference_cache cache;
    struct reference reference;
    struct node list = workload_of(&cache, r->element), element = node_element(&list, 0);
    ck_assert_msg(!reference_read(&cache, &element, &reference, &err), "%s: taken", r->element);
    ck_assert_msg(strstr(err.place, r->place) != NULL, "%s: at %s", r->element, err.place);
    ck_assert_msg(strstr(err.message, r->words) != NULL, "%s: %s", r->element, err.message);
    finish(&cache);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("reference");
    write_files();
    tcase_add_test(tests, the_library_is_listed);
    tcase_add_test(tests, a_library_has_prefix_and_scale);
    tcase_add_test(tests, entries_are_written);
    tcase_add_test(tests, entries_that_are_there_are_taken);
    tcase_add_test(tests, files_are_read_once);
    tcase_add_test(tests, folders_are_written_for_swept_names);
    tcase_add_test(tests, labels_leave_entries_out);
    tcase_add_test(tests, what_is_no_reference);
    tcase_add_loop_test(tests, what_is_wrong_is_refused_at_its_place, 0,
                        sizeof refusals / sizeof refusals[0]);
    int status = suite_run("reference", tests);
    remove_files();
    json_source_free(&source);
    arena_free(&arena);
    return status;
}
