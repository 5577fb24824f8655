/* PyTorch in a process of its own, measured between our runs: we write a line, it answers one.

     layer BATCH {the layer's line of the shape file}   → the names of its candidates, by spaces
     run NAME                                           → seconds                                        */
#pragma once
#include "layer.h"

enum { most_candidates = 16, name_length = 32 };

typedef struct peer {
  FILE *to, *from;
  int process;
  int count; /* of candidates for the current layer */
  char names[most_candidates][name_length];
} peer;

/* Starts `command` by the shell. False when it does not answer. */
bool peer_start(peer *p, const char *command);
void peer_stop(peer *p);
bool peer_prepare(peer *p, const layer *l);
/* Seconds of one run, or a negative number when the peer is gone. */
double peer_run(peer *p, int candidate);
