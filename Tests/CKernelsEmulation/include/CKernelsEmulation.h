/* Contexts whose tiles are emulated, so that the code for AMX is tested on machines without it. Tests only. */
#ifndef CKERNELS_EMULATION_H
#define CKERNELS_EMULATION_H
#include "CKernels.h"

/* A context whose other kernels are the machine's best. `packing`: 0 rounds to bfloat16 in portable code, 1 by
   avx512_bf16, as on machines with AMX; NULL when this machine has none. */
ck_context *ck_context_create_emulating_amx(int packing, int threads);

/* One tile instruction, for tests of the emulation itself: sum[m, n] += Σ a[m, 2k + e] · b[k, 2n + e], as the manual
   says. a is rows × 32 and b 16 × 32 bfloat16 numbers, sum rows × 16. */
void ck_emulated_tile_multiply(int rows, float *sum, const uint16_t *a, const uint16_t *b);

/* Whether every tile of this thread has been released. */
bool ck_emulated_tiles_are_released(void);
#endif
