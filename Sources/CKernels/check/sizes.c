#include "check/check.h"

/* Sizes of one call. The limit leaves kernels room for their own factors (lanes, parts, bytes of a number). */

_Static_assert(sizeof(ptrdiff_t) == 8, "CKernels needs a 64-bit machine");
static const ptrdiff_t largest = (ptrdiff_t)1 << 48;

static bool within(ptrdiff_t a) { return a >= -largest && a <= largest; }

ck_status ck_count(ptrdiff_t *count, int sizes, const ptrdiff_t *size) {
  ptrdiff_t product = 1;
  bool empty = false;
  for (int i = 0; i < sizes; i++) {
    if (size[i] < 0) return ck_status_invalid_geometry;
    if (size[i] == 0) empty = true;
    else if (__builtin_mul_overflow(product, size[i], &product) || product > largest)
      return ck_status_invalid_geometry;
  }
  *count = empty ? 0 : product;
  return ck_status_ok;
}

ck_status ck_windows(ptrdiff_t *count, ptrdiff_t input, ptrdiff_t before, ptrdiff_t after, ptrdiff_t window,
                     ptrdiff_t dilation, ptrdiff_t stride) {
  *count = 0;
  if (input < 0 || window < 1 || dilation < 1 || stride < 1) return ck_status_invalid_geometry;
  if (!within(input) || !within(before) || !within(after) || !within(stride) || !within(dilation))
    return ck_status_invalid_geometry;
  ptrdiff_t crop = (before < 0 ? -before : 0) + (after < 0 ? -after : 0), span;
  if (crop > input) return ck_status_invalid_geometry;
  if (__builtin_mul_overflow(dilation, window - 1, &span) || !within(span)) return ck_status_invalid_geometry;
  ptrdiff_t last = input + before + after - span - 1;
  *count = last < 0 ? 0 : last / stride + 1;
  return ck_status_ok;
}

static ptrdiff_t windows(ptrdiff_t input, ptrdiff_t before, ptrdiff_t after, ptrdiff_t window, ptrdiff_t dilation,
                         ptrdiff_t stride) {
  ptrdiff_t count;
  return ck_windows(&count, input, before, after, window, dilation, stride) == ck_status_ok ? count : 0;
}

ptrdiff_t ck_conv1d_output_frames(const ck_conv1d_geometry *g) {
  return windows(g->input_frames, g->pad_left, g->pad_right, g->kernel_size, g->dilation, g->stride);
}
ptrdiff_t ck_conv2d_output_height(const ck_conv2d_geometry *g) {
  return windows(g->input_height, g->pad_top, g->pad_bottom, g->kernel_height, g->dilation_height,
                 g->stride_height);
}
ptrdiff_t ck_conv2d_output_width(const ck_conv2d_geometry *g) {
  return windows(g->input_width, g->pad_left, g->pad_right, g->kernel_width, g->dilation_width, g->stride_width);
}
ptrdiff_t ck_pool_output_height(const ck_pool_geometry *g) {
  return windows(g->input_height, g->pad_top, g->pad_bottom, g->window_height, 1, g->stride_height);
}
ptrdiff_t ck_pool_output_width(const ck_pool_geometry *g) {
  return windows(g->input_width, g->pad_left, g->pad_right, g->window_width, 1, g->stride_width);
}
ptrdiff_t ck_upsample_output_frames(const ck_upsample_geometry *g) {
  if (g->frames <= 0 || !within(g->frames)) return 0;
  return g->edge == ck_upsample_interior ? 2 * g->frames - 1 : 2 * g->frames;
}
