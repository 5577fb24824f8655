/* The reducing loops over vectors of CK_LANES floats, for the variant named CK_VARIANT. Each loop is written
   once with the operation as an argument; inlined into one function per operation, the switches are gone. */
#include "base/vector.h"

CK_INLINE ck_vec element(int op, ck_vec x, ck_vec c) {
  switch (op) {
#define CK_REDUCTION(name, start, element, combination) \
  case ck_reduce_##name: return element;
#include "reduce/reduce_operations.inc"
#undef CK_REDUCTION
  }
  __builtin_unreachable();
}

CK_INLINE ck_vec combined(int op, ck_vec p, ck_vec q) {
  switch (op) {
#define CK_REDUCTION(name, start, element, combination) \
  case ck_reduce_##name: return combination;
#include "reduce/reduce_operations.inc"
#undef CK_REDUCTION
  }
  __builtin_unreachable();
}

CK_INLINE ck_ivec first_lanes(ptrdiff_t count) {
  ck_ivec lanes;
  for (int i = 0; i < CK_LANES; i++) lanes[i] = i;
  return lanes < (int32_t)count;
}

/* One half of the lanes with the other until one is left, in float64. */
CK_INLINE double across(int op, ck_vec values) {
  double lanes[CK_LANES];
  for (int i = 0; i < CK_LANES; i++) lanes[i] = values[i];
  for (int half = CK_LANES / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] = ck_reduce_combined(op, lanes[i], lanes[i + half]);
  return lanes[0];
}

CK_INLINE double block(int op, ptrdiff_t count, const float *x, ck_vec c) {
  const ck_vec none = (float)ck_reduce_empty(op);
  ck_vec v0 = none, v1 = none, v2 = none, v3 = none;
  ptrdiff_t i = 0;
  for (; i + 4 * CK_LANES <= count; i += 4 * CK_LANES) {
    v0 = combined(op, element(op, ck_vec_load(x + i), c), v0);
    v1 = combined(op, element(op, ck_vec_load(x + i + CK_LANES), c), v1);
    v2 = combined(op, element(op, ck_vec_load(x + i + 2 * CK_LANES), c), v2);
    v3 = combined(op, element(op, ck_vec_load(x + i + 3 * CK_LANES), c), v3);
  }
  for (; i + CK_LANES <= count; i += CK_LANES) v0 = combined(op, element(op, ck_vec_load(x + i), c), v0);
  if (i < count) {
    const ck_vec rest = element(op, ck_vec_load_first(x + i, count - i), c);
    v1 = combined(op, first_lanes(count - i) ? rest : none, v1);
  }
  return across(op, combined(op, combined(op, v0, v1), combined(op, v2, v3)));
}

CK_INLINE double fold(int op, ptrdiff_t count, const float *x, float center) {
  double total = ck_reduce_empty(op);
  for (ptrdiff_t i = 0; i < count; i += ck_reduce_block) {
    const ptrdiff_t rest = count - i;
    total = ck_reduce_combined(op, block(op, rest < ck_reduce_block ? rest : ck_reduce_block, x + i, center),
                               total);
  }
  return total;
}

/* Vector i of a row of `columns`; the last may be short. */
CK_INLINE ck_vec load_piece(const float *row, ptrdiff_t i, ptrdiff_t columns) {
  return i + CK_LANES <= columns ? ck_vec_load(row + i) : ck_vec_load_first(row + i, columns - i);
}
CK_INLINE void store_piece(float *row, ptrdiff_t i, ptrdiff_t columns, ck_vec v) {
  if (i + CK_LANES <= columns)
    ck_vec_store(row + i, v);
  else
    ck_vec_store_first(row + i, v, columns - i);
}

