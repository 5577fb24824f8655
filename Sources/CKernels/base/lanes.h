/* Vectors of CK_WIDTH floats (16, 8 or 4). A variant file defines CK_WIDTH and includes this inside its target
   region, one width per file. <immintrin.h> must have been
   included before the region. Comparisons give -1 or 0 by lane, and `?:` selects by lane. */
#pragma once
#include "base/isa.h"

typedef float ck_floats __attribute__((ext_vector_type(CK_WIDTH)));
typedef int32_t ck_integers __attribute__((ext_vector_type(CK_WIDTH)));
typedef double ck_doubles __attribute__((ext_vector_type(CK_WIDTH)));

#define CK_INLINE static inline __attribute__((always_inline))

CK_INLINE ck_floats ck_load(const float *from) {
  ck_floats v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
CK_INLINE void ck_store(float *to, ck_floats v) { __builtin_memcpy(to, &v, sizeof v); }

/* The first `count` lanes, 0 < count < CK_WIDTH; the other lanes are 0, and memory beyond is not touched. */
CK_INLINE ck_floats ck_load_some(const float *from, ptrdiff_t count) {
#if CK_X86 && CK_WIDTH == 16
  return (ck_floats)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
#elif CK_X86 && CK_WIDTH == 8
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return (ck_floats)_mm256_maskload_ps(from, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lane));
#else
  ck_floats v = 0;
  for (ptrdiff_t i = 0; i < count; i++) v[i] = from[i];
  return v;
#endif
}
CK_INLINE void ck_store_some(float *to, ck_floats v, ptrdiff_t count) {
#if CK_X86 && CK_WIDTH == 16
  _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)v);
#elif CK_X86 && CK_WIDTH == 8
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  _mm256_maskstore_ps(to, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lane), (__m256)v);
#else
  for (ptrdiff_t i = 0; i < count; i++) to[i] = v[i];
#endif
}
