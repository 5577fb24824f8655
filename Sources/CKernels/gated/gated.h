/* y = tanh(a) · sigmoid(b), where a and b are the two halves of a frame's channels: WaveNet's gated unit.

   Earned against its composition (two slices, tanh, sigmoid, product; backward two embeddings and a sum).
   Biography, 4 × 8192 frames of 2 × 32 channels, AVX-512, one thread, least processor time of nine:
   composition 3.3 ms forward, 11.4 ms with the gradient; this room 1.3 ms and 2.6 ms. The gradient works tanh
   and sigmoid out again from x: cheaper than the two signals it would otherwise keep. */
#pragma once
#include "base/isa.h"
#if CK_X86
#include <immintrin.h>
#endif

/* What one instruction set offers: loops over whole frames. */
typedef struct ck_gated_kernels {
  void (*forward)(ptrdiff_t frames, ptrdiff_t channels, const float *x, float *y);
  /* sums[2 · channels] += x_gradient, unless NULL. */
  void (*gradient)(ptrdiff_t frames, ptrdiff_t channels, const float *x, const float *y_gradient,
                   float *x_gradient, float *sums);
} ck_gated_kernels;
const ck_gated_kernels *ck_gated_kernels_of(const ck_context *context);

#define CK_KERNELS(variant) extern const ck_gated_kernels ck_gated_##variant;
#include "gated/gated_kernels.inc"
#undef CK_KERNELS
