#include "trials.h"
#include <string.h>

/* What of a longer signal is computed must not change a bit of it: a song in pieces is the song, a batch its elements.
   Numbers here are not whole, so that another order of additions shows. */

enum { most_sources = 2 };

typedef struct {
  ck_conv1d_geometry g;
  ptrdiff_t sources, channels[most_sources], pixel[most_sources];
  ck_epilogue epilogue;
  const ck_context *context;
} layer;

static float *fractions(entropy *e, ptrdiff_t count) {
  float *x = numbers(e, count);
  for (ptrdiff_t i = 0; i < count; i++) x[i] /= 7;
  return x;
}

static ptrdiff_t most_of(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

static layer draw_layer(entropy *e) {
  static const ptrdiff_t counts[] = {1, 2, 3, 6, 8, 12, 16, 20, 24, 31, 32, 48, 50, 64, 72, 100, 130};
  enum { kinds = sizeof counts / sizeof *counts };
  layer l = {.context = some_context(e), .sources = between(e, 1, most_sources)};
  l.g = (ck_conv1d_geometry){.batch = between(e, 1, 3), .output_channels = counts[draw(e, kinds)], .groups = 1,
                             .kernel_size = between(e, 1, 15), .stride = draw(e, 3) ? 1 : between(e, 2, 4),
                             .dilation = draw(e, 3) ? 1 : between(e, 2, 9)};
  for (ptrdiff_t s = 0; s < l.sources; s++) {
    l.channels[s] = counts[draw(e, kinds)];
    l.pixel[s] = l.channels[s] + (draw(e, 2) ? between(e, 1, 9) : 0);
    l.g.input_channels += l.channels[s];
  }
  const ptrdiff_t reach = (l.g.kernel_size - 1) * l.g.dilation;
  double products = (double)(l.g.kernel_size * l.g.input_channels * l.g.output_channels);
  ptrdiff_t frames = (ptrdiff_t)(4e6 / products / (double)l.g.batch);
  l.g.input_frames = reach + 1 + between(e, 8, frames < 40 ? 40 : frames > 1500 ? 1500 : frames);
  if (draw(e, 2)) l.g.pad_left = between(e, 0, reach), l.g.pad_right = between(e, 0, reach);
  l.epilogue = (ck_epilogue){.activation = (ck_activation)draw(e, 3), .slope = 0.25f};
  return l;
}

static void expect_bits(const layer *l, const char *what, ptrdiff_t count, const float *y, const float *whole) {
  const ck_conv1d_geometry *g = &l->g;
  for (ptrdiff_t i = 0; i < count; i++)
    HOLD(memcmp(&y[i], &whole[i], sizeof *y) == 0,
         "%s: element %td is %.9g, not %.9g (batch %td frames %td inputs %td outputs %td kernel %td stride %td dilation %td "
         "pads %td %td)", what, i, (double)y[i], (double)whole[i], g->batch, g->input_frames, g->input_channels,
         g->output_channels, g->kernel_size, g->stride, g->dilation, g->pad_left, g->pad_right);
}

/* Output frames first ..< end of one element of the batch, from the input frames that they see. */
static void excerpt(entropy *e, const layer *l, float *const *x, const float *w, const float *whole) {
  const ck_conv1d_geometry *g = &l->g;
  const ptrdiff_t frames = ck_conv1d_output_frames(g), reach = (g->kernel_size - 1) * g->dilation;
  const ptrdiff_t element = between(e, 0, g->batch - 1);
  ptrdiff_t first = between(e, 0, frames - 1), end = between(e, first + 1, frames);
  ptrdiff_t from = first * g->stride - g->pad_left, to = (end - 1) * g->stride - g->pad_left + reach + 1;
  ck_conv1d_geometry part = *g;
  part.batch = 1;
  part.pad_left = from < 0 ? -from : 0;
  part.pad_right = most_of(0, to - g->input_frames);
  from = most_of(0, from);
  to = to < g->input_frames ? to : g->input_frames;
  part.input_frames = to - from;
  if (part.input_frames <= 0) return;
  HOLD(ck_conv1d_output_frames(&part) == end - first, "%td", ck_conv1d_output_frames(&part));
  ck_signal in[most_sources];
  for (ptrdiff_t s = 0; s < l->sources; s++)
    in[s] = (ck_signal){x[s] + (element * g->input_frames + from) * l->pixel[s], l->channels[s], l->pixel[s],
                        part.input_frames * l->pixel[s]};
  const ptrdiff_t count = (end - first) * g->output_channels;
  float *y = room(count);
  ck_status status = ck_conv1d(l->context, &part, l->sources, in, w, &l->epilogue, y);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  expect_bits(l, "an excerpt", count, y, whole + (element * frames + first) * g->output_channels);
  leave(y);
}

/* A transposed convolution of frames first ..< end, but for what sees others. */
static void transposed_excerpt(entropy *e, const layer *l, const float *dy, const float *w, const float *whole) {
  const ck_conv1d_geometry *g = &l->g;
  const ptrdiff_t frames = ck_conv1d_output_frames(g), reach = (g->kernel_size - 1) * g->dilation;
  const ptrdiff_t element = between(e, 0, g->batch - 1), first = between(e, 0, frames - 1), end = between(e, first + 1, frames);
  ck_conv1d_geometry part = *g;
  part.batch = 1;
  part.pad_left = part.pad_right = reach;
  part.input_frames = (end - first - 1) * g->stride + 1 - reach;
  if (part.input_frames <= 0) return;
  HOLD(ck_conv1d_output_frames(&part) == end - first, "%td", ck_conv1d_output_frames(&part));
  const ptrdiff_t count = part.input_frames * g->input_channels, from = first * g->stride + reach - g->pad_left;
  ptrdiff_t skipped = most_of(0, -from), last = from + part.input_frames;
  if (last > g->input_frames) last = g->input_frames;
  float *x = room(count);
  ck_mutable_signal to = {x, g->input_channels, g->input_channels, count};
  ck_status status = ck_conv1d_transposed(l->context, &part, dy + (element * frames + first) * g->output_channels, w,
                                          &l->epilogue, &to);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  if (last > from + skipped)
    expect_bits(l, "a transposed excerpt", (last - from - skipped) * g->input_channels, x + skipped * g->input_channels,
                whole + (element * g->input_frames + from + skipped) * g->input_channels);
  leave(x);
}

void trial_excerpt(entropy *e) {
  layer l = draw_layer(e);
  const ck_conv1d_geometry *g = &l.g;
  const ptrdiff_t outputs = g->batch * ck_conv1d_output_frames(g) * g->output_channels;
  const ptrdiff_t inputs = g->batch * g->input_frames * g->input_channels;
  float *x[most_sources], *w = fractions(e, g->kernel_size * g->input_channels * g->output_channels);
  float *bias = fractions(e, most_of(g->input_channels, g->output_channels)), *y = room(outputs), *dy = fractions(e, outputs);
  float *dx = room(inputs);
  ck_signal in[most_sources];
  l.epilogue.bias = bias;
  for (ptrdiff_t s = 0; s < l.sources; s++) {
    x[s] = fractions(e, g->batch * g->input_frames * l.pixel[s]);
    in[s] = (ck_signal){x[s], l.channels[s], l.pixel[s], g->input_frames * l.pixel[s]};
  }
  ck_status status = ck_conv1d(l.context, g, l.sources, in, w, &l.epilogue, y);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  ck_mutable_signal to = {dx, g->input_channels, g->input_channels, g->input_frames * g->input_channels};
  status = ck_conv1d_transposed(l.context, g, dy, w, &l.epilogue, &to);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  for (int i = 0; i < 4; i++) {
    excerpt(e, &l, x, w, y);
    transposed_excerpt(e, &l, dy, w, dx);
  }
  for (ptrdiff_t s = 0; s < l.sources; s++) leave(x[s]);
  leave(w), leave(bias), leave(y), leave(dy), leave(dx);
}
