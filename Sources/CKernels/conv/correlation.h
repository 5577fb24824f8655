/* The one idea behind every convolution here.

   A correlation reads, for every output pixel, some taps of some images and multiplies what it finds by weights:

     destination[b, y, x, o] = Σ_tap Σ_i source[b, y · step_y + tap.dy, x · step_x + tap.dx, i] · w[tap.row + i, o]

   with zeros outside the sources. A convolution is one correlation. Its input gradient is one per phase of the stride,
   over the output gradient with flipped taps. A signal is an image of height 1. All of it happens in channels-last
   memory, so a row of output pixels (a "run") sees each tap as one pointer and one step, and neighbouring taps that
   touch in memory as one longer tap: no im2col. Where a run leaves its source, the few rows concerned are copied with
   their zeros ("window"), so that no kernel knows what padding is.

     lower.c             output pixels → runs, segments, windows
     pack.c              weights → blocks of vectors of output channels
     correlate.c         runs × blocks on the threads: convolution and input gradient
     weight_gradient.c   the same runs, the other way round: Σ over pixels of input × output gradient
     kernels_body.h      the tiles, once, in the words of base/vector.h: multiply, dot, depthwise, outer (…_body.h);
                         kernels_*.c compile them per instruction set */
#pragma once
#include "CKernels.h"
#include "base/isa.h"

/* Of two neighbouring pixels computed as one (see ck_pairs): which of them see a tap. */
typedef enum ck_part { ck_both, ck_first, ck_second } ck_part;

typedef struct ck_tap {
  ptrdiff_t dy, dx; /* from (y · step_y, x · step_x) to the source pixel */
  ptrdiff_t row;    /* of the weights of its first channel */
  ck_part part;
} ck_tap;

typedef struct ck_correlation {
  ptrdiff_t batch, height, width; /* of the sources */
  ptrdiff_t out_height, out_width, step_y, step_x;
  ptrdiff_t source_count;
  const ck_image *sources; /* side by side: their channels follow one another in the weights' rows */
  ptrdiff_t tap_count;
  const ck_tap *taps; /* ascending in dy, then in dx */
  bool depthwise;     /* every channel by itself: taps are never joined */
  bool lanes_along_taps; /* joined taps fill vectors: none may fall away at a signal's end, where others would change lanes */
  bool finite;        /* so are all inputs: what weights of 0 multiply needs no mask */
  ptrdiff_t groups;   /* of so many channels each, side by side in the source and in the destination; 1 if depthwise */
  ck_mutable_image destination;
  /* Where the destination's pixels lie in a dense output: pixel (b, y, x) at first + b · batch + y · row + x · pixel. */
  struct {
    ptrdiff_t first, pixel, row, batch;
  } dense;
  ck_image residual; /* of the epilogue, as the destination lies */
} ck_correlation;

/* Input channels of a group. */
static inline ptrdiff_t ck_channels_of(const ck_correlation *c) {
  ptrdiff_t channels = 0;
  for (ptrdiff_t v = 0; v < c->source_count; v++) channels += c->sources[v].channels;
  return channels / c->groups;
}

/* `channels` numbers at x[i · step + 0 …] for pixel i of a run, to be multiplied by weight rows row …. */
typedef struct ck_segment {
  const float *x;
  ptrdiff_t step, channels, row;
  ck_part part;
} ck_segment;

/* `count` output pixels, evenly spaced in memory, that see the same taps. */
typedef struct ck_run {
  ptrdiff_t count;
  ptrdiff_t segment_count;
  const ck_segment *segments;
  float *y;
  ptrdiff_t y_step;
  ptrdiff_t place, place_step; /* of its pixels in a dense output */
  const float *residual;       /* NULL: none */
  ptrdiff_t residual_step;
} ck_run;

/* How the output pixels are cut into chunks: by shape alone, so that no bit depends on the number of threads. */
typedef struct ck_cut {
  bool across_batch;           /* runs of one pixel position over the whole batch, for tiny images */
  ptrdiff_t lines, line_length; /* a line holds output pixels that one run could take if padding did not cut it */
  ptrdiff_t chunk_lines, chunk_pixels, chunks_per_line, chunks;
} ck_cut;
ck_cut ck_cut_pixels(const ck_correlation *c, ptrdiff_t pixels_wanted, ptrdiff_t batch_from_width);

/* The runs of one chunk, in scratch slots 0 and 2 of this thread: valid until the next call. */
const ck_run *ck_lower(const ck_correlation *c, const ck_cut *cut, ptrdiff_t chunk, ptrdiff_t *run_count);

