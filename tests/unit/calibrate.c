/* calibrate.c -- the parts of the measurement that do not depend on the host.
 *
 * Goal: what the kernel says is read right; timings give their lower quartile; a figure that cannot
 * be is refused and noted; a profile that is written reads back equal; a file appears whole or not.
 * Method: folders like /sys and /proc are made up, and figures given by hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/machine/profile_rules.h"
#include "sim/base/random.h"
#include "sim/calibrate/calibration.h"
#include "sim/calibrate/chase.h"
#include "sim/input/scenario.h"
#include "sim/output/file.h"
#include "sim/output/profile_output.h"
#include "tests/support/suite.h"

static char work[64];

__attribute__((format(printf, 2, 3))) static void put(const char *text, const char *format, ...)
{
    char path[512];
    int length = snprintf(path, sizeof path, "%s/", work);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(path + length, sizeof path - (size_t)length, format, arguments);
    va_end(arguments);
    for (char *at = path + length; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(path, 0777);
        *at = '/';
    }
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void put_cache(uint32_t cpu, uint32_t index, const char *level, const char *type,
                      const char *size, const char *ways, const char *shared)
{
    put(level, "sys/devices/system/cpu/cpu%u/cache/index%u/level", cpu, index);
    put(type, "sys/devices/system/cpu/cpu%u/cache/index%u/type", cpu, index);
    put(size, "sys/devices/system/cpu/cpu%u/cache/index%u/size", cpu, index);
    put(ways, "sys/devices/system/cpu/cpu%u/cache/index%u/ways_of_associativity", cpu, index);
    put("64\n", "sys/devices/system/cpu/cpu%u/cache/index%u/coherency_line_size", cpu, index);
    put(shared, "sys/devices/system/cpu/cpu%u/cache/index%u/shared_cpu_list", cpu, index);
}

/* Two sockets of two cores of two threads: CPU n and n + 4 are siblings, 0, 1, 4, 5 one socket. */
static void make_host(void)
{
    snprintf(work, sizeof work, "/tmp/braidsim-calibrate-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(work));
    put("0-7\n", "sys/devices/system/cpu/online");
    for (uint32_t cpu = 0; cpu < 8; cpu++) {
        char siblings[16];
        bool second = cpu % 4 >= 2;
        snprintf(siblings, sizeof siblings, "%u,%u\n", cpu % 4, cpu % 4 + 4);
        put(siblings, "sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", cpu);
        put(second ? "1\n" : "0\n", "sys/devices/system/cpu/cpu%u/topology/physical_package_id",
            cpu);
        put(second ? "2-3,6-7\n" : "0-1,4-5\n",
            "sys/devices/system/cpu/cpu%u/topology/package_cpus_list", cpu);
        put_cache(cpu, 0, "1\n", "Data\n", "48K\n", "12\n", siblings);
        put_cache(cpu, 1, "1\n", "Instruction\n", "32K\n", "8\n", siblings);
        put_cache(cpu, 2, "2\n", "Unified\n", "2M\n", "16\n", siblings);
        put_cache(cpu, 3, "3\n", "Unified\n", "30720K\n", "12\n",
                  second ? "2-3,6-7\n" : "0-1,4-5\n");
    }
    put("processor\t: 0\nmodel name\t: Test CPU\nflags\t\t: fpu pcid hypervisor sse\n",
        "proc/cpuinfo");
    put("MemTotal:  1000 kB\nMemAvailable:   2048000 kB\nDirectMap4k:  100 kB\n"
        "DirectMap2M:   900 kB\nDirectMap1G:  500 kB\n",
        "proc/meminfo");
}

static void remove_host(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", work);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(the_host_is_read)
{
    static struct system host;
    static const uint32_t cpus[] = { 0, 1, 2, 4 };
    char sys[80], proc[80];
    make_host();
    snprintf(sys, sizeof sys, "%s/sys", work);
    snprintf(proc, sizeof proc, "%s/proc", work);
    system_read(&host, sys, proc, cpus, 4);
    ck_assert_uint_eq(host.cpu_count, 4);
    ck_assert_uint_eq(host.online, 8);
    ck_assert_uint_eq(host.threads, 2);
    ck_assert_uint_eq(host.cores, 4);
    ck_assert_uint_eq(host.socket_cores, 2);
    ck_assert(host.is_virtual && host.has_tagged_tlb);
    ck_assert_str_eq(host.model, "Test CPU");
    ck_assert_double_eq(host.kernel_page_kb, 2048);
    ck_assert_double_eq(host.free_mb, 2000);
    ck_assert_uint_eq(system_cache(&host, 1)->kb, 48);
    ck_assert_uint_eq(system_cache(&host, 1)->ways, 12);
    ck_assert_uint_eq(system_cache(&host, 2)->kb, 2048);
    ck_assert_uint_eq(system_cache(&host, 2)->cpus, 2);
    ck_assert_uint_eq(system_cache(&host, 3)->cpus, 4);
    ck_assert_ptr_null(system_cache(&host, 4));
    ck_assert_uint_eq(system_instruction_cache(&host)->kb, 32);
    ck_assert_int_eq(system_distance(&host, 0, 0), DISTANCE_SELF);
    ck_assert_int_eq(system_distance(&host, 0, 3), DISTANCE_SMT); /* CPUs 0 and 4 */
    ck_assert_int_eq(system_distance(&host, 0, 1), DISTANCE_CACHE);
    ck_assert_int_eq(system_distance(&host, 0, 2), DISTANCE_REMOTE);
    remove_host();
}
END_TEST

START_TEST(a_silent_kernel_says_nothing)
{
    static struct system host;
    static const uint32_t cpus[] = { 3, 5 };
    system_read(&host, "/nowhere", "/nowhere", cpus, 2);
    ck_assert_uint_eq(host.cpu_count, 2);
    ck_assert_uint_eq(host.online + host.threads + host.cores + host.cache_count, 0);
    ck_assert_ptr_null(system_cache(&host, 1));
    ck_assert_ptr_null(system_instruction_cache(&host));
    ck_assert_int_eq(system_distance(&host, 0, 1), DISTANCE_SOCKET);
}
END_TEST

START_TEST(timings_give_their_lower_quartile)
{
    struct sample sample;
    sample_init(&sample, 101);
    ck_assert_uint_eq(sample_low(&sample).count, 0);
    for (int i = 0; i < 200; i++) /* what does not fit is left out */
        sample_add(&sample, 100 + (i * 37) % 101);
    struct measurement m = sample_low(&sample);
    ck_assert_uint_eq(m.count, 101);
    ck_assert_double_eq_tol(m.value, 125, 1e-9);
    ck_assert_double_eq_tol(m.spread, 25.0 / 125, 1e-9);
    ck_assert_double_eq_tol(sample_quantile(&sample, 0.5).value, 150, 1e-9);
    sample_fini(&sample);
    struct measurement a = { 10, 0.1, 5 }, b = { 4, 0.5, 9 };
    struct measurement difference = measurement_sum(1, a, -2, b);
    ck_assert_double_eq(difference.value, 2);
    ck_assert_double_eq_tol(difference.spread, sqrt(1 + 16) / 2, 1e-9);
    ck_assert_uint_eq(difference.count, 5);
    ck_assert_uint_eq(measurement_sum(1, a, 1, MEASURED_NOT).count, 0);
}
END_TEST

/* Each line of the memory once, and where it should. */
START_TEST(routes_visit_everything_once)
{
    enum { BYTES = 64 << 10, STRIDE = 64, PLACES = BYTES / STRIDE };
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    struct route route;
    random_seek(rng, 3, 0, RANDOM_MEMORY, 0, 0);
    route_init(&route, PLACES);
    for (int kind = 0; kind < 4; kind++) {
        bool seen[PLACES] = { false };
        if (kind == 0)
            route_stride(&route, BYTES, STRIDE);
        else if (kind == 1)
            route_random(&route, BYTES, STRIDE, rng);
        else if (kind == 2)
            route_blocks(&route, BYTES, 4096, STRIDE, rng);
        else
            route_sweeps(&route, BYTES, 1024, STRIDE, rng);
        ck_assert_uint_eq(route.count, PLACES);
        for (uint32_t i = 0; i < PLACES; i++) {
            uint32_t place = route.place[i] * CHASE_UNIT_BYTES / STRIDE;
            ck_assert(place < PLACES && !seen[place]);
            seen[place] = true;
            if (kind == 0)
                ck_assert_uint_eq(place, i);
            if (kind == 2 && i % 64 != 0) /* still in its page */
                ck_assert_uint_eq(place / 64, route.place[i - 1] * CHASE_UNIT_BYTES / STRIDE / 64);
            if (kind == 3 && i % 64 != 0) /* 64 strides of 1024 a sweep */
                ck_assert_uint_eq(route.place[i] - route.place[i - 1], 1024 / CHASE_UNIT_BYTES);
        }
    }
    route_fini(&route);
    gsl_rng_free(rng);
}
END_TEST

/* ---- Figures ------------------------------------------------------------------------------ */

START_TEST(what_cannot_be_is_refused)
{
    static struct calibration c;
    struct profile profile;
    struct arena arena = ARENA_EMPTY;
    profile_init(&profile);
    c = (struct calibration){ .profile = &profile, .arena = &arena, .cycles_per_ns = 2 };
    struct measurement negative = { -3, 0.1, 9 }, huge = { 1e9, 0.1, 9 },
                       fine = { 12.3456, 0.1, 9 };
    ck_assert(!calibration_measured(&c, FIGURE_syscall_ns, MEASURED_NOT, "x"));
    ck_assert_uint_eq(c.note_count, 0);
    ck_assert(!calibration_measured(&c, FIGURE_syscall_ns, negative, "x"));
    ck_assert(!calibration_measured(&c, FIGURE_syscall_ns, huge, "x"));
    ck_assert_uint_eq(c.note_count, 2);
    ck_assert_ptr_nonnull(strstr(c.notes[0], "syscall_ns"));
    ck_assert(!calibration_has(&c, FIGURE_syscall_ns));
    ck_assert(calibration_measured(&c, FIGURE_syscall_ns, fine, "by %s", "hand"));
    ck_assert_double_eq(calibration_value(&c, FIGURE_syscall_ns), 12.35);
    ck_assert_int_eq(profile.figure[FIGURE_syscall_ns].kind, FIGURE_MEASURED);
    ck_assert_ptr_nonnull(strstr(profile.figure[FIGURE_syscall_ns].source, "by hand"));
    ck_assert_double_eq(calibration_cycles(&c, fine).value, 24.6912);
    calibration_derived(&c, FIGURE_l3_kb, 32768, "stated");
    ck_assert_double_eq(calibration_value(&c, FIGURE_l3_kb), 32768); /* whole: not rounded */
    ck_assert_uint_eq(c.note_count, 2);
    calibration_assumed(&c, FIGURE_idle_exit_ns, 1000, "it never halted");
    ck_assert_uint_eq(c.note_count, 3); /* an assumption is said */
    ck_assert_ptr_nonnull(strstr(c.notes[2], "it never halted"));
    arena_free(&arena);
}
END_TEST

static double measured(struct calibration *c, enum profile_figure figure, double value)
{
    ck_assert(calibration_measured(c, figure, (struct measurement){ value, 0, 9 }, "x"));
    return calibration_value(c, figure);
}

START_TEST(the_best_of_several_passes_stays)
{
    static struct calibration c;
    struct profile profile;
    struct arena arena = ARENA_EMPTY;
    profile_init(&profile);
    c = (struct calibration){ .profile = &profile, .arena = &arena, .provisional = true };
    calibration_assumed(&c, FIGURE_handover_ns, 60, "a guess");
    calibration_assumed(&c, FIGURE_idle_exit_ns, 60, "a guess");
    ck_assert_uint_eq(c.note_count, 0); /* a later pass may do better */
    ck_assert_double_eq(measured(&c, FIGURE_handover_ns, 50), 50);
    ck_assert_double_eq(measured(&c, FIGURE_l2_latency_cycles, 14), 14);
    ck_assert_double_eq(measured(&c, FIGURE_clock_mhz, 3600), 3600);
    ck_assert_double_eq(measured(&c, FIGURE_l3_kb, 3000), 3000);
    c.provisional = false;
    ck_assert_double_eq(measured(&c, FIGURE_handover_ns, 55), 50); /* a time: the least */
    ck_assert_double_eq(measured(&c, FIGURE_l2_latency_cycles, 13), 13);
    ck_assert_double_eq(measured(&c, FIGURE_clock_mhz, 3500), 3600); /* a rate: the highest */
    ck_assert_double_eq(measured(&c, FIGURE_clock_mhz, 3700), 3700);
    ck_assert_double_eq(measured(&c, FIGURE_l3_kb, 2000), 2000); /* else the last */
    calibration_assumed(&c, FIGURE_handover_ns, 60, "a guess");
    calibration_assumed(&c, FIGURE_idle_exit_ns, 60, "a guess");
    ck_assert_double_eq(calibration_value(&c, FIGURE_handover_ns), 50);
    ck_assert_uint_eq(c.note_count, 1); /* of what no pass has measured */
    ck_assert_ptr_nonnull(strstr(c.notes[0], "idle_exit_ns"));
    arena_free(&arena);
}
END_TEST

/* Timings that others disturbed, and what a hypervisor makes up. */
START_TEST(contradictions_are_settled)
{
    static struct calibration c;
    struct profile profile;
    struct arena arena = ARENA_EMPTY;
    struct contradiction found;
    profile_init(&profile);
    c = (struct calibration){ .profile = &profile, .arena = &arena };
    ck_assert(!calibration_measured(&c, FIGURE_l1_ways, (struct measurement){ 7.5, 0, 9 }, "x"));
    ck_assert_uint_eq(c.note_count, 1);
    measured(&c, FIGURE_clock_mhz, 2000);
    measured(&c, FIGURE_l1_latency_cycles, 4);
    calibration_derived(&c, FIGURE_max_cores, 8, "x");
    calibration_settle(&c);
    ck_assert_uint_eq(c.note_count, 1);
    measured(&c, FIGURE_l2_latency_cycles, 30);
    measured(&c, FIGURE_memory_latency_ns, 12);
    measured(&c, FIGURE_transfer_shared_ns, 70);
    measured(&c, FIGURE_transfer_ns, 60);
    calibration_derived(&c, FIGURE_tlb_tagged, 1, "x");
    calibration_derived(&c, FIGURE_socket_cores, 10, "x");
    calibration_derived(&c, FIGURE_l3_cores, 4, "x");
    calibration_derived(&c, FIGURE_smt_threads, 2, "x"); /* and no smt_rate was to be had */
    measured(&c, FIGURE_atomic_cycles, 8);
    measured(&c, FIGURE_handover_ns, 2);
    calibration_settle(&c);
    ck_assert(!profile_contradicts(&profile, &found));
    ck_assert_uint_eq(c.note_count, 7);
    ck_assert_double_eq(calibration_value(&c, FIGURE_handover_ns), 4);
    ck_assert_double_eq(profile_value(&profile, smt_threads), 1);
    ck_assert_double_eq(calibration_value(&c, FIGURE_l2_latency_cycles), 24); /* 12 ns */
    ck_assert_int_eq(profile.figure[FIGURE_l2_latency_cycles].kind, FIGURE_DERIVED);
    ck_assert_double_eq(calibration_value(&c, FIGURE_transfer_shared_ns), 60);
    ck_assert_double_eq(calibration_value(&c, FIGURE_socket_cores), 8);
    ck_assert_double_eq(calibration_value(&c, FIGURE_l3_cores), 4);
    ck_assert(!calibration_has(&c, FIGURE_tlb_tagged));
    arena_free(&arena);
}
END_TEST

static void fill(FILE *to, const void *profile)
{
    profile_print(to, profile);
}

START_TEST(a_profile_reads_back_equal)
{
    struct profile profile, back;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    char path[] = "/tmp/braidsim-profile-XXXXXX";
    ck_assert_int_ge(mkstemp(path), 0);
    profile_init(&profile);
    profile.name = "host";
    profile.title = "a \"quoted\" title \\ with a tab\t";
    for (uint32_t i = 0; i < FIGURE_COUNT; i++) {
        if (!figure_descriptions[i].required && i % 2 == 0)
            continue;
        profile.figure[i].value = fmax(figure_descriptions[i].minimum, 1);
        profile.figure[i].kind = (enum figure_kind)(FIGURE_PUBLISHED + i % 4);
        profile.figure[i].source = "made up";
    }
    static const enum profile_figure sets[] = { FIGURE_l1i_kb,
                                                FIGURE_l1i_ways,
                                                FIGURE_l2_kb,
                                                FIGURE_l2_ways,
                                                FIGURE_l2_latency_cycles,
                                                FIGURE_l2_cores,
                                                FIGURE_l3_kb,
                                                FIGURE_l3_ways,
                                                FIGURE_l3_latency_cycles,
                                                FIGURE_l3_cores,
                                                FIGURE_tlb_entries,
                                                FIGURE_tlb_ways,
                                                FIGURE_page_walk_cycles,
                                                FIGURE_tlb2_entries,
                                                FIGURE_tlb2_ways,
                                                FIGURE_tlb2_cycles,
                                                FIGURE_l2_stream_cycles,
                                                FIGURE_l2_stride_cycles,
                                                FIGURE_l2_exclusive,
                                                FIGURE_l2_inclusive,
                                                FIGURE_l3_stream_cycles,
                                                FIGURE_l3_stride_cycles,
                                                FIGURE_l3_exclusive,
                                                FIGURE_l3_inclusive,
                                                FIGURE_tlb_tagged,
                                                FIGURE_prefetch_stride_bytes };
    for (uint32_t i = 0; i < sizeof sets / sizeof sets[0]; i++) /* all or none: none */
        profile.figure[sets[i]] = (struct figure){ 0, FIGURE_ABSENT, NULL };
    profile.figure[FIGURE_line_bytes].value = 64;
    profile.figure[FIGURE_max_cores].value = 8;
    profile.figure[FIGURE_small_rate] = (struct figure){ 0.5, FIGURE_MEASURED, "made up" };
    profile.figure[FIGURE_clock_mhz].value = 3693.25;
    profile.figure[FIGURE_memory_latency_ns].value = 0.1 + 100;
    profile.figure[FIGURE_memory_read_mb_s].value = 4000;
    ck_assert(file_write(path, fill, &profile, &err));
    ck_assert_msg(profile_read(&back, path, "", &arena, &err), "%s: %s", err.place, err.message);
    ck_assert_str_eq(back.title, profile.title);
    for (uint32_t i = 0; i < FIGURE_COUNT; i++) {
        ck_assert_int_eq(back.figure[i].kind, profile.figure[i].kind);
        if (profile.figure[i].kind != FIGURE_ABSENT)
            ck_assert_double_eq(back.figure[i].value, profile.figure[i].value);
    }
    unlink(path);
    arena_free(&arena);
}
END_TEST

START_TEST(files_are_checked)
{
    struct error err;
    ck_assert(!file_check("", &err));
    ck_assert(!file_check("/tmp/", &err));
    ck_assert(!file_check("/tmp", &err));
    ck_assert(!file_check("/dev/null", &err));
    ck_assert(!file_check("/proc/cpuinfo/x", &err));
    ck_assert(file_check("/tmp/no-such-folder/file.json", &err));
    ck_assert_int_ne(access("/tmp/no-such-folder", F_OK), 0); /* checking makes nothing */
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("calibrate");
    tcase_add_test(tests, the_host_is_read);
    tcase_add_test(tests, a_silent_kernel_says_nothing);
    tcase_add_test(tests, timings_give_their_lower_quartile);
    tcase_add_test(tests, routes_visit_everything_once);
    tcase_add_test(tests, what_cannot_be_is_refused);
    tcase_add_test(tests, the_best_of_several_passes_stays);
    tcase_add_test(tests, contradictions_are_settled);
    tcase_add_test(tests, a_profile_reads_back_equal);
    tcase_add_test(tests, files_are_checked);
    return suite_run("calibrate", tests);
}
