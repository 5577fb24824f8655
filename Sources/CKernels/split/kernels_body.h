/* The kernels of one implementation of the tiles: included once by it, behind vectors.h, base/vector_math.h
   and the words tile_load, tile_multiply, tile_zero, tile_store, tile_configure, tile_release. */
#include "split/pack_body.h"
#include "split/tiles_body.h"

/* Sums of one row tile, and `more` that are added to them (or NULL): what scaling did is undone, and the
   epilogue of all convolutions takes over, for as many channels at a time as it does for its own kernels. */
CK_SPLIT_INLINE void finish(const ck_split_product *p, const ck_row_tile *tile, float *sums,
                            const float *more, const int sums_step) {
  const ck_block *all = &p->block;
  for (ptrdiff_t r = 0; r < tile->run.count; r++)
    for (int c = 0; c < sums_step; c += CK_LANES) {
      float *at = sums + r * sums_step + c;
      ck_vec x = ck_vec_load(at);
      if (more) x += ck_vec_load(more + r * sums_step + c);
      x = x * p->undo[0] * p->undo[1];
      if (all->keep != 0 && c < all->channels)
        x += all->keep * ck_vec_load_first(tile->run.y + r * tile->run.y_step + all->first + c,
                                           all->channels - c < CK_LANES ? all->channels - c : CK_LANES);
      ck_vec_store(at, x);
    }
  const ptrdiff_t most = p->conv->lanes * p->conv->most_vectors;
  for (ptrdiff_t c = 0; c < all->channels; c += most) {
    ck_block block = *all;
    block.first += c;
    block.channels = all->channels - c < most ? all->channels - c : most;
    p->conv->finish(sums + c, sums_step, &tile->run, 0, tile->run.count, &block);
  }
}

CK_SPLIT_INLINE void multiply_with(const int products, const ck_split_product *p) {
  enum { tile = 16 * 16 };
  float sums[4 * tile] __attribute__((aligned(64)));
  const int planes = ck_split_planes(products);
  const ptrdiff_t stride = p->a_step * 2;
  const ck_bf16 *a[ck_most_planes];
  if (p->columns > 16) {
    ptrdiff_t t = 0;
    for (; t + 2 <= p->tile_count; t += 2) {
      const ck_row_tile *first = &p->tiles[t];
      CK_EACH (n, planes) a[n] = p->planes[n] + first->a;
      CK_ZERO_SUMS;
      add_2x2(products, a, first[1].a - first->a, stride, p->steps, p->step_count, p->w);
      tile_store(0, sums, 128);
      tile_store(1, sums + 16, 128);
      tile_store(2, sums + 2 * tile, 128);
      tile_store(3, sums + 2 * tile + 16, 128);
      finish(p, first, sums, NULL, 32);
      finish(p, first + 1, sums + 2 * tile, NULL, 32);
    }
    if (t == p->tile_count) return;
    CK_EACH (n, planes) a[n] = p->planes[n] + p->tiles[t].a;
    CK_ZERO_SUMS;
    add_1x2(products, a, stride, p->steps, p->step_count, p->w);
    tile_store(0, sums, 128);
    tile_store(1, sums + 16, 128);
    tile_store(2, sums + 2 * tile, 128);
    tile_store(3, sums + 2 * tile + 16, 128);
    finish(p, &p->tiles[t], sums, sums + 2 * tile, 32);
    return;
  }
  CK_EACH (n, planes) a[n] = p->planes[n];
  for (ptrdiff_t t = 0; t < p->tile_count; t += 4) {
    ptrdiff_t at[4], here = p->tile_count - t < 4 ? p->tile_count - t : 4;
    for (int n = 0; n < 4; n++) at[n] = p->tiles[t + (n < here ? n : here - 1)].a; /* the last one again */
    CK_ZERO_SUMS;
    add_4x1(products, a, at, stride, p->steps, p->step_count, p->w);
    tile_store(0, sums, 64);
    tile_store(1, sums + tile, 64);
    tile_store(2, sums + 2 * tile, 64);
    tile_store(3, sums + 3 * tile, 64);
    for (ptrdiff_t n = 0; n < here; n++) finish(p, &p->tiles[t + n], sums + n * tile, NULL, 16);
  }
}

static void multiply(int products, const ck_split_product *p) {
  switch (products) {
  case 1: multiply_with(1, p); break;
  case 3: multiply_with(3, p); break;
  default: multiply_with(6, p); break;
  }
}

/* to[r, c] += (from[r, c] + more[r, c]) · undo, rows of `to` 32 apart. */
CK_SPLIT_INLINE void add_sums(const ck_split_outer *o, ptrdiff_t rows, int columns, const float *from,
                              const float *more, ptrdiff_t from_step, float *to) {
  for (ptrdiff_t r = 0; r < rows; r++)
    for (int c = 0; c < columns; c += CK_LANES) {
      ck_vec x = ck_vec_load(from + r * from_step + c);
      if (more) x += ck_vec_load(more + r * from_step + c);
      ck_vec_store(to + r * 32 + c, ck_vec_load(to + r * 32 + c) + x * o->undo[0] * o->undo[1]);
    }
}

