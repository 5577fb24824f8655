#include "winograd/winograd.h"
#include "base/scratch.h"
#include "base/threads.h"
#include "winograd/tables.h"

/* dU = Σ over tiles of V · (Aᵀ dy), for every value of a tile; dw = Gᵀ dU.

   Where sums are small, pieces are divided into parts that have sums of their own, and those are added in order. Large
   sums would go through memory for every piece: there, pieces of a round are laid out for all threads first, and then
   every item adds all of them to a few rows of one value. */

enum {
  tiles_ahead = 4, /* whose output gradients are fetched */
  most_tiles = 384,
  most_parts = 16,
  least_part_tiles = 64,       /* for which sums of their own are worth it */
  own_sums_floats = 120 << 10, /* of all values of one part; with more, rounds */
  round_bytes = 16 << 20,
  rows_together = 128, /* of one value in a round */
  rows_collected = 16,
};

/* A piece whose V and Aᵀ dy lie somewhere. */
typedef struct {
  ck_winograd_piece p;
  const float *values, *turned;
} laid_piece;

typedef struct {
  const ck_conv_kernels *kernels;
  ck_winograd_cut cut;
  ptrdiff_t parts, width, rows; /* width: outputs in whole vectors; rows: of one value */
  float *sums;                  /* part after part, value after value */
  float *gradient;
  ptrdiff_t row_step;
  bool immoderate; /* some sums are */
  struct {
    ptrdiff_t first, count;
    laid_piece *pieces;
  } round;
} weighing;

static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }
static ptrdiff_t clamp(ptrdiff_t a, ptrdiff_t low, ptrdiff_t high) { return a < low ? low : a > high ? high : a; }

/* ---- Pieces → V, Aᵀ dy ---------------------------------------------------------------------------------- */

static ptrdiff_t floats_of_values(const weighing *self, const ck_winograd_piece *p) {
  return ck_winograd_values * p->seen * p->count * self->cut.tile_floats;
}
static ptrdiff_t floats_of_turned(const weighing *self, const ck_winograd_piece *p) {
  return ck_winograd_values * (p->y1 - p->y0) * p->count * self->width;
}

/* Value v, line l, tile t of the output gradients at ((v · lines + l) · count + t) · width. */
static void turn_piece(const weighing *self, const ck_winograd_piece *p, const float *zeros, float *to) {
  const ck_winograd_form *form = self->cut.form;
  const ptrdiff_t outputs = self->cut.c->destination.channels, step = (p->y1 - p->y0) * p->count * self->width;
  for (ptrdiff_t y = p->y0; y < p->y1; y++) {
    const ck_run run = ck_winograd_run(&self->cut, p, y);
    const ptrdiff_t tile_bytes = form->tile * run.y_step * (ptrdiff_t)sizeof(float);
    for (ptrdiff_t t = 0; t < p->count; t++, to += self->width) {
      const float *rows[ck_most_tile];
      for (ptrdiff_t k = 0, pixel = form->tile * t; k < form->tile; k++, pixel++)
        rows[k] = pixel < p->pixels ? run.y + pixel * run.y_step : zeros;
      self->kernels->spread_gradients(form->tile, rows, outputs, tiles_ahead * tile_bytes, to, step);
    }
  }
}

static void lay_piece(const weighing *self, const ck_winograd_piece *p, float *values, float *turned) {
  const ptrdiff_t channels = self->cut.channels, most = channels > self->width ? channels : self->width;
  const ptrdiff_t zero_count = most / 16 * 16 + 16;
  float *zeros = ck_scratch(0, (size_t)zero_count * sizeof *zeros);
  if (!zeros) return;
  for (ptrdiff_t i = 0; i < zero_count; i++) zeros[i] = 0;
  ck_winograd_spread(self->kernels, &self->cut, p, zeros, values);
  turn_piece(self, p, zeros, turned);
}

/* Adds pieces to the sums of value v, or writes them: `rows` rows from `row` on of line k of taps. */
static void add_pieces(const weighing *self, const laid_piece *pieces, ptrdiff_t count, int v, ptrdiff_t k, ptrdiff_t row,
                       ptrdiff_t rows, bool add, float *sums) {
  const ck_winograd_cut *cut = &self->cut;
  const ptrdiff_t from = cut->c->taps[k * cut->form->line_taps].dy - cut->first_dy;
  ptrdiff_t lines = 0;
  for (ptrdiff_t i = 0; i < count; i++) lines += pieces[i].p.y1 - pieces[i].p.y0;
  ck_strip *strips = ck_scratch(3, (size_t)lines * sizeof *strips), *strip = strips;
  if (!strips) return;
  for (ptrdiff_t i = 0; i < count; i++) {
    const ck_winograd_piece *p = &pieces[i].p;
    const ptrdiff_t tile_floats = cut->tile_floats, piece_lines = p->y1 - p->y0;
    for (ptrdiff_t l = 0; l < piece_lines; l++)
      *strip++ = (ck_strip){.b = pieces[i].values + (v * p->seen + from + l * cut->step) * p->count * tile_floats + row,
                            .b_step = tile_floats, .v = pieces[i].turned + (v * piece_lines + l) * p->count * self->width,
                            .v_step = self->width, .count = p->count};
  }
  ck_ahead ahead = {.next = (const char *)strips, .end = (const char *)strips};
  const ck_outer o = {.strips = strips, .strip_count = lines, .rows = rows, .columns = self->width, .whole = true,
                      .add = add, .to = sums + (v * self->rows + k * cut->tile_floats + row) * self->width,
                      .to_step = self->width, .ahead = &ahead};
  self->kernels->outer(&o);
}

