#include "CKernels.h"
#include "base/scratch.h"
#include "check/check.h"
#include "conv/correlation.h"
#include "conv2d/conv2d.h"
#include "split/split.h"
#include "winograd/winograd.h"

/* An image convolution and its two gradients as correlations (see conv/correlation.h). */

static bool is_depthwise(const ck_conv2d_geometry *g) {
  return g->groups > 1 && g->groups == g->input_channels && g->groups == g->output_channels;
}

/* The taps of a convolution: forward over its input, in the order of the weights. */
static ck_tap *taps_of(const ck_conv2d_geometry *g, ptrdiff_t rows_per_tap) {
  ck_tap *taps = ck_scratch(4, (size_t)(g->kernel_height * g->kernel_width) * sizeof *taps), *tap = taps;
  if (!taps) return NULL;
  for (ptrdiff_t ky = 0; ky < g->kernel_height; ky++)
    for (ptrdiff_t kx = 0; kx < g->kernel_width; kx++, tap++)
      *tap = (ck_tap){.dy = ky * g->dilation_height - g->pad_top, .dx = kx * g->dilation_width - g->pad_left,
                      .row = (tap - taps) * rows_per_tap};
  return taps;
}

static ck_mutable_image dense_image(float *data, ptrdiff_t height, ptrdiff_t width, ptrdiff_t channels) {
  return (ck_mutable_image){.data = data, .channels = channels, .pixel_stride = channels,
                            .row_stride = width * channels, .batch_stride = height * width * channels};
}

ck_mutable_image ck_dense_output(const ck_conv2d_geometry *g, const ck_epilogue *epilogue, float *data) {
  bool gated = epilogue && epilogue->activation == ck_activation_gated;
  return dense_image(data, ck_conv2d_output_height(g), ck_conv2d_output_width(g),
                     gated ? g->output_channels / 2 : g->output_channels);
}

/* The sources are the caller's to set. */
static ck_correlation forward_of(const ck_conv2d_geometry *g, ptrdiff_t rows_per_tap, const ck_mutable_image *output) {
  ptrdiff_t height = ck_conv2d_output_height(g), width = ck_conv2d_output_width(g), channels = output->channels;
  return (ck_correlation){
      .batch = g->batch, .height = g->input_height, .width = g->input_width, .out_height = height, .out_width = width,
      .step_y = g->stride_height, .step_x = g->stride_width, .tap_count = g->kernel_height * g->kernel_width,
      .taps = taps_of(g, rows_per_tap), .depthwise = is_depthwise(g), .groups = is_depthwise(g) ? 1 : g->groups,
      .destination = *output, .dense = {0, channels, width * channels, height * width * channels}};
}

static ck_image slice(const ck_image *image, ptrdiff_t first, ptrdiff_t channels) {
  ck_image part = *image;
  part.data += first;
  part.channels = channels;
  return part;
}

void ck_convolve(const ck_context *context, const ck_conv2d_geometry *g, ptrdiff_t input_count, const ck_image *inputs,
                 const float *weights, const ck_epilogue *epilogue, const ck_mutable_image *output) {
  if (output->channels == 0) return;
  const ck_conv_kernels *kernels = ck_conv_kernels_of(context);
  ptrdiff_t in = g->input_channels / g->groups, out = g->output_channels / g->groups;
  ck_correlation c = forward_of(g, is_depthwise(g) ? 1 : in, output);
  if (!c.taps) return;
  c.sources = inputs;
  c.source_count = input_count;
  if (epilogue) c.residual = epilogue->residual;
  if (c.depthwise) {
    ck_correlate_depthwise(context, kernels, &c, ck_packed_copy(weights, c.tap_count * g->output_channels), epilogue);
    return;
  }
  ck_weights w = {.data = weights, .group_step = out, .tap_step = in * g->output_channels,
                  .in_step = g->output_channels, .out_step = 1, .groups = g->groups, .taps = c.tap_count, .inputs = in,
                  .outputs = out, .scale = 1, .gated = epilogue && epilogue->activation == ck_activation_gated,
                  .paired_taps = ck_pairs(kernels, &c, epilogue)};
  if (ck_split_correlate(context, &c, 1, &w, epilogue, 0)) return;
  const ck_winograd_form form = ck_winograd_form_of(context, &c, w.outputs);
  if (form.group) w.paired_taps = 0;
  ck_packed packed = ck_pack_weights(context, kernels, &w, c.batch * c.out_height * c.out_width);
  if (form.group && ck_winograd_correlate(context, kernels, &c, &form, &packed, epilogue)) return;
  ck_correlate(context, kernels, &c, &packed, epilogue, 0);
}

