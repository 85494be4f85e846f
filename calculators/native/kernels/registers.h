/* How wide the registers of the processor are, and how many. Vectors of any width compile, but those that are wider gcc
   takes apart number by number, which is ten times as slow. */

#ifndef REGISTERS_H
#define REGISTERS_H

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

#if defined(__AVX512F__) || defined(__aarch64__)
#define REGISTERS 32
#else
#define REGISTERS 16
#endif

#define INLINE static inline __attribute__((always_inline))

#endif
