/* A vector of CK_LANES floats: the few words in which every kernel body is written.

   A variant file says `#define CK_LANES 16` (with CK_TARGET_PUSH_AVX512), 8 (AVX2) or 4 (any machine, by the
   compiler's own vectors), then includes this inside its push … pop, then the body. 16 and 8 lanes mean x86. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if CK_LANES == 16 || CK_LANES == 8
#include <immintrin.h>
#elif CK_LANES != 4
#error "CK_LANES is 4, 8 or 16"
#endif

#define CK_INLINE static inline __attribute__((always_inline, unused))

typedef float ck_vec __attribute__((ext_vector_type(CK_LANES)));
typedef int32_t ck_ivec __attribute__((ext_vector_type(CK_LANES)));
typedef float ck_vec_anywhere __attribute__((ext_vector_type(CK_LANES), aligned(4), may_alias));

CK_INLINE ck_vec ck_vec_splat(float x) { return (ck_vec)x; }
CK_INLINE ck_vec ck_vec_load(const float *p) { return *(const ck_vec_anywhere *)p; }
CK_INLINE void ck_vec_store(float *p, ck_vec x) { *(ck_vec_anywhere *)p = x; }

/* Past the caches; p is aligned to a whole vector. Other threads see it after a store fence. */
#if CK_LANES == 16
CK_INLINE void ck_vec_stream(float *p, ck_vec x) { _mm512_stream_ps(p, (__m512)x); }
#elif CK_LANES == 8
CK_INLINE void ck_vec_stream(float *p, ck_vec x) { _mm256_stream_ps(p, (__m256)x); }
#else
CK_INLINE void ck_vec_stream(float *p, ck_vec x) { ck_vec_store(p, x); }
#endif

/* mask ? x : y, lane by lane, where a lane of `mask` is all ones or all zeros (what a comparison gives). */
CK_INLINE ck_vec ck_vec_select(ck_ivec mask, ck_vec x, ck_vec y) {
  return (ck_vec)((mask & (ck_ivec)x) | (~mask & (ck_ivec)y));
}
CK_INLINE ck_vec ck_vec_abs(ck_vec x) { return (ck_vec)((ck_ivec)x & 0x7fffffff); }

/* Lanes first ..< end (either may lie outside the vector), and sum + x · y in them, sum elsewhere. */
#if CK_LANES == 16
typedef __mmask16 ck_lanes_between;
CK_INLINE ck_lanes_between ck_vec_lanes(int32_t first, int32_t end) {
  ck_ivec lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return _mm512_cmpge_epi32_mask((__m512i)lane, _mm512_set1_epi32(first)) &
         _mm512_cmplt_epi32_mask((__m512i)lane, _mm512_set1_epi32(end));
}
CK_INLINE ck_vec ck_vec_add_product_in(ck_lanes_between lanes, ck_vec sum, ck_vec x, ck_vec y) {
  return (ck_vec)_mm512_mask3_fmadd_ps((__m512)x, (__m512)y, (__m512)sum, lanes);
}
#else
typedef ck_ivec ck_lanes_between;
CK_INLINE ck_lanes_between ck_vec_lanes(int32_t first, int32_t end) {
  ck_ivec lane;
  for (int i = 0; i < CK_LANES; i++) lane[i] = i;
  return (lane >= first) & (lane < end);
}
CK_INLINE ck_vec ck_vec_add_product_in(ck_lanes_between lanes, ck_vec sum, ck_vec x, ck_vec y) {
  return ck_vec_select(lanes, sum + x * y, sum);
}
#endif

/* The first n lanes (0 … CK_LANES), zeros behind; memory behind them is neither read nor written. */
#if CK_LANES == 16
CK_INLINE ck_vec ck_vec_load_first(const float *p, ptrdiff_t n) {
  return (ck_vec)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}
CK_INLINE void ck_vec_store_first(float *p, ck_vec x, ptrdiff_t n) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)x);
}
#elif CK_LANES == 8
CK_INLINE __m256i ck_first_lanes(ptrdiff_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
CK_INLINE ck_vec ck_vec_load_first(const float *p, ptrdiff_t n) {
  return (ck_vec)_mm256_maskload_ps(p, ck_first_lanes(n));
}
CK_INLINE void ck_vec_store_first(float *p, ck_vec x, ptrdiff_t n) {
  _mm256_maskstore_ps(p, ck_first_lanes(n), (__m256)x);
}
#else
CK_INLINE ck_vec ck_vec_load_first(const float *p, ptrdiff_t n) {
  if (n >= 4) return ck_vec_load(p);
  ck_vec x = 0;
  if (n > 0) x[0] = p[0];
  if (n > 1) x[1] = p[1];
  if (n > 2) x[2] = p[2];
  return x;
}
CK_INLINE void ck_vec_store_first(float *p, ck_vec x, ptrdiff_t n) {
  if (n >= 4) {
    ck_vec_store(p, x);
    return;
  }
  if (n > 0) p[0] = x[0];
  if (n > 1) p[1] = x[1];
  if (n > 2) p[2] = x[2];
}
#endif
