#include "winograd/winograd.h"
#include "base/scratch.h"
#include "winograd/tables.h"

enum {
  spread_bytes = 448 << 10, /* V of a chunk: what a second-level cache holds beside weights that stream through */
  least_tiles = 12,         /* of a chunk: each reads all weights */
  fewest_items = 16,        /* what a loop should offer its threads */
};

static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }
static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

/* ---- What is worth it --------------------------------------------------------------------------------- */

/* Lines of equally many taps that are equally far apart, or 0. */
static ptrdiff_t lines_of(const ck_correlation *c, ptrdiff_t *dilation) {
  ptrdiff_t per_line = 1;
  while (per_line < c->tap_count && c->taps[per_line].dy == c->taps->dy) per_line++;
  if (per_line < 2 || c->tap_count % per_line != 0 || c->tap_count / per_line > ck_most_winograd_lines) return 0;
  *dilation = c->taps[1].dx - c->taps[0].dx;
  for (ptrdiff_t k = 0; k < c->tap_count; k++) {
    const ck_tap *first = &c->taps[k / per_line * per_line];
    if (c->taps[k].dy != first->dy || c->taps[k].dx != c->taps->dx + k % per_line * *dilation) return 0;
    if (k % per_line == 0 && k > 0 && first->dy <= first[-1].dy) return 0;
  }
  return c->tap_count / per_line;
}

ck_winograd_form ck_winograd_form_of(const ck_context *context, const ck_correlation *c, ptrdiff_t outputs) {
  enum {
    least_channels = 16, least_outputs = 24, least_pixels = 192, least_width = 16,
    copying = 64, /* a weight packed takes as long as so many multiply-adds, all its values together */
    least_of_two = 96, /* two taps: 64 → 128 1.0 of float32's speed, 128 → 64 dilated 0.9, 128 → 256 1.15 */
  };
  ck_winograd_form none = {0}, form = {0};
  if (!context || ck_context_precision(context) == ck_precision_highest || ck_planned()) return none;
  const ptrdiff_t channels = ck_channels_of(c), pixels = c->batch * c->out_height * c->out_width;
  if (c->depthwise || c->groups > 1 || c->step_x != 1 || c->step_y != 1 || c->tap_count < 2) return none;
  if (channels < least_channels || outputs < least_outputs || pixels < least_pixels) return none;
  form.lines = lines_of(c, &form.dilation);
  if (form.lines == 0) return none;
  form.line_taps = c->tap_count / form.lines;
  if (form.line_taps == 2 && least(channels, outputs) < least_of_two) return none;
  form.group = form.line_taps > 3 ? 5 : (int)form.line_taps;
  form.values = form.group + ck_tile - 1;
  form.groups = divide_up(form.line_taps, form.group);
  if (c->out_width / form.dilation < least_width) return none;
  const ptrdiff_t of_tile = form.lines * form.groups * channels * form.values * (ptrdiff_t)sizeof(float);
  if (of_tile * least_tiles > 2 * spread_bytes) return none;
  /* Products of a tile, and about as much as one more for each of its transforms' inputs and outputs. */
  const double direct = (double)(ck_tile * c->tap_count * channels * outputs);
  const double fast = (double)(form.lines * form.groups * form.values * channels * outputs) +
                      (double)(form.values * form.values * (form.lines * form.groups * channels + outputs));
  const double saved = (direct - 1.1 * fast) / ck_tile * (double)pixels;
  return saved > copying * (double)(c->tap_count * channels * outputs) ? form : none;
}

/* ---- Pieces --------------------------------------------------------------------------------------------- */

ck_winograd_cut ck_winograd_cut_of(const ck_correlation *c, const ck_winograd_form *form, ptrdiff_t values) {
  ck_winograd_cut cut = {.c = c, .form = form, .channels = ck_channels_of(c), .first_dy = c->taps->dy};
  cut.span = c->taps[c->tap_count - 1].dy - cut.first_dy;
  cut.tile_floats = form->groups * cut.channels;
  const ptrdiff_t of_line = divide_up(divide_up(c->out_width, form->dilation), ck_tile);
  const ptrdiff_t of_tile = cut.tile_floats * values * (ptrdiff_t)sizeof(float), images = c->batch * form->dilation;
  ptrdiff_t tiles = least(spread_bytes / of_tile / (1 + cut.span), ck_most_winograd_tiles);
  tiles = most(least_tiles, least(tiles, divide_up(of_line * c->out_height * images, fewest_items)));
  cut.chunks = divide_up(of_line, tiles);
  cut.tiles = divide_up(of_line, cut.chunks);
  const ptrdiff_t lines = least(spread_bytes / of_tile / cut.tiles - cut.span, ck_most_winograd_tiles / cut.tiles);
  cut.chunk_lines = most(1, least(lines, c->out_height));
  cut.line_groups = divide_up(c->out_height, cut.chunk_lines);
  cut.items = images * cut.line_groups * cut.chunks;
  return cut;
}

