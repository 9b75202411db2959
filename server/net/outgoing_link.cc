#include "server/net/outgoing_link.h"

#include <asio/ip/basic_resolver.hpp>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "server/net/event_loop.h"

namespace spinel::server::net {

namespace {

using Tcp = asio::ip::tcp;

std::string to_text(const Tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

}  // namespace

// Of one connection: what is called back for an earlier one finds it gone.
struct OutgoingLink::Parts {
  explicit Parts(const Executor& executor) : resolver(executor), socket(executor) {}

  asio::ip::basic_resolver<Tcp, Executor> resolver;
  asio::basic_stream_socket<Tcp, Executor> socket;
  std::vector<Tcp::endpoint> endpoints;
  size_t next_endpoint = 0;
  std::string source_address;
  std::string last_error = "the name has no address";
  bool connected = false;
  bool watching = false;
  std::string unsent;
  const std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

OutgoingLink::OutgoingLink(EventLoop& loop, Owner& owner) : loop_(loop), owner_(owner) {}

OutgoingLink::~OutgoingLink() = default;

void OutgoingLink::connect(const std::string& host, int port, const std::string& source_address) {
  parts_ = std::make_unique<Parts>(loop_.context().get_executor());
  parts_->source_address = source_address;
  asio::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (!error) {
    parts_->endpoints.emplace_back(address, static_cast<uint16_t>(port));
    return connect_next();
  }
  parts_->resolver.async_resolve(
      host, std::to_string(port),
      [this, alive = std::weak_ptr<bool>(parts_->alive)](const asio::error_code& failure,
                                                         const Tcp::resolver::results_type& found) {
        if (alive.expired()) return;
        loop_.begin_turn();
        if (failure) parts_->last_error = failure.message();
        for (const auto& entry : found) parts_->endpoints.push_back(entry.endpoint());
        connect_next();
      });
}

// Tries the next address. Tells of a failure from the context, never from within `connect`.
void OutgoingLink::connect_next() {
  if (parts_->next_endpoint < parts_->endpoints.size()) return open_connection();
  asio::post(loop_.context(), [this, alive = std::weak_ptr<bool>(parts_->alive)] {
    if (alive.expired()) return;
    loop_.begin_turn();
    owner_.on_connect_failed(std::exchange(parts_->last_error, {}));
  });
}

void OutgoingLink::open_connection() {
  const Tcp::endpoint endpoint = parts_->endpoints[parts_->next_endpoint++];
  asio::error_code error;
  parts_->socket.close(error);
  parts_->socket.open(endpoint.protocol(), error);
  if (!error && !parts_->source_address.empty()) {
    const auto source = asio::ip::make_address(parts_->source_address, error);
    if (!error) parts_->socket.bind(Tcp::endpoint(source, 0), error);
  }
  if (!error) parts_->socket.non_blocking(true, error);
  if (error) {
    parts_->last_error = error.message();
    return connect_next();
  }
  parts_->socket.async_connect(endpoint, [this, alive = std::weak_ptr<bool>(parts_->alive)](
                                             const asio::error_code& failure) {
    if (alive.expired()) return;
    loop_.begin_turn();
    if (failure) {
      parts_->last_error = failure.message();
      return connect_next();
    }
    parts_->connected = true;
    const int on = 1;
    setsockopt(descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    owner_.on_connected();
  });
}

void OutgoingLink::close() {
  parts_.reset();
}

bool OutgoingLink::connected() const {
  return parts_ != nullptr && parts_->connected;
}

void OutgoingLink::watch() {
  if (!connected() || std::exchange(parts_->watching, true)) return;
  parts_->socket.async_wait(
      asio::socket_base::wait_read,
      [this, alive = std::weak_ptr<bool>(parts_->alive)](const asio::error_code& error) {
        if (alive.expired() || error) return;
        parts_->watching = false;
        loop_.begin_turn();
        owner_.on_readable();
      });
}

ssize_t OutgoingLink::receive(void* to, size_t size) {
  for (;;) {
    const ssize_t received = ::recv(descriptor(), to, size, MSG_DONTWAIT);
    if (received >= 0 || errno != EINTR) return received;
  }
}

void OutgoingLink::send(std::string_view bytes) {
  if (!connected()) return;
  parts_->unsent += bytes;
  flush();
}

void OutgoingLink::flush() {
  if (!connected()) return;
  std::string& unsent = parts_->unsent;
  while (!unsent.empty()) {
    const ssize_t sent =
        ::send(descriptor(), unsent.data(), unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return;  // a broken connection is noticed by reading
    unsent.erase(0, static_cast<size_t>(sent));
  }
}

int OutgoingLink::descriptor() const {
  return connected() ? parts_->socket.native_handle() : -1;
}

std::string OutgoingLink::peer_address() const {
  asio::error_code error;
  return connected() ? to_text(parts_->socket.remote_endpoint(error)) : std::string();
}

std::string OutgoingLink::local_address() const {
  asio::error_code error;
  return connected() ? to_text(parts_->socket.local_endpoint(error)) : std::string();
}

}  // namespace spinel::server::net
