/* What the optimiser steps mean: the formulas of CKernels.h, one parameter at a time. */
#include "CKernels.h"
#include <math.h>

void ck_adam_step_reference(const ck_adam *adam, ptrdiff_t count, const float *g, float *p, float *m,
                            float *v) {
  for (ptrdiff_t i = 0; i < count; i++) {
    float gradient = g[i], parameter = p[i];
    if (adam->decoupled)
      parameter -= adam->rate * adam->decay * parameter;
    else
      gradient += adam->decay * parameter;
    m[i] = adam->beta1 * m[i] + (1 - adam->beta1) * gradient;
    v[i] = adam->beta2 * v[i] + (1 - adam->beta2) * gradient * gradient;
    p[i] =
      parameter - adam->rate * (m[i] / adam->correction1) / (sqrtf(v[i] / adam->correction2) + adam->epsilon);
  }
}

void ck_sgd_step_reference(const ck_sgd *sgd, ptrdiff_t count, const float *g, float *p, float *v) {
  for (ptrdiff_t i = 0; i < count; i++) {
    float gradient = g[i] + sgd->decay * p[i];
    float velocity = v ? sgd->momentum * v[i] + gradient : gradient;
    if (v) v[i] = velocity;
    p[i] -= sgd->rate * (sgd->nesterov ? gradient + sgd->momentum * velocity : velocity);
  }
}

void ck_rmsprop_step_reference(const ck_rmsprop *rmsprop, ptrdiff_t count, const float *g, float *p,
                               float *v) {
  for (ptrdiff_t i = 0; i < count; i++) {
    float gradient = g[i] + rmsprop->decay * p[i];
    v[i] = rmsprop->alpha * v[i] + (1 - rmsprop->alpha) * gradient * gradient;
    p[i] -= rmsprop->rate * gradient / (sqrtf(v[i]) + rmsprop->epsilon);
  }
}
