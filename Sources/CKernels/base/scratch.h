/* Working memory of a kernel: one growing block per thread, kept until the thread ends. */
#pragma once
#include <stddef.h>

/* At least `bytes` bytes aligned to 64, private to the calling thread, contents undefined.
   A second call on the same thread and slot invalidates the first. Slots 0, 2 and 3 belong to the body of a
   parallel loop, slots 1, 4, 5 and 6 to the caller that starts one (the caller runs bodies too). */
void *ck_scratch(int slot, size_t bytes);
