#include "CKernels.h"
#include "conv/epilogue_reference.h"

/* The meaning of an image convolution and its two gradients, in nested loops nobody may optimise. Sums are float64. */

/* Where channel `i` of inputs standing side by side lies, or NULL for a pixel outside: zero. */
static const float *element(const ck_conv2d_geometry *g, ptrdiff_t count, const ck_image *inputs, ptrdiff_t b,
                            ptrdiff_t y, ptrdiff_t x, ptrdiff_t i) {
  if (y < 0 || y >= g->input_height || x < 0 || x >= g->input_width) return 0;
  for (ptrdiff_t v = 0; v < count; i -= inputs[v++].channels)
    if (i < inputs[v].channels)
      return inputs[v].data + b * inputs[v].batch_stride + y * inputs[v].row_stride + x * inputs[v].pixel_stride + i;
  return 0;
}

static double sum_at(const ck_conv2d_geometry *g, ptrdiff_t input_count, const ck_image *inputs, const float *weights,
                     ptrdiff_t b, ptrdiff_t oy, ptrdiff_t ox, ptrdiff_t o) {
  ptrdiff_t in = g->input_channels / g->groups, out = g->output_channels / g->groups;
  double sum = 0;
  for (ptrdiff_t ky = 0; ky < g->kernel_height; ky++)
    for (ptrdiff_t kx = 0; kx < g->kernel_width; kx++)
      for (ptrdiff_t i = 0; i < in; i++) {
        const float *x = element(g, input_count, inputs, b, oy * g->stride_height + ky * g->dilation_height - g->pad_top,
                                 ox * g->stride_width + kx * g->dilation_width - g->pad_left, o / out * in + i);
        ptrdiff_t tap = ky * g->kernel_width + kx;
        if (x) sum += (double)*x * weights[(tap * in + i) * g->output_channels + o];
      }
  return sum;
}

void ck_conv2d_reference(const ck_conv2d_geometry *g, ptrdiff_t input_count, const ck_image *inputs,
                         const float *weights, const ck_epilogue *epilogue, float *output) {
  ptrdiff_t height = ck_conv2d_output_height(g), width = ck_conv2d_output_width(g), place = 0;
  ptrdiff_t gate = ck_gate_reference(epilogue, g->output_channels), channels = g->output_channels - gate;
  for (ptrdiff_t b = 0; b < g->batch; b++)
    for (ptrdiff_t oy = 0; oy < height; oy++)
      for (ptrdiff_t ox = 0; ox < width; ox++)
        for (ptrdiff_t o = 0; o < channels; o++, place++) {
          const ck_image *r = epilogue && epilogue->residual.data ? &epilogue->residual : NULL;
          double sum = sum_at(g, input_count, inputs, weights, b, oy, ox, o);
          double gate_sum = gate ? sum_at(g, input_count, inputs, weights, b, oy, ox, o + gate) : 0;
          output[place] = ck_epilogue_reference(
              epilogue, channels, place, sum, gate_sum,
              r ? r->data + b * r->batch_stride + oy * r->row_stride + ox * r->pixel_stride + o : NULL);
        }
}

/* The gradient of channel c of the input. */
static double gradient_at(const ck_conv2d_geometry *g, const float *output_gradient, const float *weights, ptrdiff_t b,
                          ptrdiff_t uy, ptrdiff_t ux, ptrdiff_t c) {
  ptrdiff_t height = ck_conv2d_output_height(g), width = ck_conv2d_output_width(g);
  ptrdiff_t in = g->input_channels / g->groups, out = g->output_channels / g->groups, group = c / in, i = c % in;
  double sum = 0;
  for (ptrdiff_t ky = 0; ky < g->kernel_height; ky++)
    for (ptrdiff_t kx = 0; kx < g->kernel_width; kx++) {
      ptrdiff_t sy = uy + g->pad_top - ky * g->dilation_height;
      ptrdiff_t sx = ux + g->pad_left - kx * g->dilation_width;
      if (sy < 0 || sy % g->stride_height != 0 || sy / g->stride_height >= height) continue;
      if (sx < 0 || sx % g->stride_width != 0 || sx / g->stride_width >= width) continue;
      ptrdiff_t pixel = (b * height + sy / g->stride_height) * width + sx / g->stride_width;
      const float *row = weights + ((ky * g->kernel_width + kx) * in + i) * g->output_channels;
      for (ptrdiff_t o = group * out; o < (group + 1) * out; o++)
        sum += (double)output_gradient[pixel * g->output_channels + o] * row[o];
    }
  return sum;
}

