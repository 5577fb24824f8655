/* The loops over 32-deep steps. Tiles 0 … 3 are sums, 4 and 5 rows (of a), 6 and 7 columns (of b). Between
   two products only one operand changes, the sums come round in the order 0 1 2 3, and b is read as it lies. */

/* 2 × 2 tiles: sums 0 = (rows 0, columns 0), 1 = (0, 1), 2 = (1, 0), 3 = (1, 1). */
#define CK_LOAD_ROWS_MULTIPLY_TWICE(x) \
  tile_load(4, x, stride); \
  tile_multiply(0, 4, 6); \
  tile_multiply(1, 4, 7); \
  tile_load(5, (x) + second, stride); \
  tile_multiply(2, 5, 6); \
  tile_multiply(3, 5, 7)
#define CK_LOAD_ALL_MULTIPLY(x, b) \
  tile_load(4, x, stride); \
  tile_load(6, b, 64); \
  tile_multiply(0, 4, 6); \
  tile_load(7, (b) + 512, 64); \
  tile_multiply(1, 4, 7); \
  tile_load(5, (x) + second, stride); \
  tile_multiply(2, 5, 6); \
  tile_multiply(3, 5, 7)
#define CK_LOAD_COLUMNS_MULTIPLY(b) \
  tile_load(6, b, 64); \
  tile_multiply(0, 4, 6); \
  tile_load(7, (b) + 512, 64); \
  tile_multiply(1, 4, 7); \
  tile_multiply(2, 5, 6); \
  tile_multiply(3, 5, 7)

/* Step s begins at steps[s]; the second row tile `second` numbers behind the first. */
CK_SPLIT_INLINE void add_2x2(const int products, const ck_bf16 *const *a, ptrdiff_t second, ptrdiff_t stride,
                             const ptrdiff_t *steps, ptrdiff_t count, const ck_bf16 *b) {
  const int planes = ck_split_planes(products);
  if (products == 1)
    for (ptrdiff_t s = 0; s < count; s++, b += 1024) {
      const ck_bf16 *x = a[0] + steps[s];
      CK_LOAD_ALL_MULTIPLY(x, b);
    }
  if (products == 3)
    for (ptrdiff_t s = 0; s < count; s++, b += 2048) {
      const ck_bf16 *large = a[0] + steps[s], *small = a[1] + steps[s];
      CK_LOAD_ALL_MULTIPLY(small, b);
      CK_LOAD_ROWS_MULTIPLY_TWICE(large);
      CK_LOAD_COLUMNS_MULTIPLY(b + 1024);
    }
  if (products == 6) {
    const ck_bf16 *again = b;
    for (ptrdiff_t s = 0; s < count; s++, b += 3072) {
      const ck_bf16 *large = a[0] + steps[s], *middle = a[1] + steps[s], *small = a[2] + steps[s];
      CK_LOAD_ALL_MULTIPLY(small, b);
      CK_LOAD_ROWS_MULTIPLY_TWICE(middle);
      CK_LOAD_COLUMNS_MULTIPLY(b + 1024);
      CK_LOAD_ROWS_MULTIPLY_TWICE(large);
      CK_LOAD_COLUMNS_MULTIPLY(b + 2048);
    }
    for (ptrdiff_t s = 0; s < count; s++, again += planes * 1024) {
      const ck_bf16 *x = a[0] + steps[s];
      CK_LOAD_ALL_MULTIPLY(x, again);
    }
  }
}

/* 4 × 1 tiles, for a block of at most 16 columns: row tile t at a + at[t]. */
CK_SPLIT_INLINE void add_4x1(const int products, const ck_bf16 *const *a, const ptrdiff_t *at, ptrdiff_t stride,
                             const ptrdiff_t *steps, ptrdiff_t count, const ck_bf16 *b) {
#define CK_FOUR_ROWS(plane, column) \
  { \
    const ck_bf16 *x = a[plane] + steps[s]; \
    tile_load(4, x + at[0], stride); \
    tile_multiply(0, 4, column); \
    tile_load(5, x + at[1], stride); \
    tile_multiply(1, 5, column); \
    tile_load(4, x + at[2], stride); \
    tile_multiply(2, 4, column); \
    tile_load(5, x + at[3], stride); \
    tile_multiply(3, 5, column); \
  }
/* Times both columns: the rows are loaded once. */
#define CK_FOUR_ROWS_TWICE(plane) \
  { \
    const ck_bf16 *x = a[plane] + steps[s]; \
    tile_load(4, x + at[0], stride); \
    tile_multiply(0, 4, 6); \
    tile_load(5, x + at[1], stride); \
    tile_multiply(1, 5, 6); \
    tile_multiply(0, 4, 7); \
    tile_multiply(1, 5, 7); \
    tile_load(4, x + at[2], stride); \
    tile_multiply(2, 4, 6); \
    tile_load(5, x + at[3], stride); \
    tile_multiply(3, 5, 6); \
    tile_multiply(2, 4, 7); \
    tile_multiply(3, 5, 7); \
  }
  const int planes = ck_split_planes(products);
  if (products == 3)
    for (ptrdiff_t s = 0; s < count; s++, b += 1024) {
      tile_load(6, b, 64);
      CK_FOUR_ROWS(1, 6)
      tile_load(7, b + 512, 64);
      CK_FOUR_ROWS_TWICE(0)
    }
  const ck_bf16 *again = b;
  if (products == 6)
    for (ptrdiff_t s = 0; s < count; s++, b += 1536) {
      tile_load(6, b, 64);
      CK_FOUR_ROWS(2, 6)
      tile_load(7, b + 512, 64);
      CK_FOUR_ROWS_TWICE(1)
      CK_FOUR_ROWS(0, 7)
      tile_load(6, b + 1024, 64);
      CK_FOUR_ROWS(0, 6)
    }
  if (products != 3)
    for (ptrdiff_t s = 0; s < count; s++, again += planes * 512) {
      tile_load(6, again, 64);
      CK_FOUR_ROWS(0, 6)
    }
#undef CK_FOUR_ROWS
#undef CK_FOUR_ROWS_TWICE
}

