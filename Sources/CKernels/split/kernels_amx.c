#include "base/isa.h"
#include "split/split.h"
#if CK_X86
#define CK_LANES 16
#define CK_BF16 1
#define CK_SPLIT_NAME ck_split_amx
CK_TARGET_PUSH_AMX
#include "split/vectors.h"
#include "base/vector_math.h"

#define tile_load(t, p, stride) _tile_loadd(t, p, (size_t)(stride))
#define tile_store(t, p, stride) _tile_stored(t, p, stride)
#define tile_zero(t) _tile_zero(t)
#define tile_multiply(sum, a, b) _tile_dpbf16ps(sum, a, b)

/* What ldtilecfg reads: palette 1 has eight tiles of 16 rows of 64 bytes. */
typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t bytes[16];
  uint8_t rows[16];
} tile_configuration;

static void tile_configure(ptrdiff_t first_rows, ptrdiff_t second_rows) {
  tile_configuration c = {.palette = 1};
  const uint8_t first = (uint8_t)first_rows, second = (uint8_t)second_rows;
  const uint8_t rows[8] = {first, first, second, second, first, second, 16, 16};
  for (int t = 0; t < 8; t++) {
    c.bytes[t] = 64;
    c.rows[t] = rows[t];
  }
  _tile_loadconfig(&c);
}
static void tile_release(void) { _tile_release(); }

#include "split/kernels_body.h"
CK_TARGET_POP
#endif
