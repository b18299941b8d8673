/* calibrate.c -- see calibrate.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/calibrate/calibrate.h"

#include <math.h>

#include "sim/base/check.h"
#include "sim/base/random.h"
#include "sim/calibrate/crew.h"
#include "sim/calibrate/parts.h"

enum {
    FIELD_MB_LEAST = 64,
    FIELD_MB_USUAL = 256,
    FIELD_MB_MOST = 512,
    CACHES_COVERED = 4,
    PASSES = 3
};

/* Several times the caches, but not what the host has no room for. */
static bool map_field(struct calibration *c, struct field *field)
{
    double mb = FIELD_MB_USUAL;
    for (uint32_t level = 4; level >= 1; level--) {
        const struct system_cache *said = system_cache(&c->system, level);
        if (said != NULL && said->kb > 0) {
            mb = CACHES_COVERED * said->kb / 1024.0;
            break;
        }
    }
    mb = fmin(fmax(mb, FIELD_MB_LEAST), FIELD_MB_MOST);
    if (c->system.free_mb > 0)
        mb = fmin(mb, fmax(c->system.free_mb / 4, 8));
    while (!field_map(field, (size_t)(mb * 1024 * 1024), true, c->rng))
        if ((mb /= 2) < 8)
            return false;
    if (!field->huge)
        calibration_note(c,
                         "caches: the kernel gives no huge pages, so sizes are read off a slope, "
                         "and latencies contain walks of page tables");
    return true;
}

/* What a profile must have of one core and of memory, should it not be to be had. */
static void complete(struct calibration *c)
{
    static const struct {
        enum profile_figure figure;
        double value;
    } usual[] = { { FIGURE_line_bytes, 64 },
                  { FIGURE_l1_kb, 32 },
                  { FIGURE_l1_ways, 8 },
                  { FIGURE_l1_latency_cycles, 4 },
                  { FIGURE_memory_latency_ns, 100 },
                  { FIGURE_memory_read_mb_s, 10000 },
                  { FIGURE_branch_miss_cycles, 15 },
                  { FIGURE_atomic_cycles, 20 },
                  { FIGURE_clock_mhz, 2000 } };
    for (uint32_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (!calibration_has(c, usual[i].figure))
            calibration_assumed(c, usual[i].figure, usual[i].value,
                                "could not be measured here; of the usual order");
}

static void put_title(struct calibration *c)
{
    const struct system *system = &c->system;
    c->profile->title = arena_printf(c->arena, "%s, %.0f MHz, %u CPUs%s, measured here",
                                     system->model[0] != '\0' ? system->model : "this host",
                                     calibration_value(c, FIGURE_clock_mhz),
                                     system->online > 0 ? system->online : 1,
                                     system->is_virtual ? " of a virtual machine" : "");
}

/* What is measured in passes, since others on this host change it from one second to the next. */
struct passes {
    struct field field; /* no memory: there is none to walk through */
    struct cache_curves curves;
    struct scheduler_times *scheduler;
    uint32_t done;
};

static void measure_pass(struct calibration *c, struct passes *passes, double seconds)
{
    struct field *field = passes->field.memory != NULL ? &passes->field : NULL;
    c->provisional = ++passes->done < PASSES;
    calibrate_clock(c, seconds * 0.05);
    if (field != NULL) {
        calibrate_caches(c, field, &passes->curves, seconds * 0.52);
        calibrate_memory(c, field, seconds * 0.18);
    }
    if (!c->provisional)
        complete(c);
    calibrate_threads(c, field, seconds * 0.15);
    c->provisional = false;
}

/* After each part: the scheduler's operations once more, as others slow them down for minutes. */
static void part_done(struct calibration *c, struct passes *passes, const char *next, double share)
{
    calibrate_scheduler_pass(passes->scheduler, c->seconds * 0.01);
    c->progress(next, share);
}

static void measure(struct calibration *c)
{
    static const char PASS[] = "caches, memory, cores together";
    static struct passes passes;
    double s = c->seconds;
    passes = (struct passes){ .scheduler = calibrate_scheduler_begin(c) };
    if (!map_field(c, &passes.field))
        calibration_note(c, "caches, memory: there is no memory to walk through");
    c->progress(PASS, 0);
    measure_pass(c, &passes, s * 0.2);
    part_done(c, &passes, "core, translations", 0.2);
    calibrate_core(c, s * 0.05);
    if (passes.field.memory != NULL)
        calibrate_tlb(c, s * 0.12);
    part_done(c, &passes, PASS, 0.37);
    measure_pass(c, &passes, s * 0.2);
    part_done(c, &passes, "overlap, kernel", 0.57);
    if (passes.field.memory != NULL)
        calibrate_overlap(c, &passes.field, s * 0.06);
    calibrate_kernel(c, s * 0.05);
    part_done(c, &passes, PASS, 0.68);
    measure_pass(c, &passes, s * 0.2);
    field_unmap(&passes.field);
    part_done(c, &passes, "interrupts", 0.88);
    calibrate_interrupts(c, s * 0.1);
    part_done(c, &passes, "prices", 0.98);
    calibrate_scheduler_end(c, passes.scheduler, s * 0.02);
    calibration_settle(c);
    for (uint32_t i = 0; i < FIGURE_COUNT; i++)
        CHECK(!figure_descriptions[i].required || calibration_has(c, (enum profile_figure)i));
    c->progress("", 1);
}

static void ignore_progress(const char *what, double share_done)
{
    (void)what, (void)share_done;
}

void calibrate_host(struct calibration *c, struct profile *profile, double seconds,
                    void (*progress)(const char *what, double share_done), struct arena *arena)
{
    static uint32_t cpus[SYSTEM_CPUS_MAX];
    uint32_t count = crew_allowed(cpus, SYSTEM_CPUS_MAX);
    profile_init(profile);
    *c = (struct calibration){ .profile = profile,
                               .arena = arena,
                               .rng = gsl_rng_alloc(random_philox),
                               .seconds = seconds,
                               .can_pin = count > 0,
                               .progress = progress != NULL ? progress : ignore_progress };
    random_seek(c->rng, 1, 0, RANDOM_MEMORY, 0, 0);
    system_read(&c->system, "/sys", "/proc", cpus, count);
    for (uint32_t i = count; i-- > 0;) /* the first one last: there we stay */
        c->can_pin = crew_pin(cpus[i]) && c->can_pin;
    if (!c->can_pin)
        calibration_note(c, "threads may not be bound to CPUs: what cores do to one another is not "
                            "measured");
    if (c->system.is_virtual)
        calibration_note(c, "this is a virtual machine: sharing of caches and threads of cores are "
                            "what the hypervisor shows, and interrupts contain its part");
    measure(c);
    put_title(c);
    if (count > 0)
        crew_unpin(cpus, count);
    gsl_rng_free(c->rng);
    c->rng = NULL;
}
