#include "trials.h"
#include <stdlib.h>
#include <string.h>

/* Programs of streams as bytes: what is read computes the bits of what was written; bytes from anybody are refused, or
   are a stream that runs. */

enum { most_signals = 16, most_state = 1 << 22 };

typedef struct network {
  ck_stream *stream;
  int32_t output;
  int count;
  struct {
    int32_t number;
    ptrdiff_t channels, period;
  } signal[most_signals];
} network;

/* Weights of every size, as bits decide: bits of sums must be the same, whatever they are. */
static float *weights(entropy *e, ptrdiff_t count) {
  float *w = room(count);
  uint64_t state = draw(e, 1 << 16) * 0x9E3779B97F4A7C15u + 1;
  for (ptrdiff_t i = 0; i < count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    w[i] = ((float)(state >> 40) * 0x1p-24f - 0.5f) * (state >> 33 & 7 ? 0.5f : 4);
  }
  return w;
}

static void note(network *n, int32_t number, ptrdiff_t channels, ptrdiff_t period) {
  n->signal[n->count].number = number;
  n->signal[n->count].channels = channels, n->signal[n->count++].period = period;
}

static void add_lookup(entropy *e, network *n, ptrdiff_t symbols) {
  ck_stream_lookup l = {.symbols = symbols, .kernel_size = between(e, 1, 3), .channels = between(e, 1, 9)};
  float *table = weights(e, l.kernel_size * l.symbols * l.channels);
  float *bias = draw(e, 2) ? weights(e, l.channels) : NULL;
  int32_t number = 0;
  l.table = table, l.bias = bias;
  HOLD(ck_stream_add_lookup(n->stream, &l, &number) == ck_status_ok, "lookup");
  note(n, number, l.channels, 1);
  leave(table), leave(bias);
}

static void add_layer(entropy *e, network *n, bool transposed, ptrdiff_t stride, int from) {
  int32_t inputs[3] = {n->signal[from].number};
  ptrdiff_t all = n->signal[from].channels;
  const ptrdiff_t period = n->signal[from].period, made = transposed ? period / stride : period * stride;
  ck_stream_layer l = {.input_count = 1, .inputs = inputs, .transposed = transposed, .stride = stride, .dilation = 1,
                       .sums = between(e, 1, 8) * 2, .activation = (ck_activation)draw(e, 6), .slope = 0.25f,
                       .final_activation = (ck_activation)draw(e, 5)};
  l.kernel_size = transposed ? stride + between(e, 0, 4) : between(e, 1, 5);
  if (!transposed) l.dilation = between(e, 1, 12);
  for (int i = 0; i < n->count && l.input_count < 3; i++)
    if (n->signal[i].period == period && draw(e, 3) == 0) {
      inputs[l.input_count++] = n->signal[i].number;
      all += n->signal[i].channels;
    }
  const ptrdiff_t channels = l.activation == ck_activation_gated ? l.sums / 2 : l.sums;
  for (int i = 0; i < n->count; i++) /* at any rate */
    if (n->signal[i].channels == channels && draw(e, 2)) l.residual = n->signal[i].number;
  float *w = weights(e, l.kernel_size * all * l.sums), *bias = draw(e, 2) ? weights(e, l.sums) : NULL;
  l.weights = w, l.bias = bias;
  int32_t number = 0;
  HOLD(ck_stream_add_layer(n->stream, &l, &number) == ck_status_ok, "layer");
  note(n, number, channels, made);
  leave(w), leave(bias);
}

static network build(entropy *e, const ck_context *context, ck_stream_weights format) {
  network n = {0};
  HOLD(ck_stream_create(context, format, &n.stream) == ck_status_ok, "create");
  if (draw(e, 2)) {
    const ptrdiff_t symbols = between(e, 1, 20);
    for (ptrdiff_t i = between(e, 1, 2); i > 0; i--) add_lookup(e, &n, symbols);
  } else {
    int32_t x;
    const ptrdiff_t channels = between(e, 1, 12);
    HOLD(ck_stream_add_input(n.stream, channels, &x) == ck_status_ok, "input");
    note(&n, x, channels, 1);
  }
  for (ptrdiff_t i = between(e, 0, 2); i > 0; i--) add_layer(e, &n, false, 1, n.count - 1);
  if (draw(e, 2)) { /* down and up */
    const ptrdiff_t stride = between(e, 2, 4);
    add_layer(e, &n, false, stride, n.count - 1);
    if (draw(e, 2)) add_layer(e, &n, false, 1, n.count - 1);
    add_layer(e, &n, true, stride, n.count - 1);
    if (draw(e, 2)) add_layer(e, &n, false, 1, n.count - 1);
  }
  n.output = n.signal[n.count - 1].number;
  return n;
}

