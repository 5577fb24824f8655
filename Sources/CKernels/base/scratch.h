/* Working memory of a kernel: one growing block per thread and slot, or a part of the workspace a caller gave. */
#pragma once
#include "CKernels.h"

/* At least `bytes` bytes aligned to 64, private to the calling thread, contents undefined. NULL when there is no memory:
   return at once, the door reports it (ck_scratch_status). A second call on the same thread and slot invalidates the
   first. Slots 0, 2 and 3 belong to the body of a parallel loop, slots 1, 4, 5 and 6 to the caller that starts one (the
   caller runs bodies too). */
void *ck_scratch(int slot, size_t bytes);

/* What a door returns at its end: ck_status_ok, or what ck_scratch has met on this thread or in a loop it ran. */
ck_status ck_scratch_status(void);

/* ---- Plans (plan/plan.c) ------------------------------------------------------------------------------

   A plan runs the code of the simple call in one of three modes, so that no size is computed by a second formula:

     measuring   ck_scratch notes how much is asked for, at the door and in bodies. Loops run on the calling thread.
                 No number may be read or written: views and weights point nowhere. Bodies lower their pixels, ask for
                 their scratch and return: if (ck_measuring()) return;
     packing     weights are packed into the caller's memory, and nothing is computed: if (ck_packing()) return;
     running     ck_scratch serves from the caller's workspace, and weights are packed already. */

enum { ck_scratch_slots = 7 };

typedef enum ck_desk_mode { ck_desk_measuring, ck_desk_packing, ck_desk_running } ck_desk_mode;

typedef struct ck_desk {
  ck_desk_mode mode;
  size_t size[2][ck_scratch_slots]; /* at the door, in one worker's bodies */
  char *workspace;
  char *packed;
  size_t packed_size; /* measured; while packing and running: how far we are */
} ck_desk;

/* Bytes of a workspace for this many workers. */
size_t ck_desk_size(const ck_desk *desk, ptrdiff_t workers);
/* Serves the calling thread, and the loops it runs, from a desk until NULL is set again. */
void ck_desk_set(ck_desk *desk);

bool ck_measuring(void);
bool ck_packing(void);
/* Whether weights come from a plan: then the caller's own are not there to be read. */
bool ck_planned(void);

/* Memory for packed weights: scratch slot 1, or the next part of a plan's. `ready`: it holds them already. */
void *ck_packed_room(size_t bytes, bool *ready);
/* Weights that are used as they are: the caller's, or a plan's copy of them. */
const float *ck_packed_copy(const float *weights, ptrdiff_t count);

/* What a loop hands on to its workers: where ck_scratch serves from. */
typedef struct ck_place {
  ck_desk *desk;
  int part;         /* 0 at the door, 1 in a body */
  ptrdiff_t worker;
  ck_status status;
} ck_place;
ck_place *ck_scratch_place(void);
