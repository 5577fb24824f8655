#include "trials.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

uint64_t draw(entropy *e, uint64_t bound) {
  uint64_t word = 0;
  for (uint64_t rest = bound - 1; rest > 0; rest >>= 8) word = word << 8 | (e->at < e->size ? e->data[e->at++] : 0);
  return bound > 0 ? word % bound : 0;
}
ptrdiff_t between(entropy *e, ptrdiff_t low, ptrdiff_t high) {
  return low + (ptrdiff_t)draw(e, (uint64_t)(high - low) + 1);
}
ptrdiff_t hostile(entropy *e) {
  switch (draw(e, 6)) {
  case 0: return between(e, 0, 3);
  case 1: return (ptrdiff_t)1 << between(e, 0, 62);
  case 2: return ((ptrdiff_t)1 << between(e, 0, 62)) + between(e, -2, 2);
  case 3: return -((ptrdiff_t)1 << between(e, 0, 62));
  case 4: return draw(e, 2) ? PTRDIFF_MAX - between(e, 0, 3) : PTRDIFF_MIN + between(e, 0, 3);
  default: return (ptrdiff_t)(draw(e, UINT64_MAX));
  }
}

enum { guards = 16 };
static const uint32_t guard = 0x7fc0beef; /* a NaN that no arithmetic makes */
static const uint32_t empty = 0x7fc05afe;

#if defined(__SANITIZE_ADDRESS__)
enum { before = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { before = 0 };
#else
enum { before = guards };
#endif
#else
enum { before = guards };
#endif

typedef struct {
  ptrdiff_t count;
  char *block;
} note; /* lies in a block of its own, so that a sanitizer sees the very ends of the numbers */
enum { most_rooms = 256 };
static struct {
  float *numbers;
  note note;
} rooms[most_rooms];

float *room(ptrdiff_t count) {
  size_t bytes = ((size_t)count + 2 * before) * sizeof(float);
  uint32_t *block = malloc(bytes > 0 ? bytes : 1);
  if (!block) abort();
  for (ptrdiff_t i = 0; i < before; i++) block[i] = block[before + count + i] = guard;
  for (ptrdiff_t i = 0; i < count; i++) block[before + i] = empty;
  float *first = (float *)(block + before);
  for (int i = 0; i < most_rooms; i++)
    if (!rooms[i].numbers) {
      rooms[i].numbers = first;
      rooms[i].note = (note){count, (char *)block};
      return first;
    }
  abort();
}
float *numbers(entropy *e, ptrdiff_t count) {
  float *x = room(count);
  uint64_t state = draw(e, 1 << 16) * 0x9E3779B97F4A7C15u + 1;
  for (ptrdiff_t i = 0; i < count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    x[i] = (float)((int)(state >> 33) % 7 - 3);
  }
  return x;
}
bool untouched(const float *x, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++)
    if (memcmp(&x[i], &empty, sizeof empty) != 0) return false;
  return true;
}
void leave(float *x) {
  if (!x) return;
  for (int i = 0; i < most_rooms; i++)
    if (rooms[i].numbers == x) {
      const uint32_t *block = (const uint32_t *)rooms[i].note.block;
      for (ptrdiff_t k = 0; k < before; k++)
        HOLD(block[k] == guard && block[before + rooms[i].note.count + k] == guard, "a guard was overwritten");
      free(rooms[i].note.block);
      rooms[i].numbers = NULL;
      return;
    }
  abort();
}

const ck_context *some_context(entropy *e) {
  static ck_context *contexts[8][3];
  int isa = (int)draw(e, (uint64_t)ck_isa_best() + 1), threads = (int)draw(e, 4);
  if (threads == 0) return NULL;
  if (!contexts[isa][threads - 1]) contexts[isa][threads - 1] = ck_context_create((ck_isa)isa, threads);
  return contexts[isa][threads - 1];
}

_Noreturn void fail(const char *file, int line, const char *condition, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s:%d: %s: ", file, line, condition);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  abort();
}

void expect_same(const char *what, ptrdiff_t count, const float *x, const float *y, float tolerance) {
  for (ptrdiff_t i = 0; i < count; i++) {
    if (x[i] == y[i] || fabsf(x[i] - y[i]) <= tolerance * fmaxf(1, fabsf(y[i]))) continue;
    fail(__FILE__, __LINE__, "same", "%s: element %td of %td is %g, not %g", what, i, count, (double)x[i],
         (double)y[i]);
  }
}
