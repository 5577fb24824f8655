#include "base/isa.h"
#include "base/scratch.h"
#include "check/check.h"
#include "conv/image_of_signal.h"
#include "conv2d/conv2d.h"
#include "gemm/gemm.h"
#include <stdlib.h>
#include <string.h>

/* A plan runs the simple calls' own code from a desk (base/scratch.h): once measuring, when it is made; once packing,
   whenever weights change; and running. */

typedef enum { kind_conv1d, kind_conv2d, kind_gemm } plan_kind;

struct ck_plan {
  const ck_context *context;
  plan_kind kind;
  ck_pass pass;
  ck_conv2d_geometry conv;
  ck_gemm_geometry gemm;
  bool finishes; /* has an epilogue, of this kind */
  ck_epilogue epilogue;
  ptrdiff_t workers;
  uint64_t fingerprint;
  ck_desk desk;
  void *nowhere; /* the views, as the pass and the kind want them, for rehearsals */
  ptrdiff_t count;
  ck_image views[]; /* their channels and strides */
};

/* What packed weights begin with. */
typedef struct {
  uint64_t magic, fingerprint;
  char rest[48];
} header;
static const uint64_t magic = 0x31646b6361706b63; /* "ckpackd1" */
enum { line = 64 };

static const ck_face faces[] = {ck_face_forward, ck_face_input_gradient, ck_face_weight_gradient};

/* ---- What a call passes in -------------------------------------------------------------------------------- */

/* One call's operands. In a measuring or packing call all but the weights point nowhere, and nobody follows them. */
typedef struct {
  const void *views; /* images or signals, mutable ones for an input gradient */
  const float *weights, *output, *a;
  const ck_epilogue *epilogue;
  float *written; /* the output, the weight gradient or C */
} operands;

/* A place that can be counted from in both directions. */
static float *const nowhere = (float *)((uintptr_t)1 << 44);

static const void *images(const ck_plan *plan, const operands *o) {
  if (plan->kind == kind_conv2d) return o->views;
  return plan->pass == ck_pass_input_gradient ? (const void *)ck_mutable_images_of(plan->count, o->views)
                                              : (const void *)ck_images_of(plan->count, o->views);
}

static void compute(const ck_plan *plan, const operands *o, const void *views) {
  const ck_conv2d_geometry *g = &plan->conv;
  ck_mutable_image to;
  if (plan->kind == kind_gemm) {
    ck_gemm_run(plan->context, &plan->gemm, o->a, o->weights, o->written);
    return;
  }
  switch (plan->pass) {
  case ck_pass_forward:
    to = ck_dense_output(g, o->epilogue, o->written);
    ck_convolve(plan->context, g, plan->count, views, o->weights, o->epilogue, &to);
    break;
  case ck_pass_input_gradient:
    ck_convolve_transposed(plan->context, g, o->output, o->weights, o->epilogue, plan->count, views);
    break;
  case ck_pass_weight_gradient:
    ck_convolve_weights(plan->context, g, plan->count, views, o->output, o->written);
    break;
  }
}

/* The plan's views, pointing nowhere. NULL when there is no memory. */
static void *views_nowhere(const ck_plan *plan) {
  bool mutable = plan->pass == ck_pass_input_gradient, signal = plan->kind == kind_conv1d;
  size_t size = signal ? sizeof(ck_signal) : sizeof(ck_image);
  char *views = calloc((size_t)plan->count, size);
  for (ptrdiff_t v = 0; views && v < plan->count; v++) {
    const ck_image *i = &plan->views[v];
    void *view = views + (size_t)v * size;
    if (signal && mutable)
      *(ck_mutable_signal *)view = (ck_mutable_signal){nowhere, i->channels, i->pixel_stride, i->batch_stride};
    else if (signal) *(ck_signal *)view = (ck_signal){nowhere, i->channels, i->pixel_stride, i->batch_stride};
    else if (mutable)
      *(ck_mutable_image *)view =
          (ck_mutable_image){nowhere, i->channels, i->pixel_stride, i->row_stride, i->batch_stride};
    else *(ck_image *)view = (ck_image){nowhere, i->channels, i->pixel_stride, i->row_stride, i->batch_stride};
  }
  return views;
}

