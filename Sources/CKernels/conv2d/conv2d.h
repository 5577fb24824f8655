/* The three faces after their checks: what the doors and the plans run. ck_scratch_status tells how it went. */
#pragma once
#include "CKernels.h"

void ck_convolve(const ck_context *context, const ck_conv2d_geometry *g, ptrdiff_t input_count, const ck_image *inputs,
                 const float *weights, const ck_epilogue *epilogue, const ck_mutable_image *output);
void ck_convolve_transposed(const ck_context *context, const ck_conv2d_geometry *g, const float *input,
                            const float *weights, const ck_epilogue *epilogue, ptrdiff_t output_count,
                            const ck_mutable_image *outputs);
void ck_convolve_weights(const ck_context *context, const ck_conv2d_geometry *g, ptrdiff_t input_count,
                         const ck_image *inputs, const float *output_gradient, float *weight_gradient);

/* The output of a forward pass where it is dense. */
ck_mutable_image ck_dense_output(const ck_conv2d_geometry *g, const ck_epilogue *epilogue, float *data);
/* Signals as images of height 1, in scratch slot 5 of this thread. NULL when there is no memory. */
const ck_image *ck_images_of(ptrdiff_t count, const ck_signal *signals);
const ck_mutable_image *ck_mutable_images_of(ptrdiff_t count, const ck_mutable_signal *signals);
