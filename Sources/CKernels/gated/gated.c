/* The public doors: cut the frames into items, choose the variant, run its loop. */
#include "gated/gated.h"
#include "base/threads.h"
#include "check/check.h"

/* Outputs an item covers, more or less. One item runs on the calling thread, so smaller work wakes nobody. */
enum { grain = 8192 };

const ck_gated_kernels *ck_gated_kernels_of(const ck_context *context) {
  const ck_isa isa = ck_isa_of(context);
#define CK_KERNELS(variant) \
  if (isa >= ck_isa_##variant) return &ck_gated_##variant;
#include "gated/gated_kernels.inc"
#undef CK_KERNELS
  __builtin_unreachable();
}

typedef struct {
  const ck_gated_kernels *kernels;
  ptrdiff_t frames, channels, frames_per_item;
  const float *x, *y_gradient;
  float *result;
} gated_work;

static ptrdiff_t frames_from(const gated_work *w, ptrdiff_t start) {
  return w->frames - start < w->frames_per_item ? w->frames - start : w->frames_per_item;
}

static void forward_item(void *state, ptrdiff_t item) {
  const gated_work *w = state;
  const ptrdiff_t start = item * w->frames_per_item, c = w->channels;
  w->kernels->forward(frames_from(w, start), c, w->x + start * 2 * c, w->result + start * c);
}

static void gradient_item(void *state, ptrdiff_t item) {
  const gated_work *w = state;
  const ptrdiff_t start = item * w->frames_per_item, c = w->channels;
  w->kernels->gradient(frames_from(w, start), c, w->x + start * 2 * c, w->y_gradient + start * c,
                       w->result + start * 2 * c, NULL);
}

static void run(const ck_context *context, void (*item)(void *, ptrdiff_t), ptrdiff_t frames,
                ptrdiff_t channels, const float *x, const float *y_gradient, float *result) {
  if (frames == 0 || channels == 0) return;
  const ptrdiff_t per_item = (grain + channels - 1) / channels;
  gated_work w = {ck_gated_kernels_of(context), frames, channels, per_item, x, y_gradient, result};
  ck_parallel_for(context, (frames + per_item - 1) / per_item, item, &w);
}

ck_status ck_gated(const ck_context *context, ptrdiff_t frames, ptrdiff_t channels, const float *x,
                   float *y) {
  CK_REQUIRE(ck_check_gated(frames, channels, x, y));
  run(context, forward_item, frames, channels, x, 0, y);
  return ck_status_ok;
}

ck_status ck_gated_gradient(const ck_context *context, ptrdiff_t frames, ptrdiff_t channels, const float *x,
                            const float *y_gradient, float *x_gradient) {
  CK_REQUIRE(ck_check_gated_gradient(frames, channels, x, y_gradient, x_gradient));
  run(context, gradient_item, frames, channels, x, y_gradient, x_gradient);
  return ck_status_ok;
}
