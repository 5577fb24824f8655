/* Optimiser steps: one pass over gradient, parameter and moments. The formulas are those of CKernels.h. */
#pragma once
#include "base/isa.h"
#if CK_X86
#include <immintrin.h>
#endif

typedef struct ck_optimizer_kernels {
  void (*adam)(const ck_adam *adam, ptrdiff_t count, const float *g, float *p, float *m, float *v);
  void (*sgd)(const ck_sgd *sgd, ptrdiff_t count, const float *g, float *p, float *v);
  void (*rmsprop)(const ck_rmsprop *rmsprop, ptrdiff_t count, const float *g, float *p, float *v);
} ck_optimizer_kernels;

#define CK_KERNELS(variant) extern const ck_optimizer_kernels ck_optimizer_##variant;
#include "optimizers/optimizers_kernels.inc"
#undef CK_KERNELS
