#define _GNU_SOURCE
#include "base/threads.h"
#include "base/isa.h"
#include "split/split.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* Workers spin this many rounds for the next loop before they sleep: a training step starts hundreds of
   short loops, and a futex wake costs as much as a small layer. */
enum { spin_rounds = 4000 };

typedef void (*loop_body)(void *, ptrdiff_t);

struct ck_context {
  ck_isa isa;
  ck_precision precision;
  const ck_split_kernels *split; /* NULL without tiles */
  int threads;
  pthread_mutex_t owner;        /* held by the thread whose loop is running */
  pthread_mutex_t lock;
  pthread_cond_t wake;
  pthread_t *workers;
  loop_body body;
  void *state;
  ptrdiff_t items;
  _Atomic ptrdiff_t next;       /* the first item nobody has taken */
  _Atomic int running;          /* workers that have not left the current loop */
  _Atomic unsigned generation;  /* counts loops; a change starts the workers */
  _Atomic int sleeping;
  _Atomic bool stop;
};

static inline void relax(void) {
#if CK_X86
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void drain(ck_context *c) {
  ptrdiff_t item;
  while ((item = atomic_fetch_add_explicit(&c->next, 1, memory_order_relaxed)) < c->items) c->body(c->state, item);
}

static void *work(void *argument) {
  ck_context *c = argument;
  unsigned seen = 0;
  for (;;) {
    int rounds = 0;
    while (atomic_load_explicit(&c->generation, memory_order_acquire) == seen) {
      if (++rounds < spin_rounds) {
        relax();
        continue;
      }
      pthread_mutex_lock(&c->lock);
      atomic_fetch_add(&c->sleeping, 1);
      while (atomic_load(&c->generation) == seen) pthread_cond_wait(&c->wake, &c->lock);
      atomic_fetch_sub(&c->sleeping, 1);
      pthread_mutex_unlock(&c->lock);
    }
    seen = atomic_load_explicit(&c->generation, memory_order_acquire);
    if (atomic_load(&c->stop)) return NULL;
    drain(c);
    atomic_fetch_sub_explicit(&c->running, 1, memory_order_release);
  }
}

static void start_workers(ck_context *c) {
  atomic_fetch_add(&c->generation, 1);
  if (atomic_load(&c->sleeping) > 0) {
    pthread_mutex_lock(&c->lock);
    pthread_cond_broadcast(&c->wake);
    pthread_mutex_unlock(&c->lock);
  }
}

ck_context *ck_context_create(ck_isa isa, int threads) {
  ck_context *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  ck_isa best = ck_isa_best();
  c->isa = isa < best ? isa : best;
  c->split = ck_split_kernels_for(c->isa);
  c->threads = 1;
  pthread_mutex_init(&c->owner, NULL);
  pthread_mutex_init(&c->lock, NULL);
  pthread_cond_init(&c->wake, NULL);
  if (threads > 1) {
    c->workers = calloc((size_t)threads - 1, sizeof *c->workers);
    for (int i = 0; c->workers && i < threads - 1; i++) {
      if (pthread_create(&c->workers[i], NULL, work, c) != 0) break;
      c->threads++;
    }
  }
  return c;
}

void ck_context_destroy(ck_context *c) {
  if (!c) return;
  atomic_store(&c->stop, true);
  start_workers(c);
  for (int i = 0; i < c->threads - 1; i++) pthread_join(c->workers[i], NULL);
  free(c->workers);
  pthread_cond_destroy(&c->wake);
  pthread_mutex_destroy(&c->lock);
  pthread_mutex_destroy(&c->owner);
  free(c);
}

ck_isa ck_context_isa(const ck_context *context) { return context->isa; }
void ck_context_set_precision(ck_context *context, ck_precision precision) { context->precision = precision; }
ck_precision ck_context_precision(const ck_context *context) {
  return context ? context->precision : ck_precision_highest;
}
void ck_context_set_split(ck_context *context, const ck_split_kernels *kernels) { context->split = kernels; }
const ck_split_kernels *ck_split_kernels_of(const ck_context *context) {
  return context ? context->split : ck_split_kernels_for(ck_isa_best());
}
int ck_context_threads(const ck_context *context) { return context ? context->threads : 1; }

void ck_parallel_for(const ck_context *context, ptrdiff_t items, loop_body body, void *state) {
  ck_context *c = (ck_context *)context;
  if (!c || c->threads == 1 || items <= 1 || pthread_mutex_trylock(&c->owner) != 0) {
    for (ptrdiff_t item = 0; item < items; item++) body(state, item);
    return;
  }
  c->body = body;
  c->state = state;
  c->items = items;
  atomic_store_explicit(&c->next, 0, memory_order_relaxed);
  atomic_store_explicit(&c->running, c->threads - 1, memory_order_relaxed);
  start_workers(c);
  drain(c);
  while (atomic_load_explicit(&c->running, memory_order_acquire) > 0) relax();
  pthread_mutex_unlock(&c->owner);
}

int ck_available_cores(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 0 ? (int)cores : 1;
}
