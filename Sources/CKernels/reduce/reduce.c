/* The public doors of sums and extremes: cut the work into items by its shape, add values in order. */
#include "reduce/reduce.h"
#include "base/scratch.h"
#include "base/threads.h"
#include "check/check.h"

enum {
  grain = 16384, /* elements below which an item is not worth a thread */
  piece = 65536, /* elements of one item of a long row or of a tall column */
  tile = 1024,   /* columns whose values stay in the first-level cache */
  narrow = 64,   /* columns below which rows are joined into longer ones */
  joined = 128,  /* … of at most this many numbers */
};

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
static ptrdiff_t parts(ptrdiff_t count, ptrdiff_t size) { return (count + size - 1) / size; }

static const ck_reduce_kernels *kernels(const ck_context *context) {
  const ck_isa isa = ck_isa_of(context);
#define CK_KERNELS(variant) \
  if (isa >= ck_isa_##variant) return &ck_reduce_##variant;
#include "reduce/reduce_kernels.inc"
#undef CK_KERNELS
  __builtin_unreachable();
}

/* An item is a group of outer positions, or for one position a run of `rows` along n by a tile of columns. */
typedef struct {
  const ck_reduce_kernels *kernels;
  int op;
  ptrdiff_t outer, count, inner;
  const float *x, *centers; /* centers[o, i] or NULL */
  const float *z;           /* x·z is added up, not x; or NULL */
  double divisor;
  float *y;
  float *variance;    /* what row moments write beside y */
  int32_t *positions; /* what argmax writes instead of y */
  ptrdiff_t group, rows, row_parts, columns, column_parts;
  double *partial; /* [outer, row_parts, inner] when row_parts > 1 */
} work;

/* One piece of a contiguous row. */
static double contiguous_piece(const work *w, ptrdiff_t o, ptrdiff_t first, ptrdiff_t rows) {
  const ptrdiff_t start = o * w->count + first;
  if (w->z) return w->kernels->dot(rows, w->x + start, w->z + start);
  return w->kernels->fold[w->op](rows, w->x + start, w->centers ? w->centers[o] : 0);
}

/* Rows of w->x from x on, folded column by column. */
static void fold_rows(const work *w, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, const float *x,
                      const float *centers, float *values) {
  if (w->z)
    w->kernels->fold_products(rows, columns, stride, x, w->z + (x - w->x), values);
  else
    w->kernels->fold_rows[w->op](rows, columns, stride, x, centers, values);
}

/* One piece of some columns. Few columns: k rows are read as one row
   of k times as many, whose columns are folded together in the end. */
static void column_piece(const work *w, ptrdiff_t o, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t column,
                         ptrdiff_t columns, double *totals) {
  const float *x = w->x + (o * w->count + first) * w->inner + column;
  const float *centers = w->centers ? w->centers + o * w->inner + column : NULL;
  float values[tile];
  if (w->inner > narrow) {
    fold_rows(w, rows, columns, w->inner, x, centers, values);
    for (ptrdiff_t c = 0; c < columns; c++) totals[c] = values[c];
    return;
  }
  const ptrdiff_t k = most(1, least(joined / w->inner, rows)), wide = k * w->inner, whole = rows / k;
  float repeated[joined];
  if (centers)
    for (ptrdiff_t c = 0; c < wide; c++) repeated[c] = centers[c % w->inner];
  const float *repeated_centers = centers ? repeated : NULL;
  fold_rows(w, whole, wide, wide, x, repeated_centers, values);
  for (ptrdiff_t c = 0; c < w->inner; c++) {
    totals[c] = values[c];
    for (ptrdiff_t part = 1; part < k; part++)
      totals[c] = ck_reduce_combined(w->op, totals[c], values[part * w->inner + c]);
  }
  const ptrdiff_t rest = (rows - whole * k) * w->inner;
  fold_rows(w, 1, rest, rest, x + whole * wide, repeated_centers, values);
  for (ptrdiff_t c = 0; c < rest; c++)
    totals[c % w->inner] = ck_reduce_combined(w->op, totals[c % w->inner], values[c]);
}

static void short_rows_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ptrdiff_t start = item * w->group, rows = least(w->group, w->outer - start);
  const float *x = w->x + start * w->count, *centers = w->centers ? w->centers + start : NULL;
  w->kernels->fold_short[w->op](rows, w->count, x, centers, (float)w->divisor, w->y + start);
}

