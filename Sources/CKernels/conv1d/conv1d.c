#include "CKernels.h"
#include "base/scratch.h"
#include "check/check.h"
#include "conv/image_of_signal.h"
#include "conv2d/conv2d.h"

const ck_image *ck_images_of(ptrdiff_t count, const ck_signal *signals) {
  ck_image *images = ck_scratch(5, (size_t)count * sizeof *images);
  for (ptrdiff_t v = 0; images && v < count; v++)
    images[v] = (ck_image){.data = signals[v].data, .channels = signals[v].channels,
                           .pixel_stride = signals[v].frame_stride, .batch_stride = signals[v].batch_stride};
  return images;
}

const ck_mutable_image *ck_mutable_images_of(ptrdiff_t count, const ck_mutable_signal *signals) {
  ck_mutable_image *images = ck_scratch(5, (size_t)count * sizeof *images);
  for (ptrdiff_t v = 0; images && v < count; v++)
    images[v] = (ck_mutable_image){.data = signals[v].data, .channels = signals[v].channels,
                                   .pixel_stride = signals[v].frame_stride, .batch_stride = signals[v].batch_stride};
  return images;
}

ck_status ck_conv1d(const ck_context *context, const ck_conv1d_geometry *g, ptrdiff_t input_count,
                    const ck_signal *inputs, const float *weights, const ck_epilogue *epilogue,
                    float *output) {
  CK_REQUIRE(ck_check_signals(g, input_count, inputs));
  ck_conv2d_geometry image = ck_image_of_signal(g);
  const ck_image *images = ck_images_of(input_count, inputs);
  return images ? ck_conv2d(context, &image, input_count, images, weights, epilogue, output) : ck_scratch_status();
}

ck_status ck_conv1d_input_gradient(const ck_context *context, const ck_conv1d_geometry *g,
                                   const float *output_gradient, const float *weights, ptrdiff_t input_count,
                                   const ck_mutable_signal *input_gradients) {
  CK_REQUIRE(ck_check_signals(g, input_count, input_gradients));
  ck_conv2d_geometry image = ck_image_of_signal(g);
  const ck_mutable_image *images = ck_mutable_images_of(input_count, input_gradients);
  return images ? ck_conv2d_input_gradient(context, &image, output_gradient, weights, input_count, images)
                : ck_scratch_status();
}

ck_status ck_conv1d_weight_gradient(const ck_context *context, const ck_conv1d_geometry *g,
                                    ptrdiff_t input_count, const ck_signal *inputs,
                                    const float *output_gradient, float *weight_gradient) {
  CK_REQUIRE(ck_check_signals(g, input_count, inputs));
  ck_conv2d_geometry image = ck_image_of_signal(g);
  const ck_image *images = ck_images_of(input_count, inputs);
  return images
             ? ck_conv2d_weight_gradient(context, &image, input_count, images, output_gradient, weight_gradient)
             : ck_scratch_status();
}
