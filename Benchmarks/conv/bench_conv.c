/* Speed of conv1d and its gradients against im2col + OpenBLAS, layer by layer of a shape file.

     make -C Benchmarks/conv && Benchmarks/conv/bench_conv Benchmarks/Shapes/wave-u-net.json [threads [part of a name]]

   Every repetition runs a multiply-add probe and then each candidate once, so that all of them see the same clock and
   the same neighbours; medians are printed, in 10^9 floating point operations a second (2 · taps · inputs · outputs for
   every output frame, padding counted as work). With one thread the clock is the thread's own processor time, else
   the wall's. The rival gets its inputs side by side in one tensor already; we read ours where they are. */
#define _GNU_SOURCE
#include "CKernels.h"
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { most_repetitions = 60, candidates = 6, line_length = 512, most_inputs = 4 };

typedef struct {
  char name[64];
  ptrdiff_t batch, frames, inputs[most_inputs], input_count, outputs, kernel, stride, dilation, pad_left, pad_right;
} layer;

static int threads = 1;

static double now(void) {
  struct timespec t;
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What one core's multiply-add units give at this moment; 0 where this file has no probe. */
static double probe(void) {
#if defined(__x86_64__)
  if (ck_isa_best() != ck_isa_avx512) return 0;
  long rounds = 60000;
  double start = now();
  __asm__ volatile(
      "vpxord %%zmm30,%%zmm30,%%zmm30\n vpxord %%zmm31,%%zmm31,%%zmm31\n1:\n\t"
#define F(i) "vfmadd231ps %%zmm30,%%zmm31,%%zmm" #i "\n\t"
      F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15) F(16) F(17) F(18) F(19)
      F(20) F(21) F(22) F(23) "dec %0\n\tjnz 1b"
      : "+r"(rounds)::"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
        "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",
        "xmm30", "xmm31");
  return 60000.0 * 24 * 32 / (now() - start) / 1e9;
#else
  return 0;
#endif
}

static float *floats(ptrdiff_t count) {
  const size_t huge = (size_t)2 << 20;
  size_t size = ((size_t)count * sizeof(float) + huge) / huge * huge;
  float *memory = aligned_alloc(huge, size);
  if (!memory) exit(1);
  madvise(memory, size, MADV_HUGEPAGE);
  for (ptrdiff_t i = 0; i < count; i++) memory[i] = (float)(rand() % 2001 - 1000) * 1e-3f;
  return memory;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}
static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, by_value);
  return values[count / 2];
}

typedef struct {
  const ck_context *context;
  ck_conv1d_geometry g;
  ptrdiff_t input_count, output_frames;
  ck_signal inputs[most_inputs];
  ck_mutable_signal gradients[most_inputs];
  float *joined, *columns, *weights, *bias, *output, *weight_gradient;
} trial;

static void rival(trial *t, int face) {
  const ck_conv1d_geometry *g = &t->g;
  int m = (int)t->output_frames, k = (int)(g->kernel_size * g->input_channels), n = (int)g->output_channels;
  ck_conv1d_geometry one = *g;
  one.batch = 1;
  for (ptrdiff_t b = 0; b < g->batch; b++) {
    float *x = t->joined + b * g->input_frames * g->input_channels, *y = t->output + b * m * n;
    float *columns = g->kernel_size == 1 && g->stride == 1 ? x : t->columns;
    if (face != 1 && columns != x) ck_im2col1d(t->context, &one, x, columns);
    if (face == 0)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, columns, k, t->weights, n, 0, y, n);
    if (face == 1) {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, k, n, 1, y, n, t->weights, n, 0, columns, k);
      if (columns != x) ck_col2im1d(t->context, &one, columns, x);
    }
    if (face == 2)
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, k, n, m, 1, columns, k, y, n, b > 0, t->weight_gradient, n);
  }
}

static void run(trial *t, int candidate) {
  ck_epilogue leaky = {.bias = t->bias, .activation = ck_activation_leaky_relu, .slope = 0.2f};
  switch (candidate) {
  case 0: ck_conv1d(t->context, &t->g, t->input_count, t->inputs, t->weights, &leaky, t->output); break;
  case 1:
    ck_conv1d_input_gradient(t->context, &t->g, t->output, t->weights, t->input_count, t->gradients);
    break;
  case 2:
    ck_conv1d_weight_gradient(t->context, &t->g, t->input_count, t->inputs, t->output, t->weight_gradient);
    break;
  default: rival(t, candidate - 3);
  }
}

