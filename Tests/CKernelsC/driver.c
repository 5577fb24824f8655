/* driver [trials] [seed]: trials of every kind from a generator, then what only many threads show. Prints what it did;
   stops the program at the first thing that is wrong. */
#include "trials.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#if defined(COUNT_ALLOCATIONS)
/* glibc lets a program stand before its allocator. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
_Atomic long allocations;
void *malloc(size_t size) { return allocations++, __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return allocations++, __libc_calloc(count, size); }
void *realloc(void *block, size_t size) { return allocations++, __libc_realloc(block, size); }
void *aligned_alloc(size_t alignment, size_t size) { return allocations++, __libc_memalign(alignment, size); }
int posix_memalign(void **block, size_t alignment, size_t size) {
  allocations++;
  *block = __libc_memalign(alignment, size);
  return *block ? 0 : 12;
}
#else
_Atomic long allocations;
#endif

static uint64_t next_word(uint64_t *state) { /* SplitMix64 */
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

static void run(const char *name, void (*trial)(entropy *), long count, uint64_t seed) {
  for (long i = 0; i < count; i++) {
    uint64_t words[512], state = seed * 1000003 + (uint64_t)i;
    for (int k = 0; k < 512; k++) words[k] = next_word(&state);
    entropy e = {(const uint8_t *)words, sizeof words, 0};
    trial(&e);
  }
  printf("%ld %s\n", count, name);
}

/* ---- Threads -------------------------------------------------------------------------------------------------- */

/* A pool of the caller's own: a thread for every worker but one. */
typedef struct {
  void (*worker)(void *, ptrdiff_t);
  void *job;
  ptrdiff_t index;
} errand;
static void *go(void *argument) {
  errand *self = argument;
  self->worker(self->job, self->index);
  return NULL;
}
static _Atomic long own_loops;
static void own_pool(void *state, ptrdiff_t workers, void (*worker)(void *, ptrdiff_t), void *job) {
  pthread_t threads[16];
  errand errands[16];
  HOLD(workers > 0 && workers <= *(int *)state, "%td workers", workers);
  own_loops++;
  for (ptrdiff_t i = 1; i < workers; i++) {
    errands[i] = (errand){worker, job, i};
    pthread_create(&threads[i], NULL, go, &errands[i]);
  }
  worker(job, 0);
  for (ptrdiff_t i = 1; i < workers; i++) pthread_join(threads[i], NULL);
}

typedef struct {
  const ck_context *context;
  const ck_plan *plan;
  const float *x, *w, *expected;
  const void *packed;
  size_t packed_size, workspace_size;
  ck_conv1d_geometry g;
} common;

static void *convolve(void *argument) {
  const common *self = argument;
  const ck_conv1d_geometry *g = &self->g;
  ptrdiff_t outputs = g->batch * ck_conv1d_output_frames(g) * g->output_channels;
  ck_signal in = {self->x, g->input_channels, g->input_channels, g->input_frames * g->input_channels};
  float *y = malloc((size_t)outputs * sizeof *y);
  void *workspace = malloc(self->workspace_size);
  for (int i = 0; i < 20; i++) {
    memset(y, 0xff, (size_t)outputs * sizeof *y);
    ck_status status = i % 2 ? ck_conv1d(self->context, g, 1, &in, self->w, NULL, y)
                             : ck_run_conv1d(self->plan, &in, self->packed, self->packed_size, NULL, y, workspace,
                                             self->workspace_size);
    HOLD(status == ck_status_ok, "%s", ck_status_message(status));
    HOLD(memcmp(y, self->expected, (size_t)outputs * sizeof *y) == 0, "other bits beside other threads");
  }
  free(y);
  free(workspace);
  ck_release_scratch();
  return NULL;
}

/* One context and one plan, four threads at once, on our pool, then on the caller's, then on ours again. */
static void together(void) {
  common self = {.g = {2, 1500, 12, 20, 5, 1, 2, 1, 4, 4}};
  const ck_conv1d_geometry *g = &self.g;
  uint64_t state = 1;
  ptrdiff_t inputs = g->batch * g->input_frames * g->input_channels;
  ptrdiff_t outputs = g->batch * ck_conv1d_output_frames(g) * g->output_channels;
  ptrdiff_t weights = g->kernel_size * g->input_channels * g->output_channels;
  float *x = malloc((size_t)inputs * sizeof *x), *w = malloc((size_t)weights * sizeof *w);
  float *y = malloc((size_t)outputs * sizeof *y);
  for (ptrdiff_t i = 0; i < inputs; i++) x[i] = (float)(next_word(&state) >> 40) * 0x1p-24f - 0.5f;
  for (ptrdiff_t i = 0; i < weights; i++) w[i] = (float)(next_word(&state) >> 40) * 0x1p-24f - 0.5f;
  ck_signal in = {x, g->input_channels, g->input_channels, g->input_frames * g->input_channels};
  HOLD(ck_conv1d(NULL, g, 1, &in, w, NULL, y) == ck_status_ok, "alone");

  int threads = 3;
  ck_context *context = ck_context_create(ck_isa_best(), threads);
  ck_plan *plan;
  HOLD(ck_plan_conv1d(context, g, ck_pass_forward, 1, NULL, NULL, &plan) == ck_status_ok, "plan");
  self.packed_size = ck_plan_packed_size(plan);
  self.workspace_size = ck_plan_workspace_size(plan);
  void *packed = malloc(self.packed_size), *workspace = malloc(self.workspace_size);
  ck_status status = ck_plan_pack(plan, w, packed, self.packed_size, workspace, self.workspace_size);
  HOLD(status == ck_status_ok, "%s", ck_status_message(status));
  self.context = context, self.plan = plan, self.packed = packed, self.x = x, self.w = w, self.expected = y;
  for (int round = 0; round < 3; round++) {
    status = ck_set_parallel_for(context, round == 1 ? own_pool : NULL, &threads);
    HOLD(status == ck_status_ok, "%s", ck_status_message(status));
    pthread_t callers[4];
    for (int i = 0; i < 4; i++) pthread_create(&callers[i], NULL, convolve, &self);
    for (int i = 0; i < 4; i++) pthread_join(callers[i], NULL);
  }
  HOLD(own_loops > 0, "the caller's pool was not used");
  ck_plan_destroy(plan);
  ck_context_destroy(context);
  free(x), free(w), free(y), free(packed), free(workspace);
  printf("four threads on one context and one plan, on two pools\n");
}

int main(int count, char **arguments) {
  long trials = count > 1 ? atol(arguments[1]) : 300;
  uint64_t seed = count > 2 ? (uint64_t)atol(arguments[2]) : 1;
  HOLD(ck_version() == CK_VERSION_MAJOR * 10000 + CK_VERSION_MINOR * 100 + CK_VERSION_PATCH, "version");
  run("convolutions", trial_conv, trials, seed);
  run("sums of many inputs", trial_many_inputs, trials / 50 + 1, seed);
  run("excerpts", trial_excerpt, trials, seed);
  run("convolutions of fewer products", trial_winograd, trials / 10 + 1, seed);
  HOLD(winograd_taken * 3 > trials / 10, "only %ld had fewer", winograd_taken);
  run("matrix products", trial_gemm, trials, seed);
  run("other kernels", trial_others, trials, seed);
  run("streams", trial_stream, trials, seed);
  run("programs of streams", trial_program, trials, seed);
  run("refusals", trial_hostile, 4 * trials, seed);
  together();
  return 0;
}
