/* A stream as it is built: every layer is checked, copied, and cut into taps that can be computed ahead. */
#include "check/check.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>

enum { most_channels = 1 << 20, most_taps = 1 << 16, most_period = 1 << 24 };

ck_status ck_stream_create(const ck_context *context, ck_stream_weights weights, ck_stream **stream) {
  CK_REQUIRE_THAT(stream, ck_status_null_pointer);
  CK_REQUIRE_THAT(weights >= ck_stream_float32 && weights <= ck_stream_bfloat16, ck_status_invalid_argument);
  ck_stream *made = calloc(1, sizeof *made);
  CK_REQUIRE_THAT(made, ck_status_no_memory);
  made->isa = ck_isa_of(context);
  made->format = weights;
  *stream = made;
  return ck_status_ok;
}

static void release(ck_stream_node *node) {
  for (ptrdiff_t p = 0; p < node->product_count; p++)
    for (int g = 0; g < ck_stream_groups; g++) {
      free(node->products[p].groups[g].segments);
      free(node->products[p].groups[g].scales);
    }
  free(node->products);
  free(node->inputs);
  free(node->weights);
  free(node->bias);
}

void ck_stream_destroy(ck_stream *stream) {
  if (!stream) return;
  for (ptrdiff_t i = 1; i <= stream->count; i++) release(&stream->nodes[i]);
  free(stream->nodes);
  free(stream->arena);
  free(stream);
}

/* Takes the node over, whether it succeeds or not. */
static ck_status add(ck_stream *stream, ck_stream_node *node, int32_t *signal) {
  if (stream->count + 1 >= stream->room) {
    const ptrdiff_t room = stream->room ? 2 * stream->room : 64;
    ck_stream_node *nodes = realloc(stream->nodes, (size_t)room * sizeof *nodes);
    if (!nodes) {
      release(node);
      return ck_status_no_memory;
    }
    stream->nodes = nodes;
    stream->room = room;
  }
  stream->nodes[++stream->count] = *node;
  *signal = (int32_t)stream->count;
  return ck_status_ok;
}

/* A copy, with zeros behind up to a whole group of lanes; zeros for NULL. */
static float *copied(const float *numbers, ptrdiff_t count) {
  float *copy = calloc((size_t)ck_stream_padded(count > 0 ? count : 1), sizeof *copy);
  if (copy && numbers) memcpy(copy, numbers, (size_t)count * sizeof *copy);
  return copy;
}

ck_status ck_stream_add_input(ck_stream *stream, ptrdiff_t channels, int32_t *signal) {
  CK_REQUIRE_THAT(stream && signal, ck_status_null_pointer);
  CK_REQUIRE_THAT(stream->count == 0, ck_status_invalid_argument);
  CK_REQUIRE_THAT(channels > 0 && channels <= most_channels, ck_status_invalid_geometry);
  ck_stream_node node = {.kind = ck_stream_values, .channels = channels, .period = 1};
  return add(stream, &node, signal);
}

ck_status ck_stream_add_lookup(ck_stream *stream, const ck_stream_lookup *lookup, int32_t *signal) {
  CK_REQUIRE_THAT(stream && lookup && signal, ck_status_null_pointer);
  CK_REQUIRE_THAT(!stream->output && (stream->count == 0 || stream->nodes[1].kind == ck_stream_numbers),
                  ck_status_invalid_argument);
  const ck_stream_lookup *l = lookup;
  ptrdiff_t count;
  CK_REQUIRE_THAT(l->symbols > 0 && l->kernel_size > 0 && l->channels > 0 && l->channels <= most_channels &&
                    l->kernel_size <= most_taps && l->symbols <= INT32_MAX,
                  ck_status_invalid_geometry);
  CK_REQUIRE(CK_COUNT(&count, l->kernel_size, l->symbols, l->channels));
  CK_REQUIRE(ck_area_dense(&(ck_area){0}, l->table, count));
  if (stream->count == 0) {
    ck_stream_node numbers = {.kind = ck_stream_numbers, .channels = l->symbols, .period = 1};
    CK_REQUIRE(add(stream, &numbers, signal));
  }
  CK_REQUIRE_THAT(stream->nodes[1].channels == l->symbols, ck_status_invalid_geometry);
  ck_stream_node node = {.kind = ck_stream_table, .channels = l->channels, .period = 1, .kernel = l->kernel_size};
  node.weights = copied(l->table, count);
  node.bias = copied(l->bias, l->channels);
  if (!node.weights || !node.bias) {
    release(&node);
    return ck_status_no_memory;
  }
  if (stream->nodes[1].lag < l->kernel_size - 1) stream->nodes[1].lag = l->kernel_size - 1;
  return add(stream, &node, signal);
}

