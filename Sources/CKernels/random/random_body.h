/* Random numbers over vectors, for the variant named CK_VARIANT. Little-endian memory. */
#include "base/vector.h"

/* A product and a sum stay two roundings: the bits must not depend on whether there is an FMA unit. */
#pragma STDC FP_CONTRACT OFF

typedef uint32_t words __attribute__((ext_vector_type(CK_LANES)));
typedef uint64_t halves __attribute__((ext_vector_type(CK_LANES / 2))); /* as many bytes, in 64-bit lanes */
typedef uint64_t pairs __attribute__((ext_vector_type(CK_LANES)));      /* twice as many: two words a lane */

/* The product of the lower halves of two lanes. Both halves of it are used; unless it is one value to the
   compiler, LLVM 21 computes the lower half again by a three times slower 64-bit multiplication. */
CK_INLINE halves product(halves x, uint64_t y) {
  halves z = (x & 0xFFFFFFFF) * y;
#if CK_X86
  __asm__("" : "+v"(z));
#endif
  return z;
}

/* CK_LANES / 2 blocks, one a lane: the upper half of a lane may hold rubbish, which no product reads. */
static void bits(uint64_t key, uint64_t block, ptrdiff_t count, uint32_t *to) {
  const halves low = 0xFFFFFFFF;
  halves lane;
  for (int i = 0; i < CK_LANES / 2; i++) lane[i] = (uint64_t)i;
  for (ptrdiff_t at = 0; at < count; at += 2 * CK_LANES, block += CK_LANES / 2) {
    const halves position = (block + lane) & 0x3FFFFFFFFFFFFFFF;
    halves c0 = position, c1 = position >> 32, c2 = 0, c3 = 0;
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
#pragma unroll
    for (int round = 0; round < 10; round++) {
      const halves first = product(c0, 0xD2511F53), second = product(c2, 0xCD9E8D57);
      c0 = (second >> 32) ^ c1 ^ (uint64_t)k0;
      c1 = second;
      c2 = (first >> 32) ^ c3 ^ (uint64_t)k1;
      c3 = first;
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    const halves front = (c0 & low) | (c1 << 32), back = (c2 & low) | (c3 << 32);
#if CK_LANES == 16
    const pairs y =
      __builtin_shufflevector(front, back, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
#elif CK_LANES == 8
    const pairs y = __builtin_shufflevector(front, back, 0, 4, 1, 5, 2, 6, 3, 7);
#else
    const pairs y = __builtin_shufflevector(front, back, 0, 2, 1, 3);
#endif
    memcpy(to + at, &y, sizeof y);
  }
}

CK_INLINE words load_words(const uint32_t *from) {
  words w;
  memcpy(&w, from, sizeof w);
  return w;
}
CK_INLINE ck_vec to_floats(ck_ivec x) { return __builtin_convertvector(x, ck_vec); }

static void uniform(ptrdiff_t count, const uint32_t *from, float low, float range, float largest, float *y) {
  for (ptrdiff_t i = 0; i < count; i += CK_LANES) {
    const ck_vec u = to_floats((ck_ivec)(load_words(from + i) >> 8)) * 0x1p-24f, value = low + range * u;
    ck_vec_store(y + i, value < largest ? value : (ck_vec)largest);
  }
}

static void bernoulli(ptrdiff_t count, const uint32_t *from, uint32_t last, float value, float *y) {
  for (ptrdiff_t i = 0; i < count; i += CK_LANES)
    ck_vec_store(y + i, load_words(from + i) <= last ? (ck_vec)value : (ck_vec)0);
}

static void dropout(ptrdiff_t count, const uint32_t *from, uint32_t last, float value, const float *x, float *y) {
  ptrdiff_t i = 0;
  for (; i + CK_LANES <= count; i += CK_LANES)
    ck_vec_store(y + i, ck_vec_load(x + i) * (load_words(from + i) <= last ? (ck_vec)value : (ck_vec)0));
  if (i == count) return;
  const words rest = (words)ck_vec_load_first((const float *)from + i, count - i);
  ck_vec_store_first(y + i, ck_vec_load_first(x + i, count - i) * (rest <= last ? (ck_vec)value : (ck_vec)0),
                     count - i);
}

/* ln u for u in [2⁻³², 1], within 1e-7 relative (coefficients of Cephes logf). */
CK_INLINE ck_vec logarithm(ck_vec u) {
  const ck_ivec offset = (ck_ivec)u - 0x3F3504F3; /* counts from √½ */
  const ck_vec e = to_floats(offset >> 23), m = (ck_vec)((offset & 0x007FFFFF) + 0x3F3504F3) - 1.0f,
               z = m * m;
  ck_vec p = m * 7.0376836292e-2f - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  return ((p * m * z + e * -2.12194440e-4f) - 0.5f * z + m) + e * 0.693359375f;
}

/* Cosine and sine of 2π · turn / 2³²: a quarter, and an angle of at most π / 4 about its middle. */
CK_INLINE void cosine_and_sine(words turn, ck_vec *cosine, ck_vec *sine) {
  const ck_vec x = to_floats((ck_ivec)(turn << 2)) * 0x1.921fb6p-32f, z = x * x; /* (π / 2) / 2³² */
  const words quarter = (turn >> 30) + ((turn >> 29) & 1);
  ck_vec s = (z * -1.9515295891e-4f + 8.3321608736e-3f) * z - 1.6666654611e-1f;
  s = s * z * x + x;
  ck_vec c = (z * 2.443315711809948e-5f - 1.388731625493765e-3f) * z + 4.166664568298827e-2f;
  c = c * z * z - 0.5f * z + 1.0f;
  const ck_ivec odd = (ck_ivec)(quarter & 1) != 0;
  const words cosine_sign = ((quarter + 1) & 2) << 30, sine_sign = (quarter & 2) << 30;
  *cosine = (ck_vec)((words)(odd ? s : c) ^ cosine_sign);
  *sine = (ck_vec)((words)(odd ? c : s) ^ sine_sign);
}

static void normal(ptrdiff_t count, const uint32_t *from, float mean, float deviation, float *y) {
  for (ptrdiff_t i = 0; i < count; i += 2 * CK_LANES) {
    pairs pair;
    memcpy(&pair, from + i, sizeof pair);
    const words radial = __builtin_convertvector(pair, words),
                turn = __builtin_convertvector(pair >> 32, words);
    const ck_vec u = (to_floats((ck_ivec)(radial >> 1)) + 0.5f) * 0x1p-31f;
    const ck_vec radius = __builtin_elementwise_sqrt(-2.0f * logarithm(u));
    ck_vec cosine, sine;
    cosine_and_sine(turn, &cosine, &sine);
    const ck_vec even = mean + deviation * (radius * cosine), odd = mean + deviation * (radius * sine);
    pair = __builtin_convertvector((words)even, pairs) | __builtin_convertvector((words)odd, pairs) << 32;
    memcpy(y + i, &pair, sizeof pair);
  }
}

const ck_random_kernels CK_VARIANT(ck_random) = {bits, uniform, normal, bernoulli, dropout};
