/* rtapp.c -- rt-app's files: what each construct becomes, and where each mistake is.
 *
 * Goal: every event, property and freedom of the relaxed JSON is translated exactly, or refused at
 * its place by name; nothing is skipped without a word.
 * Method: small files beside the entries that they must become, as one line of JSON; files with one
 * mistake each beside the place and words of the refusal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/rtapp_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/check.h"
#include "tests/support/suite.h"

static struct arena arena;
static struct error err;

struct translation {
    const char *what, *text, *entries;
};

/* A task "t" of these events, weight 1024, for ever. */
#define TASK(events)  "{\"tasks\":{\"t\":{" events "}}}"
#define ENTRY(phases) "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"phases\":[" phases "]}]"

#define WAIT_AT_Q "{\"lock\":\"q\"},{\"wait\":{\"ref\":\"q\",\"mutex\":\"q\"}},{\"unlock\":\"q\"}"

static const struct translation translations[] = {
    /* Events. */
    { "run", TASK("\"run\":5"), ENTRY("{\"run\":5}") },
    { "runtime", TASK("\"runtime\":5"), ENTRY("{\"runtime\":5}") },
    { "sleep", TASK("\"sleep\":0"), ENTRY("{\"sleep\":0}") },
    { "timer", TASK("\"timer\":{\"ref\":\"unique\",\"period\":7}"),
      ENTRY("{\"timer\":{\"ref\":\"unique\",\"period\":7,\"mode\":\"relative\"}}") },
    { "absolute timer", TASK("\"timer\":{\"ref\":\"a\",\"period\":7,\"mode\":\"absolute\"}"),
      ENTRY("{\"timer\":{\"ref\":\"a\",\"period\":7,\"mode\":\"absolute\"}}") },
    { "timer's defaults", TASK("\"timer\":{}"),
      ENTRY("{\"timer\":{\"ref\":\"unknown\",\"period\":0,\"mode\":\"relative\"}}") },
    { "lock and unlock", TASK("\"lock\":\"m\",\"run\":1,\"unlock\":\"m\""),
      ENTRY("{\"lock\":\"m\"},{\"run\":1},{\"unlock\":\"m\"}") },
    { "wait", TASK("\"lock\":\"m\",\"wait\":{\"ref\":\"c\",\"mutex\":\"m\"},\"unlock\":\"m\""),
      ENTRY("{\"lock\":\"m\"},{\"wait\":{\"ref\":\"c\",\"mutex\":\"m\"}},{\"unlock\":\"m\"}") },
    { "wait with a mutex whose others went before",
      TASK("\"lock\":\"a\",\"lock\":\"b\",\"unlock\":\"a\","
           "\"wait\":{\"ref\":\"c\",\"mutex\":\"b\"},\"unlock\":\"b\""),
      ENTRY("{\"lock\":\"a\"},{\"lock\":\"b\"},{\"unlock\":\"a\"},"
            "{\"wait\":{\"ref\":\"c\",\"mutex\":\"b\"}},{\"unlock\":\"b\"}") },
    { "signal and broad", TASK("\"signal\":\"c\",\"broad\":\"c\""),
      ENTRY("{\"signal\":\"c\"},{\"broad\":\"c\"}") },
    { "sync as in the tutorial", TASK("\"sync\":{\"ref\":\"c\",\"mutex\":\"m\"}"),
      ENTRY("{\"sync\":{\"ref\":\"c\",\"mutex\":\"m\"}}") },
    { "sync as in the examples",
      TASK("\"lock\":\"m\",\"sync\":{\"ref\":\"c\",\"mutex\":\"m\"},\"unlock\":\"m\","
           "\"sync1\":{\"ref\":\"c\",\"mutex\":\"m\"}"),
      ENTRY("{\"lock\":\"m\"},{\"signal\":\"c\"},{\"wait\":{\"ref\":\"c\",\"mutex\":\"m\"}},"
            "{\"unlock\":\"m\"},{\"sync\":{\"ref\":\"c\",\"mutex\":\"m\"}}") },
    { "barrier", TASK("\"barrier\":\"b\""), ENTRY("{\"barrier\":\"b\"}") },
    { "suspend and resume", TASK("\"suspend\":\"s\",\"resume\":\"x\""),
      ENTRY("{\"suspend\":\"s\"},{\"resume\":\"x\"}") },
    { "suspend of itself", TASK("\"suspend\":\"\",\"suspend\",\"suspend\":null"),
      ENTRY("{\"suspend\":\"t\"},{\"suspend\":\"t\"},{\"suspend\":\"t\"}") },
    { "suspend at a condition that others use",
      "{\"tasks\":{\"t\":{\"resume\":\"q\",\"suspend\":\"q\",\"signal\":\"q\"}}}",
      ENTRY("{\"lock\":\"q\"},{\"broad\":\"q\"},{\"unlock\":\"q\"},{\"lock\":\"q\"},"
            "{\"wait\":{\"ref\":\"q\",\"mutex\":\"q\"}},{\"unlock\":\"q\"},{\"signal\":\"q\"}") },
    { "suspend at what is unlocked elsewhere",
      "{\"tasks\":{\"t\":{\"suspend\":\"q\"},\"u\":{\"unlock\":\"q\"}}}",
      "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"phases\":[" WAIT_AT_Q "]},"
      "{\"name\":\"u\",\"instances\":1,\"weight\":1024,\"phases\":[{\"unlock\":\"q\"}]}]" },
    { "suspend at the mutex of a condition",
      TASK("\"suspend\":\"q\",\"sync\":{\"ref\":\"c\",\"mutex\":\"q\"}"),
      ENTRY(WAIT_AT_Q ",{\"sync\":{\"ref\":\"c\",\"mutex\":\"q\"}}") },
    { "suspend at a condition", TASK("\"suspend\":\"q\",\"sync\":{\"ref\":\"q\",\"mutex\":\"m\"}"),
      ENTRY(WAIT_AT_Q ",{\"sync\":{\"ref\":\"q\",\"mutex\":\"m\"}}") },
    { "a timer is absolute if one use says so",
      TASK("\"timer\":{\"ref\":\"a\"},\"timer\":{\"ref\":\"a\",\"mode\":\"absolute\"},"
           "\"timer\":{\"ref\":\"unique\"}"),
      ENTRY("{\"timer\":{\"ref\":\"a\",\"period\":0,\"mode\":\"absolute\"}},"
            "{\"timer\":{\"ref\":\"a\",\"period\":0,\"mode\":\"absolute\"}},"
            "{\"timer\":{\"ref\":\"unique\",\"period\":0,\"mode\":\"relative\"}}") },
    { "an absolute timer of a thread's own is not another's",
      "{\"tasks\":{\"t\":{\"timer\":{\"ref\":\"unique1\",\"mode\":\"absolute\"}},"
      "\"u\":{\"timer\":{\"ref\":\"unique1\"}}}}",
      "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"phases\":["
      "{\"timer\":{\"ref\":\"unique1\",\"period\":0,\"mode\":\"absolute\"}}]},"
      "{\"name\":\"u\",\"instances\":1,\"weight\":1024,\"phases\":["
      "{\"timer\":{\"ref\":\"unique1\",\"period\":0,\"mode\":\"relative\"}}]}]" },
    { "semaphores", TASK("\"sem_post\":\"s\",\"sem_wait\":\"s\""),
      ENTRY("{\"sem_post\":\"s\"},{\"sem_wait\":\"s\"}") },
    { "yield", TASK("\"yield\",\"yield1\":\"\""), ENTRY("{\"yield\":true},{\"yield\":true}") },
    { "iorun", TASK("\"iorun\":4096"), ENTRY("{\"iorun\":4096}") },
    { "mem touches so much", TASK("\"mem\":1500,\"mem\":1000"),
      "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"working_set_kb\":2,"
      "\"phases\":[{\"mem\":1500},{\"mem\":1000}]}]" },
    { "mem, but no more than its buffer",
      "{\"tasks\":{\"t\":{\"mem\":5000}},\"global\":{\"mem_buffer_size\":1024}}",
      "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"working_set_kb\":1,"
      "\"phases\":[{\"mem\":5000}]}]" },
    { "memrun touches the buffer", TASK("\"memrun\":9"),
      "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"working_set_kb\":4096,"
      "\"phases\":[{\"memrun\":9}]}]" },
    { "fork", "{\"tasks\":{\"t\":{\"fork\":\"a.b\"},\"a.b\":{\"instance\":0,\"run\":1}}}",
      "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"phases\":[{\"fork\":\"a_b\"}]},"
      "{\"name\":\"a_b\",\"instances\":0,\"weight\":1024,\"phases\":[{\"run\":1}]}]" },
    { "the longest name that a key begins with",
      TASK("\"runtime0\":1,\"run0\":2,\"running\":3,\"memrun_a\":4,\"broadcast\":\"c\""),
      "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"working_set_kb\":4096,\"phases\":"
      "[{\"runtime\":1},{\"run\":2},{\"run\":3},{\"memrun\":4},{\"broad\":\"c\"}]}]" },
    /* Relaxed JSON. */
    { "comments", "/* a */ { // b\n\"tasks\":{\"t\":{\"run\":5/*,*/}}}", ENTRY("{\"run\":5}") },
    { "commas at the end", "{\"tasks\":{\"t\":{\"cpus\":[0,],\"run\":5,},},\n}",
      "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"cpus\":[0],\"phases\":[{\"run\":5}]}]" },
    { "equal keys, in order", TASK("\"run\":1,\"sleep\":2,\"run\":3,\"run1\":4,\"run\":5"),
      ENTRY("{\"run\":1},{\"sleep\":2},{\"run\":3},{\"run\":4},{\"run\":5}") },
    { "equal keys, each counted for itself",
      TASK("\"run\":1,\"run\":2,\"run\":3,\"sleep\":4,\"sleep\":5,\"sleep1\":6"),
      ENTRY("{\"run\":1},{\"run\":2},{\"run\":3},{\"sleep\":4},{\"sleep\":5},{\"sleep\":6}") },
    { "equal keys about an object that has them, too",
      "{\"tasks\":{\"run\":{\"run\":5},\"run\":{\"run\":6},\"sleep\":{\"run\":7},\"sleep\":{"
      "\"run\":8}}}",
      "[{\"name\":\"run\",\"instances\":1,\"weight\":1024,\"phases\":[{\"run\":5}]},"
      "{\"name\":\"run1\",\"instances\":1,\"weight\":1024,\"phases\":[{\"run\":6}]},"
      "{\"name\":\"sleep\",\"instances\":1,\"weight\":1024,\"phases\":[{\"run\":7}]},"
      "{\"name\":\"sleep1\",\"instances\":1,\"weight\":1024,\"phases\":[{\"run\":8}]}]" },
    { "quotes and brackets in strings",
      TASK("\"barrier\":\"a\\\",}\",\"barrier\":\"b\\\\\",\"suspend\""),
      ENTRY("{\"barrier\":\"a\\\",}\"},{\"barrier\":\"b\\\\\"},{\"suspend\":\"t\"}") },
    { "a key without value at the end", TASK("\"run\":1,\"suspend\""),
      ENTRY("{\"run\":1},{\"suspend\":\"t\"}") },
    { "equal tasks", "{\"tasks\":{\"t\":{\"run\":1},\"t\":{\"suspend\"}}}",
      "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"phases\":[{\"run\":1}]},"
      "{\"name\":\"t1\",\"instances\":1,\"weight\":1024,\"phases\":[{\"suspend\":\"t1\"}]}]" },
    { "a byte order mark", "\xEF\xBB\xBF" TASK("\"run\":5"), ENTRY("{\"run\":5}") },
    /* Loops and phases. */
    { "loop of a task", TASK("\"loop\":3,\"run\":5"),
      "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"loop\":3,\"phases\":[{\"run\":5}]}]" },
    { "loop for ever", TASK("\"loop\":-1,\"run\":5"), ENTRY("{\"run\":5}") },
    { "phases of one round are one after another",
      TASK("\"phases\":{\"a\":{\"run\":1},\"a\":{\"loop\":1,\"sleep\":2}}"),
      ENTRY("{\"run\":1},{\"sleep\":2}") },
    { "phases of several rounds",
      TASK("\"loop\":2,\"phases\":{\"a\":{\"loop\":9,\"run\":1},\"b\":{\"loop\":-1,\"sleep\":2}}"),
      "[{\"name\":\"t\",\"instances\":1,\"weight\":1024,\"loop\":2,\"phases\":["
      "{\"phases\":[{\"run\":1}],\"loop\":9},{\"phases\":[{\"sleep\":2}],\"loop\":-1}]}]" },
    { "a mutex held from phase to phase",
      TASK("\"phases\":{\"a\":{\"lock\":\"m\"},"
           "\"b\":{\"wait\":{\"ref\":\"c\",\"mutex\":\"m\"},\"unlock\":\"m\"}}"),
      ENTRY("{\"lock\":\"m\"},{\"wait\":{\"ref\":\"c\",\"mutex\":\"m\"}},{\"unlock\":\"m\"}") },
    /* Properties. */
    { "instance, delay and cpus",
      TASK("\"instance\":12,\"delay\":250,\"cpus\":[2,0],\"phases\":{\"a\":{\"cpus\":[1],"
           "\"run\":1},\"b\":{\"run\":2}}"),
      "[{\"name\":\"t\",\"instances\":12,\"start_us\":250,\"weight\":1024,\"cpus\":[2,0],"
      "\"phases\":[{\"phases\":[{\"run\":1}],\"cpus\":[1],\"loop\":1},{\"run\":2}]}]" },
    { "nice", TASK("\"priority\":-20,\"run\":1"),
      "[{\"name\":\"t\",\"instances\":1,\"weight\":88761,\"phases\":[{\"run\":1}]}]" },
    { "the other end", TASK("\"policy\":\"SCHED_BATCH\",\"priority\":19,\"run\":1"),
      "[{\"name\":\"t\",\"instances\":1,\"weight\":15,\"phases\":[{\"run\":1}]}]" },
    { "idle", TASK("\"policy\":\"SCHED_IDLE\",\"run\":1"),
      "[{\"name\":\"t\",\"instances\":1,\"weight\":3,\"phases\":[{\"run\":1}]}]" },
    { "real-time priorities, above all others",
      "{\"global\":{\"default_policy\":\"SCHED_FIFO\"},\"tasks\":{"
      "\"a\":{\"run\":1},\"b\":{\"policy\":\"SCHED_RR\",\"priority\":99,\"run\":1},"
      "\"c\":{\"priority\":1,\"run\":1},\"d\":{\"policy\":\"SCHED_OTHER\",\"run\":1},"
      "\"e\":{\"policy\":\"SCHED_IDLE\",\"run\":1}}}",
      "[{\"name\":\"a\",\"instances\":1,\"priority\":-26,\"phases\":[{\"run\":1}]},"
      "{\"name\":\"b\",\"instances\":1,\"priority\":63,\"phases\":[{\"run\":1}]},"
      "{\"name\":\"c\",\"instances\":1,\"priority\":-35,\"phases\":[{\"run\":1}]},"
      "{\"name\":\"d\",\"instances\":1,\"weight\":1024,\"priority\":-63,\"phases\":[{\"run\":1}]},"
      "{\"name\":\"e\",\"instances\":1,\"weight\":3,\"priority\":-64,\"phases\":[{\"run\":1}]}]" },
    { "deadline",
      TASK("\"policy\":\"SCHED_DEADLINE\",\"dl-runtime\":3,\"dl-period\":9,\"dl-deadline\":9,"
           "\"run\":2"),
      "[{\"name\":\"t\",\"instances\":1,\"reservation\":{\"budget_us\":3,\"period_us\":9},"
      "\"phases\":[{\"run\":2}]}]" },
    { "deadline as before",
      TASK("\"policy\":\"SCHED_DEADLINE\",\"runtime\":3,\"period\":9,"
           "\"phases\":{\"a\":{\"run\":2}}"),
      "[{\"name\":\"t\",\"instances\":1,\"reservation\":{\"budget_us\":3,\"period_us\":9},"
      "\"phases\":[{\"run\":2}]}]" },
    { "deadline without a period: the runtime is one, all of it",
      TASK("\"policy\":\"SCHED_DEADLINE\",\"dl-runtime\":300,\"run\":2"),
      "[{\"name\":\"t\",\"instances\":1,\"reservation\":{\"budget_us\":300,\"period_us\":300},"
      "\"phases\":[{\"run\":2}]}]" },
    { "deadline, the longest period, all of it",
      TASK("\"policy\":\"SCHED_DEADLINE\",\"dl-runtime\":4000000,\"dl-period\":4000000,\"run\":2"),
      "[{\"name\":\"t\",\"instances\":1,\"reservation\":{\"budget_us\":4000000,\"period_us\":"
      "4000000},\"phases\":[{\"run\":2}]}]" },
    { "names", "{\"tasks\":{\"a b\":{\"run\":1},\"a.b\":{\"run\":1},\"a_b\":{\"run\":1}}}",
      "[{\"name\":\"a_b-1\",\"instances\":1,\"weight\":1024,\"phases\":[{\"run\":1}]},"
      "{\"name\":\"a_b-2\",\"instances\":1,\"weight\":1024,\"phases\":[{\"run\":1}]},"
      "{\"name\":\"a_b\",\"instances\":1,\"weight\":1024,\"phases\":[{\"run\":1}]}]" },
    { "resources say nothing",
      "{\"resources\":{\"m\":{\"type\":\"mutex\"},\"w\":{\"type\":\"wait\"}},"
      "\"tasks\":{\"t\":{\"run\":5}}}",
      ENTRY("{\"run\":5}") },
};

