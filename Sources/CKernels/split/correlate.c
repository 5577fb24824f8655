#include "split/split.h"
#include "base/scratch.h"
#include "base/threads.h"
#include "base/isa.h"
#include <string.h>

/* Boxes × blocks of output channels on the threads: the convolution, and all phases of its input gradient at
   once, which share the packed output gradient. */

enum {
  block = 32,        /* sums: output channels, or half of them and their gates */
  most_pixels = 512, /* of a box: measured (see the biography), and halved until the planes fit */
  least_pixels = 32,
  planes_bytes = 330 << 10,
  planes_bytes_for_large_weights = 1 << 20, /* the more pixels, the fewer times weights come from memory */
  large_weights = 150000, /* numbers of one tap */
  fewest_items = 16,      /* what a loop should offer its threads */
  steps_together = 16,    /* of weights, in one item of packing */
  stream_bytes = 8 << 20, /* outputs larger than this will not be found in a cache again */
  across_width = 8,       /* narrower images put the row tiles across the batch */
};

typedef struct {
  const ck_split_kernels *kernels;
  const ck_conv_kernels *conv;
  const ck_weights *w;
  const ck_epilogue *epilogue;
  float keep;
  int products, planes;
  ck_split_cut cut;
  ck_split_layout layout;
  bool flat, across;
  ck_block block;        /* what all blocks have in common */
  ptrdiff_t block_width; /* output channels of a block */
  ptrdiff_t numbers;     /* of one plane */
  ptrdiff_t tile_rows, tiles;
  ptrdiff_t outputs, blocks, groups, group_blocks;
  ptrdiff_t *step_counts; /* of every phase */
  ck_split_step **steps;
  ptrdiff_t **offsets; /* the same, places alone */
  ck_bf16 **packed;    /* weights of every phase: block after block */
  ck_range *ranges;
  ptrdiff_t pack_items;
  float w_scale;
  int w_exponent;
  uint8_t *failed;   /* boxes for the float32 kernels */
  ck_image *sources; /* of one such box */
  ck_tap *taps;
} splitting;

static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }
static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

static ptrdiff_t block_channels(const splitting *self, ptrdiff_t b) {
  return least(self->block_width, self->outputs - b * self->block_width);
}
static ptrdiff_t block_columns(const splitting *self, ptrdiff_t b) {
  return self->w->gated ? block : block_channels(self, b);
}
/* Numbers of one step of a block. */
static ptrdiff_t step_size(const splitting *self, ptrdiff_t b) {
  return self->planes * (block_columns(self, b) > 16 ? 1024 : 512);
}
static ck_bf16 *block_weights(const splitting *self, ptrdiff_t phase, ptrdiff_t b) {
  return self->packed[phase] + b * self->step_counts[phase] * self->planes * 1024;
}

/* ---- Weights ------------------------------------------------------------------------------------------ */

static void pack_some_weights(void *state, ptrdiff_t item) {
  splitting *self = state;
  ptrdiff_t index = item, phase = 0, groups;
  while (index >= self->blocks * (groups = divide_up(self->step_counts[phase], steps_together)))
    index -= self->blocks * groups, phase++;
  ptrdiff_t b = index / groups, first = index % groups * steps_together;
  ptrdiff_t end = least(first + steps_together, self->step_counts[phase]);
  self->ranges[item] = ck_range_empty();
  for (ptrdiff_t s = first; s < end; s++)
    ck_split_pack_weights(self->kernels, self->w, &self->cut.phases[phase], &self->steps[phase][s],
                          b * self->block_width, block_channels(self, b), self->w_scale, self->planes,
                          block_weights(self, phase, b) + s * step_size(self, b), &self->ranges[item]);
}

/* False when no power of two brings the weights into the window. */
static bool pack_weights(const ck_context *context, splitting *self) {
  self->w_scale = 1;
  ck_parallel_for(context, self->pack_items, pack_some_weights, self);
  ck_range all = ck_range_empty();
  for (ptrdiff_t i = 0; i < self->pack_items; i++) ck_range_join(&all, &self->ranges[i]);
  ck_split_scale scale = ck_split_scale_for(&all);
  if (!scale.possible || scale.exponent == 0) return scale.possible;
  self->w_exponent = scale.exponent;
  self->w_scale = ck_power_of_two(scale.exponent);
  ck_parallel_for(context, self->pack_items, pack_some_weights, self);
  return true;
}

