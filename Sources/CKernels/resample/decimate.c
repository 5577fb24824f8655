/* Every factor-th frame, and zeros between frames. */
#include "base/threads.h"
#include "check/check.h"
#include "layout/layout.h"
#include <string.h>

ck_status ck_decimate(const ck_context *context, ptrdiff_t batch, ptrdiff_t frames, ptrdiff_t channels,
                      ptrdiff_t factor, const float *x, float *y) {
  CK_REQUIRE(ck_check_decimate(batch, frames, channels, factor, x, y));
  const ptrdiff_t kept = (frames + factor - 1) / factor;
  const ptrdiff_t shape[] = {batch, kept, channels};
  const ptrdiff_t x_strides[] = {frames * channels, factor * channels, 1},
                  y_strides[] = {kept * channels, channels, 1};
  return ck_copy_strided(context, 3, shape, x, x_strides, y, y_strides);
}

typedef struct {
  ptrdiff_t frames, channels, factor, kept, rows, row_parts; /* an item: `rows` kept frames of one signal */
  const float *y;
  float *x;
} work;

/* The zeros are still in the first-level cache when the frames are put between them. */
static void stuff_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ptrdiff_t b = item / w->row_parts, first = item % w->row_parts * w->rows, channels = w->channels;
  const ptrdiff_t rows = first + w->rows < w->kept ? w->rows : w->kept - first;
  const ptrdiff_t end = (first + rows) * w->factor < w->frames ? (first + rows) * w->factor : w->frames;
  float *x = w->x + (b * w->frames + first * w->factor) * channels;
  memset(x, 0, (size_t)((end - first * w->factor) * channels) * sizeof *x);
  const ck_block block = {rows, channels, channels, 1, w->factor * channels, 1};
  ck_block_copy(&block, w->y + (b * w->kept + first) * channels, x);
}

ck_status ck_decimate_adjoint(const ck_context *context, ptrdiff_t batch, ptrdiff_t frames,
                              ptrdiff_t channels, ptrdiff_t factor, const float *y, float *x) {
  CK_REQUIRE(ck_check_decimate(batch, frames, channels, factor, x, y));
  const ptrdiff_t kept = (frames + factor - 1) / factor, size = factor * channels;
  if (kept == 0 || channels == 0) return ck_status_ok;
  work w = {frames, channels, factor, kept, size < 8192 ? 8192 / size : 1, 0, y, x};
  w.row_parts = (kept + w.rows - 1) / w.rows;
  ck_parallel_for(context, batch * w.row_parts, stuff_item, &w);
  return ck_status_ok;
}
