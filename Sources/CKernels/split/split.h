/* Correlations on bfloat16 tiles (AMX), without giving up float32.

   A float32 number is exactly the sum of three bfloat16 numbers, x = h + m + l: h is x rounded, m what remains
   rounded, l the rest. So a float32 product is nine bfloat16 products, of which six matter:

     highest   l·h  m·h  m·m  h·m  h·l, then h·h     the error of float32, or less
     high      l·h  h·h  h·l  (x = h + l)            about 4e-6 of the largest output
     medium    h·h                                   about 2e-3

   Small products come first and the sums start at zero, so that few roundings happen at full size.

     worth.c            which shapes gain
     panels.c           output pixels → boxes → panels: which source pixels a box needs, where they lie packed
     pack.c             a box's sources → planes; weights → tiles of pairs
     correlate.c        boxes × blocks of output channels on the threads: convolution and input gradient
     weight_gradient.c  the same boxes the other way round: transposed planes × pairs of output gradients
     kernels_body.h     the inner loops, once, in the words of vectors.h and of tiles; compiled by kernels_amx.c,
                        and by the tests with tiles that are emulated

   What bfloat16 tiles do not do is float32 at its edges: they take subnormals for zero, and ∞ - ∞ in the split
   is NaN. So packing measures the magnitudes that it sees. Inside `window` all is exact. Outside, the box is
   packed again, multiplied by a power of two that is taken back before the epilogue; and where that cannot help
   (infinities, NaN, magnitudes 2^90 apart) the float32 kernels compute the box. */
#pragma once
#include "conv/correlation.h"

typedef uint16_t ck_bf16;
enum { ck_most_planes = 3 };

/* How many products make one, and planes one number. */
static inline int ck_split_planes(int products) { return products == 6 ? 3 : products == 3 ? 2 : 1; }

/* The largest magnitude seen, and the least that is not 0, less 1 (so that 0 wraps round to the largest):
   bits of floats without their signs, one measure per lane. */
typedef struct ck_range {
  uint32_t most[16], least[16];
} ck_range;

/* Magnitudes between 2^window_low and 2^window_high: their parts and the products of those are normal
   numbers, sums of 2^20 products are finite, and no difference of such sums is subnormal unless it is 0. */
enum { ck_window_low = -40, ck_window_high = 50 };

/* A power of two that moves a range into the window: 1 mostly. `possible` is false when none does. */
typedef struct ck_split_scale {
  int exponent;
  bool possible;
} ck_split_scale;
ck_split_scale ck_split_scale_for(const ck_range *range);
static inline float ck_power_of_two(int exponent) { return __builtin_ldexpf(1, exponent); }

/* At most 16 output pixels, evenly spaced in the planes. */
typedef struct ck_row_tile {
  ptrdiff_t a; /* where the first one is in every plane */
  ck_run run;  /* without segments: where they go */
} ck_row_tile;

/* A box × a block of at most 32 sums: output channels, or 16 of them and then their 16 gates. */
typedef struct ck_split_product {
  const ck_bf16 *planes[ck_most_planes]; /* large parts first */
  ptrdiff_t a_step;                      /* between the rows of a tile */
  ptrdiff_t step_count;
  const ptrdiff_t *steps; /* where the 32 numbers of step s begin, from a tile's own place */
  const ck_bf16 *w;       /* step after step: planes, large parts first, of one or two tiles */
  ptrdiff_t columns;      /* sums: more than 16 are two tiles */
  ptrdiff_t tile_count;
  const ck_row_tile *tiles;
  float undo[2];               /* times both: what scaling did to the sums */
  const ck_conv_kernels *conv; /* whose epilogue it is */
  ck_block block;
} ck_split_product;

