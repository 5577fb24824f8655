/* Trials of the kernels in C: geometries drawn from a stream of bytes, every result held against the reference. The
   driver (driver.c) draws the bytes from a generator, the fuzzer (fuzz.c) from libFuzzer.

   All numbers are small whole ones, so that every sum is exact in float32 whatever its order: results must be equal, not
   close (tanh and sigmoid excepted). Outputs are full of NaN before a call. Memory is exactly as long as the geometry
   says, which an address sanitizer then guards; without one, guards lie around it. */
#pragma once
#include <CKernels.h>
#include <stdio.h>

typedef struct entropy {
  const uint8_t *data;
  size_t size, at;
} entropy;
/* 0 … bound - 1; 0 when the bytes have run out. */
uint64_t draw(entropy *e, uint64_t bound);
ptrdiff_t between(entropy *e, ptrdiff_t low, ptrdiff_t high);
/* A size to break things with: 0, 1, around powers of two up to 2^63, negative. */
ptrdiff_t hostile(entropy *e);

/* `count` numbers between guards, all NaN. */
float *room(ptrdiff_t count);
/* The same, whole numbers from -3 to 3. */
float *numbers(entropy *e, ptrdiff_t count);
/* Whether all are still NaN. */
bool untouched(const float *x, ptrdiff_t count);
/* Checks the guards and frees. */
void leave(float *x);

/* A context of an instruction set and one to three threads, or NULL; made once, shared. */
const ck_context *some_context(entropy *e);

/* Says what went wrong and stops the program. */
#define HOLD(condition, ...) \
  do { \
    if (!(condition)) fail(__FILE__, __LINE__, #condition, __VA_ARGS__); \
  } while (0)
_Noreturn void fail(const char *file, int line, const char *condition, const char *format, ...);

/* Equal numbers, NaN and signs of zero apart; `tolerance` is 0 for exact ones. */
void expect_same(const char *what, ptrdiff_t count, const float *x, const float *y, float tolerance);

/* While counting, calls of malloc and its kin by anybody are counted (where the program interposes them). */
extern _Atomic long allocations;

void trial_conv(entropy *e);
void trial_many_inputs(entropy *e);
void trial_excerpt(entropy *e);
void trial_winograd(entropy *e);
/* How many of them had other bits than float32's. */
extern _Atomic long winograd_taken;
void trial_gemm(entropy *e);
void trial_others(entropy *e);
void trial_stream(entropy *e);
void trial_program(entropy *e);
void trial_hostile(entropy *e);