/* ---- A box --------------------------------------------------------------------------------------------- */

/* The row tiles of a phase: along x, or across the images of the box. */
static ptrdiff_t row_tiles(const splitting *self, const ck_split_box *box, const ck_correlation *c,
                           ck_row_tile *tiles) {
  const ck_split_cut *cut = &self->cut;
  const ck_mutable_image *to = &c->destination;
  const ck_image *from = &c->residual;
  const ptrdiff_t y1 = least(box->y1, c->out_height), x1 = least(box->x1, c->out_width),
                  rows = self->tile_rows;
  const ptrdiff_t line_step = cut->columns * self->layout.pixel_step, image_step = cut->lines * line_step;
  ptrdiff_t count = 0;
  for (ptrdiff_t b = box->b0; b < box->b1; b += self->across ? rows : 1)
    for (ptrdiff_t y = box->y0; y < y1; y++)
      for (ptrdiff_t x = box->x0; x < x1; x += self->across ? 1 : rows)
        tiles[count++] = (ck_row_tile){
            .a = (b - box->b0) * image_step + (y - box->y0) * cut->y.step * line_step +
                 (x - box->x0) * cut->x.step * self->layout.pixel_step,
            .run = {.count = least(rows, self->across ? box->b1 - b : x1 - x),
                    .y = to->data + b * to->batch_stride + y * to->row_stride + x * to->pixel_stride,
                    .y_step = self->across ? to->batch_stride : to->pixel_stride,
                    .place = c->dense.first + b * c->dense.batch + y * c->dense.row + x * c->dense.pixel,
                    .place_step = self->across ? c->dense.batch : c->dense.pixel,
                    .residual = !from->data ? NULL
                                            : from->data + b * from->batch_stride + y * from->row_stride +
                                                  x * from->pixel_stride,
                    .residual_step = self->across ? from->batch_stride : from->pixel_stride}};
  return count;
}

static void multiply_box(void *state, ptrdiff_t item) {
  splitting *self = state;
  const ck_split_cut *cut = &self->cut;
  const ptrdiff_t index = item / self->groups, group = item % self->groups;
  ck_split_box box = ck_split_box_at(cut, index);
  ck_bf16 *planes[ck_most_planes];
  ck_bf16 *memory = ck_scratch(0, (size_t)(self->planes * self->numbers) * sizeof *memory);
  ck_row_tile *tiles = ck_scratch(2, (size_t)self->tiles * sizeof *tiles);
  if (!memory || !tiles) return;
  for (int p = 0; p < self->planes; p++) planes[p] = memory + p * self->numbers;
  ck_range range = ck_range_empty();
  ck_split_pack_box(self->kernels, cut, &box, &self->layout, 1, self->planes, planes, &range);
  ck_split_scale scale = ck_split_scale_for(&range);
  if (group == 0) self->failed[index] = !scale.possible;
  if (!scale.possible) return;
  if (scale.exponent != 0)
    ck_split_pack_box(self->kernels, cut, &box, &self->layout, ck_power_of_two(scale.exponent), self->planes,
                      planes, &range);

  const int undo = -(scale.exponent + self->w_exponent);
  ck_split_product product = {.tiles = tiles,
                              .conv = self->conv,
                              .block = self->block,
                              .undo = {ck_power_of_two(undo / 2), ck_power_of_two(undo - undo / 2)}};
  for (int p = 0; p < self->planes; p++) product.planes[p] = planes[p];
  self->kernels->configure(self->tile_rows, self->tile_rows);
  for (ptrdiff_t phase = 0; phase < cut->phase_count; phase++) {
    const ck_correlation *c = &cut->phases[phase];
    product.tile_count = row_tiles(self, &box, c, tiles);
    product.a_step = self->layout.pixel_step * (self->across ? cut->lines * cut->columns : cut->x.step);
    product.step_count = self->step_counts[phase];
    product.steps = self->offsets[phase];
    for (ptrdiff_t b = group * self->group_blocks; b < (group + 1) * self->group_blocks && b < self->blocks;
         b++) {
      product.block.first = b * self->block_width;
      product.block.channels = block_channels(self, b);
      product.columns = block_columns(self, b);
      product.w = block_weights(self, phase, b);
      self->kernels->multiply(self->products, &product);
    }
  }
  self->kernels->release();
#if CK_X86
  if (self->block.stream) __builtin_ia32_sfence();
#endif
}

