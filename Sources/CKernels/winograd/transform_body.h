/* The transforms, on vectors of channels. Factors are constants of the code: those of 0 cost nothing. */
#include "winograd/tables.h"

/* V_i → to + i · step, of the inputs rows[0] … rows[values - 1]. */
CK_INLINE void spread_inputs(const int values, const ck_winograd_table *table, const float *const *rows,
                             ptrdiff_t channels, float *to, ptrdiff_t step) {
  for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
    const ptrdiff_t n = channels - c;
    ck_vec in[ck_most_values];
    if (n >= CK_LANES) EACH(j, values) in[j] = ck_vec_load(rows[j] + c);
    else EACH(j, values) in[j] = ck_vec_load_first(rows[j] + c, n);
    /* Points a and -a have the even powers in common, and the odd ones but for their sign. */
    EACH(i, values) {
      const bool first = values == 8 && i % 2 == 1 && i < 7, second = values == 8 && i % 2 == 0 && i > 0;
      if (second) continue;
      ck_vec even = 0, odd = 0;
      EACH(j, values) if (table->b[i][j] != 0) {
        if (j % 2 == 0) even += table->b[i][j] * in[j];
        else odd += table->b[i][j] * in[j];
      }
      if (n >= CK_LANES) ck_vec_store(to + i * step + c, even + odd);
      else ck_vec_store_first(to + i * step + c, even + odd, n);
      if (!first) continue;
      if (n >= CK_LANES) ck_vec_store(to + (i + 1) * step + c, even - odd);
      else ck_vec_store_first(to + (i + 1) * step + c, even - odd, n);
    }
  }
}
static void spread(int taps, const float *const *rows, ptrdiff_t channels, float *to, ptrdiff_t step) {
  if (taps == 2) spread_inputs(5, &ck_winograd_2, rows, channels, to, step);
  else if (taps == 3) spread_inputs(6, &ck_winograd_3, rows, channels, to, step);
  else spread_inputs(8, &ck_winograd_5, rows, channels, to, step);
}

static const ck_winograd_table *table_of(int taps) {
  return taps == 2 ? &ck_winograd_2 : taps == 3 ? &ck_winograd_3 : &ck_winograd_5;
}

/* One V_i alone. */
static void spread_value(int taps, int value, const float *const *rows, ptrdiff_t channels, float *to) {
  const float *factors = table_of(taps)->b[value];
  for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
    const ptrdiff_t n = channels - c < CK_LANES ? channels - c : CK_LANES;
    ck_vec sum = 0;
    for (int j = 0; j < taps + ck_tile - 1; j++)
      if (factors[j] != 0) sum += factors[j] * ck_vec_load_first(rows[j] + c, n);
    ck_vec_store_first(to + c, sum, n);
  }
}

/* U_i → to + i · step, of a row of whole vectors of every tap; NULL: taps beyond the last, which are 0. */
CK_INLINE void spread_taps(const int taps, const ck_winograd_table *table, const float *const *rows, ptrdiff_t width,
                           float *to, ptrdiff_t step) {
  for (ptrdiff_t c = 0; c < width; c += CK_LANES) {
    ck_vec in[ck_most_group];
    EACH(k, taps) in[k] = rows[k] ? ck_vec_load(rows[k] + c) : ck_vec_splat(0);
    EACH(i, taps + ck_tile - 1) {
      ck_vec sum = 0;
      EACH(k, taps) if (table->g[i][k] != 0) sum += table->g[i][k] * in[k];
      ck_vec_store(to + i * step + c, sum);
    }
  }
}
static void spread_weights(int taps, const float *const *rows, ptrdiff_t width, float *to, ptrdiff_t step) {
  if (taps == 2) spread_taps(2, &ck_winograd_2, rows, width, to, step);
  else if (taps == 3) spread_taps(3, &ck_winograd_3, rows, width, to, step);
  else spread_taps(5, &ck_winograd_5, rows, width, to, step);
}