static void measure(const layer *l, const ck_context *context, double budget, double totals[candidates]) {
  trial t = {.context = context, .input_count = l->input_count};
  t.g = (ck_conv1d_geometry){.batch = l->batch, .input_frames = l->frames, .output_channels = l->outputs,
                             .kernel_size = l->kernel, .stride = l->stride, .dilation = l->dilation, .groups = 1,
                             .pad_left = l->pad_left, .pad_right = l->pad_right};
  for (ptrdiff_t v = 0; v < l->input_count; v++) {
    ptrdiff_t c = l->inputs[v];
    t.inputs[v] = (ck_signal){floats(l->batch * l->frames * c), c, c, l->frames * c};
    t.gradients[v] = (ck_mutable_signal){floats(l->batch * l->frames * c), c, c, l->frames * c};
    t.g.input_channels += c;
  }
  t.output_frames = ck_conv1d_output_frames(&t.g);
  ptrdiff_t rows = l->kernel * t.g.input_channels;
  t.joined = floats(l->batch * l->frames * t.g.input_channels);
  t.columns = floats(t.output_frames * rows);
  t.weights = floats(rows * l->outputs);
  t.weight_gradient = floats(rows * l->outputs);
  t.bias = floats(l->outputs);
  t.output = floats(l->batch * t.output_frames * l->outputs);

  static double times[candidates][most_repetitions], peaks[most_repetitions];
  for (int c = 0; c < candidates; c++) run(&t, c);
  int repetitions = 0;
  for (double spent = 0; repetitions < most_repetitions && (spent < budget || repetitions < 5); repetitions++) {
    peaks[repetitions] = probe() * threads;
    for (int c = 0; c < candidates; c++) {
      double start = now();
      run(&t, c);
      spent += times[c][repetitions] = now() - start;
    }
  }
  double flops = 2.0 * (double)l->batch * (double)t.output_frames * (double)rows * (double)l->outputs;
  double speed[candidates];
  for (int c = 0; c < candidates; c++) {
    double seconds = median(times[c], repetitions);
    totals[c] += seconds;
    speed[c] = flops / seconds / 1e9;
  }
  double peak = median(peaks, repetitions);
  printf("%-20s %5.0f |%6.0f %6.0f %6.0f |%6.0f %6.0f %6.0f | %5.2f %5.2f %5.2f | %3.0f%% %3.0f%% %3.0f%%\n", l->name, peak,
         speed[0], speed[1], speed[2], speed[3], speed[4], speed[5], speed[0] / speed[3], speed[1] / speed[4],
         speed[2] / speed[5], 100 * speed[0] / peak, 100 * speed[1] / peak, 100 * speed[2] / peak);
  fflush(stdout);
  for (ptrdiff_t v = 0; v < l->input_count; v++) {
    free((float *)t.inputs[v].data);
    free(t.gradients[v].data);
  }
  free(t.joined), free(t.columns), free(t.weights), free(t.weight_gradient), free(t.bias), free(t.output);
}

/* One layer a line: the shape files are written so. */
static bool read_layer(const char *line, layer *l) {
  *l = (layer){.batch = 1};
  const char *name = strstr(line, "\"name\": \""), *inputs = strstr(line, "\"inputs\": [");
  if (!name || !inputs || sscanf(name + 9, "%63[^\"]", l->name) != 1) return false;
  char *next = (char *)inputs + 11;
  for (;;) {
    l->inputs[l->input_count++] = strtol(next, &next, 10);
    if (*next != ',' || l->input_count == most_inputs) break;
    next++;
  }
  const struct {
    const char *key;
    ptrdiff_t *value;
  } fields[] = {{"\"batch\": ", &l->batch}, {"\"frames\": ", &l->frames}, {"\"outputs\": ", &l->outputs},
                {"\"kernel\": ", &l->kernel}, {"\"stride\": ", &l->stride}, {"\"dilation\": ", &l->dilation},
                {"\"pad_left\": ", &l->pad_left}, {"\"pad_right\": ", &l->pad_right}};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    const char *found = strstr(line, fields[i].key);
    if (found) *fields[i].value = strtol(found + strlen(fields[i].key), NULL, 10);
  }
  return true;
}

int main(int count, char **arguments) {
  if (count < 2) {
    fprintf(stderr, "usage: bench_conv SHAPES.json [threads [part of a layer's name]]\n");
    return 2;
  }
  FILE *file = fopen(arguments[1], "r");
  if (!file) {
    perror(arguments[1]);
    return 1;
  }
  threads = count > 2 ? atoi(arguments[2]) : 1;
  const char *budget = getenv("SECONDS_PER_LAYER");
  ck_context *context = ck_context_create(ck_isa_default(), threads);
  openblas_set_num_threads(threads);
  printf("%s, %s, %d thread%s; OpenBLAS %s\n", arguments[1], ck_isa_name(ck_context_isa(context)), threads,
         threads == 1 ? "" : "s", openblas_get_corename());
  printf("%-20s %5s | %-19s | %-19s | %-17s | ours of peak\n", "GF/s, medians", "peak", "ours: y, dx, dw",
         "im2col + OpenBLAS", "ratio: y, dx, dw");
  double totals[candidates] = {0};
  char line[line_length];
  layer l;
  while (fgets(line, sizeof line, file))
    if (read_layer(line, &l) && (count < 4 || strstr(l.name, arguments[3])))
      measure(&l, context, budget ? atof(budget) : 0.6, totals);
  printf("sum of medians, ms: ours %.1f %.1f %.1f, im2col + OpenBLAS %.1f %.1f %.1f\n", totals[0] * 1e3, totals[1] * 1e3,
         totals[2] * 1e3, totals[3] * 1e3, totals[4] * 1e3, totals[5] * 1e3);
  fclose(file);
  ck_context_destroy(context);
  return 0;
}
