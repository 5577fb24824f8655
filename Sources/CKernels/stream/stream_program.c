/* A stream's program as bytes: written while its weights are still as they were given, read through the doors that
   build it. CKernels.h says where each byte is. */
#include "check/check.h"
#include "stream/stream.h"
#include <string.h>

typedef struct program_head {
  char magic[8];
  uint32_t version, checksum;
  uint64_t length, note_length;
  int32_t output;
  uint32_t reserved[7];
} program_head;

typedef enum entry_kind { entry_input = 1, entry_lookup, entry_layer } entry_kind;

/* What is not of an entry's kind is 0. */
typedef struct program_entry {
  uint32_t kind, channels, kernel_size, symbols;
  uint32_t input_count, transposed, stride, dilation;
  uint32_t activation, final_activation;
  float slope;
  int32_t residual;
  uint32_t reserved[4];
} program_entry;

enum { unit = 64, program_version = 1 }; /* everything begins at a multiple of it */
_Static_assert(sizeof(program_head) == unit && sizeof(program_entry) == unit, "no gaps");
static const char magic[8] = {'C', 'K', 'S', 'T', 'R', 'E', 'A', 'M'};
static const size_t checked_from = offsetof(program_head, length);
static const bool is_little_endian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

static size_t padded(size_t bytes) { return (bytes + unit - 1) / unit * unit; }

