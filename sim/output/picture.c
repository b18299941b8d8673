/* picture.c -- see picture.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/picture.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/output/file.h"
#include "sim/output/gnuplot.h"

const char *picture_text(struct plotting *plotting, picture_script *script, const void *context)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    CHECK(to != NULL);
    script(to, plotting, context);
    CHECK(fclose(to) == 0);
    const char *copy = arena_string_n(&plotting->arena, text, size);
    free(text);
    return copy;
}

struct bytes {
    const char *from;
    size_t size;
};

static void put_bytes(FILE *to, const void *context)
{
    const struct bytes *bytes = context;
    fwrite(bytes->from, 1, bytes->size, to);
}

bool picture_write(struct plotting *plotting, const char *stem, picture_script *script,
                   const void *context, struct error *err)
{
    struct arena *arena = &plotting->arena;
    const char *file = arena_printf(arena, "%s.gp", stem), *picture;
    const char *path = arena_printf(arena, "%s.%s", stem, plotting->options->format);
    size_t size;
    plotting->drawn_here = false;
    const char *text = picture_text(plotting, script, context);
    struct bytes bytes = { text, strlen(text) };
    if (!file_write(file, put_bytes, &bytes, err))
        return false;
    plotting->drawn_here = true;
    text = picture_text(plotting, script, context);
    if (!gnuplot_draw(text, file, &picture, &size, arena, err))
        return false;
    bytes = (struct bytes){ picture, size };
    if (!file_write(path, put_bytes, &bytes, err))
        return false;
    printf("%s\n", path);
    return true;
}
