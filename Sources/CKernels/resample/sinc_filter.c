#include "CKernels.h"
#include "check/check.h"
#include <math.h>

/* Computed in double precision. The Hann window is the symmetric one, zero at both ends; one tap is 1. */
ck_status ck_sinc_filter(ptrdiff_t taps, ptrdiff_t factor, float *filter) {
  CK_REQUIRE(ck_check_sinc_filter(taps, factor, filter));
  const double pi = 3.14159265358979323846, last = (double)(taps - 1);
  double sum = 0;
  for (int pass = 0; pass < 2; pass++)
    for (ptrdiff_t i = 0; i < taps; i++) {
      double time = ((double)i - last / 2) / (double)factor;
      double sinc = time == 0 ? 1 : sin(pi * time) / (pi * time);
      double window = taps == 1 ? 1 : 0.5 - 0.5 * cos(2 * pi * (double)i / last);
      if (pass == 0)
        sum += sinc * window;
      else
        filter[i] = (float)(sinc * window / sum);
    }
  return ck_status_ok;
}
