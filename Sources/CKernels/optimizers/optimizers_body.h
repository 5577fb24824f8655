/* Optimiser steps over vectors of CK_LANES parameters, for the variant named CK_VARIANT. */
#include "base/vector.h"
#include <math.h>

/* Vectors know at compile time that all their lanes are used; the last one of an array is short. */
CK_INLINE ck_vec load(const float *p, ptrdiff_t lanes) {
  return lanes == CK_LANES ? ck_vec_load(p) : ck_vec_load_first(p, lanes);
}
CK_INLINE void store(float *p, ck_vec x, ptrdiff_t lanes) {
  if (lanes == CK_LANES)
    ck_vec_store(p, x);
  else
    ck_vec_store_first(p, x, lanes);
}

/* One root and one division a vector: with the corrections divided out lane by lane there were three, and they, not the
   memory, were what a step of a small network waited for. */
CK_INLINE void adam_vector(const ck_adam *adam, float rate, float root_scale, ptrdiff_t lanes, const float *g,
                           float *p, float *m, float *v) {
  ck_vec gradient = load(g, lanes), parameter = load(p, lanes);
  if (adam->decoupled)
    parameter -= adam->rate * adam->decay * parameter;
  else
    gradient += adam->decay * parameter;
  const ck_vec first = adam->beta1 * load(m, lanes) + (1 - adam->beta1) * gradient;
  const ck_vec second = adam->beta2 * load(v, lanes) + (1 - adam->beta2) * gradient * gradient;
  const ck_vec root = __builtin_elementwise_sqrt(second) * root_scale + adam->epsilon;
  store(m, first, lanes);
  store(v, second, lanes);
  store(p, parameter - rate * (first / root), lanes);
}

CK_INLINE void sgd_vector(const ck_sgd *sgd, ptrdiff_t lanes, const float *g, float *p, float *v) {
  const ck_vec parameter = load(p, lanes), gradient = load(g, lanes) + sgd->decay * parameter;
  const ck_vec velocity = v ? sgd->momentum * load(v, lanes) + gradient : gradient;
  if (v) store(v, velocity, lanes);
  store(p, parameter - sgd->rate * (sgd->nesterov ? gradient + sgd->momentum * velocity : velocity), lanes);
}

CK_INLINE void rmsprop_vector(const ck_rmsprop *rmsprop, ptrdiff_t lanes, const float *g, float *p,
                              float *v) {
  const ck_vec parameter = load(p, lanes), gradient = load(g, lanes) + rmsprop->decay * parameter;
  const ck_vec second = rmsprop->alpha * load(v, lanes) + (1 - rmsprop->alpha) * gradient * gradient;
  store(v, second, lanes);
  store(p, parameter - rmsprop->rate * gradient / (__builtin_elementwise_sqrt(second) + rmsprop->epsilon),
        lanes);
}

static void adam(const ck_adam *options, ptrdiff_t count, const float *g, float *p, float *m, float *v) {
  const ck_adam adam = *options; /* a copy the stores cannot reach */
  const float rate = adam.rate / adam.correction1, root_scale = 1 / sqrtf(adam.correction2);
  ptrdiff_t i = 0;
  for (; i + CK_LANES <= count; i += CK_LANES)
    adam_vector(&adam, rate, root_scale, CK_LANES, g + i, p + i, m + i, v + i);
  if (i < count) adam_vector(&adam, rate, root_scale, count - i, g + i, p + i, m + i, v + i);
}

static void sgd(const ck_sgd *options, ptrdiff_t count, const float *g, float *p, float *v) {
  const ck_sgd sgd = *options;
  ptrdiff_t i = 0;
  for (; i + CK_LANES <= count; i += CK_LANES) sgd_vector(&sgd, CK_LANES, g + i, p + i, v ? v + i : v);
  if (i < count) sgd_vector(&sgd, count - i, g + i, p + i, v ? v + i : v);
}

static void rmsprop(const ck_rmsprop *options, ptrdiff_t count, const float *g, float *p, float *v) {
  const ck_rmsprop rmsprop = *options;
  ptrdiff_t i = 0;
  for (; i + CK_LANES <= count; i += CK_LANES) rmsprop_vector(&rmsprop, CK_LANES, g + i, p + i, v + i);
  if (i < count) rmsprop_vector(&rmsprop, count - i, g + i, p + i, v + i);
}

const ck_optimizer_kernels CK_VARIANT(ck_optimizer) = {adam, sgd, rmsprop};
