/* The public door of scaling: cut the work into items, repeat short rows into longer ones. */
#include "scale/scale.h"
#include "base/threads.h"
#include "check/check.h"
#include <string.h>

enum {
  grain = 16384,      /* elements an item covers; smaller work wakes nobody */
  pattern_size = 512, /* numbers of a row that short ones are repeated into */
};

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

static const ck_scale_kernels *kernels(const ck_context *context) {
  const ck_isa isa = ck_isa_of(context);
#define CK_KERNELS(variant) \
  if (isa >= ck_isa_##variant) return &ck_scale_##variant;
#include "scale/scale_kernels.inc"
#undef CK_KERNELS
  __builtin_unreachable();
}

/* An item is a group of outer positions, or a part of one. */
typedef struct {
  const ck_scale_kernels *kernels;
  ptrdiff_t outer, elements, inner, group, parts;
  const float *x, *a, *b;
  float *y;
  int adds;
} work;

/* A row of `period` factors over and over: position `at` meets factor at % period. */
static void rows(const work *w, ptrdiff_t o, ptrdiff_t start, ptrdiff_t end, const float *a, const float *b,
                 ptrdiff_t period) {
  const float *x = w->x + o * w->elements;
  float *y = w->y + o * w->elements;
  ptrdiff_t phase = start % period;
  for (ptrdiff_t at = start; at < end;) {
    const ptrdiff_t run = least(period - phase, end - at);
    w->kernels->each[w->adds](run, x + at, a + phase, b ? b + phase : NULL, y + at);
    at += run;
    phase = 0;
  }
}

/* Fills as many whole rows as fit, doubling what is there. */
static ptrdiff_t repeated(const float *row, ptrdiff_t inner, ptrdiff_t wanted, float *pattern) {
  const ptrdiff_t most = pattern_size / inner * inner;
  ptrdiff_t period = inner;
  memcpy(pattern, row, (size_t)inner * sizeof *pattern);
  while (period < most && period < wanted) {
    const ptrdiff_t more = least(period, most - period);
    memcpy(pattern + period, pattern, (size_t)more * sizeof *pattern);
    period += more;
  }
  return period;
}

static void item(void *state, ptrdiff_t index) {
  const work *w = state;
  const ptrdiff_t first = index / w->parts * w->group, last = least(first + w->group, w->outer);
  const ptrdiff_t start = index % w->parts * grain;
  const ptrdiff_t end = w->parts == 1 ? w->elements : least(start + grain, w->elements);
  for (ptrdiff_t o = first; o < last; o++) {
    const float *a = w->a + o * w->inner, *b = w->b ? w->b + o * w->inner : NULL;
    if (w->inner == 1) {
      const ptrdiff_t place = o * w->elements + start;
      w->kernels->all[w->adds](end - start, w->x + place, *a, b ? *b : 0, w->y + place);
    } else if (2 * w->inner > pattern_size || end - start <= w->inner) {
      rows(w, o, start, end, a, b, w->inner);
    } else {
      float factors[pattern_size], offsets[pattern_size];
      const ptrdiff_t period = repeated(a, w->inner, end - start, factors);
      if (b) repeated(b, w->inner, end - start, offsets);
      rows(w, o, start, end, factors, b ? offsets : NULL, period);
    }
  }
}

ck_status ck_scale(const ck_context *context, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x,
                   const float *a, const float *b, int accumulate, float *y) {
  CK_REQUIRE(ck_check_scale(outer, count, inner, x, a, b, y));
  const ptrdiff_t elements = count * inner;
  if (outer == 0 || elements == 0) return ck_status_ok;
  work w = {kernels(context), outer, elements, inner, 1, (elements + grain - 1) / grain, x, a, b, y, accumulate != 0};
  if (w.parts == 1) w.group = grain / elements > 1 ? grain / elements : 1;
  ck_parallel_for(context, (outer + w.group - 1) / w.group * w.parts, item, &w);
  return ck_status_ok;
}
