#include "split/split.h"

/* Which shapes tiles are faster on than the float32 kernels. The measurements are a prototype's on a core
   with AMX (see the biography in kernels_body.h); "whole" is how many times its size a product is in whole
   tiles. */

enum {
  /* 1 → 24, kernel 15, has 15 rows of weights: 29 GF/s in three products, 150 in float32. */
  least_rows = 24,
  least_outputs = 12,
  /* Weights that few pixels use are not worth splitting: not measured. */
  least_pixels = 64,
  /* A stretch of touching taps reads unaligned: 1.28× and 1.41× on 72 and 24 channels, where it saves a
     quarter of the steps, 0.94× on 216, where it saves one in 35. */
  flat_percent = 92,
  /* Weight gradients: 24 → 48 in six products 0.82× float32, in three 1.75×; 64 → 128 and beyond 1.23×
     to 1.96×. */
  least_inputs_of_six = 32,
  least_inputs = 16,
  least_gradient_outputs = 24,
  /* Each box fills tiles of 32 pixels and adds 4 KiB to the sums for each tap: not measured. */
  least_gradient_pixels = 256,
};

/* 25 → 25, whole 1.64: three products 1.58× float32, so six would lose; 72 → 24, whole 1.33: three 1.88×, so
   six may gain a little. One product has nothing to lose but bandwidth. */
static double most_whole(int products) { return products == 6 ? 1.5 : products == 3 ? 2.5 : 3; }

static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

ptrdiff_t ck_split_channels(const ck_correlation *c) {
  ptrdiff_t channels = 0;
  for (ptrdiff_t v = 0; v < c->source_count; v++) channels += c->sources[v].channels;
  return channels;
}

/* Thirty-two-deep steps of all phases: with taps that touch as one stretch (`flat`), or tap by tap. */
static ptrdiff_t steps_of(const ck_correlation *phases, ptrdiff_t count, bool flat) {
  const ptrdiff_t channels = ck_split_channels(phases);
  ptrdiff_t steps = 0;
  for (ptrdiff_t p = 0; p < count; p++) {
    const ck_tap *taps = phases[p].taps;
    for (ptrdiff_t t = 0, end; t < phases[p].tap_count; t = end) {
      end = t + 1;
      while (flat && end < phases[p].tap_count && taps[end].dy == taps[t].dy &&
             taps[end].dx == taps[t].dx + end - t)
        end++;
      steps += divide_up((end - t) * channels, 32);
    }
  }
  return steps;
}

bool ck_split_is_worth(const ck_correlation *phases, ptrdiff_t count, int products, bool *flat) {
  const ptrdiff_t outputs = phases->destination.channels;
  const ptrdiff_t stretched = steps_of(phases, count, true), apart = steps_of(phases, count, false);
  ptrdiff_t rows = 0, pixels = 0;
  for (ptrdiff_t p = 0; p < count; p++) {
    rows += phases[p].tap_count * ck_split_channels(phases);
    pixels += phases[p].batch * phases[p].out_height * phases[p].out_width;
  }
  if (rows < least_rows * count || outputs < least_outputs || pixels < least_pixels) return false;
  *flat = stretched * 100 <= apart * flat_percent;
  const double deep = 32.0 * (double)(*flat ? stretched : apart) / (double)rows;
  const double wide = 16.0 * (double)divide_up(outputs, 16) / (double)outputs;
  return deep * wide <= most_whole(products);
}

bool ck_split_gradient_is_worth(const ck_correlation *c, int products) {
  return ck_split_channels(c) >= (products == 6 ? least_inputs_of_six : least_inputs) &&
         c->destination.channels >= least_gradient_outputs &&
         c->batch * c->out_height * c->out_width >= least_gradient_pixels;
}
