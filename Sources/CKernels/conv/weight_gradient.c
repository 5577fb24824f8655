#include "conv/correlation.h"
#include "base/scratch.h"
#include "base/threads.h"
#include <string.h>

/* The weight gradient walks the runs of the convolution and adds, for every row of the weights, input × output gradient.

   Pixels are divided into `parts` and blocks of output channels into `groups`, both by shape alone; every part has its
   own sums, and the parts are added in order. Within a part a tile adds one piece of pixels in registers before it
   adds them to the sums: error grows with the length of a piece (about a hundred pixels), and pieces are few. */

enum {
  first_level = 28 << 10, /* bytes of cache for the packed gradients of a piece and one column of its inputs */
  fewest_items = 8,
  fewest_pixels = 1024,   /* of a part */
  group_floats = 1 << 17, /* sums that an item walks through once a piece: half a mebibyte of second-level cache */
  batch_from_width = 4,
};

typedef struct {
  const ck_conv_kernels *kernels;
  const ck_correlation *c;
  ck_cut cut;
  ptrdiff_t rows, parts, groups, group_blocks;
  ptrdiff_t vectors, width, blocks; /* of output channels; width = outputs when they are few or depthwise */
  bool few;
  float *sums, *gradient;
  ptrdiff_t row_step;
  float scale, keep;
} weighing;

static bool same_shape(const ck_run *a, const ck_run *b) {
  if (ck_measuring()) return true; /* what views of other strides might bring together */
  if (a->segment_count != b->segment_count) return false;
  for (ptrdiff_t s = 0; s < a->segment_count; s++)
    if (a->segments[s].channels != b->segments[s].channels || a->segments[s].row != b->segments[s].row) return false;
  return true;
}

/* The output gradients of a few channels, one row per pixel. */
static void pack_few(const ck_run *runs, ptrdiff_t count, ptrdiff_t channels, float *to) {
  for (ptrdiff_t r = 0; r < count; r++)
    for (ptrdiff_t t = 0; t < runs[r].count; t++)
      for (ptrdiff_t o = 0; o < channels; o++) *to++ = runs[r].y[t * runs[r].y_step + o];
}

static ptrdiff_t block_vectors(const weighing *self, ptrdiff_t channels) {
  return (channels + self->kernels->lanes - 1) / self->kernels->lanes;
}

static void add_runs(const weighing *self, const ck_run *runs, ptrdiff_t count, ptrdiff_t pixels, ptrdiff_t first_block,
                     ptrdiff_t end_block, float *sums, ck_ahead *ahead) {
  ptrdiff_t channels = self->c->destination.channels;
  if (self->c->depthwise) {
    if (ck_measuring()) return;
    self->kernels->outer_depthwise(runs, count, channels, sums);
    return;
  }
  float *y = ck_scratch(3, (size_t)(pixels * self->width) * sizeof *y);
  if (!y || ck_measuring()) return;
  for (ptrdiff_t b = first_block; b < end_block; b++) {
    ptrdiff_t first = b * self->width, rest = channels - first < self->width ? channels - first : self->width;
    float *block = sums + b * self->rows * self->width;
    if (self->few) {
      pack_few(runs, count, channels, y);
      self->kernels->outer_few(runs, count, y, channels, block);
    } else {
      ptrdiff_t vectors = block_vectors(self, rest);
      self->kernels->pack(runs, count, first, rest, vectors, y);
      self->kernels->outer(runs, count, y, vectors, block, ahead);
    }
  }
}

static void add_span(ck_ahead *ahead, const float *from, ptrdiff_t floats) {
  if (ahead->count == most_spans || floats <= 0) return;
  ahead->from[ahead->count] = (const char *)from;
  ahead->bytes[ahead->count++] = floats * (ptrdiff_t)sizeof(float);
}

/* What chunk `chunk` reads that the one before it has not read: the front of every source, and the output gradient. */
static ck_ahead look_ahead(const weighing *self, ptrdiff_t chunk, ptrdiff_t blocks) {
  const ck_correlation *c = self->c;
  const ck_cut *cut = &self->cut;
  ck_ahead ahead = {.next = (const char *)c->destination.data};
  ahead.end = ahead.next;
  if (chunk >= cut->chunks || cut->across_batch) return ahead;
  ptrdiff_t line = chunk / cut->chunks_per_line * cut->chunk_lines, p0 = chunk % cut->chunks_per_line * cut->chunk_pixels;
  ptrdiff_t lines = cut->lines - line < cut->chunk_lines ? cut->lines - line : cut->chunk_lines;
  ptrdiff_t pixels = cut->line_length - p0 < cut->chunk_pixels ? cut->line_length - p0 : cut->chunk_pixels;
  ptrdiff_t b = line / c->out_height, y = line % c->out_height;
  const ck_mutable_image *to = &c->destination;
  const ck_tap *front = &c->taps[c->tap_count - 1];
  add_span(&ahead, to->data + b * to->batch_stride + y * to->row_stride + p0 * to->pixel_stride,
           lines * pixels * to->pixel_stride);
  for (ptrdiff_t v = 0; v < c->source_count; v++) {
    const ck_image *from = &c->sources[v];
    ptrdiff_t first = p0 * c->step_x + (p0 == 0 ? 0 : front->dx);
    add_span(&ahead, from->data + b * from->batch_stride + (y * c->step_y + front->dy) * from->row_stride +
             first * from->pixel_stride, lines * pixels * c->step_x * from->pixel_stride);
  }
  ptrdiff_t bytes = 0, tiles = self->rows * self->vectors / 24 + 1;
  for (int i = 0; i < ahead.count; i++) bytes += ahead.bytes[i];
  ahead.step = bytes * 5 / 4 / (lines * pixels * tiles * blocks) + 1;
  if (ahead.step > 64) ahead.step = 64;
  return ahead;
}

