#include "CKernels.h"

void ck_max_pool(const ck_context *context, const ck_pool_geometry *g, const float *x, float *y, int32_t *indices) {
  (void)context;
  ck_max_pool_reference(g, x, y, indices);
}
void ck_pool_at(const ck_context *context, const ck_pool_geometry *g, const int32_t *indices, const float *x, float *y) {
  (void)context;
  ck_pool_at_reference(g, indices, x, y);
}
void ck_pool_at_adjoint(const ck_context *context, const ck_pool_geometry *g, const int32_t *indices, const float *y,
                        float *x) {
  (void)context;
  ck_pool_at_adjoint_reference(g, indices, y, x);
}
void ck_average_pool(const ck_context *context, const ck_pool_geometry *g, const float *x, float *y) {
  (void)context;
  ck_average_pool_reference(g, x, y);
}
void ck_average_pool_adjoint(const ck_context *context, const ck_pool_geometry *g, const float *y, float *x) {
  (void)context;
  ck_average_pool_adjoint_reference(g, y, x);
}
