#include "conv/correlation.h"
#include "base/scratch.h"
#include "base/threads.h"
#include <string.h>

/* Weights in the order in which a tile reads them: one stream per block, whole vectors, zeros behind the last channel. */

ptrdiff_t ck_block_vectors(const ck_conv_kernels *kernels, ptrdiff_t channels) {
  ptrdiff_t vectors = (channels + kernels->lanes - 1) / kernels->lanes;
  if (vectors <= kernels->most_vectors) return vectors;
  if (kernels->most_vectors == 4) {
    /* All tiles are about as fast, so take the width that leaves the fullest last block; 4 and 3 before a lone 1. */
    if (vectors % 4 == 0 || vectors % 4 == 3) return 4;
    return vectors % 3 == 0 || vectors % 3 == 2 ? 3 : 4;
  }
  ptrdiff_t blocks = (vectors + kernels->most_vectors - 1) / kernels->most_vectors;
  return (vectors + blocks - 1) / blocks;
}

typedef struct {
  const ck_weights *w;
  float *to;
  ptrdiff_t width, first_block;
} packing;

typedef float four __attribute__((ext_vector_type(4), aligned(4), may_alias));

/* to[i · width + o] = scale · from[o · out_step + i · in_step], four by four where the inputs are neighbours. */
static void transpose(const float *from, ptrdiff_t out_step, ptrdiff_t in_step, ptrdiff_t inputs, ptrdiff_t outputs,
                      float scale, float *to, ptrdiff_t width) {
  ptrdiff_t whole_i = in_step == 1 ? inputs / 4 * 4 : 0, whole_o = outputs / 4 * 4;
  for (ptrdiff_t i = 0; i < whole_i; i += 4)
    for (ptrdiff_t o = 0; o < whole_o; o += 4) {
      four r[4];
      for (int n = 0; n < 4; n++) r[n] = *(const four *)(from + (o + n) * out_step + i) * scale;
      four a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
      four c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5), d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
      float *p = to + i * width + o;
      *(four *)p = __builtin_shufflevector(a, c, 0, 1, 4, 5);
      *(four *)(p + width) = __builtin_shufflevector(a, c, 2, 3, 6, 7);
      *(four *)(p + 2 * width) = __builtin_shufflevector(b, d, 0, 1, 4, 5);
      *(four *)(p + 3 * width) = __builtin_shufflevector(b, d, 2, 3, 6, 7);
    }
  for (ptrdiff_t i = 0; i < inputs; i++)
    for (ptrdiff_t o = i < whole_i ? whole_o : 0; o < outputs; o++)
      to[i * width + o] = from[o * out_step + i * in_step] * scale;
}

static void pack_tap(void *state, ptrdiff_t item) {
  const packing *self = state;
  const ck_weights *w = self->w;
  ptrdiff_t block = item / w->taps, tap = item % w->taps, width = self->width;
  ptrdiff_t first = (block + self->first_block) * width;
  ptrdiff_t columns = w->outputs - first < width ? w->outputs - first : width;
  const float *from = w->data + (w->flipped ? w->taps - 1 - tap : tap) * w->tap_step + first * w->out_step;
  float *to = self->to + (block * w->taps + tap) * w->inputs * width;
  if (w->out_step == 1) {
    for (ptrdiff_t i = 0; i < w->inputs; i++, from += w->in_step, to += width) {
      memcpy(to, from, (size_t)columns * sizeof *to);
      memset(to + columns, 0, (size_t)(width - columns) * sizeof *to);
      if (w->scale != 1) for (ptrdiff_t o = 0; o < columns; o++) to[o] *= w->scale;
    }
    return;
  }
  transpose(from, w->out_step, w->in_step, w->inputs, columns, w->scale, to, width);
  for (ptrdiff_t i = 0; i < w->inputs; i++) memset(to + i * width + columns, 0, (size_t)(width - columns) * sizeof *to);
}

static ck_packed pack_dots(const ck_weights *w) {
  ptrdiff_t rows = w->taps * w->inputs;
  bool ready;
  float *to = ck_packed_room((size_t)(rows * w->outputs) * sizeof *to, &ready);
  for (ptrdiff_t o = 0; to && !ready && o < w->outputs; o++)
    for (ptrdiff_t tap = 0; tap < w->taps; tap++)
      for (ptrdiff_t i = 0; i < w->inputs; i++)
        to[(o * w->taps + tap) * w->inputs + i] =
            w->data[(w->flipped ? w->taps - 1 - tap : tap) * w->tap_step + i * w->in_step + o * w->out_step] * w->scale;
  return (ck_packed){.blocks = to, .row_step = rows, .width = w->outputs, .count = 1, .dots = true};
}

/* Below this many output pixels, copying the weights costs more than reading them where they lie. */
enum { pixels_worth_packing = 64 };

ck_packed ck_pack_weights(const ck_context *context, const ck_conv_kernels *kernels, const ck_weights *w,
                          ptrdiff_t pixels) {
  /* A row of few outputs would leave most lanes of a vector empty. */
  if (w->outputs <= kernels->most_dots && w->outputs * 4 <= kernels->lanes) return pack_dots(w);
  ptrdiff_t vectors = ck_block_vectors(kernels, w->outputs), width = vectors * kernels->lanes;
  ptrdiff_t count = (w->outputs + width - 1) / width, rows = w->taps * w->inputs;
  ck_packed packed = {.width = width, .count = count, .block_step = rows * width, .row_step = width};
  packing self = {.w = w, .width = width};
  bool ready, in_place = !ck_planned() && pixels < pixels_worth_packing && w->out_step == 1 && !w->flipped &&
                         w->scale == 1 && w->tap_step == w->in_step * w->inputs;
  if (in_place) {
    packed.blocks = w->data;
    packed.block_step = width;
    packed.row_step = w->in_step;
    bool whole = w->outputs % kernels->lanes == 0;
    self.first_block = whole ? count : count - 1;
  }
  ptrdiff_t blocks = count - self.first_block;
  if (blocks == 0) return packed;
  self.to = ck_packed_room((size_t)(blocks * rows * width) * sizeof(float), &ready);
  if (self.to && !ready) ck_parallel_for(context, blocks * w->taps, pack_tap, &self);
  if (in_place && self.to) packed.last = self.to;
  else packed.blocks = self.to;
  return packed;
}
