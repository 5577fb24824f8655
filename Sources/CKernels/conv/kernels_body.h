/* The tiles of every convolution, for one instruction set: included once by each kernels_*.c. */
#include "base/vector_math.h"
#include "random/random.h"

/* Pixels of a tile by its number of vectors: as many as registers hold beside the weights (32, or 16 on x86 below
   AVX-512, where 4 × 3 would fill all 16 and spill). Tails use the same code with fewer pixels, so the arithmetic of a pixel never depends on its tile. */
#if CK_LANES == 16 || defined(__aarch64__)
enum { most_vectors = 4, pixels_1 = 14, pixels_2 = 12, pixels_3 = 8, pixels_4 = 6 };
#else
enum { most_vectors = 2, pixels_1 = 10, pixels_2 = 6, pixels_3 = 1, pixels_4 = 1 };
#endif

/* A sum longer than this is cut: its parts are added apart, so that error grows with the length of a part. */
enum { chain = 128 };

#include "conv/epilogue_body.h"

static bool all_finite(const float *x, ptrdiff_t count) {
  ck_vec sum = 0; /* of what is 0 · x: NaN as soon as one is not finite */
  for (ptrdiff_t i = 0; i < count; i += CK_LANES)
    sum += 0 * ck_vec_load_first(x + i, count - i < CK_LANES ? count - i : CK_LANES);
  for (int i = 0; i < CK_LANES; i++)
    if (sum[i] != 0) return false;
  return true;
}

#define EACH(i, n) _Pragma("clang loop unroll(full)") for (int i = 0; i < (n); i++)

#include "conv/multiply_body.h"
#include "conv/dot_body.h"
#include "conv/depthwise_body.h"
#include "conv/outer_body.h"
#include "conv/product_body.h"
#include "winograd/transform_body.h"

const ck_conv_kernels CK_CONV_NAME = {
    .isa = CK_CONV_ISA, .lanes = CK_LANES, .most_vectors = most_vectors, .most_dots = most_dots,
    .all_finite = all_finite, .finish = finish, .multiply = multiply, .dot = dot, .depthwise = depthwise,
    .pack = pack, .outer = outer, .product = product, .outer_depthwise = outer_depthwise,
    .spread = spread,
    .spread_weights = spread_weights, .gather = gather, .spread_gradients = spread_gradients, .collect = collect};

/* Biography (one core of a 2023 Xeon shared with others, AVX-512 unless said; GF/s are medians)
     kept     12 × 2 tiles beside 8 × 3 and 6 × 4: 24 sums hide the latency of two multiply-adds a cycle; the loops hold
              no spill (46 instructions for 24 multiply-adds in 8 × 3).
     kept     equal tiles: 9 pixels as 5 + 4.
     kept     taps that touch in memory joined: 1 → 24 channels, kernel 15, is one stretch of 15.
     kept     bias as the start of the sums; packing output gradients by vectors, not by memcpy: dw of 1 → 24 from 31 to 51.
     kept     sums cut every 128 terms: largest error 8.5e-7 of the largest output when cut every 256.
     dropped  4 × 3 tiles on AVX2: they fill all 16 registers and spill; 51 GF/s where 6 × 2 gives 67 (216 → 96, kernel 5).
     kept     whole windows for lines under 256 pixels: edges cut off as runs of 7 cost dw a fifth (168 and 216 channels).
     even     blocks of 2, 3 or 4 vectors wherever there are more: 88, 96, 95 on 144 → 168, kernel 15.
     kept     weights in pieces of 128 rows, each used by all tiles of a chunk before the next is read: y of all layers of
              WaveNet 1.11, Seq-U-Net 1.08, TCN 1.06, Wave-U-Net 1.05 of before. Pieces of 96 or 192 rows: 0.98 … 1.03.
     kept     asking for the inputs of the next tile, in a second copy of the inner loop, where reading them takes as
              long as using them: dx of 64 → 320, 1 × 1, from 99 to 172. In every layer it costs 5 … 8 % (600 → 600: 0.93).
     kept     asking for weights a piece ahead, some lines before every tile: 2048³ from 121 to 147.
     kept     stores past the caches: y of 64 → 320, 1 × 1, from 118 to 147.
     kept     two pixels of 24 channels as one of 48: 72 → 24, kernel 5: y from 110 to 137, dx from 121 to 162.
     dropped  choosing between sums with and without a row of one of the two: both were computed (0.6 of unpaired). Masks.
     kept     one function for gates, dropout and residuals. 64 → 128, kernel 2, batch 16 × 4096: 13.0 ms; with a gate
              apart 18.8, fused 16.2; dropout apart 25.1, fused 20.2; residual apart 20.7, fused 16.8 (18.2 when it is
              not asked for before its tile begins).
     kept     products that read both factors where they lie, the first tile laying B together for the others: 25 × 128 ×
              128 from 78 to 157, Aᵀ · B over 25 rows from 63 to 156, which is
              0.94 … 1.06 and 0.79 … 0.96 of OpenBLAS's small kernels.
     even     asking for the rows of C that a tile will write. A pointer for three rows of A instead of one for all, which
              the compiler steps through in a chain of additions: 1.02.
     not done vectors along time for one input channel; sixteen pixels as the channels of one output. */
