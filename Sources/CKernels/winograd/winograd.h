/* Convolutions with fewer products than taps, where the context permits rounding errors of 1e-5 of the largest output.

   Six neighbouring outputs of three taps see eight inputs, and eight products are enough for them instead of 18: both
   sides are polynomials, and a product of polynomials is known by its values at eight points (Toom 1963, Cook 1966; as
   convolutions Winograd, "Arithmetic complexity of computations", 1980). The points are the same for two taps and seven
   outputs (14 products), three and six (18), four and five, five and four (20).

     V = B d      inputs d of a tile → eight values, sums with small constant factors
     U = G g      taps g → as many, once for all tiles
     P = Σ U V    over input channels (and groups of taps, and lines): one matrix product for every value
     y = A P      → a tile of outputs

   More taps are groups: 15 are three of five, 24 products for 60. Taps that lie `dilation` apart are as many
   convolutions side by side, each of every dilation-th pixel. With a stride, taps 0, stride … see the pixels that taps
   1, 1 + stride … leave out, so they are groups of their own: five taps with stride 2 are groups of three and of two,
   16 products for 30.

     tables.h            A, B, G
     transform_body.h    their use, on vectors of channels, once for every instruction set
     tiles.c             which correlations gain, and how their tiles are cut; inputs → V
     correlate.c         tiles on the threads: convolution and input gradient
     weight_gradient.c   the same the other way round: output gradients → Aᵀ, Σ over tiles, Gᵀ

   What this does not keep: a sum knows the inputs of its whole tile, so that rounding errors of 1e-7 of the loudest
   reach silent neighbours, even those before it, and bits depend on where a tile begins. Hence never with
   ck_precision_highest. Where a sum of products is not finite, or beyond 2^40, the float32 kernels compute
   everything. */
#pragma once
#include "conv/correlation.h"

enum { ck_winograd_values = 8 };

/* A correlation of this kind; `group` is 0 where it is none, not permitted or not worth it. */
typedef struct ck_winograd_form {
  int group, tile;            /* taps of a group, outputs of a tile */
  ptrdiff_t lines, line_taps; /* lines of taps, taps of each */
  ptrdiff_t groups;           /* of a line of taps */
  ptrdiff_t dilation, stride; /* one of them is 1 */
} ck_winograd_form;
ck_winograd_form ck_winograd_form_of(const ck_context *context, const ck_correlation *c, ptrdiff_t outputs);

/* The whole correlation, with weights that ck_pack_weights packed unpaired. False where sums are too large or not
   finite: then it is still to be computed. */
bool ck_winograd_correlate(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                           const ck_winograd_form *form, const ck_packed *packed, const ck_epilogue *epilogue);
/* gradient[row · row_step + o], as ck_correlation_weights; or false. */
bool ck_winograd_weights(const ck_context *context, const ck_conv_kernels *kernels, const ck_correlation *c,
                         const ck_winograd_form *form, float *gradient, ptrdiff_t row_step);

/* ---- Tiles ---------------------------------------------------------------------------------------------- */

/* The k-th tap of a group within its line; beyond the last where it has fewer. */
static inline ptrdiff_t ck_winograd_tap(const ck_winograd_form *form, ptrdiff_t group, int k) {
  return group % form->stride + form->stride * (group / form->stride * form->group + k);
}

enum { ck_most_winograd_lines = 16, ck_most_winograd_tiles = 96 };

/* Output pixels in chunks of lines × tiles: by shape alone, so that no bit depends on the number of threads. A batch of
   signals is one image whose lines are the signals. */
typedef struct ck_winograd_cut {
  const ck_correlation *c;
  const ck_winograd_form *form;
  bool signals;                       /* lines are signals of a batch */
  ptrdiff_t images, height, lines;    /* lines of a source and of the destination, */
  ptrdiff_t step;                     /* and from one to the next */
  ptrdiff_t channels;                 /* of all sources */
  ptrdiff_t tile_floats;              /* of one value of a tile: groups × channels */
  ptrdiff_t first_dy, span;           /* lines that output line y sees: y · step + first_dy … + span */
  ptrdiff_t tiles, chunks;            /* of a line's chunk, chunks of a line */
  ptrdiff_t chunk_lines, line_groups; /* output lines of a chunk, chunks of an image's lines */
  ptrdiff_t items;
} ck_winograd_cut;
/* Chunks that a cache holds, `of_tile` bytes for every tile, and so many of them if there are pixels enough. */
ck_winograd_cut ck_winograd_cut_of(const ck_correlation *c, const ck_winograd_form *form, ptrdiff_t of_tile,
                                   ptrdiff_t most_tiles, ptrdiff_t fewest_items);

/* Tiles first ..< first + count of output lines y0 ..< y1, pixels `phase`, phase + dilation …, of image b. */
typedef struct ck_winograd_piece {
  ptrdiff_t b, y0, y1, phase, first, count, pixels;
  ptrdiff_t seen; /* lines of the sources */
} ck_winograd_piece;
ck_winograd_piece ck_winograd_piece_of(const ck_winograd_cut *cut, ptrdiff_t item);

/* V of a piece: value v, line l, tile t at ((v · seen + l) · count + t) · tile_floats, the groups of taps side by side.
   `zeros`: as many as there are channels. */
void ck_winograd_spread(const ck_conv_kernels *kernels, const ck_winograd_cut *cut, const ck_winograd_piece *p,
                        const float *zeros, float *to);

/* Where output line y of a piece goes. */
ck_run ck_winograd_run(const ck_winograd_cut *cut, const ck_winograd_piece *p, ptrdiff_t y);
