/* y[o, n, i] = x[o, n, i]·a[o, i] + b[o, i]: a factor and an offset for every channel of an example. What
   normalisations and their derivatives do with a signal. */
#pragma once
#include "base/isa.h"
#include <stdbool.h>
#if CK_X86
#include <immintrin.h>
#endif

/* Loops over contiguous memory. b may be NULL: nothing is added. */
typedef struct ck_scale_kernels {
  /* A factor and an offset for every number, or the same for all; into y, or added to it. */
  void (*each[2])(ptrdiff_t count, const float *x, const float *a, const float *b, float *y);
  void (*all[2])(ptrdiff_t count, const float *x, float a, float b, float *y);
} ck_scale_kernels;

#define CK_KERNELS(variant) extern const ck_scale_kernels ck_scale_##variant;
#include "scale/scale_kernels.inc"
#undef CK_KERNELS
