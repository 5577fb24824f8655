/* The elementwise loops over vectors of CK_WIDTH floats, for the variant named CK_VARIANT. */
#include "base/lanes.h"

/* A function of libm, lane by lane. */
#define CK_EACH(function)                                        \
  CK_INLINE ck_floats each_##function(ck_floats x) {             \
    for (int i = 0; i < CK_WIDTH; i++) x[i] = function(x[i]);    \
    return x;                                                    \
  }
CK_EACH(sinf)
CK_EACH(cosf)
CK_EACH(expf)
CK_EACH(expm1f)
CK_EACH(logf)
CK_EACH(log1pf)
CK_EACH(tanhf)
CK_INLINE ck_floats each_powf(ck_floats x, float exponent) {
  for (int i = 0; i < CK_WIDTH; i++) x[i] = powf(x[i], exponent);
  return x;
}

#define CK_ABSOLUTE(x) __builtin_elementwise_abs(x)
#define CK_SQRT(x) __builtin_elementwise_sqrt(x)
#define CK_EXP(x) each_expf(x)
#define CK_EXPM1(x) each_expm1f(x)
#define CK_LOG(x) each_logf(x)
#define CK_LOG1P(x) each_log1pf(x)
#define CK_TANH(x) each_tanhf(x)
#define CK_SIGMOID(x) (1 / (1 + each_expf(-(x))))
#define CK_POWER(x, a) each_powf(x, (a)[0])
#define CK_SIN(x) each_sinf(x)
#define CK_COS(x) each_cosf(x)
#define CK_BOTH(p, q) ((p) & (q))
#define CK_EITHER(p, q) ((p) | (q))

#define CK_UNARY(name, expression)                                                                    \
  CK_INLINE ck_floats unary_##name(ck_floats x, ck_floats a, ck_floats b) {                           \
    const ck_floats zero = 0, one = 1;                                                             \
    (void)a, (void)b, (void)zero, (void)one;                                                          \
    return expression;                                                                                \
  }                                                                                                   \
  static void unary_loop_##name(float a, float b, ptrdiff_t count, const float *x, float *y) {        \
    ptrdiff_t i = 0;                                                                                  \
    for (; i + CK_WIDTH <= count; i += CK_WIDTH) ck_store(y + i, unary_##name(ck_load(x + i), a, b)); \
    if (i < count) ck_store_some(y + i, unary_##name(ck_load_some(x + i, count - i), a, b), count - i); \
  }
#include "elementwise/unary_operations.inc"
#undef CK_UNARY

#define CK_BINARY(name, expression)                                                                            \
  CK_INLINE ck_floats binary_##name(ck_floats x, ck_floats y, ck_floats a) {                                   \
    const ck_floats zero = 0, one = 1;                                                                      \
    (void)a, (void)zero, (void)one;                                                                            \
    return expression;                                                                                         \
  }                                                                                                            \
  static void binary_loop_##name(float a, ptrdiff_t count, const float *x, const float *y, float *z) {         \
    ptrdiff_t i = 0;                                                                                           \
    for (; i + CK_WIDTH <= count; i += CK_WIDTH)                                                               \
      ck_store(z + i, binary_##name(ck_load(x + i), ck_load(y + i), a));                                       \
    const ptrdiff_t rest = count - i;                                                                          \
    if (rest > 0) ck_store_some(z + i, binary_##name(ck_load_some(x + i, rest), ck_load_some(y + i, rest), a), rest); \
  }                                                                                                            \
  static void binary_scalar_loop_##name(float a, ptrdiff_t count, const float *x, float y, float *z) {         \
    ptrdiff_t i = 0;                                                                                           \
    for (; i + CK_WIDTH <= count; i += CK_WIDTH) ck_store(z + i, binary_##name(ck_load(x + i), y, a));         \
    if (i < count) ck_store_some(z + i, binary_##name(ck_load_some(x + i, count - i), y, a), count - i);       \
  }
#include "elementwise/binary_operations.inc"
#undef CK_BINARY

const ck_elementwise_kernels CK_VARIANT(ck_elementwise) = {
  .unary = {
#define CK_UNARY(name, expression) [ck_unary_##name] = unary_loop_##name,
#include "elementwise/unary_operations.inc"
#undef CK_UNARY
  },
  .binary = {
#define CK_BINARY(name, expression) [ck_binary_##name] = binary_loop_##name,
#include "elementwise/binary_operations.inc"
#undef CK_BINARY
  },
  .binary_scalar = {
#define CK_BINARY(name, expression) [ck_binary_##name] = binary_scalar_loop_##name,
#include "elementwise/binary_operations.inc"
#undef CK_BINARY
  },
};
