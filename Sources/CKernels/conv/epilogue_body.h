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

/* A tile that will add a residual asks for it before it begins. */
static void fetch_residual(const ck_run *run, ptrdiff_t first, ptrdiff_t count, const ck_block *block) {
  const float *from = run->residual + first * run->residual_step + block->first;
  for (ptrdiff_t i = 0; i < count; i++, from += run->residual_step)
    for (ptrdiff_t c = 0; c < block->channels; c += 16) __builtin_prefetch(from + c);
}

/* Where the numbers of one pixel and block lie. */
typedef struct {
  const float *sums, *bias, *factors, *residual; /* NULL: none */
  float *kept, *y;
} finished;

/* Vector c of them; n numbers, or `whole`. */
CK_INLINE void finish_vector(const bool whole, const finished *at, ptrdiff_t c, ptrdiff_t n, ptrdiff_t gate,
                             ptrdiff_t gate_sums, bool stream, const ck_epilogue *e) {
#define LOAD(p) (whole ? ck_vec_load(p) : ck_vec_load_first(p, n))
#define STORE(p, x) (whole ? ck_vec_store(p, x) : ck_vec_store_first(p, x, n))
  ck_vec x = LOAD(at->sums + c);
  if (at->bias) x += LOAD(at->bias + c);
  if (at->kept) STORE(at->kept + c, x);
  if (gate) {
    ck_vec g = LOAD(at->sums + gate_sums + c);
    if (at->bias) g += LOAD(at->bias + gate + c);
    if (at->kept) STORE(at->kept + gate + c, g);
    x = ck_vec_gate(x, g);
  } else {
    x = activate(x, e->activation, e->slope);
  }
  if (at->factors) x *= LOAD(at->factors + c);
  if (at->residual) x += LOAD(at->residual + c);
  if (whole && stream) ck_vec_stream(at->y + c, x);
  else STORE(at->y + c, x);
#undef LOAD
#undef STORE
}

static void finish(const float *sums, ptrdiff_t sums_step, const ck_run *run, ptrdiff_t first, ptrdiff_t count,
                   const ck_block *block) {
  const ck_epilogue *e = &block->epilogue;
  const ptrdiff_t o = block->first, channels = block->channels, gate = block->gate;
  const ptrdiff_t gate_sums = block->vectors / 2 * CK_LANES, whole = channels / CK_LANES * CK_LANES;
  dropped mask;
  for (ptrdiff_t i = 0; i < count; i++, sums += sums_step) {
    const ptrdiff_t place = run->place + (first + i) * run->place_step + o;
    const finished at = {
        .sums = sums, .bias = e->bias ? e->bias + o : NULL, .y = run->y + (first + i) * run->y_step + o,
        .kept = e->sums ? e->sums + (gate ? 2 * (place - o) + o : place) : NULL,
        .residual = run->residual ? run->residual + (first + i) * run->residual_step + o : NULL,
        .factors = e->dropout > 0 ? drop(&mask, e, place, channels) : NULL};
    for (ptrdiff_t c = 0; c < whole; c += CK_LANES)
      finish_vector(true, &at, c, CK_LANES, gate, gate_sums, block->stream, e);
    if (whole < channels) finish_vector(false, &at, whole, channels - whole, gate, gate_sums, false, e);
  }
}
