/* Sixteen numbers: the words in which packing is written. CK_BF16 1 has the processor round to bfloat16
   (avx512_bf16); 0 is the same for any machine, bit for bit, subnormals taken for zero included. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if CK_BF16
#include <immintrin.h>
#endif

#define CK_SPLIT_INLINE static inline __attribute__((always_inline, unused))
#if !CK_BF16
#pragma clang diagnostic ignored \
    "-Wpsabi" /* vectors wider than the target's cross no call: words are inlined */
#endif
#define CK_EACH(i, n) _Pragma("clang loop unroll(full)") for (int i = 0; i < (n); i++)

typedef float ck_f16 __attribute__((ext_vector_type(16)));
typedef uint32_t ck_u16 __attribute__((ext_vector_type(16)));
typedef int32_t ck_s16 __attribute__((ext_vector_type(16)));
typedef uint16_t ck_h16 __attribute__((ext_vector_type(16))); /* bfloat16 numbers */
typedef ck_f16 ck_f16_anywhere __attribute__((aligned(4), may_alias));
typedef ck_u16 ck_u16_anywhere __attribute__((aligned(2), may_alias));
typedef ck_h16 ck_h16_anywhere __attribute__((aligned(2), may_alias));

CK_SPLIT_INLINE ck_f16 load16(const float *p) { return *(const ck_f16_anywhere *)p; }
CK_SPLIT_INLINE ck_u16 load_bits(const uint32_t *p) { return *(const ck_u16_anywhere *)p; }
CK_SPLIT_INLINE void store_bits(void *p, ck_u16 x) { *(ck_u16_anywhere *)p = x; }
CK_SPLIT_INLINE void store_halves(void *p, ck_h16 x) { *(ck_h16_anywhere *)p = x; }

/* mask ? a : b, lane by lane. */
CK_SPLIT_INLINE ck_u16 choose(ck_s16 mask, ck_u16 a, ck_u16 b) {
  return ((ck_u16)mask & a) | (~(ck_u16)mask & b);
}

#if CK_BF16
CK_SPLIT_INLINE ck_f16 load16_first(const float *p, ptrdiff_t n) {
  return (ck_f16)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}
CK_SPLIT_INLINE void store_halves_first(void *p, ck_h16 x, ptrdiff_t n) {
  _mm256_mask_storeu_epi16(p, (__mmask16)((1u << n) - 1), (__m256i)x);
}
CK_SPLIT_INLINE ck_h16 narrow(ck_f16 x) { return (ck_h16)_mm512_cvtneps_pbh((__m512)x); }
/* bfloat16 pairs: a in the low halves, b in the high ones. */
CK_SPLIT_INLINE ck_u16 pairs(ck_f16 a, ck_f16 b) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7,
                                         22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return (ck_u16)_mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh((__m512)b, (__m512)a));
}
CK_SPLIT_INLINE ck_u16 most_of(ck_u16 a, ck_u16 b) {
  return (ck_u16)_mm512_max_epu32((__m512i)a, (__m512i)b);
}
CK_SPLIT_INLINE ck_u16 least_of(ck_u16 a, ck_u16 b) {
  return (ck_u16)_mm512_min_epu32((__m512i)a, (__m512i)b);
}
#else
CK_SPLIT_INLINE ck_f16 load16_first(const float *p, ptrdiff_t n) {
  ck_f16 x = 0;
  memcpy(&x, p, (size_t)n * sizeof *p);
  return x;
}
CK_SPLIT_INLINE void store_halves_first(void *p, ck_h16 x, ptrdiff_t n) { memcpy(p, &x, (size_t)n * 2); }
/* bfloat16 in the high halves, zeros below. */
CK_SPLIT_INLINE ck_u16 rounded(ck_f16 x) {
  ck_u16 bits = (ck_u16)x, size = bits & 0x7fffffffu;
  ck_u16 near = (bits + 0x7fffu + ((bits >> 16) & 1)) & 0xffff0000u;
  near = choose(size > 0x7f800000u, (bits | 0x400000u) & 0xffff0000u, near); /* a quiet NaN */
  return choose(size < 0x800000u, bits & 0x80000000u, near);                 /* a subnormal is zero */
}
CK_SPLIT_INLINE ck_h16 narrow(ck_f16 x) { return __builtin_convertvector(rounded(x) >> 16, ck_h16); }
CK_SPLIT_INLINE ck_u16 pairs(ck_f16 a, ck_f16 b) { return rounded(a) >> 16 | rounded(b); }
CK_SPLIT_INLINE ck_u16 most_of(ck_u16 a, ck_u16 b) { return choose(a > b, a, b); }
CK_SPLIT_INLINE ck_u16 least_of(ck_u16 a, ck_u16 b) { return choose(a < b, a, b); }
#endif

CK_SPLIT_INLINE ck_f16 widen(ck_h16 x) { return (ck_f16)(__builtin_convertvector(x, ck_u16) << 16); }
CK_SPLIT_INLINE ck_f16 low_of(ck_u16 pair) { return (ck_f16)(pair << 16); }
CK_SPLIT_INLINE ck_f16 high_of(ck_u16 pair) { return (ck_f16)(pair & 0xffff0000u); }

/* What has been seen so far, in registers. */
typedef struct {
  ck_u16 most, least;
} measure;
CK_SPLIT_INLINE void see(measure *m, ck_f16 x) {
  ck_u16 size = (ck_u16)x & 0x7fffffffu;
  m->most = most_of(m->most, size);
  m->least = least_of(m->least, size - 1);
}

/* Lane j of row i becomes lane i of row j. */
CK_SPLIT_INLINE void turn(ck_u16 r[16]) {
  ck_u16 a[16], b[16];
  CK_EACH (i, 8) {
    a[2 * i] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12,
                                       28, 13, 29);
    a[2 * i + 1] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27,
                                           14, 30, 15, 31);
  }
#define CK_LOW_QUADS(x, y) \
  __builtin_shufflevector(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define CK_HIGH_QUADS(x, y) \
  __builtin_shufflevector(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
  CK_EACH (i, 4) {
    b[4 * i] = CK_LOW_QUADS(a[4 * i], a[4 * i + 2]);
    b[4 * i + 1] = CK_HIGH_QUADS(a[4 * i], a[4 * i + 2]);
    b[4 * i + 2] = CK_LOW_QUADS(a[4 * i + 1], a[4 * i + 3]);
    b[4 * i + 3] = CK_HIGH_QUADS(a[4 * i + 1], a[4 * i + 3]);
  }
#undef CK_LOW_QUADS
#undef CK_HIGH_QUADS
#define CK_EVEN(x, y) __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define CK_ODD(x, y) __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
  CK_EACH (i, 4) {
    ck_u16 even = CK_EVEN(b[i], b[4 + i]), odd = CK_ODD(b[i], b[4 + i]);
    ck_u16 even_below = CK_EVEN(b[8 + i], b[12 + i]), odd_below = CK_ODD(b[8 + i], b[12 + i]);
    r[i] = CK_EVEN(even, even_below);
    r[4 + i] = CK_EVEN(odd, odd_below);
    r[8 + i] = CK_ODD(even, even_below);
    r[12 + i] = CK_ODD(odd, odd_below);
  }
#undef CK_EVEN
#undef CK_ODD
}
