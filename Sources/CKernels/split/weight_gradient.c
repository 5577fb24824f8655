#include "split/split.h"
#include "base/scratch.h"
#include "base/threads.h"
#include <string.h>

/* gradient[tap, i, o] = Σ over pixels of source[i] · destination[o], with the pixels as the depth of the
   tiles: the destination as pairs of pixels, the sources turned round into [channel][pixel], where a tap is a
   distance in bytes. So both are packed once per box, for all taps and all blocks of channels.

   A panel's pixels and the destination's have the same spacing, so that output pixel k finds its tap at k + a
   constant; between lines that leaves pixels which have no output, and are zeros in the destination. */

enum {
  block = 32,
  most_pixels = 512,
  few_channels_pixels = 192, /* both measured, see the biography */
  parts = 8,                 /* sums of their own: fixed, so that no bit depends on the number of threads */
  part_pixels = 1024,        /* and none with fewer pixels than this */
  sums_bytes = 256 << 20,
};

typedef struct {
  const ck_split_kernels *kernels;
  const ck_correlation *c;
  int products, planes;
  ck_split_cut cut;
  ptrdiff_t rows, parts, panels;
  ptrdiff_t pixels_step; /* from a channel to the next, in a panel */
  ptrdiff_t panel_step, steps, block_step;
  ptrdiff_t blocks, outputs;
  ptrdiff_t *taps;    /* where each begins, from a channel's first pixel */
  ptrdiff_t *offsets; /* 0, 32, 64 … */
  float *sums, *gradient;
  ptrdiff_t row_step;
  float scale, keep;
  uint8_t *failed;
  ck_image *sources;
  ck_tap *part_taps;
} weighing;