/* Output gradients × transposed sources: sums[i, o] += Σ over steps of a[i] · b[o]. */
typedef struct ck_split_outer {
  const ck_bf16 *planes[ck_most_planes];
  ptrdiff_t a_step; /* between the rows (input channels) of a tile */
  ptrdiff_t inputs; /* ≤ 32 rows */
  ptrdiff_t step_count;
  const ptrdiff_t *steps; /* 0, 32, 64 … */
  const ck_bf16 *b;       /* as the weights of a product */
  ptrdiff_t outputs;      /* ≤ 32 columns */
  float *sums;            /* rows of 32 */
  float undo[2];
} ck_split_outer;

/* What one implementation of the tiles offers. `planes` pointers stand at the first element to write. */
typedef struct ck_split_kernels {
  /* `count` pixels of `channels` numbers, each scaled, split and followed by `zeros` zeros. */
  void (*split_line)(const float *x, ptrdiff_t x_step, ptrdiff_t count, ptrdiff_t channels, ptrdiff_t zeros,
                     float scale, int planes, ck_bf16 *const *to, ptrdiff_t to_step, ck_range *range);
  /* The same turned round: row c of the planes holds channel c of all pixels; zeros up to whole 32 pixels and
     16 rows. */
  void (*turn_line)(const float *x, ptrdiff_t x_step, ptrdiff_t count, ptrdiff_t channels, float scale,
                    int planes, ck_bf16 *const *to, ptrdiff_t to_step, ck_range *range);
  /* Pixels k0 (even) … k0 + count of a panel of pairs: block b of 32 channels at to + b · block_step, as
     weights lie. */
  void (*pair_line)(const float *y, ptrdiff_t y_step, ptrdiff_t count, ptrdiff_t channels, float scale,
                    int planes, ck_bf16 *to, ptrdiff_t k0, ptrdiff_t block_step, ck_range *range);
  /* Of this thread, before its products: how many rows its first and its second row tile have. `release`
     after them: a thread with tiles in use is dearer to switch. */
  void (*configure)(ptrdiff_t first_rows, ptrdiff_t second_rows);
  void (*release)(void);
  void (*multiply)(int products, const ck_split_product *product);
  void (*outer)(int products, const ck_split_outer *outer);
} ck_split_kernels;

/* Those that an instruction set has, or that a context uses; or NULL. */
const ck_split_kernels *ck_split_kernels_for(ck_isa isa);
const ck_split_kernels *ck_split_kernels_of(const ck_context *context);
/* How many products make one, with the precision of this context. */
int ck_split_products(const ck_context *context);
/* Tiles of somebody else's making: the tests' emulation. */
void ck_context_set_split(ck_context *context, const ck_split_kernels *kernels);

/* ---- What is worth it --------------------------------------------------------------------------------- */

/* Of all sources together. */
ptrdiff_t ck_split_channels(const ck_correlation *c);
/* `flat`: taps that touch are better taken as one stretch of numbers. */
bool ck_split_is_worth(const ck_correlation *phases, ptrdiff_t count, int products, bool *flat);
bool ck_split_gradient_is_worth(const ck_correlation *c, int products);

/* ---- Panels ------------------------------------------------------------------------------------------- */

/* Offsets of taps along one axis that share a panel: low, low + by, … high, in source pixels. */
typedef struct ck_split_band {
  ptrdiff_t low, high;
} ck_split_band;

/* One axis: panel pixels are `by` source pixels apart, output pixels `step` panel pixels. */
typedef struct ck_split_axis {
  ptrdiff_t by, step;
  ptrdiff_t reach; /* from the first tap of a band to its last, the longest, in panel pixels */
  ptrdiff_t count;
  ck_split_band *bands;
} ck_split_axis;

/* How output pixels are cut, by shape alone. `phases` share their sources and the grid of their output
   pixels, up to one row or column. */
typedef struct ck_split_cut {
  const ck_correlation *phases;
  ptrdiff_t phase_count;
  ptrdiff_t channels, height, width; /* of all sources together; of the largest grid of outputs */
  ck_split_axis x, y;
  ptrdiff_t box_batch, box_height, box_width; /* output pixels of a box */
  ptrdiff_t across, down, boxes;              /* boxes along x, along y, in all */
  ptrdiff_t lines, columns;                   /* panel pixels of a box's image */
} ck_split_cut;

