#define _GNU_SOURCE
#include "base/isa.h"
#include <stdlib.h>
#include <string.h>
#if CK_X86
#include <cpuid.h>
#endif
#if CK_X86 && defined(__linux__)
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Tiles need three consents: the processor's (cpuid), the kernel's that it saves their state (xgetbv), and its leave for
   this process to use them (arch_prctl), which is asked for once and holds for all threads. */

static bool processor_has_tiles(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  const unsigned bf16_tiles = 1u << 22, tiles = 1u << 24, both = bf16_tiles | tiles;
  if ((d & both) != both) return false;
  if (!__get_cpuid_count(7, 1, &a, &b, &c, &d)) return false;
  return a >> 5 & 1; /* avx512_bf16 */
}

static bool kernel_saves_tiles(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return false; /* osxsave: xgetbv may be asked */
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const unsigned tile_state = 1u << 17 | 1u << 18;
  return (low & tile_state) == tile_state;
}

static bool tiles_allowed;
static void ask_for_tiles(void) {
  enum { request_permission = 0x1023, tile_data = 18 };
  tiles_allowed = processor_has_tiles() && kernel_saves_tiles() &&
                  syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}
static bool has_tiles(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, ask_for_tiles);
  return tiles_allowed;
}
#elif CK_X86
static bool has_tiles(void) { return false; }
#endif

ck_isa ck_isa_best(void) {
#if CK_X86
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("fma"))
    return has_tiles() ? ck_isa_amx : ck_isa_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return ck_isa_avx2;
#endif
  return ck_isa_generic;
}

ck_status ck_isa_from_environment(ck_isa *isa) {
  const char *name = getenv("CK_ISA");
  *isa = ck_isa_best();
  if (!name || !*name) return ck_status_ok;
  for (ck_isa each = ck_isa_generic; each <= *isa; each++)
    if (strcmp(name, ck_isa_name(each)) == 0) {
      *isa = each;
      return ck_status_ok;
    }
  return ck_status_unsupported;
}

const char *ck_isa_name(ck_isa isa) {
  switch (isa) {
  case ck_isa_generic: return "generic";
  case ck_isa_avx2: return "avx2";
  case ck_isa_avx512: return "avx512";
  case ck_isa_amx: return "amx";
  }
  return "unknown";
}
