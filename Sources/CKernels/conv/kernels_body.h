/* The tiles of every convolution, for one instruction set: included once by each kernels_*.c.

   multiply   a tile is `pixels` × `vectors` sums held in registers. Each step takes one input channel: its weights are
              `vectors` loads, its inputs `pixels` broadcasts, and every pair is one multiply-add.
   dot        few output channels would leave lanes empty: there vectors run along the inputs, and a tile of as many
              sums as a vector has lanes is folded into one vector at the end.
   outer      the weight gradient: a tile is `rows` × `vectors` sums over the pixels of a piece. */
#include "base/vector_math.h"

/* Pixels of a tile by its number of vectors: as many as registers hold beside the weights (32, or 16 on x86 below
   AVX-512, where 4 × 3 would fill all 16 and spill). Tails use the same code with fewer pixels, so the arithmetic of a pixel never depends on its tile. */
#if CK_LANES == 16 || defined(__aarch64__)
enum { most_vectors = 4, pixels_1 = 14, pixels_2 = 12, pixels_3 = 8, pixels_4 = 6 };
#else
enum { most_vectors = 2, pixels_1 = 10, pixels_2 = 6, pixels_3 = 1, pixels_4 = 1 };
#endif

/* A sum longer than this is cut: its parts are added apart, so that error grows with the length of a part. */
enum { chain = 128 };

CK_INLINE ck_vec activate(ck_vec x, ck_activation activation, float slope) {
  switch (activation) {
  case ck_activation_none: break;
  case ck_activation_relu: return ck_vec_select(x < 0.0f, ck_vec_splat(0), x); /* NaN stays */
  case ck_activation_leaky_relu: return ck_vec_select(x > 0.0f, x, slope * x);
  case ck_activation_tanh: return ck_vec_tanh(x);
  case ck_activation_sigmoid: return ck_vec_sigmoid(x);
  }
  return x;
}

/* The activations with an exponential in them come as a second pass over what the tile just stored: a call per vector,
   not the whole formula in every tile. */
static void activate_stored(float *y, ptrdiff_t y_step, ptrdiff_t pixels, ptrdiff_t channels, const ck_epilogue *e) {
  if (e->activation != ck_activation_tanh && e->activation != ck_activation_sigmoid) return;
  if (y_step == channels) channels *= pixels, pixels = 1;
  for (ptrdiff_t i = 0; i < pixels; i++, y += y_step)
    for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
      ptrdiff_t n = channels - c < CK_LANES ? channels - c : CK_LANES;
      ck_vec x = ck_vec_load_first(y + c, n);
      x = e->activation == ck_activation_tanh ? ck_vec_tanh(x) : ck_vec_sigmoid(x);
      ck_vec_store_first(y + c, x, n);
    }
}

#define EACH(i, n) _Pragma("clang loop unroll(full)") for (int i = 0; i < (n); i++)

/* ---- multiply ----------------------------------------------------------------------------------------- */

