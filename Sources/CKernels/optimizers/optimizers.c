#include "CKernels.h"

void ck_adam_step(const ck_context *context, const ck_adam *adam, ptrdiff_t count, const float *g, float *p, float *m,
                  float *v) {
  (void)context;
  ck_adam_step_reference(adam, count, g, p, m, v);
}
void ck_sgd_step(const ck_context *context, const ck_sgd *sgd, ptrdiff_t count, const float *g, float *p, float *v) {
  (void)context;
  ck_sgd_step_reference(sgd, count, g, p, v);
}
void ck_rmsprop_step(const ck_context *context, const ck_rmsprop *rmsprop, ptrdiff_t count, const float *g, float *p,
                     float *v) {
  (void)context;
  ck_rmsprop_step_reference(rmsprop, count, g, p, v);
}