START_TEST(test_translations)
{
    for (size_t i = 0; i < sizeof translations / sizeof *translations; i++) {
        const struct translation *t = &translations[i];
        struct rtapp rtapp;
        bool fine = rtapp_parse(&rtapp, "f", t->text, strlen(t->text), &arena, &err);
        ck_assert_msg(fine, "%s: %s: %s", t->what, err.place, err.message);
        const char *line = json_print_line(rtapp.entries, &arena);
        ck_assert_msg(strcmp(line, t->entries) == 0, "%s: is %s, not %s", t->what, line,
                      t->entries);
        cJSON_Delete(rtapp.entries);
    }
}
END_TEST

struct refusal {
    const char *text, *place, *words;
};

static const struct refusal refusals[] = {
    /* The text. */
    { "{\n  \"tasks\" {} }", "f:2:11", "missing comma, quote or bracket" },
    { "{\"tasks\":{\"t\":{\"run\":5} \"u\":{}}}", "f:1:25", "missing comma" },
    { "{\"tasks\":{\"t\":{\"run\":5}}", "f:1:25", "ends too early" },
    { "{\"tasks\":{\"t\":{\"run\":05}}}", "f:1:22", "not a number" },
    { "{ /* \"tasks\" }", "f:1:3", "does not end" },
    { "", "f:1:1", "ends too early" },
    { "[]", "f:1:1: /", "must be an object" },
    { TASK("\"run\":1e400"), "f:1:22: /tasks/t/run", "too large" },
    /* Places are those of the file, whatever was mended before on the line. */
    { TASK("\"suspend\",\"run\":1,\"run\":-2"), "f:1:40: /tasks/t/run1", "from 0 to 2147483647" },
    { TASK("\"suspend\",\"suspend\",\"run\":1,\n\"run\":\"x\""), "f:2:7: /tasks/t/run1", "number" },
    { TASK("\"yield\",\"yield\", \"dance\":1"), "f:1:33: /tasks/t/dance", "neither an event nor" },
    /* Fragments and other versions. */
    { "{\"global\":{}}", "f:1:1: /", "a fragment for rt-app's merge.py" },
    { "{\"resources\":{}}", "f:1:1: /", "a fragment for rt-app's merge.py" },
    { TASK("\"exec\":1,\"period\":2"), "/tasks/t/exec", "of a fragment for rt-app's merge.py" },
    { "{\"tasks\":{\"t\":{\"lock_order\":[]}},\"global\":{}}", "/tasks/t/lock_order",
      "the task \"t\" is in the grammar of rt-app's first versions" },
    { TASK("\"run\":1,\"taskgroup\":\"/a\""), "/tasks/t/taskgroup", "task groups are not" },
    { TASK("\"run\":1,\"util_min\":5"), "/tasks/t/util_min", "clamps of utilisation" },
    { TASK("\"run\":1,\"nodes_membind\":[0]"), "/tasks/t/nodes_membind", "memory nodes" },
    { TASK("\"phases\":{\"a\":{\"priority\":3,\"run\":1}}"), "/tasks/t/phases/a/priority",
      "from phase to phase" },
    /* Objects. */
    { "{\"tasks\":{}}", "f:1:10: /tasks", "at least one task, is empty" },
    { "{\"tasks\":[]}", "f:1:10: /tasks", "is an array" },
    { "{\"tasks\"}", "f:1:9: /tasks", "is null" },
    { "{\"tasks\":{\"t\":5}}", "f:1:15: /tasks/t", "a task, is a number" },
    { "{\"task\":{}}", "f:1:2: /task", "did you mean \"tasks\"?" },
    { TASK(""), "f:1:15: /tasks/t", "has no events" },
    { TASK("\"loop\":2"), "/tasks/t", "has no events" },
    { TASK("\"phases\":{}"), "/tasks/t/phases", "is empty" },
    { TASK("\"phases\":{\"a\":{}}"), "/tasks/t/phases/a", "has no events" },
    { TASK("\"phases\":{\"a\":{\"run\":1}},\"run\":1"), "/tasks/t/run", "beside \"phases\"" },
    { TASK("\"run\":1,\"loop\":2,\"loop\":3"), "/tasks/t/loop1", "\"loop\" is there twice" },
    { "{\"global\":{\"duration\":1,\"duration\":2},\"tasks\":{\"t\":{\"run\":1}}}",
      "/global/duration1", "\"duration\" is there twice" },
    { "{\"tasks\":{\"t\":{\"run\":5}},\"global\":{},\"global\":{}}", "f:1:38: /global1",
      "\"global\" is there twice" },
    { TASK("\"run\":1,\"instances\":2"), "/tasks/t/instances", "did you mean \"instance\"?" },
    { TASK("\"run\":1,\"cpu\":[0]"), "/tasks/t/cpu", "did you mean \"cpus\"?" },
    { TASK("\"phase\":{\"a\":{\"run\":1}}"), "/tasks/t/phase", "did you mean \"phases\"?" },
    { TASK("\"phases\":{\"a\":{\"slep\":1}}"), "/tasks/t/phases/a/slep", "mean \"sleep\"?" },
    { TASK("\"run\":1,\"dance\":1"), "/tasks/t/dance", "yield, fork, the properties instance," },
    { "{\"tasks\":{\"t\":{\"fork\":\"u\"},\"u\":{\"instance\":0,\"run\":1,\"barrier\":\"b\"}}}",
      "f:1:64: /tasks/u/barrier", "needs to know how many come" },
    /* Events. */
    { TASK("\"run\""), "/tasks/t/run", "has no value; give it a number of us" },
    { TASK("\"run\":1.5"), "/tasks/t/run", "whole number" },
    { TASK("\"sleep\":2147483648"), "/tasks/t/sleep", "from 0 to 2147483647" },
    { TASK("\"lock\":5"), "/tasks/t/lock", "must be a string" },
    { TASK("\"lock\""), "/tasks/t/lock", "has no value; give it a name" },
    { TASK("\"signal\":\"\""), "/tasks/t/signal", "1 to 100 characters" },
    { TASK("\"resume\""), "/tasks/t/resume", "has no value" },
    { TASK("\"timer\":{\"ref\":\"a\",\"mode\":\"late\"}"), "/tasks/t/timer/mode", "relative" },
    { TASK("\"timer\":{\"period\":-1}"), "/tasks/t/timer/period", "from 0" },
    { TASK("\"timer\":{\"until\":1}"), "/tasks/t/timer/until", "unknown key" },
    { TASK("\"timer\":7"), "/tasks/t/timer", "must be an object" },
    { TASK("\"wait\":{\"ref\":\"c\",\"mutex\":\"m\"}"), "/tasks/t/wait",
      "without holding the mutex \"m\"" },
    { TASK("\"lock\":\"m\",\"unlock\":\"m\",\"wait\":{\"ref\":\"c\",\"mutex\":\"m\"}"),
      "/tasks/t/wait", "without holding" },
    { TASK("\"barrier\":\"b\",\"barrier\":\"b\""), "/tasks/t/barrier1",
      "at another place already" },
    { TASK("\"fork\":\"u\""), "/tasks/t/fork", "there is no task \"u\"" },
    /* Properties. */
    { TASK("\"run\":1,\"loop\":0"), "/tasks/t/loop", "at least 1, or -1" },
    { TASK("\"run\":1,\"loop\":1.5"), "/tasks/t/loop", "at least 1, or -1" },
    { TASK("\"run\":1,\"instance\":-1"), "/tasks/t/instance", "from 0" },
    { TASK("\"run\":1,\"delay\":\"x\""), "/tasks/t/delay", "a number" },
    { TASK("\"run\":1,\"cpus\":[]"), "/tasks/t/cpus", "1 to 1024 CPUs, has 0" },
    { TASK("\"run\":1,\"cpus\":[-1]"), "/tasks/t/cpus/0", "from 0 to 1023" },
    { TASK("\"run\":1,\"cpus\":2"), "/tasks/t/cpus", "must be an array" },
    { TASK("\"run\":1,\"policy\":\"SCHED_NONE\""), "/tasks/t/policy", "SCHED_DEADLINE" },
    { TASK("\"run\":1,\"priority\":20"), "/tasks/t/priority", "from -20 to 19" },
    { TASK("\"run\":1,\"priority\":0.5"), "/tasks/t/priority", "whole number" },
    { TASK("\"run\":1,\"policy\":\"SCHED_RR\",\"priority\":0"), "/tasks/t/priority", "1 to 99" },
    { TASK("\"run\":1,\"dl-runtime\":5"), "/tasks/t/dl-runtime", "SCHED_DEADLINE only" },
    { TASK("\"run\":1,\"policy\":\"SCHED_DEADLINE\""), "/tasks/t", "without \"dl-runtime\"" },
    { TASK("\"run\":1,\"policy\":\"SCHED_DEADLINE\",\"dl-runtime\":5,\"dl-period\":4"),
      "/tasks/t/dl-runtime", "at most the period (4 us), is 5" },
    { TASK("\"run\":1,\"policy\":\"SCHED_DEADLINE\",\"dl-runtime\":5,\"dl-period\":9,"
           "\"dl-deadline\":8"),
      "/tasks/t/dl-deadline", "other than the period (9 us)" },
    { TASK("\"run\":1,\"policy\":\"SCHED_DEADLINE\",\"dl-runtime\":5,\"dl-period\":4000001"),
      "/tasks/t/dl-period", "4000000" },
    { TASK("\"run\":1,\"period\":9"), "/tasks/t/period", "neither an event nor" },
    /* Global. */
    { "{\"tasks\":{\"t\":{\"run\":1}},\"global\":{\"durations\":1}}", "/global/durations",
      "did you mean \"duration\"?" },
    { "{\"tasks\":{\"t\":{\"run\":1}},\"global\":{\"duration\":\"x\"}}", "/global/duration",
      "must be a number, is a string" },
    { "{\"tasks\":{\"t\":{\"run\":1}},\"global\":{\"duration\":0.5}}", "/global/duration",
      "whole number of seconds" },
    { "{\"tasks\":{\"t\":{\"run\":1}},\"global\":{\"ftrace\":1}}", "/global/ftrace",
      "must be true, false or a string" },
    { "{\"tasks\":{\"t\":{\"run\":1}},\"global\":{\"log_size\":true}}", "/global/log_size",
      "must be a number or a string" },
    { "{\"tasks\":{\"t\":{\"run\":1}},\"global\":{\"pi_enabled\":1}}", "/global/pi_enabled",
      "true or false" },
    { "{\"tasks\":{\"t\":{\"run\":1}},\"global\":{\"default_policy\":\"x\"}}",
      "/global/default_policy", "unknown policy" },
    { "{\"tasks\":{\"t\":{\"run\":1}},\"global\":{\"mem_buffer_size\":0}}",
      "/global/mem_buffer_size", "from 1 to 2147483647" },
    { "{\"tasks\":{\"t\":{\"run\":1}},\"resources\":{\"m\":{\"type\":\"x\"}}}", "/resources/m/type",
      "unknown type of resource" },
};

