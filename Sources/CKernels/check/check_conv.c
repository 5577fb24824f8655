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

/* One product of ordinary sizes whose matrices lie apart from end to end: most are, and a small one (128 × 25 by 25 × 1:
   0.1 µs) should not wait twice its time for the general answer. */
static bool plainly_right(const ck_gemm_geometry *g, const float *a, const float *b, const float *c) {
  const size_t most = (size_t)1 << 16;
  const ptrdiff_t sizes[] = {g->m, g->n, g->k, g->lda, g->ldb, g->ldc};
  for (int i = 0; i < 6; i++)
    if ((size_t)sizes[i] - 1 >= most) return false;
  const uintptr_t from_a = (uintptr_t)a, from_b = (uintptr_t)b, from_c = (uintptr_t)c, all = from_a | from_b | from_c;
  if (g->batch != 1 || g->ldc < g->n || !a || !b || !c || all % sizeof(float) != 0 || all >> 62) return false;
  const uintptr_t end_c = from_c + (uintptr_t)((g->m - 1) * g->ldc + g->n) * sizeof(float);
  const uintptr_t end_a = from_a + (uintptr_t)((g->transpose_a ? g->k - 1 : g->m - 1) * g->lda +
                                               (g->transpose_a ? g->m : g->k)) * sizeof(float);
  const uintptr_t end_b = from_b + (uintptr_t)((g->transpose_b ? g->n - 1 : g->k - 1) * g->ldb +
                                               (g->transpose_b ? g->k : g->n)) * sizeof(float);
  return (end_c <= from_a || end_a <= from_c) && (end_c <= from_b || end_b <= from_c);
}

