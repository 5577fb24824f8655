#include "conv/correlation.h"
#include "base/scratch.h"
#include <string.h>

/* Pixels → runs. Everything here is integers and the copying of edges. */

static ptrdiff_t floor_divide(ptrdiff_t a, ptrdiff_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

ck_cut ck_cut_pixels(const ck_correlation *c, ptrdiff_t pixels_wanted, ptrdiff_t batch_from_width) {
  ck_cut cut = {.across_batch = c->out_width < batch_from_width && c->batch > c->out_width};
  cut.lines = cut.across_batch ? c->out_height * c->out_width : c->batch * c->out_height;
  cut.line_length = cut.across_batch ? c->batch : c->out_width;
  if (cut.lines == 0 || cut.line_length == 0) return cut;
  /* Chunks of a line are about equally long: a short last one would waste its share of every fixed cost. */
  cut.chunks_per_line = (cut.line_length + pixels_wanted - 1) / pixels_wanted;
  cut.chunk_pixels = (cut.line_length + cut.chunks_per_line - 1) / cut.chunks_per_line;
  cut.chunk_pixels = least(cut.line_length, (cut.chunk_pixels + 7) / 8 * 8);
  cut.chunks_per_line = (cut.line_length + cut.chunk_pixels - 1) / cut.chunk_pixels;
  cut.chunk_lines = cut.chunks_per_line > 1 ? 1 : most(1, pixels_wanted / cut.line_length);
  cut.chunks = cut.chunks_per_line * ((cut.lines + cut.chunk_lines - 1) / cut.chunk_lines);
  return cut;
}

enum { most_copied = 16 };

typedef struct {
  const ck_correlation *c;
  ck_run *runs;
  ck_segment *segments;
  ptrdiff_t run_count, segment_count;
  float *window; /* NULL while only counting */
  ptrdiff_t window_size;
  /* The last windows: neighbouring lines of an image see the same lines of a source. */
  struct {
    const float *line;
    ptrdiff_t first, count, place;
  } copied[most_copied];
  ptrdiff_t copied_count;
} builder;

/* A run from pixel (b, y, x) on: along the line, or across the batch. */
static void begin_run(builder *self, ptrdiff_t count, ptrdiff_t b, ptrdiff_t y, ptrdiff_t x, bool across_batch) {
  const ck_correlation *c = self->c;
  const ck_mutable_image *to = &c->destination;
  ck_run *run = &self->runs[self->run_count++];
  *run = (ck_run){.count = count, .segments = self->segments + self->segment_count,
                  .y = to->data + b * to->batch_stride + y * to->row_stride + x * to->pixel_stride,
                  .y_step = across_batch ? to->batch_stride : to->pixel_stride,
                  .place = c->dense.first + b * c->dense.batch + y * c->dense.row + x * c->dense.pixel,
                  .place_step = across_batch ? c->dense.batch : c->dense.pixel};
  if (!c->residual.data) return;
  const ck_image *r = &c->residual;
  run->residual = r->data + b * r->batch_stride + y * r->row_stride + x * r->pixel_stride;
  run->residual_step = across_batch ? r->batch_stride : r->pixel_stride;
}

static void add_segment(builder *self, const float *x, ptrdiff_t step, ptrdiff_t channels, ptrdiff_t row,
                        ck_part part) {
  if (!x) return; /* only counting windows */
  if (self->c->finite) part = ck_both;
  ck_run *run = &self->runs[self->run_count - 1];
  ck_segment *last = &self->segments[self->segment_count - 1];
  if (run->segment_count > 0 && !self->c->depthwise && last->x + last->channels == x && last->step == step &&
      last->row + last->channels == row && last->part == part) {
    last->channels += channels; /* the next tap begins where this one ends */
    return;
  }
  self->segments[self->segment_count++] =
      (ck_segment){.x = x, .step = step, .channels = channels, .row = row, .part = part};
  run->segment_count++;
}

/* Taps of several sources in the order of the weights' rows: what a sum adds first must not depend on where weights are
   cut into pieces. */
static void end_run(builder *self) {
  if (self->c->source_count == 1) return;
  const ck_run *run = &self->runs[self->run_count - 1];
  ck_segment *segments = self->segments + self->segment_count - run->segment_count;
  for (ptrdiff_t i = 1; i < run->segment_count; i++) {
    const ck_segment segment = segments[i];
    ptrdiff_t at = i;
    for (; at > 0 && segments[at - 1].row > segment.row; at--) segments[at] = segments[at - 1];
    segments[at] = segment;
  }
}

/* A window of a source with gaps has gaps too: which taps join must not depend on where a run ends. */
static ptrdiff_t window_step(ptrdiff_t channels, ptrdiff_t pixel_stride) { return channels + (pixel_stride != channels); }

/* Rows first, first + by, … of one line of an image, `count` of them, zeros outside; NULL while only counting. */
static const float *copy_rows(builder *self, const float *line, ptrdiff_t pixel_stride, ptrdiff_t channels,
                              ptrdiff_t first, ptrdiff_t by, ptrdiff_t count) {
  ptrdiff_t width = self->c->width, step = window_step(channels, pixel_stride);
  float *window = self->window ? self->window + self->window_size : NULL;
  self->window_size += (count * step + 15) / 16 * 16;
  if (!window || ck_measuring()) return window;
  ptrdiff_t before = least(count, most(0, floor_divide(-first + by - 1, by)));
  ptrdiff_t end = most(before, least(count, floor_divide(width - 1 - first, by) + 1));
  memset(window, 0, (size_t)(before * step) * sizeof *window);
  if (by * pixel_stride == step && end > before) /* behind the last pixel's channels nothing may be read */
    memcpy(window + before * step, line + (first + before * by) * pixel_stride,
           (size_t)((end - before) * step - (step - channels)) * sizeof *window);
  else
    for (ptrdiff_t i = before; i < end; i++)
      memcpy(window + i * step, line + (first + i * by) * pixel_stride, (size_t)channels * sizeof *window);
  memset(window + end * step, 0, (size_t)((count - end) * step) * sizeof *window);
  return window;
}

/* The same rows of a line are copied once for all lines of the output that come soon after one another. */
static const float *copy_rows_once(builder *self, const float *line, ptrdiff_t pixel_stride, ptrdiff_t channels,
                                   ptrdiff_t first, ptrdiff_t count) {
  /* While measuring, views point nowhere and different inputs would look the same: an upper bound then. */
  for (ptrdiff_t i = 0; !ck_measuring() && i < most_copied && i < self->copied_count; i++)
    if (self->copied[i].line == line && self->copied[i].first == first && self->copied[i].count == count)
      return self->window ? self->window + self->copied[i].place : NULL;
  ptrdiff_t slot = self->copied_count++ % most_copied;
  self->copied[slot].line = line;
  self->copied[slot].first = first;
  self->copied[slot].count = count;
  self->copied[slot].place = self->window_size;
  return copy_rows(self, line, pixel_stride, channels, first, 1, count);
}

/* The taps of one source line (taps[0 ..< count], one dy) for output pixels p0 ..< p1. */
static void add_line_taps(builder *self, const float *line, ptrdiff_t pixel_stride, ptrdiff_t channels,
                          ptrdiff_t row_offset, const ck_tap *taps, ptrdiff_t count, ptrdiff_t p0, ptrdiff_t p1) {
  const ck_correlation *c = self->c;
  ptrdiff_t pixels = p1 - p0, first = p0 * c->step_x, last = (p1 - 1) * c->step_x;
  const ptrdiff_t step = window_step(channels, pixel_stride);
  const bool whole = c->lanes_along_taps && step == channels && taps[count - 1].dx - taps[0].dx == count - 1;
  /* Taps that see nothing but padding fall away; they are ascending, so what remains is one stretch. */
  while (!whole && count > 0 && last + taps[0].dx < 0) taps++, count--;
  while (!whole && count > 0 && first + taps[count - 1].dx >= c->width) count--;
  if (count == 0) return;
  ptrdiff_t low = first + taps[0].dx, high = last + taps[count - 1].dx, length = high - low + 1;
  bool inside = low >= 0 && high < c->width;
  if (!inside && (whole || length <= 2 * pixels * c->step_x + 32)) {
    const float *window = copy_rows_once(self, line, pixel_stride, channels, low, length);
    for (ptrdiff_t k = 0; k < count; k++)
      add_segment(self, window ? window + (taps[k].dx - taps[0].dx) * step : NULL, c->step_x * step, channels,
                  taps[k].row + row_offset, taps[k].part);
    return;
  }
  for (ptrdiff_t k = 0; k < count; k++) {
    ptrdiff_t begin = first + taps[k].dx, end = last + taps[k].dx;
    if (end < 0 || begin >= c->width) continue;
    if (begin >= 0 && end < c->width)
      add_segment(self, line + begin * pixel_stride, c->step_x * pixel_stride, channels, taps[k].row + row_offset,
                  taps[k].part);
    else
      add_segment(self, copy_rows(self, line, pixel_stride, channels, begin, c->step_x, pixels), step, channels,
                  taps[k].row + row_offset, taps[k].part);
  }
}

/* One run along a line: output pixels p0 ..< p1 of output row y. */
static void add_run(builder *self, ptrdiff_t b, ptrdiff_t y, ptrdiff_t p0, ptrdiff_t p1) {
  const ck_correlation *c = self->c;
  if (p1 <= p0) return;
  begin_run(self, p1 - p0, b, y, p0, false);
  ptrdiff_t row_offset = 0;
  for (ptrdiff_t v = 0; v < c->source_count; row_offset += c->sources[v++].channels) {
    const ck_image *source = &c->sources[v];
    if (source->channels == 0) continue;
    for (ptrdiff_t k = 0, end; k < c->tap_count; k = end) {
      for (end = k + 1; end < c->tap_count && c->taps[end].dy == c->taps[k].dy;) end++;
      ptrdiff_t line = y * c->step_y + c->taps[k].dy;
      if (line >= 0 && line < c->height)
        add_line_taps(self, source->data + b * source->batch_stride + line * source->row_stride, source->pixel_stride,
                      source->channels, row_offset, c->taps + k, end - k, p0, p1);
    }
  }
  end_run(self);
}

/* A line is cut where its inner part, which needs no copy, begins and ends. A short one is not: its window is copied
   once for all output channels, and runs of a few pixels cost a weight gradient more than the copy. */
enum { worth_cutting = 256 };
static void add_line(builder *self, ptrdiff_t line, ptrdiff_t p0, ptrdiff_t p1) {
  const ck_correlation *c = self->c;
  ptrdiff_t b = line / c->out_height, y = line % c->out_height;
  ptrdiff_t low = 0, high = 0;
  for (ptrdiff_t k = 0; k < c->tap_count; k++) {
    low = k == 0 ? c->taps[k].dx : least(low, c->taps[k].dx);
    high = k == 0 ? c->taps[k].dx : most(high, c->taps[k].dx);
  }
  ptrdiff_t first = most(p0, floor_divide(-low + c->step_x - 1, c->step_x));
  ptrdiff_t last = least(p1, floor_divide(c->width - 1 - high, c->step_x) + 1);
  if (last - first < worth_cutting) {
    add_run(self, b, y, p0, p1);
    return;
  }
  add_run(self, b, y, p0, first);
  add_run(self, b, y, first, last);
  add_run(self, b, y, last, p1);
}

/* One pixel position of images b0 ..< b1: the taps outside simply are not there. */
static void add_batch(builder *self, ptrdiff_t line, ptrdiff_t b0, ptrdiff_t b1) {
  const ck_correlation *c = self->c;
  ptrdiff_t y = line / c->out_width, x = line % c->out_width;
  begin_run(self, b1 - b0, b0, y, x, true);
  ptrdiff_t row_offset = 0;
  for (ptrdiff_t v = 0; v < c->source_count; row_offset += c->sources[v++].channels) {
    const ck_image *source = &c->sources[v];
    if (source->channels == 0) continue;
    for (ptrdiff_t k = 0; k < c->tap_count; k++) {
      ptrdiff_t sy = y * c->step_y + c->taps[k].dy, sx = x * c->step_x + c->taps[k].dx;
      if (sy < 0 || sy >= c->height || sx < 0 || sx >= c->width) continue;
      add_segment(self,
                  source->data + b0 * source->batch_stride + sy * source->row_stride + sx * source->pixel_stride,
                  source->batch_stride, source->channels, c->taps[k].row + row_offset, c->taps[k].part);
    }
  }
  end_run(self);
}

const ck_run *ck_lower(const ck_correlation *c, const ck_cut *cut, ptrdiff_t chunk, ptrdiff_t *run_count) {
  ptrdiff_t l0 = chunk / cut->chunks_per_line * cut->chunk_lines, l1 = least(cut->lines, l0 + cut->chunk_lines);
  ptrdiff_t p0 = chunk % cut->chunks_per_line * cut->chunk_pixels, p1 = least(cut->line_length, p0 + cut->chunk_pixels);
  size_t runs = (size_t)(3 * cut->chunk_lines), segments = runs * (size_t)(c->source_count * c->tap_count + 1);
  builder self = {.c = c, .runs = ck_scratch(2, runs * sizeof(ck_run) + segments * sizeof(ck_segment))};
  *run_count = 0;
  if (!self.runs) return NULL;
  self.segments = (ck_segment *)(self.runs + runs);
  /* Twice: once to know how large the windows are, once to fill them. */
  for (int pass = 0; pass < 2; pass++) {
    self.run_count = self.segment_count = self.window_size = self.copied_count = 0;
    for (ptrdiff_t line = l0; line < l1; line++) {
      if (cut->across_batch) add_batch(&self, line, p0, p1);
      else add_line(&self, line, p0, p1);
    }
    if (self.window_size == 0) break;
    if (pass == 0) self.window = ck_scratch(0, (size_t)self.window_size * sizeof(float));
    if (!self.window) return self.runs;
  }
  *run_count = self.run_count;
  return self.runs;
}
