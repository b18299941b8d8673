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

static const double tail_start = 7.69711747013104972; /* r: Marsaglia and Tsang, for 256 layers */
double exponential_edge[EXPONENTIAL_LAYERS + 1];
static double height[EXPONENTIAL_LAYERS + 1]; /* exp(-edge) */

static void layers_init(void)
{
    double area = (tail_start + 1) * exp(-tail_start); /* v = r f(r) + the tail, exp(-r) */
    double *edge = exponential_edge;
    edge[0] = area / exp(-tail_start);
    edge[1] = tail_start;
    for (int i = 2; i < EXPONENTIAL_LAYERS; i++)
        edge[i] = -log(area / edge[i - 1] + exp(-edge[i - 1]));
    edge[EXPONENTIAL_LAYERS] = 0;
    for (int i = 0; i <= EXPONENTIAL_LAYERS; i++)
        height[i] = exp(-edge[i]);
}

double exponential_draw_at(gsl_rng *rng, uint32_t layer, double place)
{
    if (exponential_edge[1] == 0)
        layers_init();
    double x = place * exponential_edge[layer];
    if (x < exponential_edge[layer + 1])
        return x;
    if (layer == 0)
        return tail_start + exponential_draw(rng); /* the tail is the whole distribution again */
    double u = random_uniform(rng);
    if (height[layer] + u * (height[layer + 1] - height[layer]) < exp(-x))
        return x;
    return exponential_draw(rng);
}