/* A program in memory of its very length. */
typedef struct program {
  char *bytes;
  size_t size;
} program;

static program copy_of(program p, size_t size) {
  program made = {malloc(size > 0 ? size : 1), size};
  memset(made.bytes, 0, size);
  memcpy(made.bytes, p.bytes, size < p.size ? size : p.size);
  return made;
}

static program written(const network *n, const char *text, size_t length) {
  program p = {.size = ck_stream_program_size(n->stream, length)};
  HOLD(p.size > 0 && p.size % 64 == 0, "%zu bytes", p.size);
  p.bytes = malloc(p.size);
  memset(p.bytes, 0xff, p.size);
  HOLD(ck_stream_write_program(n->stream, n->output, text, length, p.bytes, p.size - 1) ==
         ck_status_workspace_too_small, "too small");
  HOLD(ck_stream_write_program(n->stream, n->output, text, length, p.bytes, p.size) == ck_status_ok, "write");
  return p;
}

/* Some frames of a finished stream, in blocks of any length, or NULL where its state is too large to try. */
static float *heard(entropy *e, const ck_stream *stream, ptrdiff_t frames, ptrdiff_t *count) {
  ck_stream_facts facts;
  HOLD(ck_stream_describe(stream, &facts) == ck_status_ok, "describe");
  const size_t size = ck_stream_state_size(stream, 1, frames);
  if (size == 0 || size > most_state || facts.output_channels > 1 << 16 || facts.input_channels > 1 << 16) return NULL;
  void *state = aligned_alloc(64, size);
  HOLD(ck_stream_start(stream, 1, frames, 0, state, size) == ck_status_ok, "start");
  *count = frames * facts.output_channels;
  float *y = room(*count), *x = NULL;
  int32_t *symbols = NULL;
  if (facts.input_channels > 0) x = numbers(e, frames * facts.input_channels);
  else {
    symbols = malloc((size_t)frames * sizeof *symbols);
    for (ptrdiff_t t = 0; t < frames; t++) symbols[t] = (int32_t)draw(e, 24) - 2;
  }
  for (ptrdiff_t t = 0, n; t < frames; t += n) {
    n = between(e, 1, frames - t);
    float *out = y + t * facts.output_channels;
    const ck_status status =
      x ? ck_stream_process(stream, state, size, n, x + t * facts.input_channels, out)
        : ck_stream_process_symbols(stream, state, size, n, symbols + t, out);
    HOLD(status == ck_status_ok, "process: %s", ck_status_message(status));
  }
  leave(x), free(symbols), free(state);
  return y;
}

static void round_trip(entropy *e, const ck_context *context) {
  char text[200];
  const size_t length = (size_t)between(e, 0, sizeof text);
  for (size_t i = 0; i < length; i++) text[i] = (char)draw(e, 256);
  program first = {0};
  const entropy plan = *e;
  for (ck_stream_weights format = ck_stream_float32; format <= ck_stream_bfloat16; format++) {
    *e = plan; /* the same network for every format */
    network n = build(e, context, format);
    program p = written(&n, text, length);
    if (!first.bytes) first = copy_of(p, p.size);
    HOLD(p.size == first.size && memcmp(p.bytes, first.bytes, p.size) == 0, "the format is not the program's");
    const char *found = NULL;
    size_t found_length = 0;
    HOLD(ck_stream_program_note(p.bytes, p.size, &found, &found_length) == ck_status_ok, "note");
    HOLD(found_length == length && memcmp(found, text, length) == 0 && found[length] == 0, "another note");
    ck_stream *stream = NULL;
    HOLD(ck_stream_read_program(context, format, p.bytes, p.size, &stream) == ck_status_ok, "read");
    free(p.bytes);

    HOLD(ck_stream_finish(n.stream, n.output) == ck_status_ok, "finish");
    HOLD(ck_stream_program_size(n.stream, length) == 0 && ck_stream_program_size(stream, 0) == 0, "finished");
    ck_stream_facts a, b;
    HOLD(ck_stream_describe(n.stream, &a) == ck_status_ok && ck_stream_describe(stream, &b) == ck_status_ok, "facts");
    HOLD(a.input_channels == b.input_channels && a.output_channels == b.output_channels && a.cycle == b.cycle &&
           a.weight_bytes == b.weight_bytes && a.bytes_per_frame == b.bytes_per_frame, "other facts");
    ptrdiff_t count = 0;
    entropy again = *e;
    float *x = heard(e, n.stream, 40, &count), *y = heard(&again, stream, 40, &count);
    HOLD(x && y && memcmp(x, y, (size_t)count * sizeof *x) == 0, "other bits than what was written");
    leave(x), leave(y);
    ck_stream_destroy(stream), ck_stream_destroy(n.stream);
  }
  free(first.bytes);
}