ck_winograd_piece ck_winograd_piece_of(const ck_winograd_cut *cut, ptrdiff_t item) {
  const ck_correlation *c = cut->c;
  const ptrdiff_t dilation = cut->form->dilation;
  ck_winograd_piece p = {.first = item % cut->chunks * cut->tiles};
  item /= cut->chunks;
  p.phase = item % dilation;
  item /= dilation;
  p.y0 = item % cut->line_groups * cut->chunk_lines;
  p.y1 = least(p.y0 + cut->chunk_lines, c->out_height);
  p.b = item / cut->line_groups;
  p.seen = p.y1 - p.y0 + cut->span;
  const ptrdiff_t of_phase = divide_up(c->out_width - p.phase, dilation);
  p.pixels = most(0, least(of_phase - ck_tile * p.first, ck_tile * cut->tiles));
  p.count = divide_up(p.pixels, ck_tile);
  return p;
}

/* Every `by`-th of `pixels` pixels. */
static bool moderate(const ck_conv_kernels *kernels, const float *x, ptrdiff_t pixel_stride, ptrdiff_t channels,
                     ptrdiff_t pixels, ptrdiff_t by) {
  if (by == 1 && pixel_stride == channels) return kernels->all_moderate(x, pixels * channels);
  for (ptrdiff_t i = 0; i < pixels; i += by)
    if (!kernels->all_moderate(x + i * pixel_stride, channels)) return false;
  return true;
}

bool ck_winograd_sees_moderate(const ck_conv_kernels *kernels, const ck_winograd_cut *cut, const ck_winograd_piece *p) {
  const ck_correlation *c = cut->c;
  const ck_winograd_form *form = cut->form;
  const ptrdiff_t dilation = form->dilation, of_tiles = ck_tile * p->count + form->groups * form->group - 1;
  ptrdiff_t begin = p->phase + c->taps->dx + dilation * ck_tile * p->first, end = begin + dilation * (of_tiles - 1) + 1;
  if (begin < 0) begin += divide_up(-begin, dilation) * dilation;
  end = least(end, c->width);
  for (ptrdiff_t y = most(0, p->y0 + cut->first_dy); y < least(c->height, p->y0 + cut->first_dy + p->seen); y++)
    for (ptrdiff_t v = 0; v < c->source_count && begin < end; v++) {
      const ck_image *source = &c->sources[v];
      const float *from = source->data + p->b * source->batch_stride + y * source->row_stride + begin * source->pixel_stride;
      if (!moderate(kernels, from, source->pixel_stride, source->channels, end - begin, dilation)) return false;
    }
  return true;
}

bool ck_winograd_writes_moderate(const ck_conv_kernels *kernels, const ck_winograd_cut *cut, const ck_winograd_piece *p) {
  for (ptrdiff_t y = p->y0; y < p->y1; y++) {
    const ck_run run = ck_winograd_run(cut, p, y);
    if (!moderate(kernels, run.y, run.y_step, cut->c->destination.channels, run.count, 1)) return false;
  }
  return true;
}

void ck_winograd_spread(const ck_conv_kernels *kernels, const ck_winograd_cut *cut, const ck_winograd_piece *p, int value,
                        const float *zeros, float *to) {
  const ck_correlation *c = cut->c;
  const ck_winograd_form *form = cut->form;
  const ptrdiff_t step = p->seen * p->count * cut->tile_floats;
  for (ptrdiff_t l = 0; l < p->seen; l++) {
    const ptrdiff_t y = p->y0 + cut->first_dy + l;
    const bool inside = y >= 0 && y < c->height;
    for (ptrdiff_t t = 0; t < p->count; t++)
      for (ptrdiff_t group = 0; group < form->groups; group++) {
        const ptrdiff_t place = ck_tile * (p->first + t) + group * form->group;
        const ptrdiff_t x0 = p->phase + c->taps->dx + form->dilation * place;
        float *tile = to + (l * p->count + t) * cut->tile_floats + group * cut->channels;
        for (ptrdiff_t v = 0; v < c->source_count; tile += c->sources[v++].channels) {
          const ck_image *source = &c->sources[v];
          const float *line = inside ? source->data + p->b * source->batch_stride + y * source->row_stride : NULL;
          const float *rows[ck_most_values];
          for (int j = 0; j < form->values; j++) {
            const ptrdiff_t x = x0 + j * form->dilation;
            rows[j] = inside && x >= 0 && x < c->width ? line + x * source->pixel_stride : zeros;
          }
          if (value < 0) kernels->spread(form->group, rows, source->channels, tile, step);
          else kernels->spread_value(form->group, value, rows, source->channels, tile);
        }
      }
  }
}

ck_run ck_winograd_run(const ck_winograd_cut *cut, const ck_winograd_piece *p, ptrdiff_t y) {
  const ck_correlation *c = cut->c;
  const ck_mutable_image *to = &c->destination;
  const ck_image *residual = &c->residual;
  const ptrdiff_t dilation = cut->form->dilation, x = p->phase + dilation * ck_tile * p->first;
  ck_run run = {.count = p->pixels, .y_step = dilation * to->pixel_stride, .place_step = dilation * c->dense.pixel,
                .y = to->data + p->b * to->batch_stride + y * to->row_stride + x * to->pixel_stride,
                .place = c->dense.first + p->b * c->dense.batch + y * c->dense.row + x * c->dense.pixel};
  if (!residual->data) return run;
  run.residual = residual->data + p->b * residual->batch_stride + y * residual->row_stride + x * residual->pixel_stride;
  run.residual_step = dilation * residual->pixel_stride;
  return run;
}
