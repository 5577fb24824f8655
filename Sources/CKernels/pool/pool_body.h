/* Pooling over vectors of CK_LANES channels, for the variant named CK_VARIANT. */
#include "base/vector.h"

CK_INLINE ck_vec load(const float *p, ptrdiff_t lanes) {
  return lanes >= CK_LANES ? ck_vec_load(p) : ck_vec_load_first(p, lanes);
}
CK_INLINE void store(float *p, ck_vec x, ptrdiff_t lanes) {
  if (lanes >= CK_LANES)
    ck_vec_store(p, x);
  else
    ck_vec_store_first(p, x, lanes);
}

/* NaN counts as the largest; the first of equals stays. */
CK_INLINE ck_ivec better(ck_vec v, ck_vec best) { return (v > best) | ((v != v) & (best == best)); }

static void maximum(const ck_window *w, const float *x, ptrdiff_t position, float *y, int32_t *indices) {
  ck_ivec lane;
  for (int i = 0; i < CK_LANES; i++) lane[i] = i;
  for (ptrdiff_t c = 0; c < w->channels; c += CK_LANES) {
    const ptrdiff_t lanes = w->channels - c;
    ck_vec best = load(x + c, lanes);
    ck_ivec at = 0;
    for (ptrdiff_t row = 0; row < w->rows; row++)
      for (ptrdiff_t column = 0; column < w->columns; column++) {
        const ptrdiff_t offset = row * w->row_stride + column * w->channels;
        const ck_vec v = load(x + offset + c, lanes);
        const ck_ivec take = better(v, best);
        best = take ? v : best;
        at = take ? (ck_ivec)(int32_t)offset : at;
      }
    store(y + c, best, lanes);
    at += lane + (int32_t)(position + c);
    if (indices) store((float *)(void *)(indices + c), (ck_vec)at, lanes);
  }
}

static void mean(const ck_window *w, const float *x, float divisor, float *y) {
  for (ptrdiff_t c = 0; c < w->channels; c += CK_LANES) {
    const ptrdiff_t lanes = w->channels - c;
    ck_vec sum = 0;
    for (ptrdiff_t row = 0; row < w->rows; row++)
      for (ptrdiff_t column = 0; column < w->columns; column++)
        sum += load(x + row * w->row_stride + column * w->channels + c, lanes);
    store(y + c, sum / divisor, lanes);
  }
}

static void add(ptrdiff_t channels, const float *x, float divisor, float *y) {
  for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
    const ptrdiff_t lanes = channels - c;
    store(y + c, load(y + c, lanes) + load(x + c, lanes) / divisor, lanes);
  }
}

const ck_pool_kernels CK_VARIANT(ck_pool) = {maximum, mean, add};
