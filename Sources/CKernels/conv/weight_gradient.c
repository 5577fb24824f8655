#include "conv/correlation.h"
#include "base/scratch.h"
#include "base/threads.h"
#include <string.h>

/* The weight gradient walks the runs of the convolution and adds, for every row of the weights, input × output gradient.

   Pixels are divided into `parts` and blocks of output channels into `groups`, both by shape alone; every part has its
   own sums, and the parts are added in order. Within a part a tile adds one piece of pixels in registers before it adds them to the sums: error grows with
   the length of a piece (about a hundred pixels), and pieces are few.

   Usually vectors run along the output channels, packed once per piece and read by every row. Where that would leave
   lanes empty (24 channels, or 2) they run along the inputs instead, and the sums are turned round at the end. */

enum {
  first_level = 28 << 10, /* bytes of cache for the packed gradients of a piece and one column of its inputs */
  fewest_items = 8,
  fewest_pixels = 1024,   /* of a part */
  group_floats = 1 << 17, /* sums that an item walks through once a piece: half a mebibyte of second-level cache */
  many_rows = 1200,       /* of one tap and several inputs: read for every group of blocks, they come from memory … */
  many_columns = 512, rows_grain = 24, /* … so that an item takes so many columns of some rows */
  batch_from_width = 4,
  turned_pixels = 128,    /* of a piece whose vectors run along the inputs */
  most_turned = 64,       /* outputs */
  in_place_chunks = 2,    /* sums that are added to oftener than this are better kept together */
};

typedef struct {
  const ck_conv_kernels *kernels;
  const ck_correlation *c;
  ck_cut cut;
  ptrdiff_t rows, parts, groups, group_blocks;
  ptrdiff_t row_groups, group_rows; /* each of `groups` is some blocks of some rows */
  ptrdiff_t width, blocks; /* of output channels */
  bool turned, in_place;   /* vectors along the inputs; the sums are the gradient itself */
  float *sums, *gradient;
  ptrdiff_t row_step;
  float scale, keep;
} weighing;

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
static ptrdiff_t clamp(ptrdiff_t a, ptrdiff_t low, ptrdiff_t high) { return a < low ? low : a > high ? high : a; }
static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

/* ---- What comes next ------------------------------------------------------------------------------------ */

/* Channels first ..< end of `pixels` neighbours. */
static void add_span(ck_ahead *ahead, const float *from, ptrdiff_t pixels, ptrdiff_t pixel_stride, ptrdiff_t first,
                     ptrdiff_t end) {
  const ptrdiff_t size = (ptrdiff_t)sizeof *from;
  if (ahead->count == most_spans || pixels <= 0 || end <= first) return;
  const bool all = (end - first) * 4 >= pixel_stride * 3;
  ahead->spans[ahead->count].from = (const char *)(from + (all ? 0 : first));
  ahead->spans[ahead->count].bytes = (all ? pixels * pixel_stride : end - first) * size;
  ahead->spans[ahead->count].lines = all ? 1 : pixels;
  ahead->spans[ahead->count++].pitch = pixel_stride * size;
}

/* What an item adds up. */
typedef struct {
  ptrdiff_t first_row, end_row, first_block, end_block;
} area;

/* What chunk `chunk` reads that the one before it has not read: the front of every source, and the output gradient.
   `tiles` is how many times all pixels of a chunk are walked over. Addresses only, which may lie outside. */