static void reduce_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ptrdiff_t column = item % w->column_parts * w->columns,
                  columns = least(w->columns, w->inner - column);
  const ptrdiff_t row_part = item / w->column_parts % w->row_parts, first = row_part * w->rows;
  const ptrdiff_t rows = least(w->rows, w->count - first);
  const ptrdiff_t start = item / w->column_parts / w->row_parts * w->group,
                  end = least(start + w->group, w->outer);
  for (ptrdiff_t o = start; o < end; o++) {
    double totals[tile];
    if (w->inner == 1)
      totals[0] = contiguous_piece(w, o, first, rows);
    else
      column_piece(w, o, first, rows, column, columns, totals);
    for (ptrdiff_t c = 0; c < columns; c++)
      if (w->row_parts > 1)
        w->partial[(o * w->row_parts + row_part) * w->inner + column + c] = totals[c];
      else
        w->y[o * w->inner + column + c] = (float)(totals[c] / w->divisor);
  }
}

static void reduce(const ck_context *context, int op, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner,
                   const float *x, const float *centers, const float *z, double divisor, float *y) {
  if (outer == 0 || inner == 0) return;
  work w = {kernels(context), op, outer, count, inner, x, centers, z, divisor, y, .group = 1};
  w.columns = least(inner, tile);
  w.column_parts = parts(inner, w.columns);
  w.rows = piece / w.columns;
  w.row_parts = most(1, parts(count, w.rows));
  if (w.row_parts == 1 && w.column_parts == 1) w.group = most(1, grain / most(1, count * inner));
  if (inner == 1 && count <= ck_reduce_short && !z) {
    ck_parallel_for(context, parts(outer, w.group), short_rows_item, &w);
    return;
  }
  if (w.row_parts > 1) {
    w.partial = ck_scratch(1, sizeof(double) * (size_t)(outer * w.row_parts * inner));
    if (!w.partial) return;
  }
  ck_parallel_for(context, parts(outer, w.group) * w.row_parts * w.column_parts, reduce_item, &w);
  if (w.row_parts == 1) return;
  for (ptrdiff_t o = 0; o < outer; o++)
    for (ptrdiff_t i = 0; i < inner; i++) {
      double total = ck_reduce_empty(op);
      for (ptrdiff_t part = 0; part < w.row_parts; part++)
        total = ck_reduce_combined(op, w.partial[(o * w.row_parts + part) * inner + i], total);
      y[o * inner + i] = (float)(total / divisor);
    }
}

ck_status ck_reduce(const ck_context *context, ck_reduce_op op, ptrdiff_t outer, ptrdiff_t count,
                    ptrdiff_t inner, const float *x, float *y) {
  CK_REQUIRE(ck_check_reduce(op, outer, count, inner, x, y));
  reduce(context, (int)op, outer, count, inner, x, NULL, NULL, 1, y);
  return ck_scratch_status();
}

ck_status ck_reduce_products(const ck_context *context, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner,
                             const float *x, const float *z, float *y) {
  CK_REQUIRE(ck_check_reduce_products(outer, count, inner, x, z, y));
  reduce(context, ck_reduce_sum, outer, count, inner, x, NULL, z, 1, y);
  return ck_scratch_status();
}

