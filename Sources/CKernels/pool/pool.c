/* Maxima and means: cut the pixels written into items, cut each window to the image. */
#include "pool/pool.h"
#include "base/threads.h"
#include "check/check.h"
#include <math.h>
#include <string.h>

enum { grain = 16384 }; /* numbers an item reads */

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

static const ck_pool_kernels *kernels(const ck_context *context) {
  const ck_isa isa = ck_isa_of(context);
#define CK_KERNELS(variant) \
  if (isa >= ck_isa_##variant) return &ck_pool_##variant;
#include "pool/pool_kernels.inc"
#undef CK_KERNELS
  __builtin_unreachable();
}

typedef struct {
  const ck_pool_kernels *kernels;
  const ck_pool_geometry *g;
  ptrdiff_t height, width;    /* of the output */
  ptrdiff_t pixels, per_item; /* pixels written: in all, and by one item */
  const float *x;
  float *y;
  int32_t *indices;
} work;

/* Positions first ..< end. */
typedef struct {
  ptrdiff_t first, end;
} range;

/* The inputs of output `at` along one axis, cut to the image. */
static range inputs(ptrdiff_t at, ptrdiff_t window, ptrdiff_t stride, ptrdiff_t pad, ptrdiff_t size) {
  const ptrdiff_t start = at * stride - pad;
  return (range){most(start, 0), least(start + window, size)};
}

/* The outputs whose windows hold input `at`. */
static range outputs(ptrdiff_t at, ptrdiff_t window, ptrdiff_t stride, ptrdiff_t pad, ptrdiff_t size) {
  const ptrdiff_t last = at + pad, before = last - window; /* windows start after `before`, up to `last` */
  const ptrdiff_t first = before < 0 ? 0 : before / stride + 1;
  return (range){first, last < 0 ? 0 : least(last / stride + 1, size)};
}

static range input_rows(const ck_pool_geometry *g, ptrdiff_t row) {
  return inputs(row, g->window_height, g->stride_height, g->pad_top, g->input_height);
}
static range input_columns(const ck_pool_geometry *g, ptrdiff_t column) {
  return inputs(column, g->window_width, g->stride_width, g->pad_left, g->input_width);
}

/* Every window of the item; maxima when `maximum`, else means. */
static void pool(const work *w, ptrdiff_t item, bool maximum) {
  const ck_pool_geometry *g = w->g;
  const ptrdiff_t channels = g->channels, end = least((item + 1) * w->per_item, w->pixels);
  for (ptrdiff_t pixel = item * w->per_item; pixel < end; pixel++) {
    const range rows = input_rows(g, pixel / w->width % w->height),
                columns = input_columns(g, pixel % w->width);
    const ptrdiff_t b = pixel / w->width / w->height;
    const ck_window window = {rows.end - rows.first, columns.end - columns.first, g->input_width * channels,
                              channels};
    const ptrdiff_t at = ((b * g->input_height + rows.first) * g->input_width + columns.first) * channels;
    float *y = w->y + pixel * channels;
    int32_t *indices = w->indices ? w->indices + pixel * channels : NULL;
    if (window.rows <= 0 || window.columns <= 0) { /* nothing but padding */
      for (ptrdiff_t c = 0; c < channels; c++) {
        y[c] = maximum ? -INFINITY : 0;
        if (indices) indices[c] = -1;
      }
    } else if (maximum) {
      w->kernels->maximum(&window, w->x + at, at, y, indices);
    } else {
      w->kernels->mean(&window, w->x + at, (float)(window.rows * window.columns), y);
    }
  }
}

static void max_item(void *state, ptrdiff_t item) { pool(state, item, true); }
static void mean_item(void *state, ptrdiff_t item) { pool(state, item, false); }

/* Gathers from every window that holds the pixel, so each input has one writer. */
static void mean_adjoint_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ck_pool_geometry *g = w->g;
  const ptrdiff_t channels = g->channels, end = least((item + 1) * w->per_item, w->pixels);
  for (ptrdiff_t pixel = item * w->per_item; pixel < end; pixel++) {
    const ptrdiff_t b = pixel / g->input_width / g->input_height;
    const range rows = outputs(pixel / g->input_width % g->input_height, g->window_height, g->stride_height,
                               g->pad_top, w->height);
    const range columns =
      outputs(pixel % g->input_width, g->window_width, g->stride_width, g->pad_left, w->width);
    float *y = w->y + pixel * channels;
    memset(y, 0, (size_t)channels * sizeof *y);
    for (ptrdiff_t row = rows.first; row < rows.end; row++)
      for (ptrdiff_t column = columns.first; column < columns.end; column++) {
        const range r = input_rows(g, row), c = input_columns(g, column);
        const ptrdiff_t from = ((b * w->height + row) * w->width + column) * channels;
        w->kernels->add(channels, w->x + from, (float)((r.end - r.first) * (c.end - c.first)), y);
      }
  }
}

static void start(const ck_context *context, work *w, ptrdiff_t height, ptrdiff_t width,
                  void (*item)(void *, ptrdiff_t)) {
  const ck_pool_geometry *g = w->g;
  w->kernels = kernels(context);
  w->height = ck_pool_output_height(g);
  w->width = ck_pool_output_width(g);
  w->pixels = g->channels == 0 ? 0 : g->batch * height * width;
  w->per_item = most(1, grain / most(1, g->channels * g->window_height * g->window_width));
  ck_parallel_for(context, (w->pixels + w->per_item - 1) / w->per_item, item, w);
}

ck_status ck_max_pool(const ck_context *context, const ck_pool_geometry *g, const float *x, float *y,
                      int32_t *indices) {
  CK_REQUIRE(ck_check_max_pool(g, x, y, indices));
  work w = {.g = g, .x = x, .y = y, .indices = indices};
  start(context, &w, ck_pool_output_height(g), ck_pool_output_width(g), max_item);
  return ck_status_ok;
}

ck_status ck_average_pool(const ck_context *context, const ck_pool_geometry *g, const float *x, float *y) {
  CK_REQUIRE(ck_check_pool(g, x, y));
  work w = {.g = g, .x = x, .y = y};
  start(context, &w, ck_pool_output_height(g), ck_pool_output_width(g), mean_item);
  return ck_status_ok;
}

ck_status ck_average_pool_adjoint(const ck_context *context, const ck_pool_geometry *g, const float *y,
                                  float *x) {
  CK_REQUIRE(ck_check_pool(g, x, y));
  work w = {.g = g, .x = y, .y = x};
  start(context, &w, g->input_height, g->input_width, mean_adjoint_item);
  return ck_status_ok;
}
