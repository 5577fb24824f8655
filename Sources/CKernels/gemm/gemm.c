#include "CKernels.h"
#include "base/scratch.h"
#include "base/threads.h"
#include "check/check.h"
#include "conv/correlation.h"
#include "gemm/gemm.h"
#include "split/split.h"

/* A matrix product is a convolution with one tap, or the weight gradient of one:

     A · B    rows of A are pixels, columns of A their channels, B the weights           → ck_correlate
     Aᵀ · B   A and B are stored with the summed index first: Σ_p A[p, i] · B[p, j]      → ck_correlation_weights

   but a small one is over before weights are packed and pixels lowered. Which way for which shape, and the measurement
   that decided it (one core of a 2023 Xeon, AVX-512; GF/s, or time; ratios to OpenBLAS are of the same runs):

     one column of C, A as stored                   dot       25 × 1, 128 terms: 0.5 → 0.7 to 1.2 of OpenBLAS
     at most 64 rows, or Aᵀ · B of at most 128
       terms, or one column of Aᵀ · B               product   25 × 128, 128 terms: 78 → 157; 128 × 128, 25: 63 → 156;
                                                              4096 × 32, 64: 45 → 92; 128 × 1, 25: 0.14 → 1.0
       … of more than 2 million multiplications     shared among threads in items of so many
     Aᵀ · B, long sums                              ck_correlation_weights
     A · Bᵀ, few rows of A                          as (B · Aᵀ)ᵀ
     anything else                                  ck_correlate. Not product: without blocks for the caches 2048³ gives
                                                    0.6 of it, its Aᵀ · B 0.55

   Its own kernels rather than a BLAS: a BLAS that does not know the processor falls back to code many times slower
   (OpenBLAS 0.3.21 on a 2023 Xeon: 20 GF/s, where these give 130), and its bits depend on its threads. */

/* From this length on a sum is cut into parts by the weight gradient; below, Aᵀ is cheaper to turn round. */
enum { long_sum = 768 };
enum { few_rows = 64 };

static double products_of(const ck_gemm_geometry *g) { return (double)g->m * (double)g->n * (double)g->k; }

static void scale_matrix(const ck_gemm_geometry *g, float *c) {
  for (ptrdiff_t i = 0; i < g->m; i++)
    for (ptrdiff_t j = 0; j < g->n; j++) c[i * g->ldc + j] = g->beta == 0 ? 0 : g->beta * c[i * g->ldc + j];
}

/* `pixels` rows of one source, seen through one tap, against `outputs` columns of weights. */
static ck_correlation product(ptrdiff_t pixels, const ck_image *source, const ck_tap *tap, float *y, ptrdiff_t outputs,
                              ptrdiff_t y_step) {
  return (ck_correlation){.batch = 1, .height = 1, .width = pixels, .out_height = 1, .out_width = pixels, .step_y = 1,
                          .step_x = 1, .source_count = 1, .sources = source, .tap_count = 1, .taps = tap, .groups = 1,
                          .destination = {.data = y, .channels = outputs, .pixel_stride = y_step}};
}

/* A · Bᵀ for few rows of A, as (B · Aᵀ)ᵀ: the rows of B are the pixels, and instead of B a few rows are turned round. */
static void multiply_turned(const ck_context *context, const ck_conv_kernels *kernels, const ck_gemm_geometry *g,
                            const float *a, const float *b, float *c) {
  const ck_tap tap = {.row = 0};
  ck_image source = {.data = b, .channels = g->k, .pixel_stride = g->ldb};
  ck_weights rows = {.data = a, .in_step = 1, .out_step = g->lda, .groups = 1, .taps = 1, .inputs = g->k,
                     .outputs = g->m, .scale = g->alpha};
  ck_packed packed = ck_pack_weights(context, kernels, &rows, g->n);
  float *turned = g->m == 1 ? c : ck_scratch(5, (size_t)(g->m * g->n) * sizeof *turned);
  if (!turned) return;
  ck_correlation product_of_rows = product(g->n, &source, &tap, turned, g->m, g->m);
  ck_correlate(context, kernels, &product_of_rows, &packed, NULL, g->m == 1 ? g->beta : 0);
  if (g->m == 1) return;
  if (g->beta == 0) {
    ck_transpose(turned, g->m, 1, g->m, g->n, 1, c, g->ldc);
    return;
  }
  for (ptrdiff_t i = 0; i < g->m; i++)
    for (ptrdiff_t j = 0; j < g->n; j++) c[i * g->ldc + j] = turned[j * g->m + i] + g->beta * c[i * g->ldc + j];
}