/* Which parts of a and b make product p; the large ones first. */
static const int part_of_a[6] = {0, 1, 0, 2, 1, 0}, part_of_b[6] = {0, 0, 1, 0, 1, 2};

/* Fewer tiles, at the edges: two steps at a time, so that four sums (or two) wait for none of their own; the
   results are the pairs of sums. Product by product: all small ones, then h·h. */
#define CK_TWO_STEPS(even, odd) \
  const int planes = ck_split_planes(products); \
  for (int large = 0; large < 2; large++) { \
    const int first = large ? 0 : products - 1, last = large ? 0 : 1; \
    const ck_bf16 *line = b; \
    ptrdiff_t s = 0; \
    for (; s + 2 <= count; s += 2, line += 2 * planes * columns * 512) \
      for (int p = first; p >= last; p--) { \
        const ck_bf16 *x = a[part_of_a[p]] + steps[s], *y = line + part_of_b[p] * columns * 512; \
        even \
        x = a[part_of_a[p]] + steps[s + 1]; \
        y += planes * columns * 512; \
        odd \
      } \
    for (int p = first; s < count && p >= last; p--) { \
      const ck_bf16 *x = a[part_of_a[p]] + steps[s], *y = line + part_of_b[p] * columns * 512; \
      even \
    } \
  }

/* 1 × 2 tiles: columns 0 and 1 of even steps in 0 and 1, of odd steps in 2 and 3. */
CK_SPLIT_INLINE void add_1x2(const int products, const ck_bf16 *const *a, ptrdiff_t stride, const ptrdiff_t *steps,
                             ptrdiff_t count, const ck_bf16 *b) {
  enum { columns = 2 };
  CK_TWO_STEPS(tile_load(4, x, stride); tile_load(6, y, 64); tile_multiply(0, 4, 6); tile_load(7, y + 512, 64);
               tile_multiply(1, 4, 7);
               , tile_load(5, x, stride); tile_load(6, y, 64); tile_multiply(2, 5, 6); tile_load(7, y + 512, 64);
               tile_multiply(3, 5, 7);)
}
/* 2 × 1 tiles: rows 0 of even and odd steps in 0 and 1, rows 1 in 2 and 3. */
CK_SPLIT_INLINE void add_2x1(const int products, const ck_bf16 *const *a, ptrdiff_t second, ptrdiff_t stride,
                             const ptrdiff_t *steps, ptrdiff_t count, const ck_bf16 *b) {
  enum { columns = 1 };
  CK_TWO_STEPS(tile_load(4, x, stride); tile_load(6, y, 64); tile_multiply(0, 4, 6); tile_load(5, x + second, stride);
               tile_multiply(2, 5, 6);
               , tile_load(4, x, stride); tile_load(7, y, 64); tile_multiply(1, 4, 7); tile_load(5, x + second, stride);
               tile_multiply(3, 5, 7);)
}
/* 1 × 1: even steps in 0, odd ones in 2. */
CK_SPLIT_INLINE void add_1x1(const int products, const ck_bf16 *const *a, ptrdiff_t stride, const ptrdiff_t *steps,
                             ptrdiff_t count, const ck_bf16 *b) {
  enum { columns = 1 };
  CK_TWO_STEPS(tile_load(4, x, stride); tile_load(6, y, 64); tile_multiply(0, 4, 6);
               , tile_load(5, x, stride); tile_load(7, y, 64); tile_multiply(2, 5, 7);)
}

#define CK_ZERO_SUMS \
  tile_zero(0); \
  tile_zero(1); \
  tile_zero(2); \
  tile_zero(3)
