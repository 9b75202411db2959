// The loop: Asio's reactor on one thread, the connections, and the timers that drive the server.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "server/net/asio.h"
#include "server/net/connection.h"
#include "server/net/listener.h"

namespace spinel::server {
class Server;
}

namespace spinel::server::net {

// A turn is what the events that are there bring about: reads are processed, others may be woken by
// them, and at its end every connection with output is written to once, then those that are to go
// are closed. Writing once for many readers wakes the system's scheduler, and them, less often.
class EventLoop {
 public:
  explicit EventLoop(Server& server);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Listens as the configuration says, instead of as before, which may be nowhere. Returns what
  // went wrong; then nothing listens.
  std::optional<ListenError> listen();
  bool listening() const { return !listeners_.empty(); }
  // Serves until the server asks for shutdown.
  void run();

  Server& server() { return server_; }
  asio::io_context& context() { return context_; }

  // Takes a connection that a listener accepted.
  void accept(Socket socket, std::string address, std::string local_address, bool unix_socket,
              bool loopback);

  // --- for connections, within a turn
  void schedule_flush(Connection& connection);
  void schedule_resume(Connection& connection);
  void schedule_close(Connection& connection);
  // Every handler of an event calls this before it does what belongs to a turn.
  void begin_turn();
  // As begin_turn, but what came before is answered first.
  void new_turn();
  // The end of this turn has so many more bytes of replies to write, about.
  void count_output(size_t bytes) { turn_output_bytes_ += bytes; }

 private:
  using List = std::vector<std::shared_ptr<Connection>>;

  // CONFIG SET of `option` listens anew and fails with `failure` (static) if that cannot be done.
  void relisten_on_change(std::string_view option, std::string_view failure);
  void start_cron();
  void check_connections();
  // Whether the turn may take in another event.
  bool turn_may_go_on() const;
  void end_turn();
  void close_scheduled();
  void arm_deadline();
  void watch_signals();

  Server& server_;
  asio::io_context context_{1};
  Timer cron_timer_;
  Timer deadline_timer_;
  SignalSet signals_;
  int64_t armed_deadline_ms_ = 0;
  uint64_t turn_began_ticks_ = 0;  // 0: none is under way
  size_t turn_output_bytes_ = 0;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  List to_flush_;
  List to_resume_;
  List to_close_;
};

}  // namespace spinel::server::net
