/* Sums over pairs of atoms and their periodic images for D3 with Becke-Johnson damping (doi 10.1002/jcc.21759), in atomic
   units, as many images at a time as a register takes. Each function does the atoms part, part + parts, ... with those
   that follow, and adds to arrays of its own. */

#include "registers.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES (VECTOR_BYTES / 8)

typedef double vector __attribute__((vector_size(VECTOR_BYTES)));
typedef int64_t integers __attribute__((vector_size(VECTOR_BYTES)));

/* Atoms at xyz[3 n], and the translations to their images, x, y and z apart, the nearest first; n_images is a multiple
   of LANES, and what fills it up is out of reach. */
typedef struct {
    const double *xyz, *images;
    int64_t n, n_images;
} crystal;

typedef struct {
    vector x, y, z, r2;
    integers near;
} separations;

INLINE vector load(const double *from) {
    vector v;
    memcpy(&v, from, sizeof v);
    return v;
}

/* By halves, which compilers do not do themselves as long as sums may not be taken in another order. */
INLINE double sum(vector v) {
    typedef double two __attribute__((vector_size(16)));
    two parts[VECTOR_BYTES / 16];
    memcpy(parts, &v, sizeof v);
    for (int count = VECTOR_BYTES / 32; count > 0; count /= 2)
        for (int k = 0; k < count; k++) parts[k] += parts[k + count];
    return parts[0][0] + parts[0][1];
}

INLINE vector choose(integers where, vector a, vector b) {
    return (vector)((where & (integers)a) | (~where & (integers)b));
}

INLINE int any(integers where) {
    typedef int64_t two __attribute__((vector_size(16)));
    two parts[VECTOR_BYTES / 16];
    memcpy(parts, &where, sizeof where);
    for (int count = VECTOR_BYTES / 32; count > 0; count /= 2)
        for (int k = 0; k < count; k++) parts[k] |= parts[k + count];
    return (parts[0][0] | parts[0][1]) != 0;
}

INLINE vector square_root(vector v) {
    double in[LANES], out[LANES];
    memcpy(in, &v, sizeof v);
    for (int k = 0; k < LANES; k++) out[k] = sqrt(in[k]);
    return load(out);
}

/* 2^n times a polynomial on |r| < ln(2) / 2, to some 2 ulp; the argument is between -700 and 700. */
INLINE vector exponential(vector x) {
    const double magic = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to an integer in the low bits */
    vector shifted = x * 1.4426950408889634 + magic, n = shifted - magic;
    vector r = (x - n * 0.6931471803691238) - n * 1.9082149292705877e-10;
    vector p = (vector){0} + 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    integers power = (((integers)shifted - (integers)((vector){0} + magic)) + 1023) << 52;
    return p * (vector)power;
}

/* From LANES images of atom j to atom i; those out of reach, and an atom itself, are moved far away. */
INLINE separations separate(const crystal *c, int64_t i, int64_t j, int64_t image, double reach2) {
    const double *a = c->xyz + 3 * i, *b = c->xyz + 3 * j;
    separations s;
    s.x = (a[0] - b[0]) - load(c->images + image);
    s.y = (a[1] - b[1]) - load(c->images + c->n_images + image);
    s.z = (a[2] - b[2]) - load(c->images + 2 * c->n_images + image);
    s.r2 = s.x * s.x + s.y * s.y + s.z * s.z;
    s.near = (s.r2 < reach2) & (s.r2 > 1e-12);
    return s;
}

/* How many images may be in reach of both atoms: no translation is longer than their distance and the reach. */
INLINE int64_t count_images(const crystal *c, int64_t i, int64_t j, double reach) {
    const double *a = c->xyz + 3 * i, *b = c->xyz + 3 * j, *t = c->images;
    double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2], most = sqrt(x * x + y * y + z * z) + reach;
    int64_t low = 0, high = c->n_images / LANES, n = c->n_images;
    most *= most;
    while (low < high) {
        int64_t middle = (low + high) / 2, k = middle * LANES;
        if (t[k] * t[k] + t[n + k] * t[n + k] + t[2 * n + k] * t[2 * n + k] > most)
            high = middle;
        else
            low = middle + 1;
    }
    return low * LANES;
}

INLINE void add_pair(double *gradient, double *virial, int64_t i, int64_t j, const vector *force, const vector *strain,
                     double factor) {
    for (int k = 0; k < 3; k++) {
        double g = factor * sum(force[k]);
        gradient[3 * i + k] += g;
        gradient[3 * j + k] -= g;
    }
    for (int k = 0; k < 6; k++) virial[k] += factor * sum(strain[k]);
}

INLINE void add_image(const separations *s, vector slope, vector *force, vector *strain) {
    vector x = slope * s->x, y = slope * s->y, z = slope * s->z;
    force[0] += x;
    force[1] += y;
    force[2] += z;
    strain[0] += x * s->x;
    strain[1] += y * s->y;
    strain[2] += z * s->z;
    strain[3] += y * s->z;
    strain[4] += x * s->z;
    strain[5] += x * s->y;
}

