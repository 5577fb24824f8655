/* float32 → planes of bfloat16. */

#define CK_PLANES(call) \
  switch (planes) { \
  case 1: call(1); break; \
  case 2: call(2); break; \
  default: call(3); \
  }

CK_SPLIT_INLINE measure measure_from(const ck_range *range) {
  return (measure){load_bits(range->most), load_bits(range->least)};
}
CK_SPLIT_INLINE void measure_into(const measure *m, ck_range *range) {
  store_bits(range->most, m->most);
  store_bits(range->least, m->least);
}

CK_SPLIT_INLINE void split_planes(const int planes, const float *x, ptrdiff_t x_step, ptrdiff_t count,
                                  ptrdiff_t channels, ptrdiff_t zeros, float scale, ck_bf16 *const *to,
                                  ptrdiff_t to_step, ck_range *range) {
  measure seen = measure_from(range);
  ck_bf16 *out[ck_most_planes];
  CK_EACH (p, planes) out[p] = to[p];
  if (x_step == channels && to_step == channels && zeros == 0) channels *= count, count = count > 0;
  const ptrdiff_t all = channels + zeros;
  for (ptrdiff_t i = 0; i < count; i++, x += x_step) {
    ptrdiff_t c = 0;
    for (; c + 16 <= channels; c += 16) {
      ck_f16 v = load16(x + c);
      see(&seen, v);
      v *= scale;
      CK_EACH (p, planes) {
        ck_h16 part = narrow(v);
        store_halves(out[p] + c, part);
        if (p < planes - 1) v -= widen(part);
      }
    }
    for (; c < all; c += 16) {
      ptrdiff_t here = channels - c < 0 ? 0 : channels - c < 16 ? channels - c : 16;
      ck_f16 v = load16_first(x + c, here);
      see(&seen, v);
      v *= scale;
      CK_EACH (p, planes) {
        ck_h16 part = narrow(v);
        store_halves_first(out[p] + c, part, all - c < 16 ? all - c : 16);
        if (p < planes - 1) v -= widen(part);
      }
    }
    CK_EACH (p, planes) out[p] += to_step;
  }
  measure_into(&seen, range);
}
static void split_line(const float *x, ptrdiff_t x_step, ptrdiff_t count, ptrdiff_t channels, ptrdiff_t zeros,
                       float scale, int planes, ck_bf16 *const *to, ptrdiff_t to_step, ck_range *range){
#define CK_CALL(n) split_planes(n, x, x_step, count, channels, zeros, scale, to, to_step, range)
    CK_PLANES(CK_CALL)
#undef CK_CALL
}

/* Two pixels' numbers as pairs, plane by plane. */
CK_SPLIT_INLINE
    void split_pairs(const int planes, ck_f16 a, ck_f16 b, float scale, measure *seen, ck_u16 *out) {
  see(seen, a);
  see(seen, b);
  a *= scale;
  b *= scale;
  CK_EACH (p, planes) {
    out[p] = pairs(a, b);
    if (p == planes - 1) break;
    a -= low_of(out[p]);
    b -= high_of(out[p]);
  }
}

/* Thirty-two pixels at a time, all their channels: the source is read in the order in which it lies. */
CK_SPLIT_INLINE void turn_planes(const int planes, const float *x, ptrdiff_t x_step, ptrdiff_t count,
                                 ptrdiff_t channels, float scale, ck_bf16 *const *to, ptrdiff_t to_step,
                                 ck_range *range) {
  measure seen = measure_from(range);
  for (ptrdiff_t first = 0; first < count; first += 32)
    for (ptrdiff_t c = 0; c < channels; c += 16) {
      const ptrdiff_t n = channels - c < 16 ? channels - c : 16;
      ck_u16 rows[ck_most_planes][16];
      for (int r = 0; r < 16; r++) {
        const ptrdiff_t pixel = first + 2 * r;
        const float *a = x + pixel * x_step + c;
        ck_u16 parts[ck_most_planes];
        split_pairs(planes, load16_first(a, pixel < count ? n : 0),
                    load16_first(a + x_step, pixel + 1 < count ? n : 0), scale, &seen, parts);
        CK_EACH (p, planes) rows[p][r] = parts[p];
      }
      CK_EACH (p, planes) {
        turn(rows[p]);
        for (int r = 0; r < 16; r++) store_bits(to[p] + (c + r) * to_step + first, rows[p][r]);
      }
    }
  measure_into(&seen, range);
}
static void turn_line(const float *x, ptrdiff_t x_step, ptrdiff_t count, ptrdiff_t channels, float scale,
                      int planes, ck_bf16 *const *to, ptrdiff_t to_step, ck_range *range){
#define CK_CALL(n) turn_planes(n, x, x_step, count, channels, scale, to, to_step, range)
    CK_PLANES(CK_CALL)
#undef CK_CALL
}

CK_SPLIT_INLINE
    void pair_planes(const int planes, const float *y, ptrdiff_t y_step, ptrdiff_t count, ptrdiff_t channels,
                     float scale, ck_bf16 *to, ptrdiff_t k0, ptrdiff_t block_step, ck_range *range) {
  enum { together = 8 }; /* pixels, so that a block's lines are written in fours */
  measure seen = measure_from(range);
  for (ptrdiff_t first = 0; first < count; first += together)
    for (ptrdiff_t c = 0; c < channels; c += 16) {
      const ptrdiff_t n = channels - c < 16 ? channels - c : 16;
      const ptrdiff_t block = c / 32, tiles = channels - block * 32 > 16 ? 2 : 1;
      const ptrdiff_t end = first + together < count ? first + together : count;
      for (ptrdiff_t pixel = first; pixel < end; pixel += 2) {
        const float *a = y + pixel * y_step + c;
        const ptrdiff_t k = k0 + pixel;
        ck_bf16 *line =
            to + block * block_step + k / 32 * planes * tiles * 512 + c % 32 / 16 * 512 + k % 32 / 2 * 32;
        ck_u16 parts[ck_most_planes];
        split_pairs(planes, load16_first(a, n), load16_first(a + y_step, pixel + 1 < count ? n : 0), scale,
                    &seen, parts);
        CK_EACH (p, planes) store_bits(line + p * tiles * 512, parts[p]);
      }
    }
  measure_into(&seen, range);
}
static void pair_line(const float *y, ptrdiff_t y_step, ptrdiff_t count, ptrdiff_t channels, float scale,
                      int planes, ck_bf16 *to, ptrdiff_t k0, ptrdiff_t block_step, ck_range *range) {
#define CK_CALL(n) pair_planes(n, y, y_step, count, channels, scale, to, k0, block_step, range)
  CK_PLANES(CK_CALL)
#undef CK_CALL
}
