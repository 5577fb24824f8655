#include "trials.h"
#include <stdlib.h>
#include <string.h>

/* The doors without taps, with whole numbers and sizes round every edge. */

static void elementwise(entropy *e, const ck_context *context) {
  ptrdiff_t outer = between(e, 0, 5), middle = between(e, 0, 70), inner = between(e, 0, 40);
  ptrdiff_t count = outer * middle * inner;
  ck_binary_op op = (ck_binary_op)draw(e, ck_binary_multiply + 1);
  float *x = numbers(e, count), *row = numbers(e, middle), *y = room(count), *expected = room(count);
  HOLD(ck_binary_broadcast(context, op, 0, outer, middle, inner, x, row, y) == ck_status_ok, "broadcast");
  ck_binary_broadcast_reference(op, 0, outer, middle, inner, x, row, expected);
  expect_same("broadcast", count, y, expected, 0);
  HOLD(ck_binary(context, op, 0, count, x, y, y) == ck_status_ok, "in place");
  ck_binary_reference(op, 0, count, x, expected, expected);
  expect_same("binary", count, y, expected, 0);
  if (count > 2)
    HOLD(ck_binary(context, op, 0, count - 1, x, y, y + 1) == ck_status_overlap, "half in place");
  leave(x), leave(row), leave(y), leave(expected);
}

static void reductions(entropy *e, const ck_context *context) {
  ptrdiff_t outer = between(e, 0, 4), count = draw(e, 4) ? between(e, 0, 200) : between(e, 60000, 70000);
  ptrdiff_t inner = between(e, 0, count > 200 ? 2 : 70);
  ck_reduce_op op = (ck_reduce_op)draw(e, 4);
  float *x = numbers(e, outer * count * inner), *y = room(outer * inner), *expected = room(outer * inner);
  HOLD(ck_reduce(context, op, outer, count, inner, x, y) == ck_status_ok, "reduce");
  ck_reduce_reference(op, outer, count, inner, x, expected);
  expect_same("reduce", outer * inner, y, expected, 0);
  double sum;
  HOLD(ck_dot(context, outer * count * inner, x, x, &sum) == ck_status_ok, "dot");
  HOLD(sum == ck_dot_reference(outer * count * inner, x, x), "dot %g", sum);
  HOLD(ck_reduce_products(context, outer, count, inner, x, x, y) == ck_status_ok, "products");
  ck_reduce_products_reference(outer, count, inner, x, x, expected);
  expect_same("products", outer * inner, y, expected, 0);
  float *scaled = room(outer * count * inner), *expected_scaled = room(outer * count * inner);
  HOLD(ck_scale(context, outer, count, inner, x, y, y, 0, scaled) == ck_status_ok, "scale");
  ck_scale_reference(outer, count, inner, x, y, y, 0, expected_scaled);
  expect_same("scale", outer * count * inner, scaled, expected_scaled, 1e-6);
  leave(scaled), leave(expected_scaled);
  leave(x), leave(y), leave(expected);
}

static void resampling(entropy *e, const ck_context *context) {
  ck_upsample_geometry g = {between(e, 0, 4), between(e, 0, 70), between(e, 0, 40), (ck_upsample_edge)draw(e, 3)};
  ptrdiff_t inputs = g.batch * g.frames * g.channels;
  ptrdiff_t outputs = g.batch * ck_upsample_output_frames(&g) * g.channels;
  float *x = numbers(e, inputs), *y = room(outputs), *expected = room(outputs), *back = room(inputs);
  float *expected_back = room(inputs);
  HOLD(ck_upsample(context, &g, NULL, x, y) == ck_status_ok, "upsample");
  ck_upsample_reference(&g, NULL, x, expected);
  expect_same("upsample", outputs, y, expected, 0);
  HOLD(ck_upsample_adjoint(context, &g, NULL, y, back) == ck_status_ok, "adjoint");
  ck_upsample_adjoint_reference(&g, NULL, y, expected_back);
  expect_same("upsample adjoint", inputs, back, expected_back, 0);
  float *mix = room(g.channels), *expected_mix = room(g.channels);
  HOLD(ck_upsample_mix_gradient(context, &g, x, y, mix) == ck_status_ok, "mix");
  ck_upsample_mix_gradient_reference(&g, x, y, expected_mix);
  expect_same("mix gradient", g.channels, mix, expected_mix, 0);
  leave(x), leave(y), leave(expected), leave(back), leave(expected_back), leave(mix), leave(expected_mix);

  ptrdiff_t factor = between(e, 1, 5), kept = (g.frames + factor - 1) / factor * g.batch * g.channels;
  x = numbers(e, inputs), y = room(kept), expected = room(kept), back = room(inputs), expected_back = room(inputs);
  HOLD(ck_decimate(context, g.batch, g.frames, g.channels, factor, x, y) == ck_status_ok, "decimate");
  ck_decimate_reference(g.batch, g.frames, g.channels, factor, x, expected);
  expect_same("decimate", kept, y, expected, 0);
  HOLD(ck_decimate_adjoint(context, g.batch, g.frames, g.channels, factor, y, back) == ck_status_ok, "stuff");
  ck_decimate_adjoint_reference(g.batch, g.frames, g.channels, factor, y, expected_back);
  expect_same("decimate adjoint", inputs, back, expected_back, 0);
  leave(x), leave(y), leave(expected), leave(back), leave(expected_back);
}

