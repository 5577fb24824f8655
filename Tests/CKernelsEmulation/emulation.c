#include "CKernelsEmulation.h"
#include "base/isa.h"
#include "split/split.h"
#include "emulated_tiles.h"

_Thread_local emulated_tiles emulated;

extern const ck_split_kernels ck_split_emulated_portable;
#if CK_X86
#include <cpuid.h>
extern const ck_split_kernels ck_split_emulated_avx512;

static bool rounds_to_bfloat16(void) {
  unsigned a, b, c, d;
  return ck_isa_best() >= ck_isa_avx512 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 5 & 1);
}
#endif

ck_context *ck_context_create_emulating_amx(int packing, int threads) {
  const ck_split_kernels *kernels = &ck_split_emulated_portable;
#if CK_X86
  if (packing == 1) kernels = rounds_to_bfloat16() ? &ck_split_emulated_avx512 : NULL;
#else
  if (packing == 1) kernels = NULL;
#endif
  if (!kernels) return NULL;
  ck_context *context = ck_context_create(ck_isa_best(), threads);
  if (context) ck_context_set_split(context, kernels);
  return context;
}

void ck_emulated_tile_multiply(int rows, float *sum, const uint16_t *a, const uint16_t *b) {
  tile_configure(rows, rows);
  tile_load(0, sum, 64);
  tile_load(4, a, 64);
  tile_load(6, b, 64);
  tile_multiply(0, 4, 6);
  tile_store(0, sum, 64);
  tile_release();
}

bool ck_emulated_tiles_are_released(void) { return !emulated.configured; }
