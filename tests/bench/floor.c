// The floor: an epoll server that frames RESP commands and answers +OK to each, storing nothing.
// What a single-threaded RESP server costs when its data structures cost nothing.
//
//     cc -O2 -o build/floor tests/bench/floor.c
//     tests/bench/perf.py floor='build/floor {port}' spinel='build/release/spinel-server --port {port}'
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#define BUF (4 << 20)
struct conn { int fd; size_t have; char in[BUF]; };   // pages are touched only as far as a request reaches
static char out[BUF];
// length of one framed command at p, or 0 if incomplete
static size_t frame(const char *p, size_t n) {
  const char *e = p + n, *q = p;
  if (q == e) return 0;
  if (*q != '*') { const char *nl = memchr(q, '\n', n); return nl ? (size_t)(nl - q + 1) : 0; }
  long argc = 0; q++;
  while (q < e && *q != '\r') argc = argc * 10 + (*q++ - '0');
  q += 2;
  while (argc--) {
    if (q >= e) return 0;
    long len = 0; q++;
    while (q < e && *q != '\r') len = len * 10 + (*q++ - '0');
    q += 2 + len + 2;
    if (q > e) return 0;
  }
  return q - p;
}
int main(int c, char **v) {
  int port = c > 1 ? atoi(v[1]) : 7999, ep = epoll_create1(0), ls = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(ls, (void *)&a, sizeof a) || listen(ls, 511)) return perror("bind"), 1;
  struct conn L = {.fd = ls};
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &L}, evs[128];
  epoll_ctl(ep, EPOLL_CTL_ADD, ls, &ev);
  for (;;) {
    int n = epoll_wait(ep, evs, 128, -1);
    for (int i = 0; i < n; i++) {
      struct conn *k = evs[i].data.ptr;
      if (k == &L) {
        int fd = accept4(ls, 0, 0, SOCK_NONBLOCK);
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct conn *nk = malloc(sizeof *nk); nk->fd = fd; nk->have = 0;
        ev.data.ptr = nk; ev.events = EPOLLIN; epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
        continue;
      }
      ssize_t r = read(k->fd, k->in + k->have, BUF - k->have < 65536 ? BUF - k->have : 65536);
      if (r <= 0) { close(k->fd); free(k); continue; }
      k->have += r;
      size_t off = 0, o = 0, f;
      while ((f = frame(k->in + off, k->have - off))) { memcpy(out + o, "+OK\r\n", 5); o += 5; off += f; }
      memmove(k->in, k->in + off, k->have - off); k->have -= off;
      if (o && write(k->fd, out, o) < 0) { close(k->fd); free(k); }
    }
  }
}