START_TEST(test_refusals)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *r = &refusals[i];
        struct rtapp rtapp;
        ck_assert_msg(!rtapp_parse(&rtapp, "f", r->text, strlen(r->text), &arena, &err),
                      "%s: taken", r->text);
        ck_assert_ptr_null(rtapp.entries);
        ck_assert_msg(strstr(err.place, r->place) != NULL, "%s: at %s, not %s", r->text, err.place,
                      r->place);
        ck_assert_msg(strstr(err.message, r->words) != NULL, "%s: says %s, not %s", r->text,
                      err.message, r->words);
    }
}
END_TEST

/* Cut off anywhere, a file is refused, and nothing is read beyond its end. */
START_TEST(test_cut)
{
    static const char text[] =
        "{\"tasks\":{\"t\":{\"lock\":\"m\",\"suspend\",\"run\":1,\"run\":2,\"wait\":"
        "{\"ref\":\"c\",\"mutex\":\"m\",},\"unlock\":\"m\",}}}";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        char *cut = malloc(length + 1); /* no NUL, so that a sanitizer sees */
        struct rtapp rtapp;
        CHECK(cut != NULL);
        memcpy(cut, text, length);
        ck_assert(!rtapp_parse(&rtapp, "f", cut, length, &arena, &err));
        free(cut);
    }
}
END_TEST

