/* The public door: cut the pixels into items, choose the variant, add the items' sums. */
#include "activation/activation.h"
#include "base/scratch.h"
#include "base/threads.h"
#include "check/check.h"
#include "gated/gated.h"
#include <string.h>

enum {
  grain = 32768,      /* numbers of an item, more or less; one item runs on the calling thread */
  piece_rows = 256,   /* rows added in float32 before they join the item's sum */
  short_row = 256,    /* fewer channels than this: `together` pixels count as one row */
  together = 16,
  sum_channels = 512, /* whose float64 sums lie on the stack */
};

typedef struct {
  const ck_activation_kernels *kernels;
  const ck_gated_kernels *gated; /* NULL unless that is the activation */
  ck_activation activation;
  float slope;
  ptrdiff_t pixels, channels, pixels_per_item;
  const float *y, *y_gradient;
  float *gradient, *partial; /* [items, channels], or NULL */
} work;

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

/* `pixels` pixels as rows of `per_row` of them. */
static void add_rows(const work *w, ptrdiff_t start, ptrdiff_t pixels, ptrdiff_t per_row, float *total) {
  const ptrdiff_t columns = per_row * w->channels, half = w->channels / 2;
  float *sums = total ? ck_scratch(3, (size_t)columns * sizeof *sums) : NULL;
  for (ptrdiff_t end = start + pixels, next; start < end; start = next) {
    next = least(end, start + piece_rows * per_row);
    const ptrdiff_t at = start * w->channels, rows = (next - start) / per_row;
    if (sums) memset(sums, 0, (size_t)columns * sizeof *sums);
    if (w->gated)
      w->gated->gradient(rows, half, w->y + at, w->y_gradient + start * half, w->gradient + at, sums);
    else
      w->kernels->gradient(w->activation, w->slope, rows, columns, w->y ? w->y + at : NULL, w->y_gradient + at,
                           w->gradient ? w->gradient + at : NULL, sums);
    for (ptrdiff_t i = 0; sums && i < per_row; i++)
      for (ptrdiff_t c = 0; c < w->channels; c++) total[c] += sums[i * w->channels + c];
  }
}

static void item(void *state, ptrdiff_t index) {
  const work *w = state;
  const ptrdiff_t start = index * w->pixels_per_item, pixels = least(w->pixels_per_item, w->pixels - start);
  float *total = w->partial ? w->partial + index * w->channels : NULL;
  if (total) memset(total, 0, (size_t)w->channels * sizeof *total);
  const ptrdiff_t per_row = w->channels < short_row && !w->gated ? together : 1, rest = pixels % per_row;
  add_rows(w, start, pixels - rest, per_row, total);
  add_rows(w, start + pixels - rest, rest, 1, total);
}

static void add_items(const work *w, ptrdiff_t items, float *bias_gradient) {
  double sums[sum_channels];
  for (ptrdiff_t first = 0; first < w->channels; first += sum_channels) {
    const ptrdiff_t count = least(sum_channels, w->channels - first);
    memset(sums, 0, sizeof sums);
    for (ptrdiff_t i = 0; i < items; i++)
      for (ptrdiff_t c = 0; c < count; c++) sums[c] += w->partial[i * w->channels + first + c];
    for (ptrdiff_t c = 0; c < count; c++) bias_gradient[first + c] = (float)sums[c];
  }
}

static const ck_activation_kernels *kernels(const ck_context *context) {
  const ck_isa isa = ck_isa_of(context);
#define CK_KERNELS(variant) \
  if (isa >= ck_isa_##variant) return &ck_activation_##variant;
#include "activation/activation_kernels.inc"
#undef CK_KERNELS
  __builtin_unreachable();
}

ck_status ck_activation_gradient(const ck_context *context, ck_activation activation, float slope, ptrdiff_t pixels,
                                 ptrdiff_t channels, const float *y, const float *y_gradient, float *gradient,
                                 float *bias_gradient) {
  CK_REQUIRE(ck_check_activation_gradient(activation, pixels, channels, y, y_gradient, gradient, bias_gradient));
  if (channels == 0) return ck_status_ok;
  work w = {.kernels = kernels(context), .activation = activation, .slope = slope, .pixels = pixels,
            .channels = channels, .y = y, .y_gradient = y_gradient, .gradient = gradient};
  if (activation == ck_activation_gated) w.gated = ck_gated_kernels_of(context);
  if (activation == ck_activation_none && gradient == y_gradient) w.gradient = NULL; /* it is there */
  if (activation == ck_activation_none) w.y = NULL;
  w.pixels_per_item = (grain / channels + together) / together * together;
  const ptrdiff_t items = (pixels + w.pixels_per_item - 1) / w.pixels_per_item;
  if (bias_gradient) w.partial = ck_scratch(1, (size_t)(items * channels) * sizeof *w.partial);
  ck_parallel_for(context, items, item, &w);
  if (bias_gradient) add_items(&w, items, bias_gradient);
  return ck_status_ok;
}
