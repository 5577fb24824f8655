/* The kernels of split/ with emulated tiles, and all else as in split/kernels_amx.c. */
#include "base/isa.h"
#include "split/split.h"
#include <stdio.h>
#include <stdlib.h>
#if CK_X86
#define CK_LANES 16
#define CK_BF16 1
#define CK_SPLIT_NAME ck_split_emulated_avx512
CK_TARGET_PUSH_AMX
#include "emulated_tiles.h"
#include "base/vector_math.h"
#include "split/vectors.h"
#include "split/kernels_body.h"
CK_TARGET_POP
#endif