/* Four rows of sums for every tile, of a row of whole vectors of every P_i, which are `step` apart. */
CK_INLINE void gather_outputs(const int values, const ck_winograd_table *table, const float *products, ptrdiff_t step,
                              ptrdiff_t tiles, ptrdiff_t width, float *sums) {
  for (ptrdiff_t t = 0; t < tiles; t++, products += width, sums += ck_tile * width)
    for (ptrdiff_t c = 0; c < width; c += CK_LANES) {
      ck_vec in[ck_most_values];
      EACH(i, values) in[i] = ck_vec_load(products + i * step + c);
      EACH(k, ck_tile) {
        ck_vec sum = 0;
        EACH(i, values) if (table->a[k][i] != 0) sum += table->a[k][i] * in[i];
        ck_vec_store(sums + k * width + c, sum);
      }
    }
}
static void gather(int taps, const float *products, ptrdiff_t step, ptrdiff_t tiles, ptrdiff_t width, float *sums) {
  if (taps == 2) gather_outputs(5, &ck_winograd_2, products, step, tiles, width, sums);
  else if (taps == 3) gather_outputs(6, &ck_winograd_3, products, step, tiles, width, sums);
  else gather_outputs(8, &ck_winograd_5, products, step, tiles, width, sums);
}

/* Aᵀ of four rows of output gradients, in whole vectors, zeros behind: value i → to + i · step, or one value → to. */
static void spread_gradients(int taps, int value, const float *const *rows, ptrdiff_t channels, float *to, ptrdiff_t step) {
  const ck_winograd_table *table = table_of(taps);
  const int first = value < 0 ? 0 : value, end = value < 0 ? taps + ck_tile - 1 : value + 1;
  for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
    const ptrdiff_t n = channels - c < CK_LANES ? channels - c : CK_LANES;
    ck_vec in[ck_tile];
    EACH(k, ck_tile) in[k] = ck_vec_load_first(rows[k] + c, n);
    for (int i = first; i < end; i++) {
      ck_vec sum = 0;
      EACH(k, ck_tile) sum += table->a[k][i] * in[k];
      ck_vec_store(to + (i - first) * step + c, sum);
    }
  }
}

/* Gᵀ of the sums of all values, `step` apart, of all parts: row k → to[k], where that is wanted. */
static void collect(int taps, const float *from, ptrdiff_t step, ptrdiff_t parts, ptrdiff_t part_step, ptrdiff_t channels,
                    float *const *to) {
  const ck_winograd_table *table = table_of(taps);
  for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
    const ptrdiff_t n = channels - c < CK_LANES ? channels - c : CK_LANES;
    ck_vec sums[ck_most_group];
    EACH(k, ck_most_group) sums[k] = 0;
    for (int i = 0; i < taps + ck_tile - 1; i++) {
      ck_vec all = ck_vec_load(from + i * step + c);
      for (ptrdiff_t part = 1; part < parts; part++) all += ck_vec_load(from + part * part_step + i * step + c);
      EACH(k, ck_most_group) sums[k] += table->g[i][k] * all;
    }
    for (int k = 0; k < taps; k++)
      if (to[k]) ck_vec_store_first(to[k] + c, sums[k], n);
  }
}

/* All finite and below 2^40. */
static bool all_moderate(const float *x, ptrdiff_t count) {
  const ck_vec bound = ck_vec_splat(0x1p40f);
  ck_ivec good = ~(ck_ivec){0};
  ptrdiff_t i = 0;
  for (; i + CK_LANES <= count; i += CK_LANES) good &= ck_vec_abs(ck_vec_load(x + i)) < bound;
  if (i < count) good &= ck_vec_abs(ck_vec_load_first(x + i, count - i)) < bound;
  for (int i = 0; i < CK_LANES; i++)
    if (!good[i]) return false;
  return true;
}
