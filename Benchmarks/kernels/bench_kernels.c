/* Every layer of the shape files: ours, im2col + OpenBLAS and, with a peer, PyTorch, in turn, round after round.

     bench_kernels [--threads N] [--seconds S] [--batch N] [--name PART] [--peer COMMAND] [--json FILE] [--svg FILE] SHAPES…
     bench_kernels --once --name PART SHAPES…      ours alone, every pass once, nothing printed: for counting instructions

   Medians are printed. Speeds are 10^9 floating point operations a second, padding counted as work; the peak is the
   multiply-add units' own, probed before each round. CK_ISA names a lesser instruction set. */
#include "result.h"
#include <cblas.h>
#include <stdlib.h>
#include <string.h>

enum { most_repetitions = 60, least_repetitions = 5, most_results = 1024 };

typedef struct {
  int threads;
  double seconds;
  ptrdiff_t batch;
  const char *name, *peer, *json, *svg;
  bool once;
} options;

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}
static spread spread_of(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, by_value);
  return (spread){.median = values[count / 2], .low = values[count / 4], .high = values[count * 3 / 4]};
}

static void keep_least(double *least, double seconds) {
  if (*least == 0 || seconds < *least) *least = seconds;
}

static void take_peer(result *r, const char *name, double seconds) {
  bool forward = strncmp(name, "forward.", 8) == 0, half = strstr(name, "bfloat16") != NULL;
  const char *form = strchr(name, '.') + 1;
  if (half) {
    keep_least(forward ? &r->torch_half_forward : &r->torch_half_backward, seconds);
    return;
  }
  keep_least(forward ? &r->torch_forward : &r->torch_backward, seconds);
  if (strcmp(form, "channels_last") == 0) return;
  *(forward ? &r->torch_default_forward : &r->torch_default_backward) = seconds;
}

static bool measure(const layer *l, const ck_context *context, const options *o, peer *p, result *r) {
  static double ours[passes][most_repetitions], blas[passes][most_repetitions], peaks[most_repetitions];
  static double others[most_candidates][most_repetitions];
  trial t = trial_create(context, l);
  *r = (result){.l = *l};
  bool with_peer = p->to != NULL;
  if (with_peer && !peer_prepare(p, l)) return false;
  bool with_blas = l->geometry.groups == 1;
  for (pass k = 0; k < passes; k++) {
    trial_ours(&t, k);
    trial_openblas(&t, k);
  }
  int n = 0;
  for (double spent = 0; n < most_repetitions && (spent < o->seconds || n < least_repetitions); n++) {
    peaks[n] = fma_peak() * o->threads;
    for (pass k = 0; k < passes; k++) {
      double start = seconds_now(o->threads);
      trial_ours(&t, k);
      ours[k][n] = seconds_now(o->threads) - start;
      start = seconds_now(o->threads);
      if (with_blas) trial_openblas(&t, k);
      blas[k][n] = with_blas ? seconds_now(o->threads) - start : 0;
      spent += ours[k][n] + blas[k][n];
    }
    for (int k = 0; with_peer && k < p->count; k++) {
      if ((others[k][n] = peer_run(p, k)) < 0) return false;
      spent += others[k][n];
    }
  }
  r->repetitions = n;
  r->peak = spread_of(peaks, n);
  for (pass k = 0; k < passes; k++) r->ours[k] = spread_of(ours[k], n), r->blas[k] = spread_of(blas[k], n);
  for (int k = 0; with_peer && k < p->count; k++) take_peer(r, p->names[k], spread_of(others[k], n).median);
  trial_destroy(&t);
  return true;
}

static void run_once(const layer *l, const ck_context *context) {
  trial t = trial_create(context, l);
  for (pass k = 0; k < passes; k++) trial_ours(&t, k);
  trial_destroy(&t);
}

static const char *value_of(int *i, int count, char **arguments) {
  if (*i + 1 < count) return arguments[++*i];
  fprintf(stderr, "bench_kernels: %s needs a value\n", arguments[*i]);
  exit(2);
}

int main(int count, char **arguments) {
  options o = {.threads = 1, .seconds = 0.6};
  int first_file = count;
  for (int i = 1; i < count; i++) {
    const char *name = arguments[i];
    if (strcmp(name, "--threads") == 0) o.threads = atoi(value_of(&i, count, arguments));
    else if (strcmp(name, "--seconds") == 0) o.seconds = atof(value_of(&i, count, arguments));
    else if (strcmp(name, "--batch") == 0) o.batch = atoi(value_of(&i, count, arguments));
    else if (strcmp(name, "--name") == 0) o.name = value_of(&i, count, arguments);
    else if (strcmp(name, "--peer") == 0) o.peer = value_of(&i, count, arguments);
    else if (strcmp(name, "--json") == 0) o.json = value_of(&i, count, arguments);
    else if (strcmp(name, "--svg") == 0) o.svg = value_of(&i, count, arguments);
    else if (strcmp(name, "--once") == 0) o.once = true;
    else if (name[0] == '-') {
      fprintf(stderr, "bench_kernels: no option %s\n", name);
      return 2;
    } else {
      first_file = i;
      break;
    }
  }
  if (first_file == count || o.threads < 1) {
    fprintf(stderr, "usage: bench_kernels [--threads N] [--seconds S] [--batch N] [--name PART] [--peer COMMAND] "
                    "[--json FILE] [--svg FILE] SHAPES.json…\n");
    return 2;
  }
  ck_isa isa;
  if (ck_isa_from_environment(&isa) != ck_status_ok) {
    fprintf(stderr, "bench_kernels: CK_ISA=%s is not among what this machine offers\n", getenv("CK_ISA"));
    return 2;
  }
  ck_context *context = ck_context_create(isa, o.threads);
  openblas_set_num_threads(o.threads);
  peer p = {.to = NULL};
  conditions c = {.threads = o.threads, .isa = ck_isa_name(ck_context_isa(context)), .blas = openblas_get_corename()};
  if (!o.once) c.bandwidth = read_bandwidth();
  if (o.peer) {
    if (!peer_start(&p, o.peer)) {
      fprintf(stderr, "bench_kernels: the peer did not start: %s\n", o.peer);
      return 1;
    }
    c.torch = "PyTorch beside";
  }
  static result results[most_results];
  int n = 0;
  if (!o.once) print_heading(&c);
  for (int i = first_file; i < count; i++) {
    FILE *file = fopen(arguments[i], "r");
    if (!file) {
      perror(arguments[i]);
      return 1;
    }
    static layer l;
    while (n < most_results && layer_read(file, o.batch, &l)) {
      if (o.name && !strstr(l.name, o.name)) continue;
      if (o.once) {
        run_once(&l, context);
        continue;
      }
      if (!measure(&l, context, &o, &p, &results[n])) {
        fprintf(stderr, "bench_kernels: the peer is gone at %s\n", l.name);
        return 1;
      }
      print_row(&results[n++]);
    }
    fclose(file);
  }
  int status = 0;
  if (o.json && !write_json(o.json, &c, results, n)) perror(o.json), status = 1;
  if (o.svg && !write_roofline(o.svg, &c, results, n)) perror(o.svg), status = 1;
  if (n > 0) print_summary(&c, results, n);
  peer_stop(&p);
  ck_context_destroy(context);
  return status;
}
