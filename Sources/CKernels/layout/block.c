/* The inner loops of strided copies. Plain C: they wait for memory, not for arithmetic. */
#include "layout/layout.h"
#include <string.h>

typedef float four __attribute__((ext_vector_type(4)));
typedef float four_anywhere __attribute__((ext_vector_type(4), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

INLINE four load(const float *p) { return *(const four_anywhere *)p; }
INLINE void put(bool add, float *p, four v) { *(four_anywhere *)p = add ? *(const four_anywhere *)p + v : v; }
INLINE void put_one(bool add, float *p, float v) { *p = add ? *p + v : v; }

/* x[m + n * x_stride] → y[m * y_stride + n] for m, n < 4. */
INLINE void transpose_4(bool add, const float *x, ptrdiff_t x_stride, float *y, ptrdiff_t y_stride) {
  const four a = load(x), b = load(x + x_stride), c = load(x + 2 * x_stride), d = load(x + 3 * x_stride);
  const four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const four AB = __builtin_shufflevector(a, b, 2, 6, 3, 7), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  put(add, y, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
  put(add, y + y_stride, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
  put(add, y + 2 * y_stride, __builtin_shufflevector(AB, CD, 0, 1, 4, 5));
  put(add, y + 3 * y_stride, __builtin_shufflevector(AB, CD, 2, 3, 6, 7));
}

/* rows (contiguous in x) × columns (contiguous in y). Squares of 16: whole cache lines on both sides, few
   enough that strides of powers of two still find room in the cache. */
INLINE void transpose(bool add, const ck_block *b, const float *x, float *y) {
  enum { side = 16 };
  const ptrdiff_t xs = b->x_column_stride, ys = b->y_row_stride;
  for (ptrdiff_t row = 0; row < b->rows; row += side)
    for (ptrdiff_t column = 0; column < b->columns; column += side) {
      const ptrdiff_t row_end = row + side < b->rows ? row + side : b->rows;
      const ptrdiff_t column_end = column + side < b->columns ? column + side : b->columns;
      for (ptrdiff_t n = column; n < column_end;) {
        const ptrdiff_t step = n + 4 <= column_end ? 4 : 1;
        ptrdiff_t m = row;
        if (step == 4)
          for (; m + 4 <= row_end; m += 4) transpose_4(add, x + m + n * xs, xs, y + m * ys + n, ys);
        for (; m < row_end; m++)
          for (ptrdiff_t k = n; k < n + step; k++) put_one(add, y + m * ys + k, x[m + k * xs]);
        n += step;
      }
    }
}

INLINE void rows_of_numbers(bool add, const ck_block *b, const float *x, float *y) {
  for (ptrdiff_t r = 0; r < b->rows; r++) {
    const float *from = x + r * b->x_row_stride;
    float *to = y + r * b->y_row_stride;
    if (b->x_column_stride == 1 && b->y_column_stride == 1 && !add && b->columns >= 16)
      memcpy(to, from, (size_t)b->columns * sizeof *to);
    else if (b->x_column_stride == 1 && b->y_column_stride == 1)
      for (ptrdiff_t c = 0; c < b->columns; c++) put_one(add, to + c, from[c]);
    else if (b->x_column_stride == 0 && b->y_column_stride == 1)
      for (ptrdiff_t c = 0; c < b->columns; c++) put_one(add, to + c, *from);
    else
      for (ptrdiff_t c = 0; c < b->columns; c++)
        put_one(add, to + c * b->y_column_stride, from[c * b->x_column_stride]);
  }
}

INLINE void block(bool add, const ck_block *b, const float *x, float *y) {
  if (b->x_row_stride == 1 && b->y_column_stride == 1 && b->x_column_stride != 1 && b->x_column_stride != 0 &&
      b->rows > 3)
    transpose(add, b, x, y);
  else
    rows_of_numbers(add, b, x, y);
}

void ck_block_copy(const ck_block *b, const float *x, float *y) { block(false, b, x, y); }
void ck_block_add(const ck_block *b, const float *x, float *y) { block(true, b, x, y); }
