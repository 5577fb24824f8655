#include "CKernels.h"
#include "conv/epilogue_reference.h"

/* The meaning of a convolution and its two gradients, in nested loops nobody may optimise. Sums are float64. */

/* Where channel `i` of inputs standing side by side lies, or NULL for a frame outside: zero. */
static const float *element(const ck_conv1d_geometry *g, ptrdiff_t count, const ck_signal *inputs, ptrdiff_t b,
                            ptrdiff_t t, ptrdiff_t i) {
  if (t < 0 || t >= g->input_frames) return 0;
  for (ptrdiff_t v = 0; v < count; i -= inputs[v++].channels)
    if (i < inputs[v].channels) return inputs[v].data + b * inputs[v].batch_stride + t * inputs[v].frame_stride + i;
  return 0;
}

static double sum_at(const ck_conv1d_geometry *g, ptrdiff_t input_count, const ck_signal *inputs, const float *weights,
                     ptrdiff_t b, ptrdiff_t t, ptrdiff_t o) {
  ptrdiff_t in = g->input_channels / g->groups, out = g->output_channels / g->groups;
  double sum = 0;
  for (ptrdiff_t k = 0; k < g->kernel_size; k++)
    for (ptrdiff_t i = 0; i < in; i++) {
      const float *x = element(g, input_count, inputs, b, t * g->stride + k * g->dilation - g->pad_left, o / out * in + i);
      if (x) sum += (double)*x * weights[(k * in + i) * g->output_channels + o];
    }
  return sum;
}

void ck_conv1d_reference(const ck_conv1d_geometry *g, ptrdiff_t input_count, const ck_signal *inputs,
                         const float *weights, const ck_epilogue *epilogue, float *output) {
  ptrdiff_t frames = ck_conv1d_output_frames(g), place = 0;
  ptrdiff_t gate = ck_gate_reference(epilogue, g->output_channels), channels = g->output_channels - gate;
  for (ptrdiff_t b = 0; b < g->batch; b++)
    for (ptrdiff_t t = 0; t < frames; t++)
      for (ptrdiff_t o = 0; o < channels; o++, place++) {
        const ck_image *r = epilogue && epilogue->residual.data ? &epilogue->residual : NULL;
        output[place] = ck_epilogue_reference(
            epilogue, channels, place, sum_at(g, input_count, inputs, weights, b, t, o),
            gate ? sum_at(g, input_count, inputs, weights, b, t, o + gate) : 0,
            r ? r->data + b * r->batch_stride + t * r->pixel_stride + o : NULL);
      }
}

/* The gradient of channel c of the input. */
static double gradient_at(const ck_conv1d_geometry *g, const float *output_gradient, const float *weights, ptrdiff_t b,
                          ptrdiff_t u, ptrdiff_t c) {
  ptrdiff_t in = g->input_channels / g->groups, out = g->output_channels / g->groups, group = c / in, i = c % in;
  ptrdiff_t frames = ck_conv1d_output_frames(g);
  double sum = 0;
  for (ptrdiff_t k = 0; k < g->kernel_size; k++) {
    ptrdiff_t scaled = u + g->pad_left - k * g->dilation;
    if (scaled < 0 || scaled % g->stride != 0 || scaled / g->stride >= frames) continue;
    const float *y = output_gradient + (b * frames + scaled / g->stride) * g->output_channels;
    for (ptrdiff_t o = group * out; o < (group + 1) * out; o++)
      sum += (double)y[o] * weights[(k * in + i) * g->output_channels + o];
  }
  return sum;
}

void ck_conv1d_transposed_reference(const ck_conv1d_geometry *g, const float *input, const float *weights,
                                    const ck_epilogue *epilogue, const ck_mutable_signal *output) {
  ptrdiff_t gate = ck_gate_reference(epilogue, g->input_channels), channels = g->input_channels - gate, place = 0;
  for (ptrdiff_t b = 0; b < g->batch; b++)
    for (ptrdiff_t t = 0; t < g->input_frames; t++)
      for (ptrdiff_t c = 0; c < channels; c++, place++) {
        const ck_image *r = epilogue && epilogue->residual.data ? &epilogue->residual : NULL;
        output->data[b * output->batch_stride + t * output->frame_stride + c] = ck_epilogue_reference(
            epilogue, channels, place, gradient_at(g, input, weights, b, t, c),
            gate ? gradient_at(g, input, weights, b, t, c + gate) : 0,
            r ? r->data + b * r->batch_stride + t * r->pixel_stride + c : NULL);
      }
}

void ck_conv1d_input_gradient_reference(const ck_conv1d_geometry *g, const float *output_gradient, const float *weights,
                                        ptrdiff_t input_count, const ck_mutable_signal *input_gradients) {
  ptrdiff_t first = 0;
  for (ptrdiff_t v = 0; v < input_count; first += input_gradients[v++].channels) {
    const ck_mutable_signal *to = &input_gradients[v];
    for (ptrdiff_t b = 0; b < g->batch; b++)
      for (ptrdiff_t t = 0; t < g->input_frames; t++)
        for (ptrdiff_t c = 0; c < to->channels; c++)
          to->data[b * to->batch_stride + t * to->frame_stride + c] =
              (float)gradient_at(g, output_gradient, weights, b, t, first + c);
  }
}

void ck_conv1d_weight_gradient_reference(const ck_conv1d_geometry *g, ptrdiff_t input_count, const ck_signal *inputs,
                                         const float *output_gradient, float *weight_gradient) {
  ptrdiff_t frames = ck_conv1d_output_frames(g);
  ptrdiff_t in = g->input_channels / g->groups, out = g->output_channels / g->groups;
  for (ptrdiff_t k = 0; k < g->kernel_size; k++)
    for (ptrdiff_t i = 0; i < in; i++)
      for (ptrdiff_t o = 0; o < g->output_channels; o++) {
        double sum = 0;
        for (ptrdiff_t b = 0; b < g->batch; b++)
          for (ptrdiff_t t = 0; t < frames; t++) {
            const float *x = element(g, input_count, inputs, b, t * g->stride + k * g->dilation - g->pad_left,
                                     o / out * in + i);
            if (x) sum += (double)*x * output_gradient[(b * frames + t) * g->output_channels + o];
          }
        *weight_gradient++ = (float)sum;
      }
}
