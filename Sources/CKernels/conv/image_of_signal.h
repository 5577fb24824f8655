/* A signal is an image of height 1. */
#pragma once
#include "CKernels.h"

static inline ck_conv2d_geometry ck_image_of_signal(const ck_conv1d_geometry *g) {
  return (ck_conv2d_geometry){
      .batch = g->batch, .input_height = 1, .input_width = g->input_frames, .input_channels = g->input_channels,
      .output_channels = g->output_channels, .kernel_height = 1, .kernel_width = g->kernel_size, .stride_height = 1,
      .stride_width = g->stride, .dilation_height = 1, .dilation_width = g->dilation, .groups = g->groups,
      .pad_left = g->pad_left, .pad_right = g->pad_right};
}
