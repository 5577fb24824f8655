#include "check/check.h"

/* Convolutions, im2col and matrix products. */

/* ---- Matrix products ---------------------------------------------------------------------------------- */

/* `batch` matrices of rows × columns as stored. */
static ck_status matrices(ck_area *area, const float *data, ptrdiff_t batch, ptrdiff_t batch_stride, ptrdiff_t rows,
                          ptrdiff_t row_stride, ptrdiff_t columns) {
  const ptrdiff_t size[] = {batch, rows, columns}, stride[] = {batch_stride, row_stride, 1};
  CK_REQUIRE_THAT(batch_stride >= 0 && row_stride >= 0, ck_status_invalid_geometry);
  return ck_area_make(area, data, 3, size, stride);
}

static bool reads_factors(const ck_gemm_geometry *g) { return g->k != 0 && g->alpha != 0 && g->m != 0 && g->n != 0; }

ck_status ck_check_gemm_geometry(const ck_gemm_geometry *g) {
  ptrdiff_t count;
  CK_REQUIRE_THAT(g, ck_status_null_pointer);
  CK_REQUIRE(CK_COUNT(&count, g->batch, g->m, g->n));
  CK_REQUIRE(CK_COUNT(&count, g->batch, g->m, g->k));
  CK_REQUIRE(CK_COUNT(&count, g->batch, g->k, g->n));
  CK_REQUIRE_THAT(g->lda >= 0 && g->ldb >= 0 && g->ldc >= 0, ck_status_invalid_geometry);
  CK_REQUIRE(CK_COUNT(&count, g->lda, g->k));
  return CK_COUNT(&count, g->ldb, g->k);
}

ck_status ck_check_gemm_factor(const ck_gemm_geometry *g, const float *b, ck_area *area) {
  ptrdiff_t batch = reads_factors(g) ? g->batch : 0;
  return matrices(area, b, batch, g->b_stride, g->transpose_b ? g->n : g->k, g->ldb, g->transpose_b ? g->k : g->n);
}

ck_status ck_check_gemm(const ck_gemm_geometry *g, const float *a, const float *b, const float *c) {
  ck_area right;
  CK_REQUIRE(ck_check_gemm_geometry(g));
  CK_REQUIRE(ck_check_gemm_factor(g, b, &right));
  return ck_check_gemm_around(g, a, &right, c, NULL);
}

ck_status ck_check_gemm_around(const ck_gemm_geometry *g, const float *a, const ck_area *b, const float *c,
                               const ck_area *workspace) {
  ck_area left, product;
  CK_REQUIRE(matrices(&product, c, g->batch, g->c_stride, g->m, g->ldc, g->n));
  CK_REQUIRE(ck_area_unique(&product));
  if (!reads_factors(g)) return ck_status_ok;
  CK_REQUIRE(matrices(&left, a, g->batch, g->a_stride, g->transpose_a ? g->k : g->m, g->lda,
                      g->transpose_a ? g->m : g->k));
  if (workspace) CK_REQUIRE(ck_areas_apart(workspace, &left));
  if (workspace) CK_REQUIRE(ck_areas_apart(workspace, b));
  if (workspace) CK_REQUIRE(ck_areas_apart(workspace, &product));
  CK_REQUIRE(ck_areas_apart(&product, &left));
  return ck_areas_apart(&product, b);
}

/* ---- Convolutions ------------------------------------------------------------------------------------- */

enum { most_empty_taps = 1 << 16 };
typedef struct {
  ptrdiff_t height, width, outputs, weights; /* outputs and weights: how many numbers */
} extents;