/* Blocks of how many sums in a row can be made of inputs that are there when the first of them is due: a tap's lag of L
   frames is L / step sums. A power of two. */
static int group_of(ptrdiff_t lag, ptrdiff_t step) {
  int group = 0;
  while (group + 1 < ck_stream_groups && (2 << group) <= lag / step + 1) group++;
  return group;
}

static ck_status add_tap(ck_stream *stream, const ck_stream_node *node, ck_stream_product *product, ptrdiff_t tap,
                         ptrdiff_t lag, ptrdiff_t step) {
  const int g = group_of(lag, step);
  ck_stream_group *group = &product->groups[g];
  const ptrdiff_t count = group->segment_count + node->input_count;
  ck_stream_segment *segments = realloc(group->segments, (size_t)count * sizeof *segments);
  CK_REQUIRE_THAT(segments, ck_status_no_memory);
  group->segments = segments;
  group->block = (ptrdiff_t)1 << g;
  for (ptrdiff_t i = 0; i < node->input_count; i++) {
    ck_stream_node *input = &stream->nodes[node->inputs[i]];
    group->segments[group->segment_count++] =
      (ck_stream_segment){.input = (int32_t)i, .channels = (int32_t)input->channels, .tap = tap, .lag = lag};
    if (input->lag < lag) input->lag = lag;
  }
  if (stream->most_segments < count) stream->most_segments = count;
  return ck_status_ok;
}

static ck_status cut(ck_stream *stream, ck_stream_node *node, const ck_stream_layer *l, ptrdiff_t input_period) {
  node->product_count = l->transposed ? l->stride : 1;
  node->products = calloc((size_t)node->product_count, sizeof *node->products);
  CK_REQUIRE_THAT(node->products, ck_status_no_memory);
  for (ptrdiff_t p = 0; p < node->product_count; p++) {
    ck_stream_product *product = &node->products[p];
    product->period = l->transposed ? input_period : node->period;
    product->offset = p * node->period;
    for (ptrdiff_t k = l->transposed ? p : 0; k < l->kernel_size; k += node->product_count) {
      const ptrdiff_t lag = l->transposed ? k / l->stride : (l->kernel_size - 1 - k) * l->dilation;
      CK_REQUIRE(add_tap(stream, node, product, k, lag, l->transposed ? 1 : l->stride));
    }
    ptrdiff_t parts = 0;
    for (int g = 0; g < ck_stream_groups; g++)
      if (product->groups[g].segment_count > 0) product->groups[g].part = parts++;
    if (node->parts < parts) node->parts = parts;
  }
  return ck_status_ok;
}

static bool is_activation(ck_activation activation) {
  return activation >= ck_activation_none && activation <= ck_activation_gated;
}

