/* Pooling at known positions and its adjoint. -1 stands for a window of nothing but padding. */
#include "CKernels.h"
#include "base/scratch.h"
#include "base/threads.h"
#include "check/check.h"
#include <string.h>

enum {
  grain = 16384, /* outputs of one item */
  block = 4096,  /* indices whose least and greatest are noted */
  piece = 65536, /* inputs one item of the adjoint owns */
};

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t parts(ptrdiff_t count, ptrdiff_t size) { return (count + size - 1) / size; }

typedef struct {
  ptrdiff_t inputs, outputs, blocks;
  const int32_t *indices;
  int32_t *bounds; /* [blocks, 2] */
  const float *from;
  float *to;
} work;

static void gather_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ptrdiff_t end = least((item + 1) * grain, w->outputs);
  for (ptrdiff_t j = item * grain; j < end; j++) w->to[j] = w->indices[j] < 0 ? 0 : w->from[w->indices[j]];
}

static void bounds_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ptrdiff_t end = least((item + 1) * block, w->outputs);
  int32_t low = INT32_MAX, high = -1;
  for (ptrdiff_t j = item * block; j < end; j++) {
    low = w->indices[j] < low ? w->indices[j] : low;
    high = w->indices[j] > high ? w->indices[j] : high;
  }
  w->bounds[2 * item] = low;
  w->bounds[2 * item + 1] = high;
}

/* An item owns a piece of x and visits, in order, the blocks of indices that point into it: few, because
   windows near each other have maxima near each other, and all of them whatever the indices are. */
static void scatter_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ptrdiff_t first = item * piece, end = least(first + piece, w->inputs);
  memset(w->to + first, 0, (size_t)(end - first) * sizeof(float));
  for (ptrdiff_t k = 0; k < w->blocks; k++) {
    if (w->bounds[2 * k] >= end || w->bounds[2 * k + 1] < first) continue;
    const ptrdiff_t stop = least((k + 1) * block, w->outputs);
    for (ptrdiff_t j = k * block; j < stop; j++)
      if (w->indices[j] >= first && w->indices[j] < end) w->to[w->indices[j]] += w->from[j];
  }
}

static work work_of(const ck_pool_geometry *g, const int32_t *indices, const float *from, float *to) {
  const ptrdiff_t inputs = g->batch * g->input_height * g->input_width * g->channels;
  const ptrdiff_t outputs = g->batch * ck_pool_output_height(g) * ck_pool_output_width(g) * g->channels;
  return (work){inputs, outputs, parts(outputs, block), indices, NULL, from, to};
}

ck_status ck_pool_at(const ck_context *context, const ck_pool_geometry *g, const int32_t *indices,
                     const float *x, float *y) {
  CK_REQUIRE(ck_check_pool_at(context, g, indices, x, y));
  work w = work_of(g, indices, x, y);
  ck_parallel_for(context, parts(w.outputs, grain), gather_item, &w);
  return ck_status_ok;
}

ck_status ck_pool_at_adjoint(const ck_context *context, const ck_pool_geometry *g, const int32_t *indices,
                             const float *y, float *x) {
  CK_REQUIRE(ck_check_pool_at(context, g, indices, x, y));
  work w = work_of(g, indices, y, x);
  w.bounds = ck_scratch(1, (size_t)(2 * w.blocks) * sizeof *w.bounds);
  if (!w.bounds) return ck_scratch_status();
  ck_parallel_for(context, w.blocks, bounds_item, &w);
  ck_parallel_for(context, parts(w.inputs, piece), scatter_item, &w);
  return ck_status_ok;
}