/* A block of output channels (at most `vectors` vectors of them) and what happens to its sums. */
typedef struct ck_block {
  const float *w; /* row r at w + r · w_step, readable to whole vectors */
  ptrdiff_t w_step;
  ptrdiff_t first, channels; /* of the destination */
  ptrdiff_t vectors;         /* of sums; when gated, the second half of them are the gates of the first */
  ck_epilogue epilogue;      /* its pointers and places moved to this group, not to `first` */
  ptrdiff_t pair;            /* channels of the first of two pixels that this block computes as one; 0: not paired */
  bool one_chain;            /* sums are carried from piece to piece of the weights, not cut (see ck_pairable) */
  ptrdiff_t gate;            /* distance from a channel to its gate; 0: none */
  bool plain;                /* the epilogue is at most a bias and a piecewise linear activation */
  bool stream;               /* store past the caches: rows of whole, aligned vectors */
  bool fetch;                /* the inputs come from memory: ask for those of the next tile while computing this one */
  bool fetch_weights;        /* and so do the weights */
  float keep;                /* adds keep · what was there; 0 does not read it (a matrix product's beta); plain only */
} ck_block;

/* `count` pixels: numbers b[0 …] that are broadcast and v[0 …] that fill vectors, both evenly spaced in memory. */
typedef struct ck_strip {
  const float *b, *v;
  ptrdiff_t b_step, v_step, count;
} ck_strip;

/* Memory that the next chunk will read, for `outer` to fetch into the second-level cache on its way: `step` bytes more
   for every pixel of a tile. A span is `lines` times so many bytes, `pitch` apart. */
enum { most_spans = 32 };
typedef struct ck_ahead {
  const char *next, *end;
  ptrdiff_t step;
  int first, count; /* spans not ended yet */
  struct {
    const char *from;
    ptrdiff_t bytes, lines, pitch;
  } spans[most_spans];
} ck_ahead;

/* to[i · to_step + j] = Σ b[i] · v[j] over all pixels of the strips, added to what is there if `add`. */
typedef struct ck_outer {
  const ck_strip *strips;
  ptrdiff_t strip_count, rows, columns;
  bool whole; /* v is readable to whole vectors */
  bool add;
  float *to;
  ptrdiff_t to_step;
  ck_ahead *ahead;
} ck_outer;

/* c[i · c_row + j] = scale · Σ_p a[i · a_row + p · a_column] · b[p · b_row + j] + keep · what was there (0: not read). */
typedef struct ck_product {
  const float *a, *b;
  ptrdiff_t a_row, a_column, b_row;
  ptrdiff_t rows, columns, terms;
  float *c;
  ptrdiff_t c_row;
  float scale, keep;
} ck_product;

/* What one instruction set offers. `sums` are partial weight gradients, rows of whole vectors. */
typedef struct ck_conv_kernels {
  ck_isa isa;
  ptrdiff_t lanes, most_vectors, most_dots;
  /* No infinity, no NaN. */
  bool (*all_finite)(const float *x, ptrdiff_t count);
  /* winograd/transform_body.h */
  void (*spread)(const float *const *rows, ptrdiff_t channels, ptrdiff_t ahead, float *to, ptrdiff_t step);
  void (*spread_weights)(int taps, const float *const *rows, ptrdiff_t width, float *to, ptrdiff_t step);
  bool (*gather)(int tile, const float *products, ptrdiff_t step, ptrdiff_t tiles, ptrdiff_t width, float *sums);
  void (*spread_gradients)(int tile, const float *const *rows, ptrdiff_t channels, ptrdiff_t ahead, float *to,
                           ptrdiff_t step);
  bool (*collect)(int taps, const float *from, ptrdiff_t step, ptrdiff_t parts, ptrdiff_t part_step, ptrdiff_t channels,
                  float *const *to);
  /* Finished sums → y: pixels first ..< first + count of a run, each a row of block->vectors vectors (or, without a
     gate, of at least block->channels numbers). Every kernel whose block is not plain ends here. */
  void (*finish)(const float *sums, ptrdiff_t sums_step, const ck_run *run, ptrdiff_t first, ptrdiff_t count,
                 const ck_block *block);
  /* y = Σ x · w for every pixel of some runs and the channels of a block. `parts` is room for the sums, which are cut
     when a run has more than `chain` rows: pixels × block->vectors vectors. */
  void (*multiply)(const ck_run *runs, ptrdiff_t run_count, const ck_block *block, float *parts);
  /* The same for one run and at most `most_dots` channels: vectors run along the inputs; w holds one row per output channel. */
  void (*dot)(const ck_run *run, const ck_block *block);
  /* The same, channel by channel: w holds one row per tap. */
  void (*depthwise)(const ck_run *run, const ck_block *block);
  /* Channels `first` … of the runs' y as rows of `vectors` vectors, run after run, zeros behind the last channel. */
  void (*pack)(const ck_run *runs, ptrdiff_t run_count, ptrdiff_t first, ptrdiff_t channels, ptrdiff_t vectors,
               float *to);
  void (*outer)(const ck_outer *outer);
  void (*product)(const ck_product *product);
  /* sums[row · channels + c] += Σ x[c] · y[c]. */
  void (*outer_depthwise)(const ck_run *runs, ptrdiff_t run_count, ptrdiff_t channels, float *sums);
} ck_conv_kernels;

