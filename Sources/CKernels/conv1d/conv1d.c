#include "CKernels.h"

void ck_conv1d(const ck_context *context, const ck_conv1d_geometry *g, ptrdiff_t input_count, const ck_signal *inputs,
               const float *weights, const ck_epilogue *epilogue, float *output) {
  (void)context;
  ck_conv1d_reference(g, input_count, inputs, weights, epilogue, output);
}
void ck_conv1d_input_gradient(const ck_context *context, const ck_conv1d_geometry *g, const float *output_gradient,
                              const float *weights, ptrdiff_t input_count, const ck_mutable_signal *input_gradients) {
  (void)context;
  ck_conv1d_input_gradient_reference(g, output_gradient, weights, input_count, input_gradients);
}
void ck_conv1d_weight_gradient(const ck_context *context, const ck_conv1d_geometry *g, ptrdiff_t input_count,
                               const ck_signal *inputs, const float *output_gradient, float *weight_gradient) {
  (void)context;
  ck_conv1d_weight_gradient_reference(g, input_count, inputs, output_gradient, weight_gradient);
}