ck_status ck_conv2d_into(const ck_context *context, const ck_conv2d_geometry *g, ptrdiff_t input_count,
                         const ck_image *inputs, const float *weights, const ck_epilogue *epilogue,
                         const ck_mutable_image *output) {
  CK_REQUIRE_THAT(output, ck_status_null_pointer);
  CK_REQUIRE(ck_check_conv2d(ck_face_forward, g, input_count, inputs, weights, epilogue, NULL, output));
  ck_convolve(context, g, input_count, inputs, weights, epilogue, output);
  return ck_scratch_status();
}

ck_status ck_conv2d(const ck_context *context, const ck_conv2d_geometry *g, ptrdiff_t input_count,
                    const ck_image *inputs, const float *weights, const ck_epilogue *epilogue, float *output) {
  CK_REQUIRE(ck_check_conv2d(ck_face_forward, g, input_count, inputs, weights, epilogue, output, NULL));
  ck_mutable_image to = ck_dense_output(g, epilogue, output);
  ck_convolve(context, g, input_count, inputs, weights, epilogue, &to);
  return ck_scratch_status();
}

void ck_convolve_weights(const ck_context *context, const ck_conv2d_geometry *g, ptrdiff_t input_count,
                         const ck_image *inputs, const float *output_gradient, float *weight_gradient) {
  const ck_conv_kernels *kernels = ck_conv_kernels_of(context);
  ptrdiff_t in = g->input_channels / g->groups, out = g->output_channels / g->groups;
  /* Only read: a correlation's destination is where its output pixels are, here those of the output gradient. */
  ck_mutable_image pixels = dense_image((float *)output_gradient, ck_conv2d_output_height(g),
                                        ck_conv2d_output_width(g), g->output_channels);
  ck_correlation c = forward_of(g, in, &pixels);
  if (!c.taps) return;
  c.sources = inputs;
  c.source_count = input_count;
  if (c.depthwise) {
    ck_correlation_weights(context, kernels, &c, c.tap_count, weight_gradient, g->output_channels, 1, 0);
    return;
  }
  for (ptrdiff_t group = 0; group < g->groups; group++) {
    ck_image source = slice(inputs, group * in, in);
    if (g->groups > 1) {
      c.sources = &source;
      c.source_count = 1;
    }
    c.groups = 1;
    c.destination.data = pixels.data + group * out;
    c.destination.channels = out;
    if (ck_split_correlation_weights(context, &c, c.tap_count * in, weight_gradient + group * out,
                                     g->output_channels, 1, 0))
      continue;
    const ck_winograd_form form = ck_winograd_form_of(context, &c, c.destination.channels);
    if (form.group && ck_winograd_weights(context, kernels, &c, &form, weight_gradient + group * out, g->output_channels))
      continue;
    ck_correlation_weights(context, kernels, &c, c.tap_count * in, weight_gradient + group * out,
                           g->output_channels, 1, 0);
  }
}

ck_status ck_conv2d_weight_gradient(const ck_context *context, const ck_conv2d_geometry *g,
                                    ptrdiff_t input_count, const ck_image *inputs,
                                    const float *output_gradient, float *weight_gradient) {
  CK_REQUIRE(ck_check_conv2d(ck_face_weight_gradient, g, input_count, inputs, weight_gradient, NULL,
                             output_gradient, NULL));
  ck_convolve_weights(context, g, input_count, inputs, output_gradient, weight_gradient);
  return ck_scratch_status();
}

/* ---- Input gradient ----------------------------------------------------------------------------------- */

/* One phase of the stride: input pixels y0, y0 + stride … by x0, x0 + stride …. Each receives the output gradients
   (y + pad - k · dilation) / stride of the taps k for which that is a whole number: a correlation with step 1. */
