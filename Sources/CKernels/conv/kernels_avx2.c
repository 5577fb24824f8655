#include "conv/correlation.h"
#if CK_X86
#define CK_LANES 8
#define CK_CONV_NAME ck_conv_avx2
#define CK_CONV_ISA ck_isa_avx2
#define CK_CONV_RANDOM ck_random_avx2
CK_TARGET_PUSH_AVX2
#include "conv/kernels_body.h"
CK_TARGET_POP
#endif
