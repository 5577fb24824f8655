#include "split/split.h"
#include <string.h>

/* Sources and weights → planes and tiles. The numbers themselves are split by the kernels. */

static ptrdiff_t floor_divide(ptrdiff_t a, ptrdiff_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
static ptrdiff_t clamp(ptrdiff_t a, ptrdiff_t low, ptrdiff_t high) {
  return a < low ? low : a > high ? high : a;
}

void ck_range_join(ck_range *range, const ck_range *other) {
  for (int i = 0; i < 16; i++) {
    if (other->most[i] > range->most[i]) range->most[i] = other->most[i];
    if (other->least[i] < range->least[i]) range->least[i] = other->least[i];
  }
}

static int exponent_of(uint32_t magnitude) {
  float x;
  memcpy(&x, &magnitude, sizeof x);
  return __builtin_ilogbf(x);
}

ck_split_scale ck_split_scale_for(const ck_range *range) {
  uint32_t most = 0, least = UINT32_MAX;
  for (int i = 0; i < 16; i++) {
    if (range->most[i] > most) most = range->most[i];
    if (range->least[i] < least) least = range->least[i];
  }
  if (most == 0) return (ck_split_scale){.possible = true};
  if (most >= 0x7f800000u) return (ck_split_scale){.possible = false};
  int high = exponent_of(most), low = exponent_of(least + 1), exponent = 0;
  if (high > ck_window_high) exponent = ck_window_high - high;
  else if (low < ck_window_low) exponent = (int)clamp(ck_window_low - low, 0, ck_window_high - high);
  return (ck_split_scale){.exponent = exponent, .possible = low + exponent >= ck_window_low};
}

void ck_split_pack_box(const ck_split_kernels *kernels, const ck_split_cut *cut, const ck_split_box *box,
                       const ck_split_layout *layout, float scale, int planes, ck_bf16 *const *to,
                       ck_range *range) {
  const ck_correlation *c = cut->phases;
  const ptrdiff_t step = layout->pixel_step, columns = cut->columns;
  ck_bf16 *line[ck_most_planes];
  for (ptrdiff_t band_y = 0; band_y < cut->y.count; band_y++)
    for (ptrdiff_t band_x = 0; band_x < cut->x.count; band_x++) {
      const ptrdiff_t by = cut->x.by, x0 = box->x0 * c->step_x + cut->x.bands[band_x].low;
      const ptrdiff_t begin = clamp(-floor_divide(x0, by), 0, columns);
      const ptrdiff_t end = clamp(floor_divide(c->width - 1 - x0, by) + 1, begin, columns);
      for (int p = 0; p < planes; p++)
        line[p] = to[p] + (band_y * cut->x.count + band_x) * layout->panel_step;
      for (ptrdiff_t b = box->b0; b < box->b1; b++)
        for (ptrdiff_t l = 0; l < cut->lines; l++) {
          const ptrdiff_t y = box->y0 * c->step_y + cut->y.bands[band_y].low + l * cut->y.by;
          const bool inside = y >= 0 && y < c->height;
          const ptrdiff_t before = inside ? begin : columns, after = inside ? end : columns;
          for (int p = 0; p < planes; p++) {
            memset(line[p], 0, (size_t)(before * step) * sizeof **to);
            memset(line[p] + after * step, 0, (size_t)((columns - after) * step) * sizeof **to);
          }
          ptrdiff_t channel = 0;
          for (ptrdiff_t v = 0; v < c->source_count; channel += c->sources[v++].channels) {
            const ck_image *source = &c->sources[v];
            const bool last = v == c->source_count - 1;
            if (after == before || (source->channels == 0 && !last)) continue;
            ck_bf16 *at[ck_most_planes];
            for (int p = 0; p < planes; p++) at[p] = line[p] + before * step + channel;
            kernels->split_line(source->data + b * source->batch_stride + y * source->row_stride +
                                    (x0 + before * by) * source->pixel_stride,
                                by * source->pixel_stride, after - before, source->channels,
                                last ? layout->zeros : 0, scale, planes, at, step, range);
          }
          for (int p = 0; p < planes; p++) line[p] += columns * step;
        }
      for (int p = 0; p < planes; p++) memset(line[p], 0, (size_t)layout->slack * sizeof **to);
    }
}

ptrdiff_t ck_split_steps(const ck_split_cut *cut, const ck_correlation *phase, bool flat,
                         const ck_split_layout *layout, ck_split_step *steps) {
  ptrdiff_t count = 0;
  for (ptrdiff_t t = 0, end; t < phase->tap_count; t = end) {
    ptrdiff_t pixel, panel = ck_split_tap_panel(cut, &phase->taps[t], &pixel);
    for (end = t + 1; flat && end < phase->tap_count; end++) {
      ptrdiff_t next_pixel, next_panel = ck_split_tap_panel(cut, &phase->taps[end], &next_pixel);
      if (phase->taps[end].dy != phase->taps[t].dy || next_panel != panel || next_pixel != pixel + end - t)
        break;
    }
    const ptrdiff_t all = (end - t) * cut->channels;
    for (ptrdiff_t row = 0; row < all; row += 32, count++)
      if (steps)
        steps[count] = (ck_split_step){.a = panel * layout->panel_step + pixel * layout->pixel_step + row,
                                       .tap = t + row / cut->channels,
                                       .channel = row % cut->channels,
                                       .rows = all - row < 32 ? all - row : 32};
  }
  return count;
}

typedef float four __attribute__((ext_vector_type(4), aligned(4), may_alias));

/* rows[r][c] = from[r + c · out_step]: the transpose of what lies there, four by four. */
static void gather_turned(const float *from, ptrdiff_t out_step, ptrdiff_t rows, ptrdiff_t channels,
                          float (*to)[32]) {
  ptrdiff_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    ptrdiff_t c = 0;
    for (; c + 4 <= channels; c += 4) {
      four v[4];
      for (int n = 0; n < 4; n++) v[n] = *(const four *)(from + r + (c + n) * out_step);
      four low = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5),
           high = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7);
      four low2 = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5),
           high2 = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);
      *(four *)&to[r][c] = __builtin_shufflevector(low, low2, 0, 1, 4, 5);
      *(four *)&to[r + 1][c] = __builtin_shufflevector(low, low2, 2, 3, 6, 7);
      *(four *)&to[r + 2][c] = __builtin_shufflevector(high, high2, 0, 1, 4, 5);
      *(four *)&to[r + 3][c] = __builtin_shufflevector(high, high2, 2, 3, 6, 7);
    }
    for (; c < channels; c++)
      for (int n = 0; n < 4; n++) to[r + n][c] = from[r + n + c * out_step];
  }
  for (; r < rows; r++)
    for (ptrdiff_t c = 0; c < channels; c++) to[r][c] = from[r + c * out_step];
}