static void expect_note(const struct rtapp *rtapp, uint32_t index, const char *note)
{
    ck_assert_uint_lt(index, rtapp->note_count);
    ck_assert_str_eq(rtapp->notes[index], note);
}

START_TEST(test_whole)
{
    static const char text[] =
        "{\"global\":{\"duration\":7,\"logdir\":\"./\",\"frag\":1,\"pi_enabled\":true},"
        "\"resources\":{},\"tasks\":{\"a.b\":{\"policy\":\"SCHED_FIFO\",\"run\":1},"
        "\"c\":{\"policy\":\"SCHED_BATCH\",\"priority\":1,\"cpus\":[0,5],\"run\":1}}}";
    struct rtapp rtapp;
    ck_assert(rtapp_parse(&rtapp, "f", text, strlen(text), &arena, &err));
    ck_assert_double_eq(rtapp.duration_s, 7);
    ck_assert_uint_eq(rtapp.cores, 6);
    ck_assert(rtapp.has_realtime && !rtapp.has_deadline && rtapp.inherits);
    ck_assert_uint_eq(rtapp.note_count, 4);
    expect_note(&rtapp, 0,
                "without meaning in a simulation, and left out: \"logdir\", \"frag\", "
                "\"resources\"");
    expect_note(&rtapp, 1, "names are changed: \"a.b\" is a_b");
    expect_note(&rtapp, 2,
                "simulated alike: SCHED_FIFO as SCHED_RR, by time slices, SCHED_BATCH as "
                "SCHED_OTHER");
    expect_note(&rtapp, 3,
                "one policy serves all classes: under priority, SCHED_OTHER's tasks take turns, "
                "whatever their nice value");
    const char *scenario = rtapp_scenario(&rtapp, "/x/y.json", &arena);
    ck_assert_ptr_nonnull(strstr(scenario, "\"name\": \"y\""));
    ck_assert_ptr_nonnull(strstr(scenario, "\"duration_ms\": 7000"));
    ck_assert_ptr_nonnull(strstr(scenario, "\"cores\": 6"));
    ck_assert_ptr_nonnull(strstr(scenario, "\"policy\": \"priority\""));
    ck_assert_ptr_nonnull(strstr(scenario, "\"rt-app\": \"y.json\""));
    ck_assert_ptr_nonnull(strstr(scenario, "\"priority_inheritance\": true"));
    cJSON_Delete(rtapp.entries);
}
END_TEST

