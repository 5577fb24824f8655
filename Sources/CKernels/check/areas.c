#include "check/check.h"

/* Offsets are counted in numbers of 4 bytes from an area's first element. */

static ptrdiff_t size_of(ptrdiff_t stride) { return stride < 0 ? -stride : stride; }

ck_status ck_area_make(ck_area *area, const float *data, int rank, const ptrdiff_t *size, const ptrdiff_t *stride) {
  ck_area made = {.data = data, .rank = rank};
  for (int d = 0; d < rank; d++) {
    ptrdiff_t count, reach;
    made.size[d] = size[d];
    made.stride[d] = stride[d];
    if (stride[d] == PTRDIFF_MIN) return ck_status_invalid_geometry;
    CK_REQUIRE(CK_COUNT(&count, size_of(stride[d])));
    if (size[d] == 0) made.high = -1;
    if (size[d] == 0 || made.high < made.low) continue;
    CK_REQUIRE(CK_COUNT(&reach, size[d] - 1, size_of(stride[d])));
    if (stride[d] < 0) made.low -= reach;
    else made.high += reach;
  }
  if (made.high < made.low) made.low = 0, made.high = -1;
  CK_REQUIRE(CK_COUNT(&(ptrdiff_t){0}, made.high - made.low + 1));
  *area = made;
  if (made.high < made.low) return ck_status_ok;
  if (!data) return ck_status_null_pointer;
  if ((uintptr_t)data % sizeof(float) != 0) return ck_status_misaligned;
  uintptr_t first, end, bytes_before = (uintptr_t)-made.low * sizeof(float);
  uintptr_t bytes_behind = (uintptr_t)(made.high + 1) * sizeof(float);
  if (__builtin_sub_overflow((uintptr_t)data, bytes_before, &first) ||
      __builtin_add_overflow((uintptr_t)data, bytes_behind, &end))
    return ck_status_invalid_geometry;
  return ck_status_ok;
}

ck_status ck_area_dense(ck_area *area, const void *data, ptrdiff_t count) {
  const ptrdiff_t stride = 1;
  return ck_area_make(area, data, 1, &count, &stride);
}

ck_status ck_area_bytes(ck_area *area, const void *data, size_t bytes) {
  size_t skipped = (uintptr_t)data % sizeof(float);
  CK_REQUIRE_THAT(bytes < (size_t)PTRDIFF_MAX / 2, ck_status_invalid_argument);
  ptrdiff_t numbers = (ptrdiff_t)((bytes + skipped + sizeof(float) - 1) / sizeof(float));
  return ck_area_dense(area, (const char *)data - skipped, data ? numbers : 0);
}

/* Dimensions of more than one index, by stride, greatest first. */
static int sorted(const ck_area *area, int order[ck_area_rank]) {
  int count = 0;
  for (int d = 0; d < area->rank; d++) {
    if (area->size[d] < 2) continue;
    int at = count++;
    for (; at > 0 && size_of(area->stride[order[at - 1]]) < size_of(area->stride[d]); at--) order[at] = order[at - 1];
    order[at] = d;
  }
  return count;
}

ck_status ck_area_unique(const ck_area *area) {
  if (area->high < area->low) return ck_status_ok;
  int order[ck_area_rank];
  ptrdiff_t inner = 1; /* from the first to the last number of one index of the dimension outside */
  for (int i = sorted(area, order) - 1; i >= 0; i--) {
    ptrdiff_t stride = size_of(area->stride[order[i]]);
    if (stride < inner) return ck_status_overlap;
    inner += (area->size[order[i]] - 1) * stride;
  }
  return ck_status_ok;
}

static ptrdiff_t floor_divide(ptrdiff_t a, ptrdiff_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

enum { most_candidates = 4 }; /* nested strides leave two or three; more, and the answer is "perhaps" */

/* Whether a difference of indices, one per dimension, adds up to `distance`: index differences of dimension d run from
   -below[d] to above[d]. */
static bool reachable(int rank, const ptrdiff_t *stride, const ptrdiff_t *below, const ptrdiff_t *above,
                      ptrdiff_t distance) {
  if (rank == 0) return distance == 0;
  if (*stride == 0) return reachable(rank - 1, stride + 1, below + 1, above + 1, distance);
  ptrdiff_t low = 0, high = 0;
  for (int d = 1; d < rank; d++) low -= below[d] * stride[d], high += above[d] * stride[d];
  ptrdiff_t first = most(-floor_divide(high - distance, *stride), -*below);
  ptrdiff_t last = least(floor_divide(distance - low, *stride), *above);
  if (last - first >= most_candidates) return true;
  for (ptrdiff_t k = first; k <= last; k++)
    if (reachable(rank - 1, stride + 1, below + 1, above + 1, distance - k * *stride)) return true;
  return false;
}

ck_status ck_areas_apart(const ck_area *a, const ck_area *b) {
  if (a->high < a->low || b->high < b->low) return ck_status_ok;
  uintptr_t a_first = (uintptr_t)a->data + (uintptr_t)a->low * sizeof(float);
  uintptr_t b_first = (uintptr_t)b->data + (uintptr_t)b->low * sizeof(float);
  uintptr_t a_end = (uintptr_t)a->data + (uintptr_t)(a->high + 1) * sizeof(float);
  uintptr_t b_end = (uintptr_t)b->data + (uintptr_t)(b->high + 1) * sizeof(float);
  if (a_end <= b_first || b_end <= a_first) return ck_status_ok;
  if (a->rank != b->rank) return ck_status_overlap;
  /* Side by side within equal strides: channels of one buffer, parts of one tensor. */
  ck_area pattern = *a;
  for (int d = 0; d < a->rank; d++) {
    if (a->size[d] == 1) pattern.stride[d] = b->stride[d], pattern.size[d] = b->size[d];
    else if (b->size[d] != 1 && a->stride[d] != b->stride[d]) return ck_status_overlap;
    if (pattern.stride[d] < 0) return ck_status_overlap;
  }
  int order[ck_area_rank], rank = sorted(&pattern, order);
  ptrdiff_t stride[ck_area_rank], below[ck_area_rank], above[ck_area_rank];
  for (int i = 0; i < rank; i++) {
    stride[i] = pattern.stride[order[i]];
    above[i] = a->size[order[i]] - 1;
    below[i] = b->size[order[i]] - 1;
  }
  ptrdiff_t distance = ((ptrdiff_t)b_first - (ptrdiff_t)a_first) / (ptrdiff_t)sizeof(float);
  return reachable(rank, stride, below, above, distance) ? ck_status_overlap : ck_status_ok;
}
