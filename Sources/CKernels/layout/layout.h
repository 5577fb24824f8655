/* y[Σ index·y_strides] = x[Σ index·x_strides]: any permutation, slice, padding, repetition. After dimensions
   that lie alike in x and y are joined, what remains is a nest of one of three blocks: contiguous rows, a
   transposition (y runs along one dimension, x along another), or lone numbers. */
#pragma once
#include "CKernels.h"

/* rows × columns numbers of x and of y. */
typedef struct ck_block {
  ptrdiff_t rows, columns;
  ptrdiff_t x_row_stride, x_column_stride, y_row_stride, y_column_stride;
} ck_block;

/* y = x, or y += x, over a block with any strides. Picks the loop that suits them. */
void ck_block_copy(const ck_block *block, const float *x, float *y);
void ck_block_add(const ck_block *block, const float *x, float *y);
