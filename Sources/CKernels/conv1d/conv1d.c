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

static ck_mutable_image image_of(const ck_mutable_signal *signal) {
  return (ck_mutable_image){.data = signal->data, .channels = signal->channels,
                            .pixel_stride = signal->frame_stride, .batch_stride = signal->batch_stride};
}

const ck_mutable_image *ck_mutable_images_of(ptrdiff_t count, const ck_mutable_signal *signals) {
  ck_mutable_image *images = ck_scratch(5, (size_t)count * sizeof *images);
  for (ptrdiff_t v = 0; images && v < count; v++) images[v] = image_of(&signals[v]);
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

ck_status ck_conv1d_into(const ck_context *context, const ck_conv1d_geometry *g, ptrdiff_t input_count,
                         const ck_signal *inputs, const float *weights, const ck_epilogue *epilogue,
                         const ck_mutable_signal *output) {
  CK_REQUIRE(ck_check_signals(g, input_count, inputs));
  CK_REQUIRE(ck_check_signals(g, 1, output));
  ck_conv2d_geometry image = ck_image_of_signal(g);
  ck_mutable_image to = image_of(output);
  const ck_image *images = ck_images_of(input_count, inputs);
  return images ? ck_conv2d_into(context, &image, input_count, images, weights, epilogue, &to) : ck_scratch_status();
}

ck_status ck_conv1d_transposed(const ck_context *context, const ck_conv1d_geometry *g, const float *input,
                               const float *weights, const ck_epilogue *epilogue, const ck_mutable_signal *output) {
  CK_REQUIRE(ck_check_signals(g, 1, output));
  ck_conv2d_geometry image = ck_image_of_signal(g);
  ck_mutable_image to = image_of(output);
  return ck_conv2d_transposed(context, &image, input, weights, epilogue, &to);
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
