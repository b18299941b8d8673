/* exponential.c -- see exponential.h.
 *
 * The area under exp(-x) is cut into 256 layers of equal area v: layer i > 0 is the rectangle from
 * 0 to edge[i], of which the part below edge[i + 1] lies under the curve whole; layer 0 is the
 * base, with the tail beyond r.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "workloads/exponential.h"

#include <math.h>
#include <stdint.h>

#include "sim/base/random.h"

enum { LAYERS = 256 };

static const double tail_start = 7.69711747013104972; /* r: Marsaglia and Tsang, for 256 layers */
static double edge[LAYERS + 1];
static double height[LAYERS + 1]; /* exp(-edge) */

static void layers_init(void)
{
    double area = (tail_start + 1) * exp(-tail_start); /* v = r f(r) + the tail, exp(-r) */
    edge[0] = area / exp(-tail_start);
    edge[1] = tail_start;
    for (int i = 2; i < LAYERS; i++)
        edge[i] = -log(area / edge[i - 1] + exp(-edge[i - 1]));
    edge[LAYERS] = 0;
    for (int i = 0; i <= LAYERS; i++)
        height[i] = exp(-edge[i]);
}

double exponential_draw(gsl_rng *rng)
{
    double beyond = 0;
    if (edge[1] == 0)
        layers_init();
    for (;;) {
        uint32_t bits = random_bits32(rng), layer = bits % LAYERS; /* and 24 bits of position */
        double x = (bits / LAYERS) * 0x1p-24 * edge[layer];
        if (x < edge[layer + 1])
            return beyond + x;
        if (layer == 0) {
            beyond += tail_start; /* the tail is the whole distribution again */
            continue;
        }
        double u = random_uniform(rng);
        if (height[layer] + u * (height[layer + 1] - height[layer]) < exp(-x))
            return beyond + x;
    }
}
