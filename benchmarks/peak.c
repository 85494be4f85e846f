/* Multiplies and adds in registers and does nothing else: the most that a core can do. */

#include "vectors.h"

enum { SUMS = 12 }; /* so that none waits for the one before */

/* Returns the operations done; the sums go to `out`, or they would not be taken. */
double multiply_and_add(int64_t rounds, float *out) {
    vector sums[SUMS], factor = broadcast(0.999f), more = broadcast(0.001f);
    for (int k = 0; k < SUMS; k++) sums[k] = broadcast(k);
    for (int64_t round = 0; round < rounds; round++)
        for (int k = 0; k < SUMS; k++) sums[k] = sums[k] * factor + more;
    for (int k = 0; k < SUMS; k++) out[k] = sum(sums[k]);
    return 2.0 * LANES * SUMS * rounds;
}