/* The rows of a step, columns first … of the weights. */
static void gather(const ck_weights *w, const ck_correlation *phase, const ck_split_step *step,
                   ptrdiff_t first, ptrdiff_t channels, float (*rows)[32]) {
  ptrdiff_t tap = step->tap, channel = step->channel;
  for (ptrdiff_t r = 0, n; r < step->rows; r += n, channel = 0, tap++) {
    n = w->inputs - channel < step->rows - r ? w->inputs - channel : step->rows - r;
    ptrdiff_t place = phase->taps[tap].row / w->inputs;
    const float *from = w->data + (w->flipped ? w->taps - 1 - place : place) * w->tap_step +
                        channel * w->in_step + first * w->out_step;
    if (w->in_step == 1 && w->out_step != 1) {
      gather_turned(from, w->out_step, n, channels, rows + r);
      continue;
    }
    for (ptrdiff_t i = 0; i < n; i++)
      for (ptrdiff_t o = 0; o < channels; o++) rows[r + i][o] = from[i * w->in_step + o * w->out_step];
  }
}

void ck_split_pack_weights(const ck_split_kernels *kernels, const ck_weights *w, const ck_correlation *phase,
                           const ck_split_step *step, ptrdiff_t first, ptrdiff_t channels, float scale,
                           int planes, ck_bf16 *to, ck_range *range) {
  float rows[32][32] __attribute__((aligned(64))) = {{0}};
  gather(w, phase, step, first, channels, rows);
  if (w->gated) gather(w, phase, step, w->outputs / 2 + first, channels, (float(*)[32])(rows[0] + 16));
  ptrdiff_t columns = w->gated ? 32 : channels;
  if (w->scale != 1)
    for (ptrdiff_t r = 0; r < step->rows; r++)
      for (ptrdiff_t o = 0; o < columns; o++) rows[r][o] *= w->scale;
  kernels->pair_line(&rows[0][0], 32, 32, columns, scale, planes, to, 0, 0, range);
}
