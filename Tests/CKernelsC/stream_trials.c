#include "trials.h"
#include <stdlib.h>
#include <string.h>

/* Streams of random layers at several rates, in random blocks, against whole signals layer by layer; and doors. */

enum { most_signals = 12 };

typedef struct chain {
  ck_stream *stream;
  ptrdiff_t frames; /* of the input */
  int count;
  struct {
    int32_t number;
    ptrdiff_t channels, period, frames;
    float *x;
  } signal[most_signals];
} chain;

/* Weights of few numbers, most of them zero: sums of several layers stay exact. */
static float *weights(entropy *e, ptrdiff_t count) {
  float *w = room(count);
  for (ptrdiff_t i = 0; i < count; i++) w[i] = (float)(draw(e, 3) ? 0 : between(e, -1, 1));
  return w;
}

static void append(entropy *e, chain *c, ck_stream_layer l, const int *from) {
  ptrdiff_t channels[2], all = 0, period = c->signal[from[0]].period, frames = c->signal[from[0]].frames;
  const float *x[2];
  int32_t inputs[2];
  for (ptrdiff_t i = 0; i < l.input_count; i++) {
    inputs[i] = c->signal[from[i]].number;
    channels[i] = c->signal[from[i]].channels;
    x[i] = c->signal[from[i]].x;
    all += channels[i];
  }
  const ptrdiff_t made = l.transposed ? frames * l.stride : (frames + l.stride - 1) / l.stride;
  const ptrdiff_t made_period = l.transposed ? period / l.stride : period * l.stride;
  float *w = weights(e, l.kernel_size * all * l.sums), *bias = draw(e, 2) ? numbers(e, l.sums) : NULL;
  l.inputs = inputs, l.weights = w, l.bias = bias, l.slope = 0.5f;
  const float *residual = NULL;
  double rate = 0;
  for (int i = 0; i < c->count; i++) /* the latest that fits; it must be as long as what is made */
    if (c->signal[i].channels == l.sums && draw(e, 2) &&
        (made - 1) * made_period / c->signal[i].period < c->signal[i].frames) {
      l.residual = c->signal[i].number;
      residual = c->signal[i].x;
      rate = (double)made_period / (double)c->signal[i].period;
    }
  const int at = c->count++;
  c->signal[at].channels = l.sums, c->signal[at].frames = made, c->signal[at].period = made_period;
  c->signal[at].x = room(made * l.sums);
  HOLD(ck_stream_add_layer(c->stream, &l, &c->signal[at].number) == ck_status_ok, "layer %d", at);
  ck_stream_layer_reference(&l, frames, x, channels, residual, rate, c->signal[at].x);
  leave(w);
  if (bias) leave(bias);
}

/* Down by two or three and up again, with layers of both rates on the way and a connection across. */
static void build(entropy *e, chain *c, ptrdiff_t channels) {
  const ck_activation activations[] = {ck_activation_none, ck_activation_relu, ck_activation_leaky_relu};
  HOLD(ck_stream_add_input(c->stream, channels, &c->signal[0].number) == ck_status_ok, "input");
  c->signal[0].channels = channels, c->signal[0].period = 1, c->signal[0].frames = c->frames;
  c->count = 1;
  const ptrdiff_t stride = between(e, 2, 3);
  const int plan = (int)draw(e, 3);
  const ck_stream_layer same = {.input_count = 1, .kernel_size = between(e, 1, 6), .stride = 1,
                                .dilation = between(e, 1, 20), .sums = between(e, 1, 70),
                                .activation = activations[draw(e, 3)], .final_activation = activations[draw(e, 3)]};
  append(e, c, same, (int[]){0});
  if (plan == 0) return;
  ck_stream_layer down = {.input_count = 1, .kernel_size = between(e, 1, 7), .stride = stride,
                          .dilation = between(e, 1, 3), .sums = between(e, 1, 20)};
  append(e, c, down, (int[]){1});
  if (plan == 2) append(e, c, (ck_stream_layer){.input_count = 1, .kernel_size = between(e, 1, 4), .stride = 1,
                                                .dilation = between(e, 1, 9), .sums = between(e, 1, 20)},
                        (int[]){2});
  ck_stream_layer up = {.input_count = 1, .transposed = true, .kernel_size = stride + between(e, 0, 5),
                        .stride = stride, .dilation = 1, .sums = between(e, 1, 20),
                        .activation = activations[draw(e, 3)]};
  append(e, c, up, (int[]){c->count - 1});
  /* Of unequal lengths the reference reads the first's frames; the input is a whole number of strides long. */
  append(e, c, (ck_stream_layer){.input_count = 2, .kernel_size = between(e, 1, 5), .stride = 1, .dilation = 1,
                                 .sums = between(e, 1, 33)},
         (int[]){1, c->count - 1});
}

