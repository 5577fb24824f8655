/* Weights in their order of use: first all that are read whenever a layer is due, then all that are read ahead. */
#define _GNU_SOURCE
#include "stream/stream.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* One weight of a layer: channel c of all its inputs, to sum o. */
static float weight(const ck_stream_node *node, ptrdiff_t channels, ptrdiff_t tap, ptrdiff_t c, ptrdiff_t o) {
  return node->kernel < 0 ? node->weights[(tap * node->sums + o) * channels + c]
                          : node->weights[(tap * channels + c) * node->sums + o];
}

/* To the nearest, ties to even; NaN stays one. */
static uint32_t bfloat16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if (x != x) return bits >> 16 | 0x40;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

typedef struct place {
  const ck_stream *stream;
  const ck_stream_node *node;
  const ck_stream_group *group;
  const ck_stream_segment *segment;
  ptrdiff_t channels; /* of all inputs */
  ptrdiff_t before;   /* channels of the inputs before the segment's */
} place;

static float at(const place *p, ptrdiff_t c, ptrdiff_t o) {
  if (c >= p->segment->channels || o >= p->node->sums) return 0;
  return weight(p->node, p->channels, p->segment->tap, p->before + c, o);
}

/* Four channels of a sum, in 24 bits each: the word of lower bytes is made along, because its other bits lie below those
   24 when it is read. */
static void pack_four(const place *p, ptrdiff_t c, ptrdiff_t o, char *out, ptrdiff_t lanes) {
  /* The byte of `low` that holds channel k's, and so how many bytes of others lie below. */
  static const int byte_of[4] = {1, 3, 0, 2};
  static const int order[4] = {2, 0, 3, 1}; /* lower bytes first: each is read above the one before it */
  const double scale = p->group->scales[o];
  uint32_t low = 0;
  uint16_t high[4];
  for (int i = 0; i < 4; i++) {
    const int k = order[i];
    const uint32_t below = byte_of[k] == 0 ? 0 : low >> (8 * byte_of[k] - 8) & 0xff;
    const double wanted = scale > 0 ? ((double)at(p, c + k, o) / scale - below) / 256 : 0;
    const int32_t fixed = (int32_t)fmin(fmax(nearbyint(wanted), -8388608), 8388607);
    high[k] = (uint16_t)(fixed >> 8);
    low |= (uint32_t)(fixed & 0xff) << (8 * byte_of[k]);
  }
  const uint32_t words[3] = {high[0] | (uint32_t)high[1] << 16, high[2] | (uint32_t)high[3] << 16, low};
  for (int i = 0; i < 3; i++) memcpy(out + i * lanes * 4, &words[i], 4);
}

/* One segment's part of a panel: `lanes` sums from `panel` on. */
static void pack_part(const place *p, ptrdiff_t panel, ptrdiff_t lanes, char *out) {
  for (ptrdiff_t c = 0; c < p->segment->channels; c++)
    for (ptrdiff_t lane = 0; lane < lanes; lane++) {
      const float w = at(p, c, panel + lane);
      switch (p->stream->format) {
      case ck_stream_float32: memcpy(out + (c * lanes + lane) * 4, &w, 4); break;
      case ck_stream_fixed24:
        if (c % 4 == 0) pack_four(p, c, panel + lane, out + (c * lanes * 3 + lane * 4), lanes);
        break;
      case ck_stream_bfloat16:
        if (c % 2 == 0) {
          const uint32_t pair = bfloat16(w) | bfloat16(at(p, c + 1, panel + lane)) << 16;
          memcpy(out + (c / 2 * lanes + lane) * 4, &pair, 4);
        }
      }
    }
}

/* A group's segments one after another; those of one tap stand together, in the order of the inputs. */
static place first_of(const ck_stream *stream, const ck_stream_node *node, const ck_stream_group *group) {
  place p = {.stream = stream, .node = node, .group = group, .segment = group->segments};
  for (ptrdiff_t i = 0; i < node->input_count; i++) p.channels += stream->nodes[node->inputs[i]].channels;
  return p;
}
static void advance(place *p) {
  p->before = p->segment->input + 1 < p->node->input_count ? p->before + p->segment->channels : 0;
  p->segment++;
}