static void read_whole(struct rtapp *rtapp, const char *text)
{
    ck_assert_msg(rtapp_parse(rtapp, "f", text, strlen(text), &arena, &err), "%s: %s", text,
                  err.message);
}

/* What is made of a file alone. */
static void expect_scenario(const char *text, const char *path, const char *wanted)
{
    struct rtapp rtapp;
    read_whole(&rtapp, text);
    const char *scenario = rtapp_scenario(&rtapp, path, &arena);
    ck_assert_msg(strstr(scenario, wanted) != NULL, "%s: no %s in %s", text, wanted, scenario);
    cJSON_Delete(rtapp.entries);
}

START_TEST(test_scenarios)
{
    static const char loops[] = "{\"tasks\":{\"t\":{\"loop\":1,\"run\":1999990}}}";
    expect_scenario(TASK("\"run\":1"), "x.y.json", "\"name\": \"x.y\"");
    expect_scenario(TASK("\"run\":1"), "/x.y/z", "\"name\": \"z\"");
    expect_scenario(TASK("\"run\":1"), "/x/.json", "\"name\": \".json\"");
    expect_scenario(TASK("\"run\":1"), "x", "\"policy\": \"fair\"");
    expect_scenario(TASK("\"policy\":\"SCHED_RR\",\"run\":1"), "x", "\"policy\": \"priority\"");
    expect_scenario(TASK("\"policy\":\"SCHED_DEADLINE\",\"dl-runtime\":1,\"run\":1"), "x",
                    "\"policy\": \"edf\"");
    /* Ten times the work and 10 s more, with 10 us an event; 10 s where it does not end. */
    expect_scenario(loops, "x", "\"duration_ms\": 30000,\n  \"until\": \"done\"");
    expect_scenario(TASK("\"loop\":1,\"run\":1999991"), "x", "\"duration_ms\": 31000,");
    expect_scenario(TASK("\"loop\":30000,\"yield\""), "x", "\"duration_ms\": 13000,");
    expect_scenario(TASK("\"loop\":-1,\"yield\""), "x", "\"duration_ms\": 10000,\n  \"machine\"");
    expect_scenario(TASK("\"run\":1"), "x", "\"duration_ms\": 10000,\n  \"machine\"");
    expect_scenario("{\"global\":{\"duration\":5},\"tasks\":{\"t\":{\"loop\":1,\"run\":1}}}", "x",
                    "\"duration_ms\": 5000,\n  \"machine\"");
    expect_scenario("{\"global\":{\"duration\":0},\"tasks\":{\"t\":{\"run\":1}}}", "x",
                    "\"duration_ms\": 10000,");
    /* The last of the cores that are named, two at least. */
    expect_scenario(TASK("\"run\":1"), "x", "\"cores\": 2");
    expect_scenario(TASK("\"cpus\":[1,2],\"run\":1"), "x", "\"cores\": 3");
    expect_scenario(TASK("\"cpus\":[4,0],\"run\":1"), "x", "\"cores\": 5");
}
END_TEST

