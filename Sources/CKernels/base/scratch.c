#define _GNU_SOURCE
#include "base/scratch.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct {
  void *block[ck_scratch_slots];
  size_t size[ck_scratch_slots];
} blocks;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local ck_place place;

static void release(void *pointer) {
  blocks *own = pointer;
  for (int i = 0; i < ck_scratch_slots; i++) free(own->block[i]);
  free(own);
}
static void make_key(void) { pthread_key_create(&key, release); }

void ck_release_scratch(void) {
  pthread_once(&once, make_key);
  blocks *own = pthread_getspecific(key);
  if (!own) return;
  pthread_setspecific(key, NULL);
  release(own);
}

static size_t round_up(size_t bytes) { return (bytes + 63) / 64 * 64; }

/* A block of the thread's own, a quarter larger than asked for so that growing shapes do not allocate every time. */
static void *own_block(int slot, size_t bytes) {
  pthread_once(&once, make_key);
  blocks *own = pthread_getspecific(key);
  if (!own) {
    own = calloc(1, sizeof *own);
    if (!own) return NULL;
    if (pthread_setspecific(key, own) != 0) {
      free(own);
      return NULL;
    }
  }
  if (own->size[slot] >= bytes && own->block[slot]) return own->block[slot];
  const size_t huge = (size_t)2 << 20;
  if (bytes > SIZE_MAX / 2) return NULL;
  size_t alignment = bytes >= huge ? huge : 64;
  size_t size = (bytes + bytes / 4 + alignment) / alignment * alignment;
  free(own->block[slot]);
  own->size[slot] = 0;
  own->block[slot] = aligned_alloc(alignment, size);
  if (!own->block[slot]) return NULL;
#ifdef MADV_HUGEPAGE
  if (alignment == huge) madvise(own->block[slot], size, MADV_HUGEPAGE);
#endif
  own->size[slot] = size;
  return own->block[slot];
}

static size_t part_size(const ck_desk *desk, int part, int slots) {
  size_t size = 0;
  for (int i = 0; i < slots; i++) size += desk->size[part][i];
  return size;
}

void *ck_scratch(int slot, size_t bytes) {
  ck_desk *desk = place.desk;
  if (desk && desk->mode == ck_desk_measuring) {
    size_t size = round_up(bytes > 0 ? bytes : 1);
    if (desk->size[place.part][slot] < size) desk->size[place.part][slot] = size;
  } else if (desk) {
    if (bytes > desk->size[place.part][slot]) {
      place.status = ck_status_workspace_too_small;
      return NULL;
    }
    char *start = desk->workspace + part_size(desk, place.part, slot);
    if (place.part == 1)
      start += part_size(desk, 0, ck_scratch_slots) + (size_t)place.worker * part_size(desk, 1, ck_scratch_slots);
    return start;
  }
  void *block = own_block(slot, bytes);
  if (!block) place.status = ck_status_no_memory;
  return block;
}

ck_status ck_scratch_status(void) {
  ck_status status = place.status;
  if (place.part == 0) place.status = ck_status_ok;
  return status;
}

size_t ck_desk_size(const ck_desk *desk, ptrdiff_t workers) {
  return part_size(desk, 0, ck_scratch_slots) + (size_t)workers * part_size(desk, 1, ck_scratch_slots);
}

void ck_desk_set(ck_desk *desk) { place = (ck_place){.desk = desk}; }
bool ck_measuring(void) { return place.desk && place.desk->mode == ck_desk_measuring; }
bool ck_packing(void) { return place.desk && place.desk->mode == ck_desk_packing; }
bool ck_planned(void) { return place.desk != NULL; }
ck_place *ck_scratch_place(void) { return &place; }

void *ck_packed_room(size_t bytes, bool *ready) {
  ck_desk *desk = place.desk;
  *ready = desk && desk->mode != ck_desk_packing;
  if (!desk) return ck_scratch(1, bytes);
  char *room = desk->packed + desk->packed_size;
  desk->packed_size += round_up(bytes);
  return room;
}

const float *ck_packed_copy(const float *weights, ptrdiff_t count) {
  if (!ck_planned()) return weights;
  bool ready;
  float *copy = ck_packed_room((size_t)count * sizeof *copy, &ready);
  if (!ready) memcpy(copy, weights, (size_t)count * sizeof *copy);
  return copy;
}
