/* What the processor can do, and the words every kernel room uses to say which variant it is. */
#pragma once
#include "CKernels.h"

/* The instruction sets of a variant file: `CK_TARGET_PUSH_AVX512 … CK_TARGET_POP` round its body.
   No target-wide compiler flag is used anywhere, so one binary runs on every machine. */
#if defined(__x86_64__)
#define CK_X86 1
#define CK_TARGET_PUSH_AVX512 \
  _Pragma("clang attribute push(__attribute__((target(\"avx512f,avx512vl,avx512bw,avx512dq,avx2,fma\"))), apply_to = function)")
#define CK_TARGET_PUSH_AMX \
  _Pragma("clang attribute push(__attribute__((target(\"amx-tile,amx-bf16,avx512bf16,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma\"))), apply_to = function)")
#define CK_TARGET_PUSH_AVX2 \
  _Pragma("clang attribute push(__attribute__((target(\"avx2,fma\"))), apply_to = function)")
#define CK_TARGET_POP _Pragma("clang attribute pop")
#else
#define CK_X86 0
#endif

/* The variant a kernel should use: the context's, or the best one for a null context. */
static inline ck_isa ck_isa_of(const ck_context *context) {
  return context ? ck_context_isa(context) : ck_isa_best();
}
