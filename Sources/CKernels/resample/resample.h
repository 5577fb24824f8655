/* Resampling along time: y[2i] = x[i], y[2i + 1] = mix · x[i] + (1 - mix) · x[i + 1], its adjoint, and the
   gradient of mix. The kernels know frames that have both neighbours; the frames at the edges are upsample.c's. */
#pragma once
#include "base/isa.h"
#if CK_X86
#include <immintrin.h>
#endif

typedef struct ck_resample_kernels {
  /* Frames 0 ..< frames of x, of which frame `frames` exists too, to 2 · frames of y. A NULL mix is ½. */
  void (*upsample)(ptrdiff_t frames, ptrdiff_t channels, const float *mix, const float *x, float *y);
  /* x[i] = y[2i] + mix · y[2i + 1] + (1 - mix) · y[2i - 1]; y[-1] exists. */
  void (*adjoint)(ptrdiff_t frames, ptrdiff_t channels, const float *mix, const float *y, float *x);
  /* sums[c] = Σ_i y[2i + 1] · (x[i] - x[i + 1]), in float32. */
  void (*mix_gradient)(ptrdiff_t frames, ptrdiff_t channels, const float *x, const float *y, float *sums);
} ck_resample_kernels;

#define CK_KERNELS(variant) extern const ck_resample_kernels ck_resample_##variant;
#include "resample/resample_kernels.inc"
#undef CK_KERNELS
