#include "winograd/winograd.h"
#include "base/scratch.h"
#include "base/threads.h"
#include "winograd/tables.h"

/* Pieces on the threads: inputs → V, then block by block of output channels V · U → P → sums → epilogue. */

enum { fewest_items = 16 }; /* what a loop should offer its threads */

typedef struct {
  const ck_conv_kernels *kernels;
  const ck_packed *packed;
  ck_winograd_cut cut;
  ck_block block;  /* what all blocks have in common */
  ptrdiff_t rows;  /* of one value of a block's weights */
  float *weights;  /* block after block, value after value: rows of packed->width */
  bool immoderate; /* some sums are */
} winograd;

static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }
static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

static float *block_weights(const winograd *self, ptrdiff_t b) {
  return self->weights + b * ck_winograd_values * self->rows * self->packed->width;
}

/* One line and group of taps of a block. */
static void pack_group(void *state, ptrdiff_t item) {
  winograd *self = state;
  const ck_winograd_form *form = self->cut.form;
  const ck_packed *w = self->packed;
  const ptrdiff_t group = item % form->groups, line = item / form->groups % form->lines;
  const ptrdiff_t b = item / form->groups / form->lines, channels = self->cut.channels;
  const bool apart = w->last && b == w->count - 1;
  const float *from = apart ? w->last : w->blocks + b * w->block_step;
  const ptrdiff_t row_step = apart ? w->width : w->row_step, step = self->rows * w->width;
  const ck_tap *taps = self->cut.c->taps + line * form->line_taps;
  float *to = block_weights(self, b) + (line * form->groups + group) * channels * w->width;
  for (ptrdiff_t i = 0; i < channels; i++) {
    const float *rows[ck_most_group];
    for (int k = 0; k < form->group; k++) {
      const ptrdiff_t tap = ck_winograd_tap(form, group, k);
      rows[k] = tap < form->line_taps ? from + (taps[tap].row + i) * row_step : NULL;
    }
    self->kernels->spread_weights(form->group, rows, w->width, to + i * w->width, step);
  }
}

static ck_block block_of(const winograd *self, ptrdiff_t b) {
  const ck_packed *w = self->packed;
  const ptrdiff_t columns = w->gated ? w->width / 2 : w->width, lanes = self->kernels->lanes;
  ck_block block = self->block;
  block.first = b * columns;
  block.channels = least(self->cut.c->destination.channels - block.first, columns);
  block.vectors = divide_up(block.channels, lanes) * (w->gated ? 2 : 1);
  return block;
}

/* P of all values of a block: value v, line l, tile t at ((v · lines + l) · count + t) rows of `columns`. */
static void multiply(const winograd *self, const ck_winograd_piece *p, const float *values, ptrdiff_t b,
                     ptrdiff_t columns, float *products, float *parts) {
  const ck_winograd_form *form = self->cut.form;
  const ptrdiff_t lines = p->y1 - p->y0, tile_floats = self->cut.tile_floats, line_floats = p->count * tile_floats;
  ck_run runs[ck_most_winograd_tiles];
  ck_segment segments[ck_most_winograd_tiles * ck_most_winograd_lines];
  ck_block plain = {.w_step = self->packed->width, .channels = columns, .vectors = columns / self->kernels->lanes,
                    .plain = true};
  /* Lines that see one line each follow one another. */
  const bool joined = form->lines == 1 && self->cut.step == 1;
  const ptrdiff_t run_count = joined ? 1 : lines, count = joined ? lines * p->count : p->count;
  for (int v = 0; v < ck_winograd_values; v++) {
    plain.w = block_weights(self, b) + v * self->rows * self->packed->width;
    for (ptrdiff_t l = 0; l < run_count; l++) {
      ck_segment *line = segments + l * form->lines;
      for (ptrdiff_t k = 0; k < form->lines; k++) {
        const ptrdiff_t from = l * self->cut.step + self->cut.c->taps[k * form->line_taps].dy - self->cut.first_dy;
        line[k] = (ck_segment){.x = values + (v * p->seen + from) * line_floats, .step = tile_floats,
                               .channels = tile_floats, .row = k * tile_floats};
      }
      runs[l] = (ck_run){.count = count, .segment_count = form->lines, .segments = line,
                         .y = products + (v * lines + l) * p->count * columns, .y_step = columns};
    }
    self->kernels->multiply(runs, run_count, &plain, parts);
  }
}

static void compute_piece(void *state, ptrdiff_t item) {
  winograd *self = state;
  const ck_winograd_form *form = self->cut.form;
  const ck_winograd_piece p = ck_winograd_piece_of(&self->cut, item);
  const ptrdiff_t tiles = (p.y1 - p.y0) * p.count, width = self->packed->width;
  const ptrdiff_t zero_count = (self->cut.channels + 15) / 16 * 16;
  const ptrdiff_t seen_floats = ck_winograd_values * p.seen * p.count * self->cut.tile_floats;
  float *zeros = ck_scratch(0, (size_t)(zero_count + seen_floats) * sizeof *zeros);
  float *products = ck_scratch(2, (size_t)((ck_winograd_values * tiles + form->tile * p.count) * width) * sizeof *products);
  float *parts = ck_scratch(3, (size_t)(tiles * width) * sizeof *parts);
  if (!zeros || !products || !parts || p.count == 0) return;
  float *values = zeros + zero_count, *sums = products + ck_winograd_values * tiles * width;
  for (ptrdiff_t i = 0; i < zero_count; i++) zeros[i] = 0;
  ck_winograd_spread(self->kernels, &self->cut, &p, zeros, values);
  for (ptrdiff_t b = 0; b < self->packed->count; b++) {
    const ck_block block = block_of(self, b);
    const ptrdiff_t columns = block.vectors * self->kernels->lanes;
    multiply(self, &p, values, b, columns, products, parts);
    for (ptrdiff_t y = p.y0; y < p.y1; y++) {
      const ck_run run = ck_winograd_run(&self->cut, &p, y);
      const float *line = products + (y - p.y0) * p.count * columns;
      if (!self->kernels->gather(form->tile, line, tiles * columns, p.count, columns, sums)) {
        __atomic_store_n(&self->immoderate, true, __ATOMIC_RELAXED);
        return;
      }
      self->kernels->finish(sums, columns, &run, 0, p.pixels, &block);
    }
  }
}

bool ck_winograd_correlate(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                           const ck_winograd_form *form, const ck_packed *packed, const ck_epilogue *epilogue) {
  if (!packed->blocks || packed->dots || packed->paired_taps) return false;
  const ptrdiff_t of_tile = ck_winograd_values * form->groups * ck_channels_of(c) * (ptrdiff_t)sizeof(float);
  winograd self = {.kernels = kernels, .packed = packed,
                   .cut = ck_winograd_cut_of(c, form, of_tile, ck_most_winograd_tiles, fewest_items)};
  self.rows = form->lines * self.cut.tile_floats;
  if (epilogue) {
    self.block.epilogue = *epilogue;
    self.block.gate = epilogue->activation == ck_activation_gated ? c->destination.channels : 0;
  }
  self.weights = ck_scratch(6, (size_t)(packed->count * ck_winograd_values * self.rows * packed->width) * sizeof(float));
  if (!self.weights) return true;
  ck_parallel_for(context, packed->count * form->lines * form->groups, pack_group, &self);
  ck_parallel_for(context, self.cut.items, compute_piece, &self);
  return !self.immoderate;
}
