/* How the calling thread's floating-point unit rounds, and whether subnormal numbers count as zero. */
#pragma once
#include "base/isa.h"
#include <stdint.h>

#if CK_X86
enum { ck_float_flush = 0x8040 }; /* results (FTZ) and arguments (DAZ) */
enum { ck_float_controls = 0xffc0 }; /* without the flags that tell what has happened */
static inline uint64_t ck_float_mode(void) { return __builtin_ia32_stmxcsr() & ck_float_controls; }
static inline void ck_set_float_mode(uint64_t mode) { __builtin_ia32_ldmxcsr((unsigned)mode); }
#elif defined(__aarch64__)
enum { ck_float_flush = 1 << 24 };
static inline uint64_t ck_float_mode(void) {
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
static inline void ck_set_float_mode(uint64_t mode) { __asm__ volatile("msr fpcr, %0" ::"r"(mode)); }
#else
enum { ck_float_flush = 0 };
static inline uint64_t ck_float_mode(void) { return 0; }
static inline void ck_set_float_mode(uint64_t mode) { (void)mode; }
#endif
