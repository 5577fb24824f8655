/* The gated unit over vectors of CK_LANES channels, for the variant named CK_VARIANT. */
#include "base/vector_math.h"

static void forward(ptrdiff_t frames, ptrdiff_t channels, const float *x, float *y) {
  for (ptrdiff_t f = 0; f < frames; f++, x += 2 * channels, y += channels) {
    ptrdiff_t c = 0;
    for (; c + CK_LANES <= channels; c += CK_LANES)
      ck_vec_store(y + c, ck_vec_gate(ck_vec_load(x + c), ck_vec_load(x + channels + c)));
    const ptrdiff_t rest = channels - c;
    if (rest > 0)
      ck_vec_store_first(
        y + c, ck_vec_gate(ck_vec_load_first(x + c, rest), ck_vec_load_first(x + channels + c, rest)), rest);
  }
}

/* The cotangents of n channels of one frame, whose halves are `channels` apart. */
CK_INLINE void gradient_of(ptrdiff_t n, ptrdiff_t channels, const float *x, const float *g, float *dx, float *sums) {
  const ck_vec t = ck_vec_tanh(ck_vec_load_first(x, n)), s = ck_vec_sigmoid(ck_vec_load_first(x + channels, n));
  const ck_vec gs = ck_vec_load_first(g, n) * s, a = gs * (1 - t * t), b = gs * t * (1 - s);
  ck_vec_store_first(dx, a, n);
  ck_vec_store_first(dx + channels, b, n);
  if (!sums) return;
  ck_vec_store_first(sums, ck_vec_load_first(sums, n) + a, n);
  ck_vec_store_first(sums + channels, ck_vec_load_first(sums + channels, n) + b, n);
}

static void gradient(ptrdiff_t frames, ptrdiff_t channels, const float *x, const float *g, float *dx, float *sums) {
  for (ptrdiff_t f = 0; f < frames; f++, x += 2 * channels, dx += 2 * channels, g += channels) {
    ptrdiff_t c = 0;
    for (; c + CK_LANES <= channels; c += CK_LANES)
      gradient_of(CK_LANES, channels, x + c, g + c, dx + c, sums ? sums + c : NULL);
    if (c < channels) gradient_of(channels - c, channels, x + c, g + c, dx + c, sums ? sums + c : NULL);
  }
}

const ck_gated_kernels CK_VARIANT(ck_gated) = {.forward = forward, .gradient = gradient};
