#include "winograd/winograd.h"
#include "base/scratch.h"
#include "base/threads.h"
#include "winograd/tables.h"

/* dU = Σ over tiles of V · (Aᵀ dy), for every value of a tile; dw = Gᵀ dU.

   Pieces are divided into parts, and the values of a tile among items where the sums of all are large. Every part has
   its own sums; they are added in order. */

enum {
  fewest_items = 16,
  tiles_ahead = 4, /* whose output gradients are fetched */
  sums_floats = 1 << 21, /* of all values of one part: beyond this, an item takes one value */
  all_sums_floats = 1 << 22,
  least_part_tiles = 64, /* for which sums of their own are worth it */
  rows_together = 16,
};

typedef struct {
  const ck_conv_kernels *kernels;
  ck_winograd_cut cut;
  bool apart; /* an item takes one value */
  ptrdiff_t parts, width, rows; /* width: outputs in whole vectors; rows: of one value */
  float *sums;                  /* part after part, value after value */
  float *gradient;
  ptrdiff_t row_step;
  bool immoderate; /* some sums are */
} weighing;

static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }
static ptrdiff_t clamp(ptrdiff_t a, ptrdiff_t low, ptrdiff_t high) { return a < low ? low : a > high ? high : a; }

/* Aᵀ of a piece's output gradients: value v, line l, tile t at ((v · lines + l) · count + t) · width. */
static void turn_piece(const weighing *self, const ck_winograd_piece *p, int value, const float *zeros, float *to) {
  const ck_winograd_form *form = self->cut.form;
  const ptrdiff_t outputs = self->cut.c->destination.channels, step = (p->y1 - p->y0) * p->count * self->width;
  for (ptrdiff_t y = p->y0; y < p->y1; y++) {
    const ck_run run = ck_winograd_run(&self->cut, p, y);
    const ptrdiff_t tile_bytes = form->tile * run.y_step * (ptrdiff_t)sizeof(float);
    for (ptrdiff_t t = 0; t < p->count; t++, to += self->width) {
      const float *rows[ck_most_tile];
      for (ptrdiff_t k = 0, pixel = form->tile * t; k < form->tile; k++, pixel++)
        rows[k] = pixel < p->pixels ? run.y + pixel * run.y_step : zeros;
      self->kernels->spread_gradients(form->tile, value, rows, outputs, tiles_ahead * tile_bytes, to, step);
    }
  }
}

/* Adds a piece to the sums of values first ..< first + count, or writes them. */
static void add_piece(weighing *self, ptrdiff_t item, int first, int count, bool add, float *sums) {
  const ck_winograd_cut *cut = &self->cut;
  const ck_winograd_form *form = cut->form;
  const ck_winograd_piece p = ck_winograd_piece_of(cut, item);
  const ptrdiff_t lines = p.y1 - p.y0, line_floats = p.count * cut->tile_floats, line_gradients = p.count * self->width;
  const ptrdiff_t zero_count = (cut->channels > self->width ? cut->channels : self->width) / 16 * 16 + 16;
  float *zeros = ck_scratch(0, (size_t)(zero_count + count * p.seen * line_floats) * sizeof *zeros);
  float *turned = ck_scratch(2, (size_t)(count * lines * line_gradients) * sizeof *turned);
  ck_strip *strips = ck_scratch(3, (size_t)lines * sizeof *strips);
  if (!zeros || !turned || !strips) return;
  float *values = zeros + zero_count;
  for (ptrdiff_t i = 0; i < zero_count; i++) zeros[i] = 0;
  const int value = self->apart ? first : -1;
  ck_winograd_spread(self->kernels, cut, &p, value, zeros, values);
  turn_piece(self, &p, value, zeros, turned);
  ck_ahead ahead = {.next = (const char *)zeros, .end = (const char *)zeros};
  for (int v = 0; v < count; v++)
    for (ptrdiff_t k = 0; k < form->lines; k++) {
      const ptrdiff_t from = cut->c->taps[k * form->line_taps].dy - cut->first_dy;
      for (ptrdiff_t l = 0; l < lines; l++)
        strips[l] = (ck_strip){.b = values + (v * p.seen + from + l * cut->step) * line_floats, .b_step = cut->tile_floats,
                               .v = turned + (v * lines + l) * line_gradients, .v_step = self->width, .count = p.count};
      const ck_outer o = {.strips = strips, .strip_count = lines, .rows = cut->tile_floats, .columns = self->width,
                          .whole = true, .add = add, .to = sums + (v * self->rows + k * cut->tile_floats) * self->width,
                          .to_step = self->width, .ahead = &ahead};
      self->kernels->outer(&o);
    }
}

