/* libFuzzer's way in: the bytes are the trial. */
#include "trials.h"

_Atomic long allocations;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const trials[])(entropy *) = {trial_conv, trial_conv, trial_conv, trial_excerpt, trial_winograd, trial_gemm,
                                           trial_others, trial_stream, trial_program, trial_hostile};
  entropy e = {data, size, 0};
  trials[draw(&e, sizeof trials / sizeof *trials)](&e);
  return 0;
}
