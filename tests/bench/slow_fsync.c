/* Preloaded into a server, makes each fsync and fdatasync take FSYNC_MS milliseconds longer: a disk of known speed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_for_disk(void) {
  const char *ms = getenv("FSYNC_MS");
  if (ms != NULL) usleep((useconds_t)(atof(ms) * 1000));
}

int fsync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  wait_for_disk();
  return real(fd);
}

int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  wait_for_disk();
  return real(fd);
}
