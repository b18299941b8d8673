/* drawing.h -- for the one test of plots: a results directory of its own, and what is drawn there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_SUPPORT_DRAWING_H
#define TESTS_SUPPORT_DRAWING_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/output/plot.h"

static struct arena arena;
static char work[64];

static const char *at(const char *name)
{
    return arena_printf(&arena, "%s/%s", work, name);
}

static void set_up(void)
{
    arena = ARENA_EMPTY;
    strcpy(work, "/tmp/braidsim-plot.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(work));
}

static void tear_down(void)
{
    static const char *const names[] = { "summary.json", "overhead.gp",  "overhead.png",
                                         "accounts.gp",  "accounts.png", "latency.gp",
                                         "latency.png" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(at(names[i]));
    ck_assert_msg(rmdir(work) == 0, "something else is left: %s", strerror(errno));
    arena_free(&arena);
}

static const char *file_text(const char *name, size_t *size)
{
    FILE *file = fopen(at(name), "rb");
    ck_assert_msg(file != NULL, "%s: %s", name, strerror(errno));
    char *text = arena_alloc(&arena, 1 << 20, 1);
    *size = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

/* Draws with these options, reads the script NAME.gp, runs that in its folder by itself, and
 * removes all that was made. */
static const char *drawn(struct plot_options options, const char *name)
{
    const char *const directories[] = { work };
    struct error err;
    size_t size, again;
    options.format = "svg";
    ck_assert_msg(plot_directories(directories, 1, &options, &err), "%s: %s", err.place,
                  err.message);
    const char *gp = arena_printf(&arena, "%s.gp", name);
    const char *svg = arena_printf(&arena, "%s.svg", name);
    const char *script = file_text(gp, &size), *picture = file_text(svg, &size);
    ck_assert_int_eq(unlink(at(svg)), 0);
    ck_assert_int_eq(system(arena_printf(&arena, "cd '%s' && gnuplot '%s' 2>&1", work, gp)), 0);
    ck_assert_str_eq(file_text(svg, &again), picture);
    ck_assert_int_eq(unlink(at(gp)) | unlink(at(svg)), 0);
    return script;
}

/* The number that follows words in a script. */
static double number_after(const char *script, const char *words)
{
    const char *found = strstr(script, words);
    ck_assert_msg(found != NULL, "the script has no \"%s\"", words);
    return strtod(found + strlen(words), NULL);
}

#endif
