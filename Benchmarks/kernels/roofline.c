#include "result.h"
#include <math.h>

/* A roofline (Williams, Waterman, Patterson 2009): operations per byte against operations per second, both logarithmic.
   Bytes are what a pass must move at least; the bandwidth is one thread's times the threads, an upper bound. */

enum { width = 960, height = 620, left = 80, right = 30, top = 50, bottom = 60 };
static const double x_low = 0.1, x_high = 1000, y_low = 1;

static double x_of(double intensity) {
  return left + (width - left - right) * log(intensity / x_low) / log(x_high / x_low);
}
static double y_of(double speed, double y_high) {
  return height - bottom - (height - top - bottom) * log(speed / y_low) / log(y_high / y_low);
}

static void escaped(FILE *file, const char *text) {
  for (; *text; text++)
    switch (*text) {
    case '<': fputs("&lt;", file); break;
    case '&': fputs("&amp;", file); break;
    default: fputc(*text, file);
    }
}

bool write_roofline(const char *path, const conditions *c, const result *results, int count) {
  FILE *file = fopen(path, "w");
  if (!file) return false;
  double peak = 0;
  for (int i = 0; i < count; i++) peak += results[i].peak.median / count;
  double bandwidth = c->bandwidth * c->threads, y_high = pow(10, ceil(log10(peak * 1.5)));
  fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"13\">\n"
                "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n"
                "<text x=\"%d\" y=\"28\" font-size=\"17\">Convolution kernels under their roofs: %s, %d thread%s</text>\n",
          width, height, width, height, left, c->isa, c->threads, c->threads == 1 ? "" : "s");
  for (double x = x_low; x <= x_high * 1.01; x *= 10)
    fprintf(file, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#ddd\"/><text x=\"%.1f\" y=\"%d\" "
                  "text-anchor=\"middle\">%g</text>\n",
            x_of(x), x_of(x), top, height - bottom, x_of(x), height - bottom + 20, x);
  for (double y = y_low; y <= y_high * 1.01; y *= 10)
    fprintf(file, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%.1f\" "
                  "text-anchor=\"end\">%g</text>\n",
            left, width - right, y_of(y, y_high), y_of(y, y_high), left - 8, y_of(y, y_high) + 4, y);
  double ridge = peak / bandwidth;
  fprintf(file, "<polyline points=\"%.1f,%.1f %.1f,%.1f %.1f,%.1f\" fill=\"none\" stroke=\"black\" stroke-width=\"2\"/>\n",
          x_of(fmax(x_low, y_low / bandwidth)), y_of(fmax(x_low * bandwidth, y_low), y_high), x_of(ridge),
          y_of(peak, y_high), x_of(x_high), y_of(peak, y_high));
  fprintf(file, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">multiply-add peak %.0f GFLOP/s</text>\n", width - right,
          y_of(peak, y_high) - 8, peak);
  fprintf(file, "<text x=\"%.1f\" y=\"%.1f\">memory, %.1f GB/s</text>\n", x_of(x_low) + 8,
          y_of(x_low * bandwidth * 3, y_high) - 24, bandwidth);
  fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">floating point operations per byte that must move</text>\n",
          (left + width - right) / 2, height - 16);
  fprintf(file, "<text transform=\"translate(20 %d) rotate(-90)\" text-anchor=\"middle\">GFLOP/s</text>\n", (top + height - bottom) / 2);
  const char *const colours[passes] = {"#1f77b4", "#2ca02c", "#d62728"};
  const char *const names[passes] = {"forward", "input gradient", "weight gradient"};
  for (pass p = 0; p < passes; p++) {
    fprintf(file, "<circle cx=\"%d\" cy=\"%d\" r=\"5\" fill=\"%s\"/><text x=\"%d\" y=\"%d\">%s</text>\n", left + 16,
            top + 20 + 20 * p, colours[p], left + 28, top + 24 + 20 * p, names[p]);
    for (int i = 0; i < count; i++) {
      const result *r = &results[i];
      double operations = layer_operations(&r->l), intensity = operations / layer_bytes(&r->l);
      double speed = operations / r->ours[p].median / 1e9;
      if (!(speed > y_low) || !(intensity > x_low)) continue;
      fprintf(file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" fill-opacity=\"0.6\"><title>",
              x_of(fmin(intensity, x_high)), y_of(speed, y_high), colours[p]);
      escaped(file, r->l.name);
      fprintf(file, ", batch %td, %s: %.0f GFLOP/s</title></circle>\n", r->l.geometry.batch, names[p], speed);
    }
  }
  fprintf(file, "</svg>\n");
  return fclose(file) == 0;
}
