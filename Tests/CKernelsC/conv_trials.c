#include "trials.h"
#include <stdlib.h>
#include <string.h>

enum { most_views = 3 };

/* A convolution with its operands: dense weights and outputs, and inputs as views of rooms with gaps. */
typedef struct {
  bool signal, finishes;
  ck_conv2d_geometry g;
  ptrdiff_t views, channels[most_views], pixel[most_views], row[most_views], whole[most_views], length[most_views];
  ptrdiff_t outputs, weights;
  ck_epilogue epilogue;
  const ck_context *context;
} conv;

static ck_conv1d_geometry signal_of(const ck_conv2d_geometry *g) {
  return (ck_conv1d_geometry){g->batch, g->input_width, g->input_channels, g->output_channels, g->kernel_width,
                              g->stride_width, g->dilation_width, g->groups, g->pad_left, g->pad_right};
}

static ptrdiff_t channel_count(entropy *e) {
  static const ptrdiff_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 24, 31, 32, 33, 48, 49, 64, 65, 96, 97, 130};
  return sizes[draw(e, sizeof sizes / sizeof *sizes)];
}

static conv draw_conv(entropy *e) {
  conv t = {.signal = draw(e, 2), .finishes = draw(e, 2), .context = some_context(e)};
  ck_conv2d_geometry *g = &t.g;
  g->groups = 1;
  g->input_channels = channel_count(e);
  g->output_channels = channel_count(e);
  switch (draw(e, 5)) {
  case 0: g->groups = g->input_channels = g->output_channels = between(e, 1, 40); break;
  case 1:
    g->groups = between(e, 2, 4);
    g->input_channels = g->groups * between(e, 1, 9);
    g->output_channels = g->groups * between(e, 1, 20);
  }
  g->batch = between(e, 0, 5);
  g->input_height = t.signal ? 1 : between(e, 0, 9);
  g->input_width = draw(e, 4) ? between(e, 0, 65) : between(e, 0, 700);
  g->kernel_height = t.signal ? 1 : between(e, 1, 4);
  g->kernel_width = between(e, 1, t.signal ? 9 : 4);
  g->stride_height = t.signal ? 1 : between(e, 1, 3);
  g->stride_width = between(e, 1, 4);
  g->dilation_height = t.signal ? 1 : between(e, 1, 3);
  g->dilation_width = draw(e, 5) ? between(e, 1, 3) : between(e, 1, 80);
  g->pad_left = between(e, -3, 9);
  g->pad_right = draw(e, 8) ? between(e, -3, 9) : between(e, -70, 70);
  if (!t.signal) g->pad_top = between(e, -2, 3), g->pad_bottom = between(e, -2, 3);
  /* Enough work to meet every path, little enough to try many: larger geometries lose their batch, length,
     height and padding in turn. */
  for (;;) {
    double work = (double)g->batch * (double)ck_conv2d_output_height(g) * (double)ck_conv2d_output_width(g) *
                  (double)g->kernel_height * (double)g->kernel_width * (double)g->input_channels *
                  (double)g->output_channels / (double)g->groups;
    if (work <= 4e5) break;
    if (g->batch > 1) g->batch--;
    else if (g->input_width > 3) g->input_width /= 2;
    else if (g->input_height > 3) g->input_height /= 2;
    else g->pad_right = g->pad_left = g->pad_top = g->pad_bottom = 0;
  }
  t.views = g->groups == 1 ? between(e, 1, most_views) : 1;
  ptrdiff_t left = g->input_channels;
  for (ptrdiff_t v = 0; v < t.views; v++) {
    t.channels[v] = v == t.views - 1 ? left : between(e, 0, left);
    left -= t.channels[v];
    bool gaps = draw(e, 2);
    t.pixel[v] = t.channels[v] + (gaps ? between(e, 0, 5) : 0);
    t.row[v] = t.pixel[v] * g->input_width + (gaps ? between(e, 0, 7) : 0);
    t.whole[v] = t.row[v] * g->input_height + (gaps ? between(e, 0, 9) : 0);
    bool any = g->batch > 0 && g->input_height > 0 && g->input_width > 0 && t.channels[v] > 0;
    t.length[v] = any ? (g->batch - 1) * t.whole[v] + (g->input_height - 1) * t.row[v] +
                            (g->input_width - 1) * t.pixel[v] + t.channels[v] : 0;
  }
  t.outputs = g->batch * ck_conv2d_output_height(g) * ck_conv2d_output_width(g) * g->output_channels;
  t.weights = g->kernel_height * g->kernel_width * (g->input_channels / g->groups) * g->output_channels;
  t.epilogue = (ck_epilogue){.activation = (ck_activation)draw(e, 5), .slope = 0.25f};
  return t;
}