static ck_status measure(const ck_conv2d_geometry *g, extents *e) {
  ptrdiff_t count;
  CK_REQUIRE_THAT(g, ck_status_null_pointer);
  CK_REQUIRE(ck_windows(&e->height, g->input_height, g->pad_top, g->pad_bottom, g->kernel_height,
                        g->dilation_height, g->stride_height));
  CK_REQUIRE(ck_windows(&e->width, g->input_width, g->pad_left, g->pad_right, g->kernel_width, g->dilation_width,
                        g->stride_width));
  CK_REQUIRE_THAT(g->input_channels >= 0 && g->output_channels >= 0 && g->groups > 0, ck_status_invalid_geometry);
  CK_REQUIRE_THAT(g->input_channels % g->groups == 0 && g->output_channels % g->groups == 0,
                  ck_status_invalid_geometry);
  /* Lines between output pixels, and the windows that kernels copy where padding is. */
  CK_REQUIRE(CK_COUNT(&count, g->stride_height, g->stride_width, g->input_channels));
  CK_REQUIRE(CK_COUNT(&count, g->kernel_height * g->dilation_height, g->kernel_width * g->dilation_width,
                      g->input_channels));
  CK_REQUIRE(CK_COUNT(&count, g->batch, g->input_height, g->input_width, g->input_channels));
  CK_REQUIRE(CK_COUNT(&e->weights, g->kernel_height, g->kernel_width, g->input_channels / g->groups,
                      g->output_channels));
  /* Taps take working space even where they have no weights. */
  CK_REQUIRE_THAT(e->weights > 0 || g->kernel_height * g->kernel_width <= most_empty_taps, ck_status_unsupported);
  return CK_COUNT(&e->outputs, g->batch, e->height, e->width, g->output_channels);
}

/* View `v`, of a kind that the face tells. */
static ck_status view(ck_area *area, ck_face face, const ck_conv2d_geometry *g, const void *images, ptrdiff_t v) {
  ck_image image;
  if (face == ck_face_input_gradient) {
    const ck_mutable_image *from = (const ck_mutable_image *)images + v;
    image = (ck_image){from->data, from->channels, from->pixel_stride, from->row_stride, from->batch_stride};
  } else {
    image = ((const ck_image *)images)[v];
  }
  const ptrdiff_t size[] = {g->batch, g->input_height, g->input_width, image.channels};
  const ptrdiff_t stride[] = {image.batch_stride, image.row_stride, image.pixel_stride, 1};
  CK_REQUIRE_THAT(image.channels >= 0 && image.batch_stride >= 0 && image.row_stride >= 0 &&
                      image.pixel_stride >= 0, ck_status_invalid_geometry);
  return ck_area_make(area, image.data, 4, size, stride);
}

static ck_status epilogue_of(const ck_epilogue *epilogue, ptrdiff_t channels, const ck_area *written,
                             const ck_area *workspace) {
  ck_area bias;
  if (!epilogue) return ck_status_ok;
  CK_REQUIRE_THAT((unsigned)epilogue->activation <= ck_activation_sigmoid, ck_status_invalid_argument);
  if (!epilogue->bias) return ck_status_ok;
  CK_REQUIRE(ck_area_dense(&bias, epilogue->bias, channels));
  if (workspace) CK_REQUIRE(ck_areas_apart(workspace, &bias));
  return ck_areas_apart(written, &bias);
}

ck_status ck_check_weights(const ck_conv2d_geometry *g, const float *weights, ck_area *area) {
  extents e;
  CK_REQUIRE(measure(g, &e));
  return ck_area_dense(area, weights, e.weights);
}

ck_status ck_check_plan(const ck_conv2d_geometry *g, ptrdiff_t count, const ptrdiff_t *channels,
                        const ck_epilogue *epilogue) {
  extents e;
  CK_REQUIRE(measure(g, &e));
  CK_REQUIRE_THAT(count > 0 && (channels || count == 1), ck_status_invalid_argument);
  CK_REQUIRE_THAT(g->groups == 1 || count == 1, ck_status_unsupported);
  CK_REQUIRE(CK_COUNT(&(ptrdiff_t){0}, count, g->kernel_height, g->kernel_width));
  CK_REQUIRE_THAT(!epilogue || (unsigned)epilogue->activation <= ck_activation_sigmoid, ck_status_invalid_argument);
  ptrdiff_t sum = channels ? 0 : g->input_channels;
  for (ptrdiff_t v = 0; channels && v < count; v++) {
    CK_REQUIRE_THAT(channels[v] >= 0 && channels[v] <= g->input_channels - sum, ck_status_invalid_argument);
    sum += channels[v];
  }
  return sum == g->input_channels ? ck_status_ok : ck_status_invalid_argument;
}

