/* The gated perceptrons of CHGNet along pairs, with their look-ups and sums, and their gradients.

   Each pair p of P has two rows: row p seen from its first end and row P + p from its second. A row takes

       hidden = near[its end] + far[the other end] + third[third of the pair] + pair[p or row]          (2 F numbers)
       z      = silu(hidden) W + b for core and gate apart, or hidden itself where there is one layer   (2 F)
       out    = silu(norm(z core)) * sigmoid(norm(z gate))                                              (F)

   and out times the weights of the pair is summed over the rows of each end, or out is the result.
   Rows are worked through in the order of their ends, a few at a time, so that all but `hidden` and `z`, which the
   gradient needs, stays in the cache. */

#include "vectors.h"

#include <math.h>

enum { F = 64, V = F / LANES, WIDE = 2 * V };
#ifdef __AVX512F__
enum { ROWS = 6 }; /* 24 of 32 registers hold the sums of the products */
#else
enum { ROWS = 2 };
#endif

typedef struct {
    const float *forward[2], *bias[2], *back[2]; /* F x F matrices of core and gate and their transposes; null for one layer */
    const float *weight[2], *shift[2];           /* of the norms of core and gate */
    int64_t deep;
} gate;

typedef struct {
    int64_t n_pairs;
    const int64_t *offsets;        /* rows of end i: order[offsets[i]] to order[offsets[i + 1]] */
    const int64_t *order;
    const int64_t *first, *second; /* the ends of each pair */
    const int64_t *third;          /* null where there is none */
} rows;

typedef struct {
    const float *near, *far, *third, *pair; /* 2 F numbers each */
    int64_t views;                 /* 2 where `pair` has a row for each row, 1 for each pair */
} tables;

typedef struct {
    int64_t count, row[ROWS], near[ROWS];
} block;

static const float EPSILON = 1e-5f;

INLINE int64_t pair_of(const rows *of, int64_t row) { return row < of->n_pairs ? row : row - of->n_pairs; }

INLINE int64_t far_of(const rows *of, int64_t row) {
    return row < of->n_pairs ? of->second[row] : of->first[row - of->n_pairs];
}

/* The next rows in the order of their ends; missing ones repeat the last, so that every block is full. */
INLINE block next_block(const rows *of, int64_t *place, int64_t *end, int64_t stop) {
    block b = {0};
    int64_t last = of->offsets[stop];
    while (b.count < ROWS && *place < last) {
        while (*place >= of->offsets[*end + 1]) ++*end;
        b.row[b.count] = of->order[(*place)++];
        b.near[b.count++] = *end;
    }
    for (int64_t i = b.count; i < ROWS && b.count; i++) b.row[i] = b.row[b.count - 1], b.near[i] = b.near[b.count - 1];
    return b;
}

/* Asks for what the next block will read: rows lie apart in memory, which the processor does not foresee. */
INLINE void prefetch(const rows *of, int64_t place, int64_t stop, const float *array) {
    int64_t last = of->offsets[stop];
    for (int64_t next = place; next < place + ROWS && next < last; next++)
        for (int at = 0; at < 2 * F; at += LANES) __builtin_prefetch(array + of->order[next] * 2 * F + at);
}

/* to = start + from W for ROWS rows of F numbers that lie 2 F apart. */
INLINE void multiply(float *restrict to, const float *restrict from, const float *restrict matrix, const float *start) {
    vector total[ROWS][V];
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < V; v++) total[i][v] = start ? load(start + v * LANES) : broadcast(0);
    for (int k = 0; k < F; k++) {
        vector line[V];
        for (int v = 0; v < V; v++) line[v] = load(matrix + k * F + v * LANES);
        for (int i = 0; i < ROWS; i++) {
            float factor = from[i * 2 * F + k];
            for (int v = 0; v < V; v++) total[i][v] += factor * line[v];
        }
    }
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < V; v++) store(to + i * 2 * F + v * LANES, total[i][v]);
}

/* Takes z of a row to y = (z - mean) / deviation; returns 1 / deviation. */
INLINE float normalise(const float *restrict z, vector *restrict y) {
    vector total = broadcast(0), squares = broadcast(0);
    for (int v = 0; v < V; v++) total += y[v] = load(z + v * LANES);
    float mean = sum(total) / F;
    for (int v = 0; v < V; v++) {
        y[v] -= mean;
        squares += y[v] * y[v];
    }
    float factor = 1 / sqrtf(sum(squares) / F + EPSILON);
    for (int v = 0; v < V; v++) y[v] *= factor;
    return factor;
}

INLINE void normalise_gradient(float *restrict to, const vector *restrict y, const vector *restrict g, float factor) {
    vector total = broadcast(0), along = broadcast(0);
    for (int v = 0; v < V; v++) {
        total += g[v];
        along += g[v] * y[v];
    }
    float mean = sum(total) / F, slope = sum(along) / F;
    for (int v = 0; v < V; v++) store(to + v * LANES, factor * (g[v] - mean - y[v] * slope));
}

