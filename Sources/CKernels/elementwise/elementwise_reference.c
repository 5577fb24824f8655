/* What the elementwise operations mean: their lists read over single floats. */
#include "CKernels.h"
#include <math.h>

#define CK_ABSOLUTE(x) fabsf(x)
#define CK_SQRT(x) sqrtf(x)
#define CK_EXP(x) expf(x)
#define CK_EXPM1(x) expm1f(x)
#define CK_LOG(x) logf(x)
#define CK_LOG1P(x) log1pf(x)
#define CK_TANH(x) tanhf(x)
#define CK_SIGMOID(x) sigmoid(x)
#define CK_POWER(x, a) powf(x, a)
#define CK_SIN(x) sinf(x)
#define CK_COS(x) cosf(x)
#define CK_BOTH(p, q) ((p) && (q))
#define CK_EITHER(p, q) ((p) || (q))

static const float zero = 0, one = 1;

/* Without overflow, and with small values where 1 / (1 + e^-x) would give 0. */
static float sigmoid(float x) { return x < 0 ? expf(x) / (1 + expf(x)) : 1 / (1 + expf(-x)); }

static float unary(ck_unary_op op, float a, float b, float x) {
  switch (op) {
#define CK_UNARY(name, expression) \
  case ck_unary_##name: return expression;
#include "elementwise/unary_operations.inc"
#undef CK_UNARY
  }
}

static float binary(ck_binary_op op, float a, float x, float y) {
  switch (op) {
#define CK_BINARY(name, expression) \
  case ck_binary_##name: return expression;
#include "elementwise/binary_operations.inc"
#undef CK_BINARY
  }
}

void ck_unary_reference(ck_unary_op op, float a, float b, ptrdiff_t count, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < count; i++) y[i] = unary(op, a, b, x[i]);
}

void ck_binary_reference(ck_binary_op op, float a, ptrdiff_t count, const float *x, const float *y,
                         float *z) {
  for (ptrdiff_t i = 0; i < count; i++) z[i] = binary(op, a, x[i], y[i]);
}

void ck_binary_broadcast_reference(ck_binary_op op, float a, ptrdiff_t outer, ptrdiff_t middle,
                                   ptrdiff_t inner, const float *x, const float *y, float *z) {
  for (ptrdiff_t o = 0; o < outer; o++)
    for (ptrdiff_t m = 0; m < middle; m++)
      for (ptrdiff_t i = 0; i < inner; i++) {
        ptrdiff_t at = (o * middle + m) * inner + i;
        z[at] = binary(op, a, x[at], y[m]);
      }
}
