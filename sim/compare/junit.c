/* junit.c -- a comparison as JUnit XML, of the kind that Jenkins, GitLab and GitHub's actions read.
 *
 * Of what Ant's and Jenkins' schemas both allow: testsuites, in it one testsuite, in that the test
 * cases with failure or skipped in them.  Times are 0, so that equal results are equal files.
 * tests/compare/junit.xsd says it, tests/compare/check.py holds it to that.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>

#include "sim/compare/report.h"
#include "sim/output/file.h"

struct junit {
    const struct comparison *comparison;
    bool strict;
};

/* Control characters have no place in XML 1.0, not even escaped. */
static void put(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '<')
            fputs("&lt;", to);
        else if (c == '>')
            fputs("&gt;", to);
        else if (c == '&')
            fputs("&amp;", to);
        else if (c == '"')
            fputs("&quot;", to);
        else
            putc(c < ' ' ? ' ' : c, to);
    }
}

static bool is_failure(enum verdict verdict, bool strict)
{
    return verdict == VERDICT_WORSE || verdict == VERDICT_DIFFERENT ||
           (strict && verdict == VERDICT_UNDECIDED);
}

static void put_case(FILE *to, const char *suite, const char *point, const char *metric)
{
    fputs("    <testcase classname=\"", to);
    put(to, suite);
    if (*point != '\0') {
        fputs(".", to);
        put(to, point);
    }
    fputs("\" name=\"", to);
    put(to, metric);
    fputs("\" time=\"0\"", to);
}

static void put_item(FILE *to, const struct junit *junit, const struct comparison_item *item)
{
    const struct judgement *judgement = &item->judgement;
    const struct difference *d = &judgement->difference;
    enum verdict verdict = judgement->verdict;
    const char *unit = metric_describe(item->metric)->unit;
    put_case(to, junit->comparison->a->name, item->a->title, item->metric);
    if (verdict == VERDICT_SAME || verdict == VERDICT_BETTER) {
        fputs("/>\n", to);
        return;
    }
    double low, high;
    difference_bounds(d, COMPARISON_CONFIDENCE, &low, &high);
    bool failure = is_failure(verdict, junit->strict);
    fprintf(to, ">\n      <%s message=\"%s: %.4g, then %.4g ", failure ? "failure" : "skipped",
            verdict_names[verdict], d->mean_a, d->mean_b);
    put(to, unit);
    if (!isnan(low))
        fprintf(to, " (%+.4g, 95 %% interval %+.4g to %+.4g; margin %.4g)", d->estimate, low, high,
                judgement->margin);
    if (verdict == VERDICT_UNDECIDED && judgement->more < VERDICT_MORE_MAX)
        fprintf(to, "; %u more replications would decide", judgement->more);
    fputs("\"", to);
    if (failure)
        fprintf(to, " type=\"%s\"", verdict_names[verdict]);
    fputs("/>\n    </testcase>\n", to);
}

static void put_missing(FILE *to, const struct junit *junit,
                        const struct record_point *const *points, uint32_t count, char other)
{
    for (uint32_t i = 0; i < count; i++) {
        put_case(to, junit->comparison->a->name, points[i]->title, "point");
        fprintf(to, ">\n      <%s message=\"not in %c\"%s/>\n    </testcase>\n",
                junit->strict ? "failure" : "skipped", other,
                junit->strict ? " type=\"missing\"" : "");
    }
}

static void fill(FILE *to, const void *context)
{
    const struct junit *junit = context;
    const struct comparison *c = junit->comparison;
    uint32_t missing = c->missing_a_count + c->missing_b_count, failures = 0;
    for (int v = 0; v < VERDICTS; v++)
        failures += is_failure((enum verdict)v, junit->strict) ? c->verdict_count[v] : 0;
    uint32_t skipped = junit->strict ? 0 : missing + c->verdict_count[VERDICT_UNDECIDED];
    failures += junit->strict ? missing : 0;
    uint32_t tests = c->item_count + missing;
    fprintf(to,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"braidsim compare\" tests=\"%u\" failures=\"%u\" errors=\"0\" "
            "time=\"0\">\n  <testsuite name=\"",
            tests, failures);
    put(to, c->a->name);
    fprintf(to, "\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"0\">\n", tests,
            failures, skipped);
    for (uint32_t i = 0; i < c->item_count; i++)
        put_item(to, junit, &c->items[i]);
    put_missing(to, junit, c->missing_a, c->missing_a_count, 'A');
    put_missing(to, junit, c->missing_b, c->missing_b_count, 'B');
    fputs("  </testsuite>\n</testsuites>\n", to);
}

bool report_junit(const struct comparison *comparison, bool strict, const char *path,
                  struct error *err)
{
    struct junit junit = { comparison, strict };
    return file_write(path, fill, &junit, err);
}
