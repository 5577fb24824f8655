/* The tensors of one layer and everybody's way through its three passes. */
#pragma once
#include "layer.h"

typedef enum { pass_forward, pass_input_gradient, pass_weight_gradient, passes } pass;

typedef struct trial {
  const ck_context *context;
  const layer *l;
  ck_image inputs[most_inputs];             /* of the convolution: what a transposed layer makes */
  ck_mutable_image gradients[most_inputs];
  float *joined, *columns, *weights, *bias, *output, *weight_gradient;
} trial;

trial trial_create(const ck_context *context, const layer *l);
void trial_destroy(trial *t);
/* Ours, reading inputs side by side where they are, with bias and leaky ReLU in the forward pass. */
void trial_ours(trial *t, pass p);
/* im2col + OpenBLAS, image by image, inputs joined beforehand, no bias. */
void trial_openblas(trial *t, pass p);

/* The clock of a measurement: the thread's own processor time for one thread, else the wall's. */
double seconds_now(int threads);
/* 10^9 float32 operations a second that one core's multiply-add units give at this moment; 0 without a probe. */
double fma_peak(void);
/* 10^9 bytes a second that one thread reads from memory far larger than the caches. */
double read_bandwidth(void);
