#include "server/net/connection.h"

#include <asio/buffer.hpp>
#include <sys/socket.h>

#include "server/log/log.h"
#include "server/net/event_loop.h"
#include "server/server.h"

namespace spinel::server::net {

namespace {
// What an output buffer may keep while nothing is pending.
constexpr size_t kIdleOutputCapacity = 16 * 1024;
}  // namespace

Connection::Connection(EventLoop& loop, Socket socket)
    : loop_(loop), socket_(std::move(socket)), descriptor_(socket_.native_handle()) {
  client_.emplace(loop.server(), *this);
}

void Connection::read() {
  input_.prepare(parser_.expected_bytes());
  if (input_.size() > 0) loop_.server().client_memory.update(*client_);
  socket_.async_read_some(asio::buffer(input_.tail(), input_.room()),
                          [self = shared_from_this()](const asio::error_code& error, size_t bytes) {
                            self->on_read(error, bytes);
                          });
}

void Connection::on_read(const asio::error_code& error, size_t bytes) {
  if (!open() || client_->closing) return;
  if (error == asio::error::operation_aborted) {  // by release_idle_memory
    input_.shrink();
    read();
    return;
  }
  if (error) return on_read_end(error);
  loop_.begin_turn();
  input_.commit(bytes);
  Server& server = loop_.server();
  ++server.stats.total_reads_processed;
  server.stats.total_net_input_bytes += static_cast<int64_t>(bytes);
  client_->bytes_in += bytes;
  process_input();
  if (flush_scheduled_) loop_.count_output(client_->output.size());
  client_->last_interaction_ms = server.now_ms();
  if (input_.size() > server.config.client_query_buffer_limit_bytes) {
    log_warning("Closing client that reached max query buffer length: id={} addr={} qbuf={}",
                client_->id, client_->address, input_.size());
    ++server.stats.client_query_buffer_limit_disconnections;
    client_->closing = true;
    close();
  }
  if (open()) read();
}

void Connection::on_read_end(const asio::error_code& error) {
  // Who sends no more may still read what was answered, and is owed what was asked before.
  loop_.new_turn();
  if (!open() || client_->closing) return;
  if (error != asio::error::eof) {
    log_verbose("Reading from client {}: {}", client_->address, error.message());
  }
  client_->closing = true;
  close();
}

void Connection::process_input() {
  if (client_->close_after_reply || client_->closing) {
    input_.consume(input_.size());
    if (client_->close_after_reply) output_ready();
    return;
  }
  input_.consume(loop_.server().dispatcher.process(*client_, input_.view(), parser_));
  if (client_->close_after_reply) output_ready();
}

void Connection::flush() {
  Server& server = loop_.server();
  resp::OutputBuffer& output = client_->output;
  while (!output.empty()) {
    const ssize_t sent =
        ::send(descriptor_, output.data(), output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        log_verbose("Error writing to client {}: {}", client_->address, strerror(errno));
        client_->closing = true;
        close();
        return;
      }
      break;
    }
    output.consume(static_cast<size_t>(sent));
    client_->last_interaction_ms = server.now_ms();
    server.stats.total_net_output_bytes += sent;
    client_->bytes_out += static_cast<uint64_t>(sent);
    ++server.stats.total_writes_processed;
  }
  server.client_memory.update(*client_);
  if (!output.empty()) {
    wait_writable();
  } else if (client_->close_after_reply) {
    client_->closing = true;
    close();
  }
}

void Connection::wait_writable() {
  if (waiting_writable_) return;
  waiting_writable_ = true;
  socket_.async_wait(Socket::wait_write,
                     [self = shared_from_this()](const asio::error_code& error) {
                       self->waiting_writable_ = false;
                       if (!self->open() || self->client_->closing) return;
                       if (error == asio::error::operation_aborted) return self->wait_writable();
                       self->loop_.begin_turn();
                       self->output_ready();
                     });
}

void Connection::destroy() {
  if (!open()) return;
  asio::error_code ignored;
  socket_.close(ignored);
  descriptor_ = -1;
  client_.reset();
}

void Connection::release_idle_memory() {
  client_->output.release_idle_memory(kIdleOutputCapacity);
  if (input_.size() == 0 && input_.capacity() > resp::InputBuffer::kInitialCapacity) {
    // The read under way holds the buffer; on_read starts it again with a small one.
    asio::error_code ignored;
    socket_.cancel(ignored);
  }
}

void Connection::output_ready() {
  if (!flush_scheduled_ && !waiting_writable_) loop_.schedule_flush(*this);
}

void Connection::resume_input() {
  if (!resume_scheduled_) loop_.schedule_resume(*this);
}

void Connection::close() {
  if (!close_scheduled_) loop_.schedule_close(*this);
}

}  // namespace spinel::server::net
