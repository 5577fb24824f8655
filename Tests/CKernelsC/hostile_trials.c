#include "trials.h"
#include <stdlib.h>
#include <string.h>

/* Calls that must be refused, whatever their sizes say, and write nothing. */

static float *const misaligned = (float *)(uintptr_t)0x10001;

static void expect_refused(const char *what, ck_status status, bool empty) {
  if (!empty) HOLD(status != ck_status_ok && status != ck_status_no_memory, "%s was accepted", what);
}

/* Sizes of any kind, with memory that may not be touched. */
static void sizes(entropy *e, const ck_context *context) {
  ptrdiff_t n[16];
  for (int i = 0; i < 16; i++) n[i] = draw(e, 3) ? between(e, 1, 4) : hostile(e);
  float *nothing = draw(e, 2) ? NULL : misaligned;
  ck_conv2d_geometry g = {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13], n[14],
                          n[15]};
  ck_conv1d_geometry s = {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9]};
  ck_image image = {nothing, g.input_channels, draw(e, 2) ? g.input_channels : hostile(e), hostile(e), hostile(e)};
  ck_mutable_image mutable_image = {nothing, image.channels, image.pixel_stride, image.row_stride, image.batch_stride};
  ck_signal signal = {nothing, s.input_channels, hostile(e), hostile(e)};
  ck_mutable_signal mutable_signal = {nothing, signal.channels, signal.frame_stride, signal.batch_stride};
  double outputs = (double)g.batch * (double)ck_conv2d_output_height(&g) * (double)ck_conv2d_output_width(&g) *
                   (double)g.output_channels;
  bool empty = outputs == 0 || g.input_channels == 0; /* then there may be nothing to refuse */
  expect_refused("conv2d", ck_conv2d(context, &g, 1, &image, nothing, NULL, nothing), empty);
  empty = empty || g.batch == 0 || g.input_height == 0 || g.input_width == 0;
  expect_refused("gradient", ck_conv2d_input_gradient(context, &g, nothing, nothing, 1, &mutable_image), empty);
  if (g.input_channels > 0 && g.output_channels > 0)
    expect_refused("weights", ck_conv2d_weight_gradient(context, &g, 1, &image, nothing, nothing), false);
  bool flat = s.batch == 0 || s.input_channels == 0 || s.output_channels == 0 || s.input_frames == 0 ||
              ck_conv1d_output_frames(&s) == 0;
  expect_refused("conv1d", ck_conv1d(context, &s, 1, &signal, nothing, NULL, nothing), flat);
  expect_refused("gradient", ck_conv1d_input_gradient(context, &s, nothing, nothing, 1, &mutable_signal), flat);
  expect_refused("weights", ck_conv1d_weight_gradient(context, &s, 1, &signal, nothing, nothing), flat);
  ck_plan *plan = NULL;
  if (outputs < 1e6 && (double)g.input_height * (double)g.input_width * (double)g.batch < 1e6 &&
      (double)g.kernel_height * (double)g.kernel_width * (double)g.input_channels * (double)g.output_channels < 1e6 &&
      (double)g.stride_height * (double)g.stride_width < 1e6 && g.groups < 1000) {
    ck_plan_conv2d(context, &g, (ck_pass)draw(e, 3), 1, NULL, NULL, &plan);
    ck_plan_destroy(plan);
  }
  ck_gemm_geometry m = {.transpose_a = draw(e, 2), .transpose_b = draw(e, 2), .m = n[0], .n = n[1], .k = n[2], .alpha = 1,
                        .lda = n[3], .ldb = n[4], .ldc = n[5], .batch = n[6], .a_stride = n[7], .b_stride = n[8],
                        .c_stride = n[9]};
  expect_refused("gemm", ck_gemm(context, &m, nothing, nothing, nothing), m.m == 0 || m.n == 0 || m.batch == 0);
  ck_pool_geometry p = {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11]};
  empty = n[0] == 0 || n[1] == 0 || n[2] == 0 || n[3] == 0;
  expect_refused("pool", ck_max_pool(context, &p, nothing, nothing, NULL), empty);
  ck_upsample_geometry u = {n[0], n[1], n[2], (ck_upsample_edge)draw(e, 3)};
  empty = n[0] == 0 || n[1] == 0 || n[2] == 0;
  expect_refused("upsample", ck_upsample(context, &u, NULL, nothing, nothing), empty);
  expect_refused("decimate", ck_decimate(context, n[0], n[1], n[2], n[3], nothing, nothing), empty);
  expect_refused("reduce", ck_reduce(context, ck_reduce_sum, n[0], n[1], n[2], nothing, nothing), n[0] == 0 || n[2] == 0);
  expect_refused("broadcast", ck_binary_broadcast(context, ck_binary_add, 0, n[0], n[1], n[2], nothing, nothing, nothing),
                 empty);
  expect_refused("im2col", ck_im2col2d(context, &g, nothing, nothing),
                 g.batch == 0 || g.input_height == 0 || g.input_width == 0 || g.input_channels == 0);
  expect_refused("copy", ck_copy_strided(context, between(e, 1, 4), n, nothing, n + 4, nothing, n + 8),
                 n[0] == 0 || n[1] == 0 || n[2] == 0 || n[3] == 0);
  expect_refused("unary", ck_unary(context, (ck_unary_op)draw(e, 64), 0, 0, n[0], nothing, nothing), n[0] == 0);
  expect_refused("normal", ck_random_normal(context, 1, 2, n[0], 0, 1, nothing), n[0] == 0);
}