static void set_phase(ck_correlation *c, const ck_conv2d_geometry *g, ck_tap *taps, ptrdiff_t y0, ptrdiff_t x0,
                      ptrdiff_t rows_per_tap, bool flipped) {
  ptrdiff_t count = g->kernel_height * g->kernel_width, used = 0;
  for (ptrdiff_t ky = g->kernel_height - 1; ky >= 0; ky--)
    for (ptrdiff_t kx = g->kernel_width - 1; kx >= 0; kx--) {
      ptrdiff_t y = y0 + g->pad_top - ky * g->dilation_height, x = x0 + g->pad_left - kx * g->dilation_width;
      if (y % g->stride_height != 0 || x % g->stride_width != 0) continue;
      ptrdiff_t tap = ky * g->kernel_width + kx;
      taps[used++] = (ck_tap){.dy = y / g->stride_height, .dx = x / g->stride_width,
                              .row = (flipped ? count - 1 - tap : tap) * rows_per_tap};
    }
  c->taps = taps;
  c->tap_count = used;
  c->out_height = (g->input_height - y0 + g->stride_height - 1) / g->stride_height;
  c->out_width = (g->input_width - x0 + g->stride_width - 1) / g->stride_width;
}

/* All phases, which go into one image; every tap belongs to one of them. */
static ck_correlation *phases_of(const ck_conv2d_geometry *g, const ck_image *source, bool depthwise,
                                 ptrdiff_t rows_per_tap, const ck_epilogue *epilogue, const ck_mutable_image *to,
                                 ptrdiff_t *count) {
  ptrdiff_t taps_in_all = g->kernel_height * g->kernel_width, channels = to->channels;
  ptrdiff_t down = g->stride_height < g->input_height ? g->stride_height : g->input_height;
  ptrdiff_t across = g->stride_width < g->input_width ? g->stride_width : g->input_width;
  *count = down * across;
  ck_correlation *phases =
      ck_scratch(4, (size_t)*count * sizeof *phases + (size_t)taps_in_all * sizeof(ck_tap)), *c = phases;
  if (!phases) return NULL;
  ck_tap *taps = (ck_tap *)(phases + *count);
  for (ptrdiff_t y0 = 0; y0 < down; y0++)
    for (ptrdiff_t x0 = 0; x0 < across; x0++, taps += c->tap_count, c++) {
      *c = (ck_correlation){.batch = g->batch, .height = ck_conv2d_output_height(g),
                            .width = ck_conv2d_output_width(g), .step_y = 1, .step_x = 1, .source_count = 1,
                            .sources = source, .depthwise = depthwise, .groups = depthwise ? 1 : g->groups,
                            .destination = *to};
      set_phase(c, g, taps, y0, x0, rows_per_tap, !depthwise);
      c->destination.data += y0 * to->row_stride + x0 * to->pixel_stride;
      c->destination.row_stride *= g->stride_height;
      c->destination.pixel_stride *= g->stride_width;
      c->dense.first = (y0 * g->input_width + x0) * channels;
      c->dense.pixel = g->stride_width * channels;
      c->dense.row = g->stride_height * g->input_width * channels;
      c->dense.batch = g->input_height * g->input_width * channels;
      if (epilogue && epilogue->residual.data) {
        c->residual = epilogue->residual;
        c->residual.data += y0 * c->residual.row_stride + x0 * c->residual.pixel_stride;
        c->residual.row_stride *= g->stride_height;
        c->residual.pixel_stride *= g->stride_width;
      }
    }
  return phases;
}

/* All phases, with fewer products where they gain by it. False where numbers are too large for that in one of them: then
   all are still to be computed, so that no phase is exacter than its neighbour. */
static bool correlate_with_fewer(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *phases,
                                 ptrdiff_t count, ptrdiff_t outputs, const ck_packed *packed, const ck_epilogue *epilogue) {
  for (ptrdiff_t p = 0; p < count; p++) {
    const ck_winograd_form form = ck_winograd_form_of(context, &phases[p], outputs);
    if (!form.group) ck_correlate(context, kernels, &phases[p], packed, epilogue, 0);
    else if (!ck_winograd_correlate(context, kernels, &phases[p], &form, packed, epilogue)) return false;
  }
  return true;
}

