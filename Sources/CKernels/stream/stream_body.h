/* Rows times packed panels, and what becomes of the sums, for the variant named CK_VARIANT. */
#include "base/vector_math.h"

/* Bytes ahead of the weights in use that are asked for: bridges the pause between two panels, or two layers. */
enum { look_ahead = 2048 };
/* Vectors of sums at a time, and rows: with 16 lanes a whole panel, and 16 sums in registers. */
enum { most_vectors = 4, most_rows = CK_LANES == 16 ? 4 : 2 };

typedef int16_t high_vec __attribute__((ext_vector_type(CK_LANES), aligned(2), may_alias));
typedef uint8_t low_vec __attribute__((ext_vector_type(CK_LANES), aligned(1), may_alias));
typedef uint32_t ck_uvec __attribute__((ext_vector_type(CK_LANES)));
typedef int32_t pair_vec __attribute__((ext_vector_type(CK_LANES), aligned(4), may_alias));

/* `vectors` vectors of sums from lane `first` of a panel of `lanes`, for `rows` rows. */
CK_INLINE void tile(ck_stream_weights format, ptrdiff_t rows, ptrdiff_t vectors, const char *w, const float *scales,
                    ptrdiff_t lanes, ptrdiff_t first, ptrdiff_t segments, const ck_stream_segment *segment,
                    const float *const *x, float *const *sums, ptrdiff_t at) {
  for (ptrdiff_t s = 0; s < segments; s++, x += ck_stream_row_chunk) {
    const ptrdiff_t channels = segment[s].channels;
    ck_vec sum[most_rows][most_vectors];
    for (ptrdiff_t m = 0; m < rows; m++)
      for (ptrdiff_t v = 0; v < vectors; v++) sum[m][v] = (ck_vec)0;
    if (format == ck_stream_bfloat16) {
      /* Two channels in one word: the second needs no shift. */
      for (ptrdiff_t c = 0; c < channels; c += 2, w += lanes * 4) {
        for (ptrdiff_t v = 0; v < vectors; v++) {
          __builtin_prefetch(w + look_ahead + (first + v * CK_LANES) * 4, 0, 3);
          const ck_ivec pair = *(const pair_vec *)(w + (first + v * CK_LANES) * 4);
          const ck_vec low = (ck_vec)(pair << 16), high = (ck_vec)(pair & (int32_t)0xffff0000);
          for (ptrdiff_t m = 0; m < rows; m++) sum[m][v] += ck_vec_splat(x[m][c]) * low;
          for (ptrdiff_t m = 0; m < rows; m++) sum[m][v] += ck_vec_splat(x[m][c + 1]) * high;
        }
      }
    } else if (format == ck_stream_fixed24) {
      /* Four channels in three words: two pairs of upper halves, and a word of lower bytes. Bits below those are
         whatever lies there: they were counted when the weight was rounded. */
      const ck_ivec upper = (ck_ivec)(int32_t)0xffff0000;
      for (ptrdiff_t c = 0; c < channels; c += 4, w += lanes * 12) {
        for (ptrdiff_t v = 0; v < vectors; v++) {
          const char *place = w + (first + v * CK_LANES) * 4;
          __builtin_prefetch(place + look_ahead, 0, 3);
          __builtin_prefetch(place + look_ahead + lanes * 4, 0, 3);
          __builtin_prefetch(place + look_ahead + lanes * 8, 0, 3);
          const ck_ivec a = *(const pair_vec *)place, b = *(const pair_vec *)(place + lanes * 4);
          const ck_ivec low = *(const pair_vec *)(place + lanes * 8);
          const ck_ivec fixed[4] = {(a << 16) | (low & 0xffff), (a & upper) | (ck_ivec)((ck_uvec)low >> 16),
                                    (b << 16) | ((low << 8) & 0xffff), (b & upper) | ((low >> 8) & 0xffff)};
          for (int k = 0; k < 4; k++) {
            const ck_vec weight = __builtin_convertvector(fixed[k], ck_vec);
            for (ptrdiff_t m = 0; m < rows; m++) sum[m][v] += ck_vec_splat(x[m][c + k]) * weight;
          }
        }
      }
    } else {
      for (ptrdiff_t c = 0; c < channels; c++, w += lanes * 4) {
        for (ptrdiff_t v = 0; v < vectors; v++) {
          __builtin_prefetch(w + look_ahead + (first + v * CK_LANES) * 4, 0, 3);
          const ck_vec weight = ck_vec_load((const float *)(w + (first + v * CK_LANES) * 4));
          for (ptrdiff_t m = 0; m < rows; m++) sum[m][v] += ck_vec_splat(x[m][c]) * weight;
        }
      }
    }
    for (ptrdiff_t v = 0; v < vectors; v++)
      for (ptrdiff_t m = 0; m < rows; m++) {
        float *place = sums[m] + at + v * CK_LANES;
        const ck_vec scale = format == ck_stream_fixed24 ? ck_vec_load(scales + at + v * CK_LANES) : (ck_vec)1.0f;
        ck_vec_store(place, ck_vec_load(place) + sum[m][v] * scale);
      }
  }
}

