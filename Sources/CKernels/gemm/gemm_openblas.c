#include "CKernels.h"
#include "base/threads.h"
#include "check/check.h"

#if defined(CK_NO_OPENBLAS)
ck_status ck_gemm_openblas(const ck_context *context, const ck_gemm_geometry *g, const float *a,
                           const float *b, float *c) {
  (void)context;
  CK_REQUIRE(ck_check_gemm(g, a, b, c));
  return ck_status_unsupported;
}
#else
#include <cblas.h>
#include <limits.h>
#include <pthread.h>

/* Rows of C that one call computes. Fixed, so that the bits do not depend on our threads; OpenBLAS gets one. */
enum { block_rows = 256 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void take_threads(void) { openblas_set_num_threads(1); }

typedef struct {
  const ck_gemm_geometry *g;
  const float *a, *b;
  float *c;
  ptrdiff_t blocks;
} products;

static void multiply_block(void *state, ptrdiff_t item) {
  const products *self = state;
  const ck_gemm_geometry *g = self->g;
  ptrdiff_t matrix = item / self->blocks, first = item % self->blocks * block_rows;
  ptrdiff_t rows = g->m - first < block_rows ? g->m - first : block_rows;
  const float *a = self->a + matrix * g->a_stride + first * (g->transpose_a ? 1 : g->lda);
  cblas_sgemm(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans, g->transpose_b ? CblasTrans : CblasNoTrans,
              (int)rows, (int)g->n, (int)g->k, g->alpha, a, (int)g->lda, self->b + matrix * g->b_stride, (int)g->ldb,
              g->beta, self->c + matrix * g->c_stride + first * g->ldc, (int)g->ldc);
}

ck_status ck_gemm_openblas(const ck_context *context, const ck_gemm_geometry *g, const float *a,
                           const float *b, float *c) {
  CK_REQUIRE(ck_check_gemm(g, a, b, c));
  const ptrdiff_t sizes[] = {g->m, g->n, g->k, g->lda, g->ldb, g->ldc};
  for (int i = 0; i < 6; i++) CK_REQUIRE_THAT(sizes[i] <= INT_MAX, ck_status_unsupported);
  if (g->m <= 0 || g->n <= 0 || g->batch <= 0) return ck_status_ok;
  if (g->k <= 0 || g->alpha == 0) {
    return ck_gemm(context, g, a, b, c);
  }
  pthread_once(&once, take_threads);
  products state = {g, a, b, c, (g->m + block_rows - 1) / block_rows};
  ck_parallel_for(context, g->batch * state.blocks, multiply_block, &state);
  return ck_status_ok;
}
#endif
