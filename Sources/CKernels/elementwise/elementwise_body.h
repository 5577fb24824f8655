/* The elementwise loops over vectors of CK_LANES floats, for the variant named CK_VARIANT. */
#include "base/vector_math.h"

/* Functions of libm, lane by lane: rare in training, and then a small part of it. */
#define CK_EACH(function)                                     \
  CK_INLINE ck_vec each_##function(ck_vec x) {                \
    for (int i = 0; i < CK_LANES; i++) x[i] = function(x[i]); \
    return x;                                                 \
  }
CK_EACH(sinf)
CK_EACH(cosf)
CK_INLINE ck_vec each_powf(ck_vec x, float exponent) {
  for (int i = 0; i < CK_LANES; i++) x[i] = powf(x[i], exponent);
  return x;
}

#define CK_ABSOLUTE(x) ck_vec_abs(x)
#define CK_SQRT(x) __builtin_elementwise_sqrt(x)
#define CK_EXP(x) ck_vec_exp(x)
#define CK_EXPM1(x) ck_vec_expm1(x)
#define CK_LOG(x) ck_vec_log(x)
#define CK_LOG1P(x) ck_vec_log1p(x)
#define CK_TANH(x) ck_vec_tanh(x)
#define CK_SIGMOID(x) ck_vec_sigmoid(x)
#define CK_POWER(x, a) each_powf(x, (a)[0])
#define CK_SIN(x) each_sinf(x)
#define CK_COS(x) each_cosf(x)
#define CK_BOTH(p, q) ((p) & (q))
#define CK_EITHER(p, q) ((p) | (q))

/* The operations on one vector. */
#define CK_UNARY(name, expression)                              \
  CK_INLINE ck_vec unary_##name(ck_vec x, ck_vec a, ck_vec b) { \
    const ck_vec zero = 0, one = 1;                             \
    (void)a, (void)b, (void)zero, (void)one;                    \
    return expression;                                          \
  }
#include "elementwise/unary_operations.inc"
#undef CK_UNARY
#define CK_BINARY(name, expression)                              \
  CK_INLINE ck_vec binary_##name(ck_vec x, ck_vec y, ck_vec a) { \
    const ck_vec zero = 0, one = 1;                              \
    (void)a, (void)zero, (void)one;                              \
    return expression;                                           \
  }
#include "elementwise/binary_operations.inc"
#undef CK_BINARY

/* The loops; inlined with a known operation, they call nothing. */
typedef ck_vec (*operation)(ck_vec, ck_vec, ck_vec);

CK_INLINE void unary(operation f, ck_vec a, ck_vec b, ptrdiff_t count, const float *x, float *y) {
  ptrdiff_t i = 0;
  for (; i + CK_LANES <= count; i += CK_LANES) ck_vec_store(y + i, f(ck_vec_load(x + i), a, b));
  const ptrdiff_t rest = count - i;
  if (rest > 0) ck_vec_store_first(y + i, f(ck_vec_load_first(x + i, rest), a, b), rest);
}

CK_INLINE void binary(operation f, ck_vec a, ptrdiff_t count, const float *x, const float *y, float *z) {
  ptrdiff_t i = 0;
  for (; i + CK_LANES <= count; i += CK_LANES)
    ck_vec_store(z + i, f(ck_vec_load(x + i), ck_vec_load(y + i), a));
  const ptrdiff_t rest = count - i;
  if (rest <= 0) return;
  ck_vec_store_first(z + i, f(ck_vec_load_first(x + i, rest), ck_vec_load_first(y + i, rest), a), rest);
}

CK_INLINE void binary_scalar(operation f, ck_vec a, ptrdiff_t count, const float *x, ck_vec y, float *z) {
  ptrdiff_t i = 0;
  for (; i + CK_LANES <= count; i += CK_LANES) ck_vec_store(z + i, f(ck_vec_load(x + i), y, a));
  const ptrdiff_t rest = count - i;
  if (rest > 0) ck_vec_store_first(z + i, f(ck_vec_load_first(x + i, rest), y, a), rest);
}

#define CK_UNARY(name, expression)                                                             \
  static void unary_loop_##name(float a, float b, ptrdiff_t count, const float *x, float *y) { \
    unary(unary_##name, a, b, count, x, y);                                                    \
  }
#include "elementwise/unary_operations.inc"
#undef CK_UNARY
#define CK_BINARY(name, expression)                                                                    \
  static void binary_loop_##name(float a, ptrdiff_t count, const float *x, const float *y, float *z) { \
    binary(binary_##name, a, count, x, y, z);                                                          \
  }                                                                                                    \
  static void binary_scalar_loop_##name(float a, ptrdiff_t count, const float *x, float y, float *z) { \
    binary_scalar(binary_##name, a, count, x, y, z);                                                   \
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