static void add_part(void *state, ptrdiff_t item) {
  weighing *self = state;
  const int values = ck_winograd_values, count = self->apart ? 1 : values;
  const int first = self->apart ? (int)(item % values) : 0;
  const ptrdiff_t part = self->apart ? item / values : item;
  const ptrdiff_t begin = self->cut.items * part / self->parts, end = self->cut.items * (part + 1) / self->parts;
  float *sums = self->sums + (part * values + first) * self->rows * self->width;
  for (ptrdiff_t i = begin; i < end; i++) add_piece(self, i, first, count, i > begin, sums);
}

/* Rows of one line and group of taps: Gᵀ. */
static void collect_rows(void *state, ptrdiff_t item) {
  weighing *self = state;
  const ck_winograd_form *form = self->cut.form;
  const ptrdiff_t channels = self->cut.channels, pieces = divide_up(channels, rows_together);
  const ptrdiff_t group = item / pieces % form->groups, line = item / pieces / form->groups;
  const ptrdiff_t begin = item % pieces * rows_together, end = clamp(begin + rows_together, 0, channels);
  const ptrdiff_t step = self->rows * self->width;
  const ck_tap *taps = self->cut.c->taps + line * form->line_taps;
  for (ptrdiff_t i = begin; i < end; i++) {
    float *to[ck_most_group];
    for (int k = 0; k < form->group; k++) {
      const ptrdiff_t tap = ck_winograd_tap(form, group, k);
      to[k] = tap < form->line_taps ? self->gradient + (taps[tap].row + i) * self->row_step : NULL;
    }
    const float *from = self->sums + ((line * form->groups + group) * channels + i) * self->width;
    if (!self->kernels->collect(form->group, from, step, self->parts, ck_winograd_values * step,
                                self->cut.c->destination.channels, to))
      __atomic_store_n(&self->immoderate, true, __ATOMIC_RELAXED);
  }
}

bool ck_winograd_weights(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                         const ck_winograd_form *form, float *gradient, ptrdiff_t row_step) {
  const ck_mutable_image *to = &c->destination;
  weighing self = {.kernels = kernels, .gradient = gradient, .row_step = row_step};
  self.width = divide_up(to->channels, kernels->lanes) * kernels->lanes;
  const ptrdiff_t floats = ck_winograd_values * form->lines * form->groups * ck_channels_of(c) * self.width;
  self.apart = floats > sums_floats;
  const ptrdiff_t values = self.apart ? 1 : ck_winograd_values, tiles = c->batch * c->out_height * c->out_width / form->tile;
  const ptrdiff_t most_parts = clamp(tiles / least_part_tiles, 1, clamp(all_sums_floats / floats, 1, fewest_items));
  self.parts = clamp(fewest_items * values / ck_winograd_values, 1, most_parts);
  self.cut = ck_winograd_cut_of(c, form, values, self.parts);
  self.rows = form->lines * self.cut.tile_floats;
  self.parts = clamp(self.parts, 1, self.cut.items);
  self.sums = ck_scratch(1, (size_t)(self.parts * floats) * sizeof(float));
  if (!self.sums) return true;
  ck_parallel_for(context, self.parts * (self.apart ? ck_winograd_values : 1), add_part, &self);
  ck_parallel_for(context, form->lines * form->groups * divide_up(self.cut.channels, rows_together), collect_rows, &self);
  return !self.immoderate;
}