/* Runs with a desk and no operands but weights. */
static ck_status rehearse(const ck_plan *plan, ck_desk *desk, const float *weights) {
  operands o = {.weights = weights, .output = nowhere, .a = nowhere, .written = nowhere,
                .epilogue = plan->finishes ? &plan->epilogue : NULL};
  o.views = plan->nowhere;
  ck_desk_set(desk);
  const void *views = plan->kind == kind_gemm ? NULL : images(plan, &o);
  if (plan->kind == kind_gemm || views) compute(plan, &o, views);
  ck_status status = ck_scratch_status();
  ck_desk_set(NULL);
  return status;
}

/* ---- Making ------------------------------------------------------------------------------------------- */

static uint64_t mixed(uint64_t hash, uint64_t value) { /* FNV-1a by words, with a last stir */
  hash = (hash ^ value) * 0x100000001b3;
  return hash ^ hash >> 29;
}

static uint64_t fingerprint_of(const ck_plan *plan) {
  const ck_conv2d_geometry *g = &plan->conv;
  const ck_gemm_geometry *m = &plan->gemm;
  const ck_epilogue *e = &plan->epilogue;
  uint32_t alpha;
  memcpy(&alpha, &m->alpha, sizeof alpha);
  const uint64_t words[] = {
      (uint64_t)ck_version(), ck_isa_of(plan->context), plan->kind, plan->pass, plan->finishes, e->activation, e->dropout > 0,
      e->residual.data != NULL, (uint64_t)e->residual.pixel_stride, e->sums != NULL,
      (uint64_t)g->batch, (uint64_t)g->input_height, (uint64_t)g->input_width, (uint64_t)g->input_channels,
      (uint64_t)g->output_channels, (uint64_t)g->kernel_height, (uint64_t)g->kernel_width,
      (uint64_t)g->stride_height, (uint64_t)g->stride_width, (uint64_t)g->dilation_height,
      (uint64_t)g->dilation_width, (uint64_t)g->groups, (uint64_t)g->pad_top, (uint64_t)g->pad_bottom,
      (uint64_t)g->pad_left, (uint64_t)g->pad_right, m->transpose_a, m->transpose_b, (uint64_t)m->m, (uint64_t)m->n,
      (uint64_t)m->k, alpha};
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) hash = mixed(hash, words[i]);
  for (ptrdiff_t v = 0; v < plan->count; v++)
    hash = mixed(mixed(hash, (uint64_t)plan->views[v].channels), (uint64_t)plan->views[v].pixel_stride);
  return hash;
}

/* Measures what has been filled in and hands it over. */
static ck_status finish_plan(ck_plan *plan, ck_plan **result) {
  plan->workers = ck_context_threads(plan->context);
  plan->fingerprint = fingerprint_of(plan);
  plan->nowhere = plan->kind == kind_gemm ? NULL : views_nowhere(plan);
  plan->desk = (ck_desk){.mode = ck_desk_measuring, .packed = (char *)nowhere};
  bool views = plan->kind == kind_gemm || plan->nowhere;
  ck_status status = views ? rehearse(plan, &plan->desk, nowhere) : ck_status_no_memory;
  if (status != ck_status_ok) {
    ck_plan_destroy(plan);
    return status;
  }
  *result = plan;
  return ck_status_ok;
}

/* A stride over one row or one image does not matter. */
static bool same_strides(const ck_image *a, const ck_image *b, ptrdiff_t batch, ptrdiff_t height) {
  return a->channels == b->channels && a->pixel_stride == b->pixel_stride &&
         (height < 2 || a->row_stride == b->row_stride) && (batch < 2 || a->batch_stride == b->batch_stride);
}

static ck_image seen(const ck_signal *signal) {
  return (ck_image){signal->data, signal->channels, signal->frame_stride, 0, signal->batch_stride};
}