static ck_ahead look_ahead(const weighing *self, ptrdiff_t chunk, const area *area, ptrdiff_t tiles) {
  const ck_correlation *c = self->c;
  const ck_cut *cut = &self->cut;
  const ck_mutable_image *to = &c->destination;
  ck_ahead ahead = {.next = (const char *)to->data, .end = (const char *)to->data};
  if (chunk >= cut->chunks || cut->across_batch || c->tap_count == 0) return ahead;
  ptrdiff_t line = chunk / cut->chunks_per_line * cut->chunk_lines;
  ptrdiff_t p0 = chunk % cut->chunks_per_line * cut->chunk_pixels;
  ptrdiff_t pixels = least(cut->lines - line, cut->chunk_lines) * least(cut->line_length - p0, cut->chunk_pixels);
  ptrdiff_t b = line / c->out_height, y = line % c->out_height, row = 0;
  const ck_tap *front = &c->taps[c->tap_count - 1];
  const bool some = self->row_groups > 1;
  add_span(&ahead, to->data + b * to->batch_stride + y * to->row_stride + p0 * to->pixel_stride, pixels,
           to->pixel_stride, some ? area->first_block * self->width : 0,
           some ? least(area->end_block * self->width, to->channels) : to->pixel_stride);
  for (ptrdiff_t v = 0; v < c->source_count; row += c->sources[v++].channels) {
    const ck_image *from = &c->sources[v];
    ptrdiff_t first = p0 * c->step_x + (p0 == 0 ? 0 : front->dx), from_row = 0, to_row = from->channels;
    if (some) from_row = most(area->first_row - row, 0), to_row = least(area->end_row - row, to_row);
    add_span(&ahead, from->data + b * from->batch_stride + (y * c->step_y + front->dy) * from->row_stride +
             first * from->pixel_stride, pixels * c->step_x, from->pixel_stride, from_row, to_row);
  }
  ptrdiff_t bytes = 0;
  for (int i = 0; i < ahead.count; i++) bytes += ahead.spans[i].bytes * ahead.spans[i].lines;
  ahead.step = least(64, bytes * 5 / 4 / (pixels * tiles) + 1);
  return ahead;
}

/* ---- One part of the pixels, some blocks of channels ---------------------------------------------------- */

static bool same_shape(const ck_run *a, const ck_run *b) {
  if (a->segment_count != b->segment_count) return false;
  for (ptrdiff_t s = 0; s < a->segment_count; s++)
    if (a->segments[s].channels != b->segments[s].channels || a->segments[s].row != b->segments[s].row) return false;
  return true;
}

/* Rows of weights that some runs of a chunk see: a segment of the first of them, and where that run has it. */
typedef struct {
  const ck_segment *segment;
  ptrdiff_t place, run;
} stretch;

static bool same_rows(const ck_segment *a, const ck_segment *b) { return a->row == b->row && a->channels == b->channels; }

/* A run's segment of the same rows, which is likely at the same place; NULL: it sees others. */
static const ck_segment *twin_in(const ck_run *run, const ck_segment *wanted, ptrdiff_t place) {
  if (place < run->segment_count && same_rows(&run->segments[place], wanted)) return &run->segments[place];
  for (ptrdiff_t s = 0; s < run->segment_count; s++)
    if (same_rows(&run->segments[s], wanted)) return &run->segments[s];
  return NULL;
}

static ptrdiff_t stretches_of(const ck_run *runs, ptrdiff_t count, stretch *stretches) {
  ptrdiff_t used = 0;
  for (ptrdiff_t r = 0; r < count; r++) {
    if (r > 0 && same_shape(&runs[r - 1], &runs[r])) continue;
    for (ptrdiff_t s = 0; s < runs[r].segment_count; s++) {
      const ck_segment *segment = &runs[r].segments[s];
      bool seen = false;
      for (ptrdiff_t n = 0; n < used && !seen; n++) seen = same_rows(stretches[n].segment, segment);
      if (!seen) stretches[used++] = (stretch){segment, s, r};
    }
  }
  return used;
}

/* Whether they are all rows, each once. */
static bool cover(const stretch *stretches, ptrdiff_t count, ptrdiff_t rows) {
  for (ptrdiff_t n = 0; n < count; n++) {
    const ck_segment *a = stretches[n].segment;
    rows -= a->channels;
    for (ptrdiff_t m = 0; m < n; m++) {
      const ck_segment *b = stretches[m].segment;
      if (a->row < b->row + b->channels && b->row < a->row + a->channels) return false;
    }
  }
  return rows == 0;
}

/* Strips of x (broadcast), but for the first rows of a stretch, and packed y, or of y (broadcast) and x. */
static ptrdiff_t strips_of(const weighing *self, const ck_run *runs, ptrdiff_t count, const stretch *wanted,
                           ptrdiff_t skipped, const float *packed, ptrdiff_t packed_step, ck_strip *strips) {
  ptrdiff_t used = 0;
  for (ptrdiff_t r = 0; r < count; packed += runs[r++].count * packed_step) {
    const ck_segment *segment = r < wanted->run ? NULL : twin_in(&runs[r], wanted->segment, wanted->place);
    if (!segment) continue;
    ck_strip strip = {.b = segment->x + skipped, .b_step = segment->step, .v = packed, .v_step = packed_step,
                      .count = runs[r].count};
    if (self->turned)
      strip = (ck_strip){.b = runs[r].y, .b_step = runs[r].y_step, .v = segment->x + skipped, .v_step = segment->step,
                         .count = runs[r].count};
    ck_strip *last = strips + used - 1;
    if (used > 0 && last->b_step == strip.b_step && last->v_step == strip.v_step &&
        last->b + last->count * last->b_step == strip.b && last->v + last->count * last->v_step == strip.v)
      last->count += strip.count; /* as if they were one */
    else
      strips[used++] = strip;
  }
  return used;
}

