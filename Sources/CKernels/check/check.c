#include "check/check.h"
#include "base/threads.h"
#include <stdatomic.h>

/* One function per door of arithmetic without taps; convolutions and matrix products are in check_conv.c. */

/* `changed` lies apart from `other`, or (where a door says so) is the same memory. */
static ck_status same_or_apart(const ck_area *changed, const ck_area *other) {
  return changed->data == other->data ? ck_status_ok : ck_areas_apart(changed, other);
}

/* ---- Elementwise -------------------------------------------------------------------------------------- */

ck_status ck_check_unary(ck_unary_op op, ptrdiff_t count, const float *x, const float *y) {
  ck_area from, to;
  CK_REQUIRE_THAT((unsigned)op <= ck_unary_cos, ck_status_invalid_argument);
  CK_REQUIRE(CK_COUNT(&count, count));
  CK_REQUIRE(ck_area_dense(&from, x, count));
  CK_REQUIRE(ck_area_dense(&to, y, count));
  return same_or_apart(&to, &from);
}

ck_status ck_check_binary(ck_binary_op op, ptrdiff_t count, const float *x, const float *y, const float *z) {
  return ck_check_broadcast(op, 1, count, 1, x, y, z);
}

ck_status ck_check_broadcast(ck_binary_op op, ptrdiff_t outer, ptrdiff_t middle, ptrdiff_t inner, const float *x,
                             const float *y, const float *z) {
  ptrdiff_t count;
  ck_area left, right, to;
  CK_REQUIRE_THAT((unsigned)op <= ck_binary_sigmoid_gradient, ck_status_invalid_argument);
  CK_REQUIRE(CK_COUNT(&count, outer, middle, inner));
  CK_REQUIRE(ck_area_dense(&left, x, count));
  CK_REQUIRE(ck_area_dense(&right, y, count == 0 ? 0 : middle));
  CK_REQUIRE(ck_area_dense(&to, z, count));
  CK_REQUIRE(same_or_apart(&to, &left));
  return outer == 1 && inner == 1 ? same_or_apart(&to, &right) : ck_areas_apart(&to, &right);
}

ck_status ck_check_gated(ptrdiff_t frames, ptrdiff_t channels, const float *x, const float *y) {
  ptrdiff_t count;
  ck_area from, to;
  CK_REQUIRE(CK_COUNT(&count, frames, channels));
  CK_REQUIRE(ck_area_dense(&from, x, 2 * count));
  CK_REQUIRE(ck_area_dense(&to, y, count));
  return ck_areas_apart(&to, &from);
}

ck_status ck_check_gated_gradient(ptrdiff_t frames, ptrdiff_t channels, const float *x, const float *y_gradient,
                                  const float *x_gradient) {
  ptrdiff_t count;
  ck_area from, cotangent, to;
  CK_REQUIRE(CK_COUNT(&count, frames, channels));
  CK_REQUIRE(ck_area_dense(&from, x, 2 * count));
  CK_REQUIRE(ck_area_dense(&cotangent, y_gradient, count));
  CK_REQUIRE(ck_area_dense(&to, x_gradient, 2 * count));
  CK_REQUIRE(same_or_apart(&to, &from));
  return ck_areas_apart(&to, &cotangent);
}

ck_status ck_check_activation_gradient(ck_activation activation, ptrdiff_t pixels, ptrdiff_t channels, const float *y,
                                       const float *y_gradient, const float *gradient, const float *bias_gradient) {
  const bool gated = activation == ck_activation_gated;
  ptrdiff_t count;
  ck_area from, cotangent, to, bias;
  CK_REQUIRE_THAT((unsigned)activation <= ck_activation_gated, ck_status_invalid_argument);
  CK_REQUIRE(CK_COUNT(&count, pixels, channels));
  CK_REQUIRE_THAT(!gated || channels % 2 == 0, ck_status_invalid_geometry);
  CK_REQUIRE(ck_area_dense(&cotangent, y_gradient, gated ? count / 2 : count));
  CK_REQUIRE(ck_area_dense(&to, gradient, count));
  CK_REQUIRE(gated ? ck_areas_apart(&to, &cotangent) : same_or_apart(&to, &cotangent));
  if (activation != ck_activation_none) {
    CK_REQUIRE(ck_area_dense(&from, y, count));
    CK_REQUIRE(same_or_apart(&to, &from));
  }
  if (!bias_gradient) return ck_status_ok;
  CK_REQUIRE(ck_area_dense(&bias, bias_gradient, channels));
  CK_REQUIRE(ck_areas_apart(&bias, &to));
  CK_REQUIRE(ck_areas_apart(&bias, &cotangent));
  return activation == ck_activation_none ? ck_status_ok : ck_areas_apart(&bias, &from);
}