typedef struct ck_split_box {
  ptrdiff_t b0, b1, y0, y1, x0, x1; /* output pixels */
} ck_split_box;

/* Bytes that `ck_split_cut_for` wants for its bands. */
size_t ck_split_cut_bytes(const ck_correlation *phases, ptrdiff_t count);
/* Boxes of at most `pixels` output pixels. `dense`: panels keep the spacing of the source, so that a pixel's
   neighbours stay neighbours. `even`: an even number of columns. */
ck_split_cut ck_split_cut_for(const ck_correlation *phases, ptrdiff_t count, ptrdiff_t pixels, bool dense,
                              bool even, void *memory);
ck_split_box ck_split_box_at(const ck_split_cut *cut, ptrdiff_t index);
/* Panel pixels of a box of `images` images: panels follow one another. */
ptrdiff_t ck_split_panel_pixels(const ck_split_cut *cut, ptrdiff_t images);
/* Where a tap finds its pixel for the first output pixel of a box: panel, and pixel in it. */
ptrdiff_t ck_split_tap_panel(const ck_split_cut *cut, const ck_tap *tap, ptrdiff_t *pixel);

/* ---- Packing ------------------------------------------------------------------------------------------ */

/* A box's sources in planes, panel after panel and pixel after pixel: `pixel_step` numbers for each, `zeros`
   zeros behind its channels. Pixels outside the sources are zeros, and so are the `slack` numbers behind a
   panel's last pixel. */
typedef struct ck_split_layout {
  ptrdiff_t panel_step, pixel_step, zeros, slack;
} ck_split_layout;
void ck_split_pack_box(const ck_split_kernels *kernels, const ck_split_cut *cut, const ck_split_box *box,
                       const ck_split_layout *layout, float scale, int planes, ck_bf16 *const *to,
                       ck_range *range);

/* Thirty-two rows of a product, or the last few of a tap: where they are read from a panel, and whose weights
   they are. */
typedef struct ck_split_step {
  ptrdiff_t a;            /* from an output pixel's place */
  ptrdiff_t tap, channel; /* of the first row; rows run through the channels, then on to the next tap */
  ptrdiff_t rows;
} ck_split_step;
/* Writes the steps of a phase; NULL only counts. `flat`: taps that touch are one stretch of numbers. */
ptrdiff_t ck_split_steps(const ck_split_cut *cut, const ck_correlation *phase, bool flat,
                         const ck_split_layout *layout, ck_split_step *steps);
/* Step `step` of a block of output channels, `first` …, and their gates: tiles of pairs at `to`. */
void ck_split_pack_weights(const ck_split_kernels *kernels, const ck_weights *w, const ck_correlation *phase,
                           const ck_split_step *step, ptrdiff_t first, ptrdiff_t channels, float scale,
                           int planes, ck_bf16 *to, ck_range *range);

static inline ck_range ck_range_empty(void) {
  ck_range range;
  for (int i = 0; i < 16; i++) range.most[i] = 0, range.least[i] = UINT32_MAX;
  return range;
}
/* A box of output pixels as a correlation of its own; `sources` and `taps` are room for those of c. */
ck_correlation ck_split_part(const ck_correlation *c, const ck_split_box *box, ck_image *sources,
                             ck_tap *taps);
void ck_range_join(ck_range *range, const ck_range *other);

/* ---- The whole correlation ----------------------------------------------------------------------------- */

/* Does `phases`, which share their sources and weights (the phases of an input gradient; or one correlation),
   on the context's tiles. False, and nothing done, when it has none or the shape is better off without. */
bool ck_split_correlate(const ck_context *context, const ck_correlation *phases, ptrdiff_t phase_count,
                        const ck_weights *weights, const ck_epilogue *epilogue, float keep);
/* ck_correlation_weights on tiles, or false. */
bool ck_split_correlation_weights(const ck_context *context, const ck_correlation *c, ptrdiff_t rows,
                                  float *gradient, ptrdiff_t row_step, float scale, float keep);
