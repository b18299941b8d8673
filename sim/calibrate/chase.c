/* chase.c -- see chase.h.  Compiled with optimisation and without sanitizers in every preset.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/calibrate/chase.h"

#include <gsl/gsl_randist.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/base/check.h"

enum {
    STRIDE_OF_LOADS = 16, /* loads written out in a row */
    SLICE_NS = 50000,     /* what one timing takes, roughly */
    LEAD_FAR = 4096,      /* loads that get a far walk going */
    LOADS_LEAST = 256,    /* in one timing */
    STREAM_SLICE_LINES = 4096,
    HELD_LOADS = 1024, /* of a chase after each reading */
    HELD_LEAST = 8,    /* readings */
    HELD_MOST = 256
};

/* ---- Memory ------------------------------------------------------------------------------- */

/* Does the kernel map at least nine tenths of it by huge pages?  Asks /proc/self/smaps. */
static bool is_huge(const struct field *field)
{
    char line[256];
    unsigned long from, to, kb, huge_kb = 0;
    bool inside = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside =
                from < (uintptr_t)field->memory + field->bytes && to > (uintptr_t)field->memory;
        else if (inside && sscanf(line, "AnonHugePages: %lu kB", &kb) == 1)
            huge_kb += kb;
    }
    if (file != NULL)
        fclose(file);
    return huge_kb >= field->bytes / 1024 / 10 * 9;
}

bool field_map(struct field *field, size_t bytes, bool huge, gsl_rng *rng)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    bytes = (bytes + CHASE_HUGE_BYTES - 1) / CHASE_HUGE_BYTES * CHASE_HUGE_BYTES;
    size_t mapped = bytes + CHASE_HUGE_BYTES;
    char *memory = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *field = (struct field){ NULL, bytes, false };
    if (memory == MAP_FAILED)
        return false;
    size_t skip = CHASE_HUGE_BYTES - (uintptr_t)memory % CHASE_HUGE_BYTES;
    munmap(memory, skip);
    if (skip < CHASE_HUGE_BYTES)
        munmap(memory + skip + bytes, CHASE_HUGE_BYTES - skip);
    field->memory = memory + skip;
    madvise(field->memory, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    struct route pages;
    route_init(&pages, (uint32_t)(bytes / page));
    route_stride(&pages, bytes, page);
    if (!huge)
        route_shuffle(&pages, rng);
    for (uint32_t i = 0; i < pages.count; i++)
        field->memory[(size_t)pages.place[i] * CHASE_UNIT_BYTES] = 1;
    route_fini(&pages);
    field->huge = huge && is_huge(field);
    return true;
}

void field_unmap(struct field *field)
{
    if (field->memory != NULL)
        munmap(field->memory, field->bytes);
    field->memory = NULL;
}

/* ---- Routes ------------------------------------------------------------------------------- */

void route_init(struct route *route, uint32_t capacity)
{
    *route = (struct route){ malloc(capacity * sizeof(uint32_t)), 0, capacity };
    CHECK(route->place != NULL);
}

void route_fini(struct route *route)
{
    free(route->place);
    *route = (struct route){ NULL, 0, 0 };
}

void route_clear(struct route *route)
{
    route->count = 0;
}

void route_add(struct route *route, size_t byte)
{
    CHECK(route->count < route->capacity && byte % CHASE_UNIT_BYTES == 0);
    route->place[route->count++] = (uint32_t)(byte / CHASE_UNIT_BYTES);
}

void route_shuffle(struct route *route, gsl_rng *rng)
{
    gsl_ran_shuffle(rng, route->place, route->count, sizeof(uint32_t));
}

void route_stride(struct route *route, size_t bytes, size_t stride)
{
    route_clear(route);
    for (size_t at = 0; at < bytes; at += stride)
        route_add(route, at);
}

void route_random(struct route *route, size_t bytes, size_t stride, gsl_rng *rng)
{
    route_stride(route, bytes, stride);
    route_shuffle(route, rng);
}

void route_sweeps(struct route *route, size_t bytes, size_t stride, size_t line, gsl_rng *rng)
{
    struct route from;
    route_init(&from, (uint32_t)(stride / line));
    route_random(&from, stride, line, rng);
    route_clear(route);
    for (uint32_t i = 0; i < from.count; i++)
        for (size_t at = (size_t)from.place[i] * CHASE_UNIT_BYTES; at < bytes; at += stride)
            route_add(route, at);
    route_fini(&from);
}

void route_blocks(struct route *route, size_t bytes, size_t block, size_t stride, gsl_rng *rng)
{
    struct route blocks;
    route_init(&blocks, (uint32_t)(bytes / block) + 1);
    route_random(&blocks, bytes / block * block, block, rng);
    route_clear(route);
    for (uint32_t i = 0; i < blocks.count; i++) {
        uint32_t first = route->count;
        for (size_t at = 0; at < block; at += stride)
            route_add(route, (size_t)blocks.place[i] * CHASE_UNIT_BYTES + at);
        gsl_ran_shuffle(rng, route->place + first, route->count - first, sizeof(uint32_t));
    }
    route_fini(&blocks);
}

