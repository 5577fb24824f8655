/* A state, and time passing over it. */
#include "stream/stream.h"
#include "check/check.h"
#include <string.h>

/* What a state begins with; then a header for every node, then its numbers. Offsets are in floats from the state. */
typedef struct header {
  uint64_t mark;
  ptrdiff_t batch, block, clock;
} header;
typedef struct room {
  ptrdiff_t frames, ring;      /* of the signal: [frames, batch, padded channels] */
  ptrdiff_t sums_frames, sums; /* of what is computed ahead: [sums_frames, batch, parts, padded sums] */
} room;

static const uint64_t mark = 0x6d616572747364ull;

static ptrdiff_t ceiling(ptrdiff_t a, ptrdiff_t b) { return a > 0 ? (a + b - 1) / b : -(-a / b); }

static ptrdiff_t row_of(const ck_stream_node *node) {
  return node->kind == ck_stream_numbers ? 1 : ck_stream_padded(node->channels);
}

/* Fills the rooms (unless NULL) and returns the size in floats; 0 when that is too large. */
static ptrdiff_t lay_out(const ck_stream *stream, ptrdiff_t batch, ptrdiff_t block, room *rooms) {
  const size_t heads = sizeof(header) + (size_t)(stream->count + 1) * sizeof(room);
  ptrdiff_t total = ck_stream_padded((ptrdiff_t)(heads / sizeof(float) + 1));
  for (ptrdiff_t i = 1; i <= stream->count; i++) {
    const ck_stream_node *node = &stream->nodes[i];
    const ptrdiff_t due = (block - 1) / node->period + 2;
    room r = {.frames = node->lag + due, .ring = total};
    ptrdiff_t count;
    if (CK_COUNT(&count, r.frames, batch, row_of(node)) != ck_status_ok) return 0;
    total += ck_stream_padded(count);
    if (node->kind == ck_stream_sums) {
      r.sums = total;
      r.sums_frames = due + (ck_stream_ahead + 1) * node->product_count;
      if (CK_COUNT(&count, r.sums_frames, batch, node->parts, ck_stream_padded(node->sums)) != ck_status_ok) return 0;
      total += count;
    }
    if (CK_COUNT(&count, total) != ck_status_ok) return 0;
    if (rooms) rooms[i] = r;
  }
  return total;
}

size_t ck_stream_state_size(const ck_stream *stream, ptrdiff_t batch, ptrdiff_t block) {
  if (!stream || !stream->output || batch < 1 || block < 1 || block > 1 << 24) return 0;
  const ptrdiff_t addresses = stream->most_segments * ck_stream_row_chunk * 2; /* in floats */
  const ptrdiff_t floats = lay_out(stream, batch, block, NULL);
  return floats == 0 ? 0 : (size_t)(ck_stream_padded(floats + addresses)) * sizeof(float);
}

static room *rooms_of(void *state) { return (room *)((char *)state + sizeof(header)); }

ck_status ck_stream_start(const ck_stream *stream, ptrdiff_t batch, ptrdiff_t block, ptrdiff_t phase, void *state,
                          size_t size) {
  CK_REQUIRE_THAT(stream && state, ck_status_null_pointer);
  CK_REQUIRE_THAT(stream->output, ck_status_invalid_argument);
  CK_REQUIRE_THAT((uintptr_t)state % 64 == 0, ck_status_misaligned);
  const size_t needed = ck_stream_state_size(stream, batch, block);
  CK_REQUIRE_THAT(needed > 0 && phase >= 0 && phase < (ptrdiff_t)1 << 48, ck_status_invalid_geometry);
  CK_REQUIRE_THAT(size >= needed, ck_status_workspace_too_small);
  memset(state, 0, needed);
  *(header *)state = (header){.mark = mark ^ stream->arena_bytes, .batch = batch, .block = block, .clock = phase};
  lay_out(stream, batch, block, rooms_of(state));
  if (stream->nodes[1].kind == ck_stream_numbers)
    memset((float *)state + rooms_of(state)[1].ring, 0xff, (size_t)(rooms_of(state)[1].frames * batch) * 4);
  return ck_status_ok;
}

/* ---- A call ------------------------------------------------------------------------------------------- */

typedef struct call {
  const ck_stream *stream;
  const ck_stream_kernels *kernels;
  float *state;
  const room *rooms;
  const float **addresses;
  ptrdiff_t batch, start, end; /* clocks */
} call;