/* ---- Bytes from anybody --------------------------------------------------------------------------------- */

/* Bit by bit, where the library takes eight bytes. */
static uint32_t crc32(const char *bytes, size_t count) {
  uint32_t sum = 0xffffffffu;
  for (size_t i = 0; i < count; i++) {
    sum ^= (uint8_t)bytes[i];
    for (int bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? 0xEDB88320u : 0);
  }
  return ~sum;
}

/* As if a writer had made it so, and said a length. */
static void seal_as(program p, uint64_t length) {
  if (p.size < 64) return;
  memcpy(p.bytes + 16, &length, sizeof length);
  const uint32_t sum = crc32(p.bytes + 16, p.size - 16);
  memcpy(p.bytes + 12, &sum, sizeof sum);
}
static void seal(program p) { seal_as(p, p.size); }

static program damaged(entropy *e, program p) {
  size_t size = p.size;
  switch (draw(e, 8)) {
  case 0: size = draw(e, p.size); break;
  case 1: size = draw(e, p.size / 64) * 64; break;
  case 2: size += draw(e, 200); break;
  }
  program made = copy_of(p, size);
  if (made.size < 4) return made;
  const float strange[] = {0.0f / 0.0f, 1.0f / 0.0f, -0.0f, 1e-42f};
  for (ptrdiff_t i = between(e, made.size == p.size, 3); i > 0; i--) {
    /* Numbers that say something lie in the first 64 bytes of an entry. */
    size_t at = draw(e, made.size / 4) * 4;
    if (draw(e, 2)) at = at / 64 * 64 + draw(e, 16) * 4;
    if (at + 4 > made.size) continue;
    uint32_t number = (uint32_t)hostile(e);
    switch (draw(e, 4)) {
    case 0: made.bytes[at + draw(e, 4)] ^= (char)(1 << draw(e, 8)); break;
    case 1: memcpy(made.bytes + at, &number, 4); break;
    case 2: memcpy(made.bytes + at, &strange[draw(e, 4)], 4); break;
    default:
      memcpy(&number, made.bytes + at, 4);
      number += (uint32_t)between(e, -2, 2);
      memcpy(made.bytes + at, &number, 4);
    }
  }
  return made;
}

static void from_anybody(entropy *e, const ck_context *context) {
  network n = build(e, context, ck_stream_float32);
  const program whole = written(&n, "a note", draw(e, 7));
  ck_stream_destroy(n.stream);
  for (int trial = 0; trial < 8; trial++) {
    program p = damaged(e, whole);
    const bool is_altered = p.size != whole.size || memcmp(p.bytes, whole.bytes, p.size) != 0;
    const bool is_sealed = draw(e, 4) > 0;
    if (is_sealed) seal(p);
    ck_stream *const nobody = (ck_stream *)p.bytes, *stream = nobody;
    const ck_status status = ck_stream_read_program(context, (ck_stream_weights)draw(e, 3), p.bytes, p.size, &stream);
    const char *text = NULL;
    size_t length = 0;
    const ck_status opened = ck_stream_program_note(p.bytes, p.size, &text, &length);
    HOLD(opened == ck_status_ok || opened == status, "a note of what is no program");
    if (opened == ck_status_ok) HOLD(text >= p.bytes && length < p.size && text[length] == 0, "a note without end");
    if (status == ck_status_ok) {
      HOLD(is_sealed || !is_altered, "altered, and accepted");
      ptrdiff_t count;
      leave(heard(e, stream, 20, &count));
      ck_stream_destroy(stream);
    } else HOLD(stream == nobody, "a stream that was refused");
    free(p.bytes);
  }
  free(whole.bytes);
}