/* All rows of some vectors of a panel; the panel stays in a near cache for all of them. */
#define CK_ROWS(format, rows, vectors) \
  for (; row + (rows) <= count; row += (rows)) \
    tile(format, rows, vectors, w, scales, lanes, first, segments, segment, x + row, sums + row, at)
#define CK_VECTORS(format, vectors) \
  case vectors: { \
    ptrdiff_t row = 0; \
    if (most_rows == 4) CK_ROWS(format, 4, vectors); \
    CK_ROWS(format, 2, vectors); \
    CK_ROWS(format, 1, vectors); \
    break; \
  }
#define CK_FORMAT(format) \
  static void product_##format(const char *w, const float *scales, ptrdiff_t lanes, ptrdiff_t first, \
                               ptrdiff_t vectors, ptrdiff_t segments, const ck_stream_segment *segment, \
                               ptrdiff_t count, const float *const *x, float *const *sums, ptrdiff_t at) { \
    switch (vectors) { \
      CK_VECTORS(ck_stream_##format, 1) \
      CK_VECTORS(ck_stream_##format, 2) \
      CK_VECTORS(ck_stream_##format, 3) \
      CK_VECTORS(ck_stream_##format, 4) \
    } \
  }
CK_FORMAT(float32)
CK_FORMAT(fixed24)
CK_FORMAT(bfloat16)

static void product(ck_stream_weights format, const void *weights, const float *scales, ptrdiff_t width,
                    ptrdiff_t segments, const ck_stream_segment *segment, ptrdiff_t rows, const float *const *x,
                    float *const *sums) {
  const char *w = weights;
  for (ptrdiff_t panel = 0; panel < width; panel += ck_stream_panel_lanes) {
    const ptrdiff_t lanes = width - panel < ck_stream_panel_lanes ? width - panel : ck_stream_panel_lanes;
    for (ptrdiff_t first = 0; first < lanes; first += most_vectors * CK_LANES) {
      ptrdiff_t vectors = (lanes - first) / CK_LANES;
      if (vectors > most_vectors) vectors = most_vectors;
      const ptrdiff_t at = panel + first;
      switch (format) {
      case ck_stream_float32:
        product_float32(w, scales, lanes, first, vectors, segments, segment, rows, x, sums, at);
        break;
      case ck_stream_fixed24:
        product_fixed24(w, scales, lanes, first, vectors, segments, segment, rows, x, sums, at);
        break;
      case ck_stream_bfloat16:
        product_bfloat16(w, scales, lanes, first, vectors, segments, segment, rows, x, sums, at);
        break;
      }
    }
    for (ptrdiff_t s = 0; s < segments; s++) w += ck_stream_weight_bytes(format, segment[s].channels, lanes);
  }
}

CK_INLINE ck_vec activated(ck_activation activation, float slope, ck_vec x) {
  switch (activation) {
  case ck_activation_relu: return ck_vec_select(x > 0.0f, x, (ck_vec)0.0f);
  case ck_activation_leaky_relu: return ck_vec_select(x > 0.0f, x, x * slope);
  case ck_activation_tanh: return ck_vec_tanh(x);
  case ck_activation_sigmoid: return ck_vec_sigmoid(x);
  default: return x;
  }
}

CK_INLINE ck_vec total(const ck_stream_node *node, const float *sums, ptrdiff_t c, ptrdiff_t n) {
  ck_vec sum = ck_vec_load_first(node->bias + c, n);
  for (ptrdiff_t part = 0; part < node->parts; part++, sums += ck_stream_padded(node->sums))
    sum += ck_vec_load_first(sums + c, n);
  return sum;
}

static void finish(const ck_stream_node *node, float *sums, const float *residual, float *y) {
  for (ptrdiff_t c = 0; c < node->channels; c += CK_LANES) {
    const ptrdiff_t n = node->channels - c < CK_LANES ? node->channels - c : CK_LANES;
    ck_vec value = total(node, sums, c, n);
    if (node->activation == ck_activation_gated) value = ck_vec_gate(value, total(node, sums, node->channels + c, n));
    else value = activated(node->activation, node->slope, value);
    if (residual) value += ck_vec_load_first(residual + c, n);
    ck_vec_store_first(y + c, activated(node->final_activation, node->slope, value), n);
  }
  memset(sums, 0, (size_t)(node->parts * ck_stream_padded(node->sums)) * sizeof *sums);
}

const ck_stream_kernels CK_VARIANT(ck_stream) = {.product = product, .finish = finish};
