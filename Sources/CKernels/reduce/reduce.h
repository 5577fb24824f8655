/* y[o, i] = op over n of x[o, n, i]. `fold` runs along contiguous memory, where inner = 1; `fold_short` does
   so for many short rows; `fold_rows` adds rows to rows. The operations are one list, reduce_operations.inc. */
#pragma once
#include "base/isa.h"
#include <math.h>
#if CK_X86
#include <immintrin.h>
#endif

/* The operations of ck_reduce_op and those the moments need, by number. */
enum {
  ck_reduce_sum_of_squared_deviations = ck_reduce_minimum + 1,
  ck_reduce_count,
};

enum {
  ck_reduce_block = 4096, /* elements added up in float32, by four vectors, before float64 takes over */
  ck_reduce_short = 512,  /* the longest row that is added up by one vector */
};

typedef struct ck_reduce_kernels {
  /* The value of x[0 ..< count]. */
  double (*fold[ck_reduce_count])(ptrdiff_t count, const float *x, float center);
  /* values[r] = the value of row r / divisor, in float32: for rows of up to ck_reduce_short numbers,
     contiguous one behind another. `centers` has a number for every row and may be NULL for operations that
     have no centre. */
  void (*fold_short[ck_reduce_count])(ptrdiff_t rows, ptrdiff_t count, const float *x, const float *centers,
                                      float divisor, float *values);
  /* values[c] = the value of column c over the rows, in float32: for a few thousand rows. `centers` has a
     number for every column and may be NULL for operations that have no centre. */
  void (*fold_rows[ck_reduce_count])(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, const float *x,
                                     const float *centers, float *values);
  /* values[c] = Σ over the rows of x·z in column c, likewise. */
  void (*fold_products)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, const float *x, const float *z,
                        float *values);
  double (*dot)(ptrdiff_t count, const float *x, const float *y);
  /* The first position of the largest of x[0 ..< count], and the same for every column. */
  ptrdiff_t (*argmax)(ptrdiff_t count, const float *x);
  void (*argmax_rows)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, const float *x, int32_t *y);
} ck_reduce_kernels;

/* The value of nothing, and what two values of blocks become. */
static inline double ck_reduce_empty(int op) {
  switch (op) {
#define CK_REDUCTION(name, start, element, combination) \
  case ck_reduce_##name: return start;
#include "reduce/reduce_operations.inc"
#undef CK_REDUCTION
  }
  __builtin_unreachable();
}
static inline double ck_reduce_combined(int op, double p, double q) {
  switch (op) {
#define CK_REDUCTION(name, start, element, combination) \
  case ck_reduce_##name: return combination;
#include "reduce/reduce_operations.inc"
#undef CK_REDUCTION
  }
  __builtin_unreachable();
}

#define CK_KERNELS(variant) extern const ck_reduce_kernels ck_reduce_##variant;
#include "reduce/reduce_kernels.inc"
#undef CK_KERNELS