INLINE void gather(float *restrict hidden, const rows *of, const tables *t, int64_t row, int64_t near) {
    int64_t pair = pair_of(of, row);
    const float *a = t->near + near * 2 * F, *b = t->far + far_of(of, row) * 2 * F;
    const float *c = of->third ? t->third + of->third[pair] * 2 * F : 0;
    const float *d = t->pair + (t->views == 2 ? row : pair) * 2 * F;
    for (int v = 0; v < WIDE; v++) {
        int at = v * LANES;
        vector total = load(a + at) + load(b + at) + load(d + at);
        store(hidden + at, c ? total + load(c + at) : total);
    }
}

/* weights: F numbers a pair, and out is summed over the rows of each end; or null, and out has a line for each row. */
void gate_forward(int64_t start, int64_t stop, const gate *g, const rows *of, const tables *t, const float *weights,
                  float *hidden, float *z, float *out) {
    float buffer[ROWS * 2 * F], result[ROWS * 2 * F];
    int64_t place = of->offsets[start], end = start;
    for (;;) {
        block b = next_block(of, &place, &end, stop);
        if (b.count == 0) break;
        for (int i = 0; i < ROWS; i++) {
            float *own = (g->deep ? hidden : z) + b.row[i] * 2 * F;
            gather(own, of, t, b.row[i], b.near[i]);
            if (g->deep)
                for (int v = 0; v < WIDE; v++) {
                    vector x = load(own + v * LANES);
                    store(buffer + i * 2 * F + v * LANES, x * sigmoid(x));
                }
        }
        if (g->deep) {
            for (int half = 0; half < 2; half++)
                multiply(result + half * F, buffer + half * F, g->forward[half], g->bias[half]);
            for (int i = 0; i < ROWS; i++) memcpy(z + b.row[i] * 2 * F, result + i * 2 * F, sizeof(float) * 2 * F);
        }
        for (int i = 0; i < b.count; i++) {
            const float *own = z + b.row[i] * 2 * F;
            vector core[V], gates[V];
            normalise(own, core);
            normalise(own + F, gates);
            float *to = out + (weights ? b.near[i] : b.row[i]) * F;
            for (int v = 0; v < V; v++) {
                int at = v * LANES;
                vector x = core[v] * load(g->weight[0] + at) + load(g->shift[0] + at);
                vector y = gates[v] * load(g->weight[1] + at) + load(g->shift[1] + at);
                vector value = x * sigmoid(x) * sigmoid(y);
                if (weights) value = load(to + at) + value * load(weights + pair_of(of, b.row[i]) * F + at);
                store(to + at, value);
            }
        }
    }
}

/* g_out is what gate_forward's `out` has: for each end with weights, for each row without. Adds to g_weights (for each
   row) and g_near (for each end), sets g_hidden (for each row). */
void gate_backward(int64_t start, int64_t stop, const gate *g, const rows *of, const float *weights,
                   const float *hidden, const float *z, const float *g_out, float *g_weights, float *g_near,
                   float *g_hidden) {
    float buffer[ROWS * 2 * F], result[ROWS * 2 * F];
    int64_t place = of->offsets[start], end = start;
    for (;;) {
        block b = next_block(of, &place, &end, stop);
        if (b.count == 0) break;
        prefetch(of, place, stop, z);
        if (g->deep) prefetch(of, place, stop, hidden);
        for (int i = 0; i < ROWS; i++) {
            int64_t row = b.row[i];
            const float *own = z + row * 2 * F, *given = g_out + (weights ? b.near[i] : row) * F;
            const float *weight = weights ? weights + pair_of(of, row) * F : 0;
            vector core[V], gates[V], g_core[V], g_gates[V];
            float core_factor = normalise(own, core), gate_factor = normalise(own + F, gates);
            for (int v = 0; v < V; v++) {
                int at = v * LANES;
                vector w0 = load(g->weight[0] + at), w1 = load(g->weight[1] + at);
                vector x = core[v] * w0 + load(g->shift[0] + at), s = sigmoid(x);
                vector t = sigmoid(gates[v] * w1 + load(g->shift[1] + at));
                vector value = x * s, gradient = load(given + at);
                if (weight) {
                    if (i < b.count) {
                        float *to = g_weights + row * F + at;
                        store(to, load(to) + gradient * value * t);
                    }
                    gradient *= load(weight + at);
                }
                g_core[v] = gradient * t * (s + value * (1.0f - s)) * w0;
                g_gates[v] = gradient * value * t * (1.0f - t) * w1;
            }
            normalise_gradient(buffer + i * 2 * F, core, g_core, core_factor);
            normalise_gradient(buffer + i * 2 * F + F, gates, g_gates, gate_factor);
        }
        if (g->deep)
            for (int half = 0; half < 2; half++) multiply(result + half * F, buffer + half * F, g->back[half], 0);
        for (int i = 0; i < b.count; i++) {
            float *to = g_hidden + b.row[i] * 2 * F, *near = g_near + b.near[i] * 2 * F;
            for (int v = 0; v < WIDE; v++) {
                int at = v * LANES;
                vector value = load((g->deep ? result : buffer) + i * 2 * F + at);
                if (g->deep) {
                    vector x = load(hidden + b.row[i] * 2 * F + at), s = sigmoid(x);
                    value *= s + x * s * (1.0f - s);
                }
                store(to + at, value);
                store(near + at, load(near + at) + value);
            }
        }
    }
}