/* Where a part adds the channels of a block: rows side by side, or the gradient itself. */
static float *sums_of(const weighing *self, ptrdiff_t part, ptrdiff_t block, ptrdiff_t *step) {
  *step = self->in_place ? self->row_step : self->turned ? self->rows : self->width;
  if (self->in_place) return self->gradient + block * self->width;
  return self->sums + (part * self->blocks + block) * self->rows * self->width;
}

static ptrdiff_t columns_of(const weighing *self, ptrdiff_t block) {
  return least(self->c->destination.channels - block * self->width, self->width);
}

static void clear(const weighing *self, ptrdiff_t part, const area *area) {
  if (ck_measuring()) return;
  for (ptrdiff_t b = area->first_block; b < area->end_block; b++) {
    ptrdiff_t step, rows = area->end_row - area->first_row;
    float *sums = sums_of(self, part, b, &step) + area->first_row * (self->turned ? 1 : step);
    if (!self->in_place) memset(sums, 0, (size_t)(rows * self->width) * sizeof *sums);
    else for (ptrdiff_t i = 0; i < rows; i++)
      memset(sums + i * step, 0, (size_t)columns_of(self, b) * sizeof *sums);
  }
}

/* The runs of a chunk. Lines at an image's edge see fewer taps: every stretch of rows collects what sees it, so that
   edges do not cut the sums of a tile. */
static void add_runs(const weighing *self, const ck_run *runs, ptrdiff_t count, ptrdiff_t part, const area *area,
                     ck_outer o) {
  ptrdiff_t pixels = 0, segments = 0;
  for (ptrdiff_t r = 0; r < count; r++) pixels += runs[r].count, segments += runs[r].segment_count;
  const size_t head = (size_t)count * sizeof(ck_strip) + (size_t)segments * sizeof(stretch);
  ck_strip *strips = ck_scratch(3, head + (size_t)(pixels * self->width + 32) * sizeof(float));
  if (!strips || ck_measuring()) return;
  stretch *stretches = (stretch *)(strips + count);
  float *packed = (float *)strips + (head / sizeof *packed + 15) / 16 * 16;
  const ptrdiff_t used = stretches_of(runs, count, stretches);
  /* The first runs write the sums if they see every row; else zeros come first. */
  if (!o.add && !cover(stretches, used, self->rows)) {
    clear(self, part, area);
    o.add = true;
  }
  o.strips = strips;
  o.whole = !self->turned;
  for (ptrdiff_t b = area->first_block; b < area->end_block; b++) {
    ptrdiff_t columns = columns_of(self, b), vectors = divide_up(columns, self->kernels->lanes);
    float *sums = sums_of(self, part, b, &o.to_step);
    if (!self->turned) self->kernels->pack(runs, count, b * self->width, columns, vectors, packed);
    for (ptrdiff_t n = 0; n < used; n++) {
      const ck_segment *segment = stretches[n].segment;
      const ptrdiff_t first = most(segment->row, area->first_row);
      const ptrdiff_t rows = least(segment->row + segment->channels, area->end_row) - first;
      if (rows <= 0) continue;
      o.strip_count = strips_of(self, runs, count, &stretches[n], first - segment->row, packed,
                                vectors * self->kernels->lanes, strips);
      o.rows = self->turned ? columns : rows;
      o.columns = self->turned ? rows : columns;
      o.to = sums + first * (self->turned ? 1 : o.to_step);
      self->kernels->outer(&o);
    }
  }
}

static void add_depthwise(const weighing *self, const ck_run *runs, ptrdiff_t count, ptrdiff_t part) {
  ptrdiff_t step, next;
  float *sums = sums_of(self, part, 0, &step);
  for (ptrdiff_t r = 0; r < count && !ck_measuring(); r = next) {
    for (next = r + 1; next < count && same_shape(&runs[r], &runs[next]);) next++;
    self->kernels->outer_depthwise(runs + r, next - r, self->width, sums);
  }
}