/* The best kernels that the context allows. */
const ck_conv_kernels *ck_conv_kernels_of(const ck_context *context);

/* How many vectors a block takes, for this many output channels. */
ptrdiff_t ck_block_vectors(const ck_conv_kernels *kernels, ptrdiff_t channels);

/* Where weights lie before packing: element (tap, input i, output o) of group g at
   data[g · group_step + tap · tap_step + i · in_step + o · out_step]. */
typedef struct ck_weights {
  const float *data;
  ptrdiff_t group_step, tap_step, in_step, out_step;
  ptrdiff_t groups, taps, inputs, outputs;
  bool flipped; /* taps in descending order */
  float scale;  /* of every weight (a matrix product's alpha) */
  bool gated;   /* the second half of the outputs are the gates of the first */
  ptrdiff_t paired_taps; /* see ck_pairs; 0: not paired */
} ck_weights;

/* Weights as the kernels want them: row (tap · inputs + i) of block b of group g at
   blocks + g · group_step + b · block_step + row · row_step. */
typedef struct ck_packed {
  const float *blocks;
  ptrdiff_t group_step, block_step, row_step;
  ptrdiff_t width, count; /* columns of a block, blocks of a group */
  const float *last;      /* the last block, when the others are the caller's own weights */
  bool dots;              /* one row per output */
  bool gated;             /* a block is half filters, half their gates (in whole vectors) */
  ptrdiff_t paired_taps;
} ck_packed;
/* Into scratch slot 1 of this thread, or a plan's memory (where they may lie already). `pixels` is how many output
   pixels will use them. blocks is NULL when there is no memory. */
ck_packed ck_pack_weights(const ck_context *context, const ck_conv_kernels *kernels, const ck_weights *w, ptrdiff_t pixels);

/* to[i · width + o] = scale · from[o · out_step + i · in_step]. */
void ck_transpose(const float *from, ptrdiff_t out_step, ptrdiff_t in_step, ptrdiff_t inputs, ptrdiff_t outputs,
                  float scale, float *to, ptrdiff_t width);

/* Two neighbouring pixels can be one pixel of twice as many channels, seen through one tap more: 24 channels fill one
   vector and a half, 48 fill three. The taps of a line where a layer's shape is worth it, or 0. Such layers add in one
   chain, paired or not: the two pixels of a pair meet the rows of a piece one tap apart, and no bit shall tell them. */
ptrdiff_t ck_pairable(const ck_conv_kernels *kernels, const ck_correlation *c);
/* The same, or 0 where the pixels there are cannot be paired. */
ptrdiff_t ck_pairs(const ck_conv_kernels *kernels, const ck_correlation *c, const ck_epilogue *epilogue);
enum { ck_most_paired_taps = 64, ck_most_paired_channels = 32 };
/* The same correlation over pairs of pixels, with its taps in `taps`. */
ck_correlation ck_paired(const ck_correlation *c, ptrdiff_t taps_of_line, ck_tap *taps);

/* The whole correlation. */
void ck_correlate(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                  const ck_packed *weights, const ck_epilogue *epilogue, float keep);
void ck_correlate_depthwise(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                            const float *weights, const ck_epilogue *epilogue);
/* gradient[row · row_step + o] = scale · Σ_pixels (what the taps of row see) · destination[o] + keep · what was there.
   The destination is only read. */
void ck_correlation_weights(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                            ptrdiff_t rows, float *gradient, ptrdiff_t row_step, float scale, float keep);