/* ---- Reductions --------------------------------------------------------------------------------------- */

static ck_status reduction(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const void *y) {
  ptrdiff_t all, kept;
  ck_area from, to;
  CK_REQUIRE(CK_COUNT(&all, outer, count, inner));
  CK_REQUIRE(CK_COUNT(&kept, outer, inner));
  CK_REQUIRE(ck_area_dense(&from, x, all));
  CK_REQUIRE(ck_area_dense(&to, y, kept));
  return ck_areas_apart(&to, &from);
}

ck_status ck_check_reduce(ck_reduce_op op, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x,
                          const float *y) {
  CK_REQUIRE_THAT((unsigned)op <= ck_reduce_minimum, ck_status_invalid_argument);
  return reduction(outer, count, inner, x, y);
}

ck_status ck_check_reduce_products(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const float *z,
                                   const float *y) {
  CK_REQUIRE(reduction(outer, count, inner, x, y));
  return reduction(outer, count, inner, z, y);
}

ck_status ck_check_scale(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const float *a,
                         const float *b, const float *y) {
  ptrdiff_t all, channels;
  ck_area from, factors, offsets, to;
  CK_REQUIRE(CK_COUNT(&all, outer, count, inner));
  CK_REQUIRE(CK_COUNT(&channels, outer, inner));
  CK_REQUIRE(ck_area_dense(&from, x, all));
  CK_REQUIRE(ck_area_dense(&factors, a, channels));
  CK_REQUIRE(ck_area_dense(&to, y, all));
  CK_REQUIRE(same_or_apart(&to, &from));
  CK_REQUIRE(ck_areas_apart(&to, &factors));
  if (!b) return ck_status_ok;
  CK_REQUIRE(ck_area_dense(&offsets, b, channels));
  return ck_areas_apart(&to, &offsets);
}

ck_status ck_check_dot(ptrdiff_t count, const float *x, const float *y, const double *sum) {
  ck_area area;
  CK_REQUIRE(CK_COUNT(&count, count));
  CK_REQUIRE(ck_area_dense(&area, x, count));
  CK_REQUIRE(ck_area_dense(&area, y, count));
  CK_REQUIRE_THAT(sum, ck_status_null_pointer);
  CK_REQUIRE_THAT((uintptr_t)sum % _Alignof(double) == 0, ck_status_misaligned);
  return ck_status_ok;
}

ck_status ck_check_moments(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const float *mean,
                           const float *variance) {
  ck_area means, variances;
  CK_REQUIRE(reduction(outer, count, inner, x, mean));
  CK_REQUIRE(reduction(outer, count, inner, x, variance));
  CK_REQUIRE(ck_area_dense(&means, mean, outer * inner));
  CK_REQUIRE(ck_area_dense(&variances, variance, outer * inner));
  return ck_areas_apart(&means, &variances);
}

ck_status ck_check_argmax(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const int32_t *y) {
  CK_REQUIRE(reduction(outer, count, inner, x, y));
  return count <= INT32_MAX ? ck_status_ok : ck_status_unsupported;
}

/* ---- Resampling --------------------------------------------------------------------------------------- */

static ck_status upsampling(const ck_upsample_geometry *g, const float *x, const float *y, ck_area *from, ck_area *to) {
  ptrdiff_t inputs, outputs;
  CK_REQUIRE_THAT(g, ck_status_null_pointer);
  CK_REQUIRE_THAT((unsigned)g->edge <= ck_upsample_zero, ck_status_invalid_argument);
  CK_REQUIRE(CK_COUNT(&inputs, g->batch, g->frames, g->channels));
  CK_REQUIRE(CK_COUNT(&outputs, g->batch, ck_upsample_output_frames(g), g->channels));
  CK_REQUIRE(ck_area_dense(from, x, inputs));
  return ck_area_dense(to, y, outputs);
}

ck_status ck_check_upsample(const ck_upsample_geometry *g, const float *mix, const float *x, const float *y) {
  ck_area from, to, shares;
  CK_REQUIRE(upsampling(g, x, y, &from, &to));
  CK_REQUIRE(ck_areas_apart(&from, &to));
  if (!mix) return ck_status_ok;
  CK_REQUIRE(ck_area_dense(&shares, mix, g->channels));
  CK_REQUIRE(ck_areas_apart(&shares, &from));
  return ck_areas_apart(&shares, &to);
}