CK_SPLIT_INLINE void outer_with(const int products, const ck_split_outer *o) {
  enum { tile = 16 * 16 };
  float sums[4 * tile] __attribute__((aligned(64)));
  const ptrdiff_t stride = o->a_step * 2, second = 16 * o->a_step;
  const bool two_rows = o->inputs > 16, two_columns = o->outputs > 16;
  const ptrdiff_t rows = two_rows ? 16 : o->inputs, rest = o->inputs - 16;
  CK_ZERO_SUMS;
  if (two_rows && two_columns) {
    add_2x2(products, o->planes, second, stride, o->steps, o->step_count, o->b);
    tile_store(0, sums, 128);
    tile_store(1, sums + 16, 128);
    tile_store(2, sums + 2 * tile, 128);
    tile_store(3, sums + 2 * tile + 16, 128);
    add_sums(o, o->inputs, 32, sums, NULL, 32, o->sums);
  } else if (two_rows) {
    add_2x1(products, o->planes, second, stride, o->steps, o->step_count, o->b);
    tile_store(0, sums, 64);
    tile_store(1, sums + tile, 64);
    tile_store(2, sums + 2 * tile, 64);
    tile_store(3, sums + 3 * tile, 64);
    add_sums(o, 16, 16, sums, sums + tile, 16, o->sums);
    add_sums(o, rest, 16, sums + 2 * tile, sums + 3 * tile, 16, o->sums + 16 * 32);
  } else if (two_columns) {
    add_1x2(products, o->planes, stride, o->steps, o->step_count, o->b);
    tile_store(0, sums, 128);
    tile_store(1, sums + 16, 128);
    tile_store(2, sums + 2 * tile, 128);
    tile_store(3, sums + 2 * tile + 16, 128);
    add_sums(o, rows, 32, sums, sums + 2 * tile, 32, o->sums);
  } else {
    add_1x1(products, o->planes, stride, o->steps, o->step_count, o->b);
    tile_store(0, sums, 64);
    tile_store(2, sums + tile, 64);
    add_sums(o, rows, 16, sums, sums + tile, 16, o->sums);
  }
}

static void outer(int products, const ck_split_outer *o) {
  switch (products) {
  case 1: outer_with(1, o); break;
  case 3: outer_with(3, o); break;
  default: outer_with(6, o); break;
  }
}

const ck_split_kernels CK_SPLIT_NAME = {.split_line = split_line,
                                        .turn_line = turn_line,
                                        .pair_line = pair_line,
                                        .configure = tile_configure,
                                        .release = tile_release,
                                        .multiply = multiply,
                                        .outer = outer};

/* Biography. Nothing here was timed on tiles: the machine has none. The loops, the order of products and the sizes
   of boxes are those of a prototype that was measured on a core with AMX (two threads, medians of interleaved
   runs, against the best PyTorch float32 and the float32 kernels of the time):
     forward          six products 1.71× PyTorch (1.46 to 1.94), 1.76× float32 (1.53 to 2.15); three 2.95×
                      PyTorch; one 1.09× PyTorch's bfloat16
     input gradient   six 1.89× and 1.76×; three 3.16×; one 1.32×
     weight gradient  six 1.81× and 1.40×, but 0.82× float32 for 24 → 48 (worth.c); three 3.09×; one 1.06×
   What it taught, and what was decided here:
     kept     small products first and the bias last: with the bias first the error rose from 2.0e-7 to 6.5e-7.
     kept     taps that touch as one stretch, where that saves 8 % of the steps (worth.c).
     kept     row tiles of equal height, each with a place of its own, instead of blocks of 32 rows: lines of 20
              or 24 pixels, of images or of a batch, waste little (a product takes as long as its tile has rows).
     kept     packing with time outermost: 1.13 to 1.77 times as fast as channels outermost in the prototype.
     dropped  storing planes between layers: 0.95 to 1.04× in three products there.
     dropped  storing tiles straight into the output: no faster there than over a buffer, and the epilogue wants
              the sums in float32 registers.
     dropped  vdpbf16ps, on processors with avx512_bf16 and no tiles: 0.47 of the float32 units' flops, measured
              here (0.72 ns each, where a float32 multiply-add of half as many flops takes 0.17).
     counted  instructions per 32-deep step of 2 × 2 tiles: 32 for three products (12 products, 8 loads), 65 for
              six (24 and 16), 15 for one (4 and 4). The rest are addresses; nothing is spilled in the loops. */