ck_status ck_check_conv2d(ck_face face, const ck_conv2d_geometry *g, ptrdiff_t count, const void *inputs,
                          const float *weights, const ck_epilogue *epilogue, const float *output) {
  ck_area kernel;
  CK_REQUIRE(ck_check_weights(g, weights, &kernel));
  return ck_check_conv2d_around(face, g, count, inputs, &kernel, epilogue, output, NULL);
}

ck_status ck_check_conv2d_around(ck_face face, const ck_conv2d_geometry *g, ptrdiff_t count, const void *inputs,
                                 const ck_area *kernel, const ck_epilogue *epilogue, const float *output,
                                 const ck_area *workspace) {
  extents e;
  ck_area outputs, input, other;
  CK_REQUIRE(measure(g, &e));
  CK_REQUIRE_THAT(count > 0, ck_status_invalid_argument);
  CK_REQUIRE_THAT(inputs, ck_status_null_pointer);
  CK_REQUIRE_THAT(g->groups == 1 || count == 1, ck_status_unsupported);
  CK_REQUIRE(CK_COUNT(&(ptrdiff_t){0}, count, g->kernel_height, g->kernel_width));
  CK_REQUIRE(ck_area_dense(&outputs, output, e.outputs));
  if (workspace) CK_REQUIRE(ck_areas_apart(workspace, &outputs));
  if (workspace) CK_REQUIRE(ck_areas_apart(workspace, kernel));
  if (face != ck_face_input_gradient) CK_REQUIRE(ck_areas_apart(&outputs, kernel));
  if (face == ck_face_forward) CK_REQUIRE(epilogue_of(epilogue, g->output_channels, &outputs, workspace));
  ptrdiff_t channels = 0;
  for (ptrdiff_t v = 0; v < count; v++) {
    CK_REQUIRE(view(&input, face, g, inputs, v));
    channels += input.size[3];
    CK_REQUIRE_THAT(channels <= g->input_channels, ck_status_invalid_argument);
    if (face != ck_face_weight_gradient) CK_REQUIRE(ck_areas_apart(&input, &outputs));
    if (face != ck_face_forward) CK_REQUIRE(ck_areas_apart(&input, kernel));
    if (workspace) CK_REQUIRE(ck_areas_apart(&input, workspace));
    if (face != ck_face_input_gradient) continue;
    CK_REQUIRE(ck_area_unique(&input));
    for (ptrdiff_t u = 0; u < v; u++) {
      CK_REQUIRE(view(&other, face, g, inputs, u));
      CK_REQUIRE(ck_areas_apart(&input, &other));
    }
  }
  return channels == g->input_channels ? ck_status_ok : ck_status_invalid_argument;
}

ck_status ck_check_signals(const ck_conv1d_geometry *g, ptrdiff_t count, const void *signals) {
  CK_REQUIRE_THAT(g && signals, ck_status_null_pointer);
  return count > 0 ? ck_status_ok : ck_status_invalid_argument;
}

ck_status ck_check_im2col2d(const ck_conv2d_geometry *g, const float *input, const float *columns) {
  extents e;
  ptrdiff_t count;
  ck_area image, matrix;
  CK_REQUIRE(measure(g, &e));
  CK_REQUIRE(CK_COUNT(&count, g->batch, g->input_height, g->input_width, g->input_channels));
  CK_REQUIRE(ck_area_dense(&image, input, count));
  CK_REQUIRE(CK_COUNT(&count, g->batch, e.height, e.width, g->kernel_height, g->kernel_width, g->input_channels));
  CK_REQUIRE(ck_area_dense(&matrix, columns, count));
  return ck_areas_apart(&image, &matrix);
}
