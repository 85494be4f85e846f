/* The gated perceptrons of CHGNet along pairs, with their look-ups and sums, and their gradients.

   Each pair is seen from both its ends. Seen from one end, it takes

       hidden = near[this end] + far[the other end] + third[third of the pair] + pair[pair, perhaps this view] M  (2 F)
       z      = silu(hidden) W + b for core and gate apart, or hidden itself where there is one layer             (2 F)
       out    = silu(norm(z core)) * sigmoid(norm(z gate))                                                        (F)

   where the weights are such that the mean of either half of z is 0, which saves norm from taking it,
   and out times the weights of the pair is added to this end, or out is the result.
   A few pairs at a time go through everything in the order in which they lie in memory. Nothing between is kept: the
   gradient works it out again, which takes less time than to write it to memory and fetch it. */

#include "vectors.h"

#include <math.h>

enum { F = 64, V = F / LANES };
enum { GROUP = 6, PAIRS = GROUP, ROWS = 2 * PAIRS };
enum { TILE = REGISTERS / 8 }; /* the sums of a group by TILE vectors take three quarters of the registers */

typedef struct {
    const float *pair, *pair_back;               /* M, F x 2 F, and its transpose */
    const float *forward[2], *bias[2], *back[2]; /* of core and gate, W (F x F) and its transpose; null for one layer */
    const float *weight[2], *shift[2];           /* of the norms of core and gate */
    int64_t deep;
} gate;

typedef struct {
    const int64_t *first, *second; /* the ends of each pair */
    const int64_t *third;          /* null where there is none */
    int64_t n_pairs;
} ends;

typedef struct {
    const float *near, *far, *third; /* 2 F numbers each */
    const float *pair;               /* F numbers each */
    int64_t views;                   /* 2 where `pair` has a row for either view, 1 for each pair */
} tables;

typedef struct {
    const float *values; /* F numbers for each pair, or for each end: a pair has the product of those of its ends */
    int64_t of_ends;
} weights;

/* The pairs that go through together, each with two rows; missing ones repeat the last. */
typedef struct {
    int64_t count, pair[PAIRS], near[ROWS], far[ROWS];
} block;

static const float EPSILON = 1e-5f;

INLINE block block_at(const ends *e, int64_t start, int64_t stop) {
    block b;
    b.count = stop - start < PAIRS ? stop - start : PAIRS;
    for (int q = 0; q < PAIRS; q++) {
        int64_t pair = b.pair[q] = start + (q < b.count ? q : b.count - 1);
        b.near[2 * q] = b.far[2 * q + 1] = e->first[pair];
        b.near[2 * q + 1] = b.far[2 * q] = e->second[pair];
    }
    return b;
}

INLINE int64_t row_of(const block *b, int row, int64_t n_pairs) { return b->pair[row / 2] + (row % 2) * n_pairs; }

INLINE vector weight_of(const weights *w, const block *b, int q, int at) {
    if (!w->of_ends) return load(w->values + b->pair[q] * F + at);
    return load(w->values + b->near[2 * q] * F + at) * load(w->values + b->far[2 * q] * F + at);
}

/* to = start + from W for a group of rows, where `start` may be `to` itself; of each of the `size` lines of W F numbers
   are taken. */
INLINE void multiply(float *const *to, const float *const *from, const float *matrix, int size, int width,
                     const float *const *start) {
    for (int left = 0; left < V; left += TILE) {
        vector total[GROUP][TILE];
        for (int i = 0; i < GROUP; i++)
            for (int v = 0; v < TILE; v++)
                total[i][v] = start ? load(start[i] + (left + v) * LANES) : broadcast(0);
        for (int k = 0; k < size; k++) {
            vector line[TILE];
            for (int v = 0; v < TILE; v++) line[v] = load(matrix + k * width + (left + v) * LANES);
            for (int i = 0; i < GROUP; i++) {
                float factor = from[i][k];
                for (int v = 0; v < TILE; v++) total[i][v] += factor * line[v];
            }
        }
        for (int i = 0; i < GROUP; i++)
            for (int v = 0; v < TILE; v++) store(to[i] + (left + v) * LANES, total[i][v]);
    }
}

/* Core and gate of the rows of a block, each times its matrix. */
INLINE void multiply_halves(float *to, const float *from, const float *const *matrices, const float *const *start) {
    for (int half = 0; half < 2; half++)
        for (int first = 0; first < ROWS; first += GROUP) {
            float *rows[GROUP];
            const float *given[GROUP], *begin[GROUP];
            for (int i = 0; i < GROUP; i++) {
                rows[i] = to + (first + i) * 2 * F + half * F;
                given[i] = from + (first + i) * 2 * F + half * F;
                begin[i] = start ? start[half] : 0;
            }
            multiply(rows, given, matrices[half], F, F, start ? begin : 0);
        }
}

