#define _GNU_SOURCE
#include "base/threads.h"
#include "base/float_mode.h"
#include "base/isa.h"
#include "base/scratch.h"
#include "split/split.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* A loop is run by workers: as many as there are threads, or items if these are fewer. Each takes the next item until
   none is left, so which worker does what depends on time; what an item does, never. */

/* Workers spin this many rounds for the next loop before they sleep: a training step starts hundreds of
   short loops, and a futex wake costs as much as a small layer. */
enum { spin_rounds = 4000 };
/* The caller waits this many rounds for the last worker before it offers its core to others. */
enum { polite_rounds = 1000 };

typedef void (*loop_body)(void *, ptrdiff_t);

typedef struct {
  loop_body body;
  void *state;
  ptrdiff_t items;
  ck_desk *desk;
  uint64_t float_mode; /* the caller's */
  _Atomic ptrdiff_t next; /* the first item nobody has taken */
  _Atomic int status;     /* ck_status of a worker that had no scratch */
} loop;

struct ck_context {
  ck_isa isa;
  ck_precision precision;
  const ck_split_kernels *split; /* NULL without tiles */
  int threads;
  ck_parallel_function parallel; /* the caller's, or NULL for our own workers */
  void *parallel_state;
  pthread_mutex_t owner; /* held by the thread whose loop is running */
  pthread_mutex_t lock;
  pthread_cond_t wake;
  pthread_t *workers;
  loop *job;
  /* Counts loops (upper bits) and says how many workers the current one has (lower): a change starts those workers. The
     others never touch a loop, so nobody waits for them. */
  _Atomic uint64_t round;
  _Atomic int running; /* workers that have not left the current loop */
  _Atomic int sleeping;
  _Atomic bool stop;
};
enum { worker_bits = 16 };

typedef struct {
  ck_context *context;
  int index;
} worker_start;

static inline void relax(void) {
#if CK_X86
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* One worker's share. Its scratch lies in slice `index` of the caller's workspace, if there is one. */
static void run_worker(void *argument, ptrdiff_t index) {
  loop *job = argument;
  ck_place *place = ck_scratch_place(), before = *place;
  *place = (ck_place){.desk = job->desk, .part = 1, .worker = index};
  const uint64_t mode = ck_float_mode();
  if (mode != job->float_mode) ck_set_float_mode(job->float_mode);
  ptrdiff_t item;
  while ((item = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed)) < job->items)
    job->body(job->state, item);
  if (place->status != ck_status_ok) atomic_store_explicit(&job->status, (int)place->status, memory_order_relaxed);
  *place = before;
  if (mode != job->float_mode) ck_set_float_mode(mode);
}

static void *work(void *argument) {
  worker_start start = *(worker_start *)argument;
  free(argument);
  ck_context *c = start.context;
  uint64_t seen = 0, round;
  for (;;) {
    int rounds = 0;
    while ((round = atomic_load_explicit(&c->round, memory_order_acquire)) == seen) {
      if (++rounds < spin_rounds) {
        relax();
        continue;
      }
      pthread_mutex_lock(&c->lock);
      atomic_fetch_add(&c->sleeping, 1);
      while (atomic_load(&c->round) == seen) pthread_cond_wait(&c->wake, &c->lock);
      atomic_fetch_sub(&c->sleeping, 1);
      pthread_mutex_unlock(&c->lock);
    }
    seen = round;
    if (atomic_load(&c->stop)) return NULL;
    if (start.index >= (int)(round & ((1 << worker_bits) - 1))) continue;
    run_worker(c->job, start.index);
    atomic_fetch_sub_explicit(&c->running, 1, memory_order_release);
  }
}

static void start_round(ck_context *c, int workers) {
  uint64_t number = (atomic_load(&c->round) >> worker_bits) + 1;
  atomic_store(&c->round, number << worker_bits | (uint64_t)workers);
  if (atomic_load(&c->sleeping) > 0) {
    pthread_mutex_lock(&c->lock);
    pthread_cond_broadcast(&c->wake);
    pthread_mutex_unlock(&c->lock);
  }
}