static float *frame_of(const call *c, int32_t signal, ptrdiff_t frame, ptrdiff_t row) {
  const room *r = &c->rooms[signal];
  ptrdiff_t slot = frame % r->frames;
  if (slot < 0) slot += r->frames;
  return c->state + r->ring + (slot * c->batch + row) * row_of(&c->stream->nodes[signal]);
}
static float *sums_of(const call *c, int32_t signal, ptrdiff_t frame, ptrdiff_t row) {
  const room *r = &c->rooms[signal];
  const ck_stream_node *node = &c->stream->nodes[signal];
  return c->state + r->sums + (frame % r->sums_frames * c->batch + row) * node->parts * ck_stream_padded(node->sums);
}

static void take(const call *c, const void *x) {
  const ck_stream_node *input = &c->stream->nodes[1];
  const ptrdiff_t frames = c->end - c->start, numbers = input->kind == ck_stream_numbers ? 1 : input->channels;
  for (ptrdiff_t b = 0; b < c->batch; b++)
    for (ptrdiff_t t = 0; t < frames; t++)
      memcpy(frame_of(c, 1, c->start + t, b), (const float *)x + (b * frames + t) * numbers, (size_t)numbers * 4);
}

static void look_up(const call *c, int32_t signal) {
  const ck_stream_node *node = &c->stream->nodes[signal];
  const ptrdiff_t channels = node->channels, symbols = c->stream->nodes[1].channels;
  for (ptrdiff_t t = c->start; t < c->end; t++)
    for (ptrdiff_t b = 0; b < c->batch; b++) {
      float *y = frame_of(c, signal, t, b);
      memcpy(y, node->bias, (size_t)channels * sizeof *y);
      for (ptrdiff_t k = 0; k < node->kernel; k++) {
        int32_t symbol;
        memcpy(&symbol, frame_of(c, 1, t - (node->kernel - 1 - k), b), sizeof symbol);
        if (symbol < 0 || symbol >= symbols) continue;
        const float *row = node->weights + (k * symbols + symbol) * channels;
        for (ptrdiff_t i = 0; i < channels; i++) y[i] += row[i];
      }
    }
}

/* Adds a group's part to the sums it is responsible for: those of whole blocks that begin now. */
static void add_group(const call *c, int32_t signal, const ck_stream_product *product, const ck_stream_group *group) {
  const ck_stream_node *node = &c->stream->nodes[signal];
  const ptrdiff_t due = ceiling(c->start - product->offset, product->period);
  const ptrdiff_t after = ceiling(c->end - product->offset, product->period);
  ptrdiff_t block = group->block;
  while (block > 1 && block * c->batch > ck_stream_ahead) block /= 2;
  const ptrdiff_t phase = group->phase % block;
  /* Sum n is made with the block that begins at the last n' <= n that is phase modulo the block's length. */
  const ptrdiff_t first = ceiling(due - phase, block) * block + phase;
  const ptrdiff_t last = ceiling(after - phase, block) * block + phase;
  const ptrdiff_t input_period = c->stream->nodes[node->inputs[0]].period, per_firing = product->period / node->period;
  const ptrdiff_t rows = (last - first) * c->batch;
  for (ptrdiff_t done = 0; done < rows; done += ck_stream_row_chunk) {
    const ptrdiff_t count = rows - done < ck_stream_row_chunk ? rows - done : ck_stream_row_chunk;
    float *sums[ck_stream_row_chunk];
    for (ptrdiff_t row = 0; row < count; row++) {
      const ptrdiff_t n = first + (done + row) / c->batch, b = (done + row) % c->batch;
      sums[row] = sums_of(c, signal, n * per_firing + product->offset / node->period, b) +
                  group->part * ck_stream_padded(node->sums);
      const ptrdiff_t latest = (n * product->period + product->offset) / input_period;
      for (ptrdiff_t s = 0; s < group->segment_count; s++)
        c->addresses[s * ck_stream_row_chunk + row] =
          frame_of(c, node->inputs[group->segments[s].input], latest - group->segments[s].lag, b);
    }
    c->kernels->product(c->stream->format, c->stream->arena + group->offset, group->scales,
                        ck_stream_padded(node->sums), group->segment_count, group->segments, count, c->addresses, sums);
  }
}