/* ---- Boxes for the float32 kernels ----------------------------------------------------------------------- */

ck_correlation ck_split_part(const ck_correlation *c, const ck_split_box *box, ck_image *sources,
                             ck_tap *taps) {
  ck_correlation part = *c;
  part.batch = box->b1 - box->b0;
  part.out_height = most(0, least(box->y1, c->out_height) - box->y0);
  part.out_width = most(0, least(box->x1, c->out_width) - box->x0);
  for (ptrdiff_t v = 0; v < c->source_count; v++) {
    sources[v] = c->sources[v];
    sources[v].data += box->b0 * sources[v].batch_stride;
  }
  for (ptrdiff_t t = 0; t < c->tap_count; t++) {
    taps[t] = c->taps[t];
    taps[t].dy += box->y0 * c->step_y;
    taps[t].dx += box->x0 * c->step_x;
  }
  part.sources = sources;
  part.taps = taps;
  part.destination.data += box->b0 * c->destination.batch_stride + box->y0 * c->destination.row_stride +
                           box->x0 * c->destination.pixel_stride;
  part.dense.first += box->b0 * c->dense.batch + box->y0 * c->dense.row + box->x0 * c->dense.pixel;
  if (part.residual.data)
    part.residual.data += box->b0 * c->residual.batch_stride + box->y0 * c->residual.row_stride +
                          box->x0 * c->residual.pixel_stride;
  return part;
}

static void correlate_failed(const ck_context *context, splitting *self) {
  const ck_conv_kernels *kernels = self->conv;
  ck_weights w = *self->w;
  w.paired_taps = 0; /* a box may be an odd number of pixels */
  const ck_packed *packed = NULL;
  ck_packed weights;
  for (ptrdiff_t i = 0; i < self->cut.boxes; i++) {
    if (!self->failed[i]) continue;
    if (!packed) {
      const ck_correlation *c = self->cut.phases;
      weights = ck_pack_weights(context, kernels, &w, c->batch * c->out_height * c->out_width);
      packed = &weights;
    }
    ck_split_box box = ck_split_box_at(&self->cut, i);
    for (ptrdiff_t p = 0; p < self->cut.phase_count; p++) {
      ck_correlation part = ck_split_part(&self->cut.phases[p], &box, self->sources, self->taps);
      ck_correlate(context, kernels, &part, packed, self->epilogue, self->keep);
    }
  }
}

/* ---- The whole ------------------------------------------------------------------------------------------- */