/* Every shorter program is none. */
static void cut_off(entropy *e, const ck_context *context) {
  network n = build(e, context, ck_stream_float32);
  const program whole = written(&n, NULL, 0);
  ck_stream_destroy(n.stream);
  ck_stream *stream = NULL;
  for (size_t size = 0; size < whole.size; size += size < 64 ? 1 : 64 * draw(e, 4) + 64 / (1 + draw(e, 2) * 7)) {
    program p = copy_of(whole, size);
    seal(p);
    HOLD(ck_stream_read_program(context, ck_stream_float32, p.bytes, size, &stream) != ck_status_ok, "%zu bytes", size);
    free(p.bytes);
  }
  HOLD(!stream, "refused");
  free(whole.bytes);
}

static void doors(entropy *e, const ck_context *context) {
  network n = build(e, context, ck_stream_float32);
  HOLD(ck_stream_program_size(NULL, 0) == 0 && ck_stream_program_size(n.stream, SIZE_MAX) == 0, "sizes");
  program p = written(&n, NULL, 0);
  HOLD(ck_stream_write_program(n.stream, 0, NULL, 0, p.bytes, p.size) == ck_status_invalid_argument, "no output");
  HOLD(ck_stream_write_program(n.stream, 99, NULL, 0, p.bytes, p.size) == ck_status_invalid_argument, "99");
  HOLD(ck_stream_write_program(n.stream, n.output, NULL, 5, p.bytes, p.size) == ck_status_null_pointer, "no note");
  HOLD(ck_stream_write_program(n.stream, n.output, "", SIZE_MAX, p.bytes, p.size) == ck_status_invalid_geometry, "∞");
  HOLD(ck_stream_write_program(n.stream, n.output, p.bytes, 5, p.bytes, 2 * p.size) == ck_status_overlap, "note");
  HOLD(ck_stream_write_program(NULL, n.output, NULL, 0, p.bytes, p.size) == ck_status_null_pointer, "no stream");
  HOLD(ck_stream_write_program(n.stream, n.output, NULL, 0, NULL, p.size) == ck_status_null_pointer, "no bytes");

  ck_stream *stream = NULL;
  HOLD(ck_stream_read_program(context, ck_stream_float32, p.bytes, p.size, NULL) == ck_status_null_pointer, "NULL");
  HOLD(ck_stream_read_program(context, ck_stream_float32, NULL, p.size, &stream) == ck_status_null_pointer, "NULL");
  HOLD(ck_stream_read_program(context, (ck_stream_weights)5, p.bytes, p.size, &stream) == ck_status_invalid_argument,
       "format");
  program aside = {malloc(p.size + 2), p.size};
  memcpy(aside.bytes + 2, p.bytes, p.size);
  HOLD(ck_stream_read_program(context, ck_stream_float32, aside.bytes + 2, p.size, &stream) == ck_status_misaligned,
       "aside");
  free(aside.bytes);
  /* What says nothing is zero: the rest of the head, the space of no note, the rest of the first entry. */
  const size_t silent[][2] = {{36, 128}, {176, 192}};
  for (int i = 0; i < 2; i++)
    for (size_t at = silent[i][0]; at < silent[i][1]; at++) {
      p.bytes[at] = 1;
      seal(p);
      HOLD(ck_stream_read_program(context, ck_stream_float32, p.bytes, p.size, &stream) == ck_status_invalid_argument,
           "byte %zu", at);
      p.bytes[at] = 0;
    }
  seal_as(p, p.size + 64);
  HOLD(ck_stream_read_program(context, ck_stream_float32, p.bytes, p.size, &stream) == ck_status_invalid_argument,
       "another length");
  seal(p);
  p.bytes[8] = 2;
  HOLD(ck_stream_read_program(context, ck_stream_float32, p.bytes, p.size, &stream) == ck_status_unsupported, "2");
  p.bytes[8] = 1;
  p.bytes[0] = 'c';
  HOLD(ck_stream_read_program(context, ck_stream_float32, p.bytes, p.size, &stream) == ck_status_invalid_argument,
       "magic");
  HOLD(!stream, "refused");
  free(p.bytes);
  ck_stream_destroy(n.stream);
}

/* A program put together from what the header says: files of today must be read, and written, for as long as their
   version is. y[t] = leaky_relu(3·x[t] - 2·x[t-4] + 0.5), slope 0.25, plus x[t], no activation after. */
