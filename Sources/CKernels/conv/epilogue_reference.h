/* What a convolution does to finished sums, in plain words: shared by the references. */
#pragma once
#include "CKernels.h"
#include <math.h>

static inline ptrdiff_t ck_gate_reference(const ck_epilogue *e, ptrdiff_t channels) {
  return e && e->activation == ck_activation_gated ? channels / 2 : 0;
}

/* `channel` of `channels` outputs at flat position `place` of the dense output; `gate` is the sum of its gate. */
static inline float ck_epilogue_reference(const ck_epilogue *e, ptrdiff_t channels, ptrdiff_t place, double sum,
                                          double gate, const float *residual) {
  if (!e) return (float)sum;
  ptrdiff_t channel = place % channels;
  bool gated = e->activation == ck_activation_gated;
  double x = sum + (e->bias ? e->bias[channel] : 0), g = gate + (e->bias && gated ? e->bias[channels + channel] : 0);
  if (e->sums && gated) {
    e->sums[place / channels * 2 * channels + channel] = (float)x;
    e->sums[place / channels * 2 * channels + channels + channel] = (float)g;
  } else if (e->sums) {
    e->sums[place] = (float)x;
  }
  switch (e->activation) {
  case ck_activation_none: break;
  case ck_activation_relu: x = x > 0 || isnan(x) ? x : 0; break;
  case ck_activation_leaky_relu: x = x > 0 ? x : (double)e->slope * x; break;
  case ck_activation_tanh: x = tanh(x); break;
  case ck_activation_sigmoid: x = 1 / (1 + exp(-x)); break;
  case ck_activation_gated: x = tanh(x) / (1 + exp(-g)); break;
  }
  if (e->dropout > 0) {
    float kept = 1 - e->dropout;
    bool stays = ck_random_bits(e->dropout_key, e->dropout_offset + (uint64_t)place) < (double)kept * 0x1p32;
    x *= stays ? 1 / kept : 0;
  }
  return (float)(x + (residual ? *residual : 0));
}
