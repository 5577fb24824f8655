#include "CKernels.h"

void ck_upsample(const ck_context *context, const ck_upsample_geometry *g, const float *mix, const float *x, float *y) {
  (void)context;
  ck_upsample_reference(g, mix, x, y);
}
void ck_upsample_adjoint(const ck_context *context, const ck_upsample_geometry *g, const float *mix, const float *y,
                         float *x) {
  (void)context;
  ck_upsample_adjoint_reference(g, mix, y, x);
}
void ck_upsample_mix_gradient(const ck_context *context, const ck_upsample_geometry *g, const float *x, const float *y,
                              float *mix_gradient) {
  (void)context;
  ck_upsample_mix_gradient_reference(g, x, y, mix_gradient);
}
void ck_decimate(const ck_context *context, ptrdiff_t batch, ptrdiff_t frames, ptrdiff_t channels, ptrdiff_t factor,
                 const float *x, float *y) {
  (void)context;
  ck_decimate_reference(batch, frames, channels, factor, x, y);
}
void ck_decimate_adjoint(const ck_context *context, ptrdiff_t batch, ptrdiff_t frames, ptrdiff_t channels,
                         ptrdiff_t factor, const float *y, float *x) {
  (void)context;
  ck_decimate_adjoint_reference(batch, frames, channels, factor, y, x);
}
