#include "server/net/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/client_description.h"
#include "server/log/log.h"
#include "server/net/event_loop.h"
#include "server/replication.h"
#include "server/server.h"

namespace spinel::server::net {

namespace {
// What an output buffer may keep while nothing is pending.
constexpr size_t kIdleOutputCapacity = 16 * 1024;
// How many pieces of output one system call sends at most.
constexpr size_t kMostParts = 64;
// How much of its stream or file a replica is sent in one turn.
constexpr size_t kMostFeedBytes = 256 * 1024;
}  // namespace

Connection::Connection(EventLoop& loop, int descriptor) : loop_(loop), descriptor_(descriptor) {
  client_.emplace(loop.server(), *this);
  client_->output.allow_sharing(true);
}

void Connection::on_ready(const SocketSet::Ready& ready) {
  if (client_->closing) return;
  if (ready.writable) {
    loop_.begin_turn();
    if (!flush_scheduled_) loop_.schedule_flush(*this);
  }
  if (ready.readable) read();
}

void Connection::read() {
  if (parser_.expects_large()) return read_large();
  input_.prepare(parser_.expected_bytes());
  if (input_.size() > 0) loop_.server().clients.memory.update(*client_);
  const size_t room = input_.room();
  const ssize_t received = ::recv(descriptor_, input_.tail(), room, MSG_DONTWAIT);
  on_received(received, [this](size_t bytes) { input_.commit(bytes); });
  if (received != static_cast<ssize_t>(room)) return;
  // There may be more: of a large argument the rest is received into memory of its own.
  loop_.execute_input();
  if (parser_.expects_large() && !client_->closing) read_large();
}

void Connection::read_large() {
  const std::span<char> room = parser_.large_room(input_.view());
  input_.truncate(parser_.partial_request().bytes);
  loop_.server().clients.memory.update(*client_);
  const ssize_t received = ::recv(descriptor_, room.data(), room.size(), MSG_DONTWAIT);
  on_received(received, [this](size_t bytes) { parser_.commit_large(bytes); });
}

template <typename Commit>
void Connection::on_received(ssize_t received, Commit&& commit) {
  if (received > 0) {
    commit(static_cast<size_t>(received));
    on_read(static_cast<size_t>(received));
  } else if (received == 0) {
    on_read_end(0);
  } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
    on_read_end(errno);
  }
}

void Connection::on_read(size_t bytes) {
  loop_.begin_turn();
  Server& server = loop_.server();
  ++server.stats.total_reads_processed;
  server.stats.total_net_input_bytes += static_cast<int64_t>(bytes);
  client_->bytes_in += bytes;
  client_->last_interaction_ms = server.now_ms();
  // An argument may be too long although now it is whole.
  if ((parser_.expected_bytes() > 0 || parser_.large_received_bytes() > 0) && !check_query_buffer())
    return;
  if (!input_scheduled_) loop_.schedule_input(*this, bytes);
}

// Disconnects the client if it exceeds client-query-buffer-limit, and returns false then. Whole
// arguments do not count.
bool Connection::check_query_buffer() {
  Server& server = loop_.server();
  const size_t limit = server.config.client_query_buffer_limit_bytes;
  const size_t unparsed = parser_.unparsed_bytes(input_.size());
  if (unparsed <= limit || client_->closing) return true;
  server.clients.close(*client_, CloseReason::kQueryBuffer);
  return false;
}

std::optional<PendingInput> Connection::pending_input() {
  if (!client_->close_after_reply && !client_->closing) {
    return PendingInput{.client = &*client_, .parser = &parser_, .bytes = input_.view()};
  }
  input_.consume(input_.size());
  parser_.reset();
  if (client_->close_after_reply) output_ready();
  return std::nullopt;
}

void Connection::finish_input(const PendingInput& input) {
  input_.consume(input.done);
  if (client_->close_after_reply) output_ready();
  if (flush_scheduled_) loop_.count_output(client_->output.size());
  check_query_buffer();
}