static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }
static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t clamp(ptrdiff_t a, ptrdiff_t low, ptrdiff_t high) {
  return a < low ? low : a > high ? high : a;
}
static ptrdiff_t floor_divide(ptrdiff_t a, ptrdiff_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/* The sources of a box, turned, all panels. */
static void turn_box(const weighing *self, const ck_split_box *box, float scale, ck_bf16 *const *to,
                     ck_range *range) {
  const ck_correlation *c = self->c;
  const ck_split_cut *cut = &self->cut;
  const ptrdiff_t columns = cut->columns, step = self->pixels_step,
                  pixels = ck_split_panel_pixels(cut, box->b1 - box->b0);
  for (ptrdiff_t band_y = 0; band_y < cut->y.count; band_y++)
    for (ptrdiff_t band_x = 0; band_x < cut->x.count; band_x++) {
      ck_bf16 *panel[ck_most_planes];
      for (int p = 0; p < self->planes; p++)
        panel[p] = to[p] + (band_y * cut->x.count + band_x) * self->panel_step;
      const ptrdiff_t by = cut->x.by, x0 = box->x0 * c->step_x + cut->x.bands[band_x].low;
      const ptrdiff_t begin = clamp(-floor_divide(x0, by), 0, columns);
      const ptrdiff_t end = clamp(floor_divide(c->width - 1 - x0, by) + 1, begin, columns);
      const ptrdiff_t y0 = box->y0 * c->step_y + cut->y.bands[band_y].low;
      const bool full =
          begin == 0 && end == columns && y0 >= 0 && y0 + (cut->lines - 1) * cut->y.by < c->height;
      /* Zeros where no source is: behind the last pixel always, elsewhere where the box sees the border. */
      for (int p = 0; p < self->planes; p++)
        if (!full) memset(panel[p], 0, (size_t)self->panel_step * sizeof **to);
        else
          for (ptrdiff_t i = 0; i < cut->channels; i++)
            memset(panel[p] + i * step + pixels, 0, (size_t)(step - pixels) * sizeof **to);
      ptrdiff_t channel = 0;
      for (ptrdiff_t v = 0; v < c->source_count; channel += c->sources[v++].channels)
        for (ptrdiff_t b = box->b0; b < box->b1; b++)
          for (ptrdiff_t l = 0; l < cut->lines; l++) {
            const ck_image *source = &c->sources[v];
            const ptrdiff_t y = y0 + l * cut->y.by;
            if (y < 0 || y >= c->height || end == begin) continue;
            ck_bf16 *at[ck_most_planes];
            for (int p = 0; p < self->planes; p++)
              at[p] = panel[p] + channel * step + ((b - box->b0) * cut->lines + l) * columns + begin;
            self->kernels->turn_line(source->data + b * source->batch_stride + y * source->row_stride +
                                         (x0 + begin * by) * source->pixel_stride,
                                     by * source->pixel_stride, end - begin, source->channels, scale,
                                     self->planes, at, step, range);
          }
    }
}

/* The destination of a box, in pairs. */
static void pair_box(const weighing *self, const ck_split_box *box, ptrdiff_t steps, float scale, ck_bf16 *to,
                     ck_range *range) {
  const ck_split_cut *cut = &self->cut;
  const ck_mutable_image *from = &self->c->destination;
  const bool lines = box->b1 - box->b0 > 1 || box->y1 - box->y0 > 1;
  for (ptrdiff_t b = 0; b < self->blocks; b++) {
    const ptrdiff_t step = self->planes * (self->outputs - b * block > 16 ? 1024 : 512),
                    first = lines ? 0 : steps - 1;
    memset(to + b * self->block_step + first * step, 0, (size_t)((steps - first) * step) * sizeof *to);
  }
  for (ptrdiff_t b = box->b0; b < box->b1; b++)
    for (ptrdiff_t y = box->y0; y < box->y1; y++)
      self->kernels->pair_line(
          from->data + b * from->batch_stride + y * from->row_stride + box->x0 * from->pixel_stride,
          from->pixel_stride, box->x1 - box->x0, self->outputs, scale, self->planes, to,
          ((b - box->b0) * cut->lines + y - box->y0) * cut->columns, self->block_step, range);
}

static bool add_box(const weighing *self, ptrdiff_t index, float *sums) {
  const ck_split_cut *cut = &self->cut;
  ck_split_box box = ck_split_box_at(cut, index);
  const ptrdiff_t numbers = self->panels * self->panel_step;
  const ptrdiff_t last =
      ((box.b1 - box.b0 - 1) * cut->lines + box.y1 - box.y0 - 1) * cut->columns + box.x1 - box.x0;
  const ptrdiff_t steps = divide_up(last, 32);
  ck_bf16 *turned = ck_scratch(0, (size_t)(self->planes * numbers) * sizeof *turned), *planes[ck_most_planes];
  ck_bf16 *pairs = ck_scratch(3, (size_t)(self->blocks * self->block_step) * sizeof *pairs);
  if (!turned || !pairs) return true;
  for (int p = 0; p < self->planes; p++) planes[p] = turned + p * numbers;
  ck_range of_sources = ck_range_empty(), of_destination = ck_range_empty();
  pair_box(self, &box, steps, 1, pairs, &of_destination);
  ck_split_scale y = ck_split_scale_for(&of_destination);
  if (!y.possible) return false;
  turn_box(self, &box, 1, planes, &of_sources);
  ck_split_scale x = ck_split_scale_for(&of_sources);
  if (!x.possible) return false;
  if (y.exponent != 0) pair_box(self, &box, steps, ck_power_of_two(y.exponent), pairs, &of_destination);
  if (x.exponent != 0) turn_box(self, &box, ck_power_of_two(x.exponent), planes, &of_sources);

  const int undo = -(x.exponent + y.exponent);
  ck_split_outer outer = {.a_step = self->pixels_step,
                          .step_count = steps,
                          .steps = self->offsets,
                          .undo = {ck_power_of_two(undo / 2), ck_power_of_two(undo - undo / 2)}};
  for (ptrdiff_t i = 0; i < cut->channels; i += block) {
    outer.inputs = least(block, cut->channels - i);
    self->kernels->configure(least(16, outer.inputs), outer.inputs > 16 ? outer.inputs - 16 : outer.inputs);
    for (ptrdiff_t o = 0; o < self->blocks; o++) {
      outer.b = pairs + o * self->block_step;
      outer.outputs = least(block, self->outputs - o * block);
      for (ptrdiff_t t = 0; t < self->c->tap_count; t++) {
        for (int p = 0; p < self->planes; p++)
          outer.planes[p] = planes[p] + self->taps[t] + i * self->pixels_step;
        outer.sums = sums + (o * self->rows + self->c->taps[t].row + i) * block;
        self->kernels->outer(self->products, &outer);
      }
    }
  }
  self->kernels->release();
  return true;
}

static void add_part(void *state, ptrdiff_t part) {
  const weighing *self = state;
  const ptrdiff_t floats = self->blocks * self->rows * block;
  float *sums = self->sums + part * floats;
  memset(sums, 0, (size_t)floats * sizeof *sums);
  for (ptrdiff_t i = self->cut.boxes * part / self->parts; i < self->cut.boxes * (part + 1) / self->parts;
       i++)
    self->failed[i] = !add_box(self, i, sums);
}

enum { rows_together = 64 };

static void add_parts(void *state, ptrdiff_t item) {
  const weighing *self = state;
  const ptrdiff_t part_step = self->blocks * self->rows * block;
  for (ptrdiff_t row = item * rows_together; row < self->rows && row < (item + 1) * rows_together; row++)
    for (ptrdiff_t b = 0; b < self->blocks; b++) {
      float *from = self->sums + (b * self->rows + row) * block,
            *to = self->gradient + row * self->row_step + b * block;
      const ptrdiff_t columns = least(block, self->outputs - b * block);
      for (ptrdiff_t part = 1; part < self->parts; part++)
        for (ptrdiff_t o = 0; o < columns; o++) from[o] += from[part * part_step + o];
      if (self->keep == 0)
        for (ptrdiff_t o = 0; o < columns; o++) to[o] = self->scale * from[o];
      else
        for (ptrdiff_t o = 0; o < columns; o++) to[o] = self->scale * from[o] + self->keep * to[o];
    }
}

static size_t lay_out(weighing *self, ptrdiff_t pixels, char *memory) {
  const ck_correlation *c = self->c;
  size_t used = 0;
#define TAKE(pointer, n) \
  do { \
    if (memory) (pointer) = (void *)(memory + used); \
    used += ((size_t)(n) * sizeof *(pointer) + 63) / 64 * 64; \
  } while (0)
  char *bands = NULL;
  TAKE(bands, ck_split_cut_bytes(c, 1));
  if (memory) self->cut = ck_split_cut_for(c, 1, pixels, false, true, bands);
  TAKE(self->failed, self->cut.boxes);
  TAKE(self->taps, c->tap_count);
  TAKE(self->offsets, self->steps);
  TAKE(self->sources, c->source_count);
  TAKE(self->part_taps, c->tap_count);
#undef TAKE
  return used;
}

bool ck_split_correlation_weights(const ck_context *context, const ck_correlation *c, ptrdiff_t rows,
                                  float *gradient, ptrdiff_t row_step, float scale, float keep) {
  weighing self = {.kernels = ck_split_kernels_of(context),
                   .c = c,
                   .products = ck_split_products(context),
                   .rows = rows,
                   .outputs = c->destination.channels,
                   .gradient = gradient,
                   .row_step = row_step,
                   .scale = scale,
                   .keep = keep};
  if (ck_planned() || !self.kernels || !ck_split_gradient_is_worth(c, self.products)) return false;
  self.planes = ck_split_planes(self.products);
  self.blocks = divide_up(self.outputs, block);
  self.cut.channels = ck_split_channels(c);
  ptrdiff_t pixels = self.cut.channels <= 32 ? few_channels_pixels : most_pixels;
  void *bands = ck_scratch(6, ck_split_cut_bytes(c, 1));
  if (!bands) return true;
  self.cut = ck_split_cut_for(c, 1, pixels, false, true, bands);
  const ck_split_cut *cut = &self.cut;
  ptrdiff_t whole = ck_split_panel_pixels(cut, cut->box_batch);
  self.steps = divide_up(whole, 32);
  self.pixels_step = (divide_up(whole + 64, 32) | 1) * 32;
  self.panel_step = (divide_up(cut->channels, 16) + 1) * 16 * self.pixels_step;
  self.panels = cut->x.count * cut->y.count;
  self.block_step = self.steps * self.planes * 1024;
  char *memory = ck_scratch(6, lay_out(&self, pixels, NULL));
  if (!memory) return true;
  lay_out(&self, pixels, memory);
  for (ptrdiff_t t = 0; t < c->tap_count; t++) {
    ptrdiff_t pixel, panel = ck_split_tap_panel(cut, &c->taps[t], &pixel);
    self.taps[t] = panel * self.panel_step + pixel;
  }
  for (ptrdiff_t s = 0; s < self.steps; s++) self.offsets[s] = 32 * s;

  ptrdiff_t all = c->batch * c->out_height * c->out_width, floats = self.blocks * rows * block;
  self.parts = clamp(all / part_pixels, 1, parts);
  self.parts = clamp(sums_bytes / (floats * (ptrdiff_t)sizeof(float)), 1, self.parts);
  self.sums = ck_scratch(1, (size_t)(self.parts * floats) * sizeof(float));
  if (!self.sums) return true;
  ck_parallel_for(context, self.parts, add_part, &self);
  ck_parallel_for(context, divide_up(rows, rows_together), add_parts, &self);

  const ck_conv_kernels *kernels = ck_conv_kernels_of(context);
  for (ptrdiff_t i = 0; i < cut->boxes; i++) {
    if (!self.failed[i]) continue;
    ck_split_box box = ck_split_box_at(cut, i);
    ck_correlation part = ck_split_part(c, &box, self.sources, self.part_taps);
    ck_correlation_weights(context, kernels, &part, rows, gradient, row_step, scale, 1);
  }
  return true;
}
