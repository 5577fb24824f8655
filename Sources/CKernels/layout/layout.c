#include "CKernels.h"

void ck_copy_strided(const ck_context *context, ptrdiff_t rank, const ptrdiff_t *shape, const float *x,
                     const ptrdiff_t *x_strides, float *y, const ptrdiff_t *y_strides) {
  (void)context;
  ck_copy_strided_reference(rank, shape, x, x_strides, y, y_strides);
}
void ck_add_strided(const ck_context *context, ptrdiff_t rank, const ptrdiff_t *shape, const float *x,
                    const ptrdiff_t *x_strides, float *y, const ptrdiff_t *y_strides) {
  (void)context;
  ck_add_strided_reference(rank, shape, x, x_strides, y, y_strides);
}
void ck_fill(const ck_context *context, ptrdiff_t count, float value, float *y) {
  (void)context;
  for (ptrdiff_t i = 0; i < count; i++) y[i] = value;
}
void ck_gather_rows(const ck_context *context, ptrdiff_t count, ptrdiff_t columns, const int32_t *indices,
                    const float *table, float *y) {
  (void)context;
  ck_gather_rows_reference(count, columns, indices, table, y);
}
void ck_gather_rows_adjoint(const ck_context *context, ptrdiff_t count, ptrdiff_t columns, ptrdiff_t table_rows,
                            const int32_t *indices, const float *y, float *table) {
  (void)context;
  ck_gather_rows_adjoint_reference(count, columns, table_rows, indices, y, table);
}
