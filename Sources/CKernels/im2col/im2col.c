#include "CKernels.h"

void ck_im2col1d(const ck_context *context, const ck_conv1d_geometry *g, const float *input, float *columns) {
  (void)context;
  ck_im2col1d_reference(g, input, columns);
}
void ck_col2im1d(const ck_context *context, const ck_conv1d_geometry *g, const float *columns, float *input) {
  (void)context;
  ck_col2im1d_reference(g, columns, input);
}
void ck_im2col2d(const ck_context *context, const ck_conv2d_geometry *g, const float *input, float *columns) {
  (void)context;
  ck_im2col2d_reference(g, input, columns);
}
void ck_col2im2d(const ck_context *context, const ck_conv2d_geometry *g, const float *columns, float *input) {
  (void)context;
  ck_col2im2d_reference(g, columns, input);
}
