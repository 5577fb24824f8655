/* Windows over [batch, height, width, channels]. The kernels see one window at a time, already cut to the
   image: rows × columns pixels of all channels. */
#pragma once
#include "base/isa.h"
#if CK_X86
#include <immintrin.h>
#endif

typedef struct ck_window {
  ptrdiff_t rows, columns, row_stride, channels; /* pixels are `channels` apart */
} ck_window;

typedef struct ck_pool_kernels {
  /* y[c] = the maximum, indices[c] (unless NULL) = its position, where x[0] has position `position`. */
  void (*maximum)(const ck_window *w, const float *x, ptrdiff_t position, float *y, int32_t *indices);
  /* y[c] = Σ x / divisor. */
  void (*mean)(const ck_window *w, const float *x, float divisor, float *y);
  /* y[c] += x[c] / divisor. */
  void (*add)(ptrdiff_t channels, const float *x, float divisor, float *y);
} ck_pool_kernels;

#define CK_KERNELS(variant) extern const ck_pool_kernels ck_pool_##variant;
#include "pool/pool_kernels.inc"
#undef CK_KERNELS
