#include "conv/correlation.h"
#include "base/scratch.h"
#include "base/threads.h"

/* Runs × blocks, shared among threads by chunks of pixels and, where those are few, by groups of blocks. */

enum {
  chunk_floats = 65536,  /* input of a chunk: 256 KiB, an eighth of a second-level cache, read once per block */
  heavy_chunk_floats = 262144, /* 1 MiB, when the weights exceed that cache: they are read once per chunk */
  weighty_floats = 524288,
  fetched_weights = 131072, /* larger weights share their cache with a chunk and are asked for ahead */
  chunk_pixels = 480,    /* and no more pixels than this */
  dot_pixels = 4096,     /* … of few outputs, whose sums are nowhere kept and soon done */
  least_pixels = 96,     /* but not fewer than this: every chunk reads all weights */
  pixel_grain = 24,      /* a multiple of most tiles */
  fewest_items = 16,     /* what a loop should offer its threads */
  batch_from_width = 4,  /* narrower images run across the batch */
  stream_floats = 2 << 20, /* outputs larger than this leave the caches anyway: 8 MiB … */
  stream_terms = 512,      /* … and are worth streaming when their sums are this short */
  fetch_terms = 256,       /* uses of an input: below, reading it takes as long as using it */
};

typedef struct {
  const ck_conv_kernels *kernels;
  const ck_correlation *c;
  const ck_packed *weights;
  ck_cut cut;
  ptrdiff_t shares, share_blocks; /* blocks of a group are dealt out in shares */
  ck_block block;                 /* what all blocks have in common */
} correlation;

/* Group g by itself: its channels of every view. */
static void move_to_group(ck_correlation *c, ck_image *source, ck_block *block, ptrdiff_t g) {
  ptrdiff_t in = c->sources->channels / c->groups, out = c->destination.channels / c->groups;
  ck_epilogue *e = &block->epilogue;
  *source = *c->sources;
  source->data += g * in;
  source->channels = in;
  c->sources = source;
  c->destination.data += g * out;
  c->destination.channels = out;
  c->dense.first += g * out;
  if (c->residual.data) c->residual.data += g * out;
  if (e->bias) e->bias += g * out;
}

static ptrdiff_t weight_count(const ck_correlation *c) {
  return c->tap_count * ck_channels_of(c) * c->destination.channels;
}

static ptrdiff_t pixels_of(const ck_correlation *c) { return c->batch * c->out_height * c->out_width; }

static bool finite_inputs(const ck_conv_kernels *kernels, const ck_run *runs, ptrdiff_t run_count) {
  for (ptrdiff_t r = 0; r < run_count; r++)
    for (ptrdiff_t s = 0; s < runs[r].segment_count; s++) {
      const ck_segment *segment = &runs[r].segments[s];
      if (!kernels->all_finite(segment->x, (runs[r].count - 1) * segment->step + segment->channels)) return false;
    }
  return true;
}

static void correlate_item(void *state, ptrdiff_t item) {
  const correlation *self = state;
  const ck_packed *w = self->weights;
  ck_correlation c = *self->c;
  ck_block common = self->block;
  ck_image source;
  const ptrdiff_t share = item % self->shares, chunk = item / self->shares % self->cut.chunks;
  const ptrdiff_t group = item / self->shares / self->cut.chunks;
  if (c.groups > 1) move_to_group(&c, &source, &common, group);
  ptrdiff_t run_count, first = share * self->share_blocks, end = first + self->share_blocks;
  const ptrdiff_t channels = c.destination.channels, columns = w->gated ? w->width / 2 : w->width;
  /* Masks for a few rows cost more than looking at their inputs. */
  c.finite = w->paired_taps > 0 && ck_channels_of(&c) < self->kernels->lanes;
  const ck_run *runs = ck_lower(&c, &self->cut, chunk, &run_count);
  /* A plan measures both ways. */
  if (c.finite && (ck_measuring() || !finite_inputs(self->kernels, runs, run_count))) {
    c.finite = false;
    runs = ck_lower(&c, &self->cut, chunk, &run_count);
  }
  ptrdiff_t pixels = 0;
  for (ptrdiff_t r = 0; r < run_count; r++) pixels += runs[r].count;
  float *parts = w->dots ? NULL : ck_scratch(3, (size_t)(pixels * w->width) * sizeof *parts);
  if ((!w->dots && !parts) || ck_measuring()) return;
  for (ptrdiff_t b = first; b < end && b < w->count; b++) {
    bool last = b == w->count - 1;
    ck_block block = common;
    block.w = w->blocks + group * w->group_step + b * w->block_step;
    block.w_step = w->row_step;
    if (last && w->last) block.w = w->last, block.w_step = w->width;
    block.first = b * columns;
    block.channels = last ? channels - block.first : columns;
    block.vectors = (block.channels + self->kernels->lanes - 1) / self->kernels->lanes * (w->gated ? 2 : 1);
    block.stream = common.stream && block.channels % self->kernels->lanes == 0;
    block.fetch = common.fetch && b == first;
    if (w->dots)
      for (ptrdiff_t r = 0; r < run_count; r++) self->kernels->dot(&runs[r], &block);
    else self->kernels->multiply(runs, run_count, &block, parts);
  }
#if CK_X86
  if (common.stream) __builtin_ia32_sfence();
#endif
}

