/* As many single-precision numbers at a time as a register takes, in the vector extensions of gcc and clang. */

#ifndef VECTORS_H
#define VECTORS_H

#include "registers.h"

#include <stdint.h>
#include <string.h>

#define LANES (VECTOR_BYTES / 4)

typedef float vector __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t integers __attribute__((vector_size(VECTOR_BYTES)));

INLINE vector load(const float *from) {
    vector v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE void store(float *to, vector v) { memcpy(to, &v, sizeof v); }

INLINE vector broadcast(float value) { return (vector){0} + value; }

/* By halves, which compilers do not do themselves as long as sums may not be taken in another order. */
INLINE float sum(vector v) {
    typedef float four __attribute__((vector_size(16)));
    four parts[VECTOR_BYTES / 16];
    memcpy(parts, &v, sizeof v);
    for (int count = VECTOR_BYTES / 32; count > 0; count /= 2)
        for (int k = 0; k < count; k++) parts[k] += parts[k + count];
    return (parts[0][0] + parts[0][2]) + (parts[0][1] + parts[0][3]);
}

/* 1 / x to about 1 ulp, x less the nearest whole number, x * 2^n of a whole n, and x (which may be no number) between
   -limit and limit: instructions that compilers do not find. */
#ifdef __AVX512DQ__
#include <immintrin.h>

INLINE vector reciprocal(vector x) {
    vector r = (vector)_mm512_rcp14_ps((__m512)x);
    return r * (2.0f - x * r);
}

INLINE vector fraction(vector x) { return (vector)_mm512_reduce_ps((__m512)x, 0); }

INLINE vector times_power_of_two(vector x, vector n) { return (vector)_mm512_scalef_ps((__m512)x, (__m512)n); }

INLINE vector limited(vector x, float limit) {
    return (vector)_mm512_max_ps(_mm512_set1_ps(-limit), _mm512_min_ps(_mm512_set1_ps(limit), (__m512)x));
}
#else
INLINE vector reciprocal(vector x) { return 1.0f / x; }

INLINE vector fraction(vector x) {
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    return x - ((x + magic) - magic);
}

INLINE vector times_power_of_two(vector x, vector n) {
    return x * (vector)((__builtin_convertvector(n, integers) + 127) << 23);
}

INLINE vector limited(vector x, float limit) {
    integers above = x > limit, below = x < -limit;
    return (vector)((above & (integers)broadcast(limit)) | (below & (integers)broadcast(-limit)) |
                    (~(above | below) & (integers)x));
}
#endif

/* 1 / (1 + exp(-x)) to about 2 ulp, with exp(-x) as 2^n times a polynomial in a fraction r, |r| < 1/2. Never below 1e-13,
   so that products with it stay normal numbers, which processors multiply fastest. */
INLINE vector sigmoid(vector x) {
    vector t = limited(x * -1.44269504f, 43.0f), r = fraction(t);
    vector p = broadcast(1.545316294e-04f);
    p = p * r + 1.339086336e-03f;
    p = p * r + 9.618082557e-03f;
    p = p * r + 5.550357114e-02f;
    p = p * r + 2.402265076e-01f;
    p = p * r + 6.931471880e-01f;
    p = p * r + 1.0f;
    return reciprocal(1.0f + times_power_of_two(p, t - r));
}

#endif
