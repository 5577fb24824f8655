#include "result.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double speed(const result *r, pass p) { return layer_operations(&r->l) / r->ours[p].median / 1e9; }
static double fraction(const result *r, pass p) { return r->peak.median > 0 ? speed(r, p) / r->peak.median : 0; }
static double over_blas(const result *r, pass p) { return r->blas[p].median / r->ours[p].median; }
static double backward(const result *r) {
  return r->ours[pass_input_gradient].median + r->ours[pass_weight_gradient].median;
}

/* The smallest of its ratios: what decides how bad a row is. */
static double worst(const result *r) {
  double least = INFINITY;
  for (pass p = 0; p < passes; p++)
    if (r->blas[p].median > 0) least = fmin(least, over_blas(r, p));
  if (r->torch_forward > 0)
    least = fmin(least, fmin(r->torch_forward / r->ours[0].median, r->torch_backward / backward(r)));
  return least;
}

void print_heading(const conditions *c) {
  printf("%s, %d thread%s; im2col + OpenBLAS (%s); %s; one thread reads %.1f GB/s\n", c->isa, c->threads,
         c->threads == 1 ? "" : "s", c->blas, c->torch ? c->torch : "no PyTorch", c->bandwidth);
  printf("%-34s %5s | %-17s %-14s ±%% | %-14s | %-17s | %s\n", "10^9 operations a second, medians", "peak",
         "  y    dx    dw", "of the peak", "/ OpenBLAS", "/ PyTorch best", "/ its default");
}

void print_row(const result *r) {
  printf("%-28s %-5td %5.0f |", r->l.name, r->l.geometry.batch, r->peak.median);
  for (pass p = 0; p < passes; p++) printf("%5.0f ", speed(r, p));
  for (pass p = 0; p < passes; p++) printf("%4.0f%%", 100 * fraction(r, p));
  printf(" %3.0f |", 100 * (r->ours[0].high - r->ours[0].low) / r->ours[0].median);
  for (pass p = 0; p < passes; p++)
    if (r->blas[p].median > 0) printf("%5.2f", over_blas(r, p));
    else printf("    –");
  printf(" |");
  if (r->torch_forward > 0)
    printf(" y %5.2f back %5.2f | y %5.2f back %5.2f", r->torch_forward / r->ours[0].median, r->torch_backward / backward(r),
           r->torch_default_forward / r->ours[0].median, r->torch_default_backward / backward(r));
  if (r->torch_half_forward > 0)
    printf(" | its bfloat16: y %5.2f back %5.2f", r->torch_half_forward / r->ours[0].median,
           r->torch_half_backward / backward(r));
  printf("\n");
  fflush(stdout);
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}
static int by_worst(const void *a, const void *b) {
  double x = worst(a), y = worst(b);
  return (x > y) - (x < y);
}

typedef double (*measure)(const result *);
static double of_peak_y(const result *r) { return fraction(r, pass_forward); }
static double of_peak_dx(const result *r) { return fraction(r, pass_input_gradient); }
static double of_peak_dw(const result *r) { return fraction(r, pass_weight_gradient); }
static double of_peak_back(const result *r) {
  return r->peak.median > 0 ? 2 * layer_operations(&r->l) / backward(r) / 1e9 / r->peak.median : 0;
}
static double blas_y(const result *r) { return over_blas(r, pass_forward); }
static double blas_dx(const result *r) { return over_blas(r, pass_input_gradient); }
static double blas_dw(const result *r) { return over_blas(r, pass_weight_gradient); }
static double torch_y(const result *r) { return r->torch_forward / r->ours[0].median; }
static double torch_back(const result *r) { return r->torch_backward / backward(r); }
static double default_y(const result *r) { return r->torch_default_forward / r->ours[0].median; }
static double default_back(const result *r) { return r->torch_default_backward / backward(r); }
static double half_y(const result *r) { return r->torch_half_forward / r->ours[0].median; }
static double half_back(const result *r) { return r->torch_half_backward / backward(r); }

static void summarise(const char *name, measure of, const result *results, int count) {
  double *values = calloc((size_t)count, sizeof *values), logarithms = 0;
  int n = 0;
  for (int i = 0; i < count; i++) {
    double value = of(&results[i]);
    if (value > 0) values[n++] = value, logarithms += log(value);
  }
  if (n > 0) {
    qsort(values, (size_t)n, sizeof *values, by_value);
    printf("  %-28s median %.2f, geometric mean %.2f, least %.2f, most %.2f (%d layers)\n", name, values[n / 2],
           exp(logarithms / n), values[0], values[n - 1], n);
  }
  free(values);
}