/* Boxes as large as their planes may be. */
static void choose_boxes(splitting *self, const ck_correlation *phases, ptrdiff_t count, void *bands) {
  const ptrdiff_t budget =
      self->cut.channels * self->outputs > large_weights ? planes_bytes_for_large_weights : planes_bytes;
  ptrdiff_t all = 0;
  for (ptrdiff_t p = 0; p < count; p++) all += phases[p].batch * phases[p].out_height * phases[p].out_width;
  ptrdiff_t fair = all * self->blocks / count / fewest_items, pixels = most_pixels;
  while (pixels > least_pixels && pixels > fair) pixels /= 2;
  for (;; pixels /= 2) {
    self->cut = ck_split_cut_for(phases, count, pixels, self->flat, false, bands);
    const ck_split_cut *cut = &self->cut;
    ck_split_layout *layout = &self->layout;
    const ptrdiff_t channels = cut->channels, whole = divide_up(channels, 32);
    layout->pixel_step = self->flat ? channels : (whole | 1) * 32; /* an odd number of cache lines */
    layout->zeros = self->flat ? 0 : whole * 32 - channels;
    layout->slack = self->flat ? 64 : 0;
    layout->panel_step = ck_split_panel_pixels(cut, cut->box_batch) * layout->pixel_step + layout->slack;
    self->across = cut->box_batch > 1 && cut->width < across_width;
    const ptrdiff_t length = self->across ? cut->box_batch : cut->box_width, tiles = divide_up(length, 16);
    self->tile_rows = divide_up(length, tiles);
    self->tiles =
        tiles * (self->across ? cut->box_height * cut->box_width : cut->box_batch * cut->box_height);
    const ptrdiff_t row_step = self->across ? cut->lines * cut->columns : cut->x.step;
    const ptrdiff_t panels = cut->x.count * cut->y.count;
    self->numbers =
        (divide_up(panels * layout->panel_step + 16 * row_step * layout->pixel_step, 32) | 1) * 32;
    if (pixels <= least_pixels || self->planes * self->numbers * 2 <= budget) return;
  }
}

/* Where everything that the items share lies; sizes only, while `memory` is NULL. */
static size_t lay_out(splitting *self, const ck_correlation *phases, ptrdiff_t count, char *memory) {
  size_t used = 0;
#define TAKE(pointer, n) \
  do { \
    if (memory) (pointer) = (void *)(memory + used); \
    used += ((size_t)(n) * sizeof *(pointer) + 63) / 64 * 64; \
  } while (0)
  char *bands = NULL;
  TAKE(bands, ck_split_cut_bytes(phases, count));
  if (memory) choose_boxes(self, phases, count, bands);
  TAKE(self->failed, self->cut.boxes);
  TAKE(self->sources, phases->source_count);
  TAKE(self->step_counts, count);
  TAKE(self->steps, count);
  TAKE(self->offsets, count);
  TAKE(self->packed, count);
  self->pack_items = 0;
  ptrdiff_t most_taps = 0;
  for (ptrdiff_t p = 0; p < count; p++) {
    ptrdiff_t bound = phases[p].tap_count * divide_up(self->cut.channels, 32);
    if (!memory) {
      ck_split_step *steps = NULL;
      ptrdiff_t *offsets = NULL;
      TAKE(steps, bound);
      TAKE(offsets, bound);
    } else {
      TAKE(self->steps[p], bound);
      TAKE(self->offsets[p], bound);
      self->step_counts[p] =
          ck_split_steps(&self->cut, &phases[p], self->flat, &self->layout, self->steps[p]);
      for (ptrdiff_t s = 0; s < self->step_counts[p]; s++) self->offsets[p][s] = self->steps[p][s].a;
    }
    self->pack_items += self->blocks * divide_up(bound, steps_together);
    most_taps = most(most_taps, phases[p].tap_count);
  }
  TAKE(self->taps, most_taps);
  TAKE(self->ranges, self->pack_items);
#undef TAKE
  return used;
}

static bool can_stream(const ck_correlation *phases, ptrdiff_t count) {
  const ck_mutable_image *to = &phases->destination;
  ptrdiff_t pixels = 0;
  bool whole = to->channels % 16 == 0 && to->pixel_stride % 16 == 0 && to->row_stride % 16 == 0 &&
               to->batch_stride % 16 == 0;
  for (ptrdiff_t p = 0; p < count; p++) {
    pixels += phases[p].batch * phases[p].out_height * phases[p].out_width;
    whole = whole && (uintptr_t)phases[p].destination.data % 64 == 0;
  }
  return whole && pixels * to->channels * (ptrdiff_t)sizeof(float) > stream_bytes;
}

static ck_block common_block(const splitting *self, const ck_correlation *phases, ptrdiff_t count) {
  ck_block common = {.keep = self->keep, .stream = self->keep == 0 && can_stream(phases, count)};
  if (self->epilogue) common.epilogue = *self->epilogue;
  if (self->w->gated) {
    common.gate = phases->destination.channels;
    common.vectors = 2 * (16 / self->conv->lanes); /* gates lie 16 sums behind */
  }
  return common;
}

