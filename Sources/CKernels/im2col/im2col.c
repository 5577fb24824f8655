#include "CKernels.h"
#include "base/threads.h"
#include "check/check.h"
#include "conv/image_of_signal.h"
#include <string.h>

/* Windows as rows of a matrix, and back. The convolutions here do not need it; it is the form in which a convolution is
   a matrix product (a test of both), unfolding for whoever wants windows, and the rival in the benchmarks. */

typedef struct {
  const ck_conv2d_geometry *g;
  const float *from;
  float *to;
  ptrdiff_t height, width; /* of the output */
  ptrdiff_t pieces;        /* of a line of input pixels, when folding */
} unfolding;

enum { piece_pixels = 256 };

/* One line of output pixels. */
static void unfold_line(void *state, ptrdiff_t item) {
  const unfolding *self = state;
  const ck_conv2d_geometry *g = self->g;
  ptrdiff_t b = item / self->height, channels = g->input_channels, line_floats = g->input_width * channels;
  ptrdiff_t first_y = item % self->height * g->stride_height - g->pad_top;
  float *to = self->to + item * self->width * g->kernel_height * g->kernel_width * channels;
  size_t pixel = (size_t)channels * sizeof *to;
  for (ptrdiff_t ox = 0; ox < self->width; ox++) {
    ptrdiff_t first_x = ox * g->stride_width - g->pad_left;
    for (ptrdiff_t ky = 0; ky < g->kernel_height; ky++, to += g->kernel_width * channels) {
      ptrdiff_t y = first_y + ky * g->dilation_height, last_x = first_x + (g->kernel_width - 1) * g->dilation_width;
      if (y < 0 || y >= g->input_height) {
        memset(to, 0, (size_t)g->kernel_width * pixel);
        continue;
      }
      const float *line = self->from + (b * g->input_height + y) * line_floats;
      if (g->dilation_width == 1 && first_x >= 0 && last_x < g->input_width) {
        memcpy(to, line + first_x * channels, (size_t)g->kernel_width * pixel);
        continue;
      }
      for (ptrdiff_t kx = 0; kx < g->kernel_width; kx++) {
        ptrdiff_t x = first_x + kx * g->dilation_width;
        if (x < 0 || x >= g->input_width) memset(to + kx * channels, 0, pixel);
        else memcpy(to + kx * channels, line + x * channels, pixel);
      }
    }
  }
}

ck_status ck_im2col2d(const ck_context *context, const ck_conv2d_geometry *g, const float *input,
                      float *columns) {
  CK_REQUIRE(ck_check_im2col2d(g, input, columns));
  if (g->input_channels == 0) return ck_status_ok;
  unfolding self = {.g = g, .from = input, .to = columns, .height = ck_conv2d_output_height(g),
                    .width = ck_conv2d_output_width(g)};
  ck_parallel_for(context, g->batch * self.height, unfold_line, &self);
  return ck_status_ok;
}

/* A piece of a line of input pixels gathers every column that holds a copy of it: no two write the same memory. */
static void fold_piece(void *state, ptrdiff_t item) {
  const unfolding *self = state;
  const ck_conv2d_geometry *g = self->g;
  ptrdiff_t input_line = item / self->pieces, b = input_line / g->input_height, y = input_line % g->input_height;
  ptrdiff_t begin = item % self->pieces * piece_pixels, end = begin + piece_pixels;
  if (end > g->input_width) end = g->input_width;
  ptrdiff_t channels = g->input_channels, taps = g->kernel_height * g->kernel_width;
  float *to = self->to + input_line * g->input_width * channels;
  memset(to + begin * channels, 0, (size_t)((end - begin) * channels) * sizeof *to);
  for (ptrdiff_t ky = 0; ky < g->kernel_height; ky++) {
    ptrdiff_t scaled_y = y + g->pad_top - ky * g->dilation_height;
    if (scaled_y < 0 || scaled_y % g->stride_height != 0 || scaled_y / g->stride_height >= self->height) continue;
    ptrdiff_t line = b * self->height + scaled_y / g->stride_height;
    for (ptrdiff_t x = begin; x < end; x++)
      for (ptrdiff_t kx = 0; kx < g->kernel_width; kx++) {
        ptrdiff_t scaled_x = x + g->pad_left - kx * g->dilation_width;
        if (scaled_x < 0 || scaled_x % g->stride_width != 0 || scaled_x / g->stride_width >= self->width) continue;
        ptrdiff_t column = (line * self->width + scaled_x / g->stride_width) * taps + ky * g->kernel_width + kx;
        for (ptrdiff_t c = 0; c < channels; c++) to[x * channels + c] += self->from[column * channels + c];
      }
  }
}

ck_status ck_col2im2d(const ck_context *context, const ck_conv2d_geometry *g, const float *columns,
                      float *input) {
  CK_REQUIRE(ck_check_im2col2d(g, input, columns));
  if (g->input_channels == 0) return ck_status_ok;
  unfolding self = {.g = g, .from = columns, .to = input, .height = ck_conv2d_output_height(g),
                    .width = ck_conv2d_output_width(g)};
  self.pieces = (g->input_width + piece_pixels - 1) / piece_pixels;
  ck_parallel_for(context, g->batch * g->input_height * self.pieces, fold_piece, &self);
  return ck_status_ok;
}

ck_status ck_im2col1d(const ck_context *context, const ck_conv1d_geometry *g, const float *input,
                      float *columns) {
  CK_REQUIRE_THAT(g, ck_status_null_pointer);
  ck_conv2d_geometry image = ck_image_of_signal(g);
  return ck_im2col2d(context, &image, input, columns);
}
ck_status ck_col2im1d(const ck_context *context, const ck_conv1d_geometry *g, const float *columns,
                      float *input) {
  CK_REQUIRE_THAT(g, ck_status_null_pointer);
  ck_conv2d_geometry image = ck_image_of_signal(g);
  return ck_col2im2d(context, &image, columns, input);
}