static void against_reference(entropy *e, const ck_context *context) {
  chain c = {.frames = between(e, 1, 9) * 6};
  const ck_stream_weights format = (ck_stream_weights)draw(e, 3);
  HOLD(ck_stream_create(context, format, &c.stream) == ck_status_ok, "create");
  const ptrdiff_t channels = between(e, 1, 40), batch = between(e, 1, 3), block = between(e, 1, c.frames);
  float *x = numbers(e, c.frames * channels);
  c.signal[0].x = x;
  build(e, &c, channels);
  const int last = c.count - 1;
  HOLD(ck_stream_finish(c.stream, c.signal[last].number) == ck_status_ok, "finish");
  const ptrdiff_t outputs = c.signal[last].channels;

  const size_t size = ck_stream_state_size(c.stream, batch, block);
  HOLD(size > 0 && size % 64 == 0, "%zu bytes", size);
  void *state = aligned_alloc(64, size);
  HOLD(ck_stream_start(c.stream, batch, block, 0, state, size) == ck_status_ok, "start");
  float *y = room(c.frames * outputs);
  for (ptrdiff_t t = 0; t < c.frames;) {
    ptrdiff_t n = between(e, 1, block);
    if (n > c.frames - t) n = c.frames - t;
    float *in = room(batch * n * channels), *out = room(batch * n * outputs);
    for (ptrdiff_t b = 0; b < batch; b++)
      memcpy(in + b * n * channels, x + t * channels, (size_t)(n * channels) * sizeof *in);
    const bool unheard = draw(e, 4) == 0;
    const long allocated = allocations;
    HOLD(ck_stream_process(c.stream, state, size, n, in, unheard ? NULL : out) == ck_status_ok, "process");
    HOLD(allocations == allocated, "a step took memory");
    const float *row = unheard ? c.signal[last].x + t * outputs : out + (batch - 1) * n * outputs;
    memcpy(y + t * outputs, row, (size_t)(n * outputs) * sizeof *y);
    if (!unheard) expect_same("rows of a batch", n * outputs, out, row, 0);
    leave(in), leave(out);
    t += n;
  }
  /* In fixed point a weight of 1 is 2^-23 off, and so are sums of thousands: a mistake is a whole number. */
  expect_same("stream", c.frames * outputs, y, c.signal[last].x, format == ck_stream_fixed24 ? 1e-2f : 0);
  leave(y), free(state);
  for (int i = 0; i < c.count; i++) leave(c.signal[i].x);
  ck_stream_destroy(c.stream);
}

/* Whatever is asked for, a status comes back. */
static void hostile_doors(entropy *e, const ck_context *context) {
  ck_stream *stream = NULL;
  HOLD(ck_stream_create(context, (ck_stream_weights)7, &stream) == ck_status_invalid_argument, "format");
  HOLD(ck_stream_create(context, ck_stream_float32, &stream) == ck_status_ok, "create");
  int32_t x = 0, y = 0;
  HOLD(ck_stream_finish(stream, 1) != ck_status_ok, "nothing to finish");
  const float numbers[64] = {0};
  HOLD(ck_stream_add_input(stream, 4, &x) == ck_status_ok && x == 1, "input");
  HOLD(ck_stream_add_input(stream, 4, &y) != ck_status_ok, "a second input");
  ck_stream_layer layer = {.input_count = hostile(e), .inputs = &x, .kernel_size = hostile(e), .stride = hostile(e),
                           .dilation = hostile(e), .sums = hostile(e), .weights = numbers,
                           .transposed = (bool)draw(e, 2), .residual = (int32_t)hostile(e)};
  if (layer.input_count > 1) layer.input_count = 1;
  const bool small = layer.kernel_size > 0 && layer.kernel_size <= 4 && layer.sums > 0 && layer.sums <= 4;
  if (!small) layer.weights = (const float *)1; /* misaligned: it must not be followed */
  const ck_status status = ck_stream_add_layer(stream, &layer, &y);
  HOLD(small || status != ck_status_ok, "%td taps to %td sums", layer.kernel_size, layer.sums);
  layer = (ck_stream_layer){.input_count = 1, .inputs = &x, .kernel_size = 2, .stride = 1, .dilation = 1, .sums = 3,
                            .weights = numbers};
  HOLD(ck_stream_add_layer(stream, &layer, &y) == ck_status_ok, "layer");
  HOLD(ck_stream_finish(stream, y + 1) != ck_status_ok, "no such signal");
  HOLD(ck_stream_finish(stream, y) == ck_status_ok, "finish");
  HOLD(ck_stream_add_layer(stream, &layer, &y) != ck_status_ok, "after the end");
  const ptrdiff_t batch = hostile(e), block = hostile(e);
  const size_t wanted = ck_stream_state_size(stream, batch, block);
  HOLD(wanted == 0 || (batch > 0 && block > 0), "%td rows, %td frames", batch, block);
  const size_t size = ck_stream_state_size(stream, 1, 2);
  char *state = aligned_alloc(64, size);
  float in[8] = {0}, out[6];
  HOLD(ck_stream_start(stream, 1, 2, 0, state, size - 64) == ck_status_workspace_too_small, "too small");
  HOLD(ck_stream_start(stream, 1, 2, 0, state + 4, size) == ck_status_misaligned, "misaligned");
  memset(state, 0, size);
  HOLD(ck_stream_process(stream, state, size, 1, in, out) == ck_status_invalid_argument, "not started");
  HOLD(ck_stream_start(stream, 1, 2, 0, state, size) == ck_status_ok, "start");
  HOLD(ck_stream_process(stream, state, size, 3, in, out) == ck_status_invalid_geometry, "longer than a block");
  HOLD(ck_stream_process(stream, state, size, 1, NULL, out) == ck_status_null_pointer, "no input");
  HOLD(ck_stream_process(stream, state, size, 1, in, in) == ck_status_overlap, "in place");
  HOLD(ck_stream_process_symbols(stream, state, size, 1, &x, out) == ck_status_invalid_argument, "symbols");
  HOLD(ck_stream_process(stream, state, size, 2, in, NULL) == ck_status_ok, "skipped");
  free(state);
  ck_stream_destroy(stream);
}

void trial_stream(entropy *e) {
  const ck_context *context = some_context(e);
  if (draw(e, 4)) against_reference(e, context);
  else hostile_doors(e, context);
}
