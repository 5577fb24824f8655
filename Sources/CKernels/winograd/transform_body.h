/* The transforms, on vectors of channels. Factors are constants of the code: those of 0 cost nothing. Points a and -a have
   the even powers in common, and the odd ones but for their sign: even + odd and even - odd. */
#include "winograd/tables.h"

/* Whether sums of squares are of finite numbers below 2^40. Sums of products are looked at, not inputs or results: their
   rounding errors are what reaches results that do not see a loud input. */
static inline bool squares_moderate(ck_vec squares) {
  const ck_ivec good = squares < ck_vec_splat(0x1p80f);
  for (int i = 0; i < CK_LANES; i++)
    if (!good[i]) return false;
  return true;
}

static inline ck_vec load_to(const float *from, ptrdiff_t n) {
  return n >= CK_LANES ? ck_vec_load(from) : ck_vec_load_first(from, n);
}
static inline void store_to(float *to, ck_vec v, ptrdiff_t n) {
  if (n >= CK_LANES) ck_vec_store(to, v);
  else ck_vec_store_first(to, v, n);
}

/* V_i → to + i · step, of eight rows of inputs; those to be read soon lie `ahead` bytes ahead. */
static void spread(const float *const *rows, ptrdiff_t channels, ptrdiff_t ahead, float *to, ptrdiff_t step) {
  for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
    const ptrdiff_t n = channels - c;
    ck_vec in[ck_winograd_values];
    EACH(j, ck_winograd_values) {
      in[j] = load_to(rows[j] + c, n);
      __builtin_prefetch((const char *)((uintptr_t)(rows[j] + c) + (uintptr_t)ahead));
    }
    EACH(i, ck_winograd_values) {
      const bool paired = i > 0 && i < ck_winograd_values - 1;
      if (paired && i % 2 == 0) continue;
      ck_vec even = ck_vec_splat(0), odd = ck_vec_splat(0);
      EACH(j, ck_winograd_values) if (ck_winograd_b[i][j] != 0) {
        if (j % 2 == 0) even += ck_winograd_b[i][j] * in[j];
        else odd += ck_winograd_b[i][j] * in[j];
      }
      store_to(to + i * step + c, even + odd, n);
      if (!paired) continue;
      store_to(to + (i + 1) * step + c, even - odd, n);
    }
  }
}

/* Eight values of a polynomial of `count` coefficients, which are rows of vectors, where to[i] is. */
CK_INLINE void values_of(const int count, const ck_vec *in, ck_vec *to) {
  to[0] = in[0];
  to[ck_winograd_values - 1] = in[count - 1];
  EACH(i, ck_winograd_values - 1) if (i % 2 == 1) {
    ck_vec even = in[0], odd = ck_winograd_powers[1][i] * in[1];
    EACH(k, count) if (k > 1) {
      if (k % 2 == 0) even += ck_winograd_powers[k][i] * in[k];
      else odd += ck_winograd_powers[k][i] * in[k];
    }
    to[i] = even + odd;
    to[i + 1] = even - odd;
  }
}

/* U_i → to + i · step, of a row of whole vectors of every tap; NULL: taps beyond the last, which are 0. */
CK_INLINE void spread_taps(const int taps, const float *const *rows, ptrdiff_t width, float *to, ptrdiff_t step) {
  for (ptrdiff_t c = 0; c < width; c += CK_LANES) {
    ck_vec in[ck_most_group], values[ck_winograd_values];
    EACH(k, taps) in[k] = rows[k] ? ck_vec_load(rows[k] + c) : ck_vec_splat(0);
    values_of(taps, in, values);
    EACH(i, ck_winograd_values) {
      const float scale = i < ck_winograd_values - 1 ? ck_winograd_scales[i] : 1;
      ck_vec_store(to + i * step + c, scale * values[i]);
    }
  }
}
static void spread_weights(int taps, const float *const *rows, ptrdiff_t width, float *to, ptrdiff_t step) {
  if (taps == 2) spread_taps(2, rows, width, to, step);
  else if (taps == 3) spread_taps(3, rows, width, to, step);
  else if (taps == 4) spread_taps(4, rows, width, to, step);
  else spread_taps(5, rows, width, to, step);
}

