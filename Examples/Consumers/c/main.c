/* A low-pass filter in plain C, by the simple call and by a plan: both must leave a slow wave and remove a fast one. */
#include <CKernels.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { frames = 4800, taps = 65 };

static int check(ck_status status) {
  if (status != ck_status_ok) fprintf(stderr, "%s\n", ck_status_message(status));
  return status == ck_status_ok;
}

int main(void) {
  static float x[frames], y[frames], again[frames], filter[taps];
  for (int t = 0; t < frames; t++) x[t] = sinf(0.02f * (float)t) + sinf(2.5f * (float)t);
  if (!check(ck_sinc_filter(taps, 4, filter))) return 1;

  ck_context *context = ck_context_create(ck_isa_best(), 2);
  ck_conv1d_geometry g = {.batch = 1, .input_frames = frames, .input_channels = 1, .output_channels = 1,
                          .kernel_size = taps, .stride = 1, .dilation = 1, .groups = 1, .pad_left = taps / 2,
                          .pad_right = taps / 2};
  ck_signal input = {x, 1, 1, frames};
  if (!check(ck_conv1d(context, &g, 1, &input, filter, NULL, y))) return 1;

  /* The same with weights packed once and memory of our own: a run allocates nothing. */
  ck_plan *plan;
  if (!check(ck_plan_conv1d(context, &g, ck_pass_forward, 1, NULL, NULL, &plan))) return 1;
  size_t packed_size = ck_plan_packed_size(plan), workspace_size = ck_plan_workspace_size(plan);
  void *packed = malloc(packed_size), *workspace = malloc(workspace_size);
  if (!check(ck_plan_pack(plan, filter, packed, packed_size, workspace, workspace_size))) return 1;
  if (!check(ck_run_conv1d(plan, &input, packed, packed_size, NULL, again, workspace, workspace_size))) return 1;

  float worst = 0;
  for (int t = taps; t < frames - taps; t++) worst = fmaxf(worst, fabsf(y[t] - sinf(0.02f * (float)t)));
  int same = memcmp(y, again, sizeof y) == 0;
  int refused = ck_conv1d(context, &g, 1, &input, filter, NULL, x) == ck_status_overlap;
  printf("CKernels %d on %s: within %.1e of the slow wave\n", ck_version(), ck_isa_name(ck_context_isa(context)), worst);

  free(packed);
  free(workspace);
  ck_plan_destroy(plan);
  ck_context_destroy(context);
  return worst < 0.01f && same && refused ? 0 : 1;
}
