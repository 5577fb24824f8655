#include "CKernels.h"

void ck_gemm_reference(const ck_gemm_geometry *g, const float *a, const float *b, float *c) {
  for (ptrdiff_t s = 0; s < g->batch; s++)
    for (ptrdiff_t i = 0; i < g->m; i++)
      for (ptrdiff_t j = 0; j < g->n; j++) {
        double sum = 0;
        for (ptrdiff_t p = 0; p < g->k; p++) {
          float left = a[s * g->a_stride + (g->transpose_a ? p * g->lda + i : i * g->lda + p)];
          float right = b[s * g->b_stride + (g->transpose_b ? j * g->ldb + p : p * g->ldb + j)];
          sum += (double)left * right;
        }
        float *element = c + s * g->c_stride + i * g->ldc + j;
        double old = g->beta == 0 ? 0 : (double)g->beta * *element;
        *element = (float)((double)g->alpha * sum + old);
      }
}
