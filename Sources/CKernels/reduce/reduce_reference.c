/* What the reductions mean. Sums are taken in double precision, element by element. */
#include "CKernels.h"
#include <math.h>

static double empty(ck_reduce_op op) {
  switch (op) {
  case ck_reduce_sum:
  case ck_reduce_sum_of_squares: return 0;
  case ck_reduce_maximum: return -INFINITY;
  case ck_reduce_minimum: return INFINITY;
  }
}

static double combined(ck_reduce_op op, double total, double x) {
  switch (op) {
  case ck_reduce_sum: return total + x;
  case ck_reduce_sum_of_squares: return total + x * x;
  case ck_reduce_maximum: return x > total || x != x ? x : total; /* NaN if any is */
  case ck_reduce_minimum: return x < total || x != x ? x : total;
  }
}

void ck_reduce_reference(ck_reduce_op op, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x,
                         float *y) {
  for (ptrdiff_t o = 0; o < outer; o++)
    for (ptrdiff_t i = 0; i < inner; i++) {
      double total = empty(op);
      for (ptrdiff_t n = 0; n < count; n++) total = combined(op, total, x[(o * count + n) * inner + i]);
      y[o * inner + i] = (float)total;
    }
}

void ck_reduce_products_reference(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const float *z,
                                  float *y) {
  for (ptrdiff_t o = 0; o < outer; o++)
    for (ptrdiff_t i = 0; i < inner; i++) {
      double total = 0;
      for (ptrdiff_t n = 0; n < count; n++) {
        const ptrdiff_t at = (o * count + n) * inner + i;
        total += (double)x[at] * (double)z[at];
      }
      y[o * inner + i] = (float)total;
    }
}

double ck_dot_reference(ptrdiff_t count, const float *x, const float *y) {
  double total = 0;
  for (ptrdiff_t i = 0; i < count; i++) total += (double)x[i] * (double)y[i];
  return total;
}

void ck_moments_reference(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, float *mean,
                          float *variance) {
  for (ptrdiff_t o = 0; o < outer; o++)
    for (ptrdiff_t i = 0; i < inner; i++) {
      double total = 0, squares = 0;
      for (ptrdiff_t n = 0; n < count; n++) total += x[(o * count + n) * inner + i];
      double middle = total / (double)count;
      for (ptrdiff_t n = 0; n < count; n++) {
        double deviation = x[(o * count + n) * inner + i] - middle;
        squares += deviation * deviation;
      }
      mean[o * inner + i] = (float)middle;
      variance[o * inner + i] = (float)(squares / (double)count);
    }
}

void ck_argmax_reference(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, int32_t *y) {
  for (ptrdiff_t o = 0; o < outer; o++)
    for (ptrdiff_t i = 0; i < inner; i++) {
      ptrdiff_t best = 0;
      for (ptrdiff_t n = 1; n < count; n++) {
        float candidate = x[(o * count + n) * inner + i], leader = x[(o * count + best) * inner + i];
        bool first_nan = candidate != candidate && leader == leader; /* NaN counts as the largest */
        if (candidate > leader || first_nan) best = n;
      }
      y[o * inner + i] = (int32_t)best;
    }
}
