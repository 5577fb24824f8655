/* What an activation's gradient means. */
#include "CKernels.h"

static float back(ck_activation activation, float slope, float y, float dy) {
  switch (activation) {
  case ck_activation_relu: return y > 0 ? dy : 0;
  case ck_activation_leaky_relu: return y > 0 ? dy : slope * dy;
  case ck_activation_tanh: return (1 - y * y) * dy;
  case ck_activation_sigmoid: return y * (1 - y) * dy;
  default: return dy;
  }
}

void ck_activation_gradient_reference(ck_activation activation, float slope, ptrdiff_t pixels, ptrdiff_t channels,
                                      const float *y, const float *y_gradient, float *gradient, float *bias_gradient) {
  if (activation == ck_activation_gated) {
    ck_gated_gradient_reference(pixels, channels / 2, y, y_gradient, gradient);
  } else {
    for (ptrdiff_t i = 0; i < pixels * channels; i++)
      gradient[i] = back(activation, slope, activation == ck_activation_none ? 0 : y[i], y_gradient[i]);
  }
  for (ptrdiff_t c = 0; bias_gradient && c < channels; c++) {
    double sum = 0;
    for (ptrdiff_t p = 0; p < pixels; p++) sum += gradient[p * channels + c];
    bias_gradient[c] = (float)sum;
  }
}