/* The largest weight of each sum becomes 2^31 - 2^8. Not finite: no fixed point can hold it. */
static ck_status choose_scales(const ck_stream *stream, const ck_stream_node *node, ck_stream_group *group) {
  group->scales = calloc((size_t)ck_stream_padded(node->sums), sizeof *group->scales);
  if (!group->scales) return ck_status_no_memory;
  place p = first_of(stream, node, group);
  for (ptrdiff_t s = 0; s < group->segment_count; s++, advance(&p))
    for (ptrdiff_t c = 0; c < p.segment->channels; c++)
      for (ptrdiff_t o = 0; o < node->sums; o++) {
        const float size = fabsf(at(&p, c, o));
        if (!(size <= 3e38f)) return ck_status_unsupported;
        if (group->scales[o] < size) group->scales[o] = size;
      }
  for (ptrdiff_t o = 0; o < node->sums; o++) {
    group->scales[o] /= 2147483392.0f;
    /* A scale rounded down would push the largest weight over the edge; a subnormal one would lose digits. */
    if (group->scales[o] > 0) group->scales[o] = fmaxf(nextafterf(group->scales[o], INFINITY), 1.2e-38f);
  }
  return ck_status_ok;
}

static void pack_group(const ck_stream *stream, const ck_stream_node *node, const ck_stream_group *group) {
  char *out = stream->arena + group->offset;
  const ptrdiff_t width = ck_stream_padded(node->sums);
  for (ptrdiff_t panel = 0; panel < width; panel += ck_stream_panel_lanes) {
    const ptrdiff_t lanes = width - panel < ck_stream_panel_lanes ? width - panel : ck_stream_panel_lanes;
    place p = first_of(stream, node, group);
    for (ptrdiff_t s = 0; s < group->segment_count; s++, advance(&p)) {
      pack_part(&p, panel, lanes, out);
      out += ck_stream_weight_bytes(stream->format, p.segment->channels, lanes);
    }
  }
}

/* Every group with weights, in the order of the arena: `visit` stops at the first failure. */
static ck_status each_group(ck_stream *stream, ck_status (*visit)(ck_stream *, ck_stream_node *, ck_stream_group *)) {
  for (int ahead = 0; ahead < 2; ahead++)
    for (ptrdiff_t i = 1; i <= stream->count; i++)
      for (ptrdiff_t p = 0; p < stream->nodes[i].product_count; p++)
        for (int g = ahead; g < (ahead ? ck_stream_groups : 1); g++) {
          ck_stream_group *group = &stream->nodes[i].products[p].groups[g];
          if (group->segment_count == 0) continue;
          const ck_status status = visit(stream, &stream->nodes[i], group);
          if (status != ck_status_ok) return status;
        }
  return ck_status_ok;
}

static ck_status measure(ck_stream *stream, ck_stream_node *node, ck_stream_group *group) {
  group->bytes = 0;
  for (ptrdiff_t s = 0; s < group->segment_count; s++)
    group->bytes +=
      ck_stream_weight_bytes(stream->format, group->segments[s].channels, ck_stream_padded(node->sums));
  group->offset = stream->arena_bytes;
  stream->arena_bytes += (group->bytes + 63) / 64 * 64;
  return stream->format == ck_stream_fixed24 && !group->scales ? choose_scales(stream, node, group) : ck_status_ok;
}

/* Neighbours of one block begin it at different frames. */
static ck_status place_group(ck_stream *stream, ck_stream_node *node, ck_stream_group *group) {
  pack_group(stream, node, group);
  group->phase = (group->offset / 4096) % (size_t)group->block;
  return ck_status_ok;
}

ck_status ck_stream_pack(ck_stream *stream) {
  stream->arena_bytes = 0;
  ck_status status = each_group(stream, measure);
  if (status != ck_status_ok) return status;
  const size_t huge = (size_t)2 << 20, alignment = stream->arena_bytes >= huge ? huge : 64;
  const size_t size = (stream->arena_bytes + alignment) / alignment * alignment;
  stream->arena = aligned_alloc(alignment, size);
  if (!stream->arena) return ck_status_no_memory;
#ifdef MADV_HUGEPAGE
  if (alignment == huge) madvise(stream->arena, size, MADV_HUGEPAGE);
#endif
  memset(stream->arena, 0, size);
  each_group(stream, place_group);
  for (ptrdiff_t i = 1; i <= stream->count; i++)
    if (stream->nodes[i].kind == ck_stream_sums) {
      free(stream->nodes[i].weights);
      stream->nodes[i].weights = NULL;
    }
  return ck_status_ok;
}