static void depthwise_item(void *state, ptrdiff_t item) {
  const correlation *self = state;
  ptrdiff_t run_count;
  const ck_run *runs = ck_lower(self->c, &self->cut, item, &run_count);
  if (ck_measuring()) return;
  for (ptrdiff_t r = 0; r < run_count; r++) self->kernels->depthwise(&runs[r], &self->block);
}

static ptrdiff_t round_up(ptrdiff_t a, ptrdiff_t grain) { return (a + grain - 1) / grain * grain; }

/* Pixels of a chunk: as many as its input may hold; fewer when there are too few chunks (and blocks) to share. */
static ck_cut cut_for(const ck_correlation *c, ptrdiff_t blocks, ptrdiff_t most_pixels) {
  ptrdiff_t floats = weight_count(c) > weighty_floats ? heavy_chunk_floats : chunk_floats;
  ptrdiff_t pixels = floats / (c->step_x * (ck_channels_of(c) + 1)) / pixel_grain * pixel_grain;
  if (pixels > most_pixels) pixels = most_pixels;
  if (pixels < least_pixels) pixels = least_pixels;
  ptrdiff_t fair = round_up(pixels_of(c) * blocks / fewest_items, pixel_grain);
  if (pixels > fair) pixels = fair;
  if (pixels < pixel_grain) pixels = pixel_grain;
  return ck_cut_pixels(c, pixels, batch_from_width);
}

/* Whether one step reaches every pixel of an image: no gaps between lines or batches. */
static bool one_line(const ck_correlation *c, ptrdiff_t pixel, ptrdiff_t row, ptrdiff_t batch) {
  return (c->out_height == 1 || row == c->out_width * pixel) &&
         (c->batch == 1 || batch == c->out_height * c->out_width * pixel);
}

/* A lone tap on the pixel itself does not know lines: then all pixels are one. */
static void join_lines(ck_correlation *c) {
  const ck_mutable_image *to = &c->destination;
  bool joined = c->tap_count == 1 && c->taps->dy == 0 && c->taps->dx == 0 && c->step_y == 1 && c->step_x == 1 &&
                c->out_height == c->height && c->out_width == c->width && !c->depthwise &&
                one_line(c, to->pixel_stride, to->row_stride, to->batch_stride) &&
                one_line(c, c->dense.pixel, c->dense.row, c->dense.batch) &&
                (!c->residual.data ||
                 one_line(c, c->residual.pixel_stride, c->residual.row_stride, c->residual.batch_stride));
  for (ptrdiff_t v = 0; v < c->source_count; v++)
    joined = joined && one_line(c, c->sources[v].pixel_stride, c->sources[v].row_stride, c->sources[v].batch_stride);
  if (!joined) return;
  c->width = c->out_width = c->batch * c->out_height * c->out_width;
  c->batch = c->height = c->out_height = 1;
}

static bool whole_lines(const void *data, ptrdiff_t pixel, ptrdiff_t row, ptrdiff_t batch) {
  return (uintptr_t)data % 64 == 0 && pixel % 16 == 0 && row % 16 == 0 && batch % 16 == 0;
}

/* What all blocks have in common. */
static ck_block common_block(const ck_correlation *c, const ck_epilogue *epilogue, float keep) {
  ck_block block = {.keep = keep, .plain = true};
  const ck_mutable_image *to = &c->destination;
  ptrdiff_t inputs = ck_channels_of(c), outputs = to->channels / c->groups;
  ptrdiff_t pixels = pixels_of(c);
  if (epilogue) {
    block.epilogue = *epilogue;
    block.gate = epilogue->activation == ck_activation_gated ? to->channels : 0;
    block.plain = epilogue->activation <= ck_activation_leaky_relu && !(epilogue->dropout > 0) &&
                  !epilogue->residual.data && !epilogue->sums;
  }
  block.stream = keep == 0 && !c->depthwise && pixels * to->channels > stream_floats &&
                 c->tap_count * inputs <= stream_terms &&
                 whole_lines(to->data, to->pixel_stride, to->row_stride, to->batch_stride) && outputs % 16 == 0;
  block.fetch = !c->depthwise && inputs * c->step_x >= outputs && c->tap_count * outputs <= fetch_terms * c->step_x;
  block.fetch_weights = weight_count(c) > fetched_weights;
  return block;
}