/* CRC-32 as in zlib and PNG, eight bytes at a time: a large program's takes milliseconds. `count` is a multiple of 8. */
static uint32_t checksum_of(const char *bytes, size_t count) {
  uint32_t table[8][256];
  for (uint32_t n = 0; n < 256; n++) {
    table[0][n] = n;
    for (int bit = 0; bit < 8; bit++) table[0][n] = table[0][n] >> 1 ^ (table[0][n] & 1 ? 0xEDB88320u : 0);
  }
  for (int k = 1; k < 8; k++)
    for (int n = 0; n < 256; n++) table[k][n] = table[k - 1][n] >> 8 ^ table[0][table[k - 1][n] & 0xff];
  uint32_t sum = 0xffffffffu;
  for (size_t i = 0; i < count; i += 8) {
    uint32_t word[2];
    memcpy(word, bytes + i, sizeof word);
    word[0] ^= sum;
    sum = 0;
    for (int k = 0; k < 8; k++) sum ^= table[7 - k][word[k / 4] >> k % 4 * 8 & 0xff];
  }
  return ~sum;
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

static program_entry entry_of(const ck_stream *stream, const ck_stream_node *node) {
  program_entry e = {.kind = entry_input, .channels = (uint32_t)node->channels};
  if (node->kind == ck_stream_values) return e;
  e.kind = node->kind == ck_stream_table ? entry_lookup : entry_layer;
  e.kernel_size = (uint32_t)(node->kernel < 0 ? -node->kernel : node->kernel);
  if (node->kind == ck_stream_table) {
    e.symbols = (uint32_t)stream->nodes[1].channels;
    return e;
  }
  e.channels = (uint32_t)node->sums;
  e.input_count = (uint32_t)node->input_count;
  e.transposed = node->kernel < 0;
  e.stride = (uint32_t)node->stride;
  e.dilation = (uint32_t)node->dilation;
  e.activation = (uint32_t)node->activation;
  e.final_activation = (uint32_t)node->final_activation;
  e.slope = node->slope;
  e.residual = node->residual;
  return e;
}

/* In bytes: the signals a node reads, its weights, its bias. */
typedef struct extent {
  size_t inputs, weights, bias;
} extent;

static extent extent_of(const ck_stream *stream, const ck_stream_node *node) {
  if (node->kind == ck_stream_table)
    return (extent){0, (size_t)(node->kernel * stream->nodes[1].channels * node->channels) * 4,
                    (size_t)node->channels * 4};
  if (node->kind != ck_stream_sums) return (extent){0};
  ptrdiff_t channels = 0;
  for (ptrdiff_t i = 0; i < node->input_count; i++) channels += stream->nodes[node->inputs[i]].channels;
  const ptrdiff_t taps = node->kernel < 0 ? -node->kernel : node->kernel;
  return (extent){(size_t)node->input_count * 4, (size_t)(taps * channels * node->sums) * 4, (size_t)node->sums * 4};
}

size_t ck_stream_program_size(const ck_stream *stream, size_t note_length) {
  if (!stream || stream->output || stream->count == 0 || note_length > PTRDIFF_MAX / 4) return 0;
  size_t size = sizeof(program_head) + padded(note_length + 1);
  for (ptrdiff_t i = 1; i <= stream->count; i++) {
    if (stream->nodes[i].kind == ck_stream_numbers) continue; /* the first lookup brings it */
    const extent e = extent_of(stream, &stream->nodes[i]);
    size += sizeof(program_entry) + padded(e.inputs) + padded(e.weights) + padded(e.bias);
  }
  return size;
}

static void put(char **place, const void *data, size_t bytes) {
  if (bytes > 0) memcpy(*place, data, bytes);
  *place += padded(bytes);
}

ck_status ck_stream_write_program(const ck_stream *stream, int32_t output, const char *note, size_t note_length,
                                  void *bytes, size_t size) {
  CK_REQUIRE_THAT(stream && bytes && (note || note_length == 0), ck_status_null_pointer);
  CK_REQUIRE(ck_stream_check_output(stream, output, &(ptrdiff_t){0}));
  const size_t length = ck_stream_program_size(stream, note_length);
  CK_REQUIRE_THAT(length > 0, ck_status_invalid_geometry);
  CK_REQUIRE_THAT(size >= length, ck_status_workspace_too_small);
  CK_REQUIRE_THAT(is_little_endian, ck_status_unsupported);
  ck_area text, memory;
  CK_REQUIRE(ck_area_bytes(&text, note, note_length));
  CK_REQUIRE(ck_area_bytes(&memory, bytes, length));
  CK_REQUIRE(ck_areas_apart(&text, &memory));

  memset(bytes, 0, length);
  char *place = (char *)bytes + sizeof(program_head);
  if (note_length > 0) memcpy(place, note, note_length);
  place += padded(note_length + 1); /* a zero ends it */
  for (ptrdiff_t i = 1; i <= stream->count; i++) {
    const ck_stream_node *node = &stream->nodes[i];
    if (node->kind == ck_stream_numbers) continue;
    const program_entry entry = entry_of(stream, node);
    const extent e = extent_of(stream, node);
    put(&place, &entry, sizeof entry);
    put(&place, node->inputs, e.inputs);
    put(&place, node->weights, e.weights);
    put(&place, node->bias, e.bias);
  }
  program_head head = {.version = program_version, .length = length, .note_length = note_length, .output = output};
  memcpy(head.magic, magic, sizeof magic);
  memcpy(bytes, &head, sizeof head);
  head.checksum = checksum_of((char *)bytes + checked_from, length - checked_from);
  memcpy(bytes, &head, sizeof head);
  return ck_status_ok;
}

/* ---- Reading ------------------------------------------------------------------------------------------ */

typedef struct reader {
  const char *place;
  size_t left; /* a multiple of the unit */
} reader;

/* The next `bytes`, with zeros behind up to the unit's end; false when there are none. */
static bool take(reader *r, size_t bytes, const void **data) {
  if (bytes > r->left) return false;
  const size_t whole = padded(bytes);
  for (size_t i = bytes; i < whole; i++)
    if (r->place[i] != 0) return false;
  *data = r->place;
  r->place += whole;
  r->left -= whole;
  return true;
}

/* Numbers of four bytes, as many as ck_count allows. */
static bool take_numbers(reader *r, ptrdiff_t count, const void **data) { return take(r, (size_t)count * 4, data); }

/* All that is the same for every program; what follows the note is in `rest`. */
static ck_status open_program(const void *bytes, size_t size, program_head *head, const void **note, reader *rest) {
  CK_REQUIRE_THAT(bytes, ck_status_null_pointer);
  CK_REQUIRE_THAT((uintptr_t)bytes % sizeof(float) == 0, ck_status_misaligned);
  CK_REQUIRE_THAT(size >= sizeof *head, ck_status_invalid_argument);
  memcpy(head, bytes, sizeof *head);
  CK_REQUIRE_THAT(memcmp(head->magic, magic, sizeof magic) == 0, ck_status_invalid_argument);
  CK_REQUIRE_THAT(is_little_endian && head->version == program_version, ck_status_unsupported);
  CK_REQUIRE_THAT(head->length == size && size % unit == 0, ck_status_invalid_argument);
  CK_REQUIRE_THAT(checksum_of((const char *)bytes + checked_from, size - checked_from) == head->checksum,
                  ck_status_invalid_argument);
  for (size_t i = 0; i < sizeof head->reserved / sizeof *head->reserved; i++)
    CK_REQUIRE_THAT(head->reserved[i] == 0, ck_status_invalid_argument);
  *rest = (reader){(const char *)bytes + sizeof *head, size - sizeof *head};
  CK_REQUIRE_THAT(head->note_length < rest->left && take(rest, head->note_length + 1, note) &&
                    ((const char *)*note)[head->note_length] == 0,
                  ck_status_invalid_argument);
  return ck_status_ok;
}

static ck_status add_lookup(ck_stream *stream, const program_entry *e, reader *r, int32_t *signal) {
  ptrdiff_t count;
  const void *table, *bias;
  CK_REQUIRE(CK_COUNT(&count, e->kernel_size, e->symbols, e->channels));
  CK_REQUIRE_THAT(take_numbers(r, count, &table) && take_numbers(r, e->channels, &bias),
                  ck_status_invalid_argument);
  const ck_stream_lookup lookup = {e->symbols, e->kernel_size, e->channels, table, bias};
  return ck_stream_add_lookup(stream, &lookup, signal);
}

static ck_status add_layer(ck_stream *stream, const program_entry *e, reader *r, int32_t *signal) {
  ptrdiff_t count, period;
  const void *inputs, *weights, *bias;
  CK_REQUIRE_THAT(take_numbers(r, e->input_count, &inputs), ck_status_invalid_argument);
  ck_stream_layer layer = {
    .input_count = e->input_count,
    .inputs = inputs,
    .transposed = e->transposed != 0,
    .kernel_size = e->kernel_size,
    .stride = e->stride,
    .dilation = e->dilation,
    .sums = e->channels,
    .activation = (ck_activation)e->activation,
    .slope = e->slope,
    .residual = e->residual,
    .final_activation = (ck_activation)e->final_activation,
  };
  CK_REQUIRE(ck_stream_check_layer(stream, &layer, &count, &period));
  CK_REQUIRE_THAT(take_numbers(r, count, &weights) && take_numbers(r, layer.sums, &bias), ck_status_invalid_argument);
  layer.weights = weights;
  layer.bias = bias;
  return ck_stream_add_layer(stream, &layer, signal);
}

static ck_status add_entry(ck_stream *stream, reader *r) {
  const void *data;
  program_entry e;
  CK_REQUIRE_THAT(take(r, sizeof e, &data), ck_status_invalid_argument);
  memcpy(&e, data, sizeof e);
  int32_t signal;
  switch (e.kind) {
  case entry_input: CK_REQUIRE(ck_stream_add_input(stream, e.channels, &signal)); break;
  case entry_lookup: CK_REQUIRE(add_lookup(stream, &e, r, &signal)); break;
  case entry_layer: CK_REQUIRE(add_layer(stream, &e, r, &signal)); break;
  default: return ck_status_invalid_argument;
  }
  /* What was made must say what was read: nothing is left over in fields that a kind has not. */
  const program_entry made = entry_of(stream, &stream->nodes[signal]);
  return memcmp(&made, &e, sizeof e) == 0 ? ck_status_ok : ck_status_invalid_argument;
}

ck_status ck_stream_read_program(const ck_context *context, ck_stream_weights weights, const void *bytes, size_t size,
                                 ck_stream **stream) {
  CK_REQUIRE_THAT(stream, ck_status_null_pointer);
  program_head head;
  const void *note;
  reader r;
  CK_REQUIRE(open_program(bytes, size, &head, &note, &r));
  ck_stream *made;
  CK_REQUIRE(ck_stream_create(context, weights, &made));
  ck_status status = ck_status_ok;
  while (status == ck_status_ok && r.left > 0) status = add_entry(made, &r);
  if (status == ck_status_ok) status = ck_stream_finish(made, head.output);
  if (status == ck_status_ok) *stream = made;
  else ck_stream_destroy(made);
  return status;
}

ck_status ck_stream_program_note(const void *bytes, size_t size, const char **note, size_t *note_length) {
  CK_REQUIRE_THAT(note && note_length, ck_status_null_pointer);
  program_head head;
  const void *text;
  reader r;
  CK_REQUIRE(open_program(bytes, size, &head, &text, &r));
  *note = text;
  *note_length = head.note_length;
  return ck_status_ok;
}
