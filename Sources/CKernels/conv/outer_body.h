/* The weight gradient: a tile is `rows` × `vectors` sums over the pixels of some strips. */
/* Channels `first` … of the runs' y as rows of whole vectors, zeros behind: read once here, then once per row tile. */
CK_INLINE void pack_rows(const int vectors, const ck_run *runs, ptrdiff_t run_count, ptrdiff_t first, ptrdiff_t channels,
                         float *to) {
  const ptrdiff_t tail = channels - (vectors - 1) * CK_LANES;
  for (ptrdiff_t r = 0; r < run_count; r++) {
    const float *y = runs[r].y + first;
    for (ptrdiff_t t = runs[r].count; t > 0; t--, y += runs[r].y_step, to += vectors * CK_LANES) {
      EACH(j, vectors - 1) ck_vec_store(to + j * CK_LANES, ck_vec_load(y + j * CK_LANES));
      ck_vec_store(to + (vectors - 1) * CK_LANES, ck_vec_load_first(y + (vectors - 1) * CK_LANES, tail));
    }
  }
}
static void pack(const ck_run *runs, ptrdiff_t run_count, ptrdiff_t first, ptrdiff_t channels, ptrdiff_t vectors,
                 float *to) {
  switch (vectors) {
  case 1: pack_rows(1, runs, run_count, first, channels, to); break;
  case 2: pack_rows(2, runs, run_count, first, channels, to); break;
  case 3: pack_rows(3, runs, run_count, first, channels, to); break;
  case 4: pack_rows(4, runs, run_count, first, channels, to); break;
  }
}

CK_INLINE void next_span(ck_ahead *ahead) {
  if (ahead->first == ahead->count) {
    ahead->step = 0; /* all there: the same line again and again costs nothing */
    return;
  }
  ahead->next = ahead->spans[ahead->first].from;
  ahead->end = ahead->next + ahead->spans[ahead->first].bytes;
  ahead->spans[ahead->first].from += ahead->spans[ahead->first].pitch;
  if (--ahead->spans[ahead->first].lines == 0) ahead->first++;
}

/* A masked load takes a slot that a multiply-add could have: `whole` does without. */
CK_INLINE void outer_pixel(const int rows, const int vectors, const bool whole, const float *b, const float *v,
                           ptrdiff_t n, ck_vec sum[14][4]) {
  ck_vec g[4];
  EACH(j, vectors)
    g[j] = whole || j < vectors - 1 ? ck_vec_load(v + j * CK_LANES) : ck_vec_load_first(v + j * CK_LANES, n);
  EACH(i, rows) {
    ck_vec factor = ck_vec_splat(b[i]);
    EACH(j, vectors) sum[i][j] += factor * g[j];
  }
}

/* Few sums wait for one another: pixels then take turns at two or four sets of them. */
CK_INLINE void outer_tile(const int rows, const int vectors, const bool whole, const ck_outer *o, ptrdiff_t row,
                          ptrdiff_t column) {
  const int chains = rows * vectors >= 8 ? 1 : rows * vectors >= 4 ? 2 : 4;
  const ptrdiff_t rest = o->columns - column - (vectors - 1) * CK_LANES, n = rest < CK_LANES ? rest : CK_LANES;
  const ptrdiff_t stride = o->ahead->step;
  const char *soon = o->ahead->next;
  ck_vec sum[4][14][4];
  EACH(k, chains) EACH(i, rows) EACH(j, vectors) sum[k][i][j] = 0;
  for (ptrdiff_t r = 0; r < o->strip_count; r++) {
    const ck_strip *strip = &o->strips[r];
    const float *b = strip->b + row, *v = strip->v + column;
    const ptrdiff_t b_step = strip->b_step, v_step = strip->v_step;
    ptrdiff_t t = strip->count;
    if (chains > 1)
      for (; t >= chains; t -= chains)
        EACH(k, chains) {
          __builtin_prefetch(soon, 0, 2);
          outer_pixel(rows, vectors, whole, b, v, n, sum[k]);
          b += b_step, v += v_step, soon += stride;
        }
    for (; t > 0; t--) {
      __builtin_prefetch(soon, 0, 2);
      outer_pixel(rows, vectors, whole, b, v, n, sum[0]);
      b += b_step, v += v_step, soon += stride;
    }
  }
  o->ahead->next = soon;
  if (soon >= o->ahead->end) next_span(o->ahead);
  EACH(i, rows) EACH(j, vectors) {
    ck_vec all = sum[0][i][j];
    if (chains == 2) all += sum[1][i][j];
    if (chains == 4) all = (all + sum[1][i][j]) + (sum[2][i][j] + sum[3][i][j]);
    float *p = o->to + (row + i) * o->to_step + column + j * CK_LANES;
    if (j < vectors - 1 || n == CK_LANES) ck_vec_store(p, o->add ? ck_vec_load(p) + all : all);
    else ck_vec_store_first(p, o->add ? ck_vec_load_first(p, n) + all : all, n);
  }
}

#define OUTER_CASE(rows, vectors, whole) \
  case rows: \
    if (rows <= pixels_##vectors) outer_tile(rows <= pixels_##vectors ? rows : 1, vectors, whole, o, first, column); \
    break;
/* All rows of `vectors` vectors of columns, in tiles as equal as can be. */
#define OUTER_WITH(vectors, whole) \
  static void outer_##vectors##_##whole(const ck_outer *o, ptrdiff_t column) { \
    ptrdiff_t tiles = (o->rows + pixels_##vectors - 1) / pixels_##vectors; \
    for (ptrdiff_t tile = 0, first = 0, next; tile < tiles; tile++, first = next) { \
      next = o->rows * (tile + 1) / tiles; \
      switch (next - first) { \
        OUTER_CASE(1, vectors, whole) OUTER_CASE(2, vectors, whole) OUTER_CASE(3, vectors, whole) \
        OUTER_CASE(4, vectors, whole) OUTER_CASE(5, vectors, whole) OUTER_CASE(6, vectors, whole) \
        OUTER_CASE(7, vectors, whole) OUTER_CASE(8, vectors, whole) OUTER_CASE(9, vectors, whole) \
        OUTER_CASE(10, vectors, whole) OUTER_CASE(11, vectors, whole) OUTER_CASE(12, vectors, whole) \
        OUTER_CASE(13, vectors, whole) OUTER_CASE(14, vectors, whole) \
      } \
    } \
  }
OUTER_WITH(1, 0)
OUTER_WITH(2, 0)
OUTER_WITH(3, 0)
OUTER_WITH(4, 0)
OUTER_WITH(1, 1)
OUTER_WITH(2, 1)
OUTER_WITH(3, 1)
OUTER_WITH(4, 1)

static void outer(const ck_outer *o) {
  for (ptrdiff_t column = 0; column < o->columns;) {
    ptrdiff_t left = (o->columns - column + CK_LANES - 1) / CK_LANES;
    ptrdiff_t vectors = left <= most_vectors ? left : most_vectors == 4 && left % 4 != 0 ? 3 : most_vectors;
    bool whole = o->whole || column + vectors * CK_LANES <= o->columns;
    switch (whole * 4 + vectors) {
    case 1: outer_1_0(o, column); break;
    case 2: outer_2_0(o, column); break;
    case 3: outer_3_0(o, column); break;
    case 4: outer_4_0(o, column); break;
    case 5: outer_1_1(o, column); break;
    case 6: outer_2_1(o, column); break;
    case 7: outer_3_1(o, column); break;
    case 8: outer_4_1(o, column); break;
    }
    column += vectors * CK_LANES;
  }
}
