/* An audio host in plain C: a causal network goes to a file, as a trained one would; the host maps the file and runs it
   block by block. Processing must allocate nothing, be causal, and give the bits of single frames. */
#define _POSIX_C_SOURCE 200809L
#include <CKernels.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { block = 64, frames = 400 * block, rate = 44100 };

static void hold(int right, const char *what) {
  if (right) return;
  fprintf(stderr, "%s\n", what);
  exit(1);
}
static void check(ck_status status) { hold(status == ck_status_ok, ck_status_message(status)); }

/* glibc lets a program stand before its allocator: whoever allocates, in any library, is counted. */
static long allocations;
void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void *malloc(size_t size) { return allocations++, __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return allocations++, __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return allocations++, __libc_realloc(memory, size); }
void *aligned_alloc(size_t alignment, size_t size) { return allocations++, __libc_memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size) {
  return (*memory = aligned_alloc(alignment, size)) ? 0 : 12;
}

static float noise(float size) { return ((float)rand() / (float)RAND_MAX * 2 - 1) * size; }

/* ---- Whoever trains writes ------------------------------------------------------------------------------------ */

static int32_t add(ck_stream *stream, const int32_t *inputs, ck_stream_layer layer) {
  static float weights[4096]; /* as many as the largest layer here has */
  for (int i = 0; i < 4096; i++) weights[i] = noise(0.2f);
  layer.inputs = inputs, layer.weights = weights, layer.slope = 0.2f;
  if (layer.dilation == 0) layer.dilation = 1;
  int32_t signal;
  check(ck_stream_add_layer(stream, &layer, &signal));
  return signal;
}

/* A small U: down by four, a gated layer that looks back 60 frames of that rate, up again, beside what came in. */
static void write_model(const char *path) {
  const ck_activation leaky = ck_activation_leaky_relu, gated = ck_activation_gated;
  const ck_activation bounded = ck_activation_tanh;
  ck_stream *stream;
  int32_t x, both[2];
  check(ck_stream_create(NULL, ck_stream_float32, &stream));
  check(ck_stream_add_input(stream, 1, &x));
  both[0] = x = add(stream, &x, (ck_stream_layer){1, .kernel_size = 8, .stride = 1, .sums = 16, .activation = leaky});
  x = add(stream, &x, (ck_stream_layer){1, .kernel_size = 8, .stride = 4, .sums = 32, .activation = leaky});
  x = add(stream, &x, (ck_stream_layer){1, .kernel_size = 2, .stride = 1, .dilation = 60, .sums = 64,
                                        .activation = gated, .residual = x});
  both[1] = add(stream, &x, (ck_stream_layer){1, .transposed = 1, .kernel_size = 8, .stride = 4, .sums = 16});
  x = add(stream, both, (ck_stream_layer){2, .kernel_size = 1, .stride = 1, .sums = 1, .activation = bounded});

  const char note[] = "{\"name\": \"a small U\", \"sampleRate\": 44100}";
  const size_t size = ck_stream_program_size(stream, strlen(note));
  void *bytes = malloc(size);
  hold(bytes != NULL, "no memory");
  check(ck_stream_write_program(stream, x, note, strlen(note), bytes, size));
  FILE *file = fopen(path, "wb");
  hold(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, path);
  free(bytes);
  ck_stream_destroy(stream);
}

/* ---- A host reads ----------------------------------------------------------------------------------------------- */

/* From the network's beginning over x, `step` frames a call; returns the seconds. */
static double run(const ck_stream *stream, ptrdiff_t step, const float *x, float *y) {
  void *state;
  const size_t size = ck_stream_state_size(stream, 1, step);
  hold(posix_memalign(&state, 64, size) == 0, "no memory");
  check(ck_stream_start(stream, 1, step, 0, state, size));
  const long before = allocations;
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (ptrdiff_t t = 0; t < frames; t += step) check(ck_stream_process(stream, state, size, step, x + t, y + t));
  clock_gettime(CLOCK_MONOTONIC, &to);
  hold(allocations == before, "processing allocated");
  free(state);
  return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
}

int main(int count, char **arguments) {
  const char *path = count > 1 ? arguments[1] : "model.ckstream";
  write_model(path);
  struct stat about;
  const int file = open(path, O_RDONLY);
  hold(file >= 0 && fstat(file, &about) == 0, path);
  const size_t size = (size_t)about.st_size;
  void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
  hold(bytes != MAP_FAILED && close(file) == 0, path);
  const char *note;
  size_t length;
  check(ck_stream_program_note(bytes, size, &note, &length));
  printf("%s: %zu bytes, %s\n", path, size, note);

  static float x[frames], y[frames], again[frames];
  for (int t = 0; t < frames; t++) x[t] = noise(1);
  const char *names[] = {"float32", "fixed24", "bfloat16"};
  for (int format = 0; format < 3; format++) {
    ck_stream *stream;
    check(ck_stream_read_program(NULL, (ck_stream_weights)format, bytes, size, &stream));
    run(stream, 1, x, again);
    const double seconds = run(stream, block, x, y);
    hold(memcmp(y, again, sizeof y) == 0, "blocks differ from single frames");
    /* The latency is measured: from a change of the input to the first change of the output. */
    const int changed = frames / 2 + 1;
    int heard = 0;
    x[changed] += 0.5f;
    run(stream, block, x, again);
    while (heard < frames && y[heard] == again[heard]) heard++;
    hold(heard == changed, "the network does not answer at once, or before it is asked");
    printf("%-8s latency %d frames beside the host's block of %d; %.0f frames/s, %.1f times real time; no allocation\n",
           names[format], heard - changed, block, frames / seconds, frames / seconds / rate);
    ck_stream_destroy(stream);
  }
  munmap(bytes, size);
  return 0;
}
