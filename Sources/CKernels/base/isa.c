#include "base/isa.h"
#include <stdlib.h>
#include <string.h>

ck_isa ck_isa_best(void) {
#if CK_X86
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("fma"))
    return ck_isa_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return ck_isa_avx2;
#endif
  return ck_isa_generic;
}

ck_isa ck_isa_default(void) {
  const char *name = getenv("CK_ISA");
  ck_isa best = ck_isa_best();
  if (!name) return best;
  for (ck_isa isa = ck_isa_generic; isa <= best; isa++)
    if (strcmp(name, ck_isa_name(isa)) == 0) return isa;
  return best;
}

const char *ck_isa_name(ck_isa isa) {
  switch (isa) {
  case ck_isa_generic: return "generic";
  case ck_isa_avx2: return "avx2";
  case ck_isa_avx512: return "avx512";
  }
  return "unknown";
}