/* gradient ← scale · Σ_part sums + keep · gradient, for some rows of some blocks. */
static void finish(const weighing *self, const area *area) {
  if (ck_measuring()) return;
  for (ptrdiff_t b = area->first_block; b < area->end_block; b++) {
    ptrdiff_t columns = columns_of(self, b), part_floats = self->blocks * self->rows * self->width, step;
    float *sums = sums_of(self, 0, b, &step);
    ptrdiff_t along_row = self->turned ? step : 1, along_rows = self->turned ? 1 : step;
    for (ptrdiff_t row = area->first_row; row < area->end_row; row++) {
      float *from = sums + row * along_rows, *to = self->gradient + row * self->row_step + b * self->width;
      for (ptrdiff_t part = 1; part < self->parts; part++)
        for (ptrdiff_t o = 0; o < columns; o++) from[o * along_row] += from[o * along_row + part * part_floats];
      if (self->keep == 0) for (ptrdiff_t o = 0; o < columns; o++) to[o] = self->scale * from[o * along_row];
      else for (ptrdiff_t o = 0; o < columns; o++) to[o] = self->scale * from[o * along_row] + self->keep * to[o];
    }
  }
}

static void add_part(void *state, ptrdiff_t item) {
  const weighing *self = state;
  ptrdiff_t part = item / self->groups, group = item % self->groups;
  ptrdiff_t block = group / self->row_groups * self->group_blocks, row = group % self->row_groups * self->group_rows;
  const area area = {row, least(row + self->group_rows, self->rows), block,
                     least(block + self->group_blocks, self->blocks)};
  ptrdiff_t tile = 3 * self->kernels->lanes / 2 * self->kernels->lanes; /* sums that registers hold, about */
  ptrdiff_t tiles = divide_up((area.end_row - row) * self->width * (area.end_block - block), tile);
  ck_outer o = {.add = false};
  for (ptrdiff_t chunk = self->cut.chunks * part / self->parts; chunk < self->cut.chunks * (part + 1) / self->parts;
       chunk++) {
    ptrdiff_t count;
    ck_ahead ahead = look_ahead(self, chunk + 1, &area, tiles);
    o.ahead = &ahead;
    const ck_run *runs = ck_lower(self->c, &self->cut, chunk, &count);
    if (count == 0) continue;
    if (self->c->depthwise && !o.add) clear(self, part, &area);
    if (self->c->depthwise) add_depthwise(self, runs, count, part);
    else add_runs(self, runs, count, part, &area, o);
    o.add = true;
  }
  if (!o.add) clear(self, part, &area);
  if (self->parts == 1 && !self->in_place) finish(self, &area); /* while it is in the cache */
}

enum { rows_together = 64 };

static void add_parts(void *state, ptrdiff_t item) {
  const weighing *self = state;
  ptrdiff_t first = item * rows_together;
  finish(self, &(area){first, least(first + rows_together, self->rows), 0, self->blocks});
}

/* ---- The plan ------------------------------------------------------------------------------------------- */

/* Whether vectors along the inputs fill their lanes so much better that reading x unpacked is worth it. */
static bool worth_turning(const weighing *self) {
  const ck_correlation *c = self->c;
  ptrdiff_t lanes = self->kernels->lanes, outputs = c->destination.channels, turned = 0;
  if (c->depthwise || outputs > most_turned) return false;
  for (ptrdiff_t v = 0; v < c->source_count; v++) {
    const ck_image *source = &c->sources[v];
    for (ptrdiff_t k = 0, next; k < c->tap_count; k = next) {
      for (next = k + 1; next < c->tap_count && c->source_count > 0 && source->pixel_stride == source->channels &&
                         c->taps[next].dy == c->taps[k].dy && c->taps[next].dx == c->taps[next - 1].dx + 1 &&
                         c->taps[next].row == c->taps[next - 1].row + source->channels;)
        next++;
      turned += outputs * divide_up((next - k) * source->channels, lanes);
    }
  }
  return turned * 6 <= self->rows * divide_up(outputs, lanes) * 5;
}

/* A piece of whole short lines: a quarter longer than wanted rather than a line less (two of 64 pixels, not one). */
static ptrdiff_t whole_lines(const ck_correlation *c, ptrdiff_t piece) {
  ptrdiff_t width = c->out_width, joined = width > 0 ? divide_up(piece, width) * width : 0;
  return width < piece && joined <= piece * 5 / 4 ? joined : piece;
}

