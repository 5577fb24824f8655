#include "CKernels.h"
#include "base/threads.h"
#include <cblas.h>
#include <pthread.h>

/* C = alpha · op(A) op(B) + beta · C by OpenBLAS on one thread per block of C. The blocks follow from the shape
   alone, so the bits do not depend on how many threads share them; OpenBLAS's own threads would cut by their number.
   BLAS promises that beta = 0 does not read C and that k = 0 scales it. */

enum {
  block_edge = 192,   /* rows or columns of C in a block, at least: OpenBLAS packs both operands for every block */
  block_count = 16,   /* blocks of one matrix, at most */
};
static const double worth_cutting = 2e6; /* multiply-adds; below that a loop start costs more than it gains */

typedef struct {
  const ck_gemm_geometry *g;
  const float *a, *b;
  float *c;
  ptrdiff_t blocks, edge;
  bool by_rows;
} gemm;

static void multiply_block(void *state, ptrdiff_t item) {
  const gemm *self = state;
  const ck_gemm_geometry *g = self->g;
  ptrdiff_t s = item / self->blocks, first = item % self->blocks * self->edge;
  ptrdiff_t extent = self->by_rows ? g->m : g->n;
  ptrdiff_t count = extent - first < self->edge ? extent - first : self->edge;
  const float *a = self->a + s * g->a_stride, *b = self->b + s * g->b_stride;
  float *c = self->c + s * g->c_stride;
  ptrdiff_t m = g->m, n = g->n;
  if (self->by_rows) {
    a += g->transpose_a ? first : first * g->lda;
    c += first * g->ldc;
    m = count;
  } else {
    b += g->transpose_b ? first * g->ldb : first;
    c += first;
    n = count;
  }
  /* A zero beta by hand: an implementation may scale, and 0 · NaN is NaN. */
  if (g->k == 0 || g->alpha == 0) {
    for (ptrdiff_t i = 0; i < m; i++)
      for (ptrdiff_t j = 0; j < n; j++) c[i * g->ldc + j] = g->beta == 0 ? 0 : g->beta * c[i * g->ldc + j];
    return;
  }
  cblas_sgemm(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans, g->transpose_b ? CblasTrans : CblasNoTrans,
              (int)m, (int)n, (int)g->k, g->alpha, a, (int)g->lda, b, (int)g->ldb, g->beta, c, (int)g->ldc);
}

static pthread_once_t pinned = PTHREAD_ONCE_INIT;
static void pin(void) { openblas_set_num_threads(1); }

void ck_gemm(const ck_context *context, const ck_gemm_geometry *g, const float *a, const float *b, float *c) {
  if (g->batch <= 0 || g->m <= 0 || g->n <= 0) return;
  pthread_once(&pinned, pin);
  gemm self = {.g = g, .a = a, .b = b, .c = c, .blocks = 1, .by_rows = g->m >= g->n};
  ptrdiff_t extent = self.by_rows ? g->m : g->n;
  if ((double)g->m * (double)g->n * (double)g->k > worth_cutting) {
    self.blocks = extent / block_edge;
    if (self.blocks > block_count) self.blocks = block_count;
    if (self.blocks < 1) self.blocks = 1;
    /* Two halves are worth having even when each is smaller than a block would like to be. */
    if (self.blocks == 1 && extent >= 64) self.blocks = 2;
  }
  self.edge = (extent + self.blocks - 1) / self.blocks;
  self.edge = (self.edge + 15) / 16 * 16;
  self.blocks = (extent + self.edge - 1) / self.edge;
  ck_parallel_for(context, g->batch * self.blocks, multiply_block, &self);
}
