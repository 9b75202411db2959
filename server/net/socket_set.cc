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
  epoll_event event{};
  // Room to write is told of only after a write found none, so to ask for it always costs nothing.
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLOUT | EPOLLET;
  event.data.fd = descriptor;
  return ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void SocketSet::remove(int descriptor) {
  epoll_event ignored{};
  const int result = ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, descriptor, &ignored);
  SPINEL_ASSERT(result == 0);
}

std::span<const SocketSet::Ready> SocketSet::take_ready() {
  const int count = ::epoll_wait(set_.native_handle(), events_.data(), kMostReady, 0);
  if (count < 0) return {};  // interrupted: told of the next time
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const uint32_t events = events_[i].events;
    const bool ended = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    ready_[i] = {events_[i].data.fd, ended || (events & EPOLLIN) != 0, (events & EPOLLOUT) != 0,
                 ended};
  }
  return {ready_.data(), static_cast<size_t>(count)};
}

}  // namespace spinel::server::net
