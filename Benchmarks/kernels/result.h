/* What was measured, as a table, as JSON and as a picture. */
#pragma once
#include "peer.h"
#include "trial.h"

typedef struct spread {
  double median, low, high; /* quartiles */
} spread;

typedef struct result {
  layer l;
  int repetitions;
  spread peak;                  /* of all threads, 10^9 operations a second */
  spread ours[passes], blas[passes]; /* seconds; blas.median = 0 where im2col does not apply */
  double torch_forward, torch_backward;                 /* seconds of its best float32 form, or 0 */
  double torch_default_forward, torch_default_backward; /* of the form a user writes first */
  double torch_half_forward, torch_half_backward;       /* of its best bfloat16 form, or 0 */
} result;

typedef struct conditions {
  int threads;
  const char *isa, *blas, *torch;
  double bandwidth; /* one thread reading, 10^9 bytes a second */
} conditions;

void print_heading(const conditions *c);
void print_row(const result *r);
/* Medians over all rows, geometric means, and the rows again, worst first. */
void print_summary(const conditions *c, result *results, int count);
/* google-benchmark's schema: one aggregate entry per layer and pass, ours with counters. False when not written. */
bool write_json(const char *path, const conditions *c, const result *results, int count);
/* Attained speed over arithmetic intensity under the two roofs. */
bool write_roofline(const char *path, const conditions *c, const result *results, int count);
