#include "conv/correlation.h"
#if CK_X86
#define CK_LANES 16
#define CK_CONV_NAME ck_conv_avx512
#define CK_CONV_ISA ck_isa_avx512
#define CK_CONV_RANDOM ck_random_avx512
CK_TARGET_PUSH_AVX512
#include "conv/kernels_body.h"
CK_TARGET_POP
#endif