ck_status ck_check_upsample_mix(const ck_upsample_geometry *g, const float *x, const float *y, const float *mix) {
  ck_area from, to, shares;
  CK_REQUIRE(upsampling(g, x, y, &from, &to));
  CK_REQUIRE(ck_area_dense(&shares, mix, g->channels));
  CK_REQUIRE(ck_areas_apart(&shares, &from));
  return ck_areas_apart(&shares, &to);
}

ck_status ck_check_decimate(ptrdiff_t batch, ptrdiff_t frames, ptrdiff_t channels, ptrdiff_t factor,
                            const float *x, const float *y) {
  ptrdiff_t kept, count;
  ck_area whole, part;
  CK_REQUIRE(ck_windows(&kept, frames, 0, 0, 1, 1, factor));
  CK_REQUIRE(CK_COUNT(&count, factor, channels));
  CK_REQUIRE(CK_COUNT(&count, batch, frames, channels));
  CK_REQUIRE(ck_area_dense(&whole, x, count));
  CK_REQUIRE(CK_COUNT(&count, batch, kept, channels));
  CK_REQUIRE(ck_area_dense(&part, y, count));
  return ck_areas_apart(&whole, &part);
}

ck_status ck_check_sinc_filter(ptrdiff_t taps, ptrdiff_t factor, const float *filter) {
  ck_area area;
  CK_REQUIRE_THAT(taps > 0 && taps % 2 == 1 && factor > 0, ck_status_invalid_geometry);
  CK_REQUIRE(CK_COUNT(&taps, taps));
  return ck_area_dense(&area, filter, taps);
}

/* ---- Pooling ------------------------------------------------------------------------------------------ */

static ck_status pooling(const ck_pool_geometry *g, ptrdiff_t *inputs, ptrdiff_t *outputs) {
  ptrdiff_t height, width;
  CK_REQUIRE_THAT(g, ck_status_null_pointer);
  CK_REQUIRE(ck_windows(&height, g->input_height, g->pad_top, g->pad_bottom, g->window_height, 1, g->stride_height));
  CK_REQUIRE(ck_windows(&width, g->input_width, g->pad_left, g->pad_right, g->window_width, 1, g->stride_width));
  CK_REQUIRE(CK_COUNT(inputs, g->channels, g->window_height, g->window_width));
  CK_REQUIRE(CK_COUNT(inputs, g->batch, g->input_height, g->input_width, g->channels));
  return CK_COUNT(outputs, g->batch, height, width, g->channels);
}

ck_status ck_check_pool(const ck_pool_geometry *g, const float *x, const float *y) {
  ptrdiff_t inputs, outputs;
  ck_area from, to;
  CK_REQUIRE(pooling(g, &inputs, &outputs));
  CK_REQUIRE(ck_area_dense(&from, x, inputs));
  CK_REQUIRE(ck_area_dense(&to, y, outputs));
  return ck_areas_apart(&from, &to);
}

/* Positions beside x and y. */
static ck_status positions(const ck_pool_geometry *g, const float *x, const float *y, const int32_t *indices,
                           ptrdiff_t *inputs, ptrdiff_t *outputs) {
  ck_area from, to, at;
  CK_REQUIRE(ck_check_pool(g, x, y));
  CK_REQUIRE(pooling(g, inputs, outputs));
  CK_REQUIRE_THAT(*inputs <= INT32_MAX, ck_status_unsupported);
  CK_REQUIRE(ck_area_dense(&from, x, *inputs));
  CK_REQUIRE(ck_area_dense(&to, y, *outputs));
  CK_REQUIRE(ck_area_dense(&at, indices, *outputs));
  CK_REQUIRE(ck_areas_apart(&at, &from));
  return ck_areas_apart(&at, &to);
}

ck_status ck_check_max_pool(const ck_pool_geometry *g, const float *x, const float *y, const int32_t *indices) {
  ptrdiff_t inputs, outputs;
  return indices ? positions(g, x, y, indices, &inputs, &outputs) : ck_check_pool(g, x, y);
}

/* ---- Indices ------------------------------------------------------------------------------------------ */

enum { grain = 65536 };
typedef struct {
  const int32_t *indices;
  ptrdiff_t count, least, end;
  _Atomic bool outside;
} range;

