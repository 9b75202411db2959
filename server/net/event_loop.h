// The loop: the connections, the listeners, and the timers that drive the server, on one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/net/asio.h"
#include "server/net/connection.h"
#include "server/net/listener.h"
#include "server/net/socket_set.h"
#include "server/process/shutdown_signals.h"

namespace spinel::server {
class Server;
}

namespace spinel::server::net {

// A turn is what the events that are there bring about: sockets are read, requests executed, others
// may be woken by them. At its end, in this order: what was read is executed; keys expire and are
// evicted; clients that were woken go on; the append only file takes the effects; every connection
// with output is written to once, but for those whose replies wait for the disk; connections that
// are to go are closed. Requests of clients that are ready together
// are executed together, so that the dispatcher can prefetch for all of them. Writing once for many
// readers wakes the system's scheduler, and them, less often.
class EventLoop {
 public:
  explicit EventLoop(Server& server);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Replaces the listeners with those that the configuration names. On failure returns the error
  // and changes nothing.
  std::optional<std::string> listen();
  bool listening() const { return !listeners_.empty(); }
  // Serves until the server asks for shutdown.
  void run();
  // Serves what is ready, and waits for nothing: while the server loads its data.
  void serve_ready();
  // As serve_ready, but waits until there is something: while a load waits for its source.
  void serve_next();

  Server& server() { return server_; }
  asio::io_context& context() { return context_; }

  // A connection that a listener accepted.
  struct Newcomer {
    Socket socket;
    std::string address;
    std::string local_address;
    bool unix_socket;
    bool loopback;
  };
  // Takes it in, or refuses it, when what is under way is done.
  void accept(Newcomer newcomer) { newcomers_.push_back(std::move(newcomer)); }

  // --- for connections, within a turn
  void schedule_flush(Connection& connection);
  // Has the input of `connection` executed, of which `new_bytes` were just read.
  void schedule_input(Connection& connection, size_t new_bytes);
  // Executes all input that was scheduled.
  void execute_input();
  void schedule_close(Connection& connection);
  // Keeps the output of `connection` until the writes that it tells of are on disk.
  void hold(Connection& connection);
  // Every handler of an event calls this before it does what belongs to a turn.
  void begin_turn();
  // Does `work` as a turn of its own, where none is under way.
  template <typename Work>
  void within_turn(Work&& work) {
    begin_turn();
    work();
    end_turn();
  }
  // As begin_turn, but what came before is answered first.
  void new_turn();
  // The end of this turn has so many more bytes of replies to write, about.
  void count_output(size_t bytes) { turn_output_bytes_ += bytes; }
  SocketSet& sockets() { return sockets_; }

 private:
  // Of a turn; empty when it is over. Connections last longer, closed ones too.
  using List = std::vector<Connection*>;

  // CONFIG SET of `option` calls listen(), and fails with `failure` (static) if that fails.
  void relisten_on_change(std::string_view option, std::string_view failure);
  void start_cron();
  void check_connections();
  // Handles events that Asio knows of. Unless sockets are ready, waits for one, or for a socket.
  void handle_events(bool may_wait);
  void watch_sockets();
  // Handles what is ready, or waits for something if it may.
  void run_once(bool may_wait);
  // One turn, or several if it grows too long: what arrived at the sockets.
  void serve_sockets();
  // What to tell it; empty: it may come in.
  std::string_view reason_to_refuse(const Newcomer& newcomer) const;
  void take_in_newcomers();
  void take_in(Newcomer& newcomer);
  // Of a socket; null if it was closed.
  Connection* connection_of(int descriptor);
  // Whether the turn may take in another event.
  bool turn_may_go_on() const;
  void end_turn();
  void flush_output();
  // Has the output sent that waits for no write any more.
  void release_held();
  void watch_append_only_file();
  void close_scheduled();
  void arm_deadline();
  void watch_signals();
  void watch_shutdown_signals();

  Server& server_;
  asio::io_context context_{1};
  Timer cron_timer_;
  bool cron_started_ = false;
  Timer deadline_timer_;
  ShutdownSignals shutdown_signals_;
  Descriptor shutdown_signal_arrived_{context_.get_executor(), shutdown_signals_.descriptor()};
  Descriptor append_only_file_event_;
  int64_t armed_deadline_ms_ = 0;
  uint64_t turn_began_ticks_ = 0;  // 0: none is under way
  size_t turn_output_bytes_ = 0;
  size_t unexecuted_bytes_ = 0;  // read by those in `to_execute_`
  Listeners listeners_{*this};
  SocketSet sockets_{context_.get_executor()};
  bool sockets_watched_ = false;                          // a wait for them is under way
  bool sockets_ready_ = false;                            // there is something to read, or probably
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  std::vector<std::unique_ptr<Connection>> closed_;       // until no turn is under way
  std::vector<Newcomer> newcomers_;
  List to_execute_;
  List executing_;
  std::vector<PendingInput> inputs_;  // of `executing_`
  List to_flush_;
  List to_close_;
  List held_;  // across turns: their output waits for writes to be on disk
};

}  // namespace spinel::server::net
