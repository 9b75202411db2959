// Tells when a descriptor that is no client's socket, such as a pipe from a child, can be read.
#pragma once

#include <functional>
#include <memory>

namespace spinel::server::net {

class EventLoop;

class DescriptorWatch {
 public:
  // Takes over `descriptor`, which is closed in the end. `on_readable` runs within a turn of
  // `loop`, which outlives this, and may destroy it.
  DescriptorWatch(EventLoop& loop, int descriptor, std::function<void()> on_readable);
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  int descriptor() const;
  // Has `on_readable` called once, as soon as there is something to read, or the end. Does nothing
  // if it is about to be called already.
  void arm();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace spinel::server::net
