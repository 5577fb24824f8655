/* What every public door asks before anything is written: CK_REQUIRE(ck_check_…(its own arguments)).

     sizes.c   products that cannot overflow; how long outputs are
     areas.c   the memory that views touch: NULL, alignment, overlap
     check.c, check_conv.c   one function per door

   After a check, no product of sizes, strides and taps of one call overflows, with room for a factor of 2^13. */
#pragma once
#include "CKernels.h"

#define CK_REQUIRE(check) \
  do { \
    const ck_status ck_checked = (check); \
    if (ck_checked != ck_status_ok) return ck_checked; \
  } while (0)

#define CK_REQUIRE_THAT(condition, otherwise) CK_REQUIRE((condition) ? ck_status_ok : (otherwise))

/* ---- Sizes -------------------------------------------------------------------------------------------- */

/* The product of sizes that are not negative. A zero does not excuse the others: they must be small enough without it. */
ck_status ck_count(ptrdiff_t *count, int sizes, const ptrdiff_t *size);
#define CK_COUNT(count, ...) \
  ck_count(count, (int)(sizeof((ptrdiff_t[]){__VA_ARGS__}) / sizeof(ptrdiff_t)), (ptrdiff_t[]){__VA_ARGS__})

/* Windows of `window` taps, `dilation` apart, that fit in an input with its padding, every `stride`. */
ck_status ck_windows(ptrdiff_t *count, ptrdiff_t input, ptrdiff_t before, ptrdiff_t after, ptrdiff_t window,
                     ptrdiff_t dilation, ptrdiff_t stride);

/* ---- Areas -------------------------------------------------------------------------------------------- */

enum { ck_area_rank = ck_max_rank };
/* The numbers at data[Σ index · stride] for every index below `size`. */
typedef struct ck_area {
  const float *data;
  int rank;
  ptrdiff_t size[ck_area_rank], stride[ck_area_rank];
  ptrdiff_t low, high; /* least and greatest offset; high < low when there are none */
} ck_area;

/* Not NULL, aligned, within the address space. Anything goes for an empty area. */
ck_status ck_area_make(ck_area *area, const float *data, int rank, const ptrdiff_t *size, const ptrdiff_t *stride);
ck_status ck_area_dense(ck_area *area, const void *data, ptrdiff_t count);
/* Bytes at any address, rounded outwards to whole numbers. */
ck_status ck_area_bytes(ck_area *area, const void *data, size_t bytes);
/* No two indices address the same number: strides nest. */
ck_status ck_area_unique(const ck_area *area);
/* No number in common. Exact when strides are equal; otherwise from the first to the last address. */
ck_status ck_areas_apart(const ck_area *a, const ck_area *b);

/* ---- Doors -------------------------------------------------------------------------------------------- */

typedef enum ck_face { ck_face_forward, ck_face_input_gradient, ck_face_weight_gradient } ck_face;

ck_status ck_check_gemm(const ck_gemm_geometry *g, const float *a, const float *b, const float *c);
/* `inputs` are images, mutable ones for an input gradient; `output` is the output or its gradient, `weights` the weights
   or theirs. The face says which of them is written, and what is written has the epilogue. `view`, when there is one,
   stands for a dense output. */
ck_status ck_check_conv2d(ck_face face, const ck_conv2d_geometry *g, ptrdiff_t count, const void *inputs,
                          const float *weights, const ck_epilogue *epilogue, const float *output,
                          const ck_mutable_image *view);
/* For plans: weights of any form, and a workspace (or NULL) that must lie apart from everything. */
ck_status ck_check_conv2d_around(ck_face face, const ck_conv2d_geometry *g, ptrdiff_t count, const void *inputs,
                                 const ck_area *kernel, const ck_epilogue *epilogue, const float *output,
                                 const ck_mutable_image *view, const ck_area *workspace);
/* What a plan can know: the geometry and how many views (given, or one); then their strides and the epilogue. */
ck_status ck_check_plan(const ck_conv2d_geometry *g, ptrdiff_t count, bool views);
ck_status ck_check_planned(ck_face face, const ck_conv2d_geometry *g, ptrdiff_t count, const ck_image *views,
                           const ck_epilogue *epilogue);