CK_INLINE void multiply_tile(const int pixels, const int vectors, const ck_run *run, ptrdiff_t first,
                             const ck_block *block) {
  ck_vec sum[14][4], parts[14][4];
  bool cut = false;
  ptrdiff_t left = chain;
  const ptrdiff_t tail = block->channels - (vectors - 1) * CK_LANES;
  EACH(j, vectors) {
    ck_vec start = 0; /* the bias: as good first as last, and free */
    if (block->epilogue.bias)
      start = j < vectors - 1 ? ck_vec_load(block->epilogue.bias + j * CK_LANES)
                              : ck_vec_load_first(block->epilogue.bias + j * CK_LANES, tail);
    EACH(i, pixels) sum[i][j] = start;
  }
  for (ptrdiff_t s = 0; s < run->segment_count; s++) {
    const ck_segment *segment = &run->segments[s];
    const ptrdiff_t step = segment->step, w_step = block->w_step;
    const float *x = segment->x + first * step, *w = block->w + segment->row * w_step;
    for (ptrdiff_t channels = segment->channels; channels > 0;) {
      ptrdiff_t n = channels < left ? channels : left;
      channels -= n;
      left -= n;
      for (const float *end = x + n; x != end; x++, w += w_step) {
        ck_vec weights[4];
        EACH(j, vectors) weights[j] = ck_vec_load(w + j * CK_LANES);
        EACH(i, pixels) {
          ck_vec input = ck_vec_splat(x[i * step]);
          EACH(j, vectors) sum[i][j] += input * weights[j];
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

  float *y = run->y + first * run->y_step + block->first;
  if (block->keep != 0)
    EACH(i, pixels) {
      const float *old = y + i * run->y_step;
      EACH(j, vectors - 1) sum[i][j] += block->keep * ck_vec_load(old + j * CK_LANES);
      sum[i][vectors - 1] += block->keep * ck_vec_load_first(old + (vectors - 1) * CK_LANES, tail);
    }
  if (block->epilogue.activation == ck_activation_relu)
    EACH(i, pixels) EACH(j, vectors) sum[i][j] = activate(sum[i][j], ck_activation_relu, 0);
  if (block->epilogue.activation == ck_activation_leaky_relu)
    EACH(i, pixels) EACH(j, vectors)
      sum[i][j] = activate(sum[i][j], ck_activation_leaky_relu, block->epilogue.slope);
  if (tail == CK_LANES) {
    EACH(i, pixels) EACH(j, vectors) ck_vec_store(y + i * run->y_step + j * CK_LANES, sum[i][j]);
  } else {
    EACH(i, pixels) {
      EACH(j, vectors - 1) ck_vec_store(y + i * run->y_step + j * CK_LANES, sum[i][j]);
      ck_vec_store_first(y + i * run->y_step + (vectors - 1) * CK_LANES, sum[i][vectors - 1], tail);
    }
  }
  activate_stored(y, run->y_step, pixels, block->channels, &block->epilogue);
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
    if (pixels <= pixels_##vectors) multiply_tile(pixels <= pixels_##vectors ? pixels : 1, vectors, run, first, block); \
    break;
MULTIPLY_WITH(1)
MULTIPLY_WITH(2)
MULTIPLY_WITH(3)
MULTIPLY_WITH(4)

static void multiply(const ck_run *run, const ck_block *block) {
  switch ((block->channels + CK_LANES - 1) / CK_LANES) {
  case 1: multiply_1(run, block); break;
  case 2: multiply_2(run, block); break;
  case 3: multiply_3(run, block); break;
  case 4: multiply_4(run, block); break;
  }
}

/* ---- dot ---------------------------------------------------------------------------------------------- */

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

enum { most_dots = 4 };

/* Sum n of a tile belongs to pixel n / outputs and output n % outputs: what one dense store wants. */
CK_INLINE void dot_tile(const int outputs, const ck_run *run, ptrdiff_t first, ptrdiff_t count, const ck_block *block) {
  const int pixels = CK_LANES / outputs;
  ck_vec sum[CK_LANES];
  EACH(n, CK_LANES) sum[n] = 0;
  for (ptrdiff_t s = 0; s < run->segment_count; s++) {
    const ck_segment *segment = &run->segments[s];
    const float *w = block->w + segment->row, *x[CK_LANES];
    /* A tile at the end of a run computes its last pixel again rather than touch memory behind it. */
    EACH(i, pixels) x[i] = segment->x + (first + (i < count ? i : count - 1)) * segment->step;
    ptrdiff_t c = 0;
    for (; c + CK_LANES <= segment->channels; c += CK_LANES)
      EACH(o, outputs) {
        ck_vec weights = ck_vec_load(w + o * block->w_step + c);
        EACH(i, pixels) sum[i * outputs + o] += ck_vec_load(x[i] + c) * weights;
      }
    ptrdiff_t rest = segment->channels - c;
    if (rest > 0)
      EACH(o, outputs) {
        ck_vec weights = ck_vec_load_first(w + o * block->w_step + c, rest);
        EACH(i, pixels) sum[i * outputs + o] += ck_vec_load_first(x[i] + c, rest) * weights;
      }
  }
  float values[CK_LANES];
  ck_vec folded = fold(sum);
  const ck_epilogue *e = &block->epilogue;
  if (e->bias) {
    EACH(n, CK_LANES) values[n] = e->bias[n % outputs];
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
    for (int o = 0; o < outputs; o++) y[i * run->y_step + o] = values[i * outputs + o];
}

#define DOT_WITH(outputs) \
  case outputs: \
    for (ptrdiff_t first = 0; first < run->count; first += CK_LANES / outputs) \
      dot_tile(outputs, run, first, run->count - first, block); \
    break;
static void dot(const ck_run *run, const ck_block *block) {
  switch (block->channels) { DOT_WITH(1) DOT_WITH(2) DOT_WITH(3) DOT_WITH(4) }
}

/* ---- depthwise ---------------------------------------------------------------------------------------- */

enum { depthwise_pixels = 8 };

CK_INLINE void depthwise_tile(const int pixels, const bool whole, const ck_run *run, ptrdiff_t first, ptrdiff_t channel,
                              ptrdiff_t n, const ck_block *block) {
  ck_vec sum[depthwise_pixels];
  EACH(i, pixels) sum[i] = 0;
  for (ptrdiff_t s = 0; s < run->segment_count; s++) {
    const ck_segment *segment = &run->segments[s];
    const ptrdiff_t step = segment->step;
    const float *x = segment->x + first * step + channel, *w = block->w + segment->row * block->w_step + channel;
    ck_vec weights = whole ? ck_vec_load(w) : ck_vec_load_first(w, n);
    EACH(i, pixels) {
      ck_vec input = whole ? ck_vec_load(x + i * step) : ck_vec_load_first(x + i * step, n);
      sum[i] += input * weights;
    }
  }
  const ck_epilogue *e = &block->epilogue;
  ck_vec bias = 0;
  if (e->bias) bias = ck_vec_load_first(e->bias + channel, n);
  float *y = run->y + first * run->y_step + block->first + channel;
  for (int i = 0; i < pixels; i++)
    ck_vec_store_first(y + i * run->y_step, activate(sum[i] + bias, e->activation, e->slope), n);
}

static void depthwise(const ck_run *run, const ck_block *block) {
  for (ptrdiff_t channel = 0; channel < block->channels; channel += CK_LANES) {
    ptrdiff_t n = block->channels - channel < CK_LANES ? block->channels - channel : CK_LANES, first = 0;
    for (; first + depthwise_pixels <= run->count; first += depthwise_pixels) {
      if (n == CK_LANES) depthwise_tile(depthwise_pixels, true, run, first, channel, n, block);
      else depthwise_tile(depthwise_pixels, false, run, first, channel, n, block);
    }
    for (; first < run->count; first++) depthwise_tile(1, false, run, first, channel, n, block);
  }
}

/* ---- outer -------------------------------------------------------------------------------------------- */

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

/* sums[i, j] += Σ over the runs of x[i] · y[j] for `rows` rows of segment s from `row` on. */
CK_INLINE void outer_tile(const int rows, const int vectors, const ck_run *runs, ptrdiff_t run_count, ptrdiff_t s,
                          ptrdiff_t row, const float *y, float *sums) {
  ck_vec sum[14][4];
  EACH(i, rows) EACH(j, vectors) sum[i][j] = 0;
  for (ptrdiff_t r = 0; r < run_count; r++) {
    const ptrdiff_t step = runs[r].segments[s].step;
    const float *x = runs[r].segments[s].x + row;
    for (ptrdiff_t t = runs[r].count; t > 0; t--, x += step, y += vectors * CK_LANES) {
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
}

#define OUTER_CASE(rows, vectors) \
  case rows: \
    if (rows <= pixels_##vectors) \
      outer_tile(rows <= pixels_##vectors ? rows : 1, vectors, runs, run_count, s, first, y, p); \
    break;
#define OUTER_WITH(vectors) \
  static void outer_##vectors(const ck_run *runs, ptrdiff_t run_count, const float *y, float *sums) { \
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

static void outer(const ck_run *runs, ptrdiff_t run_count, const float *y, ptrdiff_t vectors, float *sums) {
  switch (vectors) {
  case 1: outer_1(runs, run_count, y, sums); break;
  case 2: outer_2(runs, run_count, y, sums); break;
  case 3: outer_3(runs, run_count, y, sums); break;
  case 4: outer_4(runs, run_count, y, sums); break;
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

static void outer_depthwise(const ck_run *runs, ptrdiff_t run_count, ptrdiff_t channels, float *sums) {
  enum { chains = 4 };
  for (ptrdiff_t s = 0; s < runs->segment_count; s++)
    for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
      ptrdiff_t n = channels - c < CK_LANES ? channels - c : CK_LANES;
      ck_vec sum[chains];
      EACH(i, chains) sum[i] = 0;
      for (ptrdiff_t r = 0; r < run_count; r++) {
        const ptrdiff_t step = runs[r].segments[s].step, y_step = runs[r].y_step;
        const float *x = runs[r].segments[s].x + c, *y = runs[r].y + c;
        ptrdiff_t t = 0;
        for (; t + chains <= runs[r].count; t += chains)
          EACH(i, chains)
            sum[i] += ck_vec_load_first(x + (t + i) * step, n) * ck_vec_load_first(y + (t + i) * y_step, n);
        for (; t < runs[r].count; t++)
          sum[0] += ck_vec_load_first(x + t * step, n) * ck_vec_load_first(y + t * y_step, n);
      }
      float *p = sums + runs->segments[s].row * channels + c;
      ck_vec_store_first(p, ck_vec_load_first(p, n) + ((sum[0] + sum[1]) + (sum[2] + sum[3])), n);
    }
}

const ck_conv_kernels CK_CONV_NAME = {
    .isa = CK_CONV_ISA, .lanes = CK_LANES, .most_vectors = most_vectors, .most_dots = most_dots,
    .multiply = multiply, .dot = dot, .depthwise = depthwise,
    .pack = pack, .outer = outer, .outer_few = outer_few, .outer_depthwise = outer_depthwise};

/* Biography (one core of a 2023 Xeon shared with others, AVX-512 unless said; GF/s are medians)
     kept     12 × 2 tiles beside 8 × 3 and 6 × 4: 24 sums hide the latency of two multiply-adds a cycle; the loops hold
              no spill (46 instructions for 24 multiply-adds in 8 × 3).
     kept     equal tiles: 9 pixels as 5 + 4.
     kept     taps that touch in memory joined: 1 → 24 channels, kernel 15, is one stretch of 15.
     kept     bias as the start of the sums; packing output gradients by vectors, not by memcpy: dw of 1 → 24 from 31 to 51.
     kept     sums cut every 128 terms: largest error 8.5e-7 of the largest output when cut every 256.
     dropped  4 × 3 tiles on AVX2: they fill all 16 registers and spill; 51 GF/s where 6 × 2 gives 67 (216 → 96, kernel 5).
     kept     whole windows for lines under 256 pixels: edges cut off as runs of 7 cost dw a fifth (168 and 216 channels).
     even     blocks of 2, 3 or 4 vectors wherever there are more: 88, 96, 95 on 144 → 168, kernel 15.
     not done streaming stores for outputs beyond the caches; sharing a half-empty last vector between two pixels. */
