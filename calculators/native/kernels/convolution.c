/* The convolution of an equivariant network, and its gradient, without messages in memory.

   Atom i receives from each of its neighbours j, for every path (l1, l2, l3) and channel u,

       out[i, m3, u] += weight[u] * sum over m1 of coupling[m3, m1] * x[j, m1, u],

   where coupling[m3, m1] = sum over m2 of C[m1, m2, m3] Y[m2] holds the Clebsch-Gordan coefficients and the spherical
   harmonics of the edge. An edge and its reverse share the row of weights and couplings of their pair; the reverse
   has the sign (-1)^l2. Features lie with the channels innermost, whose number is a multiple of LANES.
   Edges are sorted by the atom that the outer loop is over, so that threads share the atoms out and write apart. */

#include "vectors.h"

enum { MOST = 7 }; /* 2 l + 1 for l = 3 */

typedef struct {
    int32_t d1, d3;     /* 2 l1 + 1, 2 l3 + 1 */
    int32_t channels;
    int32_t x, weight, out, coupling; /* where the path begins in a row of each */
    int32_t odd;        /* whether l2 is odd */
    float scale;
} path;

typedef struct {
    int32_t m2;         /* row of Y */
    float value;
} term;

typedef struct {
    const int64_t *offsets;       /* edges of atom i of the outer loop: offsets[i] to offsets[i + 1] */
    const int64_t *other;         /* the other atom of each edge */
    const int64_t *pair;
    const int64_t *slot;          /* where results of an edge are written */
    const float *sign;            /* +1, or -1 for the reverse of a pair */
} edges;

typedef struct {
    const path *paths;
    int64_t n_paths;
    const term *terms;
    const int32_t *first;         /* terms of (path, m3, m1): first[k] to first[k + 1], k = coupling + m3 d1 + m1 */
    int64_t x, weight, out, coupling, harmonics; /* lengths of the rows */
} layout;

/* A call with constant d1 and d3, so that the compiler unrolls the sums over m. */
#define FOR_D3(D1, CALL) \
    switch (p->d3) { \
    case 1: CALL(D1, 1); break; \
    case 3: CALL(D1, 3); break; \
    case 5: CALL(D1, 5); break; \
    case 7: CALL(D1, 7); break; \
    }
#define FOR_SIZES(CALL) \
    switch (p->d1) { \
    case 1: FOR_D3(1, CALL) break; \
    case 3: FOR_D3(3, CALL) break; \
    case 5: FOR_D3(5, CALL) break; \
    case 7: FOR_D3(7, CALL) break; \
    }

INLINE void add_path(int d1, int d3, int channels, float *restrict out, const float *restrict weight,
                     const float *restrict x, const float *restrict coupling, float scale) {
    for (int u = 0; u < channels; u += LANES) {
        vector features[MOST], scaled = load(weight + u) * scale;
        for (int m1 = 0; m1 < d1; m1++) features[m1] = load(x + m1 * channels + u);
        for (int m3 = 0; m3 < d3; m3++) {
            vector total = coupling[m3 * d1] * features[0];
            for (int m1 = 1; m1 < d1; m1++) total += coupling[m3 * d1 + m1] * features[m1];
            float *to = out + m3 * channels + u;
            store(to, load(to) + scaled * total);
        }
    }
}

void convolve(int64_t start, int64_t stop, const edges *e, const layout *of, const float *x, const float *coupling,
              const float *weight, float *out) {
    for (int64_t i = start; i < stop; i++) {
        float *row = out + i * of->out;
        for (int64_t k = e->offsets[i]; k < e->offsets[i + 1]; k++) {
            const float *from = x + e->other[k] * of->x;
            const float *weights = weight + e->pair[k] * of->weight, *couplings = coupling + e->pair[k] * of->coupling;
            for (const path *p = of->paths; p < of->paths + of->n_paths; p++) {
                float scale = p->odd ? p->scale * e->sign[k] : p->scale;
#define ADD(D1, D3) \
    add_path(D1, D3, p->channels, row + p->out, weights + p->weight, from + p->x, couplings + p->coupling, scale)
                FOR_SIZES(ADD)
            }
        }
    }
}

/* Adds to g_x, to g_y (a vector for each spherical harmonic, its lanes still to be summed) and to g_length. */
INLINE void add_gradient(int d1, int d3, int channels, const float *restrict g_out, const float *restrict weight,
                         const float *restrict d_weight, const float *restrict x, const float *restrict coupling,
                         float scale, const term *terms, const int32_t *first, float *restrict g_x,
                         vector *restrict g_y, vector *restrict g_length) {
    vector along = broadcast(0);
    for (int m3 = 0; m3 < d3; m3++) {
        vector products[MOST];
        for (int m1 = 0; m1 < d1; m1++) products[m1] = broadcast(0);
        for (int u = 0; u < channels; u += LANES) {
            vector gradient = load(g_out + m3 * channels + u) * scale, weighted = gradient * load(weight + u);
            vector total = broadcast(0);
            for (int m1 = 0; m1 < d1; m1++) {
                vector feature = load(x + m1 * channels + u);
                float *to = g_x + m1 * channels + u, c = coupling[m3 * d1 + m1];
                total += c * feature;
                store(to, load(to) + c * weighted);
                products[m1] += weighted * feature;
            }
            along += total * (gradient * load(d_weight + u));
        }
        for (int m1 = 0; m1 < d1; m1++)
            for (int t = first[m3 * d1 + m1]; t < first[m3 * d1 + m1 + 1]; t++)
                g_y[terms[t].m2] += terms[t].value * products[m1];
    }
    *g_length += along;
}

void convolve_gradient(int64_t start, int64_t stop, const edges *e, const layout *of, const float *x,
                       const float *coupling, const float *weight, const float *d_weight, const float *g_out,
                       float *g_x, float *g_y, float *g_length) {
    for (int64_t j = start; j < stop; j++) {
        const float *from = x + j * of->x;
        float *g_from = g_x + j * of->x;
        for (int64_t k = e->offsets[j]; k < e->offsets[j + 1]; k++) {
            const float *gradient = g_out + e->other[k] * of->out, *couplings = coupling + e->pair[k] * of->coupling;
            const float *weights = weight + e->pair[k] * of->weight, *slopes = d_weight + e->pair[k] * of->weight;
            vector harmonics[16], along = broadcast(0);
            for (int m2 = 0; m2 < of->harmonics; m2++) harmonics[m2] = broadcast(0);
            for (const path *p = of->paths; p < of->paths + of->n_paths; p++) {
                float scale = p->odd ? p->scale * e->sign[k] : p->scale;
#define ADD_GRADIENT(D1, D3) \
    add_gradient(D1, D3, p->channels, gradient + p->out, weights + p->weight, slopes + p->weight, from + p->x, \
                 couplings + p->coupling, scale, of->terms, of->first + p->coupling, g_from + p->x, harmonics, &along)
                FOR_SIZES(ADD_GRADIENT)
            }
            for (int m2 = 0; m2 < of->harmonics; m2++) g_y[e->slot[k] * of->harmonics + m2] = sum(harmonics[m2]);
            g_length[e->slot[k]] = sum(along);
        }
    }
}
