#define _GNU_SOURCE
#include "peer.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool answer(peer *p, char *line, int size) {
  fflush(p->to);
  return fgets(line, size, p->from) != NULL;
}

bool peer_start(peer *p, const char *command) {
  int down[2], up[2];
  *p = (peer){.count = 0};
  signal(SIGPIPE, SIG_IGN);
  if (pipe(down) != 0 || pipe(up) != 0) return false;
  p->process = fork();
  if (p->process < 0) return false;
  if (p->process == 0) {
    dup2(down[0], STDIN_FILENO);
    dup2(up[1], STDOUT_FILENO);
    close(down[0]), close(down[1]), close(up[0]), close(up[1]);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
  }
  close(down[0]), close(up[1]);
  p->to = fdopen(down[1], "w");
  p->from = fdopen(up[0], "r");
  char line[line_length];
  return p->to && p->from && answer(p, line, sizeof line) && strncmp(line, "ready", 5) == 0;
}

void peer_stop(peer *p) {
  if (p->to) fclose(p->to);
  if (p->from) fclose(p->from);
  if (p->process > 0) waitpid(p->process, NULL, 0);
}

bool peer_prepare(peer *p, const layer *l) {
  p->count = 0;
  if (!p->to) return false;
  char line[line_length];
  fprintf(p->to, "layer %td %s", l->geometry.batch, l->line);
  if (!answer(p, line, sizeof line)) return false;
  for (char *name = strtok(line, " \n"); name && p->count < most_candidates; name = strtok(NULL, " \n"))
    snprintf(p->names[p->count++], name_length, "%s", name);
  return true;
}

double peer_run(peer *p, int candidate) {
  char line[line_length];
  fprintf(p->to, "run %s\n", p->names[candidate]);
  return answer(p, line, sizeof line) ? atof(line) : -1;
}
