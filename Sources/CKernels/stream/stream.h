/* Causal networks frame by frame: every layer keeps what it will need of the past, and weights are read in one stream.

   Stepping one stream is a chain of matrix-vector products, bound by the traffic of weights and by nothing else: a
   core of the machine this was written on reads 31.5 GB/s from its last cache, with or without prefetching, against
   100 GB/s of arithmetic on a row. So a byte that is not read is worth more than any instruction saved:

     packed      Panels of up to 64 sums, [segment][channel][lane], in the order of use and in one arena: the prefetcher
                 of the processor runs across panels and layers.
     ahead       What a tap of lag L adds to a sum is known L frames before the sum is due. So taps are sorted by their
                 lag into blocks of 1, 2, 4, 8 and 16 sums; a block's weights are read once and meet that many rows.
                 WaveNet 4 × 13 reads 25.7 instead of 32.4 MB a frame, a residual Seq-U-Net of 5 taps 10.1 instead of
                 18.2, exactly. Blocks of different layers begin at different frames, which evens out the work.
     narrow      24-bit fixed point with a scale per sum is as exact as float32 where it matters (an error of 2^-23 of
                 the largest weight of a sum) in three quarters of the bytes; bfloat16 is half.
     rows        Parallel streams and the frames of a block meet each panel while it is in the nearest cache.

   Tried and dropped: prefetching nearer or further than 2 KiB ahead, into other levels, from 2, 4 and 8 places at once (no
   gain: the bound is misses in flight); 24 bits as a plane of 16 and one of 8 (6 instructions a vector of weights where
   four channels in three words take 4.3: 1,154 against 1,320 frames/s of WaveNet in the same minute). */
#pragma once
#include "CKernels.h"
#include "base/isa.h"
#if CK_X86
#include <immintrin.h>
#endif

enum {
  ck_stream_ahead = 16,     /* the largest block of sums */
  ck_stream_groups = 5,     /* 1, 2, 4, 8, 16 */
  ck_stream_group_lanes = 16,
  ck_stream_panel_lanes = 64,
  ck_stream_row_chunk = 32, /* rows whose addresses are looked up at a time */
};

static inline ptrdiff_t ck_stream_padded(ptrdiff_t channels) {
  return (channels + ck_stream_group_lanes - 1) / ck_stream_group_lanes * ck_stream_group_lanes;
}

/* One tap of one input. */
typedef struct ck_stream_segment {
  int32_t input;    /* index among the layer's inputs */
  int32_t channels;
  ptrdiff_t tap, lag; /* frames of the input before its latest one */
} ck_stream_segment;

/* Segments whose weights are read together, once for `block` sums in a row. */
typedef struct ck_stream_group {
  ptrdiff_t block, phase, segment_count;
  ptrdiff_t part; /* of a sum: parts are added in this order, whenever they were made, so bits depend on nothing else */
  ck_stream_segment *segments;
  size_t offset, bytes; /* in the arena */
  float *scales;        /* one a sum, of fixed24 */
} ck_stream_group;

/* A matrix that meets its inputs at the clocks n · period + offset. A convolution is one, a transposed one `stride` of
   them. */
typedef struct ck_stream_product {
  ptrdiff_t period, offset;
  ck_stream_group groups[ck_stream_groups];
} ck_stream_product;

typedef enum ck_stream_kind { ck_stream_values, ck_stream_numbers, ck_stream_table, ck_stream_sums } ck_stream_kind;

/* What makes one signal. Signals are numbered by their nodes, from 1 on. */
typedef struct ck_stream_node {
  ck_stream_kind kind;
  ptrdiff_t channels, period;
  ptrdiff_t lag;      /* the most frames anybody looks back */
  bool is_output_only; /* nothing but the output frame of the same clock depends on it */
  ptrdiff_t input_count;
  int32_t *inputs;
  ptrdiff_t kernel;   /* taps; of a transposed layer less than zero */
  ptrdiff_t stride, dilation;
  float *weights;     /* as given until they are packed; a table stays */
  float *bias;
  ptrdiff_t sums, parts, product_count;
  ck_stream_product *products;
  ck_activation activation, final_activation;
  float slope;
  int32_t residual;
} ck_stream_node;

struct ck_stream {
  ck_isa isa;
  ck_stream_weights format;
  ck_stream_node *nodes; /* nodes[0] is nobody */
  ptrdiff_t count, room;
  int32_t output; /* 0 while being built */
  ptrdiff_t cycle, most_segments;
  char *arena;
  size_t arena_bytes;
};

/* What one instruction set offers. */
typedef struct ck_stream_kernels {
  /* sums[row][0 ..< width] += Σ over segments s of x[s · ck_stream_row_chunk + row] · weights. Rows of x are padded
     with zeros to whole groups of lanes, and `width` is a number of whole groups. */
  void (*product)(ck_stream_weights format, const void *weights, const float *scales, ptrdiff_t width,
                  ptrdiff_t segments, const ck_stream_segment *segment, ptrdiff_t rows, const float *const *x,
                  float *const *sums);
  /* y = final(activation(Σ parts of the sums + bias) + residual) for one row; the sums become zero. */
  void (*finish)(const ck_stream_node *node, float *sums, const float *residual, float *y);
} ck_stream_kernels;

#define CK_KERNELS(variant) extern const ck_stream_kernels ck_stream_##variant;
#include "stream/stream_kernels.inc"
#undef CK_KERNELS

/* Bytes of a segment's part of a panel: bfloat16 comes in pairs of channels, fixed24 in fours. */
static inline size_t ck_stream_weight_bytes(ck_stream_weights format, ptrdiff_t channels, ptrdiff_t width) {
  switch (format) {
  case ck_stream_float32: return (size_t)(channels * width) * 4;
  case ck_stream_fixed24: return (size_t)((channels + 3) / 4 * width) * 12;
  case ck_stream_bfloat16: return (size_t)((channels + 1) / 2 * width) * 4;
  }
  return 0;
}
/* Packs every product of a stream into its arena (stream_pack.c). */
ck_status ck_stream_pack(ck_stream *stream);
/* All that a layer says but its numbers: how many weights it has, and its inputs' period (stream_build.c). */
ck_status ck_stream_check_layer(const ck_stream *stream, const ck_stream_layer *layer, ptrdiff_t *weights,
                                ptrdiff_t *period);
/* That a stream still being built can end in a signal; its cycle. */
ck_status ck_stream_check_output(const ck_stream *stream, int32_t output, ptrdiff_t *cycle);