static void range_item(void *state, ptrdiff_t item) {
  range *self = state;
  ptrdiff_t end = (item + 1) * grain < self->count ? (item + 1) * grain : self->count;
  int32_t low = self->indices[item * grain], high = low;
  for (ptrdiff_t j = item * grain; j < end; j++) {
    low = self->indices[j] < low ? self->indices[j] : low;
    high = self->indices[j] > high ? self->indices[j] : high;
  }
  if (low < self->least || high >= self->end) atomic_store_explicit(&self->outside, true, memory_order_relaxed);
}

static ck_status within(const ck_context *context, ptrdiff_t count, const int32_t *indices, ptrdiff_t least,
                        ptrdiff_t end) {
  if (count == 0) return ck_status_ok;
  range self = {indices, count, least, end, false};
  ck_parallel_for(context, (count + grain - 1) / grain, range_item, &self);
  return atomic_load(&self.outside) ? ck_status_invalid_argument : ck_status_ok;
}

ck_status ck_check_pool_at(const ck_context *context, const ck_pool_geometry *g, const int32_t *indices,
                           const float *x, const float *y) {
  ptrdiff_t inputs, outputs;
  CK_REQUIRE(positions(g, x, y, indices, &inputs, &outputs));
  return within(context, outputs, indices, INT32_MIN, inputs);
}

ck_status ck_check_gather(const ck_context *context, ptrdiff_t count, ptrdiff_t columns, ptrdiff_t table_rows,
                          const int32_t *indices, const float *table, const float *y) {
  ptrdiff_t numbers, all;
  ck_area rows, from, to;
  CK_REQUIRE(CK_COUNT(&numbers, count, columns));
  CK_REQUIRE(CK_COUNT(&all, table_rows, columns));
  CK_REQUIRE(ck_area_dense(&rows, indices, count));
  CK_REQUIRE(ck_area_dense(&from, table, all));
  CK_REQUIRE(ck_area_dense(&to, y, numbers));
  CK_REQUIRE(ck_areas_apart(&from, &to));
  CK_REQUIRE(ck_areas_apart(&rows, &from));
  CK_REQUIRE(ck_areas_apart(&rows, &to));
  return within(context, count, indices, 0, table_rows);
}

/* ---- Layout and steps --------------------------------------------------------------------------------- */

ck_status ck_check_strided(ptrdiff_t rank, const ptrdiff_t *shape, const float *x, const ptrdiff_t *x_strides,
                           const float *y, const ptrdiff_t *y_strides) {
  ptrdiff_t count;
  ck_area from, to;
  CK_REQUIRE_THAT(rank >= 0 && rank <= ck_max_rank, ck_status_invalid_geometry);
  CK_REQUIRE_THAT(rank == 0 || (shape && x_strides && y_strides), ck_status_null_pointer);
  CK_REQUIRE(ck_count(&count, (int)rank, shape));
  CK_REQUIRE(ck_area_make(&from, x, (int)rank, shape, x_strides));
  CK_REQUIRE(ck_area_make(&to, y, (int)rank, shape, y_strides));
  CK_REQUIRE(ck_area_unique(&to));
  return ck_areas_apart(&from, &to);
}

ck_status ck_check_fill(ptrdiff_t count, const float *y) {
  ck_area area;
  CK_REQUIRE(CK_COUNT(&count, count));
  return ck_area_dense(&area, y, count);
}

ck_status ck_check_map(ptrdiff_t count, const float *x, const float *y) {
  ck_area from, to;
  CK_REQUIRE(CK_COUNT(&count, count));
  CK_REQUIRE(ck_area_dense(&from, x, count));
  CK_REQUIRE(ck_area_dense(&to, y, count));
  return same_or_apart(&to, &from);
}

ck_status ck_check_step(const void *options, ptrdiff_t count, const float *g, const float *p, const float *m,
                        const float *v, bool m_needed, bool v_needed) {
  const float *data[] = {g, p, m, v};
  const bool needed[] = {true, true, m_needed, v_needed};
  ck_area area[4];
  CK_REQUIRE_THAT(options, ck_status_null_pointer);
  CK_REQUIRE(CK_COUNT(&count, count));
  for (int i = 0; i < 4; i++) {
    CK_REQUIRE(ck_area_dense(&area[i], data[i], needed[i] || data[i] ? count : 0));
    for (int k = 0; k < i; k++) CK_REQUIRE(ck_areas_apart(&area[i], &area[k]));
  }
  return ck_status_ok;
}
