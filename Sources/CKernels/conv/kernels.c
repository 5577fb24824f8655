#include "conv/correlation.h"

#define CK_CONV_KERNELS(name) extern const ck_conv_kernels name;
#include "conv/kernels.inc"
#undef CK_CONV_KERNELS

const ck_conv_kernels *ck_conv_kernels_of(const ck_context *context) {
  ck_isa allowed = ck_isa_of(context);
#define CK_CONV_KERNELS(name) \
  if (name.isa <= allowed) return &name;
#include "conv/kernels.inc"
  return &ck_conv_generic;
}
