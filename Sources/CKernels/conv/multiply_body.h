/* y = Σ x · w: a tile is `pixels` × `vectors` sums held in registers. Each step takes one input channel: its weights
   are `vectors` loads, its inputs `pixels` broadcasts, and every pair is one multiply-add. */
/* Rows row ..< row + chain of the weights: what a tile adds before it looks at another part of them. By the weights' rows
   and not by a run's, since runs at a signal's ends lack taps, and no bit shall depend on where a signal is cut. */
typedef struct {
  ck_segment segments[chain];
  ptrdiff_t count;
  bool begins, ends; /* the first of the run, the last */
} piece;
static void cut_piece(const ck_run *run, ptrdiff_t row, piece *to) {
  const ptrdiff_t end = row + chain;
  to->count = 0;
  to->begins = row == 0;
  to->ends = true;
  for (ptrdiff_t s = 0; s < run->segment_count; s++) {
    ck_segment part = run->segments[s];
    const ptrdiff_t part_end = part.row + part.channels;
    if (part_end > end) to->ends = false;
    if (part.row >= end || part_end <= row) continue;
    const ptrdiff_t before = row > part.row ? row - part.row : 0, after = part_end > end ? part_end - end : 0;
    part.x += before;
    part.row += before;
    part.channels -= before + after;
    to->segments[to->count++] = part;
  }
}

