#include "CKernels.h"

void ck_unary(const ck_context *context, ck_unary_op op, float a, float b, ptrdiff_t count, const float *x, float *y) {
  (void)context;
  ck_unary_reference(op, a, b, count, x, y);
}
void ck_binary(const ck_context *context, ck_binary_op op, float a, ptrdiff_t count, const float *x, const float *y,
               float *z) {
  (void)context;
  ck_binary_reference(op, a, count, x, y, z);
}
void ck_binary_broadcast(const ck_context *context, ck_binary_op op, float a, ptrdiff_t outer, ptrdiff_t middle,
                         ptrdiff_t inner, const float *x, const float *y, float *z) {
  (void)context;
  ck_binary_broadcast_reference(op, a, outer, middle, inner, x, y, z);
}