typedef struct {
  ck_signal signals[most_views];
  ck_image images[most_views];
} views;
typedef struct {
  ck_mutable_signal signals[most_views];
  ck_mutable_image images[most_views];
} mutable_views;

static views views_of(const conv *t, float *const *data) {
  views v;
  for (ptrdiff_t i = 0; i < t->views; i++) {
    v.signals[i] = (ck_signal){data[i], t->channels[i], t->pixel[i], t->whole[i]};
    v.images[i] = (ck_image){data[i], t->channels[i], t->pixel[i], t->row[i], t->whole[i]};
  }
  return v;
}
static mutable_views mutable_views_of(const conv *t, float *const *data) {
  mutable_views v;
  for (ptrdiff_t i = 0; i < t->views; i++) {
    v.signals[i] = (ck_mutable_signal){data[i], t->channels[i], t->pixel[i], t->whole[i]};
    v.images[i] = (ck_mutable_image){data[i], t->channels[i], t->pixel[i], t->row[i], t->whole[i]};
  }
  return v;
}

typedef enum { simple, planned, reference } manner;

/* ---- One face in one manner --------------------------------------------------------------------------------- */

typedef struct {
  ck_plan *plan;
  void *packed, *workspace;
  size_t packed_size, workspace_size;
} ready;

static ready prepare(const conv *t, ck_pass pass, const float *weights, const ck_epilogue *epilogue) {
  ready r = {.plan = NULL};
  float *const nothing[most_views] = {NULL};
  views shapes = views_of(t, nothing);
  ck_conv1d_geometry s = signal_of(&t->g);
  ck_status status = t->signal
                         ? ck_plan_conv1d(t->context, &s, pass, t->views, shapes.signals, epilogue, &r.plan)
                         : ck_plan_conv2d(t->context, &t->g, pass, t->views, shapes.images, epilogue, &r.plan);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  r.packed_size = ck_plan_packed_size(r.plan);
  r.workspace_size = ck_plan_workspace_size(r.plan);
  r.packed = malloc(r.packed_size > 0 ? r.packed_size : 1);
  r.workspace = malloc(r.workspace_size);
  status = ck_plan_pack(r.plan, weights, r.packed, r.packed_size, r.workspace, r.workspace_size);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  if (r.packed_size > 0)
    HOLD(ck_plan_pack(r.plan, weights, r.packed, r.packed_size - 1, r.workspace, r.workspace_size) ==
             ck_status_workspace_too_small, "packed");
  memset(r.workspace, 0xff, r.workspace_size);
  return r;
}
static void put_away(ready *r) {
  ck_plan_destroy(r->plan);
  free(r->packed);
  free(r->workspace);
}

static ck_status forward(const conv *t, manner how, const views *in, const float *w, const ck_epilogue *epilogue,
                         float *y) {
  ck_conv1d_geometry s = signal_of(&t->g);
  if (how == simple)
    return t->signal ? ck_conv1d(t->context, &s, t->views, in->signals, w, epilogue, y)
                     : ck_conv2d(t->context, &t->g, t->views, in->images, w, epilogue, y);
  if (how == planned) {
    ready r = prepare(t, ck_pass_forward, w, epilogue);
    long allocated = allocations;
    ck_status status =
        t->signal
            ? ck_run_conv1d(r.plan, in->signals, r.packed, r.packed_size, epilogue, y, r.workspace, r.workspace_size)
            : ck_run_conv2d(r.plan, in->images, r.packed, r.packed_size, epilogue, y, r.workspace, r.workspace_size);
    HOLD(allocations == allocated, "a run took memory");
    put_away(&r);
    return status;
  }
  if (t->signal) ck_conv1d_reference(&s, t->views, in->signals, w, epilogue, y);
  else ck_conv2d_reference(&t->g, t->views, in->images, w, epilogue, y);
  return ck_status_ok;
}

