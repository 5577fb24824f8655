#define _GNU_SOURCE
#include "trial.h"
#include <cblas.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static float *floats(ptrdiff_t count) {
  const size_t huge = (size_t)2 << 20;
  size_t size = ((size_t)count * sizeof(float) + huge) / huge * huge;
  float *memory = aligned_alloc(huge, size);
  if (!memory) exit(1);
  madvise(memory, size, MADV_HUGEPAGE);
  for (ptrdiff_t i = 0; i < count; i++) memory[i] = (float)(rand() % 2001 - 1000) * 1e-3f;
  return memory;
}

trial trial_create(const ck_context *context, const layer *l) {
  trial t = {.context = context, .l = l};
  const ck_conv2d_geometry *g = &l->geometry;
  ptrdiff_t pixels = g->input_height * g->input_width, rows = g->kernel_height * g->kernel_width * g->input_channels;
  ptrdiff_t outputs = ck_conv2d_output_height(g) * ck_conv2d_output_width(g);
  ptrdiff_t parts = l->transposed ? 1 : l->input_count;
  for (ptrdiff_t v = 0; v < parts; v++) {
    ptrdiff_t c = l->transposed ? g->input_channels : l->inputs[v];
    t.inputs[v] = (ck_image){floats(g->batch * pixels * c), c, c, g->input_width * c, pixels * c};
    t.gradients[v] = (ck_mutable_image){floats(g->batch * pixels * c), c, c, g->input_width * c, pixels * c};
  }
  t.joined = floats(g->batch * pixels * g->input_channels);
  t.columns = floats((l->matmul ? 1 : outputs) * rows);
  t.weights = floats(rows / g->groups * g->output_channels);
  t.weight_gradient = floats(rows / g->groups * g->output_channels);
  t.bias = floats(g->output_channels > g->input_channels ? g->output_channels : g->input_channels);
  t.output = floats(g->batch * outputs * g->output_channels);
  return t;
}

void trial_destroy(trial *t) {
  for (ptrdiff_t v = 0; v < most_inputs; v++) {
    free((float *)t->inputs[v].data);
    free(t->gradients[v].data);
  }
  free(t->joined), free(t->columns), free(t->weights), free(t->weight_gradient), free(t->bias), free(t->output);
}

/* Forward and input gradient change places in a transposed layer. */
static pass of_convolution(const layer *l, pass p) {
  if (!l->transposed || p == pass_weight_gradient) return p;
  return p == pass_forward ? pass_input_gradient : pass_forward;
}

static void ours_matmul(trial *t, pass p) {
  const ck_conv2d_geometry *g = &t->l->geometry;
  ptrdiff_t m = g->batch, k = g->input_channels, n = g->output_channels;
  ck_gemm_geometry product = {.alpha = 1, .batch = 1};
  switch (p) {
  case pass_forward:
    product.m = m, product.n = n, product.k = k, product.lda = k, product.ldb = n, product.ldc = n;
    ck_gemm(t->context, &product, t->joined, t->weights, t->output);
    break;
  case pass_input_gradient:
    product.m = m, product.n = k, product.k = n, product.lda = n, product.ldb = n, product.ldc = k;
    product.transpose_b = true;
    ck_gemm(t->context, &product, t->output, t->weights, t->joined);
    break;
  default:
    product.m = k, product.n = n, product.k = m, product.lda = k, product.ldb = n, product.ldc = n;
    product.transpose_a = true;
    ck_gemm(t->context, &product, t->joined, t->output, t->weight_gradient);
  }
}

void trial_ours(trial *t, pass p) {
  const layer *l = t->l;
  ptrdiff_t parts = l->transposed ? 1 : l->input_count;
  ck_epilogue leaky = {.bias = t->bias, .activation = ck_activation_leaky_relu, .slope = 0.2f};
  if (l->matmul) {
    ours_matmul(t, p);
    return;
  }
  switch (of_convolution(l, p)) {
  case pass_forward: ck_conv2d(t->context, &l->geometry, parts, t->inputs, t->weights, &leaky, t->output); break;
  case pass_input_gradient:
    ck_conv2d_input_gradient(t->context, &l->geometry, t->output, t->weights, parts, t->gradients);
    break;
  default: ck_conv2d_weight_gradient(t->context, &l->geometry, parts, t->inputs, t->output, t->weight_gradient);
  }
}

void trial_openblas(trial *t, pass p) {
  const ck_conv2d_geometry *g = &t->l->geometry;
  if (g->groups > 1) return;
  ck_conv2d_geometry one = *g;
  ptrdiff_t images = g->batch;
  int m = (int)(ck_conv2d_output_height(g) * ck_conv2d_output_width(g));
  int k = (int)(g->kernel_height * g->kernel_width * g->input_channels), n = (int)g->output_channels;
  bool dense = g->kernel_height * g->kernel_width == 1 && g->stride_height * g->stride_width == 1;
  if (dense) m *= (int)g->batch, images = 1; /* one product for the whole batch */
  one.batch = 1;
  for (ptrdiff_t b = 0; b < images; b++) {
    float *x = t->joined + b * g->input_height * g->input_width * g->input_channels, *y = t->output + b * m * n;
    float *columns = dense ? x : t->columns;
    pass face = of_convolution(t->l, p);
    if (face != pass_input_gradient && !dense) ck_im2col2d(t->context, &one, x, columns);
    if (face == pass_forward)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, columns, k, t->weights, n, 0, y, n);
    if (face == pass_input_gradient) {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, k, n, 1, y, n, t->weights, n, 0, columns, k);
      if (!dense) ck_col2im2d(t->context, &one, columns, x);
    }
    if (face == pass_weight_gradient)
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, k, n, m, 1, columns, k, y, n, b > 0, t->weight_gradient, n);
  }
}

double seconds_now(int threads) {
  struct timespec t;
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double fma_peak(void) {
#if defined(__x86_64__)
  if (ck_isa_best() < ck_isa_avx512) return 0;
  const long all = 60000;
  long rounds = all;
  double start = seconds_now(1);
  __asm__ volatile(
      "vpxord %%zmm30,%%zmm30,%%zmm30\n vpxord %%zmm31,%%zmm31,%%zmm31\n1:\n\t"
#define F(i) "vfmadd231ps %%zmm30,%%zmm31,%%zmm" #i "\n\t"
      F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15) F(16) F(17) F(18) F(19)
      F(20) F(21) F(22) F(23) "dec %0\n\tjnz 1b"
      : "+r"(rounds)::"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
        "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",
        "xmm30", "xmm31");
  return (double)all * 24 * 32 / (seconds_now(1) - start) / 1e9;
#else
  return 0;
#endif
}

double read_bandwidth(void) {
  const ptrdiff_t count = (ptrdiff_t)64 << 20;
  float *memory = floats(count), sum = 0, total;
  double best = 0;
  for (int round = 0; round < 3; round++) {
    double start = seconds_now(1);
    ck_reduce(NULL, ck_reduce_maximum, 1, count, 1, memory, &total);
    double speed = (double)count * sizeof(float) / (seconds_now(1) - start) / 1e9;
    if (speed > best) best = speed;
    sum += total;
  }
  free(memory);
  return sum == 0 ? 0 : best;
}