void ck_conv2d_transposed_reference(const ck_conv2d_geometry *g, const float *input, const float *weights,
                                    const ck_epilogue *epilogue, const ck_mutable_image *output) {
  ptrdiff_t gate = ck_gate_reference(epilogue, g->input_channels), channels = g->input_channels - gate, place = 0;
  for (ptrdiff_t b = 0; b < g->batch; b++)
    for (ptrdiff_t y = 0; y < g->input_height; y++)
      for (ptrdiff_t x = 0; x < g->input_width; x++)
        for (ptrdiff_t c = 0; c < channels; c++, place++) {
          const ck_image *r = epilogue && epilogue->residual.data ? &epilogue->residual : NULL;
          double sum = gradient_at(g, input, weights, b, y, x, c);
          double gate_sum = gate ? gradient_at(g, input, weights, b, y, x, c + gate) : 0;
          output->data[b * output->batch_stride + y * output->row_stride + x * output->pixel_stride + c] =
              ck_epilogue_reference(epilogue, channels, place, sum, gate_sum,
                                    r ? r->data + b * r->batch_stride + y * r->row_stride + x * r->pixel_stride + c
                                      : NULL);
        }
}

void ck_conv2d_input_gradient_reference(const ck_conv2d_geometry *g, const float *output_gradient, const float *weights,
                                        ptrdiff_t input_count, const ck_mutable_image *input_gradients) {
  ptrdiff_t first = 0;
  for (ptrdiff_t v = 0; v < input_count; first += input_gradients[v++].channels) {
    const ck_mutable_image *to = &input_gradients[v];
    for (ptrdiff_t b = 0; b < g->batch; b++)
      for (ptrdiff_t y = 0; y < g->input_height; y++)
        for (ptrdiff_t x = 0; x < g->input_width; x++)
          for (ptrdiff_t c = 0; c < to->channels; c++)
            to->data[b * to->batch_stride + y * to->row_stride + x * to->pixel_stride + c] =
                (float)gradient_at(g, output_gradient, weights, b, y, x, first + c);
  }
}

void ck_conv2d_weight_gradient_reference(const ck_conv2d_geometry *g, ptrdiff_t input_count, const ck_image *inputs,
                                         const float *output_gradient, float *weight_gradient) {
  ptrdiff_t height = ck_conv2d_output_height(g), width = ck_conv2d_output_width(g);
  ptrdiff_t in = g->input_channels / g->groups, out = g->output_channels / g->groups;
  for (ptrdiff_t ky = 0; ky < g->kernel_height; ky++)
    for (ptrdiff_t kx = 0; kx < g->kernel_width; kx++)
      for (ptrdiff_t i = 0; i < in; i++)
        for (ptrdiff_t o = 0; o < g->output_channels; o++) {
          double sum = 0;
          for (ptrdiff_t b = 0; b < g->batch; b++)
            for (ptrdiff_t oy = 0; oy < height; oy++)
              for (ptrdiff_t ox = 0; ox < width; ox++) {
                const float *x = element(g, input_count, inputs, b,
                                         oy * g->stride_height + ky * g->dilation_height - g->pad_top,
                                         ox * g->stride_width + kx * g->dilation_width - g->pad_left, o / out * in + i);
                if (x) sum += (double)*x * output_gradient[((b * height + oy) * width + ox) * g->output_channels + o];
              }
          *weight_gradient++ = (float)sum;
        }
}