/* The kind of an epilogue, with pointers that point nowhere. */
static ck_epilogue kind_of(const ck_epilogue *epilogue) {
  ck_epilogue kind = *epilogue;
  if (kind.bias) kind.bias = nowhere;
  if (kind.sums) kind.sums = nowhere;
  if (kind.residual.data) kind.residual.data = nowhere;
  return kind;
}

static bool same_kind(const ck_plan *plan, const ck_epilogue *a) {
  const ck_epilogue *b = &plan->epilogue;
  const ck_conv2d_geometry *g = &plan->conv;
  ptrdiff_t height = plan->pass == ck_pass_forward ? ck_conv2d_output_height(g) : g->input_height;
  return a->activation == b->activation && (a->dropout > 0) == (b->dropout > 0) && !a->sums == !b->sums &&
         !a->residual.data == !b->residual.data && (!a->residual.data || same_strides(&a->residual, &b->residual, g->batch, height));
}

/* `images`, or else `signals`, or else one dense view. */
static ck_status make_convolution(const ck_context *context, const ck_conv2d_geometry *g, plan_kind kind, ck_pass pass,
                                  ptrdiff_t count, const ck_image *given, const ck_signal *signals,
                                  const ck_epilogue *epilogue, ck_plan **result) {
  CK_REQUIRE_THAT(result, ck_status_null_pointer);
  *result = NULL;
  CK_REQUIRE_THAT((unsigned)pass <= ck_pass_weight_gradient, ck_status_invalid_argument);
  CK_REQUIRE_THAT(!epilogue || pass != ck_pass_weight_gradient, ck_status_invalid_argument);
  CK_REQUIRE(ck_check_plan(g, count, given || signals));
  ck_plan *plan = calloc(1, sizeof *plan + (size_t)count * sizeof *plan->views);
  CK_REQUIRE_THAT(plan, ck_status_no_memory);
  plan->context = context;
  plan->kind = kind;
  plan->pass = pass;
  plan->conv = *g;
  plan->finishes = epilogue != NULL;
  if (epilogue) plan->epilogue = kind_of(epilogue);
  plan->count = count;
  bool gated = pass == ck_pass_input_gradient && epilogue && epilogue->activation == ck_activation_gated;
  ptrdiff_t channels = gated ? g->input_channels / 2 : g->input_channels, row = channels * g->input_width;
  for (ptrdiff_t v = 0; v < count; v++) {
    plan->views[v] = given     ? given[v]
                     : signals ? seen(&signals[v])
                               : (ck_image){NULL, channels, channels, row, row * g->input_height};
    plan->views[v].data = nowhere;
  }
  ck_status status = ck_check_planned(faces[pass], g, count, plan->views, epilogue ? &plan->epilogue : NULL);
  if (status == ck_status_ok) return finish_plan(plan, result);
  ck_plan_destroy(plan);
  return status;
}

ck_status ck_plan_conv1d(const ck_context *context, const ck_conv1d_geometry *g, ck_pass pass, ptrdiff_t input_count,
                         const ck_signal *inputs, const ck_epilogue *epilogue, ck_plan **plan) {
  CK_REQUIRE_THAT(g, ck_status_null_pointer);
  ck_conv2d_geometry image = ck_image_of_signal(g);
  return make_convolution(context, &image, kind_conv1d, pass, input_count, NULL, inputs, epilogue, plan);
}

ck_status ck_plan_conv2d(const ck_context *context, const ck_conv2d_geometry *g, ck_pass pass, ptrdiff_t input_count,
                         const ck_image *inputs, const ck_epilogue *epilogue, ck_plan **plan) {
  return make_convolution(context, g, kind_conv2d, pass, input_count, inputs, NULL, epilogue, plan);
}