/* Depthwise weights are used where they lie; w describes the others. */
static void correlate_phases(const ck_context *context, const ck_conv2d_geometry *g, const ck_image *source,
                             const float *depthwise, ck_weights *w, const ck_epilogue *epilogue,
                             const ck_mutable_image *to) {
  const ck_conv_kernels *kernels = ck_conv_kernels_of(context);
  ptrdiff_t count;
  const ck_correlation *phases =
      phases_of(g, source, depthwise != NULL, depthwise ? 1 : w->inputs, epilogue, to, &count);
  if (count == 0 || !phases) return;
  if (depthwise) {
    for (ptrdiff_t p = 0; p < count; p++) ck_correlate_depthwise(context, kernels, &phases[p], depthwise, epilogue);
    return;
  }
  if (ck_split_correlate(context, phases, count, w, epilogue, 0)) return;
  bool strided = g->stride_height > 1 || g->stride_width > 1;
  const bool apart = strided || ck_winograd_form_of(context, phases, w->outputs).group > 0;
  w->paired_taps = apart ? 0 : ck_pairs(kernels, phases, epilogue);
  ck_packed packed = ck_pack_weights(context, kernels, w, g->batch * g->input_height * g->input_width);
  if (!correlate_with_fewer(context, kernels, phases, count, w->outputs, &packed, epilogue))
    for (ptrdiff_t p = 0; p < count; p++) ck_correlate(context, kernels, &phases[p], &packed, epilogue, 0);
}

void ck_convolve_transposed(const ck_context *context, const ck_conv2d_geometry *g, const float *input,
                            const float *weights, const ck_epilogue *epilogue, ptrdiff_t output_count,
                            const ck_mutable_image *outputs) {
  ptrdiff_t in = g->input_channels / g->groups, out = g->output_channels / g->groups, all = g->output_channels;
  ptrdiff_t height = ck_conv2d_output_height(g), width = ck_conv2d_output_width(g), first = 0;
  ck_image source = {.data = input, .channels = all, .pixel_stride = all, .row_stride = width * all,
                     .batch_stride = height * width * all};
  if (is_depthwise(g)) {
    const float *depthwise = ck_packed_copy(weights, g->kernel_height * g->kernel_width * all);
    if (depthwise) correlate_phases(context, g, &source, depthwise, NULL, epilogue, outputs);
    return;
  }
  bool gated = epilogue && epilogue->activation == ck_activation_gated;
  for (ptrdiff_t v = 0; v < output_count; first += outputs[v++].channels) {
    if (outputs[v].channels == 0) continue;
    ck_weights w = {.data = weights + first * all, .group_step = out, .tap_step = in * all, .in_step = 1,
                    .out_step = all, .groups = g->groups, .taps = g->kernel_height * g->kernel_width, .inputs = out,
                    .outputs = (gated ? 2 : 1) * outputs[v].channels / g->groups, .flipped = true, .scale = 1,
                    .gated = gated};
    correlate_phases(context, g, &source, NULL, &w, epilogue, &outputs[v]);
  }
}

ck_status ck_conv2d_transposed(const ck_context *context, const ck_conv2d_geometry *g, const float *input,
                               const float *weights, const ck_epilogue *epilogue, const ck_mutable_image *output) {
  CK_REQUIRE(ck_check_conv2d(ck_face_input_gradient, g, 1, output, weights, epilogue, input, NULL));
  ck_convolve_transposed(context, g, input, weights, epilogue, 1, output);
  return ck_scratch_status();
}

ck_status ck_conv2d_input_gradient(const ck_context *context, const ck_conv2d_geometry *g,
                                   const float *output_gradient, const float *weights, ptrdiff_t input_count,
                                   const ck_mutable_image *input_gradients) {
  CK_REQUIRE(ck_check_conv2d(ck_face_input_gradient, g, input_count, input_gradients, weights,
                             NULL, output_gradient, NULL));
  ck_convolve_transposed(context, g, output_gradient, weights, NULL, input_count, input_gradients);
  return ck_scratch_status();
}
