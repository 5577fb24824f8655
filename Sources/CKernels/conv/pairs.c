#include "conv/correlation.h"

/* When two neighbouring pixels are worth computing as one. */

/* Longer sums are cut, and left unpaired. */
enum { longest_chain = 1024 };

ptrdiff_t ck_pairable(const ck_conv_kernels *kernels, const ck_correlation *c) {
  ptrdiff_t lanes = kernels->lanes, one = c->destination.channels, two = 2 * one, per_line = 0, lines = 0;
  if (one > ck_most_paired_channels || two > kernels->most_vectors * lanes || one % lanes == 0 || c->groups > 1 ||
      c->depthwise || c->step_x != 1 || c->tap_count == 0 || c->tap_count * ck_channels_of(c) > longest_chain)
    return 0;
  for (ptrdiff_t k = 0, end; k < c->tap_count; k = end, lines++) {
    for (end = k + 1; end < c->tap_count && c->taps[end].dy == c->taps[k].dy; end++)
      if (c->taps[end].dx != c->taps[end - 1].dx + 1) return 0;
    if (lines > 0 && end - k != per_line) return 0;
    per_line = end - k;
  }
  if (lines * (per_line + 1) > ck_most_paired_taps) return 0;
  /* Multiplications by padding, as parts of all: those of two pixels apart against those of the pair. */
  double apart = (double)one / (double)((one + lanes - 1) / lanes * lanes);
  double together = (double)two / (double)((two + lanes - 1) / lanes * lanes);
  together *= (double)per_line / (double)(per_line + 1);
  return together > 1.1 * apart ? per_line : 0;
}

/* Two pixels must be neighbours in memory, as a row of vectors that one block takes. */
ptrdiff_t ck_pairs(const ck_conv_kernels *kernels, const ck_correlation *c, const ck_epilogue *epilogue) {
  const ptrdiff_t one = c->destination.channels;
  if (c->out_width % 2 != 0 || c->out_width < 8 || c->destination.pixel_stride != one) return 0;
  if (epilogue && (epilogue->activation == ck_activation_gated ||
                   (epilogue->residual.data && epilogue->residual.pixel_stride != one)))
    return 0;
  return ck_pairable(kernels, c);
}

ck_correlation ck_paired(const ck_correlation *c, ptrdiff_t per_line, ck_tap *taps) {
  ck_correlation pair = *c;
  ptrdiff_t rows = c->tap_count > 1 ? c->taps[1].row - c->taps[0].row : 0, used = 0;
  for (ptrdiff_t k = 0; k < c->tap_count; k += per_line)
    for (ptrdiff_t n = 0; n <= per_line; n++, used++)
      taps[used] = (ck_tap){.dy = c->taps[k].dy, .dx = c->taps[k].dx + n, .row = used * rows,
                            .part = n == 0 ? ck_first : n == per_line ? ck_second : ck_both};
  pair.taps = taps;
  pair.tap_count = used;
  pair.step_x = 2;
  pair.out_width /= 2;
  pair.destination.channels *= 2;
  pair.destination.pixel_stride *= 2;
  pair.dense.pixel *= 2;
  pair.residual.channels *= 2;
  pair.residual.pixel_stride *= 2;
  return pair;
}
