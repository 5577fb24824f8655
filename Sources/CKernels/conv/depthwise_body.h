/* Every channel by itself: the convolution, and its weight gradient. */
enum { depthwise_pixels = 8 };

CK_INLINE void depthwise_tile(const int pixels, const bool whole, const ck_run *run, ptrdiff_t first, ptrdiff_t channel,
                              ptrdiff_t n, const ck_block *block) {
  ck_vec sum[depthwise_pixels];
  EACH(i, pixels) sum[i] = 0;
  for (ptrdiff_t s = 0; s < run->segment_count; s++) {
    const ck_segment *segment = &run->segments[s];
    const ptrdiff_t step = segment->step;
    const float *x = segment->x + first * step + channel, *w = block->w + segment->row * block->w_step + channel;
    ck_vec weights = whole ? ck_vec_load(w) : ck_vec_load_first(w, n);
    EACH(i, pixels) {
      ck_vec input = whole ? ck_vec_load(x + i * step) : ck_vec_load_first(x + i * step, n);
      sum[i] += input * weights;
    }
  }
  if (!block->plain) {
    float sums[depthwise_pixels * CK_LANES];
    for (int i = 0; i < pixels; i++) ck_vec_store(sums + i * CK_LANES, sum[i]);
    ck_block part = *block;
    part.first += channel;
    part.channels = n;
    finish(sums, CK_LANES, run, first, pixels, &part);
    return;
  }
  const ck_epilogue *e = &block->epilogue;
  ck_vec bias = 0;
  if (e->bias) bias = ck_vec_load_first(e->bias + block->first + channel, n);
  float *y = run->y + first * run->y_step + block->first + channel;
  for (int i = 0; i < pixels; i++)
    ck_vec_store_first(y + i * run->y_step, activate(sum[i] + bias, e->activation, e->slope), n);
}

static void depthwise(const ck_run *run, const ck_block *block) {
  for (ptrdiff_t channel = 0; channel < block->channels; channel += CK_LANES) {
    ptrdiff_t n = block->channels - channel < CK_LANES ? block->channels - channel : CK_LANES, first = 0;
    for (; first + depthwise_pixels <= run->count; first += depthwise_pixels) {
      if (n == CK_LANES) depthwise_tile(depthwise_pixels, true, run, first, channel, n, block);
      else depthwise_tile(depthwise_pixels, false, run, first, channel, n, block);
    }
    for (; first < run->count; first++) depthwise_tile(1, false, run, first, channel, n, block);
  }
}

static void outer_depthwise(const ck_run *runs, ptrdiff_t run_count, ptrdiff_t channels, float *sums) {
  enum { chains = 4 };
  for (ptrdiff_t s = 0; s < runs->segment_count; s++)
    for (ptrdiff_t c = 0; c < channels; c += CK_LANES) {
      ptrdiff_t n = channels - c < CK_LANES ? channels - c : CK_LANES;
      ck_vec sum[chains];
      EACH(i, chains) sum[i] = 0;
      for (ptrdiff_t r = 0; r < run_count; r++) {
        const ptrdiff_t step = runs[r].segments[s].step, y_step = runs[r].y_step;
        const float *x = runs[r].segments[s].x + c, *y = runs[r].y + c;
        ptrdiff_t t = 0;
        for (; t + chains <= runs[r].count; t += chains)
          EACH(i, chains)
            sum[i] += ck_vec_load_first(x + (t + i) * step, n) * ck_vec_load_first(y + (t + i) * y_step, n);
        for (; t < runs[r].count; t++)
          sum[0] += ck_vec_load_first(x + t * step, n) * ck_vec_load_first(y + t * y_step, n);
      }
      float *p = sums + runs->segments[s].row * channels + c;
      ck_vec_store_first(p, ck_vec_load_first(p, n) + ((sum[0] + sum[1]) + (sum[2] + sum[3])), n);
    }
}
