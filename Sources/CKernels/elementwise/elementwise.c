/* The public doors: cut the work into items, choose the variant, run its loops. */
#include "elementwise/elementwise.h"
#include "base/threads.h"
#include "check/check.h"
#include <string.h>

/* Elements an item covers. One item runs on the calling thread, so smaller work wakes nobody. */
enum { grain = 16384 };

static ptrdiff_t items(ptrdiff_t count) { return (count + grain - 1) / grain; }
static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

static const ck_elementwise_kernels *kernels(const ck_context *context) {
  const ck_isa isa = ck_isa_of(context);
#define CK_KERNELS(variant) \
  if (isa >= ck_isa_##variant) return &ck_elementwise_##variant;
#include "elementwise/elementwise_kernels.inc"
#undef CK_KERNELS
  __builtin_unreachable();
}

/* ---- Unary -------------------------------------------------------------------------------------------- */

typedef struct {
  void (*loop)(float a, float b, ptrdiff_t count, const float *x, float *y);
  float a, b;
  ptrdiff_t count;
  const float *x;
  float *y;
} unary_work;

static void unary_item(void *state, ptrdiff_t item) {
  const unary_work *w = state;
  const ptrdiff_t start = item * grain;
  w->loop(w->a, w->b, least(grain, w->count - start), w->x + start, w->y + start);
}

ck_status ck_unary(const ck_context *context, ck_unary_op op, float a, float b, ptrdiff_t count,
                   const float *x, float *y) {
  CK_REQUIRE(ck_check_unary(op, count, x, y));
  unary_work w = {kernels(context)->unary[op], a, b, count, x, y};
  ck_parallel_for(context, items(count), unary_item, &w);
  return ck_status_ok;
}

/* ---- Binary ------------------------------------------------------------------------------------------- */

typedef struct {
  void (*loop)(float a, ptrdiff_t count, const float *x, const float *y, float *z);
  void (*scalar_loop)(float a, ptrdiff_t count, const float *x, float y, float *z);
  float a;
  ptrdiff_t count, middle, inner;
  const float *x, *y;
  float *z;
} binary_work;

static void binary_item(void *state, ptrdiff_t item) {
  const binary_work *w = state;
  const ptrdiff_t start = item * grain;
  w->loop(w->a, least(grain, w->count - start), w->x + start, w->y + start, w->z + start);
}

ck_status ck_binary(const ck_context *context, ck_binary_op op, float a, ptrdiff_t count, const float *x,
                    const float *y, float *z) {
  CK_REQUIRE(ck_check_binary(op, count, x, y, z));
  binary_work w = {.loop = kernels(context)->binary[op], .a = a, .count = count, .x = x, .y = y, .z = z};
  ck_parallel_for(context, items(count), binary_item, &w);
  return ck_status_ok;
}

/* ---- Broadcast ---------------------------------------------------------------------------------------- */

/* One number for all. */
static void scalar_item(void *state, ptrdiff_t item) {
  const binary_work *w = state;
  const ptrdiff_t start = item * grain;
  w->scalar_loop(w->a, least(grain, w->count - start), w->x + start, *w->y, w->z + start);
}

/* A row of `period` numbers over and over: position `at` of x meets y[at % period]. */
static void run_rows(const binary_work *w, ptrdiff_t start, ptrdiff_t end, ptrdiff_t phase, const float *y,
                     ptrdiff_t period) {
  for (ptrdiff_t at = start; at < end;) {
    const ptrdiff_t run = least(period - phase, end - at);
    w->loop(w->a, run, w->x + at, y + phase, w->z + at);
    at += run;
    phase = 0;
  }
}

enum { pattern_size = 512 };

/* Short rows are first repeated into a longer one, so that the loops stay long. */
static void row_item(void *state, ptrdiff_t item) {
  const binary_work *w = state;
  const ptrdiff_t start = item * grain, end = least(start + grain, w->count), middle = w->middle;
  const ptrdiff_t phase = start % middle;
  if (2 * middle > pattern_size || end - start <= middle) {
    run_rows(w, start, end, phase, w->y, middle);
    return;
  }
  /* Doubled until it is long enough: a division for every place of it took 900 ns of a call on a few numbers. */
  float pattern[pattern_size];
  const ptrdiff_t most = pattern_size / middle * middle;
  ptrdiff_t period = middle;
  memcpy(pattern, w->y, (size_t)middle * sizeof *pattern);
  while (period < most && period < end - start) {
    const ptrdiff_t more = least(period, most - period);
    memcpy(pattern + period, pattern, (size_t)more * sizeof *pattern);
    period += more;
  }
  run_rows(w, start, end, phase, pattern, period);
}

/* A column: each number meets `inner` neighbours. */
static void column_item(void *state, ptrdiff_t item) {
  const binary_work *w = state;
  const ptrdiff_t start = item * grain, end = least(start + grain, w->count), inner = w->inner;
  ptrdiff_t m = start / inner % w->middle, phase = start % inner;
  for (ptrdiff_t at = start; at < end;) {
    const ptrdiff_t run = least(inner - phase, end - at);
    w->scalar_loop(w->a, run, w->x + at, w->y[m], w->z + at);
    at += run;
    phase = 0;
    if (++m == w->middle) m = 0;
  }
}

/* A column with few neighbours: written out first, a piece at a time. */
static void narrow_column_item(void *state, ptrdiff_t item) {
  const binary_work *w = state;
  const ptrdiff_t start = item * grain, end = least(start + grain, w->count), inner = w->inner;
  ptrdiff_t m = start / inner % w->middle, phase = start % inner;
  float pattern[pattern_size];
  for (ptrdiff_t at = start; at < end; at += pattern_size) {
    const ptrdiff_t run = least(pattern_size, end - at);
    for (ptrdiff_t i = 0; i < run; i++) {
      pattern[i] = w->y[m];
      if (++phase == inner) {
        phase = 0;
        if (++m == w->middle) m = 0;
      }
    }
    w->loop(w->a, run, w->x + at, pattern, w->z + at);
  }
}

ck_status ck_binary_broadcast(const ck_context *context, ck_binary_op op, float a, ptrdiff_t outer,
                              ptrdiff_t middle, ptrdiff_t inner, const float *x, const float *y, float *z) {
  CK_REQUIRE(ck_check_broadcast(op, outer, middle, inner, x, y, z));
  const ck_elementwise_kernels *k = kernels(context);
  const ptrdiff_t count = outer * middle * inner;
  binary_work w = {k->binary[op], k->binary_scalar[op], a, count, middle, inner, x, y, z};
  void (*body)(void *, ptrdiff_t) = middle == 1  ? scalar_item
                                    : inner == 1 ? row_item
                                    : inner < 32 ? narrow_column_item
                                                 : column_item;
  ck_parallel_for(context, items(count), body, &w);
  return ck_status_ok;
}