static void pooling(entropy *e, const ck_context *context) {
  ck_pool_geometry g = {between(e, 0, 3), between(e, 0, 9), between(e, 0, 40), between(e, 0, 33), between(e, 1, 4),
                        between(e, 1, 4), between(e, 1, 3), between(e, 1, 3), between(e, 0, 3), between(e, 0, 3),
                        between(e, 0, 3), between(e, 0, 3)};
  ptrdiff_t inputs = g.batch * g.input_height * g.input_width * g.channels;
  ptrdiff_t outputs = g.batch * ck_pool_output_height(&g) * ck_pool_output_width(&g) * g.channels;
  float *x = numbers(e, inputs), *y = room(outputs), *expected = room(outputs), *back = room(inputs);
  float *expected_back = room(inputs);
  int32_t *at = malloc((size_t)outputs * sizeof *at + 1), *expected_at = malloc((size_t)outputs * sizeof *at + 1);
  HOLD(ck_max_pool(context, &g, x, y, at) == ck_status_ok, "max pool");
  ck_max_pool_reference(&g, x, expected, expected_at);
  expect_same("max pool", outputs, y, expected, 0);
  HOLD(memcmp(at, expected_at, (size_t)outputs * sizeof *at) == 0, "positions of maxima");
  HOLD(ck_pool_at_adjoint(context, &g, at, x == NULL ? NULL : y, back) == ck_status_ok, "adjoint");
  ck_pool_at_adjoint_reference(&g, at, y, expected_back);
  expect_same("pool adjoint", inputs, back, expected_back, 0);
  if (outputs > 0) {
    at[draw(e, (uint64_t)outputs)] = (int32_t)inputs;
    HOLD(ck_pool_at(context, &g, at, x, y) == ck_status_invalid_argument, "a position outside");
  }
  free(at), free(expected_at);
  leave(x), leave(y), leave(expected), leave(back), leave(expected_back);
}

static void layout(entropy *e, const ck_context *context) {
  ptrdiff_t rank = between(e, 0, 4), shape[4], x_strides[4], y_strides[4], order[4] = {0, 1, 2, 3}, length = 1, reach = 0;
  for (ptrdiff_t d = 0; d < rank; d++) shape[d] = between(e, 0, d == 0 ? 40 : 9);
  for (ptrdiff_t d = rank; d > 1; d--) {
    ptrdiff_t other = between(e, 0, d - 1), last = order[d - 1];
    order[d - 1] = order[other];
    order[other] = last;
  }
  bool empty = false;
  for (ptrdiff_t i = 0; i < rank; i++) { /* y's strides nest in a drawn order, with gaps */
    ptrdiff_t d = order[i];
    y_strides[d] = length + between(e, 0, 2);
    length = y_strides[d] * (shape[d] > 0 ? shape[d] : 1);
    x_strides[d] = between(e, 0, 50);
    if (shape[d] == 0) empty = true;
    else reach += (shape[d] - 1) * x_strides[d];
  }
  ptrdiff_t from = empty ? 0 : reach + 1, to = empty ? 0 : length;
  float *x = numbers(e, from), *y = numbers(e, to), *expected = room(to);
  memcpy(expected, y, (size_t)to * sizeof *y);
  HOLD(ck_copy_strided(context, rank, shape, x, x_strides, y, y_strides) == ck_status_ok, "copy");
  HOLD(ck_add_strided(context, rank, shape, x, x_strides, y, y_strides) == ck_status_ok, "add");
  if (!empty) {
    ck_copy_strided_reference(rank, shape, x, x_strides, expected, y_strides);
    ck_add_strided_reference(rank, shape, x, x_strides, expected, y_strides);
  }
  expect_same("strided", to, y, expected, 0);
  leave(x), leave(y), leave(expected);
}

static void gathering(entropy *e, const ck_context *context) {
  ptrdiff_t count = between(e, 0, 300), columns = between(e, 0, 40), rows = between(e, 1, 50);
  int32_t *indices = malloc((size_t)count * sizeof *indices + 1);
  for (ptrdiff_t j = 0; j < count; j++) indices[j] = (int32_t)draw(e, (uint64_t)rows);
  float *table = numbers(e, rows * columns), *y = room(count * columns), *expected = room(count * columns);
  HOLD(ck_gather_rows(context, count, columns, rows, indices, table, y) == ck_status_ok, "gather");
  ck_gather_rows_reference(count, columns, indices, table, expected);
  expect_same("gather", count * columns, y, expected, 0);
  if (count > 0) {
    indices[draw(e, (uint64_t)count)] = draw(e, 2) ? -1 : (int32_t)rows;
    HOLD(ck_gather_rows(context, count, columns, rows, indices, table, y) == ck_status_invalid_argument, "outside");
  }
  free(indices);
  leave(table), leave(y), leave(expected);
}

void trial_others(entropy *e) {
  static void (*const trials[])(entropy *, const ck_context *) = {elementwise, reductions, resampling,
                                                                  pooling,     layout,     gathering};
  const ck_context *context = some_context(e);
  trials[draw(e, sizeof trials / sizeof *trials)](e, context);
}
