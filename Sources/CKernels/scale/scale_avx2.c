#include "scale/scale.h"
#if CK_X86
CK_TARGET_PUSH_AVX2
#define CK_LANES 8
#define CK_VARIANT(name) name##_avx2
#include "scale/scale_body.h"
CK_TARGET_POP
#endif