void ck_correlate(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *given,
                  const ck_packed *weights, const ck_epilogue *epilogue, float keep) {
  if (given->destination.channels == 0 || !weights->blocks || ck_packing()) return;
  ck_correlation c = *given;
  ck_tap taps[ck_most_paired_taps];
  float bias[2 * ck_most_paired_channels];
  const ptrdiff_t one = c.destination.channels;
  const bool one_chain = ck_pairable(kernels, &c) > 0;
  join_lines(&c);
  c.lanes_along_taps = weights->dots;
  if (weights->paired_taps > 0) c = ck_paired(&c, weights->paired_taps, taps);
  correlation self = {.kernels = kernels, .c = &c, .weights = weights,
                      .cut = cut_for(&c, weights->count * c.groups, weights->dots ? dot_pixels : chunk_pixels),
                      .block = common_block(&c, epilogue, keep)};
  self.block.one_chain = one_chain;
  if (self.cut.chunks == 0) return;
  if (weights->paired_taps > 0) {
    self.block.pair = one;
    if (self.block.epilogue.bias && !ck_measuring()) {
      for (ptrdiff_t o = 0; o < 2 * one; o++) bias[o] = self.block.epilogue.bias[o % one];
      self.block.epilogue.bias = bias;
    }
  }
  const ptrdiff_t items = self.cut.chunks * c.groups;
  self.shares = (fewest_items + items - 1) / items;
  if (self.shares > weights->count) self.shares = weights->count;
  self.share_blocks = (weights->count + self.shares - 1) / self.shares;
  ck_parallel_for(ck_worth_threads(context, (double)pixels_of(&c) * (double)weight_count(&c)), items * self.shares, correlate_item,
                  &self);
}

void ck_correlate_depthwise(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                            const float *weights, const ck_epilogue *epilogue) {
  if (!weights || ck_packing()) return;
  correlation self = {.kernels = kernels, .c = c, .cut = cut_for(c, 1, chunk_pixels),
                      .block = common_block(c, epilogue, 0)};
  self.block.w = weights;
  self.block.w_step = self.block.channels = c->destination.channels;
  self.block.vectors = 1;
  /* No input is used by two outputs: memory's speed, a tenth of the others. */
  ck_parallel_for(ck_worth_threads(context, 10.0 * (double)pixels_of(c) * (double)weight_count(c)),
                  self.cut.chunks, depthwise_item, &self);
}

/* Which way for which shape, and the measurement that decided it (one core of a 2023 Xeon, AVX-512, GF/s).
     at most 4 outputs with 4 lanes for each        dot       25 → 2, 1 × 1: 7 … 11
       … 8, whose folding costs less than rows      dot       64 → 6, kernel 4 × 4, stride 2: 38 → 63
       … and chunks of 4096 pixels, memory asked
       for ahead                                              1 + 16 → 1, 1 × 1: 7 → 13; 25 → 2: 1.15
     one tap on the pixel itself, no gaps           all pixels as one line: 1 → 1 + 16, 1 × 1, 66 wide: 1.2
     2 × outputs fill their vectors better, step
       and dilation 1, an even width                pairs     72 → 24, kernel 5: y 110 → 137; 48 → 24, kernel 15: 128 → 147
       … of fewer inputs than lanes                 and look at the inputs instead of masking: 1 → 24, kernel 15: 66 → 80
     one channel a group                            depthwise
     at most 100 pixels                             weights in place: 288 → 312 of 4 frames: 139 → 203; of 300 pixels: even
     weights beyond 2 MiB                           chunks of 1 MiB: 600 → 600 of 80 frames: 1.02 … 1.13
     weights beyond 512 KiB                         asked for ahead: 1.01 … 1.03; 2048³: 1.2
     outputs beyond 8 MiB, sums below 512 terms     past the caches: 64 → 320, 1 × 1: 118 → 147
     inputs used at most 256 times, no fewer of
       them than outputs                            asked for ahead: 320 → 64, 1 × 1: 99 → 172; 256 → 256: 140 → 162
     several groups                                 the same, groups as items of the loop
     anything else                                  multiply */
