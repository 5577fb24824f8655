/* Strided copies: join dimensions, choose the block, cut the nest into items. */
#include "base/threads.h"
#include "layout/layout.h"
#include "check/check.h"

enum { grain = 16384 }; /* numbers of one item */

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
static ptrdiff_t size(ptrdiff_t stride) { return stride < 0 ? -stride : stride; }

typedef struct {
  ptrdiff_t count, x, y; /* extent, and the strides of both sides */
} dimension;

/* A nest of `rank` dimensions; the last two are the block, cut into parts of `rows` × `columns`. */
typedef struct {
  int rank;
  dimension d[ck_max_rank + 2];
  ptrdiff_t rows, columns, row_parts, column_parts;
  void (*move)(const ck_block *block, const float *x, float *y);
  const float *x;
  float *y;
} nest;

/* Drops dimensions of one, orders the rest by how far they stride in y, and joins neighbours. False when
   nothing is to be done. Order is free: every y is written once. */
static bool join(nest *n, ptrdiff_t rank, const ptrdiff_t *shape, const ptrdiff_t *x_strides,
                 const ptrdiff_t *y_strides) {
  dimension sorted[ck_max_rank];
  int count = 0;
  for (ptrdiff_t i = 0; i < rank; i++) {
    if (shape[i] == 0) return false;
    if (shape[i] == 1) continue;
    int at = count++;
    for (; at > 0 && size(sorted[at - 1].y) < size(y_strides[i]); at--) sorted[at] = sorted[at - 1];
    sorted[at] = (dimension){shape[i], x_strides[i], y_strides[i]};
  }
  n->d[0] = n->d[1] = (dimension){1, 0, 0};
  n->rank = 2;
  for (int i = 0; i < count; i++) {
    dimension *last = &n->d[n->rank - 1];
    const dimension next = sorted[i];
    if (i > 0 && last->x == next.count * next.x && last->y == next.count * next.y)
      *last = (dimension){last->count * next.count, next.x, next.y};
    else
      n->d[n->rank++] = next;
  }
  return true;
}

/* The dimension along which x is contiguous becomes the rows of the block, if y's own is another. */
static void choose_block(nest *n) {
  dimension *columns = &n->d[n->rank - 1];
  if (columns->x == 1 || columns->x == 0 || columns->y != 1) return;
  for (int i = n->rank - 2; i >= 0; i--)
    if (n->d[i].x == 1 && n->d[i].count > 3) {
      const dimension chosen = n->d[i];
      for (int k = i; k < n->rank - 2; k++) n->d[k] = n->d[k + 1];
      n->d[n->rank - 2] = chosen;
      return;
    }
}

static void item(void *state, ptrdiff_t index) {
  const nest *n = state;
  const dimension rows = n->d[n->rank - 2], columns = n->d[n->rank - 1];
  const ptrdiff_t column = index % n->column_parts * n->columns;
  index /= n->column_parts;
  const ptrdiff_t row = index % n->row_parts * n->rows;
  index /= n->row_parts;
  const float *x = n->x + row * rows.x + column * columns.x;
  float *y = n->y + row * rows.y + column * columns.y;
  for (int i = n->rank - 3; i >= 0; i--) {
    x += index % n->d[i].count * n->d[i].x;
    y += index % n->d[i].count * n->d[i].y;
    index /= n->d[i].count;
  }
  const ck_block block = {
    .rows = least(n->rows, rows.count - row),
    .columns = least(n->columns, columns.count - column),
    .x_row_stride = rows.x,
    .x_column_stride = columns.x,
    .y_row_stride = rows.y,
    .y_column_stride = columns.y,
  };
  n->move(&block, x, y);
}

typedef struct {
  const nest *nest;
  ptrdiff_t group, items;
} group_work;

/* Several small items for one thread. */
static void item_group(void *state, ptrdiff_t group) {
  const group_work *w = state;
  const ptrdiff_t end = least((group + 1) * w->group, w->items);
  for (ptrdiff_t i = group * w->group; i < end; i++) item((void *)w->nest, i);
}

static void move(const ck_context *context, void (*move_block)(const ck_block *, const float *, float *),
                 ptrdiff_t rank, const ptrdiff_t *shape, const float *x, const ptrdiff_t *x_strides, float *y,
                 const ptrdiff_t *y_strides) {
  nest n = {.move = move_block, .x = x, .y = y};
  if (!join(&n, rank, shape, x_strides, y_strides)) return;
  choose_block(&n);
  const ptrdiff_t rows = n.d[n.rank - 2].count, columns = n.d[n.rank - 1].count;
  n.rows = least(rows, most(64, grain / least(columns, grain)));
  n.columns = least(columns, most(64, grain / n.rows));
  n.row_parts = (rows + n.rows - 1) / n.rows;
  n.column_parts = (columns + n.columns - 1) / n.columns;
  group_work w = {&n, most(1, grain / (n.rows * n.columns)), n.row_parts * n.column_parts};
  for (int i = 0; i < n.rank - 2; i++) w.items *= n.d[i].count;
  ck_parallel_for(context, (w.items + w.group - 1) / w.group, item_group, &w);
}

ck_status ck_copy_strided(const ck_context *context, ptrdiff_t rank, const ptrdiff_t *shape, const float *x,
                          const ptrdiff_t *x_strides, float *y, const ptrdiff_t *y_strides) {
  CK_REQUIRE(ck_check_strided(rank, shape, x, x_strides, y, y_strides));
  move(context, ck_block_copy, rank, shape, x, x_strides, y, y_strides);
  return ck_status_ok;
}

ck_status ck_add_strided(const ck_context *context, ptrdiff_t rank, const ptrdiff_t *shape, const float *x,
                         const ptrdiff_t *x_strides, float *y, const ptrdiff_t *y_strides) {
  CK_REQUIRE(ck_check_strided(rank, shape, x, x_strides, y, y_strides));
  move(context, ck_block_add, rank, shape, x, x_strides, y, y_strides);
  return ck_status_ok;
}