enum { turned_rows = 64 };
typedef struct {
  const ck_gemm_geometry *g;
  const float *a;
  float *turned;
} turning;

static void turn_item(void *state, ptrdiff_t item) {
  const turning *self = state;
  const ck_gemm_geometry *g = self->g;
  if (ck_measuring()) return;
  ptrdiff_t end = (item + 1) * turned_rows < g->m ? (item + 1) * turned_rows : g->m;
  for (ptrdiff_t i = item * turned_rows; i < end; i++)
    for (ptrdiff_t p = 0; p < g->k; p++) self->turned[i * g->k + p] = self->a[p * g->lda + i];
}

/* ---- Where they lie ------------------------------------------------------------------------------------- */

enum {
  short_sum = 128,           /* terms of Aᵀ · B that are added where they lie */
  item_products = 1 << 21,   /* multiplications that are worth another thread: 20 µs */
  most_items = 16,
  item_rows = 24, item_columns = 32, /* whole tiles */
};

typedef struct {
  const ck_conv_kernels *kernels;
  ck_product all;
  bool by_rows;
  ptrdiff_t items;
} in_place;

static void product_item(void *state, ptrdiff_t item) {
  const in_place *self = state;
  ck_product part = self->all;
  const ptrdiff_t grain = self->by_rows ? item_rows : item_columns, size = self->by_rows ? part.rows : part.columns;
  const ptrdiff_t grains = (size + grain - 1) / grain, first = grains * item / self->items * grain;
  const ptrdiff_t end = item + 1 == self->items ? size : grains * (item + 1) / self->items * grain;
  if (self->by_rows) {
    part.a += first * part.a_row;
    part.c += first * part.c_row;
    part.rows = end - first;
  } else {
    part.b += first;
    part.c += first;
    part.columns = end - first;
  }
  self->kernels->product(&part);
}

/* Few rows, short sums, vectors: packing, turning or lowering them would take longer than multiplying. False where that
   is not so, or where neither B nor A holds rows for vectors. */
static bool multiply_in_place(const ck_context *context, const ck_conv_kernels *kernels, const ck_gemm_geometry *g,
                              const float *a, const float *b, float *c) {
  const ptrdiff_t b_along_terms = g->transpose_b ? 1 : g->ldb, b_along_columns = g->transpose_b ? g->ldb : 1;
  if (ck_planned()) return false;
  in_place self = {kernels, {.a = a, .b = b, .c = c, .rows = g->m, .columns = g->n, .terms = g->k, .c_row = g->ldc,
                             .a_row = g->transpose_a ? 1 : g->lda, .a_column = g->transpose_a ? g->lda : 1,
                             .b_row = b_along_terms, .scale = g->alpha, .keep = g->beta}, false, 1};
  const bool one_column = g->n == 1 && g->ldc == 1;
  if (one_column && g->transpose_a) {
    /* Cᵀ = Bᵀ · A */
    self.all.a = b, self.all.a_column = b_along_terms, self.all.b = a, self.all.b_row = g->lda;
    self.all.rows = 1, self.all.columns = g->m;
  } else if (g->n == 1 && !g->transpose_a && b_along_terms == 1 && g->alpha == 1 && products_of(g) <= item_products) {
    const ck_segment segment = {.x = a, .step = g->lda, .channels = g->k};
    const ck_run run = {.count = g->m, .segment_count = 1, .segments = &segment, .y = c, .y_step = g->ldc};
    const ck_block block = {.w = b, .channels = 1, .vectors = 1, .plain = true, .keep = g->beta};
    kernels->dot(&run, &block);
    return true;
  } else if (b_along_columns != 1 || (g->m > few_rows && !(g->transpose_a && g->k <= short_sum))) {
    return false;
  } else if (g->m >= few_rows && ck_split_kernels_of(context)) {
    return false; /* tiles are worth their packing from as many rows on */
  }
  const double items = products_of(g) / item_products;
  self.by_rows = self.all.rows > 2 * self.all.columns;
  self.items = items < 2 ? 1 : items > most_items ? most_items : (ptrdiff_t)items;
  if (self.items == 1) kernels->product(&self.all);
  else ck_parallel_for(context, self.items, product_item, &self);
  return true;
}

