/* What a convolution does to a finished sum, in plain words: shared by the references. */
#pragma once
#include "CKernels.h"
#include <math.h>

static inline float ck_epilogue_reference(const ck_epilogue *epilogue, ptrdiff_t channel, double sum) {
  if (!epilogue) return (float)sum;
  double x = sum + (epilogue->bias ? epilogue->bias[channel] : 0);
  switch (epilogue->activation) {
  case ck_activation_none: break;
  case ck_activation_relu: x = x > 0 || isnan(x) ? x : 0; break;
  case ck_activation_leaky_relu: x = x > 0 ? x : (double)epilogue->slope * x; break;
  case ck_activation_tanh: x = tanh(x); break;
  case ck_activation_sigmoid: x = 1 / (1 + exp(-x)); break;
  }
  return (float)x;
}
