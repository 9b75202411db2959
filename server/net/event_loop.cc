#include "server/net/event_loop.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include "server/client_description.h"
#include "server/log/log.h"
#include "server/process/limits.h"
#include "server/server.h"
#include "storage/base/assert.h"

namespace spinel::server::net {

namespace {

// When a turn takes in no further event: the replies to the first ones wait for its end, and count
// as memory of clients until then.
constexpr uint64_t kMaxTurnUs = 1000;
constexpr size_t kMaxTurnOutputBytes = 128 * 1024;

// How many bytes are read before they are executed: enough for the requests of a hundred clients
// that do not pipeline, and less than what one brings that does, which is best executed while in
// cache.
constexpr size_t kMaxUnexecutedBytes = 4 * 1024;

// How many connections are accepted, or timers served, before sockets are looked at again.
constexpr int kMaxEvents = 128;
// After how long of serving sockets alone newcomers and timers have their turn.
constexpr uint64_t kMaxSocketsUs = 1000;

constexpr int64_t kFarthestWakeUpMs = 24 * 3600 * 1000;

constexpr std::string_view kTooManyClients = "-ERR max number of clients reached\r\n";
constexpr std::string_view kProtectedMode =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password "
    "is set for the default user. In this mode connections are only accepted from the loopback "
    "interface. To connect from elsewhere: set a password (requirepass), or bind only to trusted "
    "interfaces and switch the mode off, with 'CONFIG SET protected-mode no' from the loopback "
    "interface or 'protected-mode no' in the configuration file.\r\n";

uint64_t elapsed_us(uint64_t since_ticks) {
  return storage::TickClock::ticks_to_us(storage::TickClock::now_ticks() - since_ticks);
}

void refuse(Socket& socket, std::string_view reason) {
  // Best effort: whoever is refused may not even read.
  [[maybe_unused]] const ssize_t sent =
      ::send(socket.native_handle(), reason.data(), reason.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void set_tcp_options(int descriptor, int keepalive_s) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (keepalive_s <= 0) return;
  const int interval = std::max(keepalive_s / 3, 1);
  const int probes = 3;
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &keepalive_s, sizeof keepalive_s);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

}  // namespace

EventLoop::EventLoop(Server& server)
    : server_(server),
      cron_timer_(context_.get_executor()),
      deadline_timer_(context_.get_executor()),
      append_only_file_event_(context_.get_executor(),
                              dup(server.append_only_file.event_descriptor())) {
  relisten_on_change("port", "Unable to listen on this port. Check server logs.");
  relisten_on_change("bind", "Failed to bind to specified addresses.");
  server_.config_store.on_change({"maxclients"}, [](const Config& changed) {
    std::optional<std::string> error;
    if (!can_open_files_for(static_cast<uint32_t>(changed.maxclients))) {
      error = fmt::format(
          "The operating system is not able to handle the specified number of "
          "clients, try with {}",
          most_clients_allowed());
    }
    return error;
  });
  watch_signals();
  watch_append_only_file();
}

EventLoop::~EventLoop() {
  listeners_.close();
  connections_.clear();
}

void EventLoop::relisten_on_change(std::string_view option, std::string_view failure) {
  server_.config_store.on_change({option}, [this, failure](const Config&) {
    const auto error = listen();
    if (!error) return std::optional<std::string>();
    log_warning("{}", *error);
    return std::optional<std::string>(failure);
  });
}

std::optional<std::string> EventLoop::listen() {
  return listeners_.update(server_.config);
}

void EventLoop::watch_signals() {
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGALRM, SIG_IGN);
  watch_shutdown_signals();
}

void EventLoop::watch_shutdown_signals() {
  shutdown_signal_arrived_.async_wait(Descriptor::wait_read, [this](const asio::error_code& error) {
    const auto signal = shutdown_signals_.received();
    if (error || !signal) return;
    log_warning("Received {}, scheduling shutdown", describe_signal(*signal));
    const uint32_t flags = signal->number == SIGTERM ? server_.config.shutdown_on_sigterm
                                                     : server_.config.shutdown_on_sigint;
    const auto go_on = [this] {
      shutdown_signals_.forget();
      watch_shutdown_signals();
    };
    if (server_.shutdown.begin(shutdown_request_of(flags), go_on) == Shutdown::Start::kFailed) {
      go_on();
    }
  });
}

void EventLoop::run() {
  while (!server_.shutdown_request()) {
    run_once(true);
    server_.replication->between_turns();
  }
}

void EventLoop::serve_ready() {
  if (!server_.shutdown_request()) run_once(false);
}

void EventLoop::serve_next() {
  if (!server_.shutdown_request()) run_once(true);
}

void EventLoop::run_once(bool may_wait) {
  if (!std::exchange(cron_started_, true)) start_cron();
  handle_events(may_wait);
  end_turn();
  const uint64_t began_ticks = storage::TickClock::now_ticks();
  while (sockets_ready_ && !server_.shutdown_request()) {
    serve_sockets();
    if (elapsed_us(began_ticks) >= kMaxSocketsUs) break;
  }
  SPINEL_ASSERT(to_flush_.empty() && to_execute_.empty() && to_close_.empty());
  closed_.clear();
  take_in_newcomers();  // those who left have made room
}

void EventLoop::handle_events(bool may_wait) {
  if (!sockets_ready_) {
    watch_sockets();
    may_wait ? context_.run_one() : context_.poll_one();
    if (sockets_ready_) return;
  }
  for (int i = 0; i < kMaxEvents; ++i) {
    if (context_.poll_one() == 0) break;
  }
}

void EventLoop::watch_sockets() {
  if (std::exchange(sockets_watched_, true)) return;
  sockets_.async_wait([this](const asio::error_code& error) {
    SPINEL_ASSERT(!error);  // would come again at once
    sockets_watched_ = false;
    sockets_ready_ = true;
  });
}

void EventLoop::serve_sockets() {
  const std::span<const SocketSet::Ready> all_ready = sockets_.take_ready();
  for (const SocketSet::Ready& ready : all_ready) {
    if (server_.shutdown_request()) break;
    if (Connection* connection = connection_of(ready.descriptor)) connection->on_ready(ready);
    if (unexecuted_bytes_ >= kMaxUnexecutedBytes) execute_input();
    if (!turn_may_go_on()) end_turn();
  }
  end_turn();
  // One client alone is likely to wait for its reply now; of several, one may have it already.
  sockets_ready_ = all_ready.size() > 1;
}

Connection* EventLoop::connection_of(int descriptor) {
  const auto place = static_cast<size_t>(descriptor);
  return place < connections_.size() ? connections_[place].get() : nullptr;
}

std::string_view EventLoop::reason_to_refuse(const Newcomer& newcomer) const {
  if (server_.clients.size() >= static_cast<size_t>(server_.config.maxclients)) {
    return kTooManyClients;
  }
  const bool local = newcomer.unix_socket || newcomer.loopback;
  const bool is_protected = server_.config.protected_mode && server_.config.requirepass.empty();
  return is_protected && !local ? kProtectedMode : std::string_view();
}

void EventLoop::take_in_newcomers() {
  for (Newcomer& newcomer : newcomers_) {
    const std::string_view reason = reason_to_refuse(newcomer);
    if (reason.empty()) {
      take_in(newcomer);
    } else {
      refuse(newcomer.socket, reason);
      ++server_.stats.rejected_connections;
    }
  }
  newcomers_.clear();
}

void EventLoop::take_in(Newcomer& newcomer) {
  const int descriptor = newcomer.socket.native_handle();
  if (!sockets_.add(descriptor)) {
    log_warning("Error registering the socket of a new client: {}", strerror(errno));
    return;
  }
  if (!newcomer.unix_socket) set_tcp_options(descriptor, server_.config.tcp_keepalive_s);
  ++server_.stats.total_connections_received;
  server_.update_time();
  asio::error_code ignored;
  newcomer.socket.release(ignored);
  auto connection = std::make_unique<Connection>(*this, descriptor);
  Client& client = connection->client();
  client.address = std::move(newcomer.address);
  client.local_address = std::move(newcomer.local_address);
  client.unix_socket = newcomer.unix_socket;
  client.loopback = newcomer.loopback;
  log_verbose("Accepted {}", client.address);
  const auto place = static_cast<size_t>(descriptor);
  if (place >= connections_.size()) connections_.resize(place + 1);
  connections_[place] = std::move(connection);
}

void EventLoop::schedule_flush(Connection& connection) {
  connection.flush_scheduled_ = true;
  to_flush_.push_back(&connection);
}

void EventLoop::schedule_input(Connection& connection, size_t new_bytes) {
  connection.input_scheduled_ = true;
  to_execute_.push_back(&connection);
  unexecuted_bytes_ += new_bytes;
}

void EventLoop::schedule_close(Connection& connection) {
  connection.close_scheduled_ = true;
  to_close_.push_back(&connection);
}

void EventLoop::hold(Connection& connection) {
  if (std::exchange(connection.held_, true)) return;
  held_.push_back(&connection);
}

void EventLoop::release_held() {
  std::erase_if(held_, [this](Connection* connection) {
    if (server_.reply_gate.is_held(connection->client())) return false;
    connection->held_ = false;
    connection->output_ready();
    return true;
  });
}

void EventLoop::watch_append_only_file() {
  append_only_file_event_.async_wait(Descriptor::wait_read, [this](const asio::error_code& error) {
    if (error) return;
    begin_turn();
    server_.append_only_file.on_event();
    watch_append_only_file();
  });
}

void EventLoop::begin_turn() {
  if (turn_began_ticks_ == 0) turn_began_ticks_ = storage::TickClock::now_ticks();
}

void EventLoop::new_turn() {
  end_turn();
  begin_turn();
}

bool EventLoop::turn_may_go_on() const {
  if (server_.shutdown_request()) return false;
  if (turn_began_ticks_ == 0) return true;
  return elapsed_us(turn_began_ticks_) < kMaxTurnUs && turn_output_bytes_ < kMaxTurnOutputBytes &&
         !server_.clients.memory.over();
}

void EventLoop::end_turn() {
  if (turn_began_ticks_ == 0) return;
  execute_input();
  server_.before_sleep();
  while (!to_execute_.empty()) execute_input();  // of those that were woken
  server_.tracking.end_turn();
  server_.append_only_file.end_turn();
  server_.replication->end_turn();
  if (!held_.empty()) release_held();
  flush_output();
  close_scheduled();
  server_.clients.evict();
  close_scheduled();
  arm_deadline();
  server_.end_turn(turn_began_ticks_);
  turn_began_ticks_ = 0;
  turn_output_bytes_ = 0;
}

void EventLoop::execute_input() {
  if (to_execute_.empty()) return;
  executing_.swap(to_execute_);
  unexecuted_bytes_ = 0;
  std::erase_if(executing_, [this](Connection* connection) {
    connection->input_scheduled_ = false;
    if (!connection->open()) return true;
    const std::optional<PendingInput> input = connection->pending_input();
    if (input) inputs_.push_back(*input);
    return !input;
  });
  server_.dispatcher.process(inputs_);
  for (size_t i = 0; i < inputs_.size(); ++i) executing_[i]->finish_input(inputs_[i]);
  executing_.clear();
  inputs_.clear();
}

void EventLoop::flush_output() {
  // Flushing may schedule a close, nothing else.
  for (Connection* connection : to_flush_) {
    connection->flush_scheduled_ = false;
    if (connection->open() && !connection->client().closing) connection->flush();
  }
  to_flush_.clear();
}

void EventLoop::close_scheduled() {
  if (to_close_.empty()) return;
  for (Connection* connection : std::exchange(to_close_, {})) {
    if (connection->held_) std::erase(held_, connection);
    closed_.push_back(std::move(connections_[static_cast<size_t>(connection->descriptor())]));
    connection->destroy();
  }
}

void EventLoop::arm_deadline() {
  const int64_t deadline_ms = server_.next_deadline_ms();
  if (deadline_ms == armed_deadline_ms_) return;
  armed_deadline_ms_ = deadline_ms;
  if (deadline_ms == 0) {
    deadline_timer_.cancel();
    return;
  }
  // Deadlines are times of the same monotonic clock that steady_clock reads. One that is far away
  // is looked at again before: it may lie beyond what the timer can count.
  const int64_t at_ms = std::min(deadline_ms, server_.monotonic_ms() + kFarthestWakeUpMs);
  deadline_timer_.expires_at(
      std::chrono::steady_clock::time_point(std::chrono::milliseconds(at_ms)));
  deadline_timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    armed_deadline_ms_ = 0;
    begin_turn();
    server_.serve_deadlines();
  });
}

void EventLoop::start_cron() {
  cron_timer_.expires_after(std::chrono::milliseconds(1000 / server_.rounds_per_second()));
  cron_timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    new_turn();  // this may take long
    if (!server_.debug.cron_paused) {
      server_.cron();
      check_connections();
    }
    start_cron();
  });
}

void EventLoop::check_connections() {
  const int64_t now_ms = server_.now_ms();
  const int64_t timeout_ms = int64_t{server_.config.timeout_s} * 1000;
  for (const auto& connection : connections_) {
    if (connection == nullptr) continue;
    Client& client = connection->client();
    const int64_t idle_ms = now_ms - client.last_interaction_ms;
    if (timeout_ms != 0 && idle_ms > timeout_ms && client.blocked == BlockReason::kNone &&
        !client.monitor && !client.is_subscriber() && !client.is_replica()) {
      server_.clients.close(client, CloseReason::kIdle);
    } else if (server_.debug.reply_buffer_resizing && server_.debug.reply_buffer_idle_ms >= 0) {
      connection->shrink_output();
      if (idle_ms > server_.debug.reply_buffer_idle_ms) connection->release_idle_memory();
    }
    server_.clients.check_output_limit(client);
  }
}

}  // namespace spinel::server::net
