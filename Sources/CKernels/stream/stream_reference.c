/* What a layer of a stream means. */
#include "CKernels.h"
#include <math.h>

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static double activated(ck_activation activation, float slope, double x) {
  switch (activation) {
  case ck_activation_relu: return x > 0 ? x : 0;
  case ck_activation_leaky_relu: return x > 0 ? x : (double)slope * x;
  case ck_activation_tanh: return tanh(x);
  case ck_activation_sigmoid: return sigmoid(x);
  default: return x;
  }
}

/* Sum o of frame t, without bias. */
static double sum_of(const ck_stream_layer *l, ptrdiff_t all, const float *const *inputs, const ptrdiff_t *channels,
                     ptrdiff_t t, ptrdiff_t o) {
  double sum = 0;
  for (ptrdiff_t k = 0; k < l->kernel_size; k++) {
    if (l->transposed && (t - k) % l->stride != 0) continue;
    const ptrdiff_t frame =
      l->transposed ? (t - k) / l->stride : t * l->stride - (l->kernel_size - 1 - k) * l->dilation;
    if (frame < 0 || (l->transposed && t < k)) continue;
    ptrdiff_t channel = 0;
    for (ptrdiff_t i = 0; i < l->input_count; i++)
      for (ptrdiff_t c = 0; c < channels[i]; c++, channel++) {
        const float w = l->transposed ? l->weights[(k * l->sums + o) * all + channel]
                                      : l->weights[(k * all + channel) * l->sums + o];
        sum += (double)inputs[i][frame * channels[i] + c] * (double)w;
      }
  }
  return sum + (l->bias ? (double)l->bias[o] : 0);
}

void ck_stream_layer_reference(const ck_stream_layer *l, ptrdiff_t input_frames, const float *const *inputs,
                               const ptrdiff_t *channels, const float *residual, double residual_rate, float *y) {
  const ptrdiff_t frames = l->transposed ? input_frames * l->stride : (input_frames + l->stride - 1) / l->stride;
  const ptrdiff_t outputs = l->activation == ck_activation_gated ? l->sums / 2 : l->sums;
  ptrdiff_t all = 0;
  for (ptrdiff_t i = 0; i < l->input_count; i++) all += channels[i];
  for (ptrdiff_t t = 0; t < frames; t++)
    for (ptrdiff_t o = 0; o < outputs; o++) {
      double value = sum_of(l, all, inputs, channels, t, o);
      if (l->activation == ck_activation_gated)
        value = tanh(value) * sigmoid(sum_of(l, all, inputs, channels, t, outputs + o));
      else value = activated(l->activation, l->slope, value);
      if (residual) value += (double)residual[(ptrdiff_t)((double)t * residual_rate) * outputs + o];
      y[t * outputs + o] = (float)activated(l->final_activation, l->slope, value);
    }
}
