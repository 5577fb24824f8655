/* C = scale · A · B + keep · C for factors that are used where they lie: few rows of C, or short sums. A tile is `rows` ×
   `vectors` sums; the first tile of a strip of columns lays its part of B together for the others as it goes, so B is
   read once, and a distance between its rows that is a power of two costs no cache. */
enum { rows_ahead = 8 }; /* of B, asked for by the first tile */
/* A strip that is one tile lays nothing together. So few rows that a tile of two vectors waits for its own sums take four. */
typedef enum { tile_alone, tile_first, tile_later } tile_place;
enum { wide_rows = 2 };

CK_INLINE void product_tile(const int rows, const int vectors, const tile_place place, const ck_product *o, ptrdiff_t row,
                            ptrdiff_t column, ptrdiff_t term, ptrdiff_t terms, ptrdiff_t tail, float *panel) {
  const ptrdiff_t a_row = o->a_row, a_column = o->a_column, b_row = o->b_row;
  const float *a[5], *b = o->b + term * b_row + column;
  const float keep = term == 0 ? o->keep : 1;
  float *c = o->c + row * o->c_row + column;
  ck_vec sum[14][4];
  EACH(i, rows) EACH(j, vectors) {
    sum[i][j] = 0;
  }
  /* A pointer for every three rows. From one, the compiler adds a row a time: a chain as long as the multiply-adds. */
  EACH(n, (rows + 2) / 3) {
    a[n] = o->a + (row + 3 * n) * a_row + term * a_column;
    __asm__("" : "+r"(a[n]));
  }
  for (ptrdiff_t p = 0; p < terms; p++, b += b_row, panel += vectors * CK_LANES) {
    ck_vec w[4];
    if (place != tile_later) {
      EACH(j, vectors) {
        __builtin_prefetch(b + rows_ahead * b_row + j * CK_LANES);
        w[j] = j < vectors - 1 ? ck_vec_load(b + j * CK_LANES) : ck_vec_load_first(b + j * CK_LANES, tail);
        if (place == tile_first) ck_vec_store(panel + j * CK_LANES, w[j]);
      }
    } else {
      EACH(j, vectors) w[j] = ck_vec_load(panel + j * CK_LANES);
    }
    EACH(i, rows) {
      ck_vec x = ck_vec_splat(a[i / 3][i % 3 * a_row]);
      EACH(j, vectors) sum[i][j] += x * w[j];
    }
    EACH(n, (rows + 2) / 3) a[n] += a_column;
  }
  if (o->scale != 1) EACH(i, rows) EACH(j, vectors) sum[i][j] *= o->scale;
  if (keep != 0)
    EACH(i, rows) EACH(j, vectors) {
      const float *old = c + i * o->c_row + j * CK_LANES;
      sum[i][j] += keep * (j < vectors - 1 ? ck_vec_load(old) : ck_vec_load_first(old, tail));
    }
  EACH(i, rows) EACH(j, vectors) {
    float *to = c + i * o->c_row + j * CK_LANES;
    if (j < vectors - 1 || tail == CK_LANES) ck_vec_store(to, sum[i][j]);
    else ck_vec_store_first(to, sum[i][j], tail);
  }
}

#define PRODUCT_CASE(rows, vectors) \
  case rows: \
    if (rows <= pixels_##vectors && first == 0) \
      product_tile(rows <= pixels_##vectors ? rows : 1, vectors, tile_first, o, first, column, term, terms, tail, panel); \
    else if (rows <= pixels_##vectors) \
      product_tile(rows <= pixels_##vectors ? rows : 1, vectors, tile_later, o, first, column, term, terms, tail, panel); \
    break;
#define PRODUCT_WITH(vectors) \
  static void product_##vectors(const ck_product *o, ptrdiff_t column, ptrdiff_t term, ptrdiff_t terms, \
                                ptrdiff_t tail, float *panel) { \
    const ptrdiff_t tiles = (o->rows + pixels_##vectors - 1) / pixels_##vectors; \
    for (ptrdiff_t tile = 0, first = 0, next; tile < tiles; tile++, first = next) { \
      next = o->rows * (tile + 1) / tiles; \
      switch (next - first) { \
        PRODUCT_CASE(1, vectors) PRODUCT_CASE(2, vectors) PRODUCT_CASE(3, vectors) PRODUCT_CASE(4, vectors) \
        PRODUCT_CASE(5, vectors) PRODUCT_CASE(6, vectors) PRODUCT_CASE(7, vectors) PRODUCT_CASE(8, vectors) \
        PRODUCT_CASE(9, vectors) PRODUCT_CASE(10, vectors) PRODUCT_CASE(11, vectors) PRODUCT_CASE(12, vectors) \
        PRODUCT_CASE(13, vectors) PRODUCT_CASE(14, vectors) \
      } \
    } \
  }
PRODUCT_WITH(1)
PRODUCT_WITH(2)

static void product(const ck_product *o) {
  float panel[2 * CK_LANES * chain] __attribute__((aligned(64)));
  for (ptrdiff_t column = 0, vectors; column < o->columns; column += vectors * CK_LANES) {
    const ptrdiff_t left = (o->columns - column + CK_LANES - 1) / CK_LANES;
    vectors = o->rows <= wide_rows && left >= 4 ? 4 : left > 1 ? 2 : 1;
    const ptrdiff_t rest = o->columns - column - (vectors - 1) * CK_LANES, tail = rest < CK_LANES ? rest : CK_LANES;
    for (ptrdiff_t term = 0; term < o->terms; term += chain) {
      const ptrdiff_t terms = o->terms - term < chain ? o->terms - term : chain;
      if (vectors == 4 && o->rows == 1) product_tile(1, 4, tile_alone, o, 0, column, term, terms, tail, NULL);
      else if (vectors == 4) product_tile(2, 4, tile_alone, o, 0, column, term, terms, tail, NULL);
      else if (vectors == 2) product_2(o, column, term, terms, tail, panel);
      else product_1(o, column, term, terms, tail, panel);
    }
  }
}