ck_status ck_stream_check_layer(const ck_stream *stream, const ck_stream_layer *l, ptrdiff_t *weights,
                                ptrdiff_t *period) {
  CK_REQUIRE_THAT(stream->count > 0 && !stream->output, ck_status_invalid_argument);
  CK_REQUIRE_THAT(l->inputs, ck_status_null_pointer);
  CK_REQUIRE_THAT(l->input_count > 0 && l->input_count <= most_taps, ck_status_invalid_geometry);
  ptrdiff_t channels = 0;
  for (ptrdiff_t i = 0; i < l->input_count; i++) {
    const int32_t input = l->inputs[i];
    CK_REQUIRE_THAT(input > 0 && input <= stream->count && stream->nodes[input].kind != ck_stream_numbers,
                    ck_status_invalid_argument);
    if (i == 0) *period = stream->nodes[input].period;
    CK_REQUIRE_THAT(stream->nodes[input].period == *period, ck_status_invalid_geometry);
    channels += stream->nodes[input].channels;
  }
  const bool gated = l->activation == ck_activation_gated;
  CK_REQUIRE_THAT(is_activation(l->activation) && is_activation(l->final_activation) &&
                    l->final_activation != ck_activation_gated,
                  ck_status_invalid_argument);
  CK_REQUIRE_THAT(l->kernel_size > 0 && l->kernel_size <= most_taps && l->stride > 0 && l->stride <= most_taps &&
                    l->dilation > 0 && l->dilation <= most_period && l->sums > 0 && l->sums <= most_channels &&
                    (!gated || l->sums % 2 == 0),
                  ck_status_invalid_geometry);
  if (l->transposed)
    CK_REQUIRE_THAT(l->dilation == 1 && *period % l->stride == 0 && l->kernel_size >= l->stride,
                    ck_status_invalid_geometry);
  else CK_REQUIRE_THAT(*period * l->stride <= most_period, ck_status_invalid_geometry);
  if (l->residual) {
    CK_REQUIRE_THAT(l->residual > 0 && l->residual <= stream->count, ck_status_invalid_argument);
    const ck_stream_node *residual = &stream->nodes[l->residual];
    CK_REQUIRE_THAT(residual->kind != ck_stream_numbers, ck_status_invalid_argument);
    CK_REQUIRE_THAT(residual->channels == (gated ? l->sums / 2 : l->sums), ck_status_invalid_geometry);
  }
  return CK_COUNT(weights, l->kernel_size, channels, l->sums);
}

ck_status ck_stream_add_layer(ck_stream *stream, const ck_stream_layer *layer, int32_t *signal) {
  CK_REQUIRE_THAT(stream && layer && signal, ck_status_null_pointer);
  ptrdiff_t period = 1, count;
  CK_REQUIRE(ck_stream_check_layer(stream, layer, &count, &period));
  CK_REQUIRE(ck_area_dense(&(ck_area){0}, layer->weights, count));
  ck_stream_node node = {
    .kind = ck_stream_sums,
    .channels = layer->activation == ck_activation_gated ? layer->sums / 2 : layer->sums,
    .period = layer->transposed ? period / layer->stride : period * layer->stride,
    .input_count = layer->input_count,
    .sums = layer->sums,
    .kernel = layer->transposed ? -layer->kernel_size : layer->kernel_size,
    .stride = layer->stride,
    .dilation = layer->dilation,
    .activation = layer->activation,
    .final_activation = layer->final_activation,
    .slope = layer->slope,
    .residual = layer->residual,
  };
  node.inputs = calloc((size_t)layer->input_count, sizeof *node.inputs);
  node.weights = copied(layer->weights, count);
  node.bias = copied(layer->bias, layer->sums);
  ck_status status = node.inputs && node.weights && node.bias ? ck_status_ok : ck_status_no_memory;
  if (status == ck_status_ok) {
    memcpy(node.inputs, layer->inputs, (size_t)layer->input_count * sizeof *node.inputs);
    status = cut(stream, &node, layer, period);
  }
  if (status == ck_status_ok) return add(stream, &node, signal);
  release(&node);
  return status;
}

static ptrdiff_t greatest_divisor(ptrdiff_t a, ptrdiff_t b) { return b == 0 ? a : greatest_divisor(b, a % b); }

