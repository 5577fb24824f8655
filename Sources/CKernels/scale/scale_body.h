/* The scaling loops over vectors of CK_LANES floats, for the variant named CK_VARIANT. */
#include "base/vector.h"

CK_INLINE ck_vec scaled(ck_vec x, ck_vec a, ck_vec b, bool adds, ck_vec y) {
  const ck_vec value = x * a + b;
  return adds ? y + value : value;
}

CK_INLINE void each(bool has_offset, bool adds, ptrdiff_t count, const float *x, const float *a, const float *b,
                    float *y) {
  ptrdiff_t i = 0;
  for (; i + CK_LANES <= count; i += CK_LANES)
    ck_vec_store(y + i, scaled(ck_vec_load(x + i), ck_vec_load(a + i), has_offset ? ck_vec_load(b + i) : (ck_vec){0},
                               adds, adds ? ck_vec_load(y + i) : (ck_vec){0}));
  const ptrdiff_t rest = count - i;
  if (rest <= 0) return;
  const ck_vec offset = has_offset ? ck_vec_load_first(b + i, rest) : (ck_vec){0};
  const ck_vec before = adds ? ck_vec_load_first(y + i, rest) : (ck_vec){0};
  ck_vec_store_first(y + i, scaled(ck_vec_load_first(x + i, rest), ck_vec_load_first(a + i, rest), offset, adds, before),
                     rest);
}

CK_INLINE void all(bool adds, ptrdiff_t count, const float *x, ck_vec a, ck_vec b, float *y) {
  ptrdiff_t i = 0;
  for (; i + CK_LANES <= count; i += CK_LANES)
    ck_vec_store(y + i, scaled(ck_vec_load(x + i), a, b, adds, adds ? ck_vec_load(y + i) : (ck_vec){0}));
  const ptrdiff_t rest = count - i;
  if (rest <= 0) return;
  const ck_vec before = adds ? ck_vec_load_first(y + i, rest) : (ck_vec){0};
  ck_vec_store_first(y + i, scaled(ck_vec_load_first(x + i, rest), a, b, adds, before), rest);
}

static void each_into(ptrdiff_t count, const float *x, const float *a, const float *b, float *y) {
  if (b)
    each(true, false, count, x, a, b, y);
  else
    each(false, false, count, x, a, b, y);
}
static void each_added(ptrdiff_t count, const float *x, const float *a, const float *b, float *y) {
  if (b)
    each(true, true, count, x, a, b, y);
  else
    each(false, true, count, x, a, b, y);
}
static void all_into(ptrdiff_t count, const float *x, float a, float b, float *y) {
  all(false, count, x, (ck_vec){0} + a, (ck_vec){0} + b, y);
}
static void all_added(ptrdiff_t count, const float *x, float a, float b, float *y) {
  all(true, count, x, (ck_vec){0} + a, (ck_vec){0} + b, y);
}

const ck_scale_kernels CK_VARIANT(ck_scale) = {
  .each = {each_into, each_added},
  .all = {all_into, all_added},
};
