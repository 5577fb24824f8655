/* What the gated unit means. */
#include "CKernels.h"
#include <math.h>

static float sigmoid(float x) { return x < 0 ? expf(x) / (1 + expf(x)) : 1 / (1 + expf(-x)); }

void ck_gated_reference(ptrdiff_t frames, ptrdiff_t channels, const float *x, float *y) {
  for (ptrdiff_t f = 0; f < frames; f++)
    for (ptrdiff_t c = 0; c < channels; c++) {
      const float *frame = x + f * 2 * channels;
      y[f * channels + c] = tanhf(frame[c]) * sigmoid(frame[channels + c]);
    }
}

void ck_gated_gradient_reference(ptrdiff_t frames, ptrdiff_t channels, const float *x,
                                 const float *y_gradient, float *x_gradient) {
  for (ptrdiff_t f = 0; f < frames; f++)
    for (ptrdiff_t c = 0; c < channels; c++) {
      const ptrdiff_t at = f * 2 * channels + c;
      const float t = tanhf(x[at]), s = sigmoid(x[at + channels]), g = y_gradient[f * channels + c];
      x_gradient[at] = g * s * (1 - t * t);
      x_gradient[at + channels] = g * s * t * (1 - s);
    }
}
