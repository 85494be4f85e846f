/* Sixteen single-precision numbers at a time, in the vector extensions of gcc and clang: one AVX-512 register, two of
   AVX2, four of SSE or NEON. */

#ifndef VECTORS_H
#define VECTORS_H

#include <stdint.h>
#include <string.h>

#define LANES 16
#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));

INLINE vector load(const float *from) {
    vector v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE void store(float *to, vector v) { memcpy(to, &v, sizeof v); }

INLINE vector broadcast(float value) { return (vector){0} + value; }

/* By halves, which compilers do not do themselves as long as sums may not be taken in another order. */
INLINE float sum(vector v) {
    typedef float eight __attribute__((vector_size(32)));
    typedef float four __attribute__((vector_size(16)));
    eight low, high;
    four a, b;
    memcpy(&low, &v, sizeof low);
    memcpy(&high, (const char *)&v + sizeof low, sizeof high);
    low += high;
    memcpy(&a, &low, sizeof a);
    memcpy(&b, (const char *)&low + sizeof a, sizeof b);
    a += b;
    return (a[0] + a[2]) + (a[1] + a[3]);
}

INLINE vector choose(integers where, vector a, vector b) {
    return (vector)((where & (integers)a) | (~where & (integers)b));
}

/* The exponential to about 2 ulp: 2^n times a polynomial on |x| < ln(2) / 2; clamped where single precision ends. */
INLINE vector exponential(vector x) {
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer in the low bits */
    x = choose(x > 87.0f, broadcast(87.0f), x);
    x = choose(x < -87.0f, broadcast(-87.0f), x);
    vector shifted = x * 1.44269504f + magic, n = shifted - magic;
    vector r = x - n * 0.693359375f + n * 2.12194440e-4f;
    vector p = broadcast(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    integers power = (((integers)shifted - (integers)broadcast(magic)) + 127) << 23;
    return p * (vector)power;
}

/* Zero below -60, where products with it would leave the normal numbers, which processors multiply slowly. */
INLINE vector sigmoid(vector x) { return choose(x < -60.0f, broadcast(0), 1.0f / (1.0f + exponential(-x))); }

#endif
