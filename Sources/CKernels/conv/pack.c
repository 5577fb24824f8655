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
  ptrdiff_t width, first_block, blocks, lanes;
} packing;

typedef float four __attribute__((ext_vector_type(4), aligned(4), may_alias));

/* Four by four where the inputs are neighbours. */
void ck_transpose(const float *from, ptrdiff_t out_step, ptrdiff_t in_step, ptrdiff_t inputs, ptrdiff_t outputs,
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

/* Columns first ..< first + count of one tap's outputs, then zeros up to `width`; rows `row_step` apart. */
static void pack_columns(const ck_weights *w, const float *tap, ptrdiff_t first, ptrdiff_t count, float *to,
                         ptrdiff_t width, ptrdiff_t row_step) {
  const float *from = tap + first * w->out_step;
  if (w->out_step != 1) ck_transpose(from, w->out_step, w->in_step, w->inputs, count, w->scale, to, row_step);
  for (ptrdiff_t i = 0; i < w->inputs; i++, from += w->in_step, to += row_step) {
    if (w->out_step == 1) {
      memcpy(to, from, (size_t)count * sizeof *to);
      if (w->scale != 1) for (ptrdiff_t o = 0; o < count; o++) to[o] *= w->scale;
    }
    memset(to + count, 0, (size_t)(width - count) * sizeof *to);
  }
}

static const float *tap_of(const ck_weights *w, ptrdiff_t group, ptrdiff_t tap) {
  return w->data + group * w->group_step + (w->flipped ? w->taps - 1 - tap : tap) * w->tap_step;
}

static void pack_tap(void *state, ptrdiff_t item) {
  const packing *self = state;
  const ck_weights *w = self->w;
  ptrdiff_t tap = item % w->taps, block = item / w->taps % self->blocks, group = item / w->taps / self->blocks;
  ptrdiff_t width = self->width, filters = w->gated ? width / 2 : width;
  ptrdiff_t outputs = w->gated ? w->outputs / 2 : w->outputs;
  ptrdiff_t first = (block + self->first_block) * filters;
  ptrdiff_t columns = outputs - first < filters ? outputs - first : filters;
  const float *from = tap_of(w, group, tap);
  float *to = self->to + ((group * self->blocks + block) * w->taps + tap) * w->inputs * width;
  if (w->gated) {
    /* The gates begin with the next vector. */
    ptrdiff_t whole = (columns + self->lanes - 1) / self->lanes * self->lanes;
    pack_columns(w, from, first, columns, to, whole, width);
    pack_columns(w, from, outputs + first, columns, to + whole, width - whole, width);
  } else {
    pack_columns(w, from, first, columns, to, width, width);
  }
}

/* The first pixel's outputs see taps 0 … of every line, the second's taps 1 …. */
static void pack_pairs(const ck_weights *w, float *to, ptrdiff_t width) {
  ptrdiff_t per_line = w->paired_taps, lines = w->taps / per_line, tap_size = w->inputs * width;
  memset(to, 0, (size_t)(lines * (per_line + 1) * tap_size) * sizeof *to);
  for (ptrdiff_t line = 0; line < lines; line++)
    for (ptrdiff_t k = 0; k < per_line; k++) {
      const float *from = tap_of(w, 0, line * per_line + k);
      float *first = to + (line * (per_line + 1) + k) * tap_size, *second = first + tap_size + w->outputs;
      for (ptrdiff_t i = 0; i < w->inputs; i++)
        for (ptrdiff_t o = 0; o < w->outputs; o++)
          first[i * width + o] = second[i * width + o] = w->scale * from[i * w->in_step + o * w->out_step];
    }
}

static ck_packed pack_dots(const ck_weights *w) {
  ptrdiff_t rows = w->taps * w->inputs;
  bool ready;
  float *to = ck_packed_room((size_t)(w->groups * rows * w->outputs) * sizeof *to, &ready), *next = to;
  for (ptrdiff_t g = 0; to && !ready && g < w->groups; g++)
    for (ptrdiff_t o = 0; o < w->outputs; o++)
      for (ptrdiff_t tap = 0; tap < w->taps; tap++)
        for (ptrdiff_t i = 0; i < w->inputs; i++)
          *next++ = tap_of(w, g, tap)[i * w->in_step + o * w->out_step] * w->scale;
  return (ck_packed){.blocks = to, .group_step = rows * w->outputs, .row_step = rows, .width = w->outputs, .count = 1,
                     .dots = true};
}

/* A row of few outputs would leave most lanes of a vector empty. Of more, the sums along the inputs and their folding
   must be less than one multiply-add for every row. */
static bool worth_dots(const ck_conv_kernels *kernels, const ck_weights *w) {
  enum { folding = 3 }; /* steps */
  if (w->outputs > kernels->most_dots || w->gated) return false;
  const ptrdiff_t steps = w->taps * ((w->inputs + kernels->lanes - 1) / kernels->lanes);
  return w->outputs * 4 <= kernels->lanes || w->outputs * (steps + folding) * 5 <= w->taps * w->inputs * 4;
}

/* Below this many output pixels, copying the weights costs more than reading them where they lie. */
enum { pixels_worth_packing = 100 };
/* A weight copied takes as long as so many multiply-adds. */
enum { copying = 32 };

static ptrdiff_t width_of(const ck_conv_kernels *kernels, const ck_weights *w) {
  ptrdiff_t lanes = kernels->lanes;
  if (w->paired_taps > 0) return (2 * w->outputs + lanes - 1) / lanes * lanes;
  if (!w->gated) return ck_block_vectors(kernels, w->outputs) * lanes;
  /* As many filters as gates: half of the widest block, or a vector of each. */
  ptrdiff_t vectors = (w->outputs / 2 + lanes - 1) / lanes, most = kernels->most_vectors / 2;
  return 2 * lanes * (vectors < most ? vectors : most);
}

ck_packed ck_pack_weights(const ck_context *context, const ck_conv_kernels *kernels, const ck_weights *w,
                          ptrdiff_t pixels) {
  if (worth_dots(kernels, w)) return pack_dots(w);
  ptrdiff_t width = width_of(kernels, w), filters = w->gated ? width / 2 : width;
  ptrdiff_t count = w->paired_taps ? 1 : ((w->gated ? w->outputs / 2 : w->outputs) + filters - 1) / filters;
  ptrdiff_t rows = (w->paired_taps ? w->taps / w->paired_taps * (w->paired_taps + 1) : w->taps) * w->inputs;
  ck_packed packed = {.width = width, .count = count, .group_step = count * rows * width, .block_step = rows * width,
                      .row_step = width, .gated = w->gated, .paired_taps = w->paired_taps};
  if (w->paired_taps) {
    bool ready;
    float *to = ck_packed_room((size_t)(rows * width) * sizeof *to, &ready);
    if (to && !ready) pack_pairs(w, to, width);
    packed.blocks = to;
    return packed;
  }
  packing self = {.w = w, .width = width, .lanes = kernels->lanes};
  bool ready, in_place = !ck_planned() && pixels < pixels_worth_packing && w->out_step == 1 && !w->flipped &&
                         w->scale == 1 && !w->gated && w->groups == 1 && w->tap_step == w->in_step * w->inputs;
  if (in_place) {
    packed.blocks = w->data;
    packed.block_step = width;
    packed.row_step = w->in_step;
    bool whole = w->outputs % kernels->lanes == 0;
    self.first_block = whole ? count : count - 1;
  }
  self.blocks = count - self.first_block;
  if (self.blocks == 0) return packed;
  self.to = ck_packed_room((size_t)(w->groups * self.blocks * rows * width) * sizeof(float), &ready);
  if (!self.to) packed.blocks = NULL;
  else if (!ready)
    ck_parallel_for(ck_worth_threads(context, (double)copying * (double)rows * (double)(w->groups * w->outputs)),
                    w->groups * self.blocks * w->taps, pack_tap, &self);
  if (in_place) packed.last = self.to;
  else packed.blocks = self.to;
  return packed;
}
