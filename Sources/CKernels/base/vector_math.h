/* exp, expm1, log, log1p, tanh and sigmoid of a vector, for vectors of any width (see vector.h).

   Largest error against float64 over every 29th float32 (measured with 16, 8 and 4 lanes; in ulp of the result):
     exp 0.98   expm1 1.57   log 0.81   log1p 1.44   tanh 1.31   sigmoid 2.41
   NaN gives NaN; infinities, overflow, underflow and subnormal results and arguments are as in libm. */
#pragma once
#include "base/vector.h"

/* 2^n for n in -126 … 127. */
CK_INLINE ck_vec ck_vec_power_of_two(ck_ivec n) { return (ck_vec)((n + 127) << 23); }

/* x = n · ln 2 + r with |r| <= ln 2 / 2. Adding 1.5 · 2^23 rounds to an integer and leaves it in the low bits, so
   NaN passes without a conversion, which C leaves undefined. */
CK_INLINE ck_ivec ck_vec_reduce_exponent(ck_vec x, ck_vec *r) {
  ck_vec shifted = x * 1.44269504088896341f + 12582912.0f;
  ck_vec n = shifted - 12582912.0f;
  ck_vec high = x - n * 0.693359375f;
  *r = high - n * -2.12194440e-4f;
  return (ck_ivec)shifted - 0x4B400000;
}
/* exp(r) - 1 - r for |r| <= ln 2 / 2 (coefficients of Cephes expf). */
CK_INLINE ck_vec ck_vec_exp_tail(ck_vec r) {
  ck_vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * (r * r);
}

CK_INLINE ck_vec ck_vec_exp(ck_vec x) {
  x = ck_vec_select(x > 89.0f, ck_vec_splat(89.0f), x);
  x = ck_vec_select(x < -104.0f, ck_vec_splat(-104.0f), x);
  ck_vec r;
  ck_ivec n = ck_vec_reduce_exponent(x, &r);
  ck_vec p = ck_vec_exp_tail(r) + r + 1.0f;
  /* Two factors: 2^n itself may overflow or be subnormal where the product is not. */
  ck_ivec half = n >> 1;
  return p * ck_vec_power_of_two(half) * ck_vec_power_of_two(n - half);
}

CK_INLINE ck_vec ck_vec_expm1(ck_vec argument) {
  ck_vec x = ck_vec_select(argument > 89.0f, ck_vec_splat(89.0f), argument);
  x = ck_vec_select(x < -20.0f, ck_vec_splat(-20.0f), x); /* -1 from here on */
  ck_vec r;
  ck_ivec n = ck_vec_reduce_exponent(x, &r);
  ck_vec q = ck_vec_exp_tail(r) + r;
  /* 2^n q + 2^n - 1, in halves so that n = 128 stays finite on the way. */
  ck_vec scale = ck_vec_power_of_two(n - 1);
  ck_vec y = 2.0f * (scale * q + (scale - 0.5f));
  return ck_vec_select(n == 0, q, y);
}

CK_INLINE ck_vec ck_vec_log(ck_vec argument) {
  ck_vec x = argument;
  ck_ivec tiny = x < 1.17549435e-38f;
  x = ck_vec_select(tiny, x * 8388608.0f, x);
  /* x = m · 2^e with m in [√½, √2): subtracting the bits of √½ makes the exponent field count from there. */
  ck_ivec offset = (ck_ivec)x - 0x3f3504f3;
  ck_ivec exponent = (offset >> 23) - (tiny & 23);
  ck_vec m = (ck_vec)((offset & 0x007fffff) + 0x3f3504f3) - 1.0f;
  ck_vec e = __builtin_convertvector(exponent, ck_vec);
  ck_vec z = m * m;
  ck_vec p = m * 7.0376836292e-2f - 1.1514610310e-1f; /* Cephes logf */
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  ck_vec y = p * m * z + e * -2.12194440e-4f - 0.5f * z;
  y = m + y + e * 0.693359375f;
  y = ck_vec_select(argument == 0.0f, ck_vec_splat(-__builtin_inff()), y);
  y = ck_vec_select(argument < 0.0f, ck_vec_splat(__builtin_nanf("")), y);
  ck_ivec ordinary = (argument < __builtin_inff());
  return ck_vec_select(ordinary, y, argument); /* +∞ and NaN are their own logarithm */
}

CK_INLINE ck_vec ck_vec_log1p(ck_vec x) {
  ck_vec u = 1.0f + x;
  /* What rounding 1 + x lost, to first order: log(1 + x) = log(u) + (x - (u - 1)) / u. */
  ck_vec y = ck_vec_log(u) + (x - (u - 1.0f)) / u;
  ck_ivec exact = (ck_vec_abs(x) < 1e-8f);
  y = ck_vec_select(exact, x, y);
  y = ck_vec_select(x == -1.0f, ck_vec_splat(-__builtin_inff()), y);
  return ck_vec_select(x == __builtin_inff(), x, y);
}

CK_INLINE ck_vec ck_vec_tanh(ck_vec x) {
  ck_vec size = ck_vec_abs(x), z = x * x;
  ck_vec p = z * -5.70498872745e-3f + 2.06390887954e-2f; /* Cephes tanhf below 0.625 */
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  ck_vec small = p * z * x + x;
  ck_vec large = 1.0f - 2.0f / (ck_vec_exp(2.0f * size) + 1.0f);
  large = (ck_vec)((ck_ivec)large | ((ck_ivec)x & (ck_ivec)(0x80000000u)));
  return ck_vec_select(size < 0.625f, small, large);
}

/* 1 / (1 + exp(-x)), with full relative accuracy in both tails. */
CK_INLINE ck_vec ck_vec_sigmoid(ck_vec x) {
  ck_vec e = ck_vec_exp(-ck_vec_abs(x));
  return ck_vec_select(x < 0.0f, e, ck_vec_splat(1.0f)) / (1.0f + e);
}

/* tanh(x) · sigmoid(g) with one division: both are fractions. */
CK_INLINE ck_vec ck_vec_gate(ck_vec x, ck_vec g) {
  ck_vec size = ck_vec_abs(x), z = x * x;
  ck_vec p = z * -5.70498872745e-3f + 2.06390887954e-2f; /* as in ck_vec_tanh */
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  ck_vec a = ck_vec_exp(-2.0f * size), e = ck_vec_exp(-ck_vec_abs(g));
  ck_ivec small = size < 0.625f;
  ck_vec top = (ck_vec)((ck_ivec)(1.0f - a) | ((ck_ivec)x & (ck_ivec)(0x80000000u)));
  top = ck_vec_select(small, p * z * x + x, top) * ck_vec_select(g < 0.0f, e, ck_vec_splat(1.0f));
  return top / (ck_vec_select(small, ck_vec_splat(1.0f), 1.0f + a) * (1.0f + e));
}