static void run_layer(const call *c, int32_t signal) {
  const ck_stream_node *node = &c->stream->nodes[signal];
  const ptrdiff_t first = ceiling(c->start, node->period), last = ceiling(c->end, node->period);
  if (first == last) return;
  for (ptrdiff_t p = 0; p < node->product_count; p++)
    for (int g = ck_stream_groups - 1; g >= 0; g--)
      if (node->products[p].groups[g].segment_count > 0)
        add_group(c, signal, &node->products[p], &node->products[p].groups[g]);
  const ptrdiff_t residual_period = node->residual ? c->stream->nodes[node->residual].period : 1;
  for (ptrdiff_t t = first; t < last; t++)
    for (ptrdiff_t b = 0; b < c->batch; b++)
      c->kernels->finish(
        node, sums_of(c, signal, t, b),
        node->residual ? frame_of(c, node->residual, t * node->period / residual_period, b) : NULL,
        frame_of(c, signal, t, b));
}

static void give(const call *c, float *y) {
  const int32_t signal = c->stream->output;
  const ptrdiff_t channels = c->stream->nodes[signal].channels, frames = c->end - c->start;
  for (ptrdiff_t b = 0; b < c->batch; b++)
    for (ptrdiff_t t = 0; t < frames; t++)
      memcpy(y + (b * frames + t) * channels, frame_of(c, signal, c->start + t, b), (size_t)channels * sizeof *y);
}

static const ck_stream_kernels *kernels_of(const ck_stream *stream) {
#define CK_KERNELS(variant) \
  if (stream->isa >= ck_isa_##variant) return &ck_stream_##variant;
#include "stream/stream_kernels.inc"
#undef CK_KERNELS
  __builtin_unreachable();
}

static ck_status process(const ck_stream *stream, ck_stream_kind kind, void *state, size_t size, ptrdiff_t frames,
                         const void *x, float *y) {
  CK_REQUIRE_THAT(stream && state, ck_status_null_pointer);
  CK_REQUIRE_THAT(stream->output && stream->nodes[1].kind == kind, ck_status_invalid_argument);
  CK_REQUIRE_THAT((uintptr_t)state % 64 == 0, ck_status_misaligned);
  header *h = state;
  CK_REQUIRE_THAT(size >= sizeof *h, ck_status_workspace_too_small);
  CK_REQUIRE_THAT(h->mark == (mark ^ stream->arena_bytes), ck_status_invalid_argument);
  CK_REQUIRE_THAT(size >= ck_stream_state_size(stream, h->batch, h->block), ck_status_workspace_too_small);
  CK_REQUIRE_THAT(frames >= 0 && frames <= h->block, ck_status_invalid_geometry);
  const ptrdiff_t channels = kind == ck_stream_numbers ? 1 : stream->nodes[1].channels;
  const ptrdiff_t outputs = stream->nodes[stream->output].channels;
  ck_area input, output, memory;
  CK_REQUIRE(ck_area_dense(&input, x, h->batch * frames * channels));
  CK_REQUIRE(ck_area_dense(&output, y, y ? h->batch * frames * outputs : 0));
  CK_REQUIRE(ck_area_bytes(&memory, state, size));
  CK_REQUIRE(ck_areas_apart(&input, &output));
  CK_REQUIRE(ck_areas_apart(&input, &memory));
  CK_REQUIRE(ck_areas_apart(&output, &memory));
  if (frames == 0) return ck_status_ok;

  const size_t addresses = (size_t)(stream->most_segments * ck_stream_row_chunk) * sizeof(float *);
  const size_t needed = ck_stream_state_size(stream, h->batch, h->block);
  const call c = {
    .stream = stream,
    .kernels = kernels_of(stream),
    .state = state,
    .rooms = rooms_of(state),
    .addresses = (const float **)((char *)state + (needed - addresses) / 64 * 64),
    .batch = h->batch,
    .start = h->clock,
    .end = h->clock + frames,
  };
  take(&c, x);
  for (int32_t signal = 2; signal <= stream->count; signal++) {
    const ck_stream_node *node = &stream->nodes[signal];
    if (node->is_output_only && !y) continue;
    if (node->kind == ck_stream_table) look_up(&c, signal);
    else run_layer(&c, signal);
  }
  if (y) give(&c, y);
  h->clock += frames;
  return ck_status_ok;
}

ck_status ck_stream_process(const ck_stream *stream, void *state, size_t size, ptrdiff_t frames, const float *x,
                            float *y) {
  return process(stream, ck_stream_values, state, size, frames, x, y);
}
ck_status ck_stream_process_symbols(const ck_stream *stream, void *state, size_t size, ptrdiff_t frames,
                                    const int32_t *symbols, float *y) {
  return process(stream, ck_stream_numbers, state, size, frames, symbols, y);
}
