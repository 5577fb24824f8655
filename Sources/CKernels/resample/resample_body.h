/* Resampling over vectors of CK_LANES channels, for the variant named CK_VARIANT. */
#include "base/vector.h"

CK_INLINE ptrdiff_t lanes_of(ptrdiff_t channels, ptrdiff_t c) {
  return channels - c < CK_LANES ? channels - c : CK_LANES;
}
CK_INLINE ck_vec share(const float *mix, ptrdiff_t c, ptrdiff_t lanes) {
  return mix ? ck_vec_load_first(mix + c, lanes) : ck_vec_splat(0.5f);
}

/* One channel: lanes are frames, and the compiler interleaves them. */
static void upsample_mono(ptrdiff_t frames, float mix, const float *restrict x, float *restrict y) {
  const float rest = 1 - mix;
  for (ptrdiff_t i = 0; i < frames; i++) {
    y[2 * i] = x[i];
    y[2 * i + 1] = mix * x[i] + rest * x[i + 1];
  }
}

static void upsample(ptrdiff_t frames, ptrdiff_t channels, const float *mix, const float *x, float *y) {
  if (channels == 1) {
    upsample_mono(frames, mix ? *mix : 0.5f, x, y);
    return;
  }
  for (ptrdiff_t i = 0; i < frames; i++, x += channels, y += 2 * channels) {
    ptrdiff_t c = 0;
    for (; c + CK_LANES <= channels; c += CK_LANES) {
      const ck_vec m = mix ? ck_vec_load(mix + c) : ck_vec_splat(0.5f), here = ck_vec_load(x + c);
      ck_vec_store(y + c, here);
      ck_vec_store(y + channels + c, m * here + (1 - m) * ck_vec_load(x + channels + c));
    }
    if (c < channels) {
      const ptrdiff_t n = channels - c;
      const ck_vec m = share(mix, c, n), here = ck_vec_load_first(x + c, n);
      ck_vec_store_first(y + c, here, n);
      ck_vec_store_first(y + channels + c, m * here + (1 - m) * ck_vec_load_first(x + channels + c, n), n);
    }
  }
}

static void adjoint_mono(ptrdiff_t frames, float mix, const float *restrict y, float *restrict x) {
  const float rest = 1 - mix;
  for (ptrdiff_t i = 0; i < frames; i++) x[i] = y[2 * i] + mix * y[2 * i + 1] + rest * y[2 * i - 1];
}

static void adjoint(ptrdiff_t frames, ptrdiff_t channels, const float *mix, const float *y, float *x) {
  if (channels == 1) {
    adjoint_mono(frames, mix ? *mix : 0.5f, y, x);
    return;
  }
  for (ptrdiff_t i = 0; i < frames; i++, x += channels, y += 2 * channels) {
    ptrdiff_t c = 0;
    for (; c + CK_LANES <= channels; c += CK_LANES) {
      const ck_vec m = mix ? ck_vec_load(mix + c) : ck_vec_splat(0.5f);
      ck_vec_store(x + c, ck_vec_load(y + c) + m * ck_vec_load(y + channels + c) +
                            (1 - m) * ck_vec_load(y - channels + c));
    }
    if (c < channels) {
      const ptrdiff_t n = channels - c;
      const ck_vec m = share(mix, c, n);
      const ck_vec after = ck_vec_load_first(y + channels + c, n),
                   before = ck_vec_load_first(y - channels + c, n);
      ck_vec_store_first(x + c, ck_vec_load_first(y + c, n) + m * after + (1 - m) * before, n);
    }
  }
}

/* Four frames at a time, as reduce's fold_rows. */
static void mix_gradient(ptrdiff_t frames, ptrdiff_t channels, const float *x, const float *y, float *sums) {
  for (ptrdiff_t c = 0; c < channels; c += CK_LANES) ck_vec_store_first(sums + c, 0, lanes_of(channels, c));
  for (ptrdiff_t i = 0; i < frames;) {
    const ptrdiff_t step = i + 4 <= frames ? 4 : 1;
    for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
      const ptrdiff_t n = lanes_of(channels, c);
      ck_vec sum = ck_vec_load_first(sums + c, n), here = ck_vec_load_first(x + i * channels + c, n);
      for (ptrdiff_t k = i; k < i + step; k++) {
        const ck_vec next = ck_vec_load_first(x + (k + 1) * channels + c, n);
        sum += ck_vec_load_first(y + (2 * k + 1) * channels + c, n) * (here - next);
        here = next;
      }
      ck_vec_store_first(sums + c, sum, n);
    }
    i += step;
  }
}

const ck_resample_kernels CK_VARIANT(ck_resample) = {upsample, adjoint, mix_gradient};
