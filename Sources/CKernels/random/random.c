#include "random/random.h"
#include "base/threads.h"
#include "check/check.h"
#include <math.h>
#include <string.h>

enum { grain = 16 * ck_random_chunk }; /* words of one item */

static const ck_random_kernels *kernels(const ck_context *context) {
  const ck_isa isa = ck_isa_of(context);
#define CK_KERNELS(variant) \
  if (isa >= ck_isa_##variant) return &ck_random_##variant;
#include "random/random_kernels.inc"
#undef CK_KERNELS
  __builtin_unreachable();
}

uint32_t ck_random_bits(uint64_t key, uint64_t offset) {
  uint32_t c0 = (uint32_t)(offset >> 2), c1 = (uint32_t)(offset >> 34), c2 = 0, c3 = 0;
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    const uint64_t first = (uint64_t)c0 * 0xD2511F53, second = (uint64_t)c2 * 0xCD9E8D57;
    c0 = (uint32_t)(second >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)second;
    c2 = (uint32_t)(first >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)first;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  const uint32_t words[4] = {c0, c1, c2, c3};
  return words[offset & 3];
}

typedef struct work {
  const ck_random_kernels *kernels;
  uint64_t key, block; /* the block the first element lies in */
  ptrdiff_t skip;      /* … and the words of it before that element */
  ptrdiff_t count;
  float *y;
  void (*make)(const struct work *w, ptrdiff_t words, const uint32_t *bits, float *y);
  float parameters[3];
  uint32_t last;
} work;

/* Chunks of words from the first block on; the first and the last may stand out of y. */
static void item(void *state, ptrdiff_t index) {
  const work *w = state;
  const ptrdiff_t total = w->skip + w->count;
  const ptrdiff_t end = (index + 1) * grain < total ? (index + 1) * grain : total;
  uint32_t bits[ck_random_chunk];
  float chunk[ck_random_chunk];
  for (ptrdiff_t at = index * grain; at < end; at += ck_random_chunk) {
    const ptrdiff_t words = end - at < ck_random_chunk ? end - at : ck_random_chunk;
    const ptrdiff_t before = at < w->skip ? w->skip - at : 0;
    const bool whole = words == ck_random_chunk && before == 0;
    float *to = whole ? w->y + (at - w->skip) : chunk;
    w->kernels->bits(w->key, w->block + (uint64_t)at / 4, words, bits);
    w->make(w, words, bits, to);
    if (!whole)
      memcpy(w->y + (at + before - w->skip), chunk + before, (size_t)(words - before) * sizeof *chunk);
  }
}

static void generate(const ck_context *context, work *w, uint64_t key, uint64_t offset, ptrdiff_t count,
                     float *y) {
  if (count == 0) return;
  w->kernels = kernels(context);
  w->key = key;
  w->block = offset / 4;
  w->skip = (ptrdiff_t)(offset % 4);
  w->count = count;
  w->y = y;
  ck_parallel_for(context, (w->skip + count + grain - 1) / grain, item, w);
}

static void make_uniform(const work *w, ptrdiff_t words, const uint32_t *bits, float *y) {
  w->kernels->uniform(words, bits, w->parameters[0], w->parameters[1], w->parameters[2], y);
}
static void make_normal(const work *w, ptrdiff_t words, const uint32_t *bits, float *y) {
  w->kernels->normal(words, bits, w->parameters[0], w->parameters[1], y);
}
static void make_bernoulli(const work *w, ptrdiff_t words, const uint32_t *bits, float *y) {
  w->kernels->bernoulli(words, bits, w->last, w->parameters[0], y);
}

ck_status ck_random_uniform(const ck_context *context, uint64_t key, uint64_t offset, ptrdiff_t count,
                            float low, float high, float *y) {
  CK_REQUIRE(ck_check_fill(count, y));
  work w = {.make = make_uniform, .parameters = {low, high - low, nextafterf(high, low)}};
  generate(context, &w, key, offset, count, y);
  return ck_status_ok;
}

ck_status ck_random_normal(const ck_context *context, uint64_t key, uint64_t offset, ptrdiff_t count,
                           float mean, float deviation, float *y) {
  CK_REQUIRE(ck_check_fill(count, y));
  work w = {.make = make_normal, .parameters = {mean, deviation}};
  generate(context, &w, key, offset, count, y);
  return ck_status_ok;
}

ck_status ck_random_bernoulli(const ck_context *context, uint64_t key, uint64_t offset, ptrdiff_t count,
                              float p, float value, float *y) {
  CK_REQUIRE(ck_check_fill(count, y));
  work w = {.make = make_bernoulli};
  w.parameters[0] = ck_random_successes(p, &w.last) ? value : 0;
  generate(context, &w, key, offset, count, y);
  return ck_status_ok;
}

/* ---- Dropout ------------------------------------------------------------------------------------------ */

typedef struct {
  const ck_random_kernels *kernels;
  uint64_t key, block;
  ptrdiff_t skip, count;
  uint32_t last;
  float value;
  const float *x;
  float *y;
} dropping;

static void dropout_item(void *state, ptrdiff_t index) {
  const dropping *w = state;
  const ptrdiff_t total = w->skip + w->count, next = (index + 1) * grain, end = next < total ? next : total;
  uint32_t bits[ck_random_chunk];
  for (ptrdiff_t at = index * grain; at < end; at += ck_random_chunk) {
    const ptrdiff_t words = end - at < ck_random_chunk ? end - at : ck_random_chunk;
    const ptrdiff_t before = at < w->skip ? w->skip - at : 0, first = at + before - w->skip;
    w->kernels->bits(w->key, w->block + (uint64_t)at / 4, words, bits);
    w->kernels->dropout(words - before, bits + before, w->last, w->value, w->x + first, w->y + first);
  }
}

ck_status ck_dropout(const ck_context *context, uint64_t key, uint64_t offset, float p, ptrdiff_t count,
                     const float *x, float *y) {
  CK_REQUIRE_THAT(p >= 0 && p <= 1, ck_status_invalid_argument);
  CK_REQUIRE(ck_check_map(count, x, y));
  if (count == 0) return ck_status_ok;
  dropping w = {.kernels = kernels(context), .key = key, .block = offset / 4, .skip = (ptrdiff_t)(offset % 4),
                .count = count, .x = x, .y = y};
  w.value = ck_random_successes(1 - p, &w.last) ? 1 / (1 - p) : 0;
  ck_parallel_for(context, (w.skip + count + grain - 1) / grain, dropout_item, &w);
  return ck_status_ok;
}

void ck_dropout_reference(uint64_t key, uint64_t offset, float p, ptrdiff_t count, const float *x, float *y) {
  uint32_t last;
  const float value = ck_random_successes(1 - p, &last) ? 1 / (1 - p) : 0;
  for (ptrdiff_t i = 0; i < count; i++)
    y[i] = x[i] * (value > 0 && ck_random_bits(key, offset + (uint64_t)i) <= last ? value : 0);
}
