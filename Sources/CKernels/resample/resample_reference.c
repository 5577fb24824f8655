/* What resampling along time means. */
#include "CKernels.h"

/* The share of x[i] and of its right neighbour in y[2i + 1]. Beyond the end stands x[n - 1] or 0. */
static float share(const float *mix, ptrdiff_t channel) { return mix ? mix[channel] : 0.5f; }

static ptrdiff_t neighbour(const ck_upsample_geometry *g, ptrdiff_t i) {
  if (i + 1 < g->frames) return i + 1;
  return g->edge == ck_upsample_replicate ? i : -1;
}

void ck_upsample_reference(const ck_upsample_geometry *g, const float *mix, const float *x, float *y) {
  const ptrdiff_t frames = ck_upsample_output_frames(g), channels = g->channels;
  for (ptrdiff_t b = 0; b < g->batch; b++)
    for (ptrdiff_t t = 0; t < frames; t++)
      for (ptrdiff_t c = 0; c < channels; c++) {
        const float *source = x + b * g->frames * channels + c;
        ptrdiff_t i = t / 2, right = neighbour(g, i);
        float here = source[i * channels], next = right < 0 ? 0 : source[right * channels];
        y[(b * frames + t) * channels + c] =
          t % 2 == 0 ? here : share(mix, c) * here + (1 - share(mix, c)) * next;
      }
}

void ck_upsample_adjoint_reference(const ck_upsample_geometry *g, const float *mix, const float *y,
                                   float *x) {
  const ptrdiff_t frames = ck_upsample_output_frames(g), channels = g->channels;
  for (ptrdiff_t i = 0; i < g->batch * g->frames * channels; i++) x[i] = 0;
  for (ptrdiff_t b = 0; b < g->batch; b++)
    for (ptrdiff_t t = 0; t < frames; t++)
      for (ptrdiff_t c = 0; c < channels; c++) {
        float *target = x + b * g->frames * channels + c, value = y[(b * frames + t) * channels + c];
        ptrdiff_t i = t / 2, right = neighbour(g, i);
        target[i * channels] += t % 2 == 0 ? value : share(mix, c) * value;
        if (t % 2 == 1 && right >= 0) target[right * channels] += (1 - share(mix, c)) * value;
      }
}

void ck_upsample_mix_gradient_reference(const ck_upsample_geometry *g, const float *x, const float *y,
                                        float *mix_gradient) {
  const ptrdiff_t frames = ck_upsample_output_frames(g), channels = g->channels;
  for (ptrdiff_t c = 0; c < channels; c++) {
    double total = 0;
    for (ptrdiff_t b = 0; b < g->batch; b++)
      for (ptrdiff_t t = 1; t < frames; t += 2) {
        const float *source = x + b * g->frames * channels + c;
        ptrdiff_t i = t / 2, right = neighbour(g, i);
        double next = right < 0 ? 0 : source[right * channels];
        total += y[(b * frames + t) * channels + c] * (source[i * channels] - next);
      }
    mix_gradient[c] = (float)total;
  }
}

void ck_decimate_reference(ptrdiff_t batch, ptrdiff_t frames, ptrdiff_t channels, ptrdiff_t factor,
                           const float *x, float *y) {
  const ptrdiff_t kept = (frames + factor - 1) / factor;
  for (ptrdiff_t b = 0; b < batch; b++)
    for (ptrdiff_t i = 0; i < kept; i++)
      for (ptrdiff_t c = 0; c < channels; c++)
        y[(b * kept + i) * channels + c] = x[(b * frames + i * factor) * channels + c];
}

void ck_decimate_adjoint_reference(ptrdiff_t batch, ptrdiff_t frames, ptrdiff_t channels, ptrdiff_t factor,
                                   const float *y, float *x) {
  const ptrdiff_t kept = (frames + factor - 1) / factor;
  for (ptrdiff_t b = 0; b < batch; b++)
    for (ptrdiff_t t = 0; t < frames; t++)
      for (ptrdiff_t c = 0; c < channels; c++)
        x[(b * frames + t) * channels + c] = t % factor == 0 ? y[(b * kept + t / factor) * channels + c] : 0;
}
