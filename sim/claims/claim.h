/* claim.h -- the design's claims, as a table: what is claimed, what is measured, and the bound.
 *
 * A claim names a study, which is one of configs/claims, and a figure of it.  The study is run on
 * each machine; its sweep, without what a slope is taken over, and the variants that the claim is
 * about make the settings.  In each the figure has one value a replication, and so a mean and a
 * 95 % interval.
 *
 * The rule, for all claims alike: a claim holds in a setting if the interval's far end, not the
 * mean, is within the bound.  On a machine it holds if it does in every setting, fails if it does
 * in none, and holds under conditions otherwise: these are the settings where it does.  Over all
 * machines likewise.  No verdict is written down anywhere: ruling.c works all of them out.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CLAIMS_CLAIM_H
#define SIM_CLAIMS_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

enum claim_study {
    STUDY_THOUSAND,
    STUDY_GROWTH,
    STUDY_SCALING,
    STUDY_FAIR,
    STUDY_BALANCE,
    STUDY_LOCALITY,
    STUDY_AGAINST,
    STUDIES
};

struct study_description {
    const char *file; /* of configs/claims */
    bool one_core;    /* machines of one core have it too */
    bool scales;      /* the machine says over which numbers of cores */
};

extern const struct study_description claim_studies[STUDIES];

/* Machines that the ledger is for. */
struct claim_machine {
    const char *cpu;
    uint32_t cores;     /* the most that are looked at */
    const char *scales; /* the numbers of cores of STUDY_SCALING, as JSON */
    const char *note;
};

extern const struct claim_machine claim_machines[];
extern const uint32_t claim_machine_count;

enum figure_how {
    HOW_VALUE,      /* of variant */
    HOW_DIFFERENCE, /* variant - other */
    HOW_RATIO,      /* variant / other */
    HOW_SLOPE       /* log-log, of variant over the last swept parameter */
};

/* Quantities are metrics, by name, where * stands for anything; or one of quantity.h.  A variant
 * that ends in * is the best of those that begin so, by the quantity's mean in that setting. */
struct claim_figure {
    const char *name; /* for people; NULL ends a list */
    const char *unit;
    enum figure_how how;
    const char *quantity;
    const char *variant, *other;
    bool most; /* more of the quantity is better, else less */
};

enum { CLAIM_VARIANTS = 4, CLAIM_BESIDES = 8 };

struct claim {
    const char *id;
    const char *group;
    const char *says; /* as the design states it */
    enum claim_study study;
    struct claim_figure figure; /* its variant is each of variants, where there are such */
    const char *variants[CLAIM_VARIANTS];
    bool many_cores;  /* makes no sense on one */
    const char *only; /* of the settings, those with this swept value; NULL: all */
    bool at_least;
    double bound;
    const char *why;                            /* this figure, and this bound */
    struct claim_figure besides[CLAIM_BESIDES]; /* shown, not judged */
};

extern const struct claim claims[];
extern const uint32_t claim_count;

#endif
