#include "server/net/descriptor_watch.h"

#include <utility>

#include "server/net/event_loop.h"

namespace spinel::server::net {

// Lives until the last call of Asio is over.
struct DescriptorWatch::State {
  State(EventLoop& loop_in, int descriptor_in, std::function<void()> on_readable_in)
      : loop(loop_in),
        descriptor(loop_in.context().get_executor(), descriptor_in),
        on_readable(std::move(on_readable_in)) {}

  EventLoop& loop;
  Descriptor descriptor;
  std::function<void()> on_readable;
  bool armed = false;
};

DescriptorWatch::DescriptorWatch(EventLoop& loop, int descriptor, std::function<void()> on_readable)
    : state_(std::make_shared<State>(loop, descriptor, std::move(on_readable))) {}

DescriptorWatch::~DescriptorWatch() {
  asio::error_code ignored;
  state_->descriptor.close(ignored);
}

int DescriptorWatch::descriptor() const {
  return state_->descriptor.native_handle();
}

void DescriptorWatch::arm() {
  if (std::exchange(state_->armed, true)) return;
  state_->descriptor.async_wait(Descriptor::wait_read,
                                [state = state_](const asio::error_code& error) {
                                  state->armed = false;
                                  if (error || !state->descriptor.is_open()) return;
                                  state->loop.begin_turn();
                                  state->on_readable();
                                });
}

}  // namespace spinel::server::net