static void multiply(const ck_context *context, const ck_gemm_geometry *g, const float *a, const float *b, float *c) {
  const ck_conv_kernels *kernels = ck_conv_kernels_of(context);
  const ck_tap tap = {.row = 0};
  ptrdiff_t lda = g->lda;
  if (multiply_in_place(context, kernels, g, a, b, c)) return;
  if (g->transpose_a && !g->transpose_b && !ck_planned() && (g->k >= long_sum || g->k >= g->m)) {
    ck_image source = {.data = a, .channels = g->m, .pixel_stride = lda};
    ck_correlation sum = product(g->k, &source, &tap, (float *)b, g->n, g->ldb);
    if (ck_split_correlation_weights(context, &sum, g->m, c, g->ldc, g->alpha, g->beta)) return;
    ck_correlation_weights(context, kernels, &sum, g->m, c, g->ldc, g->alpha, g->beta);
    return;
  }
  if (g->transpose_a) {
    turning self = {g, a, ck_scratch(5, (size_t)(g->m * g->k) * sizeof(float))};
    if (!self.turned) return;
    if (!ck_packing())
      ck_parallel_for(ck_worth_threads(context, products_of(g)), (g->m + turned_rows - 1) / turned_rows, turn_item, &self);
    a = self.turned;
    lda = g->k;
  }
  if (!ck_planned() && g->transpose_b && !g->transpose_a && g->m <= few_rows && g->n * g->k > 2 * g->m * (g->k + g->n)) {
    multiply_turned(context, kernels, g, a, b, c);
    return;
  }
  ck_image source = {.data = a, .channels = g->k, .pixel_stride = lda};
  ck_weights w = {.data = b, .groups = 1, .taps = 1, .inputs = g->k, .outputs = g->n, .scale = g->alpha,
                  .tap_step = g->ldb * g->k, .in_step = g->transpose_b ? 1 : g->ldb,
                  .out_step = g->transpose_b ? g->ldb : 1};
  ck_correlation rows = product(g->m, &source, &tap, c, g->n, g->ldc);
  if (ck_split_correlate(context, &rows, 1, &w, NULL, g->beta)) return;
  ck_packed packed = ck_pack_weights(context, kernels, &w, g->m);
  ck_correlate(context, kernels, &rows, &packed, NULL, g->beta);
}

typedef struct {
  const ck_context *context;
  const ck_gemm_geometry *g;
  const float *a, *b;
  float *c;
} products;

static void multiply_item(void *state, ptrdiff_t item) {
  const products *self = state;
  const ck_gemm_geometry *g = self->g;
  multiply(self->context, g, self->a + item * g->a_stride, self->b + item * g->b_stride, self->c + item * g->c_stride);
}

void ck_gemm_run(const ck_context *context, const ck_gemm_geometry *g, const float *a, const float *b, float *c) {
  if (g->m == 0 || g->n == 0) return;
  if (g->k == 0 || g->alpha == 0) {
    for (ptrdiff_t s = 0; s < g->batch && !ck_measuring() && !ck_packing(); s++) scale_matrix(g, c + s * g->c_stride);
    return;
  }
  products self = {context, g, a, b, c};
  /* Matrices side by side on the threads; a loop inside a loop runs on its own thread. */
  if (g->batch > 1) ck_parallel_for(ck_worth_threads(context, (double)g->batch * products_of(g)), g->batch, multiply_item, &self);
  else if (g->batch == 1) multiply_item(&self, 0);
}

ck_status ck_gemm(const ck_context *context, const ck_gemm_geometry *g, const float *a, const float *b,
                  float *c) {
  CK_REQUIRE(ck_check_gemm(g, a, b, c));
  ck_gemm_run(context, g, a, b, c);
  return ck_scratch_status();
}
