/* Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a
   bijection of a 128-bit counter under a 64-bit key. Element e of a stream is word e mod 4 of block e div 4.

   uniform    low + (high - low) · (word >> 8) / 2²⁴, kept below high
   bernoulli  word < p · 2³²
   normal     elements 2j and 2j + 1 share a radius, sqrt(-2 ln u) with u = ((word[2j] >> 1) + ½) / 2³¹
              in float32, and an angle, 2π · word[2j + 1] / 2³²: their cosine and sine parts. |z| <= 6.66.

   The kernels use additions and multiplications in a stated order, without contraction, and square roots: the
   bits are the same at any width. */
#pragma once
#include "base/isa.h"
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#if CK_X86
#include <immintrin.h>
#endif

/* Words made at a time; a multiple of every variant's step. */
enum { ck_random_chunk = 1024 };

typedef struct ck_random_kernels {
  /* At least `words` (rounded up to the variant's step) words from block `block`. */
  void (*bits)(uint64_t key, uint64_t block, ptrdiff_t words, uint32_t *to);
  /* Words to numbers; `words` is rounded up to the variant's step. */
  void (*uniform)(ptrdiff_t words, const uint32_t *bits, float low, float range, float largest, float *y);
  void (*normal)(ptrdiff_t words, const uint32_t *bits, float mean, float deviation, float *y);
  void (*bernoulli)(ptrdiff_t words, const uint32_t *bits, uint32_t last, float value, float *y);
  /* y = x · value where the word is a success, else x · 0: exactly `count` numbers. */
  void (*dropout)(ptrdiff_t count, const uint32_t *bits, uint32_t last, float value, const float *x, float *y);
} ck_random_kernels;

/* Words up to `last` are successes of probability p; false when none is. */
static inline bool ck_random_successes(float p, uint32_t *last) {
  const double threshold = (double)p * 0x1p32; /* words below it count: none below 1, all from 2³² on */
  *last = threshold >= 0x1p32 ? UINT32_MAX : threshold > 1 ? (uint32_t)(ceil(threshold) - 1) : 0;
  return threshold > 0;
}

#define CK_KERNELS(variant) extern const ck_random_kernels ck_random_##variant;
#include "random/random_kernels.inc"
#undef CK_KERNELS