static ck_status input_gradient(const conv *t, manner how, const float *dy, const float *w, const mutable_views *dx) {
  ck_conv1d_geometry s = signal_of(&t->g);
  if (how == simple)
    return t->signal ? ck_conv1d_input_gradient(t->context, &s, dy, w, t->views, dx->signals)
                     : ck_conv2d_input_gradient(t->context, &t->g, dy, w, t->views, dx->images);
  if (how == planned) {
    ready r = prepare(t, ck_pass_input_gradient, w, NULL);
    long allocated = allocations;
    ck_status status = t->signal ? ck_run_conv1d_input_gradient(r.plan, dy, r.packed, r.packed_size, NULL, dx->signals,
                                                                r.workspace, r.workspace_size)
                                 : ck_run_conv2d_input_gradient(r.plan, dy, r.packed, r.packed_size, NULL, dx->images,
                                                                r.workspace, r.workspace_size);
    HOLD(allocations == allocated, "a run took memory");
    put_away(&r);
    return status;
  }
  if (t->signal) ck_conv1d_input_gradient_reference(&s, dy, w, t->views, dx->signals);
  else ck_conv2d_input_gradient_reference(&t->g, dy, w, t->views, dx->images);
  return ck_status_ok;
}

static ck_status weight_gradient(const conv *t, manner how, const views *in, const float *dy, float *dw) {
  ck_conv1d_geometry s = signal_of(&t->g);
  if (how == simple)
    return t->signal ? ck_conv1d_weight_gradient(t->context, &s, t->views, in->signals, dy, dw)
                     : ck_conv2d_weight_gradient(t->context, &t->g, t->views, in->images, dy, dw);
  if (how == planned) {
    ready r = prepare(t, ck_pass_weight_gradient, NULL, NULL);
    long allocated = allocations;
    ck_status status = t->signal ? ck_run_conv1d_weight_gradient(r.plan, in->signals, dy, dw, r.workspace,
                                                                 r.workspace_size)
                                 : ck_run_conv2d_weight_gradient(r.plan, in->images, dy, dw, r.workspace,
                                                                 r.workspace_size);
    HOLD(allocations == allocated, "a run took memory");
    put_away(&r);
    return status;
  }
  if (t->signal) ck_conv1d_weight_gradient_reference(&s, t->views, in->signals, dy, dw);
  else ck_conv2d_weight_gradient_reference(&t->g, t->views, in->images, dy, dw);
  return ck_status_ok;
}

/* ---- Trials ----------------------------------------------------------------------------------------------------- */

/* Numbers equal by bits: NaN in gaps is equal to itself. */
static void expect_same_or_empty(const char *what, ptrdiff_t count, const float *x, const float *y) {
  for (ptrdiff_t i = 0; i < count; i++)
    HOLD(x[i] == y[i] || memcmp(&x[i], &y[i], sizeof *x) == 0, "%s: element %td is %g, not %g", what, i, (double)x[i],
         (double)y[i]);
}

static bool crops_too_much(const ck_conv2d_geometry *g) {
  ptrdiff_t width = (g->pad_left < 0 ? -g->pad_left : 0) + (g->pad_right < 0 ? -g->pad_right : 0);
  ptrdiff_t height = (g->pad_top < 0 ? -g->pad_top : 0) + (g->pad_bottom < 0 ? -g->pad_bottom : 0);
  return width > g->input_width || height > g->input_height;
}

