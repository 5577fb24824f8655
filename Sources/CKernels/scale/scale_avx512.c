#include "scale/scale.h"
#if CK_X86
CK_TARGET_PUSH_AVX512
#define CK_LANES 16
#define CK_VARIANT(name) name##_avx512
#include "scale/scale_body.h"
CK_TARGET_POP
#endif
