/* What moving without arithmetic means. */
#include "CKernels.h"

/* `rank` nested loops, outermost first; the innermost moves one number. */
static void nest(bool add, ptrdiff_t rank, const ptrdiff_t *shape, const float *x, const ptrdiff_t *x_strides,
                 float *y, const ptrdiff_t *y_strides) {
  if (rank == 0) {
    *y = add ? *y + *x : *x;
    return;
  }
  for (ptrdiff_t i = 0; i < shape[0]; i++)
    nest(add, rank - 1, shape + 1, x + i * x_strides[0], x_strides + 1, y + i * y_strides[0], y_strides + 1);
}

void ck_copy_strided_reference(ptrdiff_t rank, const ptrdiff_t *shape, const float *x,
                               const ptrdiff_t *x_strides, float *y, const ptrdiff_t *y_strides) {
  nest(false, rank, shape, x, x_strides, y, y_strides);
}

void ck_add_strided_reference(ptrdiff_t rank, const ptrdiff_t *shape, const float *x,
                              const ptrdiff_t *x_strides, float *y, const ptrdiff_t *y_strides) {
  nest(true, rank, shape, x, x_strides, y, y_strides);
}

void ck_gather_rows_reference(ptrdiff_t count, ptrdiff_t columns, const int32_t *indices, const float *table,
                              float *y) {
  for (ptrdiff_t j = 0; j < count; j++)
    for (ptrdiff_t c = 0; c < columns; c++) y[j * columns + c] = table[indices[j] * columns + c];
}

void ck_gather_rows_adjoint_reference(ptrdiff_t count, ptrdiff_t columns, ptrdiff_t table_rows,
                                      const int32_t *indices, const float *y, float *table) {
  for (ptrdiff_t i = 0; i < table_rows * columns; i++) table[i] = 0;
  for (ptrdiff_t j = 0; j < count; j++)
    for (ptrdiff_t c = 0; c < columns; c++) table[indices[j] * columns + c] += y[j * columns + c];
}
