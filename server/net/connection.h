// A client's socket: reads requests, has them executed, sends the replies.
#pragma once

#include <cstddef>
#include <optional>

#include "server/client.h"
#include "server/engine/dispatch.h"
#include "server/net/socket_set.h"
#include "server/resp/input_buffer.h"
#include "server/resp/request_parser.h"

namespace spinel::server::net {

class EventLoop;

// Owned by the loop, which tells it when its socket is ready. Replies are written directly, and
// only what the socket does not take waits for it to become writable. So a slow reader costs the
// others nothing.
class Connection final : public ClientTransport {
 public:
  // Takes over the socket, which is in the loop's set.
  Connection(EventLoop& loop, int descriptor);
  ~Connection() override { destroy(); }

  Client& client() { return *client_; }
  bool open() const { return client_.has_value(); }

  // --- what the loop does when the socket is ready
  // Reads once, for the loop to execute what came, and has the loop send what waits.
  void on_ready(const SocketSet::Ready& ready);

  // --- what the loop does in a turn
  // What was received and may be executed; nothing once the client is to be closed.
  std::optional<PendingInput> pending_input();
  // To be called with what the dispatcher made of it, after all of the same call to it.
  void finish_input(const PendingInput& input);
  // Sends what the socket takes; closes if that was the last reply.
  void flush();
  // Closes the socket and ends the client.
  void destroy();
  // Gives back the memory of a client that has been quiet.
  void release_idle_memory();
  // Gives back the output buffer if it is much larger than what was needed since the last call.
  void shrink_output();

  // --- ClientTransport
  void output_ready() override;
  void resume_input() override;
  void close() override;
  size_t query_buffer_bytes() const override {
    return input_.size() + parser_.large_received_bytes();
  }
  size_t query_buffer_capacity() const override {
    return input_.capacity() + parser_.large_capacity();
  }
  resp::PartialRequest partial_request() const override { return parser_.partial_request(); }
  int descriptor() const override { return descriptor_; }

 private:
  friend class EventLoop;

  void read();
  // The same of a large argument, which goes to memory of its own.
  void read_large();
  // Takes what recv(2) returned.
  template <typename Commit>
  void on_received(ssize_t received, Commit&& commit);
  void on_read(size_t bytes);
  ssize_t send_pending();
  std::optional<bool> send_feed();
  // Has the loop tell when there is room to write, or not any more.
  void wait_for_writable(bool wait);
  bool check_query_buffer();
  // Nothing more can be read: the peer's stream ended if `error` is 0, else that errno is why.
  void on_read_end(int error);

  EventLoop& loop_;
  int descriptor_;
  std::optional<Client> client_;
  resp::InputBuffer input_;
  resp::RequestParser parser_;
  size_t most_pending_bytes_ = 0;  // of output, since it was last looked at
  bool waiting_writable_ = false;
  bool input_ended_ = false;  // the peer sends no more, and waits for replies
  // Whether this connection is in the loop's list of that name.
  bool flush_scheduled_ = false;
  bool input_scheduled_ = false;
  bool close_scheduled_ = false;
  bool held_ = false;
};

}  // namespace spinel::server::net