/* Whose weights do not count is said where there are any: of a nice value, or of SCHED_IDLE. */
START_TEST(test_weights_beside_classes)
{
    static const char *const tasks[] = { "\"policy\":\"SCHED_IDLE\",", "\"priority\":-1,", "" };
    for (uint32_t i = 0; i < 3; i++) {
        struct rtapp rtapp;
        read_whole(&rtapp, arena_printf(&arena,
                                        "{\"tasks\":{\"r\":{\"policy\":\"SCHED_RR\",\"run\":1},"
                                        "\"t\":{%s\"run\":1}}}",
                                        tasks[i]));
        ck_assert_uint_eq(rtapp.note_count, i < 2);
        if (i < 2)
            ck_assert_ptr_nonnull(strstr(rtapp.notes[0], "one policy serves all classes"));
        cJSON_Delete(rtapp.entries);
    }
}
END_TEST

/* More brackets end than began. */
START_TEST(test_too_many_ends)
{
    enum { ENDS = 1 << 24 };
    char *text = malloc(ENDS);
    struct rtapp rtapp;
    CHECK(text != NULL);
    memset(text, '}', ENDS);
    for (size_t length = 1; length <= ENDS; length *= ENDS) {
        ck_assert(!rtapp_parse(&rtapp, "f", text, length, &arena, &err));
        ck_assert_ptr_nonnull(strstr(err.place, "f:1:1"));
    }
    free(text);
}
END_TEST

