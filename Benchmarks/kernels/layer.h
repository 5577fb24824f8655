/* One layer of a shape file. A signal is an image of height 1; a matrix product is a 1 × 1 convolution of one row. */
#pragma once
#include "CKernels.h"
#include <stdbool.h>
#include <stdio.h>

enum { most_inputs = 64, line_length = 1024 };

typedef struct layer {
  char name[96];
  bool transposed; /* the layer is the input gradient of `geometry`, whose outputs are the layer's inputs */
  bool matmul;
  ptrdiff_t input_count, inputs[most_inputs]; /* channels, side by side */
  ck_conv2d_geometry geometry;
  char line[line_length]; /* as written, for the peer */
} layer;

/* The next layer of a file with one layer a line; `batch` > 0 replaces the file's. False at the end. */
bool layer_read(FILE *file, ptrdiff_t batch, layer *l);
/* Multiplications and additions of one pass: 2 · taps · inputs · outputs for every pixel, padding counted as work. */
double layer_operations(const layer *l);
/* What one pass must move at least: both images and the weights, once. */
double layer_bytes(const layer *l);
