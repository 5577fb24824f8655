#include "trials.h"
#include <math.h>
#include <string.h>

/* What ck_precision_high permits: errors of 1e-5 of the largest output and no more, the same bits on any number of threads,
   and float32 itself where numbers are not finite or very large. */

enum { most_sources = 3 };

_Atomic long winograd_taken;

typedef struct {
  ck_conv2d_geometry g;
  ptrdiff_t sources, channels[most_sources], pixel[most_sources], outputs, weights;
  float *x[most_sources], *w, *dy, *bias, *residual;
  ck_epilogue epilogue;
} layer;

typedef struct {
  float *y, *dx[most_sources], *dw;
} results;

static const ck_context *context_of(ck_isa isa, ck_precision precision, int threads) {
  static ck_context *contexts[8][2][2];
  ck_context **slot = &contexts[isa][precision == ck_precision_high][threads > 1];
  if (!*slot) {
    *slot = ck_context_create(isa, threads);
    ck_context_set_precision(*slot, precision);
  }
  return *slot;
}

static float *fractions(entropy *e, ptrdiff_t count) {
  float *x = numbers(e, count);
  for (ptrdiff_t i = 0; i < count; i++) x[i] = (x[i] + 0.3f * (float)(i % 5)) / 7;
  return x;
}

static layer draw_layer(entropy *e) {
  static const ptrdiff_t inputs[] = {16, 17, 24, 40, 63, 96}, outputs[] = {24, 31, 32, 48, 66, 100};
  layer l = {.sources = between(e, 1, most_sources)};
  ck_conv2d_geometry *g = &l.g;
  const bool signal = draw(e, 3) > 0;
  *g = (ck_conv2d_geometry){.batch = between(e, 1, 2), .input_height = signal ? 1 : between(e, 5, 9),
                            .input_channels = inputs[draw(e, 6)], .output_channels = outputs[draw(e, 6)],
                            .kernel_height = signal ? 1 : between(e, 1, 3), .kernel_width = between(e, 2, signal ? 17 : 6),
                            .stride_height = 1, .stride_width = draw(e, 2) ? 1 : between(e, 2, 3),
                            .dilation_height = signal ? 1 : between(e, 1, 2),
                            .dilation_width = draw(e, 3) ? 1 : between(e, 2, 9), .groups = 1,
                            .pad_left = between(e, -2, 9), .pad_right = between(e, -2, 9)};
  if (!signal) g->pad_top = between(e, 0, 2), g->pad_bottom = between(e, 0, 2), g->stride_height = between(e, 1, 2);
  const ptrdiff_t reach = (g->kernel_width - 1) * g->dilation_width;
  const double products = (double)(g->kernel_height * g->kernel_width * g->input_channels * g->output_channels);
  const ptrdiff_t most = (ptrdiff_t)(2e7 / products / (double)(g->batch * g->input_height));
  const ptrdiff_t least = 17 * g->dilation_width, range = 23 * g->dilation_width + (most < 900 ? most : 900);
  g->input_width = reach + 4 + g->stride_width * between(e, least, least + range);
  l.epilogue = (ck_epilogue){.activation = (ck_activation)draw(e, 6), .slope = 0.25f};
  const bool gated = l.epilogue.activation == ck_activation_gated;
  if (gated && g->output_channels % 2) g->output_channels++;
  ptrdiff_t left = g->input_channels;
  for (ptrdiff_t s = 0; s < l.sources; left -= l.channels[s++]) {
    l.channels[s] = s == l.sources - 1 ? left : between(e, 0, left);
    l.pixel[s] = l.channels[s] + (draw(e, 2) ? between(e, 0, 5) : 0);
    l.x[s] = fractions(e, g->batch * g->input_height * g->input_width * l.pixel[s]);
  }
  const ptrdiff_t pixels = g->batch * ck_conv2d_output_height(g) * ck_conv2d_output_width(g);
  l.outputs = pixels * g->output_channels;
  l.weights = g->kernel_height * g->kernel_width * g->input_channels * g->output_channels;
  l.w = fractions(e, l.weights);
  l.dy = fractions(e, l.outputs);
  l.bias = fractions(e, g->output_channels);
  l.residual = fractions(e, l.outputs);
  if (draw(e, 2)) l.epilogue.bias = l.bias;
  if (draw(e, 3) == 0) {
    const ptrdiff_t channels = gated ? g->output_channels / 2 : g->output_channels, width = ck_conv2d_output_width(g);
    l.epilogue.residual = (ck_image){l.residual, channels, channels, channels * width,
                                     channels * width * ck_conv2d_output_height(g)};
  }
  return l;
}

static results run(const layer *l, const ck_context *context) {
  const ck_conv2d_geometry *g = &l->g;
  results r = {.y = room(l->outputs), .dw = room(l->weights)};
  ck_image in[most_sources];
  ck_mutable_image out[most_sources];
  for (ptrdiff_t s = 0; s < l->sources; s++) {
    const ptrdiff_t row = g->input_width * l->pixel[s], whole = g->input_height * row;
    r.dx[s] = room(g->batch * whole);
    in[s] = (ck_image){l->x[s], l->channels[s], l->pixel[s], row, whole};
    out[s] = (ck_mutable_image){r.dx[s], l->channels[s], l->pixel[s], row, whole};
  }
  ck_status status = ck_conv2d(context, g, l->sources, in, l->w, &l->epilogue, r.y);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  status = ck_conv2d_input_gradient(context, g, l->dy, l->w, l->sources, out);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  status = ck_conv2d_weight_gradient(context, g, l->sources, in, l->dy, r.dw);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  return r;
}

