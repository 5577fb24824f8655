#include "CKernels.h"
#include <math.h>

uint32_t ck_random_bits(uint64_t key, uint64_t offset) {
  uint32_t c0 = (uint32_t)(offset >> 2), c1 = (uint32_t)(offset >> 34), c2 = 0, c3 = 0;
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t first = (uint64_t)c0 * 0xD2511F53u, second = (uint64_t)c2 * 0xCD9E8D57u;
    c0 = (uint32_t)(second >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)second;
    c2 = (uint32_t)(first >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)first;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  const uint32_t words[4] = {c0, c1, c2, c3};
  return words[offset & 3];
}

void ck_random_uniform(const ck_context *context, uint64_t key, uint64_t offset, ptrdiff_t count, float low, float high,
                       float *y) {
  (void)context;
  const float largest = nextafterf(high, low);
  for (ptrdiff_t i = 0; i < count; i++) {
    float u = (float)(ck_random_bits(key, offset + (uint64_t)i) >> 8) * 0x1p-24f;
    y[i] = fminf(low + (high - low) * u, largest);
  }
}

void ck_random_normal(const ck_context *context, uint64_t key, uint64_t offset, ptrdiff_t count, float mean,
                      float deviation, float *y) {
  (void)context;
  for (ptrdiff_t i = 0; i < count; i++) {
    uint64_t at = offset + (uint64_t)i;
    float u = ((float)(ck_random_bits(key, at & ~1ull) >> 1) + 0.5f) * 0x1p-31f;
    float angle = (float)ck_random_bits(key, at | 1) * 0x1p-32f * 6.2831853f;
    y[i] = mean + deviation * sqrtf(-2 * logf(u)) * (at & 1 ? sinf(angle) : cosf(angle));
  }
}

void ck_random_bernoulli(const ck_context *context, uint64_t key, uint64_t offset, ptrdiff_t count, float p, float value,
                         float *y) {
  (void)context;
  for (ptrdiff_t i = 0; i < count; i++)
    y[i] = (double)ck_random_bits(key, offset + (uint64_t)i) < (double)p * 0x1p32 ? value : 0;
}
