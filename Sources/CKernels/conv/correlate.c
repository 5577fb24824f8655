#include "conv/correlation.h"
#include "base/scratch.h"
#include "base/threads.h"

/* Runs × blocks, shared among threads by chunks of pixels and, where those are few, by groups of blocks. */

enum {
  chunk_floats = 65536,  /* input of a chunk: 256 KiB, an eighth of a second-level cache, read once per block */
  chunk_pixels = 480,    /* and no more pixels than this */
  least_pixels = 96,     /* but not fewer than this: every chunk reads all weights */
  pixel_grain = 24,      /* a multiple of most tiles */
  fewest_items = 16,     /* what a loop should offer its threads */
  batch_from_width = 4,  /* narrower images run across the batch */
};

typedef struct {
  const ck_conv_kernels *kernels;
  const ck_correlation *c;
  const ck_packed *weights;
  const ck_epilogue *epilogue;
  const float *depthwise;
  float keep;
  ck_cut cut;
  ptrdiff_t groups, group_blocks;
} correlation;

static ck_epilogue epilogue_from(const ck_epilogue *epilogue, ptrdiff_t channel) {
  if (!epilogue) return (ck_epilogue){.bias = NULL};
  ck_epilogue moved = *epilogue;
  if (moved.bias) moved.bias += channel;
  return moved;
}

static void correlate_item(void *state, ptrdiff_t item) {
  const correlation *self = state;
  const ck_packed *w = self->weights;
  ptrdiff_t run_count, channels = self->c->destination.channels;
  const ck_run *runs = ck_lower(self->c, &self->cut, item / self->groups, &run_count);
  if (ck_measuring()) return;
  ptrdiff_t first = item % self->groups * self->group_blocks, end = first + self->group_blocks;
  for (ptrdiff_t b = first; b < end && b < w->count; b++) {
    bool last = b == w->count - 1;
    ck_block block = {.w = w->blocks + b * w->block_step, .w_step = w->row_step, .first = b * w->width,
                      .channels = last ? channels - b * w->width : w->width,
                      .epilogue = epilogue_from(self->epilogue, b * w->width), .keep = self->keep};
    if (last && w->last) block.w = w->last, block.w_step = w->width;
    for (ptrdiff_t r = 0; r < run_count; r++)
      if (w->dots) self->kernels->dot(&runs[r], &block);
      else self->kernels->multiply(&runs[r], &block);
  }
}

static void depthwise_item(void *state, ptrdiff_t item) {
  const correlation *self = state;
  ptrdiff_t run_count, channels = self->c->destination.channels;
  const ck_run *runs = ck_lower(self->c, &self->cut, item, &run_count);
  if (ck_measuring()) return;
  ck_block block = {.w = self->depthwise, .w_step = channels, .channels = channels,
                    .epilogue = epilogue_from(self->epilogue, 0)};
  for (ptrdiff_t r = 0; r < run_count; r++) self->kernels->depthwise(&runs[r], &block);
}

static ptrdiff_t round_up(ptrdiff_t a, ptrdiff_t grain) { return (a + grain - 1) / grain * grain; }

/* Pixels of a chunk: as many as its input may hold; fewer when there are too few chunks (and blocks) to share. */
static ck_cut cut_for(const ck_correlation *c, ptrdiff_t blocks) {
  ptrdiff_t channels = 1;
  for (ptrdiff_t v = 0; v < c->source_count; v++) channels += c->sources[v].channels;
  ptrdiff_t pixels = chunk_floats / (c->step_x * channels) / pixel_grain * pixel_grain;
  if (pixels > chunk_pixels) pixels = chunk_pixels;
  if (pixels < least_pixels) pixels = least_pixels;
  ptrdiff_t all = c->batch * c->out_height * c->out_width;
  ptrdiff_t fair = round_up(all * blocks / fewest_items, pixel_grain);
  if (pixels > fair) pixels = fair;
  if (pixels < pixel_grain) pixels = pixel_grain;
  return ck_cut_pixels(c, pixels, batch_from_width);
}

void ck_correlate(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                  const ck_packed *weights, const ck_epilogue *epilogue, float keep) {
  if (c->destination.channels == 0 || !weights->blocks || ck_packing()) return;
  correlation self = {.kernels = kernels, .c = c, .weights = weights, .epilogue = epilogue, .keep = keep,
                      .cut = cut_for(c, weights->count)};
  if (self.cut.chunks == 0) return;
  self.groups = (fewest_items + self.cut.chunks - 1) / self.cut.chunks;
  if (self.groups > weights->count) self.groups = weights->count;
  self.group_blocks = (weights->count + self.groups - 1) / self.groups;
  ck_parallel_for(context, self.cut.chunks * self.groups, correlate_item, &self);
}

void ck_correlate_depthwise(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                            const float *weights, const ck_epilogue *epilogue) {
  if (!weights || ck_packing()) return;
  correlation self = {.kernels = kernels, .c = c, .depthwise = weights, .epilogue = epilogue, .cut = cut_for(c, 1)};
  ck_parallel_for(context, self.cut.chunks, depthwise_item, &self);
}