/* The rows of a block that the products of pairs have, `step` apart: all, or every other where both views are alike. */
#define EACH_GROUP(t, first, step) \
    for (int step = (t)->views == 2 ? 1 : 2, first = 0; first < ROWS; first += step * GROUP)

/* Sets the rows of a block to the products of their pairs; where both views are alike the first of each two. */
INLINE void multiply_pairs(float *to, const gate *g, const ends *e, const tables *t, const block *b) {
    for (int half = 0; half < 2; half++)
        EACH_GROUP(t, first, step) {
            float *rows[GROUP];
            const float *given[GROUP];
            for (int i = 0; i < GROUP; i++) {
                int row = first + step * i;
                rows[i] = to + row * 2 * F + half * F;
                given[i] = t->pair + row_of(b, row, e->n_pairs) * F;
            }
            multiply(rows, given, g->pair + half * F, F, 2 * F, 0);
        }
}

/* Adds to the gradients of the pairs; `from` has rows as multiply_pairs has set them. */
INLINE void multiply_pairs_back(float *g_pair, const float *from, const gate *g, const ends *e, const tables *t,
                                const block *b) {
    float spare[F] = {0};
    EACH_GROUP(t, first, step) {
        float *rows[GROUP];
        const float *given[GROUP];
        for (int i = 0; i < GROUP; i++) {
            int row = first + step * i;
            rows[i] = row / 2 < b->count ? g_pair + row_of(b, row, e->n_pairs) * F : spare;
            given[i] = from + row * 2 * F;
        }
        multiply(rows, given, g->pair_back, 2 * F, F, (const float *const *)rows);
    }
}

/* Takes z of a row, whose mean is 0, to y = z / deviation; returns 1 / deviation. */
INLINE float normalise(const float *restrict z, vector *restrict y) {
    vector squares = broadcast(0);
    for (int v = 0; v < V; v++) {
        y[v] = load(z + v * LANES);
        squares += y[v] * y[v];
    }
    float factor = 1 / sqrtf(sum(squares) / F + EPSILON);
    for (int v = 0; v < V; v++) y[v] *= factor;
    return factor;
}

/* The gradient with respect to z but for its mean, to which the matrices that it is multiplied by do not respond. */
INLINE void normalise_gradient(float *restrict to, const vector *restrict y, const vector *restrict g, float factor) {
    vector along = broadcast(0);
    for (int v = 0; v < V; v++) along += g[v] * y[v];
    float slope = sum(along) / F;
    for (int v = 0; v < V; v++) store(to + v * LANES, factor * (g[v] - y[v] * slope));
}

/* Sets z of the rows of a block; where there are two layers also `slope`, the derivative of silu at hidden. */
INLINE void first_layers(const gate *g, const ends *e, const tables *t, const block *b, float *restrict z,
                         float *restrict slope) {
    float values[ROWS * 2 * F];
    multiply_pairs(values, g, e, t, b);
    for (int i = ROWS - 1; i >= 0; i--) { /* the last first, as both may have the product of the first of two rows */
        const float *product = values + (t->views == 2 ? i : i - i % 2) * 2 * F;
        const float *near = t->near + b->near[i] * 2 * F, *far = t->far + b->far[i] * 2 * F;
        const float *third = e->third ? t->third + e->third[b->pair[i / 2]] * 2 * F : 0;
        for (int at = 0; at < 2 * F; at += LANES) {
            vector x = load(near + at) + load(far + at) + load(product + at);
            if (third) x += load(third + at);
            if (g->deep) {
                vector s = sigmoid(x), value = x * s;
                store(values + i * 2 * F + at, value);
                if (slope) store(slope + i * 2 * F + at, s + value * (1.0f - s));
            } else
                store(z + i * 2 * F + at, x);
        }
    }
    if (g->deep) multiply_halves(z, values, g->forward, g->bias);
}