/* Both passes while the rows are in the first-level cache. */
static void row_moments_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ptrdiff_t start = item * w->group, end = least(start + w->group, w->outer);
  if (w->count <= ck_reduce_short) {
    const float *x = w->x + start * w->count;
    const float divisor = (float)w->divisor;
    float *mean = w->y + start;
    w->kernels->fold_short[ck_reduce_sum](end - start, w->count, x, NULL, divisor, mean);
    w->kernels->fold_short[ck_reduce_sum_of_squared_deviations](end - start, w->count, x, mean, divisor,
                                                                w->variance + start);
    return;
  }
  for (ptrdiff_t o = start; o < end; o++) {
    const float *x = w->x + o * w->count;
    w->y[o] = (float)(w->kernels->fold[ck_reduce_sum](w->count, x, 0) / w->divisor);
    w->variance[o] =
      (float)(w->kernels->fold[ck_reduce_sum_of_squared_deviations](w->count, x, w->y[o]) / w->divisor);
  }
}

/* The mean is rounded to float32 before deviations are taken from it: (mean's rounding)² is all the variance
   can be wrong by, 2⁻⁴⁸ of the squared mean. */
ck_status ck_moments(const ck_context *context, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner,
                     const float *x, float *mean, float *variance) {
  CK_REQUIRE(ck_check_moments(outer, count, inner, x, mean, variance));
  if (inner == 1 && count <= piece) {
    work w = {kernels(context), .outer = outer, .count = count, .x = x, .divisor = (double)count};
    w.y = mean;
    w.variance = variance;
    w.group = most(1, grain / most(1, count));
    ck_parallel_for(context, parts(outer, w.group), row_moments_item, &w);
    return ck_status_ok;
  }
  reduce(context, ck_reduce_sum, outer, count, inner, x, NULL, NULL, (double)count, mean);
  reduce(context, ck_reduce_sum_of_squared_deviations, outer, count, inner, x, mean, NULL,
         (double)count, variance);
  return ck_scratch_status();
}

/* ---- Dot ---------------------------------------------------------------------------------------------- */

typedef struct {
  const ck_reduce_kernels *kernels;
  ptrdiff_t count;
  const float *x, *y;
  double *partial;
} dot_work;

static void dot_item(void *state, ptrdiff_t item) {
  const dot_work *w = state;
  const ptrdiff_t start = item * piece;
  w->partial[item] = w->kernels->dot(least(piece, w->count - start), w->x + start, w->y + start);
}

ck_status ck_dot(const ck_context *context, ptrdiff_t count, const float *x, const float *y, double *sum) {
  CK_REQUIRE(ck_check_dot(count, x, y, sum));
  const ptrdiff_t items = parts(count, piece);
  dot_work w = {kernels(context), count, x, y, ck_scratch(1, sizeof(double) * (size_t)items)};
  if (!w.partial) return ck_scratch_status();
  ck_parallel_for(context, items, dot_item, &w);
  double total = 0;
  for (ptrdiff_t i = 0; i < items; i++) total += w.partial[i];
  *sum = total;
  return ck_status_ok;
}

/* ---- Argmax ------------------------------------------------------------------------------------------- */

static void argmax_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ptrdiff_t column = item % w->column_parts * w->columns,
                  columns = least(w->columns, w->inner - column);
  const ptrdiff_t start = item / w->column_parts * w->group, end = least(start + w->group, w->outer);
  for (ptrdiff_t o = start; o < end; o++) {
    const float *x = w->x + o * w->count * w->inner + column;
    int32_t *y = w->positions + o * w->inner + column;
    if (w->inner == 1)
      *y = (int32_t)w->kernels->argmax(w->count, x);
    else
      w->kernels->argmax_rows(w->count, columns, w->inner, x, y);
  }
}

ck_status ck_argmax(const ck_context *context, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner,
                    const float *x, int32_t *y) {
  CK_REQUIRE(ck_check_argmax(outer, count, inner, x, y));
  if (outer == 0 || inner == 0) return ck_status_ok;
  work w = {
    .kernels = kernels(context), .outer = outer, .count = count, .inner = inner, .x = x, .positions = y};
  w.columns = least(inner, narrow);
  w.column_parts = parts(inner, w.columns);
  w.group = most(1, grain / most(1, count * w.columns));
  ck_parallel_for(context, parts(outer, w.group) * w.column_parts, argmax_item, &w);
  return ck_status_ok;
}
