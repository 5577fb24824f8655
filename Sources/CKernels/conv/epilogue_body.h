/* What happens to finished sums: bias, activation or gate, dropout, residual. */
CK_INLINE ck_vec activate(ck_vec x, ck_activation activation, float slope) {
  switch (activation) {
  case ck_activation_none:
  case ck_activation_gated: break;
  case ck_activation_relu: return ck_vec_select(x < 0.0f, ck_vec_splat(0), x); /* NaN stays */
  case ck_activation_leaky_relu: return ck_vec_select(x > 0.0f, x, slope * x);
  case ck_activation_tanh: return ck_vec_tanh(x);
  case ck_activation_sigmoid: return ck_vec_sigmoid(x);
  }
  return x;
}

/* What dropout multiplies elements place … place + count by, for at most most_vectors vectors of them. */
typedef struct {
  float factors[most_vectors * CK_LANES + 4 * CK_LANES];
} dropped;
static const float *drop(dropped *to, const ck_epilogue *e, ptrdiff_t place, ptrdiff_t count) {
  const float kept = 1 - e->dropout;
  uint32_t last, *words = (uint32_t *)to->factors;
  const float value = ck_random_successes(kept, &last) ? 1 / kept : 0;
  const uint64_t position = e->dropout_offset + (uint64_t)place;
  const ptrdiff_t skip = (ptrdiff_t)(position % 4);
  CK_CONV_RANDOM.bits(e->dropout_key, position / 4, skip + count, words);
  CK_CONV_RANDOM.bernoulli(skip + count, words, last, value, to->factors);
  return to->factors + skip;
}

static void finish(const float *sums, ptrdiff_t sums_step, const ck_run *run, ptrdiff_t first, ptrdiff_t count,
                   const ck_block *block) {
  const ck_epilogue *e = &block->epilogue;
  const ptrdiff_t o = block->first, channels = block->channels, gate = block->gate;
  const ptrdiff_t gate_sums = block->vectors / 2 * CK_LANES;
  dropped mask;
  for (ptrdiff_t i = 0; i < count; i++, sums += sums_step) {
    const ptrdiff_t place = run->place + (first + i) * run->place_step + o;
    float *y = run->y + (first + i) * run->y_step + o;
    float *kept = e->sums ? e->sums + (gate ? 2 * (place - o) + o : place) : NULL;
    const float *residual = run->residual ? run->residual + (first + i) * run->residual_step + o : NULL;
    const float *factors = e->dropout > 0 ? drop(&mask, e, place, channels) : NULL;
    for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
      const ptrdiff_t n = channels - c < CK_LANES ? channels - c : CK_LANES;
      ck_vec x = ck_vec_load_first(sums + c, n);
      if (e->bias) x += ck_vec_load_first(e->bias + o + c, n);
      if (kept) ck_vec_store_first(kept + c, x, n);
      if (gate) {
        ck_vec g = ck_vec_load_first(sums + gate_sums + c, n);
        if (e->bias) g += ck_vec_load_first(e->bias + gate + o + c, n);
        if (kept) ck_vec_store_first(kept + gate + c, g, n);
        x = ck_vec_gate(x, g);
      } else {
        x = activate(x, e->activation, e->slope);
      }
      if (factors) x *= ck_vec_load_first(factors + c, n);
      if (residual) x += ck_vec_load_first(residual + c, n);
      if (block->stream && n == CK_LANES) ck_vec_stream(y + c, x);
      else ck_vec_store_first(y + c, x, n);
    }
  }
}