/* Whether a layer adds to no sum but that of the frame that is due: it may rest while nobody asks for its output. */
static bool looks_only_at_the_latest(const ck_stream_node *node) {
  for (ptrdiff_t p = 0; p < node->product_count; p++)
    for (int g = 0; g < ck_stream_groups; g++)
      for (ptrdiff_t s = 0; s < node->products[p].groups[g].segment_count; s++)
        if (node->products[p].groups[g].segments[s].lag > 0) return false;
  return true;
}

/* A signal is for the output only when all that read it are, look at no earlier frame, and are due as often. */
static void mark_output_only(ck_stream *stream) {
  for (ptrdiff_t i = 1; i <= stream->count; i++) stream->nodes[i].is_output_only = true;
  for (ptrdiff_t i = stream->count; i > 0; i--) {
    ck_stream_node *node = &stream->nodes[i];
    if (node->lag > 0 || !looks_only_at_the_latest(node)) node->is_output_only = false;
    for (ptrdiff_t k = 0; k < node->input_count; k++) {
      ck_stream_node *input = &stream->nodes[node->inputs[k]];
      if (!node->is_output_only || node->period != input->period) input->is_output_only = false;
    }
    if (node->residual) {
      ck_stream_node *residual = &stream->nodes[node->residual];
      if (!node->is_output_only || node->period != residual->period) residual->is_output_only = false;
    }
  }
}

ck_status ck_stream_check_output(const ck_stream *stream, int32_t output, ptrdiff_t *cycle) {
  CK_REQUIRE_THAT(!stream->output && output > 0 && output <= stream->count, ck_status_invalid_argument);
  CK_REQUIRE_THAT(stream->nodes[output].kind != ck_stream_numbers, ck_status_invalid_argument);
  CK_REQUIRE_THAT(stream->nodes[output].period == 1, ck_status_invalid_geometry);
  *cycle = 1;
  for (ptrdiff_t i = 1; i <= stream->count; i++) {
    const ptrdiff_t period = stream->nodes[i].period;
    *cycle = *cycle / greatest_divisor(*cycle, period) * period; /* times a stride at most, as the input's is in it */
    CK_REQUIRE_THAT(*cycle <= (ptrdiff_t)1 << 40, ck_status_invalid_geometry);
  }
  return ck_status_ok;
}

ck_status ck_stream_finish(ck_stream *stream, int32_t output) {
  CK_REQUIRE_THAT(stream, ck_status_null_pointer);
  ptrdiff_t cycle;
  CK_REQUIRE(ck_stream_check_output(stream, output, &cycle));
  CK_REQUIRE(ck_stream_pack(stream));
  stream->cycle = cycle;
  mark_output_only(stream);
  stream->output = output;
  return ck_status_ok;
}

ck_status ck_stream_describe(const ck_stream *stream, ck_stream_facts *facts) {
  CK_REQUIRE_THAT(stream && facts, ck_status_null_pointer);
  CK_REQUIRE_THAT(stream->output, ck_status_invalid_argument);
  *facts = (ck_stream_facts){
    .input_channels = stream->nodes[1].kind == ck_stream_numbers ? 0 : stream->nodes[1].channels,
    .output_channels = stream->nodes[stream->output].channels,
    .cycle = stream->cycle,
    .weight_bytes = stream->arena_bytes,
  };
  for (ptrdiff_t i = 1; i <= stream->count; i++) {
    const ck_stream_node *node = &stream->nodes[i];
    if (node->kind == ck_stream_table)
      facts->bytes_per_frame += (double)(node->kernel * node->channels) * sizeof(float);
    for (ptrdiff_t p = 0; p < node->product_count; p++)
      for (int g = 0; g < ck_stream_groups; g++) {
        const ck_stream_group *group = &node->products[p].groups[g];
        if (group->segment_count == 0) continue;
        const double period = (double)node->products[p].period;
        facts->bytes_per_frame += (double)group->bytes / period / (double)group->block;
        for (ptrdiff_t s = 0; s < group->segment_count; s++)
          facts->products_per_frame += (double)group->segments[s].channels * (double)node->sums / period;
      }
  }
  return ck_status_ok;
}
