/* Doubling: cut batch × frames into items, treat the edges here, leave the rest to the kernels. */
#include "base/scratch.h"
#include "base/threads.h"
#include "check/check.h"
#include "resample/resample.h"

enum { grain = 16384 }; /* numbers of one item */

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

static const ck_resample_kernels *kernels(const ck_context *context) {
  const ck_isa isa = ck_isa_of(context);
#define CK_KERNELS(variant) \
  if (isa >= ck_isa_##variant) return &ck_resample_##variant;
#include "resample/resample_kernels.inc"
#undef CK_KERNELS
  __builtin_unreachable();
}

typedef struct {
  const ck_resample_kernels *kernels;
  const ck_upsample_geometry *g;
  const float *mix, *x, *y;
  float *to;      /* y of the map, x of the adjoint, [items, 2, channels] of the mix gradient: sums, one part */
  ptrdiff_t rows; /* frames of an item, counted through the batch */
} work;

/* Calls `run` for the part of every signal that lies in the item: frames first ..< end of signal b. */
typedef void (*run_frames)(const work *w, ptrdiff_t item, ptrdiff_t b, ptrdiff_t first, ptrdiff_t end);

static void for_frames(const work *w, ptrdiff_t item, run_frames run) {
  const ptrdiff_t frames = w->g->frames, end = least((item + 1) * w->rows, w->g->batch * frames);
  for (ptrdiff_t row = item * w->rows; row < end;) {
    const ptrdiff_t b = row / frames, first = row - b * frames, stop = least(frames, first + end - row);
    run(w, item, b, first, stop);
    row += stop - first;
  }
}

/* Chooses the variant and the cut; returns the number of items. */
static ptrdiff_t plan(const ck_context *context, work *w) {
  w->kernels = kernels(context);
  w->rows = most(1, grain / most(1, w->g->channels));
  return w->g->channels == 0 ? 0 : (w->g->batch * w->g->frames + w->rows - 1) / w->rows;
}

static float share(const work *w, ptrdiff_t c) { return w->mix ? w->mix[c] : 0.5f; }

/* ---- y from x ----------------------------------------------------------------------------------------- */

static void upsample_frames(const work *w, ptrdiff_t item, ptrdiff_t b, ptrdiff_t first, ptrdiff_t end) {
  (void)item;
  const ck_upsample_geometry *g = w->g;
  const ptrdiff_t channels = g->channels, last = g->frames - 1;
  const float *x = w->x + (b * g->frames + first) * channels;
  float *y = w->to + (b * ck_upsample_output_frames(g) + 2 * first) * channels;
  const ptrdiff_t inner = least(end, last) - first;
  w->kernels->upsample(inner, channels, w->mix, x, y);
  if (end <= last) return;
  x += inner * channels;
  y += 2 * inner * channels;
  for (ptrdiff_t c = 0; c < channels; c++) {
    const float next = g->edge == ck_upsample_replicate ? x[c] : 0;
    y[c] = x[c];
    if (g->edge != ck_upsample_interior) y[channels + c] = share(w, c) * x[c] + (1 - share(w, c)) * next;
  }
}
static void upsample_item(void *state, ptrdiff_t item) { for_frames(state, item, upsample_frames); }

ck_status ck_upsample(const ck_context *context, const ck_upsample_geometry *g, const float *mix,
                      const float *x, float *y) {
  CK_REQUIRE(ck_check_upsample(g, mix, x, y));
  work w = {.g = g, .mix = mix, .x = x, .to = y};
  ck_parallel_for(context, plan(context, &w), upsample_item, &w);
  return ck_status_ok;
}

/* ---- x from y ----------------------------------------------------------------------------------------- */

/* A frame without a neighbour on one side or both. */
static void adjoint_edge(const work *w, ptrdiff_t i, const float *y, float *x) {
  const ck_upsample_geometry *g = w->g;
  const ptrdiff_t channels = g->channels;
  const bool last = i == g->frames - 1;
  for (ptrdiff_t c = 0; c < channels; c++) {
    const float m = share(w, c);
    float sum = y[c];
    if (i > 0) sum += (1 - m) * y[c - channels];
    if (!last || g->edge != ck_upsample_interior) sum += m * y[c + channels];
    if (last && g->edge == ck_upsample_replicate) sum += (1 - m) * y[c + channels];
    x[c] = sum;
  }
}

static void adjoint_frames(const work *w, ptrdiff_t item, ptrdiff_t b, ptrdiff_t first, ptrdiff_t end) {
  (void)item;
  const ck_upsample_geometry *g = w->g;
  const ptrdiff_t channels = g->channels, last = g->frames - 1;
  const float *y = w->y + b * ck_upsample_output_frames(g) * channels;
  float *x = w->to + b * g->frames * channels;
  const ptrdiff_t inner = most(first, 1), inner_end = least(end, last);
  if (first == 0) adjoint_edge(w, 0, y, x);
  if (inner < inner_end)
    w->kernels->adjoint(inner_end - inner, channels, w->mix, y + 2 * inner * channels, x + inner * channels);
  if (end > last && last > 0) adjoint_edge(w, last, y + 2 * last * channels, x + last * channels);
}
static void adjoint_item(void *state, ptrdiff_t item) { for_frames(state, item, adjoint_frames); }

ck_status ck_upsample_adjoint(const ck_context *context, const ck_upsample_geometry *g, const float *mix,
                              const float *y, float *x) {
  CK_REQUIRE(ck_check_upsample(g, mix, x, y));
  work w = {.g = g, .mix = mix, .y = y, .to = x};
  ck_parallel_for(context, plan(context, &w), adjoint_item, &w);
  return ck_status_ok;
}

/* ---- The gradient of mix ------------------------------------------------------------------------------ */

/* Adds the item's frames of one signal to the item's sums. */
static void mix_gradient_frames(const work *w, ptrdiff_t item, ptrdiff_t b, ptrdiff_t first, ptrdiff_t end) {
  const ck_upsample_geometry *g = w->g;
  const ptrdiff_t channels = g->channels, last = g->frames - 1;
  const float *x = w->x + (b * g->frames + first) * channels;
  const float *y = w->y + (b * ck_upsample_output_frames(g) + 2 * first) * channels;
  const ptrdiff_t inner = least(end, last) - first;
  float *sums = w->to + 2 * item * channels, *part = sums + channels;
  w->kernels->mix_gradient(inner, channels, x, y, part);
  for (ptrdiff_t c = 0; c < channels; c++) sums[c] += part[c];
  if (end > last && g->edge == ck_upsample_zero)
    for (ptrdiff_t c = 0; c < channels; c++)
      sums[c] += y[(2 * inner + 1) * channels + c] * x[inner * channels + c];
}
static void mix_gradient_item(void *state, ptrdiff_t item) {
  const work *w = state;
  for (ptrdiff_t c = 0; c < w->g->channels; c++) w->to[2 * item * w->g->channels + c] = 0;
  for_frames(w, item, mix_gradient_frames);
}

ck_status ck_upsample_mix_gradient(const ck_context *context, const ck_upsample_geometry *g, const float *x,
                                   const float *y, float *mix_gradient) {
  CK_REQUIRE(ck_check_upsample_mix(g, x, y, mix_gradient));
  work w = {.g = g, .x = x, .y = y};
  const ptrdiff_t channels = g->channels, items = plan(context, &w);
  w.to = ck_scratch(1, sizeof(float) * (size_t)(2 * items * channels));
  if (!w.to) return ck_scratch_status();
  ck_parallel_for(context, items, mix_gradient_item, &w);
  for (ptrdiff_t c = 0; c < channels; c++) {
    double total = 0;
    for (ptrdiff_t item = 0; item < items; item++) total += w.to[2 * item * channels + c];
    mix_gradient[c] = (float)total;
  }
  return ck_status_ok;
}
