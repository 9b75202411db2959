#include "server/net/event_loop.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include "server/log/log.h"
#include "server/process/limits.h"
#include "server/server.h"

namespace spinel::server::net {

namespace {

// When a turn takes in no further event: the replies to the first ones wait for its end, and count
// as memory of clients until then.
constexpr int kMaxTurnEvents = 128;
constexpr uint64_t kMaxTurnUs = 300;
constexpr size_t kMaxTurnOutputBytes = 128 * 1024;

constexpr int64_t kFarthestWakeUpMs = 24 * 3600 * 1000;

constexpr std::string_view kTooManyClients = "-ERR max number of clients reached\r\n";
constexpr std::string_view kProtectedMode =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password "
    "is set for the default user. In this mode connections are only accepted from the loopback "
    "interface. To connect from elsewhere: set a password (requirepass), or bind only to trusted "
    "interfaces and switch the mode off, with 'CONFIG SET protected-mode no' from the loopback "
    "interface or 'protected-mode no' in the configuration file.\r\n";

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
      signals_(context_.get_executor()) {
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
}

EventLoop::~EventLoop() {
  listeners_.clear();
  for (const auto& connection : connections_) connection->destroy();
  connections_.clear();
}

void EventLoop::relisten_on_change(std::string_view option, std::string_view failure) {
  server_.config_store.on_change({option}, [this, failure](const Config&) {
    const auto error = listen();
    if (!error) return std::optional<std::string>();
    log_warning("{}", error->text);
    return std::optional<std::string>(failure);
  });
}

std::optional<ListenError> EventLoop::listen() {
  // The old sockets go first: a new one may want the same address.
  listeners_.clear();
  ListenResult result = make_listeners(*this, server_.config);
  if (result.error) return std::move(result.error);
  listeners_ = std::move(result.listeners);
  for (const auto& listener : listeners_) listener->start();
  return std::nullopt;
}

void EventLoop::watch_signals() {
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  asio::error_code ignored;
  signals_.add(SIGINT, ignored);
  signals_.add(SIGTERM, ignored);
  signals_.async_wait([this](const asio::error_code& error, int signal) {
    if (error) return;
    log_warning("Received {} scheduling shutdown...", signal == SIGINT ? "SIGINT" : "SIGTERM");
    server_.request_shutdown({});
  });
}

void EventLoop::run() {
  start_cron();
  while (!server_.shutdown_request()) {
    context_.run_one();
    for (int events = 1; events < kMaxTurnEvents && turn_may_go_on(); ++events) {
      if (context_.poll_one() == 0) break;
    }
    end_turn();
  }
}

void EventLoop::accept(Socket socket, std::string address, std::string local_address,
                       bool unix_socket, bool loopback) {
  const auto full = [this] {
    return server_.clients.size() >= static_cast<size_t>(server_.config.maxclients);
  };
  if (full()) close_scheduled();
  if (full()) {
    refuse(socket, kTooManyClients);
    ++server_.stats.rejected_connections;
    return;
  }
  if (server_.config.protected_mode && server_.config.requirepass.empty() && !unix_socket &&
      !loopback) {
    refuse(socket, kProtectedMode);
    ++server_.stats.rejected_connections;
    return;
  }
  if (!unix_socket) set_tcp_options(socket.native_handle(), server_.config.tcp_keepalive_s);
  ++server_.stats.total_connections_received;
  server_.update_time();
  auto connection = std::make_shared<Connection>(*this, std::move(socket));
  Client& client = connection->client();
  client.address = std::move(address);
  client.local_address = std::move(local_address);
  client.unix_socket = unix_socket;
  client.loopback = loopback;
  log_verbose("Accepted {}", client.address);
  connections_.insert(connection);
  connection->start();
}

void EventLoop::schedule_flush(Connection& connection) {
  connection.flush_scheduled_ = true;
  to_flush_.push_back(connection.shared_from_this());
}

void EventLoop::schedule_resume(Connection& connection) {
  connection.resume_scheduled_ = true;
  to_resume_.push_back(connection.shared_from_this());
}

void EventLoop::schedule_close(Connection& connection) {
  connection.close_scheduled_ = true;
  to_close_.push_back(connection.shared_from_this());
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
  const uint64_t ticks = storage::TickClock::now_ticks() - turn_began_ticks_;
  return storage::TickClock::ticks_to_us(ticks) < kMaxTurnUs &&
         turn_output_bytes_ < kMaxTurnOutputBytes && !server_.client_memory.over();
}

void EventLoop::end_turn() {
  if (turn_began_ticks_ == 0) return;
  server_.before_sleep();
  while (!to_resume_.empty()) {
    for (const auto& connection : std::exchange(to_resume_, {})) {
      connection->resume_scheduled_ = false;
      if (connection->open()) connection->process_input();
    }
  }
  // Flushing may schedule a close, nothing else.
  for (size_t i = 0; i < to_flush_.size(); ++i) {
    Connection& connection = *to_flush_[i];
    connection.flush_scheduled_ = false;
    if (connection.open() && !connection.client().closing) connection.flush();
  }
  to_flush_.clear();
  close_scheduled();
  server_.evict_clients();
  close_scheduled();
  arm_deadline();
  server_.end_turn(turn_began_ticks_);
  turn_began_ticks_ = 0;
  turn_output_bytes_ = 0;
}

void EventLoop::close_scheduled() {
  if (to_close_.empty()) return;
  for (const auto& connection : std::exchange(to_close_, {})) {
    connection->destroy();
    connections_.erase(connection);
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
  const int hz = std::max(server_.config.hz, 1);
  cron_timer_.expires_after(std::chrono::milliseconds(1000 / hz));
  cron_timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    new_turn();  // this may take long
    if (!server_.cron_paused) {
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
    if (!connection->open()) continue;
    Client& client = connection->client();
    const int64_t idle_ms = now_ms - client.last_interaction_ms;
    if (timeout_ms != 0 && idle_ms > timeout_ms && client.blocked == BlockReason::kNone &&
        !client.monitor) {
      log_verbose("Closing idle client");
      server_.disconnect(client);
    } else if (server_.reply_buffer_resizing && server_.reply_buffer_idle_ms >= 0 &&
               idle_ms > server_.reply_buffer_idle_ms) {
      connection->release_idle_memory();
    }
    server_.check_output_limit(client);
  }
}

}  // namespace spinel::server::net
