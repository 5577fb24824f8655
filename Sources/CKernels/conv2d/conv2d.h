/* The three faces after their checks: what the doors and the plans run. ck_scratch_status tells how it went. */
#pragma once
#include "CKernels.h"

void ck_conv2d_run(const ck_context *context, const ck_conv2d_geometry *g, ptrdiff_t input_count,
                   const ck_image *inputs, const float *weights, const ck_epilogue *epilogue, float *output);
void ck_conv2d_input_gradient_run(const ck_context *context, const ck_conv2d_geometry *g,
                                  const float *output_gradient, const float *weights, ptrdiff_t input_count,
                                  const ck_mutable_image *input_gradients);
void ck_conv2d_weight_gradient_run(const ck_context *context, const ck_conv2d_geometry *g, ptrdiff_t input_count,
                                   const ck_image *inputs, const float *output_gradient, float *weight_gradient);

/* Signals as images of height 1, in scratch slot 5 of this thread. NULL when there is no memory. */
const ck_image *ck_images_of(ptrdiff_t count, const ck_signal *signals);
const ck_mutable_image *ck_mutable_images_of(ptrdiff_t count, const ck_mutable_signal *signals);