/* ---- Small sums: parts --------------------------------------------------------------------------------- */

static void add_part(void *state, ptrdiff_t part) {
  const weighing *self = state;
  const ptrdiff_t begin = self->cut.items * part / self->parts, end = self->cut.items * (part + 1) / self->parts;
  float *sums = self->sums + part * ck_winograd_values * self->rows * self->width;
  for (ptrdiff_t item = begin; item < end; item++) {
    const ck_winograd_piece p = ck_winograd_piece_of(&self->cut, item);
    float *values = ck_scratch(2, (size_t)(floats_of_values(self, &p) + floats_of_turned(self, &p)) * sizeof *values);
    if (!values) return;
    const laid_piece piece = {p, values, values + floats_of_values(self, &p)};
    lay_piece(self, &p, values, values + floats_of_values(self, &p));
    for (int v = 0; v < ck_winograd_values; v++)
      for (ptrdiff_t k = 0; k < self->cut.form->lines; k++)
        add_pieces(self, &piece, 1, v, k, 0, self->cut.tile_floats, item > begin, sums);
  }
}

/* ---- Large sums: rounds -------------------------------------------------------------------------------- */

static void lay_item(void *state, ptrdiff_t item) {
  const weighing *self = state;
  const laid_piece *piece = &self->round.pieces[item];
  lay_piece(self, &piece->p, (float *)piece->values, (float *)piece->turned);
}

static ptrdiff_t row_blocks(const weighing *self) { return divide_up(self->cut.tile_floats, rows_together); }

static void add_rows(void *state, ptrdiff_t item) {
  const weighing *self = state;
  const ptrdiff_t blocks = row_blocks(self), block = item % blocks, k = item / blocks % self->cut.form->lines;
  const ptrdiff_t begin = self->cut.tile_floats * block / blocks, end = self->cut.tile_floats * (block + 1) / blocks;
  const int v = (int)(item / blocks / self->cut.form->lines);
  add_pieces(self, self->round.pieces, self->round.count, v, k, begin, end - begin, self->round.first > 0, self->sums);
}

/* As many pieces as the memory takes, until all are added. */
static void add_rounds(const ck_context *context, weighing *self, ptrdiff_t of_piece) {
  const ptrdiff_t most = clamp(round_bytes / of_piece, 1, self->cut.items);
  const size_t head = ((size_t)most * sizeof(laid_piece) + 63) / 64 * 64;
  self->round.pieces = ck_scratch(6, head + (size_t)(most * of_piece));
  if (!self->round.pieces) return;
  for (; self->round.first < self->cut.items; self->round.first += most) {
    float *memory = (float *)((char *)self->round.pieces + head);
    self->round.count = clamp(self->cut.items - self->round.first, 1, most);
    for (ptrdiff_t i = 0; i < self->round.count; i++, memory += of_piece / (ptrdiff_t)sizeof *memory) {
      const ck_winograd_piece p = ck_winograd_piece_of(&self->cut, self->round.first + i);
      self->round.pieces[i] = (laid_piece){p, memory, memory + floats_of_values(self, &p)};
    }
    ck_parallel_for(context, self->round.count, lay_item, self);
    ck_parallel_for(context, ck_winograd_values * self->cut.form->lines * row_blocks(self), add_rows, self);
  }
}

/* ---- Sums → gradient ----------------------------------------------------------------------------------- */

/* Rows of one line and group of taps: Gᵀ. */
static void collect_rows(void *state, ptrdiff_t item) {
  weighing *self = state;
  const ck_winograd_form *form = self->cut.form;
  const ptrdiff_t channels = self->cut.channels, pieces = divide_up(channels, rows_collected);
  const ptrdiff_t group = item / pieces % form->groups, line = item / pieces / form->groups;
  const ptrdiff_t begin = item % pieces * rows_collected, end = clamp(begin + rows_collected, 0, channels);
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
  const ptrdiff_t tiles = c->batch * c->out_height * c->out_width / form->tile;
  const ptrdiff_t of_tile = ck_winograd_values * (form->groups * ck_channels_of(c) + self.width) * (ptrdiff_t)sizeof(float);
  const bool rounds = floats > own_sums_floats;
  self.parts = rounds ? 1 : clamp(tiles / least_part_tiles, 1, most_parts);
  self.cut = ck_winograd_cut_of(c, form, of_tile, most_tiles, rounds ? most_parts : self.parts);
  self.parts = clamp(self.parts, 1, self.cut.items);
  self.rows = form->lines * self.cut.tile_floats;
  self.sums = ck_scratch(1, (size_t)(self.parts * floats) * sizeof(float));
  if (!self.sums) return true;
  if (rounds) {
    const ptrdiff_t seen = (self.cut.chunk_lines - 1) * self.cut.step + 1 + self.cut.span;
    add_rounds(context, &self, (of_tile * self.cut.tiles * seen + 63) / 64 * 64);
  } else {
    ck_parallel_for(context, self.parts, add_part, &self);
  }
  ck_parallel_for(context, form->lines * form->groups * divide_up(self.cut.channels, rows_collected), collect_rows, &self);
  return !self.immoderate;
}