/* The lanes of x and y by turns: x0 y0 x1 y1 … of their first halves, and of their second. */
CK_INLINE ck_vec first_halves(ck_vec x, ck_vec y) {
#if CK_LANES == 16
  return __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
#elif CK_LANES == 8
  return __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
#else
  return __builtin_shufflevector(x, y, 0, 4, 1, 5);
#endif
}
CK_INLINE ck_vec second_halves(ck_vec x, ck_vec y) {
#if CK_LANES == 16
  return __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif CK_LANES == 8
  return __builtin_shufflevector(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
#else
  return __builtin_shufflevector(x, y, 2, 6, 3, 7);
#endif
}

/* Short rows: a vector for each of CK_LANES rows, then all their lanes folded at once, two shuffles a row
   where `across` needs a dozen. Halving the vectors while their lanes are zipped leaves row i in lane i. */
CK_INLINE void fold_short(int op, ptrdiff_t rows, ptrdiff_t count, const float *x, const float *centers,
                          float divisor, float *values) {
  const ck_vec none = (float)ck_reduce_empty(op);
  const ptrdiff_t whole = count / CK_LANES * CK_LANES, rest = count - whole;
  const ck_ivec used = first_lanes(rest);
  for (ptrdiff_t r = 0; r < rows; r += CK_LANES) {
    ck_vec v[CK_LANES];
    for (ptrdiff_t k = 0; k < CK_LANES; k++) {
      const ptrdiff_t row = r + k < rows ? r + k : rows - 1;
      const ck_vec c = centers ? centers[row] : 0;
      v[k] = none;
      for (ptrdiff_t i = 0; i < whole; i += CK_LANES)
        v[k] = combined(op, element(op, ck_vec_load(x + row * count + i), c), v[k]);
      if (rest > 0) {
        const ck_vec last = element(op, ck_vec_load_first(x + row * count + whole, rest), c);
        v[k] = combined(op, used ? last : none, v[k]);
      }
    }
    for (int half = CK_LANES / 2; half > 0; half /= 2)
      for (int k = 0; k < half; k++)
        v[k] = combined(op, first_halves(v[k], v[k + half]), second_halves(v[k], v[k + half]));
    store_piece(values, r, rows, v[0] / divisor);
  }
}

/* Eight rows at a time: memory streams along eight lines, and `values` is touched once for eight rows. */
CK_INLINE void fold_rows(int op, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, const float *x,
                         const float *centers, float *values) {
  const ck_vec none = (float)ck_reduce_empty(op);
  for (ptrdiff_t i = 0; i < columns; i += CK_LANES) store_piece(values, i, columns, none);
  ptrdiff_t r = 0;
  for (; r + 8 <= rows; r += 8)
    for (ptrdiff_t i = 0; i < columns; i += CK_LANES) {
      const ck_vec center = centers ? load_piece(centers, i, columns) : 0;
      ck_vec v[8];
      for (int k = 0; k < 8; k++) v[k] = element(op, load_piece(x + (r + k) * stride, i, columns), center);
      for (int half = 4; half > 0; half /= 2)
        for (int k = 0; k < half; k++) v[k] = combined(op, v[k], v[k + half]);
      store_piece(values, i, columns, combined(op, v[0], load_piece(values, i, columns)));
    }
  for (; r < rows; r++)
    for (ptrdiff_t i = 0; i < columns; i += CK_LANES) {
      const ck_vec center = centers ? load_piece(centers, i, columns) : 0;
      const ck_vec v = element(op, load_piece(x + r * stride, i, columns), center);
      store_piece(values, i, columns, combined(op, v, load_piece(values, i, columns)));
    }
}

#define CK_REDUCTION(name, start, element, combination)                                                \
  static double fold_##name(ptrdiff_t count, const float *x, float center) {                           \
    return fold(ck_reduce_##name, count, x, center);                                                   \
  }                                                                                                    \
  static void fold_short_##name(ptrdiff_t rows, ptrdiff_t count, const float *x, const float *centers, \
                                float divisor, float *values) {                                        \
    fold_short(ck_reduce_##name, rows, count, x, centers, divisor, values);                            \
  }                                                                                                    \
  static void fold_rows_##name(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, const float *x,    \
                               const float *centers, float *values) {                                  \
    fold_rows(ck_reduce_##name, rows, columns, stride, x, centers, values);                            \
  }
#include "reduce/reduce_operations.inc"
#undef CK_REDUCTION

static double dot(ptrdiff_t count, const float *x, const float *y) {
  double total = 0;
  for (ptrdiff_t start = 0; start < count; start += ck_reduce_block) {
    const ptrdiff_t end = start + ck_reduce_block < count ? start + ck_reduce_block : count;
    ck_vec v0 = 0, v1 = 0, v2 = 0, v3 = 0;
    ptrdiff_t i = start;
    for (; i + 4 * CK_LANES <= end; i += 4 * CK_LANES) {
      v0 += ck_vec_load(x + i) * ck_vec_load(y + i);
      v1 += ck_vec_load(x + i + CK_LANES) * ck_vec_load(y + i + CK_LANES);
      v2 += ck_vec_load(x + i + 2 * CK_LANES) * ck_vec_load(y + i + 2 * CK_LANES);
      v3 += ck_vec_load(x + i + 3 * CK_LANES) * ck_vec_load(y + i + 3 * CK_LANES);
    }
    for (; i < end; i += CK_LANES) v0 += load_piece(x, i, end) * load_piece(y, i, end);
    total += across(ck_reduce_sum, (v0 + v1) + (v2 + v3));
  }
  return total;
}

/* As fold_rows, eight rows at a time. */
static void fold_products(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, const float *x, const float *z,
                          float *values) {
  for (ptrdiff_t i = 0; i < columns; i += CK_LANES) store_piece(values, i, columns, (ck_vec){0});
  ptrdiff_t r = 0;
  for (; r + 8 <= rows; r += 8)
    for (ptrdiff_t i = 0; i < columns; i += CK_LANES) {
      ck_vec v[8];
      for (int k = 0; k < 8; k++)
        v[k] = load_piece(x + (r + k) * stride, i, columns) * load_piece(z + (r + k) * stride, i, columns);
      for (int half = 4; half > 0; half /= 2)
        for (int k = 0; k < half; k++) v[k] += v[k + half];
      store_piece(values, i, columns, v[0] + load_piece(values, i, columns));
    }
  for (; r < rows; r++)
    for (ptrdiff_t i = 0; i < columns; i += CK_LANES) {
      const ck_vec v = load_piece(x + r * stride, i, columns) * load_piece(z + r * stride, i, columns);
      store_piece(values, i, columns, v + load_piece(values, i, columns));
    }
}

/* Two passes, the second until the first match: faster than carrying positions along. */
static ptrdiff_t argmax(ptrdiff_t count, const float *x) {
  const ck_vec largest = (float)fold(ck_reduce_maximum, count, x, 0);
  for (ptrdiff_t i = 0; i < count; i += CK_LANES) {
    const ck_vec v = load_piece(x, i, count);
    ck_ivec found = (v == largest) | ((v != v) & (largest != largest));
    if (i + CK_LANES > count) found &= first_lanes(count - i);
    if (__builtin_reduce_or(found))
      for (int lane = 0; lane < CK_LANES; lane++)
        if (found[lane]) return i + lane;
  }
  return 0;
}

static void argmax_rows(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, const float *x, int32_t *y) {
  for (ptrdiff_t i = 0; i < columns; i += CK_LANES) {
    ck_vec best = rows > 0 ? load_piece(x, i, columns) : 0;
    ck_ivec at = 0;
    for (ptrdiff_t r = 1; r < rows; r++) {
      const ck_vec v = load_piece(x + r * stride, i, columns);
      const ck_ivec better = (v > best) | ((v != v) & (best == best));
      best = better ? v : best;
      at = better ? (ck_ivec)(int32_t)r : at;
    }
    for (ptrdiff_t lane = 0; lane < CK_LANES && i + lane < columns; lane++) y[i + lane] = at[lane];
  }
}

const ck_reduce_kernels CK_VARIANT(ck_reduce) = {
  .fold = {
#define CK_REDUCTION(name, start, element, combination) [ck_reduce_##name] = fold_##name,
#include "reduce/reduce_operations.inc"
#undef CK_REDUCTION
  },
  .fold_short = {
#define CK_REDUCTION(name, start, element, combination) [ck_reduce_##name] = fold_short_##name,
#include "reduce/reduce_operations.inc"
#undef CK_REDUCTION
  },
  .fold_rows = {
#define CK_REDUCTION(name, start, element, combination) [ck_reduce_##name] = fold_rows_##name,
#include "reduce/reduce_operations.inc"
#undef CK_REDUCTION
  },
  .fold_products = fold_products,
  .dot = dot,
  .argmax = argmax,
  .argmax_rows = argmax_rows,
};
