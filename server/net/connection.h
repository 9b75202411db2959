// A client's socket: reads requests, has them executed, sends the replies.
#pragma once

#include <memory>
#include <optional>

#include "server/client.h"
#include "server/net/asio.h"
#include "server/resp/input_buffer.h"
#include "server/resp/request_parser.h"

namespace spinel::server::net {

class EventLoop;

// Kept alive by the operation it has under way, and by the loop while it is open. One read is
// always under way; replies are written directly, and only what the socket does not take waits for
// it to become writable. So a slow reader costs the others nothing.
class Connection final : public ClientTransport, public std::enable_shared_from_this<Connection> {
 public:
  Connection(EventLoop& loop, Socket socket);

  // Begins to serve the client.
  void start() { read(); }
  Client& client() { return *client_; }
  bool open() const { return client_.has_value(); }

  // --- what the loop does at the end of a turn
  // Executes what input there is.
  void process_input();
  // Sends what the socket takes; closes if that was the last reply.
  void flush();
  // Closes the socket and ends the client.
  void destroy();
  // Gives back the memory of a client that has been quiet.
  void release_idle_memory();

  // --- ClientTransport
  void output_ready() override;
  void resume_input() override;
  void close() override;
  size_t query_buffer_bytes() const override { return input_.size(); }
  size_t query_buffer_capacity() const override { return input_.capacity(); }
  resp::PartialRequest partial_request() const override { return parser_.partial_request(); }
  int descriptor() const override { return descriptor_; }

 private:
  friend class EventLoop;

  void read();
  void on_read(const asio::error_code& error, size_t bytes);
  // Nothing more can be read: the peer's stream ended, or `error` says what went wrong.
  void on_read_end(const asio::error_code& error);
  void wait_writable();

  EventLoop& loop_;
  Socket socket_;
  int descriptor_;
  std::optional<Client> client_;
  resp::InputBuffer input_;
  resp::RequestParser parser_;
  bool waiting_writable_ = false;
  // Whether this connection is in the loop's list of that name.
  bool flush_scheduled_ = false;
  bool resume_scheduled_ = false;
  bool close_scheduled_ = false;
};

}  // namespace spinel::server::net