ck_status ck_plan_gemm(const ck_context *context, const ck_gemm_geometry *g, ck_plan **result) {
  CK_REQUIRE_THAT(result && g, ck_status_null_pointer);
  *result = NULL;
  CK_REQUIRE(ck_check_gemm_geometry(g));
  CK_REQUIRE_THAT(g->batch <= 1, ck_status_unsupported);
  ck_plan *plan = calloc(1, sizeof *plan);
  CK_REQUIRE_THAT(plan, ck_status_no_memory);
  plan->context = context;
  plan->kind = kind_gemm;
  plan->gemm = *g;
  return finish_plan(plan, result);
}

void ck_plan_destroy(ck_plan *plan) {
  if (!plan) return;
  free(plan->nowhere);
  free(plan);
}
size_t ck_plan_workspace_size(const ck_plan *plan) { return ck_desk_size(&plan->desk, plan->workers) + line; }
size_t ck_plan_packed_size(const ck_plan *plan) {
  return plan->desk.packed_size == 0 ? 0 : sizeof(header) + plan->desk.packed_size + line;
}

/* ---- Running ------------------------------------------------------------------------------------------ */

static char *aligned(void *memory) { return (char *)(((uintptr_t)memory + line - 1) / line * line); }

/* A desk on the caller's memory. */
static ck_status open_desk(const ck_plan *plan, ck_desk_mode mode, const void *packed, size_t packed_size,
                           void *workspace, size_t workspace_size, ck_desk *desk) {
  CK_REQUIRE_THAT(packed_size >= ck_plan_packed_size(plan), ck_status_workspace_too_small);
  CK_REQUIRE_THAT(workspace_size >= ck_plan_workspace_size(plan), ck_status_workspace_too_small);
  CK_REQUIRE_THAT(workspace && (packed || ck_plan_packed_size(plan) == 0), ck_status_null_pointer);
  *desk = plan->desk;
  desk->mode = mode;
  desk->packed_size = 0;
  desk->workspace = aligned(workspace);
  desk->packed = packed ? aligned((void *)packed) + sizeof(header) : NULL;
  return ck_status_ok;
}

ck_status ck_plan_pack(const ck_plan *plan, const float *weights, void *packed, size_t packed_size, void *workspace,
                       size_t workspace_size) {
  ck_desk desk;
  ck_area from, to, space;
  CK_REQUIRE_THAT(plan, ck_status_null_pointer);
  if (ck_plan_packed_size(plan) == 0) return ck_status_ok;
  CK_REQUIRE(open_desk(plan, ck_desk_packing, packed, packed_size, workspace, workspace_size, &desk));
  CK_REQUIRE(plan->kind == kind_gemm ? ck_check_gemm_factor(&plan->gemm, weights, &from)
                                     : ck_check_weights(&plan->conv, weights, &from));
  CK_REQUIRE(ck_area_bytes(&to, packed, packed_size));
  CK_REQUIRE(ck_area_bytes(&space, workspace, workspace_size));
  CK_REQUIRE(ck_areas_apart(&from, &to));
  CK_REQUIRE(ck_areas_apart(&from, &space));
  CK_REQUIRE(ck_areas_apart(&to, &space));
  CK_REQUIRE(rehearse(plan, &desk, weights));
  header *head = (header *)(desk.packed - sizeof(header));
  *head = (header){.magic = magic, .fingerprint = plan->fingerprint};
  return ck_status_ok;
}

static bool same_view(const ck_plan *plan, const void *views, ptrdiff_t v) {
  const ck_conv2d_geometry *g = &plan->conv;
  if (plan->pass != ck_pass_input_gradient)
    return same_strides((const ck_image *)views + v, &plan->views[v], g->batch, g->input_height);
  const ck_mutable_image *i = (const ck_mutable_image *)views + v;
  const ck_image image = {i->data, i->channels, i->pixel_stride, i->row_stride, i->batch_stride};
  return same_strides(&image, &plan->views[v], g->batch, g->input_height);
}