void Connection::on_read_end(int error) {
  // Who sends no more may still read: what was answered is sent, as far as the socket takes it.
  loop_.new_turn();
  if (!open() || client_->closing) return;
  if (error == 0 && !input_ended_ && loop_.server().reply_gate.is_held(*client_)) {
    // What it may still read waits for the disk.
    input_ended_ = true;
    client_->close_after_reply = true;
    loop_.sockets().watch(descriptor_, false, waiting_writable_);
    return;
  }
  const CloseReason reason = error == 0 ? CloseReason::kLeft : CloseReason::kReadFailed;
  loop_.server().clients.close(*client_, reason, error);
}

void Connection::flush() {
  Server& server = loop_.server();
  if (client_->held_until != 0 && server.reply_gate.is_held(*client_)) [[unlikely]] {
    wait_for_writable(false);
    return loop_.hold(*this);
  }
  resp::OutputBuffer& output = client_->output;
  most_pending_bytes_ = std::max(most_pending_bytes_, output.size());
  while (!output.empty()) {
    const ssize_t sent = send_pending();
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        return server.clients.close(*client_, CloseReason::kWriteFailed, errno);
      }
      break;
    }
    output.consume(static_cast<size_t>(sent));
    client_->last_interaction_ms = server.now_ms();
    server.stats.total_net_output_bytes += sent;
    client_->bytes_out += static_cast<uint64_t>(sent);
    ++server.stats.total_writes_processed;
  }
  server.clients.memory.update(*client_);
  bool unsent = !output.empty();
  if (!unsent && client_->replica != nullptr) [[unlikely]] {
    const std::optional<bool> all = send_feed();
    if (!all) return;
    unsent = !*all;
  }
  wait_for_writable(unsent);
  if (!unsent && client_->close_after_reply) {
    server.clients.close(*client_, CloseReason::kReplied);
  }
}

// Sends what a replica is sent besides replies, but no more than other clients can wait for.
// Returns whether nothing is left for which the socket must become writable; nothing if the client
// was closed.
std::optional<bool> Connection::send_feed() {
  Server& server = loop_.server();
  size_t sent_bytes = 0;
  while (sent_bytes < kMostFeedBytes) {
    const std::string_view bytes = client_->replica->peek();
    if (bytes.empty()) return true;
    const ssize_t sent =
        ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
      server.clients.close(*client_, CloseReason::kWriteFailed, errno);
      return std::nullopt;
    }
    client_->replica->consume(static_cast<size_t>(sent));
    sent_bytes += static_cast<size_t>(sent);
    server.stats.total_net_repl_output_bytes += sent;
    client_->bytes_out += static_cast<uint64_t>(sent);
  }
  return false;
}

void Connection::wait_for_writable(bool wait) {
  if (wait == waiting_writable_) return;
  waiting_writable_ = wait;
  loop_.sockets().watch(descriptor_, !input_ended_, wait);
}

ssize_t Connection::send_pending() {
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
  const resp::OutputBuffer& output = client_->output;
  if (output.is_contiguous()) return ::send(descriptor_, output.data(), output.size(), kFlags);
  std::array<iovec, kMostParts> parts;
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = output.gather(parts.data(), parts.size());
  return ::sendmsg(descriptor_, &message, kFlags);
}

void Connection::destroy() {
  if (!open()) return;
  loop_.sockets().remove(descriptor_);
  ::close(descriptor_);
  descriptor_ = -1;
  client_.reset();
}

void Connection::release_idle_memory() {
  client_->output.release_idle_memory(kIdleOutputCapacity);
  input_.release_idle_memory();
}

void Connection::shrink_output() {
  constexpr size_t kMuchLarger = 4;
  const size_t needed_bytes = std::max(most_pending_bytes_ * kMuchLarger, kIdleOutputCapacity);
  client_->output.release_idle_memory(needed_bytes);
  most_pending_bytes_ = client_->output.size();
}

void Connection::output_ready() {
  if (!flush_scheduled_ && !waiting_writable_) loop_.schedule_flush(*this);
}

void Connection::resume_input() {
  if (!input_scheduled_) loop_.schedule_input(*this, 0);
}

void Connection::close() {
  if (!close_scheduled_) loop_.schedule_close(*this);
}

}  // namespace spinel::server::net
