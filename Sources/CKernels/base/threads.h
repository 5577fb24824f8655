/* A parallel loop whose result cannot depend on how many threads ran it. */
#pragma once
#include "CKernels.h"

/* Calls `body(state, item)` once for every item in 0 ..< items, on the context's threads, in any order.
   Cut the work into items by its shape alone, never by the number of threads: then the bits of the
   result are the same for 1, 2, 3 … threads. Nested calls and calls while another thread uses the same
   context run on the calling thread. */
void ck_parallel_for(const ck_context *context, ptrdiff_t items, void (*body)(void *state, ptrdiff_t item), void *state);

/* The context, or NULL (a loop on the calling thread) where so many multiply-adds are over before another thread has
   begun: a sleeping one takes 5 to 50 µs to wake, and 2 million take 20 to 40 µs on AVX-512. By shape alone, as ever. */
static inline const ck_context *ck_worth_threads(const ck_context *context, double products) {
  return products >= 1 << 21 ? context : NULL;
}
