/* Filling, and rows picked by number. */
#include "base/threads.h"
#include "layout/layout.h"
#include "check/check.h"
#include <string.h>

enum { grain = 16384 }; /* numbers of one item */

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
static ptrdiff_t parts(ptrdiff_t count, ptrdiff_t size) { return (count + size - 1) / size; }

typedef struct {
  ptrdiff_t count;
  float value;
  float *y;
} fill_work;

static void fill_item(void *state, ptrdiff_t item) {
  const fill_work *w = state;
  const ptrdiff_t end = least((item + 1) * grain, w->count);
  for (ptrdiff_t i = item * grain; i < end; i++) w->y[i] = w->value;
}

ck_status ck_fill(const ck_context *context, ptrdiff_t count, float value, float *y) {
  CK_REQUIRE(ck_check_fill(count, y));
  fill_work w = {count, value, y};
  ck_parallel_for(context, parts(count, grain), fill_item, &w);
  return ck_status_ok;
}

typedef struct {
  ptrdiff_t count, columns, table_rows, rows; /* rows: of y (gather) or of the table (adjoint) in one item */
  const int32_t *indices;
  const float *from;
  float *to;
} gather_work;

static void gather_item(void *state, ptrdiff_t item) {
  const gather_work *w = state;
  const ptrdiff_t end = least((item + 1) * w->rows, w->count), columns = w->columns;
  for (ptrdiff_t j = item * w->rows; j < end; j++)
    memcpy(w->to + j * columns, w->from + w->indices[j] * columns, (size_t)columns * sizeof(float));
}

ck_status ck_gather_rows(const ck_context *context, ptrdiff_t count, ptrdiff_t columns, ptrdiff_t table_rows,
                         const int32_t *indices, const float *table, float *y) {
  CK_REQUIRE(ck_check_gather(context, count, columns, table_rows, indices, table, y));
  gather_work w = {count, columns, 0, most(1, grain / most(1, columns)), indices, table, y};
  ck_parallel_for(context, parts(count, w.rows), gather_item, &w);
  return ck_status_ok;
}

/* An item owns some rows of the table and reads every index: rows meet in order of j, whoever adds them. */
static void gather_adjoint_item(void *state, ptrdiff_t item) {
  const gather_work *w = state;
  const ptrdiff_t first = item * w->rows, end = least(first + w->rows, w->table_rows), columns = w->columns;
  memset(w->to + first * columns, 0, (size_t)((end - first) * columns) * sizeof(float));
  for (ptrdiff_t j = 0; j < w->count; j++) {
    const ptrdiff_t row = w->indices[j];
    if (row < first || row >= end) continue;
    float *to = w->to + row * columns;
    const float *from = w->from + j * columns;
    for (ptrdiff_t c = 0; c < columns; c++) to[c] += from[c];
  }
}

ck_status ck_gather_rows_adjoint(const ck_context *context, ptrdiff_t count, ptrdiff_t columns,
                                 ptrdiff_t table_rows, const int32_t *indices, const float *y, float *table) {
  CK_REQUIRE(ck_check_gather(context, count, columns, table_rows, indices, table, y));
  if (table_rows == 0 || columns == 0) return ck_status_ok;
  const ptrdiff_t items = least(8, parts((count + table_rows) * columns, grain));
  gather_work w = {count, columns, table_rows, parts(table_rows, most(1, items)), indices, y, table};
  ck_parallel_for(context, parts(table_rows, w.rows), gather_adjoint_item, &w);
  return ck_status_ok;
}