void ck_correlation_weights(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                            ptrdiff_t rows, float *gradient, ptrdiff_t row_step, float scale, float keep) {
  ptrdiff_t outputs = c->destination.channels, pixels = c->batch * c->out_height * c->out_width;
  if (outputs == 0 || rows == 0) return;
  weighing self = {.kernels = kernels, .c = c, .rows = rows, .gradient = gradient, .row_step = row_step,
                   .scale = scale, .keep = keep};
  self.turned = worth_turning(&self);
  self.width = self.turned || c->depthwise ? outputs : ck_block_vectors(kernels, outputs) * kernels->lanes;
  self.blocks = divide_up(outputs, self.width);
  ptrdiff_t piece = self.turned ? turned_pixels
                                : clamp(first_level / (self.width * (ptrdiff_t)sizeof(float) + 64), 48, 256);
  self.cut = ck_cut_pixels(c, whole_lines(c, piece), batch_from_width);
  self.group_blocks = clamp(group_floats / (rows * self.width), 1, self.blocks);
  self.group_rows = rows;
  if (c->tap_count == 1 && c->source_count > 1 && rows >= many_rows && !self.turned && !c->depthwise &&
      self.group_blocks < self.blocks) {
    self.group_blocks = clamp(many_columns / self.width, 1, self.blocks);
    self.group_rows = divide_up(group_floats / (self.group_blocks * self.width), rows_grain) * rows_grain;
  }
  self.row_groups = divide_up(rows, self.group_rows);
  self.groups = divide_up(self.blocks, self.group_blocks) * self.row_groups;
  self.parts = clamp(divide_up(fewest_items, self.groups), 1, clamp(pixels / fewest_pixels, 1, fewest_items));
  if (self.groups * self.parts < fewest_items) {
    const ptrdiff_t wanted = clamp(divide_up(fewest_items, self.parts * self.row_groups), 1, self.blocks);
    self.group_blocks = divide_up(self.blocks, wanted);
    self.groups = divide_up(self.blocks, self.group_blocks) * self.row_groups;
  }
  self.in_place = self.parts == 1 && self.cut.chunks <= in_place_chunks && !self.turned && scale == 1 && keep == 0;
  if (!self.in_place) {
    self.sums = ck_scratch(1, (size_t)(self.parts * self.blocks * self.rows * self.width) * sizeof(float));
    if (!self.sums) return;
  }
  context = ck_worth_threads(context, (double)pixels * (double)rows * (double)outputs * (c->depthwise ? 10 : 1));
  ck_parallel_for(context, self.parts * self.groups, add_part, &self);
  if (self.parts > 1) ck_parallel_for(context, divide_up(rows, rows_together), add_parts, &self);
}

/* Biography (one core of a 2023 Xeon shared with others, AVX-512; ratios to im2col + OpenBLAS of the same run)
     kept     the next chunk fetched into the second-level cache during this one, a little per pixel: WaveNet 64 → 128
              1.32 to 1.6, 128 → 256 kernel 5 1.05 to 1.3; 13 inputs side by side 0.70 to 0.92 once all are fetched.
     kept     a last block of as many vectors as it needs, and sums finished while in the cache: 450 channels 0.95 to 1.07.
     kept     sums in the gradient itself where there are two pieces at most: 288 → 312 over 4 frames 2.8 to 3.4.
     kept     vectors along the inputs for 24 or 2 outputs: 72 → 24 from 2.6 to 2.8, 25 → 2 from 0.6 to 1.2.
     kept     two lines of 64 pixels in one piece: 0.95 to 1.0 (408 → 216). Not two of 80: 0.95 to 0.92.
     kept     all lines of a chunk for every stretch of rows, edges or not: transposed 512 → 256 on 4 × 4 1.55 of before,
              128 → 256 on 16 × 4 1.19, 64 → 128 on 16 × 16 1.11.
     kept     512 columns of 264 rows an item where 13 inputs stand side by side: 1.08 … 1.18. One input of 1024 or 2048
              rows is as fast or slower so (0.96, 0.95 … 1.0), and blocks of two vectors far slower (0.66).
     dropped  sums in the gradient itself always: its long steps cost nothing there, but nothing was won either.
     dropped  masked loads of whole packed vectors: each takes a multiply-add's slot, 4 % of everything.
     dropped  pieces of 36 and 44 KiB; groups of 1 MiB; fetching a tile's sums before it: all within the noise. */