/* What all tasks take one after another, bytes and forks included, and 10 us each event. */
START_TEST(test_durations)
{
    static const struct {
        const char *tasks;
        double us; /* 0: for ever */
    } cases[] = {
        { "\"a\":{\"loop\":5,\"run\":10,\"sleep\":20}", 5 * (20 + 30) },
        { "\"a\":{\"loop\":5,\"run\":10,\"instance\":2,\"delay\":7}", 207 },
        { "\"a\":{\"run\":10}", 0 },
        { "\"a\":{\"yield\"}", 0 },
        { "\"a\":{\"loop\":4,\"phases\":{\"p\":{\"loop\":-1,\"suspend\"}}}", 0 },
        { "\"a\":{\"loop\":4,\"lock\":\"m\",\"unlock\":\"m\"}", 80 },
        { "\"a\":{\"loop\":2,\"phases\":{\"p\":{\"loop\":3,\"run\":10},\"q\":{\"run\":1}}}",
          2 * (60 + 11) },
        { "\"a\":{\"loop\":2,\"iorun\":5000,\"mem\":1000}", 2 * (5010 + 50) },
        { "\"a\":{\"loop\":3,\"run\":1,\"fork\":\"b\"},\"b\":{\"instance\":0,\"loop\":1,\"run\":"
          "100}",
          63 + 110 + 3 * 110 },
        { "\"a\":{\"loop\":1,\"run\":1,\"fork\":\"b\"},"
          "\"b\":{\"instance\":0,\"loop\":1,\"run\":100,\"fork\":\"b\"}",
          0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = arena_printf(&arena, "{\"tasks\":{%s}}", cases[i].tasks);
        struct rtapp rtapp;
        read_whole(&rtapp, text);
        ck_assert_msg(cases[i].us == 0 ? isinf(rtapp.work_us) : rtapp.work_us == cases[i].us,
                      "%s: %g us", text, rtapp.work_us);
        cJSON_Delete(rtapp.entries);
    }
}
END_TEST

/* Time does not grow with the square of the length: equal keys, and names that numbers give. */
START_TEST(test_many_keys)
{
    enum { KEYS = 200000 };
    char *text = malloc((size_t)KEYS * 24 + 64), *at = text;
    struct rtapp rtapp;
    CHECK(text != NULL);
    at += sprintf(at, "{\"tasks\":{\"t\":{");
    for (int i = 0; i < KEYS; i++)
        at += i % 2 ? sprintf(at, "\"run%d\":1,", i) : sprintf(at, "\"run\",");
    at += sprintf(at, "}}}");
    ck_assert(!rtapp_parse(&rtapp, "f", text, (size_t)(at - text), &arena, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "has 200000 members; at most 4096"));
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("rtapp");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_translations);
    tcase_add_test(tests, test_refusals);
    tcase_add_test(tests, test_cut);
    tcase_add_test(tests, test_whole);
    tcase_add_test(tests, test_scenarios);
    tcase_add_test(tests, test_weights_beside_classes);
    tcase_add_test(tests, test_too_many_ends);
    tcase_add_test(tests, test_durations);
    tcase_add_test(tests, test_many_keys);
    int status = suite_run("rtapp", tests);
    arena_free(&arena);
    return status;
}
