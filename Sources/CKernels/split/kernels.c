#include "base/isa.h"
#include "split/split.h"

const ck_split_kernels *ck_split_kernels_for(ck_isa isa) {
#if CK_X86
  extern const ck_split_kernels ck_split_amx;
  if (isa == ck_isa_amx) return &ck_split_amx;
#endif
  (void)isa;
  return NULL;
}

int ck_split_products(const ck_context *context) {
  switch (ck_context_precision(context)) {
  case ck_precision_highest: return 6;
  case ck_precision_high: return 3;
  case ck_precision_medium: return 1;
  }
  return 6;
}
