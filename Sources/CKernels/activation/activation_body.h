/* Activation gradients over vectors of CK_LANES numbers, for the variant named CK_VARIANT. */
#include "base/vector.h"

CK_INLINE ck_vec back(ck_activation activation, float slope, ck_vec y, ck_vec dy) {
  switch (activation) {
  case ck_activation_relu: return ck_vec_select(y > 0.0f, dy, ck_vec_splat(0));
  case ck_activation_leaky_relu: return ck_vec_select(y > 0.0f, dy, slope * dy);
  case ck_activation_tanh: return (1 - y * y) * dy;
  case ck_activation_sigmoid: return y * (1 - y) * dy;
  default: return dy;
  }
}

/* Some rows, `step` apart, of n columns: their sum. */
CK_INLINE ck_vec column(const int rows, const bool whole, ck_activation activation, float slope, ptrdiff_t step,
                        ptrdiff_t n, const float *y, const float *dy, float *g) {
  ck_vec sum[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    const ck_vec from = activation == ck_activation_none ? (ck_vec)0
                        : whole                          ? ck_vec_load(y + i * step)
                                                         : ck_vec_load_first(y + i * step, n);
    sum[i] = back(activation, slope, from, whole ? ck_vec_load(dy + i * step) : ck_vec_load_first(dy + i * step, n));
  }
#pragma clang loop unroll(full)
  for (int i = 0; g && i < rows; i++) {
    if (whole) ck_vec_store(g + i * step, sum[i]);
    else ck_vec_store_first(g + i * step, sum[i], n);
  }
  return rows == 4 ? (sum[0] + sum[1]) + (sum[2] + sum[3]) : sum[0];
}

/* Four rows together: the sums, which lie in memory, are read and written a quarter as often. */
CK_INLINE void some_rows(const int rows, ck_activation activation, float slope, ptrdiff_t columns, const float *y,
                         const float *dy, float *g, float *sums) {
  for (ptrdiff_t c = 0; c < columns; c += CK_LANES) {
    const ptrdiff_t n = columns - c < CK_LANES ? columns - c : CK_LANES;
    float *to = g ? g + c : NULL;
    if (n == CK_LANES) {
      const ck_vec sum = column(rows, true, activation, slope, columns, n, y + c, dy + c, to);
      if (sums) ck_vec_store(sums + c, ck_vec_load(sums + c) + sum);
    } else {
      const ck_vec sum = column(rows, false, activation, slope, columns, n, y + c, dy + c, to);
      if (sums) ck_vec_store_first(sums + c, ck_vec_load_first(sums + c, n) + sum, n);
    }
  }
}

CK_INLINE void all_rows(ck_activation activation, float slope, ptrdiff_t rows, ptrdiff_t columns, const float *y,
                        const float *dy, float *g, float *sums) {
  ptrdiff_t r = 0;
  const ptrdiff_t y_step = activation == ck_activation_none ? 0 : columns, g_step = g ? columns : 0;
  for (; r + 4 <= rows; r += 4, y += 4 * y_step, dy += 4 * columns, g += 4 * g_step)
    some_rows(4, activation, slope, columns, y, dy, g, sums);
  for (; r < rows; r++, y += y_step, dy += columns, g += g_step)
    some_rows(1, activation, slope, columns, y, dy, g, sums);
}

static void gradient(ck_activation activation, float slope, ptrdiff_t rows, ptrdiff_t columns, const float *y,
                     const float *dy, float *g, float *sums) {
#define CASE(name) \
  case ck_activation_##name: all_rows(ck_activation_##name, slope, rows, columns, y, dy, g, sums); break;
  switch (activation) {
    CASE(none) CASE(relu) CASE(leaky_relu) CASE(tanh) CASE(sigmoid)
  default: break;
  }
#undef CASE
}

const ck_activation_kernels CK_VARIANT(ck_activation) = {.gradient = gradient};