void print_summary(const conditions *c, result *results, int count) {
  const struct {
    const char *name;
    measure of;
  } rows[] = {{"y, of the peak", of_peak_y}, {"dx, of the peak", of_peak_dx}, {"dw, of the peak", of_peak_dw},
              {"dx + dw, of the peak", of_peak_back},
              {"y / OpenBLAS", blas_y}, {"dx / OpenBLAS", blas_dx}, {"dw / OpenBLAS", blas_dw},
              {"y / PyTorch's best", torch_y}, {"dx + dw / PyTorch's best", torch_back},
              {"y / PyTorch's default", default_y}, {"dx + dw / its default", default_back},
              {"y / PyTorch bfloat16", half_y}, {"dx + dw / its bfloat16", half_back}};
  printf("\nover all layers\n");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) summarise(rows[i].name, rows[i].of, results, count);
  printf("\nworst first, by the smallest ratio to a rival\n");
  qsort(results, (size_t)count, sizeof *results, by_worst);
  for (int i = 0; i < count && i < 12; i++) print_row(&results[i]);
  (void)c;
}

/* The processor's own name, or "unknown". */
static void processor(char *name, size_t size) {
  snprintf(name, size, "unknown");
  FILE *file = fopen("/proc/cpuinfo", "r");
  char line[256];
  while (file && fgets(line, sizeof line, file)) {
    char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) != 0 || !colon) continue;
    line[strcspn(line, "\n")] = 0;
    snprintf(name, size, "%s", colon + 2);
    break;
  }
  if (file) fclose(file);
}

static const char *const pass_names[passes] = {"forward", "input_gradient", "weight_gradient"};

static void write_entry(FILE *file, const char *name, const char *of, ptrdiff_t batch, const char *pass_name,
                        int threads, int repetitions, double seconds, const char *counters, bool first) {
  fprintf(file, "%s\n    {\"name\": \"%s/batch:%td/%s/%s\", \"run_name\": \"%s/batch:%td/%s/%s\", \"run_type\": \"aggregate\", "
                "\"aggregate_name\": \"median\", \"repetitions\": %d, \"threads\": %d, \"iterations\": %d, "
                "\"real_time\": %.6g, \"cpu_time\": %.6g, \"time_unit\": \"ms\"%s}",
          first ? "" : ",", name, batch, pass_name, of, name, batch, pass_name, of, repetitions, threads, repetitions,
          seconds * 1e3, seconds * 1e3, counters);
}

bool write_json(const char *path, const conditions *c, const result *results, int count) {
  FILE *file = fopen(path, "w");
  if (!file) return false;
  char name[128], date[32], counters[512];
  time_t now = time(NULL);
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  processor(name, sizeof name);
  fprintf(file, "{\n  \"context\": {\"date\": \"%s\", \"executable\": \"bench_kernels\", \"cpu\": \"%s\", \"isa\": \"%s\", "
                "\"num_cpus\": %d, \"threads\": %d, \"openblas\": \"%s\", \"pytorch\": \"%s\", "
                "\"read_bandwidth_GB_per_second\": %.2f, \"library_build_type\": \"release\"},\n  \"benchmarks\": [",
          date, name, c->isa, ck_available_cores(), c->threads, c->blas, c->torch ? c->torch : "none", c->bandwidth);
  bool first = true;
  for (int i = 0; i < count; i++) {
    const result *r = &results[i];
    for (pass p = 0; p < passes; p++) {
      snprintf(counters, sizeof counters,
               ", \"GFLOP_per_second\": %.2f, \"fraction_of_peak\": %.4f, \"lower_quartile\": %.6g, \"upper_quartile\": %.6g",
               speed(r, p), fraction(r, p), r->ours[p].low * 1e3, r->ours[p].high * 1e3);
      write_entry(file, r->l.name, "ours", r->l.geometry.batch, pass_names[p], c->threads, r->repetitions,
                  r->ours[p].median, counters, first);
      first = false;
      if (r->blas[p].median > 0)
        write_entry(file, r->l.name, "im2col+openblas", r->l.geometry.batch, pass_names[p], c->threads, r->repetitions,
                    r->blas[p].median, "", false);
    }
    const struct {
      const char *pass_name, *of;
      double seconds;
    } peers[] = {{"forward", "pytorch_best", r->torch_forward}, {"backward", "pytorch_best", r->torch_backward},
                 {"forward", "pytorch_default", r->torch_default_forward},
                 {"backward", "pytorch_default", r->torch_default_backward},
                 {"forward", "pytorch_bfloat16", r->torch_half_forward},
                 {"backward", "pytorch_bfloat16", r->torch_half_backward}};
    for (size_t k = 0; k < sizeof peers / sizeof *peers; k++)
      if (peers[k].seconds > 0)
        write_entry(file, r->l.name, peers[k].of, r->l.geometry.batch, peers[k].pass_name, c->threads, r->repetitions,
                    peers[k].seconds, "", false);
  }
  fprintf(file, "\n  ]\n}\n");
  return fclose(file) == 0;
}
