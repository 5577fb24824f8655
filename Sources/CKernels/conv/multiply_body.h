/* y = Σ x · w: a tile is `pixels` × `vectors` sums held in registers. Each step takes one input channel: its weights
   are `vectors` loads, its inputs `pixels` broadcasts, and every pair is one multiply-add. */
CK_INLINE void multiply_tile(const int pixels, const int vectors, const bool fetch, const ck_run *run,
                             ptrdiff_t first, const ck_block *block) {
  ck_vec sum[14][4], parts[14][4];
  bool cut = false;
  ptrdiff_t left = chain;
  const ptrdiff_t tail = block->channels - (vectors - 1) * CK_LANES;
  const ck_epilogue *e = &block->epilogue;
  EACH(j, vectors) {
    ck_vec start = 0; /* the bias: as good first as last, and free */
    if (block->plain && e->bias) {
      const float *bias = e->bias + block->first + j * CK_LANES;
      start = j < vectors - 1 ? ck_vec_load(bias) : ck_vec_load_first(bias, tail);
    }
    EACH(i, pixels) sum[i][j] = start;
  }
  for (ptrdiff_t s = 0; s < run->segment_count; s++) {
    const ck_segment *segment = &run->segments[s];
    const ptrdiff_t step = segment->step, w_step = block->w_step;
    const float *x = segment->x + first * step, *w = block->w + segment->row * w_step;
    const float *ahead = x + pixels * step;
    const ptrdiff_t ahead_step = (pixels * step + segment->channels - 1) / segment->channels;
    for (ptrdiff_t channels = segment->channels; channels > 0;) {
      ptrdiff_t n = channels < left ? channels : left;
      channels -= n;
      left -= n;
      if (vectors % 2 == 1 && segment->part != ck_both) {
        ck_lanes_between lanes[4];
        EACH(j, vectors) {
          const int32_t middle = (int32_t)block->pair - j * CK_LANES;
          lanes[j] = segment->part == ck_first ? ck_vec_lanes(0, middle) : ck_vec_lanes(middle, CK_LANES);
        }
        for (const float *end = x + n; x != end; x++, w += w_step) {
          ck_vec weights[4];
          EACH(j, vectors) weights[j] = ck_vec_load(w + j * CK_LANES);
          EACH(i, pixels) {
            ck_vec input = ck_vec_splat(x[i * step]);
            EACH(j, vectors) sum[i][j] = ck_vec_add_product_in(lanes[j], sum[i][j], input, weights[j]);
          }
        }
      } else {
        for (const float *end = x + n; x != end; x++, w += w_step) {
          ck_vec weights[4];
          EACH(j, vectors) weights[j] = ck_vec_load(w + j * CK_LANES);
          if (fetch) {
            __builtin_prefetch(ahead);
            ahead += ahead_step;
          }
          EACH(i, pixels) {
            ck_vec input = ck_vec_splat(x[i * step]);
            EACH(j, vectors) sum[i][j] += input * weights[j];
          }
        }
      }
      if (left > 0) continue;
      EACH(i, pixels) EACH(j, vectors) parts[i][j] = cut ? parts[i][j] + sum[i][j] : sum[i][j];
      EACH(i, pixels) EACH(j, vectors) sum[i][j] = 0;
      cut = true;
      left = chain;
    }
  }
  if (cut) EACH(i, pixels) EACH(j, vectors) sum[i][j] += parts[i][j];

  if (!block->plain) {
    float sums[14 * 4 * CK_LANES];
    EACH(i, pixels) EACH(j, vectors) ck_vec_store(sums + (i * vectors + j) * CK_LANES, sum[i][j]);
    finish(sums, vectors * CK_LANES, run, first, pixels, block);
    return;
  }
  float *y = run->y + first * run->y_step + block->first;
  if (block->keep != 0)
    EACH(i, pixels) {
      const float *old = y + i * run->y_step;
      EACH(j, vectors - 1) sum[i][j] += block->keep * ck_vec_load(old + j * CK_LANES);
      sum[i][vectors - 1] += block->keep * ck_vec_load_first(old + (vectors - 1) * CK_LANES, tail);
    }
  if (e->activation == ck_activation_relu)
    EACH(i, pixels) EACH(j, vectors) sum[i][j] = activate(sum[i][j], ck_activation_relu, 0);
  if (e->activation == ck_activation_leaky_relu)
    EACH(i, pixels) EACH(j, vectors) sum[i][j] = activate(sum[i][j], ck_activation_leaky_relu, e->slope);
  if (block->stream) {
    EACH(i, pixels) EACH(j, vectors) ck_vec_stream(y + i * run->y_step + j * CK_LANES, sum[i][j]);
  } else if (tail == CK_LANES) {
    EACH(i, pixels) EACH(j, vectors) ck_vec_store(y + i * run->y_step + j * CK_LANES, sum[i][j]);
  } else {
    EACH(i, pixels) {
      EACH(j, vectors - 1) ck_vec_store(y + i * run->y_step + j * CK_LANES, sum[i][j]);
      ck_vec_store_first(y + i * run->y_step + (vectors - 1) * CK_LANES, sum[i][vectors - 1], tail);
    }
  }
}

/* A run is cut into nearly equal tiles: 9 pixels are better off as 5 + 4 than as 8 + 1. */
#define MULTIPLY_WITH(vectors) \
  static void multiply_##vectors(const ck_run *run, const ck_block *block) { \
    ptrdiff_t tiles = (run->count + pixels_##vectors - 1) / pixels_##vectors; \
    for (ptrdiff_t tile = 0, first = 0, next; tile < tiles; tile++, first = next) { \
      next = run->count * (tile + 1) / tiles; \
      switch (next - first) { \
        MULTIPLY_CASE(1, vectors) MULTIPLY_CASE(2, vectors) MULTIPLY_CASE(3, vectors) MULTIPLY_CASE(4, vectors) \
        MULTIPLY_CASE(5, vectors) MULTIPLY_CASE(6, vectors) MULTIPLY_CASE(7, vectors) MULTIPLY_CASE(8, vectors) \
        MULTIPLY_CASE(9, vectors) MULTIPLY_CASE(10, vectors) MULTIPLY_CASE(11, vectors) MULTIPLY_CASE(12, vectors) \
        MULTIPLY_CASE(13, vectors) MULTIPLY_CASE(14, vectors) \
      } \
    } \
  }
#define MULTIPLY_CASE(pixels, vectors) \
  case pixels: \
    if (pixels == pixels_##vectors && block->fetch) multiply_tile(pixels_##vectors, vectors, true, run, first, block); \
    else if (pixels <= pixels_##vectors) \
      multiply_tile(pixels <= pixels_##vectors ? pixels : 1, vectors, false, run, first, block); \
    break;
MULTIPLY_WITH(1)
MULTIPLY_WITH(2)
MULTIPLY_WITH(3)
MULTIPLY_WITH(4)

static void multiply(const ck_run *run, const ck_block *block) {
  switch (block->vectors) {
  case 1: multiply_1(run, block); break;
  case 2: multiply_2(run, block); break;
  case 3: multiply_3(run, block); break;
  case 4: multiply_4(run, block); break;
  }
}
