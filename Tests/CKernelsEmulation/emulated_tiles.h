/* Tiles by the manual (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: LDTILECFG,
   TILELOADD, TDPBF16PS, TILESTORED): eight per thread, 16 rows of 64 bytes. What the processor refuses stops
   the program. */
#pragma once
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  bool configured;
  uint8_t rows[8];
  _Alignas(64) uint8_t data[8][16][64];
} emulated_tiles;
extern _Thread_local emulated_tiles emulated;

#define EMULATED static inline __attribute__((unused))
#define EMULATED_WORD static inline __attribute__((always_inline))
#pragma clang diagnostic ignored \
    "-Wpsabi" /* vectors wider than the target's cross no call: words are inlined */

EMULATED void emulated_demand(bool condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "emulated tiles: %s\n", what);
  abort();
}

EMULATED void emulated_load(int t, const void *p, ptrdiff_t stride) {
  emulated_demand(emulated.configured, "a load before the configuration");
  for (int r = 0; r < emulated.rows[t]; r++) memcpy(emulated.data[t][r], (const char *)p + r * stride, 64);
  for (int r = emulated.rows[t]; r < 16; r++) memset(emulated.data[t][r], 0, 64);
}
EMULATED void emulated_store(int t, void *p, ptrdiff_t stride) {
  emulated_demand(emulated.configured, "a store before the configuration");
  for (int r = 0; r < emulated.rows[t]; r++) memcpy((char *)p + r * stride, emulated.data[t][r], 64);
}
EMULATED void emulated_zero(int t) {
  emulated_demand(emulated.configured, "a zero before the configuration");
  memset(emulated.data[t], 0, sizeof emulated.data[t]);
}

typedef double emulated_doubles __attribute__((ext_vector_type(16)));
typedef float emulated_floats __attribute__((ext_vector_type(16)));
typedef uint32_t emulated_words __attribute__((ext_vector_type(16)));
typedef int32_t emulated_mask __attribute__((ext_vector_type(16)));

/* A subnormal number is zero with its sign: operands and results alike. */
EMULATED_WORD emulated_floats emulated_flush(emulated_floats x) {
  emulated_words bits = (emulated_words)x;
  emulated_words tiny = (emulated_words)((bits & 0x7fffffffu) < 0x800000u);
  return (emulated_floats)((tiny & bits & 0x80000000u) | (~tiny & bits));
}
/* Rounded once, to nearest even. The product of two bfloat16 numbers is exact in double, and a sum of two
   floats (the product has no more digits than one) that is rounded to double and then to float is rounded as
   if once, because a double has more than twice the digits of a float and two more (Figueroa 1995). */
EMULATED_WORD emulated_floats emulated_fma(emulated_floats a, emulated_floats b, emulated_floats c) {
  emulated_doubles product =
      __builtin_convertvector(a, emulated_doubles) * __builtin_convertvector(b, emulated_doubles);
  return emulated_flush(
      __builtin_convertvector(product + __builtin_convertvector(c, emulated_doubles), emulated_floats));
}

/* Even and odd halves of the pairs are summed apart, then added to one another, then to the sum. */
EMULATED void emulated_multiply(int sum, int a, int b) {
  emulated_demand(emulated.configured, "a product before the configuration");
  emulated_demand(emulated.rows[sum] == emulated.rows[a] && emulated.rows[b] == 16, "operands do not fit");
  emulated_demand(sum != a && sum != b && a != b, "operands are not distinct");
  for (int m = 0; m < emulated.rows[sum]; m++) {
    emulated_floats even = 0, odd = 0, old;
    const uint16_t *row = (const uint16_t *)emulated.data[a][m];
    for (int k = 0; k < 16; k++) {
      emulated_words pair;
      memcpy(&pair, emulated.data[b][k], sizeof pair);
      emulated_floats low = (emulated_floats)(emulated_words)((uint32_t)row[2 * k] << 16);
      emulated_floats high = (emulated_floats)(emulated_words)((uint32_t)row[2 * k + 1] << 16);
      even = emulated_fma(emulated_flush(low), emulated_flush((emulated_floats)(pair << 16)), even);
      odd = emulated_fma(emulated_flush(high), emulated_flush((emulated_floats)(pair & 0xffff0000u)), odd);
    }
    memcpy(&old, emulated.data[sum][m], sizeof old);
    old = emulated_flush(emulated_flush(old) + emulated_flush(even + odd));
    memcpy(emulated.data[sum][m], &old, sizeof old);
  }
}

EMULATED void emulated_configure(ptrdiff_t first_rows, ptrdiff_t second_rows) {
  emulated_demand(first_rows >= 1 && first_rows <= 16 && second_rows >= 1 && second_rows <= 16, "rows");
  const uint8_t first = (uint8_t)first_rows, second = (uint8_t)second_rows;
  const uint8_t rows[8] = {first, first, second, second, first, second, 16, 16};
  memcpy(emulated.rows, rows, sizeof rows);
  memset(emulated.data, 0, sizeof emulated.data);
  emulated.configured = true;
}
EMULATED void emulated_release(void) { emulated.configured = false; }

#define tile_load(t, p, stride) emulated_load(t, p, stride)
#define tile_store(t, p, stride) emulated_store(t, p, stride)
#define tile_zero(t) emulated_zero(t)
#define tile_multiply(sum, a, b) emulated_multiply(sum, a, b)
#define tile_configure emulated_configure
#define tile_release emulated_release