/* ---- Walks -------------------------------------------------------------------------------- */

struct chase {
    void **at;
    uint64_t loads; /* in one timing */
};

void **route_link(const struct route *route, struct field *field)
{
    CHECK(route->count > 0);
    for (uint32_t i = 0; i < route->count; i++) {
        uint32_t next = route->place[i + 1 < route->count ? i + 1 : 0];
        *(void **)(void *)(field->memory + (size_t)route->place[i] * CHASE_UNIT_BYTES) =
            field->memory + (size_t)next * CHASE_UNIT_BYTES;
    }
    return (void **)(void *)(field->memory + (size_t)route->place[0] * CHASE_UNIT_BYTES);
}

#define LOAD       at = *(void ***)at;
#define FOUR_LOADS LOAD LOAD LOAD LOAD

static uint64_t chase_walk(void *context)
{
    struct chase *chase = context;
    void **at = chase->at;
    for (uint64_t i = 0; i < chase->loads; i += STRIDE_OF_LOADS) {
        FOUR_LOADS FOUR_LOADS FOUR_LOADS FOUR_LOADS __asm__ volatile("" : "+r"(at));
    }
    chase->at = at;
    return chase->loads;
}

static uint64_t walk_along(void *context)
{
    struct chase *chase = context;
    void **at = chase->at;
    for (uint64_t i = 0; i < chase->loads; i++) {
        LOAD __asm__ volatile("" : "+r"(at)); /* keeps it one instruction */
    }
    chase->at = at;
    return chase->loads;
}

static uint64_t round_up(uint64_t loads)
{
    return (loads + STRIDE_OF_LOADS - 1) / STRIDE_OF_LOADS * STRIDE_OF_LOADS;
}

/* lead: loads before the timing begins. */
static struct measurement measure_after(uint64_t (*go)(void *chase), struct field *field,
                                        const struct route *route, uint64_t lead, double seconds)
{
    struct chase chase = { route_link(route, field), round_up(lead) };
    uint64_t began = ticks_now();
    if (chase.loads < LOADS_LEAST)
        chase.loads = LOADS_LEAST;
    go(&chase);
    double lead_ns = (double)(ticks_now() - began) / ticks_per_ns();
    double loads = SLICE_NS / (lead_ns / (double)chase.loads);
    chase.loads = round_up((uint64_t)(loads < LOADS_LEAST ? LOADS_LEAST : loads));
    return timing_measure(go, &chase, seconds);
}

struct measurement chase_measure(struct field *field, const struct route *route, double seconds)
{
    return measure_after(chase_walk, field, route, route->count, seconds);
}

struct measurement chase_measure_far(struct field *field, const struct route *route, double seconds)
{
    return measure_after(chase_walk, field, route, LEAD_FAR, seconds);
}

struct measurement walk_measure(struct field *field, const struct route *route, double seconds)
{
    return measure_after(walk_along, field, route, route->count, seconds);
}

struct measurement walk_measure_far(struct field *field, const struct route *route, double seconds)
{
    return measure_after(walk_along, field, route, LEAD_FAR, seconds);
}

uint64_t stream_read(void *context)
{
    struct stream_walk *stream = context;
    const char *memory = stream->memory;
    size_t at = stream->at, line = stream->line, end = at + stream->slice;
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (; at < end; at += 4 * line) {
        a += *(const uint64_t *)(const void *)(memory + at);
        b += *(const uint64_t *)(const void *)(memory + at + line);
        c += *(const uint64_t *)(const void *)(memory + at + 2 * line);
        d += *(const uint64_t *)(const void *)(memory + at + 3 * line);
    }
    a += b + c + d;
    __asm__ volatile("" : : "r"(a));
    stream->at = end >= stream->bytes ? 0 : end;
    return stream->slice / line;
}

struct measurement stream_measure(struct field *field, size_t bytes, size_t line, double seconds)
{
    size_t slice = STREAM_SLICE_LINES * line;
    if (slice > bytes)
        slice = bytes / (4 * line) * (4 * line);
    CHECK(bytes <= field->bytes && slice > 0);
    struct stream_walk stream = { field->memory, bytes / slice * slice, line, slice, 0 };
    for (size_t at = 0; at < stream.bytes; at += slice)
        stream_read(&stream); /* brings everything in */
    return timing_measure(stream_read, &stream, seconds);
}

struct measurement chase_measure_held(struct field *field, const struct route *route, size_t bytes,
                                      size_t line, double seconds)
{
    struct chase chase = { route_link(route, field), HELD_LOADS };
    struct stream_walk stream = { field->memory, bytes, line, bytes / (4 * line) * (4 * line), 0 };
    struct budget budget = budget_of(seconds, HELD_LEAST, HELD_MOST);
    struct sample sample;
    sample_init(&sample, HELD_MOST);
    while (budget_next(&budget)) {
        stream.at = 0;
        stream_read(&stream);
        uint64_t began = ticks_now();
        chase_walk(&chase);
        sample_add(&sample, (double)(ticks_now() - began) / ticks_per_ns() / HELD_LOADS);
    }
    struct measurement result = sample_low(&sample);
    sample_fini(&sample);
    return result;
}