static ck_status run(const ck_plan *plan, plan_kind kind, ck_pass pass, operands *o, const void *packed,
                     size_t packed_size, void *workspace, size_t workspace_size) {
  ck_desk desk;
  ck_area weights, space;
  CK_REQUIRE_THAT(plan, ck_status_null_pointer);
  CK_REQUIRE_THAT(plan->kind == kind && plan->pass == pass, ck_status_invalid_argument);
  CK_REQUIRE(open_desk(plan, ck_desk_running, packed, packed_size, workspace, workspace_size, &desk));
  CK_REQUIRE(ck_area_bytes(&space, workspace, workspace_size));
  if (plan->desk.packed_size > 0) {
    const header *head = (const header *)(desk.packed - sizeof(header));
    CK_REQUIRE_THAT(head->magic == magic && head->fingerprint == plan->fingerprint, ck_status_invalid_argument);
  }
  o->weights = nowhere;
  if (pass == ck_pass_weight_gradient) CK_REQUIRE(ck_check_weights(&plan->conv, o->written, &weights));
  else CK_REQUIRE(ck_area_bytes(&weights, packed, packed_size));
  if (kind == kind_gemm) {
    CK_REQUIRE(ck_check_gemm_around(&plan->gemm, o->a, &weights, o->written, &space));
    ck_desk_set(&desk);
    compute(plan, o, NULL);
    ck_status status = ck_scratch_status();
    ck_desk_set(NULL);
    return status;
  }
  CK_REQUIRE_THAT(o->views, ck_status_null_pointer);
  CK_REQUIRE_THAT((o->epilogue != NULL) == plan->finishes && (!o->epilogue || same_kind(plan, o->epilogue)),
                  ck_status_invalid_argument);
  ck_desk_set(&desk);
  const void *views = images(plan, o);
  ck_status status = views ? ck_check_conv2d_around(faces[pass], &plan->conv, plan->count, views, &weights, o->epilogue,
                                                    pass == ck_pass_forward ? o->written : o->output, NULL, &space)
                           : ck_scratch_status();
  for (ptrdiff_t v = 0; status == ck_status_ok && v < plan->count; v++)
    if (!same_view(plan, views, v)) status = ck_status_invalid_argument;
  if (status == ck_status_ok) {
    compute(plan, o, views);
    status = ck_scratch_status();
  }
  ck_desk_set(NULL);
  return status;
}

#define RUN_CONVOLUTION(dimensions, view, mutable_view) \
  ck_status ck_run_conv##dimensions(const ck_plan *plan, const view *inputs, const void *packed, size_t packed_size, \
                                    const ck_epilogue *epilogue, float *output, void *workspace, \
                                    size_t workspace_size) { \
    operands o = {.views = inputs, .epilogue = epilogue, .written = output}; \
    return run(plan, kind_conv##dimensions, ck_pass_forward, &o, packed, packed_size, workspace, workspace_size); \
  } \
  ck_status ck_run_conv##dimensions##_input_gradient( \
      const ck_plan *plan, const float *output_gradient, const void *packed, size_t packed_size, \
      const ck_epilogue *epilogue, const mutable_view *input_gradients, void *workspace, size_t workspace_size) { \
    operands o = {.views = input_gradients, .epilogue = epilogue, .output = output_gradient}; \
    return run(plan, kind_conv##dimensions, ck_pass_input_gradient, &o, packed, packed_size, workspace, \
               workspace_size); \
  } \
  ck_status ck_run_conv##dimensions##_weight_gradient(const ck_plan *plan, const view *inputs, \
                                                      const float *output_gradient, float *weight_gradient, \
                                                      void *workspace, size_t workspace_size) { \
    operands o = {.views = inputs, .output = output_gradient, .written = weight_gradient}; \
    return run(plan, kind_conv##dimensions, ck_pass_weight_gradient, &o, NULL, 0, workspace, workspace_size); \
  }
RUN_CONVOLUTION(1d, ck_signal, ck_mutable_signal)
RUN_CONVOLUTION(2d, ck_image, ck_mutable_image)

ck_status ck_run_gemm(const ck_plan *plan, const float *a, const void *packed, size_t packed_size, float *c,
                      void *workspace, size_t workspace_size) {
  operands o = {.a = a, .written = c};
  return run(plan, kind_gemm, ck_pass_forward, &o, packed, packed_size, workspace, workspace_size);
}
