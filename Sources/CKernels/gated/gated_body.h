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

static void gradient(ptrdiff_t frames, ptrdiff_t channels, const float *x, const float *g, float *dx) {
  for (ptrdiff_t f = 0; f < frames; f++, x += 2 * channels, dx += 2 * channels, g += channels) {
    ptrdiff_t c = 0;
    for (; c + CK_LANES <= channels; c += CK_LANES) {
      const ck_vec t = ck_vec_tanh(ck_vec_load(x + c)), s = ck_vec_sigmoid(ck_vec_load(x + channels + c));
      const ck_vec gs = ck_vec_load(g + c) * s;
      ck_vec_store(dx + c, gs * (1 - t * t));
      ck_vec_store(dx + channels + c, gs * t * (1 - s));
    }
    const ptrdiff_t rest = channels - c;
    if (rest > 0) {
      const ck_vec t = ck_vec_tanh(ck_vec_load_first(x + c, rest));
      const ck_vec s = ck_vec_sigmoid(ck_vec_load_first(x + channels + c, rest));
      const ck_vec gs = ck_vec_load_first(g + c, rest) * s;
      ck_vec_store_first(dx + c, gs * (1 - t * t), rest);
      ck_vec_store_first(dx + channels + c, gs * t * (1 - s), rest);
    }
  }
}

const ck_gated_kernels CK_VARIANT(ck_gated) = {.forward = forward, .gradient = gradient};
