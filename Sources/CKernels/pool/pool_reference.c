/* What pooling means. */
#include "CKernels.h"
#include <math.h>

static ptrdiff_t output_count(const ck_pool_geometry *g) {
  return g->batch * ck_pool_output_height(g) * ck_pool_output_width(g) * g->channels;
}
static ptrdiff_t input_count(const ck_pool_geometry *g) {
  return g->batch * g->input_height * g->input_width * g->channels;
}

/* The flat position in the input of element (i, j) of an output's window, or -1 in the padding. */
static ptrdiff_t position(const ck_pool_geometry *g, ptrdiff_t output, ptrdiff_t i, ptrdiff_t j) {
  const ptrdiff_t height = ck_pool_output_height(g), width = ck_pool_output_width(g);
  ptrdiff_t c = output % g->channels, pixel = output / g->channels;
  ptrdiff_t b = pixel / width / height;
  ptrdiff_t row = pixel / width % height * g->stride_height - g->pad_top + i;
  ptrdiff_t column = pixel % width * g->stride_width - g->pad_left + j;
  if (row < 0 || row >= g->input_height || column < 0 || column >= g->input_width) return -1;
  return ((b * g->input_height + row) * g->input_width + column) * g->channels + c;
}

void ck_max_pool_reference(const ck_pool_geometry *g, const float *x, float *y, int32_t *indices) {
  const ptrdiff_t count = output_count(g);
  for (ptrdiff_t output = 0; output < count; output++) {
    ptrdiff_t best = -1;
    for (ptrdiff_t i = 0; i < g->window_height; i++)
      for (ptrdiff_t j = 0; j < g->window_width; j++) {
        ptrdiff_t at = position(g, output, i, j);
        if (at < 0) continue;
        bool first_nan = best >= 0 && x[at] != x[at] && x[best] == x[best]; /* NaN counts as the largest */
        if (best < 0 || x[at] > x[best] || first_nan) best = at;
      }
    y[output] = best < 0 ? -INFINITY : x[best];
    if (indices) indices[output] = (int32_t)best;
  }
}

void ck_pool_at_reference(const ck_pool_geometry *g, const int32_t *indices, const float *x, float *y) {
  const ptrdiff_t count = output_count(g);
  for (ptrdiff_t j = 0; j < count; j++) y[j] = indices[j] < 0 ? 0 : x[indices[j]];
}

void ck_pool_at_adjoint_reference(const ck_pool_geometry *g, const int32_t *indices, const float *y,
                                  float *x) {
  const ptrdiff_t count = output_count(g), inputs = input_count(g);
  for (ptrdiff_t i = 0; i < inputs; i++) x[i] = 0;
  for (ptrdiff_t j = 0; j < count; j++)
    if (indices[j] >= 0) x[indices[j]] += y[j];
}

/* The elements of output's window that are not padding. */
static ptrdiff_t window_count(const ck_pool_geometry *g, ptrdiff_t output) {
  ptrdiff_t count = 0;
  for (ptrdiff_t i = 0; i < g->window_height; i++)
    for (ptrdiff_t j = 0; j < g->window_width; j++) count += position(g, output, i, j) >= 0;
  return count;
}

void ck_average_pool_reference(const ck_pool_geometry *g, const float *x, float *y) {
  const ptrdiff_t count = output_count(g);
  for (ptrdiff_t output = 0; output < count; output++) {
    ptrdiff_t elements = window_count(g, output);
    float sum = 0;
    for (ptrdiff_t i = 0; i < g->window_height; i++)
      for (ptrdiff_t j = 0; j < g->window_width; j++) {
        ptrdiff_t at = position(g, output, i, j);
        if (at >= 0) sum += x[at];
      }
    y[output] = elements == 0 ? 0 : sum / (float)elements;
  }
}

void ck_average_pool_adjoint_reference(const ck_pool_geometry *g, const float *y, float *x) {
  const ptrdiff_t count = output_count(g), inputs = input_count(g);
  for (ptrdiff_t i = 0; i < inputs; i++) x[i] = 0;
  for (ptrdiff_t output = 0; output < count; output++) {
    ptrdiff_t elements = window_count(g, output);
    for (ptrdiff_t i = 0; i < g->window_height; i++)
      for (ptrdiff_t j = 0; j < g->window_width; j++) {
        ptrdiff_t at = position(g, output, i, j);
        if (at >= 0) x[at] += y[output] / (float)elements;
      }
  }
}
