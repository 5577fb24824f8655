/* The weight gradient: a tile is `rows` × `vectors` sums over the pixels of a piece. */
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
  ahead->next = ahead->from[ahead->first];
  ahead->end = ahead->next + ahead->bytes[ahead->first++];
}

/* sums[i, j] += Σ over the runs of x[i] · y[j] for `rows` rows of segment s from `row` on. */
CK_INLINE void outer_tile(const int rows, const int vectors, const ck_run *runs, ptrdiff_t run_count, ptrdiff_t s,
                          ptrdiff_t row, const float *y, float *sums, ck_ahead *ahead) {
  ck_vec sum[14][4];
  const char *soon = ahead->next;
  const ptrdiff_t stride = ahead->step;
  EACH(i, rows) EACH(j, vectors) sum[i][j] = 0;
  for (ptrdiff_t r = 0; r < run_count; r++) {
    const ptrdiff_t step = runs[r].segments[s].step;
    const float *x = runs[r].segments[s].x + row;
    for (ptrdiff_t t = runs[r].count; t > 0; t--, x += step, y += vectors * CK_LANES) {
      __builtin_prefetch(soon, 0, 2);
      soon += stride;
      ck_vec g[4];
      EACH(j, vectors) g[j] = ck_vec_load(y + j * CK_LANES);
      EACH(i, rows) {
        ck_vec input = ck_vec_splat(x[i]);
        EACH(j, vectors) sum[i][j] += input * g[j];
      }
    }
  }
  EACH(i, rows) EACH(j, vectors) {
    float *p = sums + (i * vectors + j) * CK_LANES;
    ck_vec_store(p, ck_vec_load(p) + sum[i][j]);
  }
  ahead->next = soon;
  if (soon >= ahead->end) next_span(ahead);
}

#define OUTER_CASE(rows, vectors) \
  case rows: \
    if (rows <= pixels_##vectors) \
      outer_tile(rows <= pixels_##vectors ? rows : 1, vectors, runs, run_count, s, first, y, p, ahead); \
    break;
#define OUTER_WITH(vectors) \
  static void outer_##vectors(const ck_run *runs, ptrdiff_t run_count, const float *y, float *sums, ck_ahead *ahead) { \
    for (ptrdiff_t s = 0; s < runs->segment_count; s++) { \
      const ck_segment *segment = &runs->segments[s]; \
      ptrdiff_t tiles = (segment->channels + pixels_##vectors - 1) / pixels_##vectors; \
      for (ptrdiff_t tile = 0, first = 0, next; tile < tiles; tile++, first = next) { \
        float *p = sums + (segment->row + first) * vectors * CK_LANES; \
        next = segment->channels * (tile + 1) / tiles; \
        switch (next - first) { \
          OUTER_CASE(1, vectors) OUTER_CASE(2, vectors) OUTER_CASE(3, vectors) OUTER_CASE(4, vectors) \
          OUTER_CASE(5, vectors) OUTER_CASE(6, vectors) OUTER_CASE(7, vectors) OUTER_CASE(8, vectors) \
          OUTER_CASE(9, vectors) OUTER_CASE(10, vectors) OUTER_CASE(11, vectors) OUTER_CASE(12, vectors) \
          OUTER_CASE(13, vectors) OUTER_CASE(14, vectors) \
        } \
      } \
    } \
  }
OUTER_WITH(1)
OUTER_WITH(2)
OUTER_WITH(3)
OUTER_WITH(4)

static void outer(const ck_run *runs, ptrdiff_t run_count, const float *y, ptrdiff_t vectors, float *sums, ck_ahead *ahead) {
  switch (vectors) {
  case 1: outer_1(runs, run_count, y, sums, ahead); break;
  case 2: outer_2(runs, run_count, y, sums, ahead); break;
  case 3: outer_3(runs, run_count, y, sums, ahead); break;
  case 4: outer_4(runs, run_count, y, sums, ahead); break;
  }
}

/* Roles exchanged: vectors along the inputs, broadcasts of the few outputs. `n` lanes of the last vector count. */
CK_INLINE void outer_few_tile(const int outputs, const int vectors, const bool whole, const ck_run *runs,
                              ptrdiff_t run_count, ptrdiff_t s, ptrdiff_t row, ptrdiff_t n, const float *y, float *sums) {
  ck_vec sum[most_dots][4];
  EACH(o, outputs) EACH(j, vectors) sum[o][j] = 0;
  for (ptrdiff_t r = 0; r < run_count; r++) {
    const ptrdiff_t step = runs[r].segments[s].step;
    const float *x = runs[r].segments[s].x + row;
    for (ptrdiff_t t = runs[r].count; t > 0; t--, x += step, y += outputs) {
      ck_vec inputs[4];
      EACH(j, vectors)
        inputs[j] = whole || j < vectors - 1 ? ck_vec_load(x + j * CK_LANES) : ck_vec_load_first(x + j * CK_LANES, n);
      EACH(o, outputs) {
        ck_vec g = ck_vec_splat(y[o]);
        EACH(j, vectors) sum[o][j] += g * inputs[j];
      }
    }
  }
  float values[CK_LANES];
  EACH(o, outputs) EACH(j, vectors) {
    ck_vec_store(values, sum[o][j]);
    ptrdiff_t lanes = whole || j < vectors - 1 ? CK_LANES : n;
    for (ptrdiff_t i = 0; i < lanes; i++) sums[(j * CK_LANES + i) * outputs + o] += values[i];
  }
}

#define OUTER_FEW_WITH(outputs) \
  case outputs: \
    for (ptrdiff_t s = 0; s < runs->segment_count; s++) { \
      const ck_segment *segment = &runs->segments[s]; \
      ptrdiff_t row = 0, channels = segment->channels; \
      float *p = sums + segment->row * outputs; \
      for (; row + 4 * CK_LANES <= channels; row += 4 * CK_LANES) \
        outer_few_tile(outputs, 4, true, runs, run_count, s, row, 0, y, p + row * outputs); \
      for (; row + 2 * CK_LANES < channels; row += 2 * CK_LANES) \
        outer_few_tile(outputs, 2, true, runs, run_count, s, row, 0, y, p + row * outputs); \
      if (row + CK_LANES < channels) \
        outer_few_tile(outputs, 2, false, runs, run_count, s, row, channels - row - CK_LANES, y, p + row * outputs); \
      else if (row < channels) \
        outer_few_tile(outputs, 1, false, runs, run_count, s, row, channels - row, y, p + row * outputs); \
    } \
    break;
static void outer_few(const ck_run *runs, ptrdiff_t run_count, const float *y, ptrdiff_t outputs, float *sums) {
  switch (outputs) { OUTER_FEW_WITH(1) OUTER_FEW_WITH(2) OUTER_FEW_WITH(3) OUTER_FEW_WITH(4) }
}