/* Sizes that are right, with one operand that is not. */
static void operands(entropy *e, const ck_context *context) {
  ck_conv1d_geometry g = {between(e, 1, 2), between(e, 5, 20), between(e, 1, 9), between(e, 1, 9), between(e, 1, 5), 1,
                          1, 1, 2, 2};
  ptrdiff_t inputs = g.batch * g.input_frames * g.input_channels;
  ptrdiff_t outputs = g.batch * ck_conv1d_output_frames(&g) * g.output_channels;
  ptrdiff_t weights = g.kernel_size * g.input_channels * g.output_channels;
  float *x = numbers(e, inputs + outputs + weights), *w = numbers(e, weights), *y = room(outputs);
  ck_signal in = {x, g.input_channels, g.input_channels, g.input_frames * g.input_channels};
  ck_epilogue epilogue = {.bias = NULL, .activation = ck_activation_relu};
  const float *kernel = w;
  float *output = y;
  ptrdiff_t count = 1;
  ck_status expected = ck_status_ok;
  switch (draw(e, 9)) {
  case 0: in.data = NULL, expected = ck_status_null_pointer; break;
  case 1: kernel = NULL, expected = ck_status_null_pointer; break;
  case 2: in.data = (const float *)((const char *)x + 1), expected = ck_status_misaligned; break;
  case 3: output = x + between(e, 0, inputs - 1), expected = ck_status_overlap; break;
  case 4: in.channels += 1, expected = ck_status_invalid_argument; break;
  case 5: in.frame_stride = -in.frame_stride, expected = ck_status_invalid_geometry; break;
  case 6: count = 0, expected = ck_status_invalid_argument; break;
  case 7: epilogue.activation = (ck_activation)77, expected = ck_status_invalid_argument; break;
  case 8: g.pad_left = -g.input_frames - 1, g.pad_right = 2 * g.input_frames, expected = ck_status_invalid_geometry; break;
  }
  ck_status status = ck_conv1d(context, &g, count, &in, kernel, &epilogue, output);
  HOLD(status == expected, "%s instead of %s", ck_status_message(status), ck_status_message(expected));
  HOLD(untouched(y, outputs), "a refused call wrote");
  leave(x), leave(w), leave(y);
}

/* Views of one buffer: interleaved ones are apart, crossing ones are not. */
static void views(entropy *e, const ck_context *context) {
  ptrdiff_t first = between(e, 1, 5), second = between(e, 1, 5), frames = between(e, 2, 9), stride = first + second;
  ck_conv1d_geometry g = {1, frames, stride, 2, 1, 1, 1, 1, 0, 0};
  float *x = room(frames * stride), *w = numbers(e, stride * 2), *dy = numbers(e, frames * 2);
  ck_mutable_signal both[] = {{x, first, stride, frames * stride}, {x + first, second, stride, frames * stride}};
  HOLD(ck_conv1d_input_gradient(context, &g, dy, w, 2, both) == ck_status_ok, "side by side");
  both[1].data -= between(e, 1, first);
  HOLD(ck_conv1d_input_gradient(context, &g, dy, w, 2, both) == ck_status_overlap, "crossing");
  both[1].data = both[0].data + first;
  both[0].frame_stride = first - 1;
  HOLD(ck_conv1d_input_gradient(context, &g, dy, w, 2, both) == ck_status_overlap, "frames that overlap");
  leave(x), leave(w), leave(dy);
}

/* Packed weights of another plan. */
static void packs(entropy *e, const ck_context *context) {
  ck_conv1d_geometry g = {1, between(e, 5, 20), between(e, 1, 9), between(e, 1, 9), between(e, 1, 5), 1, 1, 1, 2, 2};
  ck_conv1d_geometry other = g;
  other.input_frames++;
  ck_plan *plan, *stranger;
  HOLD(ck_plan_conv1d(context, &g, ck_pass_forward, 1, NULL, NULL, &plan) == ck_status_ok, "plan");
  HOLD(ck_plan_conv1d(context, &other, ck_pass_forward, 1, NULL, NULL, &stranger) == ck_status_ok, "plan");
  size_t size = ck_plan_packed_size(plan), space = ck_plan_workspace_size(plan), more = ck_plan_workspace_size(stranger);
  if (more > space) space = more;
  if (ck_plan_packed_size(stranger) > size) size = ck_plan_packed_size(stranger);
  ptrdiff_t outputs = ck_conv1d_output_frames(&g) * g.output_channels;
  void *packed = malloc(size), *workspace = malloc(space);
  float *x = numbers(e, g.input_frames * g.input_channels), *y = room(outputs);
  float *w = numbers(e, g.kernel_size * g.input_channels * g.output_channels);
  ck_signal in = {x, g.input_channels, g.input_channels, 0};
  memset(packed, 0, size);
  HOLD(ck_run_conv1d(plan, &in, packed, size, NULL, y, workspace, space) == ck_status_invalid_argument, "unpacked");
  HOLD(ck_plan_pack(stranger, w, packed, size, workspace, space) == ck_status_ok, "pack");
  HOLD(ck_run_conv1d(plan, &in, packed, size, NULL, y, workspace, space) == ck_status_invalid_argument, "a stranger's");
  HOLD(ck_plan_pack(plan, w, packed, size, packed, size) != ck_status_ok, "packed is the workspace");
  HOLD(untouched(y, outputs), "a refused call wrote");
  ck_plan_destroy(plan), ck_plan_destroy(stranger);
  free(packed), free(workspace);
  leave(x), leave(y), leave(w);
}

void trial_hostile(entropy *e) {
  static void (*const trials[])(entropy *, const ck_context *) = {sizes, sizes, operands, views, packs};
  const ck_context *context = some_context(e);
  trials[draw(e, sizeof trials / sizeof *trials)](e, context);
}
