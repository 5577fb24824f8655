#include "winograd/winograd.h"
#include "base/scratch.h"
#include "winograd/tables.h"

enum {
  spread_bytes = 672 << 10, /* V of a chunk: what a second-level cache holds beside weights that stream through */
  least_tiles = 12,         /* of a chunk: each reads all weights */
  tiles_ahead = 4,          /* whose inputs are fetched */
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

/* As many taps of a group as take the fewest products. */
static void set_groups(ck_winograd_form *form) {
  const ptrdiff_t of_phase = divide_up(form->line_taps, form->stride);
  double fewest = 0;
  for (int taps = 2; taps <= ck_most_group; taps++) {
    const ptrdiff_t groups = divide_up(of_phase, taps), tile = ck_winograd_values + 1 - taps;
    const double products = (double)groups / (double)tile;
    if (form->group && products > fewest) continue;
    form->group = taps, form->tile = (int)tile, form->groups = groups * form->stride;
    fewest = products;
  }
}

ck_winograd_form ck_winograd_form_of(const ck_context *context, const ck_correlation *c, ptrdiff_t outputs) {
  enum {
    least_channels = 16, least_outputs = 24, least_pixels = 192, least_width = 16,
    copying = 64, /* a weight packed takes as long as so many multiply-adds, all its values together */
    least_of_two = 64, /* two taps: 64 → 128 1.1 to 1.35 of float32's speed, fewer less */
  };
  ck_winograd_form none = {0}, form = {0};
  if (!context || ck_context_precision(context) == ck_precision_highest || ck_planned()) return none;
  const ptrdiff_t channels = ck_channels_of(c), pixels = c->batch * c->out_height * c->out_width;
  if (c->depthwise || c->groups > 1 || c->tap_count < 2) return none;
  if (channels < least_channels || outputs < least_outputs || pixels < least_pixels) return none;
  form.lines = lines_of(c, &form.dilation);
  if (form.lines == 0) return none;
  form.line_taps = c->tap_count / form.lines;
  form.stride = c->step_x;
  if (form.stride > 1 && form.dilation > 1) return none;
  set_groups(&form);
  if (form.group == 2 && least(channels, outputs) < least_of_two) return none;
  if (c->out_width / form.dilation < least_width) return none;
  const ptrdiff_t of_tile = form.lines * form.groups * channels * ck_winograd_values * (ptrdiff_t)sizeof(float);
  if (of_tile * least_tiles > 2 * spread_bytes) return none;
  /* Products of a tile, and about as much as one more for each of its transforms' inputs and outputs. */
  const double direct = (double)(form.tile * c->tap_count * channels * outputs);
  const double fast = (double)(form.lines * form.groups * ck_winograd_values * channels * outputs) +
                      (double)(ck_winograd_values * ck_winograd_values * (form.lines * form.groups * channels + outputs));
  const double saved = (direct - 1.1 * fast) / form.tile * (double)pixels;
  return saved > copying * (double)(c->tap_count * channels * outputs) ? form : none;
}

/* ---- Pieces --------------------------------------------------------------------------------------------- */

ck_winograd_cut ck_winograd_cut_of(const ck_correlation *c, const ck_winograd_form *form, ptrdiff_t of_tile,
                                   ptrdiff_t most_tiles, ptrdiff_t fewest_items) {
  ck_winograd_cut cut = {.c = c, .form = form, .channels = ck_channels_of(c), .first_dy = c->taps->dy,
                         .images = c->batch, .height = c->height, .lines = c->out_height, .step = c->step_y};
  cut.signals = c->height == 1 && c->out_height == 1 && form->lines == 1 && cut.first_dy == 0;
  if (cut.signals) cut.images = 1, cut.height = c->batch, cut.lines = c->batch, cut.step = 1;
  cut.span = c->taps[c->tap_count - 1].dy - cut.first_dy;
  cut.tile_floats = form->groups * cut.channels;
  const ptrdiff_t of_line = divide_up(divide_up(c->out_width, form->dilation), form->tile);
  const ptrdiff_t images = cut.images * form->dilation;
  ptrdiff_t tiles = least(spread_bytes / of_tile / (1 + cut.span), most_tiles);
  tiles = most(least_tiles, least(tiles, divide_up(of_line * cut.lines * images, fewest_items)));
  cut.chunks = divide_up(of_line, tiles);
  cut.tiles = divide_up(of_line, cut.chunks);
  const ptrdiff_t seen = spread_bytes / of_tile / cut.tiles;
  const ptrdiff_t lines = least((seen - cut.span - 1) / cut.step + 1, tiles / cut.tiles);
  cut.chunk_lines = most(1, least(lines, cut.lines));
  cut.line_groups = divide_up(cut.lines, cut.chunk_lines);
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
  p.y1 = least(p.y0 + cut->chunk_lines, cut->lines);
  p.b = item / cut->line_groups;
  p.seen = (p.y1 - p.y0 - 1) * cut->step + 1 + cut->span;
  const ptrdiff_t of_phase = divide_up(c->out_width - p.phase, dilation);
  p.pixels = most(0, least(of_phase - cut->form->tile * p.first, cut->form->tile * cut->tiles));
  p.count = divide_up(p.pixels, cut->form->tile);
  return p;
}

void ck_winograd_spread(const ck_conv_kernels *kernels, const ck_winograd_cut *cut, const ck_winograd_piece *p,
                        const float *zeros, float *to) {
  const ck_correlation *c = cut->c;
  const ck_winograd_form *form = cut->form;
  const ptrdiff_t step = p->seen * p->count * cut->tile_floats, pixel_step = form->stride * form->dilation;
  const ptrdiff_t ahead = tiles_ahead * form->tile * pixel_step * (ptrdiff_t)sizeof(float); /* bytes for every channel */
  for (ptrdiff_t l = 0; l < p->seen; l++) {
    const ptrdiff_t y = p->y0 * cut->step + cut->first_dy + l;
    const bool inside = y >= 0 && y < cut->height;
    for (ptrdiff_t t = 0; t < p->count; t++)
      for (ptrdiff_t group = 0; group < form->groups; group++) {
        const ptrdiff_t first_tap = ck_winograd_tap(form, group, 0) * form->dilation;
        const ptrdiff_t x0 = p->phase + pixel_step * form->tile * (p->first + t) + c->taps->dx + first_tap;
        float *tile = to + (l * p->count + t) * cut->tile_floats + group * cut->channels;
        for (ptrdiff_t v = 0; v < c->source_count; tile += c->sources[v++].channels) {
          const ck_image *source = &c->sources[v];
          const ptrdiff_t line_stride = cut->signals ? source->batch_stride : source->row_stride;
          const float *line = inside ? source->data + p->b * source->batch_stride + y * line_stride : NULL;
          const float *rows[ck_winograd_values];
          for (int j = 0; j < ck_winograd_values; j++) {
            const ptrdiff_t x = x0 + j * pixel_step;
            rows[j] = inside && x >= 0 && x < c->width ? line + x * source->pixel_stride : zeros;
          }
          kernels->spread(rows, source->channels, ahead * source->pixel_stride, tile, step);
        }
      }
  }
}

ck_run ck_winograd_run(const ck_winograd_cut *cut, const ck_winograd_piece *p, ptrdiff_t y) {
  const ck_correlation *c = cut->c;
  const ck_mutable_image *to = &c->destination;
  const ck_image *residual = &c->residual;
  const ptrdiff_t dilation = cut->form->dilation, x = p->phase + dilation * cut->form->tile * p->first;
  const ptrdiff_t b = cut->signals ? y : p->b, line = cut->signals ? 0 : y;
  ck_run run = {.count = p->pixels, .y_step = dilation * to->pixel_stride, .place_step = dilation * c->dense.pixel,
                .y = to->data + b * to->batch_stride + line * to->row_stride + x * to->pixel_stride,
                .place = c->dense.first + b * c->dense.batch + line * c->dense.row + x * c->dense.pixel};
  if (!residual->data) return run;
  run.residual = residual->data + b * residual->batch_stride + line * residual->row_stride + x * residual->pixel_stride;
  run.residual_step = dilation * residual->pixel_stride;
  return run;
}