void trial_conv(entropy *e) {
  conv t = draw_conv(e);
  float *x[most_views], *dx[most_views], *true_dx[most_views];
  for (ptrdiff_t v = 0; v < t.views; v++) x[v] = numbers(e, t.length[v]);
  float *w = numbers(e, t.weights), *dy = numbers(e, t.outputs), *bias = numbers(e, t.g.output_channels);
  if (draw(e, 2)) t.epilogue.bias = bias;
  const ck_epilogue *epilogue = t.finishes ? &t.epilogue : NULL;
  bool exact = !epilogue || epilogue->activation < ck_activation_tanh, crops = crops_too_much(&t.g);
  views in = views_of(&t, x);

  float *y = room(t.outputs), *expected = room(t.outputs), *again = room(t.outputs);
  ck_status status = forward(&t, simple, &in, w, epilogue, y);
  HOLD(status == (crops ? ck_status_invalid_geometry : ck_status_ok), "%s", ck_status_message(status));
  float *dw = room(t.weights), *expected_dw = room(t.weights), *again_dw = room(t.weights);
  if (!crops) {
    forward(&t, reference, &in, w, epilogue, expected);
    expect_same("output", t.outputs, y, expected, exact ? 0 : 1e-5f);
    status = forward(&t, planned, &in, w, epilogue, again);
    HOLD(status == ck_status_ok, "%s", ck_status_message(status));
    HOLD(memcmp(y, again, (size_t)t.outputs * sizeof *y) == 0, "a plan gives other bits");

    for (ptrdiff_t v = 0; v < t.views; v++) true_dx[v] = room(t.length[v]);
    mutable_views out = mutable_views_of(&t, true_dx);
    input_gradient(&t, reference, dy, w, &out);
    for (manner how = simple; how <= planned; how++) {
      for (ptrdiff_t v = 0; v < t.views; v++) dx[v] = room(t.length[v]);
      out = mutable_views_of(&t, dx);
      status = input_gradient(&t, how, dy, w, &out);
      HOLD(status == ck_status_ok, "%s", ck_status_message(status));
      for (ptrdiff_t v = 0; v < t.views; v++) {
        expect_same_or_empty("input gradient", t.length[v], dx[v], true_dx[v]);
        leave(dx[v]);
      }
    }
    for (ptrdiff_t v = 0; v < t.views; v++) leave(true_dx[v]);

    status = weight_gradient(&t, simple, &in, dy, dw);
    HOLD(status == ck_status_ok, "%s", ck_status_message(status));
    weight_gradient(&t, reference, &in, dy, expected_dw);
    expect_same("weight gradient", t.weights, dw, expected_dw, 0);
    status = weight_gradient(&t, planned, &in, dy, again_dw);
    HOLD(status == ck_status_ok, "%s", ck_status_message(status));
    HOLD(memcmp(dw, again_dw, (size_t)t.weights * sizeof *dw) == 0, "a plan gives other bits");
  } else {
    HOLD(untouched(y, t.outputs), "a refused call wrote");
  }
  for (ptrdiff_t v = 0; v < t.views; v++) leave(x[v]);
  leave(w), leave(dy), leave(bias), leave(y), leave(expected), leave(again), leave(dw), leave(expected_dw),
      leave(again_dw);
}

/* Many inputs side by side under one tap: weights of more rows than one item of a weight gradient takes. */
void trial_many_inputs(entropy *e) {
  enum { most = 13 };
  ptrdiff_t views = between(e, 10, most), channels = between(e, 120, 130), frames = between(e, 1, 150);
  ck_conv1d_geometry g = {.batch = between(e, 1, 2), .input_frames = frames, .input_channels = views * channels,
                          .output_channels = between(e, 60, 270), .kernel_size = 1, .stride = 1, .dilation = 1, .groups = 1};
  const ptrdiff_t outputs = g.batch * frames * g.output_channels, weights = g.input_channels * g.output_channels;
  const ck_context *context = some_context(e);
  ck_signal in[most];
  float *x[most], *w = numbers(e, weights), *dw = room(weights), *expected_dw = room(weights);
  float *y = room(outputs), *expected = room(outputs), *dy = numbers(e, outputs);
  for (ptrdiff_t v = 0; v < views; v++) {
    x[v] = numbers(e, g.batch * frames * channels);
    in[v] = (ck_signal){x[v], channels, channels, frames * channels};
  }
  ck_status status = ck_conv1d(context, &g, views, in, w, NULL, y);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  ck_conv1d_reference(&g, views, in, w, NULL, expected);
  expect_same("sum of many inputs", outputs, y, expected, 0);
  status = ck_conv1d_weight_gradient(context, &g, views, in, dy, dw);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  ck_conv1d_weight_gradient_reference(&g, views, in, dy, expected_dw);
  expect_same("weight gradient of many inputs", weights, dw, expected_dw, 0);
  for (ptrdiff_t v = 0; v < views; v++) leave(x[v]);
  leave(w), leave(dw), leave(expected_dw), leave(y), leave(expected), leave(dy);
}