/* `parts` holds the sums of earlier pieces, rows of `vectors` vectors from the run's first pixel on. */
CK_INLINE void multiply_tile(const int pixels, const int vectors, const bool fetch, const ck_run *run,
                             const piece *piece, ptrdiff_t first, const ck_block *block, float *parts) {
  ck_vec sum[14][4];
  const ptrdiff_t tail = block->channels - (vectors - 1) * CK_LANES;
  const ck_epilogue *e = &block->epilogue;
  if (run->residual && piece->ends) fetch_residual(run, first, pixels, block);
  EACH(j, vectors) {
    ck_vec start = 0; /* the bias: as good first as last, and free */
    if (piece->begins && block->plain && e->bias) {
      const float *bias = e->bias + block->first + j * CK_LANES;
      start = j < vectors - 1 ? ck_vec_load(bias) : ck_vec_load_first(bias, tail);
    }
    EACH(i, pixels) sum[i][j] = start;
  }
  float *part = parts + first * vectors * CK_LANES;
  if (!piece->begins && block->one_chain)
    EACH(i, pixels) EACH(j, vectors) sum[i][j] = ck_vec_load(part + (i * vectors + j) * CK_LANES);
  for (ptrdiff_t s = 0; s < piece->count; s++) {
    const ck_segment *segment = &piece->segments[s];
    const ptrdiff_t step = segment->step, w_step = block->w_step;
    const float *x = segment->x + first * step, *end = x + segment->channels, *w = block->w + segment->row * w_step;
    const float *ahead = x + pixels * step;
    const ptrdiff_t ahead_step = (pixels * step + segment->channels - 1) / segment->channels;
    if (vectors % 2 == 1 && segment->part != ck_both) {
      ck_lanes_between lanes[4];
      EACH(j, vectors) {
        const int32_t middle = (int32_t)block->pair - j * CK_LANES;
        lanes[j] = segment->part == ck_first ? ck_vec_lanes(0, middle) : ck_vec_lanes(middle, CK_LANES);
      }
      for (; x != end; x++, w += w_step) {
        ck_vec weights[4];
        EACH(j, vectors) weights[j] = ck_vec_load(w + j * CK_LANES);
        EACH(i, pixels) {
          ck_vec input = ck_vec_splat(x[i * step]);
          EACH(j, vectors) sum[i][j] = ck_vec_add_product_in(lanes[j], sum[i][j], input, weights[j]);
        }
      }
      continue;
    }
    for (; x != end; x++, w += w_step) {
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
  if (!piece->begins && !block->one_chain)
    EACH(i, pixels) EACH(j, vectors) sum[i][j] += ck_vec_load(part + (i * vectors + j) * CK_LANES);
  if (!piece->ends) {
    EACH(i, pixels) EACH(j, vectors) ck_vec_store(part + (i * vectors + j) * CK_LANES, sum[i][j]);
    return;
  }
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

/* A run is cut into nearly equal tiles: 9 pixels are better off as 5 + 4 than as 8 + 1. Piece by piece of the weights,
   which stay in the first-level cache for all tiles of all runs. */
#define MULTIPLY_WITH(vectors) \
  static const float *multiply_run_##vectors(const ck_run *run, const piece *piece, const ck_block *block, \
                                             float *parts, const float *ahead, ptrdiff_t lines) { \
    ptrdiff_t tiles = (run->count + pixels_##vectors - 1) / pixels_##vectors; \
    for (ptrdiff_t tile = 0, first = 0, next; tile < tiles; tile++, first = next) { \
      next = run->count * (tile + 1) / tiles; \
      for (ptrdiff_t n = 0; n < lines; n++, ahead += 16) __builtin_prefetch(ahead, 0, 2); \
      switch (next - first) { \
        MULTIPLY_CASE(1, vectors) MULTIPLY_CASE(2, vectors) MULTIPLY_CASE(3, vectors) \
        MULTIPLY_CASE(4, vectors) MULTIPLY_CASE(5, vectors) MULTIPLY_CASE(6, vectors) \
        MULTIPLY_CASE(7, vectors) MULTIPLY_CASE(8, vectors) MULTIPLY_CASE(9, vectors) \
        MULTIPLY_CASE(10, vectors) MULTIPLY_CASE(11, vectors) MULTIPLY_CASE(12, vectors) \
        MULTIPLY_CASE(13, vectors) MULTIPLY_CASE(14, vectors) \
      } \
    } \
    return ahead; \
  }
#define MULTIPLY_CASE(pixels, vectors) \
  case pixels: \
    if (pixels == pixels_##vectors && block->fetch) \
      multiply_tile(pixels_##vectors, vectors, true, run, piece, first, block, parts); \
    else if (pixels <= pixels_##vectors) \
      multiply_tile(pixels <= pixels_##vectors ? pixels : 1, vectors, false, run, piece, first, block, parts); \
    break;
MULTIPLY_WITH(1)
MULTIPLY_WITH(2)
MULTIPLY_WITH(3)
MULTIPLY_WITH(4)

/* With fewer pixels a piece is over before the next one could come. */
enum { least_prefetching = 96 };

static void multiply(const ck_run *runs, ptrdiff_t run_count, const ck_block *block, float *parts) {
  piece piece;
  bool more = true;
  const ptrdiff_t width = block->vectors * CK_LANES;
  /* Weights that come from memory are asked for a piece ahead, as many lines with every tile. */
  ptrdiff_t lines = 0;
  if (block->fetch_weights && block->w_step == width) {
    ptrdiff_t pixels = 0;
    for (ptrdiff_t r = 0; r < run_count; r++) pixels += runs[r].count;
    const ptrdiff_t tile = block->vectors == 4 ? pixels_4 : block->vectors == 3 ? pixels_3
                         : block->vectors == 2 ? pixels_2 : pixels_1;
    lines = pixels >= least_prefetching ? chain * width * tile / (16 * pixels) + 1 : 0;
  }
  for (ptrdiff_t row = 0; more; row += chain) {
    float *at = parts;
    const float *ahead = block->w + (row + chain) * width;
    more = false;
    for (const ck_run *run = runs; run < runs + run_count; at += run++->count * width) {
      cut_piece(run, row, &piece);
      more = more || !piece.ends;
      if (piece.count == 0 && row > 0) continue; /* a run of fewer taps */
      switch (block->vectors) {
      case 1: ahead = multiply_run_1(run, &piece, block, at, ahead, lines); break;
      case 2: ahead = multiply_run_2(run, &piece, block, at, ahead, lines); break;
      case 3: ahead = multiply_run_3(run, &piece, block, at, ahead, lines); break;
      case 4: ahead = multiply_run_4(run, &piece, block, at, ahead, lines); break;
      }
    }
  }
}