static void by_hand(const ck_context *context) {
  const uint32_t input[] = {1, 1}, from[] = {1};
  const uint32_t layer[] = {3, 1, 2, 0, 1, 0, 1, 4, 2, 0, 0x3e800000, 1};
  const float weights[] = {-2, 3}, bias[] = {0.5f};
  uint64_t bytes[56] = {0};
  const program p = {(char *)bytes, sizeof bytes};
  memcpy(p.bytes, "CKSTREAM\1", 9);
  p.bytes[24] = 5, p.bytes[32] = 2;
  memcpy(p.bytes + 64, "a U\n!", 5);
  memcpy(p.bytes + 128, input, sizeof input);
  memcpy(p.bytes + 192, layer, sizeof layer);
  memcpy(p.bytes + 256, from, sizeof from);
  memcpy(p.bytes + 320, weights, sizeof weights);
  memcpy(p.bytes + 384, bias, sizeof bias);
  seal(p);
  for (ck_stream_weights format = ck_stream_float32; format <= ck_stream_bfloat16; format++) {
    ck_stream *stream;
    HOLD(ck_stream_read_program(context, format, p.bytes, p.size, &stream) == ck_status_ok, "by hand");
    const size_t size = ck_stream_state_size(stream, 1, 6);
    void *state = aligned_alloc(64, size);
    const float x[6] = {1, -1, 2, 0, 4, 8}, expected[6] = {4.5f, -1.625f, 8.5f, 0.5f, 14.5f, 34.5f};
    float y[6];
    HOLD(ck_stream_start(stream, 1, 6, 0, state, size) == ck_status_ok, "start");
    HOLD(ck_stream_process(stream, state, size, 6, x, y) == ck_status_ok, "process");
    expect_same("by hand", 6, y, expected, 1e-5f);
    free(state);
    ck_stream_destroy(stream);
  }
  ck_stream *stream;
  int32_t x, y;
  const ck_stream_layer same = {.input_count = 1, .inputs = &x, .kernel_size = 2, .stride = 1, .dilation = 4, .sums = 1,
                                .weights = weights, .bias = bias, .activation = ck_activation_leaky_relu,
                                .slope = 0.25f, .residual = 1};
  uint64_t made[56];
  HOLD(ck_stream_create(context, ck_stream_float32, &stream) == ck_status_ok, "create");
  HOLD(ck_stream_add_input(stream, 1, &x) == ck_status_ok && ck_stream_add_layer(stream, &same, &y) == ck_status_ok,
       "layers");
  HOLD(ck_stream_program_size(stream, 5) == sizeof made, "%zu bytes", ck_stream_program_size(stream, 5));
  HOLD(ck_stream_write_program(stream, y, "a U\n!", 5, made, sizeof made) == ck_status_ok, "write");
  HOLD(memcmp(made, bytes, sizeof made) == 0, "another layout");
  ck_stream_destroy(stream);
}

/* The rates 2^24 and 65521 meet within 2^40 frames; with a third that shares nothing with them it takes too long. */
static void rates_that_hardly_meet(const ck_context *context) {
  const ptrdiff_t strides[] = {65536, 256, 65521, 59049, 243};
  const int from[] = {0, 1, 0, 0, 4};
  const float one = 1;
  ck_stream *stream;
  int32_t signal[6];
  HOLD(ck_stream_create(context, ck_stream_float32, &stream) == ck_status_ok, "create");
  HOLD(ck_stream_add_input(stream, 1, &signal[0]) == ck_status_ok, "input");
  for (int i = 0; i < 5; i++) {
    const ck_stream_layer l = {.input_count = 1, .inputs = &signal[from[i]], .kernel_size = 1, .stride = strides[i],
                               .dilation = 1, .sums = 1, .weights = &one};
    HOLD(ck_stream_add_layer(stream, &l, &signal[i + 1]) == ck_status_ok, "layer %d", i);
  }
  char bytes[8192];
  HOLD(ck_stream_program_size(stream, 0) <= sizeof bytes, "%zu bytes", ck_stream_program_size(stream, 0));
  HOLD(ck_stream_write_program(stream, 1, NULL, 0, bytes, sizeof bytes) == ck_status_invalid_geometry, "write");
  HOLD(ck_stream_finish(stream, 1) == ck_status_invalid_geometry, "finish");
  ck_stream_destroy(stream);
}

void trial_program(entropy *e) {
  const ck_context *context = some_context(e);
  switch (draw(e, 8)) {
  case 0: doors(e, context), by_hand(context), rates_that_hardly_meet(context); break;
  case 1: cut_off(e, context); break;
  case 2:
  case 3:
  case 4: round_trip(e, context); break;
  default: from_anybody(e, context);
  }
}