ck_status ck_check_gemm(const ck_gemm_geometry *g, const float *a, const float *b, const float *c) {
  ck_area right;
  CK_REQUIRE_THAT(g, ck_status_null_pointer);
  if (plainly_right(g, a, b, c)) return ck_status_ok;
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

static ck_status view(ck_area *area, ptrdiff_t batch, ptrdiff_t height, ptrdiff_t width, const ck_image *image) {
  const ptrdiff_t size[] = {batch, height, width, image->channels};
  const ptrdiff_t stride[] = {image->batch_stride, image->row_stride, image->pixel_stride, 1};
  CK_REQUIRE_THAT(image->channels >= 0 && image->batch_stride >= 0 && image->row_stride >= 0 &&
                      image->pixel_stride >= 0, ck_status_invalid_geometry);
  return ck_area_make(area, image->data, 4, size, stride);
}

/* Input `v`, which the face makes an image or a mutable one. */
static ck_image input_of(ck_face face, const void *inputs, ptrdiff_t v) {
  if (face != ck_face_input_gradient) return ((const ck_image *)inputs)[v];
  const ck_mutable_image *image = (const ck_mutable_image *)inputs + v;
  return (ck_image){image->data, image->channels, image->pixel_stride, image->row_stride, image->batch_stride};
}

static bool same_image(const ck_image *a, const ck_image *b) {
  return a->data == b->data && a->pixel_stride == b->pixel_stride && a->row_stride == b->row_stride &&
         a->batch_stride == b->batch_stride;
}

/* What a call has in its hands, to be apart from what an epilogue reads and writes. */
typedef struct {
  const ck_area *written, *other, *kernel, *workspace;
} hands;

static ck_status apart_from(const hands *h, const ck_area *area, bool changed) {
  CK_REQUIRE(ck_areas_apart(area, h->written));
  if (h->workspace) CK_REQUIRE(ck_areas_apart(area, h->workspace));
  if (!changed) return ck_status_ok;
  CK_REQUIRE(ck_areas_apart(area, h->other));
  return ck_areas_apart(area, h->kernel);
}

/* What an epilogue reads and writes beside `image`, which is made from `sums` sums a pixel. */
static ck_status epilogue_of(const ck_epilogue *epilogue, const ck_conv2d_geometry *g, ptrdiff_t height, ptrdiff_t width,
                             ptrdiff_t sums, const ck_image *image, const hands *h) {
  ck_area bias = {.high = -1}, kept, residual;
  ptrdiff_t count;
  bool gated = epilogue && epilogue->activation == ck_activation_gated;
  CK_REQUIRE_THAT(!gated || (sums % 2 == 0 && g->groups == 1), ck_status_invalid_geometry);
  CK_REQUIRE_THAT(image->channels == (gated ? sums / 2 : sums), ck_status_invalid_argument);
  if (!epilogue) return ck_status_ok;
  CK_REQUIRE_THAT((unsigned)epilogue->activation <= ck_activation_gated, ck_status_invalid_argument);
  CK_REQUIRE_THAT(epilogue->dropout >= 0 && epilogue->dropout <= 1, ck_status_invalid_argument);
  if (epilogue->bias) {
    CK_REQUIRE(ck_area_dense(&bias, epilogue->bias, sums));
    CK_REQUIRE(apart_from(h, &bias, false));
  }
  CK_REQUIRE(CK_COUNT(&count, g->batch, height, width, sums));
  CK_REQUIRE(ck_area_dense(&kept, epilogue->sums, epilogue->sums ? count : 0));
  CK_REQUIRE(apart_from(h, &kept, true));
  CK_REQUIRE(ck_areas_apart(&kept, &bias));
  if (!epilogue->residual.data) return ck_status_ok;
  CK_REQUIRE_THAT(epilogue->residual.channels == image->channels, ck_status_invalid_argument);
  CK_REQUIRE(view(&residual, g->batch, height, width, &epilogue->residual));
  CK_REQUIRE(ck_areas_apart(&kept, &residual));
  if (h->workspace) CK_REQUIRE(ck_areas_apart(&residual, h->workspace));
  return same_image(&epilogue->residual, image) ? ck_status_ok : ck_areas_apart(&residual, h->written);
}

ck_status ck_check_weights(const ck_conv2d_geometry *g, const float *weights, ck_area *area) {
  extents e;
  CK_REQUIRE(measure(g, &e));
  return ck_area_dense(area, weights, e.weights);
}

ck_status ck_check_conv2d(ck_face face, const ck_conv2d_geometry *g, ptrdiff_t count, const void *inputs,
                          const float *weights, const ck_epilogue *epilogue, const float *output,
                          const ck_mutable_image *output_view) {
  ck_area kernel;
  CK_REQUIRE(ck_check_weights(g, weights, &kernel));
  return ck_check_conv2d_around(face, g, count, inputs, &kernel, epilogue, output, output_view, NULL);
}

ck_status ck_check_conv2d_around(ck_face face, const ck_conv2d_geometry *g, ptrdiff_t count, const void *inputs,
                                 const ck_area *kernel, const ck_epilogue *epilogue, const float *output,
                                 const ck_mutable_image *output_view, const ck_area *workspace) {
  extents e;
  ck_area outputs, input, other;
  CK_REQUIRE(measure(g, &e));
  CK_REQUIRE_THAT(count > 0, ck_status_invalid_argument);
  CK_REQUIRE_THAT(inputs, ck_status_null_pointer);
  CK_REQUIRE_THAT(g->groups == 1 || count == 1, ck_status_unsupported);
  CK_REQUIRE(CK_COUNT(&(ptrdiff_t){0}, count, g->kernel_height, g->kernel_width));
  bool forward = face == ck_face_forward, gated = epilogue && epilogue->activation == ck_activation_gated;
  ptrdiff_t made = forward && gated ? g->output_channels / 2 : g->output_channels;
  ck_image image = {output, made, made, e.width * made, e.height * e.width * made};
  if (output_view)
    image = (ck_image){output_view->data, output_view->channels, output_view->pixel_stride, output_view->row_stride,
                       output_view->batch_stride};
  CK_REQUIRE(view(&outputs, g->batch, e.height, e.width, &image));
  if (forward) CK_REQUIRE(ck_area_unique(&outputs));
  if (face != ck_face_input_gradient) CK_REQUIRE(ck_areas_apart(&outputs, kernel));
  if (workspace) CK_REQUIRE(ck_areas_apart(workspace, &outputs));
  if (workspace) CK_REQUIRE(ck_areas_apart(workspace, kernel));
  ptrdiff_t channels = 0;
  for (ptrdiff_t v = 0; v < count; v++) {
    ck_image one = input_of(face, inputs, v), another;
    CK_REQUIRE(view(&input, g->batch, g->input_height, g->input_width, &one));
    CK_REQUIRE_THAT(one.channels <= g->input_channels - channels, ck_status_invalid_argument);
    channels += one.channels;
    if (face != ck_face_weight_gradient) CK_REQUIRE(ck_areas_apart(&input, &outputs));
    if (!forward) CK_REQUIRE(ck_areas_apart(&input, kernel));
    if (workspace) CK_REQUIRE(ck_areas_apart(&input, workspace));
    if (forward && epilogue && epilogue->sums) {
      CK_REQUIRE(ck_area_dense(&other, epilogue->sums, e.outputs));
      CK_REQUIRE(ck_areas_apart(&input, &other));
    }
    if (face != ck_face_input_gradient) continue;
    CK_REQUIRE(ck_area_unique(&input));
    for (ptrdiff_t u = 0; u < v; u++) {
      another = input_of(face, inputs, u);
      CK_REQUIRE(view(&other, g->batch, g->input_height, g->input_width, &another));
      CK_REQUIRE(ck_areas_apart(&input, &other));
    }
  }
  if (face == ck_face_input_gradient && epilogue) {
    ck_image to = input_of(face, inputs, 0);
    const hands h = {.written = &input, .other = &outputs, .kernel = kernel, .workspace = workspace};
    CK_REQUIRE_THAT(count == 1, ck_status_unsupported);
    return epilogue_of(epilogue, g, g->input_height, g->input_width, g->input_channels, &to, &h);
  }
  if (forward) {
    const hands h = {.written = &outputs, .other = &outputs, .kernel = kernel, .workspace = workspace};
    CK_REQUIRE(epilogue_of(epilogue, g, e.height, e.width, g->output_channels, &image, &h));
  }
  return channels == g->input_channels ? ck_status_ok : ck_status_invalid_argument;
}

ck_status ck_check_plan(const ck_conv2d_geometry *g, ptrdiff_t count, bool views) {
  extents e;
  CK_REQUIRE(measure(g, &e));
  return count > 0 && (views || count == 1) ? ck_status_ok : ck_status_invalid_argument;
}

ck_status ck_check_planned(ck_face face, const ck_conv2d_geometry *g, ptrdiff_t count, const ck_image *views,
                           const ck_epilogue *epilogue) {
  ck_area area;
  CK_REQUIRE_THAT(g->groups == 1 || count == 1, ck_status_unsupported);
  CK_REQUIRE(CK_COUNT(&(ptrdiff_t){0}, count, g->kernel_height, g->kernel_width));
  bool writes = face == ck_face_input_gradient, gated = epilogue && epilogue->activation == ck_activation_gated;
  ptrdiff_t left = writes && gated ? g->input_channels / 2 : g->input_channels;
  for (ptrdiff_t v = 0; v < count; v++) {
    CK_REQUIRE(view(&area, g->batch, g->input_height, g->input_width, &views[v]));
    if (writes) CK_REQUIRE(ck_area_unique(&area));
    CK_REQUIRE_THAT(views[v].channels <= left, ck_status_invalid_argument);
    left -= views[v].channels;
  }
  CK_REQUIRE_THAT(left == 0, ck_status_invalid_argument);
  if (!epilogue) return ck_status_ok;
  CK_REQUIRE_THAT((unsigned)epilogue->activation <= ck_activation_gated, ck_status_invalid_argument);
  CK_REQUIRE_THAT(!writes || count == 1, ck_status_unsupported);
  CK_REQUIRE_THAT(!gated || ((writes ? g->input_channels : g->output_channels) % 2 == 0 && g->groups == 1),
                  ck_status_invalid_geometry);
  if (!epilogue->residual.data) return ck_status_ok;
  const ck_image *r = &epilogue->residual;
  return writes ? view(&area, g->batch, g->input_height, g->input_width, r)
                : view(&area, g->batch, ck_conv2d_output_height(g), ck_conv2d_output_width(g), r);
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