/* What counts of a neighbour at r, 1 / (1 + exp(-16 (R / r - 1))). */
INLINE vector counted(vector r2, double radius, vector *slope_over_r) {
    vector r = square_root(r2), grown = exponential(16.0 - 16.0 * radius / r), count = 1.0 / (1.0 + grown);
    *slope_over_r = -16.0 * radius * grown * count * count / (r2 * r);
    return count;
}

/* Where the derivatives of pair i <= j are: three of the vector between them, six of the strain. */
INLINE int64_t place(int64_t n, int64_t i, int64_t j) { return 9 * (i * n - i * (i - 1) / 2 + j - i); }

/* Adds to the coordination numbers; keeps their derivatives for each pair, unless that is null. */
void d3_coordination(int64_t part, int64_t parts, const crystal *c, const double *radius, double reach, double *numbers,
                     double *derivatives) {
    for (int64_t i = part; i < c->n; i += parts)
        for (int64_t j = i; j < c->n; j++) {
            vector total = {0}, slope, force[3] = {{0}}, strain[6] = {{0}};
            int64_t n_images = count_images(c, i, j, reach);
            for (int64_t image = 0; image < n_images; image += LANES) {
                separations s = separate(c, i, j, image, reach * reach);
                if (!any(s.near)) continue;
                vector r2 = choose(s.near, s.r2, (vector){0} + 1.0);
                total += choose(s.near, counted(r2, radius[i] + radius[j], &slope), (vector){0});
                if (derivatives) add_image(&s, choose(s.near, slope, (vector){0}), force, strain);
            }
            numbers[i] += sum(total);
            if (i != j) numbers[j] += sum(total);
            if (derivatives) {
                double *own = derivatives + place(c->n, i, j);
                for (int k = 0; k < 3; k++) own[k] = sum(force[k]);
                for (int k = 0; k < 6; k++) own[3 + k] = sum(strain[k]);
            }
        }
}

/* Adds to gradient and virial what follows from these derivatives, with those of the energy with respect to the
   coordination numbers. */
void d3_coordination_gradient(int64_t part, int64_t parts, const crystal *c, const double *slopes,
                              const double *derivatives, double *gradient, double *virial) {
    for (int64_t i = part; i < c->n; i += parts)
        for (int64_t j = i; j < c->n; j++) {
            const double *own = derivatives + place(c->n, i, j);
            const double factor = i == j ? slopes[i] : slopes[i] + slopes[j];
            for (int k = 0; k < 3; k++) {
                gradient[3 * i + k] += factor * own[k];
                gradient[3 * j + k] -= factor * own[k];
            }
            for (int k = 0; k < 6; k++) virial[k] += factor * own[3 + k];
        }
}

/* Sums over the images of each pair: sums[i, j], for j not before i, is minus the energy for a C6 of one. With the
   products of C6 it also adds to gradient and virial, unless gradient is null. */
void d3_pairs(int64_t part, int64_t parts, const crystal *c, const double *moments, const double *damping, double reach,
              const double *c6, double *sums, double *gradient, double *virial) {
    const double s6 = damping[0], s8 = damping[1], a1 = damping[2], a2 = damping[3];
    for (int64_t i = part; i < c->n; i += parts)
        for (int64_t j = i; j < c->n; j++) {
            const double ratio = 3.0 * moments[i] * moments[j]; /* C8 / C6 */
            const double r0 = a1 * sqrt(ratio) + a2, r02 = r0 * r0, r06 = r02 * r02 * r02, r08 = r06 * r02;
            const double w8 = s8 * ratio, factor = i == j ? 0.5 : 1.0;
            const int64_t n_images = count_images(c, i, j, reach);
            vector total = {0}, force[3] = {{0}}, strain[6] = {{0}};
            for (int64_t image = 0; image < n_images; image += LANES) {
                separations s = separate(c, i, j, image, reach * reach);
                if (!any(s.near)) continue;
                vector r2 = choose(s.near, s.r2, (vector){0} + 1.0), r4 = r2 * r2, r6 = r4 * r2;
                vector d6 = r6 + r06, d8 = r4 * r4 + r08, inverse = 1.0 / (d6 * d8);
                vector t6 = d8 * inverse, t8 = d6 * inverse;
                total += choose(s.near, s6 * t6 + w8 * t8, (vector){0});
                if (gradient) {
                    vector slope = 6.0 * s6 * r4 * t6 * t6 + 8.0 * w8 * r6 * t8 * t8;
                    add_image(&s, choose(s.near, slope, (vector){0}), force, strain);
                }
            }
            sums[i * c->n + j] = factor * sum(total);
            if (gradient) add_pair(gradient, virial, i, j, force, strain, factor * c6[i * c->n + j]);
        }
}
