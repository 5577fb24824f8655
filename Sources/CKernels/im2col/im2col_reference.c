#include "CKernels.h"
#include "conv/image_of_signal.h"

/* The two-dimensional loops are the meaning. */

void ck_im2col2d_reference(const ck_conv2d_geometry *g, const float *input, float *columns) {
  ptrdiff_t height = ck_conv2d_output_height(g), width = ck_conv2d_output_width(g), channels = g->input_channels;
  for (ptrdiff_t b = 0; b < g->batch; b++)
    for (ptrdiff_t oy = 0; oy < height; oy++)
      for (ptrdiff_t ox = 0; ox < width; ox++)
        for (ptrdiff_t ky = 0; ky < g->kernel_height; ky++)
          for (ptrdiff_t kx = 0; kx < g->kernel_width; kx++)
            for (ptrdiff_t c = 0; c < channels; c++) {
              ptrdiff_t y = oy * g->stride_height + ky * g->dilation_height - g->pad_top;
              ptrdiff_t x = ox * g->stride_width + kx * g->dilation_width - g->pad_left;
              bool inside = y >= 0 && y < g->input_height && x >= 0 && x < g->input_width;
              *columns++ = inside ? input[((b * g->input_height + y) * g->input_width + x) * channels + c] : 0;
            }
}

void ck_col2im2d_reference(const ck_conv2d_geometry *g, const float *columns, float *input) {
  ptrdiff_t height = ck_conv2d_output_height(g), width = ck_conv2d_output_width(g), channels = g->input_channels;
  ptrdiff_t size = g->batch * g->input_height * g->input_width * channels;
  for (ptrdiff_t i = 0; i < size; i++) input[i] = 0;
  for (ptrdiff_t b = 0; b < g->batch; b++)
    for (ptrdiff_t oy = 0; oy < height; oy++)
      for (ptrdiff_t ox = 0; ox < width; ox++)
        for (ptrdiff_t ky = 0; ky < g->kernel_height; ky++)
          for (ptrdiff_t kx = 0; kx < g->kernel_width; kx++)
            for (ptrdiff_t c = 0; c < channels; c++, columns++) {
              ptrdiff_t y = oy * g->stride_height + ky * g->dilation_height - g->pad_top;
              ptrdiff_t x = ox * g->stride_width + kx * g->dilation_width - g->pad_left;
              bool inside = y >= 0 && y < g->input_height && x >= 0 && x < g->input_width;
              if (inside) input[((b * g->input_height + y) * g->input_width + x) * channels + c] += *columns;
            }
}

void ck_im2col1d_reference(const ck_conv1d_geometry *g, const float *input, float *columns) {
  ck_conv2d_geometry image = ck_image_of_signal(g);
  ck_im2col2d_reference(&image, input, columns);
}
void ck_col2im1d_reference(const ck_conv1d_geometry *g, const float *columns, float *input) {
  ck_conv2d_geometry image = ck_image_of_signal(g);
  ck_col2im2d_reference(&image, columns, input);
}
