/* y = f(x) and z = f(x, y), element by element. The operations are two lists, unary_operations.inc and
   binary_operations.inc: a new operation is one line there and one name in CKernels.h. */
#pragma once
#include "base/isa.h"
#include <math.h>
#if CK_X86
#include <immintrin.h>
#endif

enum { ck_unary_count = ck_unary_cos + 1, ck_binary_count = ck_binary_sigmoid_gradient + 1 };

/* What one instruction set offers: for every operation a loop over contiguous memory. */
typedef struct ck_elementwise_kernels {
  void (*unary[ck_unary_count])(float a, float b, ptrdiff_t count, const float *x, float *y);
  void (*binary[ck_binary_count])(float a, ptrdiff_t count, const float *x, const float *y, float *z);
  /* The same with one y for all elements. */
  void (*binary_scalar[ck_binary_count])(float a, ptrdiff_t count, const float *x, float y, float *z);
} ck_elementwise_kernels;

#define CK_KERNELS(variant) extern const ck_elementwise_kernels ck_elementwise_##variant;
#include "elementwise/elementwise_kernels.inc"
#undef CK_KERNELS
