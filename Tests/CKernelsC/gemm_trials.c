#include "trials.h"
#include <stdlib.h>
#include <string.h>

void trial_gemm(entropy *e) {
  static const float factors[] = {0, 1, -1, 2};
  ck_gemm_geometry g = {.transpose_a = draw(e, 2), .transpose_b = draw(e, 2), .m = between(e, 0, 70),
                        .n = between(e, 0, 70), .k = draw(e, 6) ? between(e, 0, 70) : between(e, 700, 900),
                        .alpha = factors[draw(e, 4)], .beta = factors[draw(e, 4)], .batch = between(e, 0, 3)};
  if (g.k > 70) g.m /= 4, g.n /= 4;
  else if (!draw(e, 40)) g.m = between(e, 1000, 2500), g.batch = 1; /* on several threads */
  if (!draw(e, 8)) g.m = 1;
  if (!draw(e, 8)) g.n = 1;
  ptrdiff_t a_rows = g.transpose_a ? g.k : g.m, a_columns = g.transpose_a ? g.m : g.k;
  ptrdiff_t b_rows = g.transpose_b ? g.n : g.k, b_columns = g.transpose_b ? g.k : g.n;
  g.lda = a_columns + between(e, 0, 5);
  g.ldb = b_columns + between(e, 0, 5);
  g.ldc = g.n + between(e, 0, 5);
  g.a_stride = a_rows * g.lda + between(e, 0, 3);
  g.b_stride = b_rows * g.ldb + between(e, 0, 3);
  g.c_stride = g.m * g.ldc + between(e, 0, 3);
  const ck_context *context = some_context(e);
  ptrdiff_t c_count = g.batch * g.c_stride;
  float *a = numbers(e, g.batch * g.a_stride), *b = numbers(e, g.batch * g.b_stride);
  float *old = numbers(e, c_count), *c = room(c_count), *expected = room(c_count), *again = room(c_count);
  for (ptrdiff_t i = 0; i < c_count && g.beta != 0; i++) c[i] = expected[i] = again[i] = old[i];
  ck_status status = ck_gemm(context, &g, a, b, c);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  ck_gemm_reference(&g, a, b, expected);
  ck_plan *plan;
  status = ck_plan_gemm(context, &g, &plan);
  HOLD(status == (g.batch > 1 ? ck_status_unsupported : ck_status_ok), "%s", ck_status_message(status));
  if (status == ck_status_ok) {
    size_t packed_size = ck_plan_packed_size(plan), workspace_size = ck_plan_workspace_size(plan);
    void *packed = malloc(packed_size > 0 ? packed_size : 1), *workspace = malloc(workspace_size);
    status = ck_plan_pack(plan, b, packed, packed_size, workspace, workspace_size);
    HOLD(status == ck_status_ok, "%s", ck_status_message(status));
    memset(workspace, 0xff, workspace_size);
    long allocated = allocations;
    status = ck_run_gemm(plan, a, packed, packed_size, again, workspace, workspace_size);
    HOLD(allocations == allocated, "a run took memory");
    HOLD(status == ck_status_ok, "%s", ck_status_message(status));
    HOLD(ck_run_gemm(plan, a, packed, packed_size, again, workspace, workspace_size - 1) ==
             ck_status_workspace_too_small, "workspace");
    ck_plan_destroy(plan);
    free(packed);
    free(workspace);
  }
  for (ptrdiff_t s = 0; s < g.batch; s++)
    for (ptrdiff_t i = 0; i < g.m; i++) {
      ptrdiff_t at = s * g.c_stride + i * g.ldc;
      expect_same("product", g.n, c + at, expected + at, 0);
      if (g.batch == 1) expect_same("planned product", g.n, again + at, expected + at, 0);
    }
  leave(a), leave(b), leave(old), leave(c), leave(expected), leave(again);
}