/* One group, or all there is. */
static bool correlate(const ck_context *context, const ck_correlation *phases, ptrdiff_t count,
                      const ck_weights *w, const ck_epilogue *epilogue, float keep) {
  splitting self = {.kernels = ck_split_kernels_of(context),
                    .conv = ck_conv_kernels_of(context),
                    .w = w,
                    .epilogue = epilogue,
                    .keep = keep,
                    .products = ck_split_products(context),
                    .outputs = phases->destination.channels};
  self.planes = ck_split_planes(self.products);
  self.block_width = w->gated ? block / 2 : block;
  self.blocks = divide_up(self.outputs, self.block_width);
  self.cut.channels = ck_split_channels(phases);
  if (!ck_split_is_worth(phases, count, self.products, &self.flat)) return false;
  self.block = common_block(&self, phases, count);
  void *bands = ck_scratch(6, ck_split_cut_bytes(phases, count));
  if (!bands) return true;
  choose_boxes(&self, phases, count, bands);
  char *memory = ck_scratch(6, lay_out(&self, phases, count, NULL));
  if (!memory) return true;
  lay_out(&self, phases, count, memory);

  ptrdiff_t numbers = 0;
  for (ptrdiff_t p = 0; p < count; p++) numbers += self.blocks * self.step_counts[p] * self.planes * 1024;
  ck_bf16 *packed = ck_scratch(1, (size_t)numbers * sizeof *packed);
  if (!packed) return true;
  self.pack_items = 0;
  for (ptrdiff_t p = 0; p < count; p++) {
    self.packed[p] = packed;
    packed += self.blocks * self.step_counts[p] * self.planes * 1024;
    self.pack_items += self.blocks * divide_up(self.step_counts[p], steps_together);
  }
  if (!pack_weights(context, &self)) {
    memset(self.failed, 1, (size_t)self.cut.boxes);
    correlate_failed(context, &self);
    return true;
  }

  self.groups = least(divide_up(fewest_items, self.cut.boxes), self.blocks);
  self.group_blocks = divide_up(self.blocks, self.groups);
  ck_parallel_for(context, self.cut.boxes * self.groups, multiply_box, &self);
  correlate_failed(context, &self);
  return true;
}

enum { most_grouped_phases = 16 };

/* Group g of all phases, in `part`; its channels of the only source in `source`. */
static void move_to_group(const ck_correlation *phases, ptrdiff_t count, ptrdiff_t g, ck_correlation *part,
                          ck_image *source) {
  const ptrdiff_t in = phases->sources->channels / phases->groups;
  const ptrdiff_t out = phases->destination.channels / phases->groups;
  *source = *phases->sources;
  source->data += g * in;
  source->channels = in;
  for (ptrdiff_t p = 0; p < count; p++) {
    part[p] = phases[p];
    part[p].groups = 1;
    part[p].sources = source;
    part[p].destination.data += g * out;
    part[p].destination.channels = out;
    part[p].dense.first += g * out;
    if (part[p].residual.data) part[p].residual.data += g * out;
  }
}

bool ck_split_correlate(const ck_context *context, const ck_correlation *phases, ptrdiff_t count,
                        const ck_weights *w, const ck_epilogue *epilogue, float keep) {
  if (ck_planned() || !ck_split_kernels_of(context) || phases->destination.channels == 0) return false;
  if (phases->groups == 1) return correlate(context, phases, count, w, epilogue, keep);
  if (w->gated || count > most_grouped_phases) return false;
  ck_correlation part[most_grouped_phases];
  for (ptrdiff_t g = 0; g < phases->groups; g++) {
    ck_image source;
    ck_weights weights = *w;
    ck_epilogue finish = epilogue ? *epilogue : (ck_epilogue){.bias = NULL};
    move_to_group(phases, count, g, part, &source);
    weights.data += g * w->group_step;
    weights.groups = 1;
    if (finish.bias) finish.bias += g * phases->destination.channels / phases->groups;
    if (!correlate(context, part, count, &weights, epilogue ? &finish : NULL, keep))
      return false; /* by shape: the first */
  }
  return true;
}
