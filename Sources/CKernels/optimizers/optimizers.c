#include "optimizers/optimizers.h"
#include "base/threads.h"
#include "check/check.h"

enum { grain = 16384 }; /* parameters of one item */

static const ck_optimizer_kernels *kernels(const ck_context *context) {
  const ck_isa isa = ck_isa_of(context);
#define CK_KERNELS(variant) \
  if (isa >= ck_isa_##variant) return &ck_optimizer_##variant;
#include "optimizers/optimizers_kernels.inc"
#undef CK_KERNELS
  __builtin_unreachable();
}

typedef struct {
  const ck_optimizer_kernels *kernels;
  const void *options;
  ptrdiff_t count;
  const float *g;
  float *p, *m, *v;
} work;

static ptrdiff_t items(ptrdiff_t count) { return (count + grain - 1) / grain; }
static ptrdiff_t length(const work *w, ptrdiff_t start) {
  return w->count - start < grain ? w->count - start : grain;
}

static void adam_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ptrdiff_t i = item * grain;
  w->kernels->adam(w->options, length(w, i), w->g + i, w->p + i, w->m + i, w->v + i);
}

static void sgd_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ptrdiff_t i = item * grain;
  w->kernels->sgd(w->options, length(w, i), w->g + i, w->p + i, w->v ? w->v + i : NULL);
}

static void rmsprop_item(void *state, ptrdiff_t item) {
  const work *w = state;
  const ptrdiff_t i = item * grain;
  w->kernels->rmsprop(w->options, length(w, i), w->g + i, w->p + i, w->v + i);
}

ck_status ck_adam_step(const ck_context *context, const ck_adam *adam, ptrdiff_t count, const float *g,
                       float *p, float *m, float *v) {
  CK_REQUIRE(ck_check_step(adam, count, g, p, m, v, true, true));
  work w = {kernels(context), adam, count, g, p, m, v};
  ck_parallel_for(context, items(count), adam_item, &w);
  return ck_status_ok;
}

ck_status ck_sgd_step(const ck_context *context, const ck_sgd *sgd, ptrdiff_t count, const float *g, float *p,
                      float *v) {
  CK_REQUIRE(ck_check_step(sgd, count, g, p, NULL, v, false, sgd && sgd->momentum != 0));
  work w = {kernels(context), sgd, count, g, p, NULL, v};
  ck_parallel_for(context, items(count), sgd_item, &w);
  return ck_status_ok;
}

ck_status ck_rmsprop_step(const ck_context *context, const ck_rmsprop *rmsprop, ptrdiff_t count,
                          const float *g, float *p, float *v) {
  CK_REQUIRE(ck_check_step(rmsprop, count, g, p, NULL, v, false, true));
  work w = {kernels(context), rmsprop, count, g, p, NULL, v};
  ck_parallel_for(context, items(count), rmsprop_item, &w);
  return ck_status_ok;
}