/* A tile's rows of sums for every tile, of a row of whole vectors of every P_i, which are `step`
   apart. False: some of them are not finite, or too large for their neighbours. */
CK_INLINE bool gather_outputs(const int tile, const float *products, ptrdiff_t step, ptrdiff_t tiles, ptrdiff_t width,
                              float *sums) {
  ck_vec squares[2] = {ck_vec_splat(0), ck_vec_splat(0)};
  for (ptrdiff_t t = 0; t < tiles; t++, products += width, sums += tile * width)
    for (ptrdiff_t c = 0; c < width; c += CK_LANES) {
      ck_vec in[ck_winograd_values], even[3], odd[3];
      EACH(i, ck_winograd_values) {
        in[i] = ck_vec_load(products + i * step + c);
        squares[i % 2] += in[i] * in[i];
      }
      EACH(j, 3) even[j] = in[2 * j + 1] + in[2 * j + 2], odd[j] = in[2 * j + 1] - in[2 * j + 2];
      EACH(k, tile) {
        ck_vec sum = k % 2 == 0 ? even[0] : odd[0];
        if (k == 0) sum += in[0];
        EACH(j, 3) if (j > 0) sum += ck_winograd_powers[k][2 * j + 1] * (k % 2 == 0 ? even[j] : odd[j]);
        if (k == tile - 1) sum += in[ck_winograd_values - 1];
        ck_vec_store(sums + k * width + c, sum);
      }
    }
  return squares_moderate(squares[0] + squares[1]);
}
static bool gather(int tile, const float *products, ptrdiff_t step, ptrdiff_t tiles, ptrdiff_t width, float *sums) {
  if (tile == 7) return gather_outputs(7, products, step, tiles, width, sums);
  if (tile == 6) return gather_outputs(6, products, step, tiles, width, sums);
  if (tile == 5) return gather_outputs(5, products, step, tiles, width, sums);
  return gather_outputs(4, products, step, tiles, width, sums);
}

/* Aᵀ of a tile's rows of output gradients, in whole vectors, zeros behind: value i → to + i · step. */
CK_INLINE void spread_rows(const int tile, const float *const *rows, ptrdiff_t channels, ptrdiff_t ahead,
                           float *to, ptrdiff_t step) {
  for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
    ck_vec in[ck_most_tile], values[ck_winograd_values];
    EACH(k, tile) {
      in[k] = load_to(rows[k] + c, channels - c);
      __builtin_prefetch((const char *)((uintptr_t)(rows[k] + c) + (uintptr_t)ahead));
    }
    values_of(tile, in, values);
    EACH(i, ck_winograd_values) ck_vec_store(to + i * step + c, values[i]);
  }
}
static void spread_gradients(int tile, const float *const *rows, ptrdiff_t channels, ptrdiff_t ahead, float *to,
                             ptrdiff_t step) {
  if (tile == 7) spread_rows(7, rows, channels, ahead, to, step);
  else if (tile == 6) spread_rows(6, rows, channels, ahead, to, step);
  else if (tile == 5) spread_rows(5, rows, channels, ahead, to, step);
  else spread_rows(4, rows, channels, ahead, to, step);
}

/* Gᵀ of the sums of all values, `step` apart, of all parts: row k → to[k], where that is wanted. False: as `gather`. */
static bool collect(int taps, const float *from, ptrdiff_t step, ptrdiff_t parts, ptrdiff_t part_step, ptrdiff_t channels,
                    float *const *to) {
  ck_vec squares = ck_vec_splat(0);
  for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
    ck_vec sums[ck_most_group];
    EACH(k, ck_most_group) sums[k] = ck_vec_splat(0);
    EACH(i, ck_winograd_values) {
      ck_vec all = ck_vec_load(from + i * step + c);
      for (ptrdiff_t part = 1; part < parts; part++) all += ck_vec_load(from + part * part_step + i * step + c);
      squares += all * all;
      if (i < ck_winograd_values - 1) all = ck_winograd_scales[i] * all;
      EACH(k, ck_most_group) sums[k] += ck_winograd_power(taps, k, i) * all;
    }
    EACH(k, ck_most_group) if (k < taps && to[k]) store_to(to[k] + c, sums[k], channels - c);
  }
  return squares_moderate(squares);
}
