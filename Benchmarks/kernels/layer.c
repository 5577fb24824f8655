#include "layer.h"
#include <stdlib.h>
#include <string.h>

/* The numbers behind "key": one, or a list in brackets. How many there were. */
static ptrdiff_t numbers(const char *line, const char *key, ptrdiff_t most, ptrdiff_t *values) {
  char pattern[48];
  snprintf(pattern, sizeof pattern, "\"%s\": ", key);
  const char *found = strstr(line, pattern);
  if (!found) return 0;
  char *next = (char *)found + strlen(pattern);
  bool list = *next == '[';
  if (list) next++;
  ptrdiff_t count = 0;
  while (count < most) {
    values[count++] = strtol(next, &next, 10);
    if (!list || *next != ',') break;
    next++;
  }
  return count;
}

static ptrdiff_t number(const char *line, const char *key, ptrdiff_t otherwise) {
  ptrdiff_t value = otherwise;
  numbers(line, key, 1, &value);
  return value;
}

/* Height and width: one number for both, or two; a signal has only a width. */
static void pair(const char *line, const char *key, bool signal, ptrdiff_t *height, ptrdiff_t *width) {
  ptrdiff_t values[2] = {1, 1}, count = numbers(line, key, 2, values);
  *width = count == 2 ? values[1] : values[0];
  *height = signal ? 1 : values[0];
}

bool layer_read(FILE *file, ptrdiff_t batch, layer *l) {
  char line[line_length], op[32];
  while (fgets(line, sizeof line, file)) {
    *l = (layer){.matmul = false};
    const char *name = strstr(line, "\"name\": \""), *kind = strstr(line, "\"op\": \"");
    if (!name || sscanf(name + 9, "%95[^\"]", l->name) != 1) continue;
    l->input_count = numbers(line, "inputs", most_inputs, l->inputs);
    if (l->input_count == 0) continue;
    strcpy(l->line, line);
    if (!kind || sscanf(kind + 7, "%31[^\"]", op) != 1) strcpy(op, "conv1d");
    bool signal = strstr(op, "2d") == NULL;
    l->transposed = strstr(op, "transposed") != NULL;
    l->matmul = strcmp(op, "matmul") == 0;
    ck_conv2d_geometry *g = &l->geometry;
    g->batch = batch > 0 ? batch : number(line, "batch", 1);
    g->groups = number(line, "groups", 1);
    g->input_height = signal ? 1 : number(line, "height", 1);
    g->input_width = l->matmul ? 1 : number(line, signal ? "frames" : "width", 1);
    pair(line, "kernel", signal, &g->kernel_height, &g->kernel_width);
    pair(line, "stride", signal, &g->stride_height, &g->stride_width);
    pair(line, "dilation", signal, &g->dilation_height, &g->dilation_width);
    g->pad_top = number(line, "pad_top", 0), g->pad_bottom = number(line, "pad_bottom", 0);
    g->pad_left = number(line, "pad_left", 0), g->pad_right = number(line, "pad_right", 0);
    ptrdiff_t outputs = number(line, "outputs", 1), inputs = 0;
    for (ptrdiff_t v = 0; v < l->input_count; v++) inputs += l->inputs[v];
    if (l->transposed) {
      /* The layer makes `full` pixels out of its own: the convolution behind it goes the other way. */
      g->input_width = (g->input_width - 1) * g->stride_width + (g->kernel_width - 1) * g->dilation_width + 1 -
                       g->pad_left - g->pad_right;
      g->input_height = (g->input_height - 1) * g->stride_height + (g->kernel_height - 1) * g->dilation_height + 1 -
                        g->pad_top - g->pad_bottom;
      g->input_channels = outputs, g->output_channels = inputs;
    } else {
      g->input_channels = inputs, g->output_channels = outputs;
    }
    return true;
  }
  return false;
}

double layer_operations(const layer *l) {
  const ck_conv2d_geometry *g = &l->geometry;
  return 2.0 * (double)g->batch * (double)ck_conv2d_output_height(g) * (double)ck_conv2d_output_width(g) *
         (double)(g->kernel_height * g->kernel_width) * (double)g->input_channels / (double)g->groups *
         (double)g->output_channels;
}

double layer_bytes(const layer *l) {
  const ck_conv2d_geometry *g = &l->geometry;
  double input = (double)g->batch * (double)(g->input_height * g->input_width) * (double)g->input_channels;
  double output = (double)g->batch * (double)ck_conv2d_output_height(g) * (double)ck_conv2d_output_width(g) *
                  (double)g->output_channels;
  double weights = (double)(g->kernel_height * g->kernel_width) * (double)g->input_channels / (double)g->groups *
                   (double)g->output_channels;
  return 4 * (input + output + weights);
}
