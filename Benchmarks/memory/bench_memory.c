/* Kernels that should run at the speed of memory, beside plain loops of the same run that do nothing but move it.

     make -C Benchmarks/memory && Benchmarks/memory/.build/bench_memory [threads [part of a name]]

   Every repetition runs the loops (read; copy; x + a·y into a third array; a fourth array read and three rewritten in
   place) and then every kernel once on arrays of 64 MiB, so that all see the same neighbours. Medians, in 10^9 bytes a
   second of what has to move (an output counts once, though most stores read it first), and as a fraction of the loop
   with the same traffic. Then what a call costs on 64 numbers, in nanoseconds. */
#define _GNU_SOURCE
#include "CKernels.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { count = 1 << 24, channels = 64, frames = count / channels, repetitions = 9, most_cases = 40 };

static ck_context *context;
static float *a, *b, *c, *d, *small;
static int32_t *indices;
static volatile float sink;
static int threads = 1;

static double now(void) {
  struct timespec t;
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *memory(size_t bytes) {
  const size_t huge = (size_t)2 << 20;
  void *block = aligned_alloc(huge, (bytes + huge) / huge * huge);
  if (!block) exit(1);
  madvise(block, bytes, MADV_HUGEPAGE);
  return block;
}

/* The loops of plain C: one thread, so compare several threads with several times them. */
static void loop_read(void) {
  float sum = 0;
  for (ptrdiff_t i = 0; i < count; i++) sum += a[i];
  sink = sum;
}
static void loop_copy(void) {
  for (ptrdiff_t i = 0; i < count; i++) b[i] = a[i] + 1;
}
static void loop_triad(void) {
  for (ptrdiff_t i = 0; i < count; i++) c[i] = a[i] + 0.5f * b[i];
}
static void loop_update(void) {
  for (ptrdiff_t i = 0; i < count; i++) b[i] += 1e-9f * a[i], c[i] += 1e-9f * a[i], d[i] += 1e-9f * a[i];
}
static void loop_place(void) {
  for (ptrdiff_t i = 0; i < count; i++) b[i] += 1e-9f * a[i];
}

static const ck_upsample_geometry doubling = {1, frames / 2, channels, ck_upsample_replicate};
static const ck_pool_geometry halves = {.batch = 1, .input_height = 1, .input_width = frames, .channels = channels,
                                        .window_height = 1, .window_width = 2, .stride_height = 1, .stride_width = 2};
static const ck_adam adam = {.rate = 1e-9f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f, .correction1 = 1,
                             .correction2 = 1};
static const ck_sgd sgd = {.rate = 1e-9f, .momentum = 0.9f};
static ptrdiff_t n = count, f = frames;

static void unary_relu(void) { ck_unary(context, ck_unary_relu, 0, 0, n, a, b); }
static void unary_tanh(void) { ck_unary(context, ck_unary_tanh, 0, 0, n, a, b); }
static void unary_place(void) { ck_unary(context, ck_unary_affine, 1, 0, n, b, b); }
static void binary_add(void) { ck_binary(context, ck_binary_add, 0, n, a, b, c); }
static void binary_place(void) { ck_binary(context, ck_binary_scaled_add, 1e-9f, n, b, a, b); }
static void broadcast_row(void) { ck_binary_broadcast(context, ck_binary_add, 0, f, channels, 1, a, small, b); }
static void broadcast_one(void) { ck_binary_broadcast(context, ck_binary_multiply, 0, 1, 1, n, a, small, b); }
static void reduce_all(void) { ck_reduce(context, ck_reduce_sum, 1, n, 1, a, small); }
static void reduce_rows(void) { ck_reduce(context, ck_reduce_sum, 1, f, channels, a, small); }
static void reduce_last(void) { ck_reduce(context, ck_reduce_sum_of_squares, f, channels, 1, a, b); }
static void moments_rows(void) { ck_moments(context, 1, f, channels, a, small, small + channels); }
static void moments_last(void) { ck_moments(context, f, channels, 1, a, b, c); }
static void step_adam(void) { ck_adam_step(context, &adam, n, a, b, c, d); }
static void step_sgd(void) { ck_sgd_step(context, &sgd, n, a, b, c); }
static void up(void) { ck_upsample(context, &doubling, NULL, a, b); }
static void up_adjoint(void) { ck_upsample_adjoint(context, &doubling, NULL, a, b); }
static void decimate(void) { ck_decimate(context, 1, f, channels, 2, a, b); }
static void decimate_adjoint(void) { ck_decimate_adjoint(context, 1, f, channels, 2, a, b); }
static void pool_max(void) { ck_max_pool(context, &halves, a, b, indices); }
static void pool_mean(void) { ck_average_pool(context, &halves, a, b); }
static void pool_mean_adjoint(void) { ck_average_pool_adjoint(context, &halves, a, b); }
static void fill(void) { ck_fill(context, n, 0, b); }
static void back_relu(void) { ck_activation_gradient(context, ck_activation_relu, 0, f, channels, a, b, b, small); }
static void back_bias(void) { ck_activation_gradient(context, ck_activation_none, 0, f, channels, NULL, b, b, small); }
static void back_gated(void) {
  ck_activation_gradient(context, ck_activation_gated, 0, f / 2, 2 * channels, a, b, c, small);
}
static void drop(void) { ck_dropout(context, 1, 2, 0.5f, n, a, b); }

typedef struct {
  const char *name;
  void (*run)(void);
  double words; /* per element of 2^24 */
  int like;     /* the loop with its traffic: an index in this table */
} measured;
enum { like_read, like_copy, like_triad, like_update, like_place, loops };
static const measured cases[] = {
    {"loop: read", loop_read, 1, 0}, {"loop: copy", loop_copy, 2, 1}, {"loop: triad", loop_triad, 3, 2},
    {"loop: 4 in, 3 updated", loop_update, 7, 3}, {"loop: 2 in, 1 updated", loop_place, 3, 4},
    {"relu", unary_relu, 2, like_copy}, {"tanh", unary_tanh, 2, like_copy}, {"affine, in place", unary_place, 2, like_place},
    {"x + y", binary_add, 3, like_triad}, {"x += a y", binary_place, 3, like_place},
    {"x + row", broadcast_row, 2, like_copy}, {"x * number", broadcast_one, 2, like_copy},
    {"sum of all", reduce_all, 1, like_read}, {"sum over frames", reduce_rows, 1, like_read},
    {"squares over channels", reduce_last, 1, like_read}, {"moments over frames", moments_rows, 1, like_read},
    {"moments over channels", moments_last, 1, like_read}, {"Adam", step_adam, 7, like_update},
    {"SGD, momentum", step_sgd, 5, like_update}, {"upsample", up, 1.5, like_copy},
    {"upsample, adjoint", up_adjoint, 1.5, like_copy}, {"decimate", decimate, 1, like_copy},
    {"decimate, adjoint", decimate_adjoint, 1.5, like_copy}, {"max pool", pool_max, 2, like_copy},
    {"average pool", pool_mean, 1.5, like_copy}, {"average pool, adjoint", pool_mean_adjoint, 1.5, like_copy},
    {"fill", fill, 1, like_copy}, {"relu + bias gradient", back_relu, 3, like_place},
    {"bias gradient", back_bias, 1, like_read}, {"gated + bias gradient", back_gated, 2.5, like_triad},
    {"dropout", drop, 2, like_copy}};
enum { case_count = sizeof cases / sizeof *cases };

static int by_value(const void *x, const void *y) {
  double p = *(const double *)x, q = *(const double *)y;
  return (p > q) - (p < q);
}
static double median(double *values, int number) {
  qsort(values, (size_t)number, sizeof *values, by_value);
  return values[number / 2];
}

int main(int arguments, char **argument) {
  threads = arguments > 1 ? atoi(argument[1]) : 1;
  const char *part = arguments > 2 ? argument[2] : "";
  ck_isa isa;
  if (ck_isa_from_environment(&isa) != ck_status_ok) return 2;
  context = ck_context_create(isa, threads);
  a = memory(count * sizeof *a), b = memory(count * sizeof *b), c = memory(count * sizeof *c);
  d = memory(count * sizeof *d), indices = memory(count * sizeof *indices), small = memory(4096 * sizeof *small);
  for (ptrdiff_t i = 0; i < count; i++) a[i] = (float)(i % 1001) * 2e-3f - 1, b[i] = c[i] = d[i] = 0.5f;
  for (int i = 0; i < 4096; i++) small[i] = 1;
  static double times[case_count][repetitions];
  for (int r = -1; r < repetitions; r++)
    for (int k = 0; k < case_count; k++) {
      if (k >= loops && !strstr(cases[k].name, part)) continue;
      double start = now();
      cases[k].run();
      if (r >= 0) times[k][r] = now() - start;
    }
  printf("%s, %d thread%s, arrays of 64 MiB\n%-24s %6s %8s\n", ck_isa_name(ck_context_isa(context)), threads,
         threads == 1 ? "" : "s", "", "GB/s", "of loop");
  double speed[case_count];
  for (int k = 0; k < case_count; k++) {
    if (k >= loops && !strstr(cases[k].name, part)) continue;
    speed[k] = cases[k].words * sizeof(float) * count / median(times[k], repetitions) / 1e9;
    printf("%-24s %6.1f %8.2f\n", cases[k].name, speed[k], speed[k] / speed[cases[k].like]);
  }
  n = channels, f = 1;
  printf("\nns a call on %d numbers\n", channels);
  for (int k = loops; k < case_count; k++) {
    void (*run)(void) = cases[k].run;
    if (!strstr(cases[k].name, part) || run == up || run == up_adjoint || run == pool_max || run == pool_mean ||
        run == pool_mean_adjoint || run == back_gated)
      continue;
    enum { calls = 2000 };
    double values[repetitions];
    for (int r = 0; r < repetitions; r++) {
      double start = now();
      for (int i = 0; i < calls; i++) run();
      values[r] = (now() - start) / calls;
    }
    printf("%-24s %6.0f\n", cases[k].name, median(values, repetitions) * 1e9);
  }
  ck_context_destroy(context);
  return 0;
}
