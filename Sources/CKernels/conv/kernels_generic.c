#include "conv/correlation.h"
#define CK_LANES 4
#define CK_CONV_NAME ck_conv_generic
#define CK_CONV_ISA ck_isa_generic
#define CK_CONV_RANDOM ck_random_generic
#include "conv/kernels_body.h"