ck_status ck_check_weights(const ck_conv2d_geometry *g, const float *weights, ck_area *area);
ck_status ck_check_gemm_geometry(const ck_gemm_geometry *g);
ck_status ck_check_gemm_factor(const ck_gemm_geometry *g, const float *b, ck_area *area);
ck_status ck_check_gemm_around(const ck_gemm_geometry *g, const float *a, const ck_area *b, const float *c,
                               const ck_area *workspace);
/* That signals can be called images; as images they are checked. */
ck_status ck_check_signals(const ck_conv1d_geometry *g, ptrdiff_t count, const void *signals);
ck_status ck_check_im2col2d(const ck_conv2d_geometry *g, const float *input, const float *columns);

ck_status ck_check_upsample(const ck_upsample_geometry *g, const float *mix, const float *x, const float *y);
ck_status ck_check_upsample_mix(const ck_upsample_geometry *g, const float *x, const float *y, const float *mix);
ck_status ck_check_decimate(ptrdiff_t batch, ptrdiff_t frames, ptrdiff_t channels, ptrdiff_t factor,
                            const float *x, const float *y);
ck_status ck_check_sinc_filter(ptrdiff_t taps, ptrdiff_t factor, const float *filter);

ck_status ck_check_pool(const ck_pool_geometry *g, const float *x, const float *y);
/* With positions in the input: those the door writes, or those it reads, which must lie within. */
ck_status ck_check_max_pool(const ck_pool_geometry *g, const float *x, const float *y, const int32_t *indices);
ck_status ck_check_pool_at(const ck_context *context, const ck_pool_geometry *g, const int32_t *indices,
                           const float *x, const float *y);

ck_status ck_check_unary(ck_unary_op op, ptrdiff_t count, const float *x, const float *y);
ck_status ck_check_binary(ck_binary_op op, ptrdiff_t count, const float *x, const float *y, const float *z);
ck_status ck_check_broadcast(ck_binary_op op, ptrdiff_t outer, ptrdiff_t middle, ptrdiff_t inner, const float *x,
                             const float *y, const float *z);
ck_status ck_check_gated(ptrdiff_t frames, ptrdiff_t channels, const float *x, const float *y);
ck_status ck_check_gated_gradient(ptrdiff_t frames, ptrdiff_t channels, const float *x, const float *y_gradient,
                                  const float *x_gradient);

ck_status ck_check_activation_gradient(ck_activation activation, ptrdiff_t pixels, ptrdiff_t channels, const float *y,
                                       const float *y_gradient, const float *gradient, const float *bias_gradient);
/* y may be x. */
ck_status ck_check_map(ptrdiff_t count, const float *x, const float *y);

ck_status ck_check_reduce(ck_reduce_op op, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x,
                          const float *y);
ck_status ck_check_reduce_products(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const float *z,
                                   const float *y);
ck_status ck_check_scale(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const float *a,
                         const float *b, const float *y);
ck_status ck_check_dot(ptrdiff_t count, const float *x, const float *y, const double *sum);
ck_status ck_check_moments(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const float *mean,
                           const float *variance);
ck_status ck_check_argmax(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const int32_t *y);

ck_status ck_check_strided(ptrdiff_t rank, const ptrdiff_t *shape, const float *x, const ptrdiff_t *x_strides,
                           const float *y, const ptrdiff_t *y_strides);
ck_status ck_check_fill(ptrdiff_t count, const float *y);
ck_status ck_check_gather(const ck_context *context, ptrdiff_t count, ptrdiff_t columns, ptrdiff_t table_rows,
                          const int32_t *indices, const float *table, const float *y);

/* p, m and v are changed where they lie; m and v may be NULL where the step has none. */
ck_status ck_check_step(const void *options, ptrdiff_t count, const float *g, const float *p, const float *m,
                        const float *v, bool m_needed, bool v_needed);
