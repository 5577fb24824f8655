#define _GNU_SOURCE
#include "base/scratch.h"
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { slots = 7 };
typedef struct {
  void *block[slots];
  size_t size[slots];
} scratch;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void release(void *pointer) {
  scratch *own = pointer;
  for (int i = 0; i < slots; i++) free(own->block[i]);
  free(own);
}
static void make_key(void) { pthread_key_create(&key, release); }

void *ck_scratch(int slot, size_t bytes) {
  pthread_once(&once, make_key);
  scratch *own = pthread_getspecific(key);
  if (!own) {
    own = calloc(1, sizeof *own);
    if (own) pthread_setspecific(key, own);
  }
  if (own && own->size[slot] >= bytes && own->block[slot]) return own->block[slot];
  const size_t huge = (size_t)2 << 20;
  size_t alignment = bytes >= huge ? huge : 64;
  size_t size = (bytes + bytes / 4 + alignment) / alignment * alignment;
  if (own) {
    free(own->block[slot]);
    own->block[slot] = NULL;
    own->size[slot] = 0;
    own->block[slot] = aligned_alloc(alignment, size);
  }
  if (!own || !own->block[slot]) {
    /* Memory that small against the tensors in use cannot be missing in a process that can go on. */
    fprintf(stderr, "CKernels: no memory for %zu bytes of working space\n", bytes);
    abort();
  }
#ifdef MADV_HUGEPAGE
  if (alignment == huge) madvise(own->block[slot], size, MADV_HUGEPAGE);
#endif
  own->size[slot] = size;
  return own->block[slot];
}
