#include "split/split.h"
#include <string.h>

/* Output pixels → boxes, taps → panels. Integers only. */

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
static ptrdiff_t round_up(ptrdiff_t a, ptrdiff_t grain) { return (a + grain - 1) / grain * grain; }
static ptrdiff_t divide_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }
static ptrdiff_t remainder_of(ptrdiff_t a, ptrdiff_t b) { return (a % b + b) % b; }

static ptrdiff_t tap_count(const ck_correlation *phases, ptrdiff_t count) {
  ptrdiff_t taps = 0;
  for (ptrdiff_t p = 0; p < count; p++) taps += phases[p].tap_count;
  return taps;
}

size_t ck_split_cut_bytes(const ck_correlation *phases, ptrdiff_t count) {
  return 2 * (size_t)(tap_count(phases, count) + 1) * sizeof(ck_split_band);
}

/* A tap joins a band unless that packs more pixels between them than a box is long. Bands may come to
   overlap: a tap uses the first that has it. */
static ck_split_axis axis_for(const ck_correlation *phases, ptrdiff_t count, bool along_x, bool dense,
                              ptrdiff_t outputs, ck_split_band *bands) {
  ptrdiff_t step = along_x ? phases->step_x : phases->step_y;
  ck_split_axis axis = {.by = dense ? 1 : step, .step = dense ? step : 1, .bands = bands};
  ptrdiff_t gap = most(1, outputs) * step;
  for (ptrdiff_t p = 0; p < count; p++)
    for (ptrdiff_t t = 0; t < phases[p].tap_count; t++) {
      ptrdiff_t at = along_x ? phases[p].taps[t].dx : phases[p].taps[t].dy, b = 0;
      while (b < axis.count && !(remainder_of(bands[b].low - at, axis.by) == 0 && at >= bands[b].low - gap &&
                                 at <= bands[b].high + gap))
        b++;
      if (b == axis.count) {
        bands[axis.count++] = (ck_split_band){at, at};
        continue;
      }
      bands[b] = (ck_split_band){least(bands[b].low, at), most(bands[b].high, at)};
    }
  for (ptrdiff_t b = 0; b < axis.count; b++)
    axis.reach = most(axis.reach, (bands[b].high - bands[b].low) / axis.by);
  return axis;
}

/* `pieces` of about equal size, each a multiple of the grain. */
static ptrdiff_t piece_of(ptrdiff_t all, ptrdiff_t wanted, ptrdiff_t grain) {
  wanted = most(wanted, 1);
  return least(all, round_up(divide_up(all, divide_up(all, wanted)), grain));
}

enum { image_columns = 64 }; /* of a box of an image that is not whole lines */

ck_split_cut ck_split_cut_for(const ck_correlation *phases, ptrdiff_t count, ptrdiff_t pixels, bool dense,
                              bool even, void *memory) {
  ck_split_cut cut = {.phases = phases, .phase_count = count};
  for (ptrdiff_t v = 0; v < phases->source_count; v++) cut.channels += phases->sources[v].channels;
  for (ptrdiff_t p = 0; p < count; p++) {
    cut.height = most(cut.height, phases[p].out_height);
    cut.width = most(cut.width, phases[p].out_width);
  }
  if (phases->batch == 0 || cut.height == 0 || cut.width == 0) return cut;
  if (cut.height == 1) cut.box_width = piece_of(cut.width, pixels, 32);
  else
    cut.box_width = cut.width <= 3 * image_columns / 2 ? cut.width : piece_of(cut.width, image_columns, 16);
  cut.box_height =
      cut.box_width < cut.width && cut.height == 1 ? 1 : piece_of(cut.height, pixels / cut.box_width, 1);
  bool whole = cut.box_width == cut.width && cut.box_height == cut.height;
  cut.box_batch = whole ? piece_of(phases->batch, pixels / (cut.width * cut.height), 1) : 1;
  cut.across = divide_up(cut.width, cut.box_width);
  cut.down = divide_up(cut.height, cut.box_height);
  cut.boxes = cut.across * cut.down * divide_up(phases->batch, cut.box_batch);
  ck_split_band *bands = memory;
  cut.x = axis_for(phases, count, true, dense, cut.box_width, bands);
  cut.y = axis_for(phases, count, false, dense, cut.box_height, bands + tap_count(phases, count) + 1);
  cut.lines = (cut.box_height - 1) * cut.y.step + 1 + cut.y.reach;
  cut.columns = (cut.box_width - 1) * cut.x.step + 1 + cut.x.reach;
  if (even && cut.lines * cut.box_batch > 1) cut.columns = round_up(cut.columns, 2);
  return cut;
}

ck_split_box ck_split_box_at(const ck_split_cut *cut, ptrdiff_t index) {
  ptrdiff_t x = index % cut->across, y = index / cut->across % cut->down, b = index / cut->across / cut->down;
  return (ck_split_box){.b0 = b * cut->box_batch,
                        .b1 = least(cut->phases->batch, (b + 1) * cut->box_batch),
                        .y0 = y * cut->box_height,
                        .y1 = least(cut->height, (y + 1) * cut->box_height),
                        .x0 = x * cut->box_width,
                        .x1 = least(cut->width, (x + 1) * cut->box_width)};
}

ptrdiff_t ck_split_panel_pixels(const ck_split_cut *cut, ptrdiff_t images) {
  return images * cut->lines * cut->columns;
}

static ptrdiff_t band_of(const ck_split_axis *axis, ptrdiff_t at) {
  ptrdiff_t b = 0;
  while (at < axis->bands[b].low || at > axis->bands[b].high || (at - axis->bands[b].low) % axis->by != 0)
    b++;
  return b;
}

ptrdiff_t ck_split_tap_panel(const ck_split_cut *cut, const ck_tap *tap, ptrdiff_t *pixel) {
  ptrdiff_t y = band_of(&cut->y, tap->dy), x = band_of(&cut->x, tap->dx);
  *pixel = (tap->dy - cut->y.bands[y].low) / cut->y.by * cut->columns +
           (tap->dx - cut->x.bands[x].low) / cut->x.by;
  return y * cut->x.count + x;
}
