/* y = Σ x · w for few output channels, which would leave lanes empty: vectors run along the inputs, and a tile of as many
   sums as a vector has lanes is folded into one vector at the end. */
/* [a folded in halves, b folded in halves], then quarters …: after log2(lanes) rounds every lane is one vector's sum. */
#if CK_LANES == 16
#define FOLD_ROUNDS 4
CK_INLINE ck_vec fold_two(ck_vec a, ck_vec b, int round) {
  switch (round) {
  case 0:
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
           __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  case 1:
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
           __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  case 2:
    return __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29) +
           __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31);
  default:
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +
           __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  }
}
#elif CK_LANES == 8
#define FOLD_ROUNDS 3
CK_INLINE ck_vec fold_two(ck_vec a, ck_vec b, int round) {
  switch (round) {
  case 0:
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
           __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  case 1:
    return __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13) +
           __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15);
  default:
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14) +
           __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
  }
}
#else
#define FOLD_ROUNDS 2
CK_INLINE ck_vec fold_two(ck_vec a, ck_vec b, int round) {
  if (round == 0) return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
  return __builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7);
}
#endif
/* Lane n of the result is the sum of all lanes of v[n]. */
CK_INLINE ck_vec fold(ck_vec v[CK_LANES]) {
  EACH(round, FOLD_ROUNDS) EACH(i, CK_LANES >> (round + 1)) v[i] = fold_two(v[2 * i], v[2 * i + 1], round);
  return v[0];
}

/* Two pixels at least for a tile. And how many numbers ahead of a pixel memory is asked for. */
enum { most_dots = CK_LANES / 2, dots_ahead = 1024 };

/* Sum n of a tile belongs to pixel n / outputs and output n % outputs: what one dense store wants. */
CK_INLINE void dot_tile(const int outputs, const ck_run *run, ptrdiff_t first, ptrdiff_t count, const ck_block *block) {
  const int pixels = CK_LANES / outputs;
  ck_vec sum[CK_LANES];
  EACH(n, CK_LANES) sum[n] = 0;
  ck_vec side_by_side = 0;
  for (ptrdiff_t s = 0; s < run->segment_count; s++) {
    const ck_segment *segment = &run->segments[s];
    const float *w = block->w + segment->row, *x[CK_LANES];
    if (outputs == 1 && segment->channels == 1 && segment->step == 1) { /* one number a pixel: a vector holds them all */
      side_by_side += *w * ck_vec_load_first(segment->x + first, count < pixels ? count : pixels);
      continue;
    }
    /* A tile at the end of a run computes its last pixel again rather than touch memory behind it. */
    EACH(i, pixels) x[i] = segment->x + (first + (i < count ? i : count - 1)) * segment->step;
    ptrdiff_t c = 0;
    for (; c + CK_LANES <= segment->channels; c += CK_LANES)
      EACH(o, outputs) {
        ck_vec weights = ck_vec_load(w + o * block->w_step + c);
        EACH(i, pixels) {
          if (o == 0) __builtin_prefetch(x[i] + c + dots_ahead);
          sum[i * outputs + o] += ck_vec_load(x[i] + c) * weights;
        }
      }
    ptrdiff_t rest = segment->channels - c;
    if (rest > 0)
      EACH(o, outputs) {
        ck_vec weights = ck_vec_load_first(w + o * block->w_step + c, rest);
        EACH(i, pixels) sum[i * outputs + o] += ck_vec_load_first(x[i] + c, rest) * weights;
      }
  }
  float values[2 * CK_LANES];
  ck_vec folded = fold(sum) + side_by_side;
  const ck_epilogue *e = &block->epilogue;
  if (!block->plain) {
    ck_vec_store(values, folded);
    finish(values, outputs, run, first, count < pixels ? count : pixels, block);
    return;
  }
  if (e->bias) {
    EACH(n, CK_LANES) values[n] = e->bias[block->first + n % outputs];
    folded += ck_vec_load(values);
  }
  float *y = run->y + first * run->y_step + block->first;
  if (block->keep != 0) {
    for (int n = 0; n < pixels * outputs; n++)
      values[n] = n / outputs < count ? y[n / outputs * run->y_step + n % outputs] : 0;
    for (int n = pixels * outputs; n < CK_LANES; n++) values[n] = 0;
    folded += block->keep * ck_vec_load(values);
  }
  folded = activate(folded, e->activation, e->slope);
  if (run->y_step == outputs) {
    ck_vec_store_first(y, folded, (count < pixels ? count : pixels) * outputs);
    return;
  }
  ck_vec_store(values, folded);
  for (ptrdiff_t i = 0; i < count && i < pixels; i++)
    ck_vec_store_first(y + i * run->y_step, ck_vec_load(values + i * outputs), outputs);
}

#define DOT_WITH(outputs) \
  case outputs: \
    for (ptrdiff_t first = 0; first < run->count; first += CK_LANES / outputs) \
      dot_tile(outputs, run, first, run->count - first, block); \
    break;
static void dot(const ck_run *run, const ck_block *block) {
  switch (block->channels) {
    DOT_WITH(1) DOT_WITH(2)
#if CK_LANES >= 8
    DOT_WITH(3) DOT_WITH(4)
#endif
#if CK_LANES == 16
    DOT_WITH(5) DOT_WITH(6) DOT_WITH(7) DOT_WITH(8)
#endif
  }
}