/* Adds to `out` of each end with weights; without, sets `out` of both rows of each pair, all first views first. */
void gate_forward(int64_t start, int64_t stop, const gate *g, const ends *e, const tables *t, const weights *w,
                  float *out) {
    float z[ROWS * 2 * F];
    for (int64_t place = start; place < stop; place += PAIRS) {
        block b = block_at(e, place, stop);
        first_layers(g, e, t, &b, z, 0);
        for (int i = 0; i < 2 * b.count; i++) {
            vector core[V], gates[V];
            normalise(z + i * 2 * F, core);
            normalise(z + i * 2 * F + F, gates);
            float *to = out + (w->values ? b.near[i] : row_of(&b, i, e->n_pairs)) * F;
            for (int v = 0; v < V; v++) {
                int at = v * LANES;
                vector x = core[v] * load(g->weight[0] + at) + load(g->shift[0] + at);
                vector y = gates[v] * load(g->weight[1] + at) + load(g->shift[1] + at);
                vector value = x * sigmoid(x) * sigmoid(y);
                store(to + at, w->values ? load(to + at) + value * weight_of(w, &b, i / 2, at) : value);
            }
        }
    }
}

INLINE void add(float *to, vector value) { store(to, load(to) + value); }

INLINE void add_weights(const weights *w, const block *b, int q, const vector *g, float *g_weights) {
    const float *one = w->values + b->near[2 * q] * F, *other = w->values + b->far[2 * q] * F;
    for (int v = 0; v < V; v++) {
        int at = v * LANES;
        if (w->of_ends) {
            add(g_weights + b->near[2 * q] * F + at, g[v] * load(other + at));
            add(g_weights + b->far[2 * q] * F + at, g[v] * load(one + at));
        } else
            add(g_weights + b->pair[q] * F + at, g[v]);
    }
}

/* g_out is what gate_forward's `out` has. Adds to g_pair, whose rows are those of `pair` of the tables, to g_weights
   and, unless they are null, to g_near, g_far and g_third. */
void gate_backward(int64_t start, int64_t stop, const gate *g, const ends *e, const tables *t, const weights *w,
                   const float *g_out, float *g_weights, float *g_pair, float *g_near, float *g_far, float *g_third) {
    float z[ROWS * 2 * F], slope[ROWS * 2 * F], g_hidden[ROWS * 2 * F];
    for (int64_t place = start; place < stop; place += PAIRS) {
        block b = block_at(e, place, stop);
        first_layers(g, e, t, &b, z, slope);
        float *g_z = g->deep ? z : g_hidden; /* a row of z is not needed once its gradient is known */
        vector along[V];
        for (int i = 0; i < ROWS; i++) {
            const float *given = g_out + (w->values ? b.near[i] : row_of(&b, i, e->n_pairs)) * F;
            vector core[V], gates[V], g_core[V], g_gates[V];
            float core_factor = normalise(z + i * 2 * F, core), gate_factor = normalise(z + i * 2 * F + F, gates);
            for (int v = 0; v < V; v++) {
                int at = v * LANES;
                vector w0 = load(g->weight[0] + at), w1 = load(g->weight[1] + at);
                vector x = core[v] * w0 + load(g->shift[0] + at), s = sigmoid(x);
                vector gating = sigmoid(gates[v] * w1 + load(g->shift[1] + at));
                vector value = x * s, gradient = load(given + at);
                if (w->values) {
                    vector more = gradient * value * gating;
                    along[v] = i % 2 ? along[v] + more : more;
                    gradient *= weight_of(w, &b, i / 2, at);
                }
                gradient *= gating;
                g_core[v] = gradient * (s + value * (1.0f - s)) * w0;
                g_gates[v] = gradient * value * (1.0f - gating) * w1;
            }
            normalise_gradient(g_z + i * 2 * F, core, g_core, core_factor);
            normalise_gradient(g_z + i * 2 * F + F, gates, g_gates, gate_factor);
            if (w->values && i % 2 && i < 2 * b.count) add_weights(w, &b, i / 2, along, g_weights);
        }
        if (g->deep) multiply_halves(g_hidden, g_z, g->back, 0);
        for (int q = 0; q < PAIRS; q++) {
            float *rows = g_hidden + 2 * q * 2 * F;
            const float *slopes = slope + 2 * q * 2 * F;
            for (int at = 0; at < 2 * F; at += LANES) {
                vector one = load(rows + at), other = load(rows + 2 * F + at);
                if (g->deep) one *= load(slopes + at), other *= load(slopes + 2 * F + at);
                store(rows + at, t->views == 2 ? one : one + other);
                if (t->views == 2) store(rows + 2 * F + at, other);
                if (!g_near || q >= b.count) continue;
                add(g_near + b.near[2 * q] * 2 * F + at, one);
                add(g_near + b.far[2 * q] * 2 * F + at, other);
                add(g_far + b.far[2 * q] * 2 * F + at, one);
                add(g_far + b.near[2 * q] * 2 * F + at, other);
                if (g_third) add(g_third + e->third[b.pair[q]] * 2 * F + at, one + other);
            }
        }
        multiply_pairs_back(g_pair, g_hidden, g, e, t, &b);
    }
}
