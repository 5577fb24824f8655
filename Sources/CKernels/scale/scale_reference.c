#include "scale/scale.h"

void ck_scale_reference(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const float *a,
                        const float *b, int accumulate, float *y) {
  for (ptrdiff_t o = 0; o < outer; o++)
    for (ptrdiff_t n = 0; n < count; n++)
      for (ptrdiff_t i = 0; i < inner; i++) {
        const ptrdiff_t at = (o * count + n) * inner + i, channel = o * inner + i;
        const double value = (double)x[at] * (double)a[channel] + (b ? (double)b[channel] : 0);
        y[at] = (float)(accumulate ? (double)y[at] + value : value);
      }
}