/* gradient ← scale · Σ_part sums + keep · gradient, for some rows of some blocks. */
static void finish(const weighing *self, ptrdiff_t first_row, ptrdiff_t end_row, ptrdiff_t first_block,
                   ptrdiff_t end_block) {
  if (ck_measuring()) return;
  ptrdiff_t outputs = self->c->destination.channels, part_step = self->blocks * self->rows * self->width;
  for (ptrdiff_t b = first_block; b < end_block; b++) {
    ptrdiff_t columns = outputs - b * self->width < self->width ? outputs - b * self->width : self->width;
    ptrdiff_t width = block_vectors(self, columns) * self->kernels->lanes;
    if (self->vectors == 0) width = self->width;
    float *from = self->sums + b * self->rows * self->width + first_row * width;
    float *to = self->gradient + first_row * self->row_step + b * self->width;
    for (ptrdiff_t row = first_row; row < end_row; row++, from += width, to += self->row_step) {
      for (ptrdiff_t part = 1; part < self->parts; part++)
        for (ptrdiff_t o = 0; o < columns; o++) from[o] += from[part * part_step + o];
      if (self->keep == 0) for (ptrdiff_t o = 0; o < columns; o++) to[o] = self->scale * from[o];
      else for (ptrdiff_t o = 0; o < columns; o++) to[o] = self->scale * from[o] + self->keep * to[o];
    }
  }
}

static void add_part(void *state, ptrdiff_t item) {
  const weighing *self = state;
  ptrdiff_t part = item / self->groups, group = item % self->groups;
  ptrdiff_t first = group * self->group_blocks, end = first + self->group_blocks;
  if (end > self->blocks) end = self->blocks;
  float *sums = self->sums + part * self->blocks * self->rows * self->width;
  if (!ck_measuring())
    memset(sums + first * self->rows * self->width, 0,
           (size_t)((end - first) * self->rows * self->width) * sizeof *sums);
  for (ptrdiff_t chunk = self->cut.chunks * part / self->parts; chunk < self->cut.chunks * (part + 1) / self->parts;
       chunk++) {
    ptrdiff_t count, next;
    ck_ahead ahead = look_ahead(self, chunk + 1, end - first);
    const ck_run *runs = ck_lower(self->c, &self->cut, chunk, &count);
    for (ptrdiff_t r = 0; r < count; r = next) {
      ptrdiff_t pixels = runs[r].count;
      for (next = r + 1; next < count && same_shape(&runs[r], &runs[next]); next++) pixels += runs[next].count;
      if (runs[r].segment_count > 0 || ck_measuring()) add_runs(self, runs + r, next - r, pixels, first, end, sums, &ahead);
    }
  }
  if (self->parts == 1) finish(self, 0, self->rows, first, end); /* while the sums are in the cache */
}

enum { rows_together = 64 };

static void add_parts(void *state, ptrdiff_t item) {
  const weighing *self = state;
  ptrdiff_t first = item * rows_together, end = first + rows_together;
  finish(self, first, end < self->rows ? end : self->rows, 0, self->blocks);
}

static ptrdiff_t clamp(ptrdiff_t a, ptrdiff_t low, ptrdiff_t high) { return a < low ? low : a > high ? high : a; }

void ck_correlation_weights(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                            ptrdiff_t rows, float *gradient, ptrdiff_t row_step, float scale, float keep) {
  ptrdiff_t outputs = c->destination.channels, pixels = c->batch * c->out_height * c->out_width;
  if (outputs == 0 || rows == 0) return;
  weighing self = {.kernels = kernels, .c = c, .rows = rows, .gradient = gradient, .row_step = row_step,
                   .scale = scale, .keep = keep};
  self.few = !c->depthwise && outputs <= kernels->most_dots && outputs * 4 <= kernels->lanes;
  if (self.few || c->depthwise) {
    self.width = outputs;
  } else {
    self.vectors = ck_block_vectors(kernels, outputs);
    self.width = self.vectors * kernels->lanes;
  }
  self.blocks = (outputs + self.width - 1) / self.width;
  ptrdiff_t piece = clamp(first_level / (self.width * (ptrdiff_t)sizeof(float) + 64), 48, 256);
  self.cut = ck_cut_pixels(c, piece, batch_from_width);
  ptrdiff_t floats = rows * self.blocks * self.width;
  self.group_blocks = clamp(group_floats / (rows * self.width), 1, self.blocks);
  self.groups = (self.blocks + self.group_blocks - 1) / self.group_blocks;
  self.parts = clamp((fewest_items + self.groups - 1) / self.groups, 1, clamp(pixels / fewest_pixels, 1, fewest_items));
  if (self.groups * self.parts < fewest_items) {
    self.groups = clamp((fewest_items + self.parts - 1) / self.parts, 1, self.blocks);
    self.group_blocks = (self.blocks + self.groups - 1) / self.groups;
    self.groups = (self.blocks + self.group_blocks - 1) / self.group_blocks;
  }
  self.sums = ck_scratch(1, (size_t)(self.parts * floats) * sizeof(float));
  if (!self.sums) return;
  ck_parallel_for(context, self.parts * self.groups, add_part, &self);
  if (self.parts > 1) ck_parallel_for(context, (rows + rows_together - 1) / rows_together, add_parts, &self);
}
