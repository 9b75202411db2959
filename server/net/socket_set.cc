#include "server/net/socket_set.h"

#include <cerrno>
#include <system_error>

#include "storage/base/assert.h"

namespace spinel::server::net {

namespace {

int make_set() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return set;
}

}  // namespace

SocketSet::SocketSet(const Executor& executor) : set_(executor, make_set()) {}

bool SocketSet::add(int descriptor) {
  return control(EPOLL_CTL_ADD, descriptor, EPOLLIN);
}

void SocketSet::remove(int descriptor) {
  const bool removed = control(EPOLL_CTL_DEL, descriptor, 0);
  SPINEL_ASSERT(removed);
}

void SocketSet::watch(int descriptor, bool readable, bool writable) {
  const uint32_t events = (readable ? uint32_t{EPOLLIN} : 0) | (writable ? uint32_t{EPOLLOUT} : 0);
  const bool modified = control(EPOLL_CTL_MOD, descriptor, events);
  SPINEL_ASSERT(modified);
}

bool SocketSet::control(int operation, int descriptor, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  return ::epoll_ctl(set_.native_handle(), operation, descriptor, &event) == 0;
}

std::span<const SocketSet::Ready> SocketSet::take_ready() {
  const int count = ::epoll_wait(set_.native_handle(), events_.data(), kMostReady, 0);
  if (count < 0) return {};  // interrupted: told of the next time
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const uint32_t events = events_[i].events;
    ready_[i] = {events_[i].data.fd, (events & ~uint32_t{EPOLLOUT}) != 0, (events & EPOLLOUT) != 0};
  }
  return {ready_.data(), static_cast<size_t>(count)};
}

}  // namespace spinel::server::net