static void leave_results(const layer *l, results *r) {
  leave(r->y), leave(r->dw);
  for (ptrdiff_t s = 0; s < l->sources; s++) leave(r->dx[s]);
}

static float largest_of(ptrdiff_t count, const float *x, float least) {
  for (ptrdiff_t i = 0; i < count; i++) least = fmaxf(least, fabsf(x[i]));
  return least;
}

/* Equal within a tolerance of the largest, or of `largest`; 0 compares bits. Gaps are NaN in both. */
static void expect_near(const layer *l, const char *what, ptrdiff_t count, const float *x, const float *y, float tolerance,
                        float largest) {
  largest = largest_of(count, y, largest);
  for (ptrdiff_t i = 0; i < count; i++) {
    if (memcmp(&x[i], &y[i], sizeof *x) == 0 || (tolerance > 0 && fabsf(x[i] - y[i]) <= tolerance * largest)) continue;
    const ck_conv2d_geometry *g = &l->g;
    fail(__FILE__, __LINE__, what, "element %td of %td is %.9g, not %.9g (batch %td, %td × %td, %td → %td, kernel %td × %td, "
         "stride %td, dilation %td)", i, count, (double)x[i], (double)y[i], g->batch, g->input_height, g->input_width,
         g->input_channels, g->output_channels, g->kernel_height, g->kernel_width, g->stride_width,
         g->dilation_width);
  }
}

/* `sums`: the largest before the activation, which may bound what comes after it. */
static void expect_results(const layer *l, const results *a, const results *b, float tolerance, float sums) {
  const ck_conv2d_geometry *g = &l->g;
  const bool gated = l->epilogue.activation == ck_activation_gated;
  expect_near(l, "output", gated ? l->outputs / 2 : l->outputs, a->y, b->y, tolerance, sums);
  expect_near(l, "weight gradient", l->weights, a->dw, b->dw, tolerance, 0);
  for (ptrdiff_t s = 0; s < l->sources; s++)
    expect_near(l, "input gradient", g->batch * g->input_height * g->input_width * l->pixel[s], a->dx[s], b->dx[s], tolerance, 0);
}

void trial_winograd(entropy *e) {
  layer l = draw_layer(e);
  const ck_isa isa = (ck_isa)draw(e, (uint64_t)ck_isa_best() + 1);
  results exact = run(&l, context_of(isa, ck_precision_highest, 1));
  results fast = run(&l, context_of(isa, ck_precision_high, 1)), threads = run(&l, context_of(isa, ck_precision_high, 3));
  layer plain = l;
  plain.epilogue.activation = ck_activation_none;
  plain.epilogue.residual.data = NULL;
  results sums = run(&plain, context_of(isa, ck_precision_highest, 1));
  expect_results(&l, &fast, &exact, 1e-5f, largest_of(l.outputs, sums.y, 0));
  expect_results(&l, &fast, &threads, 0, 0);
  if (memcmp(fast.dw, exact.dw, (size_t)l.weights * sizeof *fast.dw) != 0) winograd_taken++;
  leave_results(&l, &fast), leave_results(&l, &threads), leave_results(&l, &exact), leave_results(&l, &sums);

  /* What is not finite or too large is float32's, bit by bit: a number that the output in the middle
     sees, and its gradient. */
  const float strange[] = {INFINITY, -INFINITY, NAN, 1e30f, -1e37f};
  const float value = strange[draw(e, 5)];
  const ptrdiff_t source = between(e, 0, l.sources - 1);
  const ck_conv2d_geometry *g = &l.g;
  const ptrdiff_t height = ck_conv2d_output_height(g), width = ck_conv2d_output_width(g);
  const ptrdiff_t seen_y = height / 2 * g->stride_height - g->pad_top, seen_x = width / 2 * g->stride_width - g->pad_left;
  if (isa < ck_isa_amx && l.channels[source] > 0 && seen_y >= 0 && seen_y < g->input_height) {
    const ptrdiff_t channels = g->output_channels, pixel = seen_y * g->input_width + seen_x;
    float *loud = &l.x[source][pixel * l.pixel[source] + between(e, 0, l.channels[source] - 1)];
    *loud = value;
    l.dy[(height / 2 * width + width / 2) * channels + between(e, 0, channels - 1)] = value;
    exact = run(&l, context_of(isa, ck_precision_highest, 1));
    fast = run(&l, context_of(isa, ck_precision_high, 1));
    expect_results(&l, &fast, &exact, 0, 0);
    leave_results(&l, &fast), leave_results(&l, &exact);

    /* A loud number whose outputs have no gradient reaches no weight's. */
    *loud = (float)pow(10, (double)between(e, 2, 36));
    for (ptrdiff_t i = 0; i < l.outputs / channels; i++)
      for (ptrdiff_t kx = 0; kx < g->kernel_width; kx++)
        if (i % width * g->stride_width - g->pad_left + kx * g->dilation_width == seen_x)
          memset(l.dy + i * channels, 0, (size_t)channels * sizeof *l.dy);
    exact = run(&l, context_of(isa, ck_precision_highest, 1));
    fast = run(&l, context_of(isa, ck_precision_high, 1));
    expect_near(&l, "weight gradient of the quiet", l.weights, fast.dw, exact.dw, 1e-5f, fminf(*loud, 0x1p40f));
    leave_results(&l, &fast), leave_results(&l, &exact);
  }
  for (ptrdiff_t s = 0; s < l.sources; s++) leave(l.x[s]);
  leave(l.w), leave(l.dy), leave(l.bias), leave(l.residual);
}
