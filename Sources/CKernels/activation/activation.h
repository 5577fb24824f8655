/* What flows back through an activation and into the bias before it, in one pass over the output gradient.

   Earned against its parts (the activation's gradient, then a sum over pixels): the output gradient is read once
   instead of twice, and what is written is not read again. */
#pragma once
#include "base/isa.h"
#if CK_X86
#include <immintrin.h>
#endif

/* What one instruction set offers: g = dy · activation'(y) over `rows` rows of `columns` numbers, written unless g is
   NULL; sums[column] += g unless `sums` is NULL. y is not read where the activation is none. */
typedef struct ck_activation_kernels {
  void (*gradient)(ck_activation activation, float slope, ptrdiff_t rows, ptrdiff_t columns, const float *y,
                   const float *dy, float *g, float *sums);
} ck_activation_kernels;

#define CK_KERNELS(variant) extern const ck_activation_kernels ck_activation_##variant;
#include "activation/activation_kernels.inc"
#undef CK_KERNELS