/* Our own pool: the calling thread is worker 0. */
static void run_loop(ck_context *c, loop *job, int workers) {
  c->job = job;
  atomic_store_explicit(&c->running, workers - 1, memory_order_relaxed);
  start_round(c, workers);
  run_worker(job, 0);
  for (int rounds = 0; atomic_load_explicit(&c->running, memory_order_acquire) > 0; rounds++)
    if (rounds < polite_rounds) relax();
    else sched_yield();
}

static void start_threads(ck_context *c, int threads) {
  c->threads = 1;
  c->workers = threads > 1 ? calloc((size_t)threads - 1, sizeof *c->workers) : NULL;
  for (int i = 1; c->workers && i < threads; i++) {
    worker_start *start = malloc(sizeof *start);
    if (!start) break;
    *start = (worker_start){c, i};
    if (pthread_create(&c->workers[i - 1], NULL, work, start) != 0) {
      free(start);
      break;
    }
    c->threads++;
  }
}

static void stop_threads(ck_context *c) {
  if (!c->workers) return;
  atomic_store(&c->stop, true);
  start_round(c, 0);
  for (int i = 0; i < c->threads - 1; i++) pthread_join(c->workers[i], NULL);
  free(c->workers);
  c->workers = NULL;
  atomic_store(&c->stop, false);
  atomic_store(&c->round, 0);
}

ck_context *ck_context_create(ck_isa isa, int threads) {
  ck_context *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  ck_isa best = ck_isa_best();
  c->isa = isa < best ? isa : best;
  c->split = ck_split_kernels_for(c->isa);
  pthread_mutex_init(&c->owner, NULL);
  pthread_mutex_init(&c->lock, NULL);
  pthread_cond_init(&c->wake, NULL);
  start_threads(c, threads < 1 << worker_bits ? threads : (1 << worker_bits) - 1);
  return c;
}

void ck_context_destroy(ck_context *c) {
  if (!c) return;
  stop_threads(c);
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

ck_status ck_set_parallel_for(ck_context *c, ck_parallel_function function, void *state) {
  if (!c) return ck_status_null_pointer;
  int threads = c->threads;
  stop_threads(c);
  c->parallel = function;
  c->parallel_state = state;
  c->threads = threads;
  if (!function) start_threads(c, threads);
  return c->threads == threads ? ck_status_ok : ck_status_no_memory;
}

void ck_parallel_for(const ck_context *context, ptrdiff_t items, loop_body body, void *state) {
  ck_context *c = (ck_context *)context;
  if (items <= 0) return;
  ck_place *place = ck_scratch_place();
  loop job = {.body = body, .state = state, .items = items, .desk = place->desk, .float_mode = ck_float_mode()};
  /* Inside a body on this thread: its scratch belongs to one worker. */
  if (place->part == 1) {
    for (ptrdiff_t item = 0; item < items; item++) body(state, item);
    return;
  }
  bool alone = !c || c->threads == 1 || items == 1 || ck_measuring();
  if (alone || pthread_mutex_trylock(&c->owner) != 0) {
    run_worker(&job, 0);
  } else {
    int workers = items < c->threads ? (int)items : c->threads;
    if (c->parallel) c->parallel(c->parallel_state, workers, run_worker, &job);
    else run_loop(c, &job, workers);
    pthread_mutex_unlock(&c->owner);
  }
  int status = atomic_load_explicit(&job.status, memory_order_relaxed);
  if (status != ck_status_ok) place->status = (ck_status)status;
}

bool ck_flush_subnormals(bool flush) {
  const uint64_t mode = ck_float_mode();
  ck_set_float_mode(flush ? mode | ck_float_flush : mode & ~(uint64_t)ck_float_flush);
  return (mode & ck_float_flush) != 0;
}

int ck_available_cores(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 0 ? (int)cores : 1;
}
