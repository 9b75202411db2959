#include "server/net/listener.h"

#include <algorithm>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/ip/v6_only.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/log/log.h"
#include "server/net/event_loop.h"
#include "server/net/loopback.h"

namespace spinel::server::net {

namespace {

using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;

std::string to_text(const Tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

// The pause after a connection could not be accepted, for instance for want of descriptors. Trying
// again at once would only spin.
constexpr std::chrono::milliseconds kPauseAfterError{100};

constexpr size_t kMaxUnixPathBytes = sizeof(sockaddr_un::sun_path);

bool set_option(int descriptor, int option, int value) {
  return ::setsockopt(descriptor, SOL_SOCKET, option, &value, sizeof value) == 0;
}

template <typename Protocol>
class SocketListener : public Listener {
 public:
  using Acceptor = asio::basic_socket_acceptor<Protocol, Executor>;
  using PeerSocket = asio::basic_stream_socket<Protocol, Executor>;

  SocketListener(EventLoop& loop, Acceptor acceptor)
      : loop_(loop), acceptor_(std::move(acceptor)), retry_timer_(loop.context().get_executor()) {}

  void start() override {
    acceptor_.async_accept(
        loop_.context().get_executor(),
        [this, alive = alive()](const asio::error_code& error, PeerSocket socket) {
          if (alive.expired()) return;  // CONFIG SET port or bind closed this listener
          if (error) return start_later(error);
          on_accept(std::move(socket));
          start();
        });
  }

  void allow_overlap(bool allowed) override {
    set_option(acceptor_.native_handle(), SO_REUSEPORT, allowed);
  }

 protected:
  virtual void on_accept(PeerSocket socket) = 0;

  EventLoop& loop_;

 private:
  std::weak_ptr<bool> alive() const { return alive_; }

  void start_later(const asio::error_code& error) {
    log_warning("Cannot accept a connection: {}", error.message());
    retry_timer_.expires_after(kPauseAfterError);
    retry_timer_.async_wait([this, alive = alive()](const asio::error_code&) {
      if (!alive.expired()) start();
    });
  }

  Acceptor acceptor_;
  Timer retry_timer_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class TcpListener final : public SocketListener<Tcp> {
 public:
  using SocketListener::SocketListener;

 private:
  void on_accept(asio::basic_stream_socket<Tcp, Executor> socket) override {
    asio::error_code error;
    const Tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) return;  // the client is gone
    const Tcp::endpoint local = socket.local_endpoint(error);
    if (error) return;
    loop_.accept({.socket = Socket(std::move(socket)),
                  .address = to_text(peer),
                  .local_address = to_text(local),
                  .unix_socket = false,
                  .loopback = is_loopback(peer.address())});
  }
};

class UnixListener final : public SocketListener<Local> {
 public:
  UnixListener(EventLoop& loop, Acceptor acceptor, std::string path)
      : SocketListener(loop, std::move(acceptor)), path_(std::move(path)) {}
  ~UnixListener() override { ::unlink(path_.c_str()); }

 private:
  void on_accept(asio::basic_stream_socket<Local, Executor> socket) override {
    const std::string address = path_ + ":0";
    loop_.accept({.socket = Socket(std::move(socket)),
                  .address = address,
                  .local_address = address,
                  .unix_socket = true,
                  .loopback = false});
  }

  std::string path_;
};

using TcpAcceptor = SocketListener<Tcp>::Acceptor;
using UnixAcceptor = SocketListener<Local>::Acceptor;

void set_mark(int descriptor, uint32_t mark) {
  if (mark == 0 || set_option(descriptor, SO_MARK, static_cast<int>(mark))) return;
  log_warning("Cannot set socket-mark-id {} on a listening socket: {}", mark, strerror(errno));
}

// `overlaps`: with a socket of ours that is about to be closed.
asio::error_code open_tcp(TcpAcceptor& acceptor, const Tcp::endpoint& endpoint,
                          const Config& config, bool overlaps) {
  asio::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  const int descriptor = acceptor.native_handle();
  set_mark(descriptor, config.socket_mark_id);
  acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) {
    acceptor.set_option(asio::ip::v6_only(true), error);
  }
  if (overlaps) set_option(descriptor, SO_REUSEPORT, 1);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(config.tcp_backlog, error);
  // Nobody else may have the port when the update is over.
  if (overlaps) set_option(descriptor, SO_REUSEPORT, 0);
  return error;
}

asio::error_code open_unix(UnixAcceptor& acceptor, const Config& config) {
  const std::string& path = config.unixsocket;
  ::unlink(path.c_str());  // left behind by a server that crashed
  asio::error_code error;
  acceptor.open(Local(), error);
  if (!error) set_mark(acceptor.native_handle(), config.socket_mark_id);
  if (!error) acceptor.bind(Local::endpoint(path), error);
  if (!error && config.unixsocketperm != 0 && ::chmod(path.c_str(), config.unixsocketperm) != 0) {
    error = asio::error_code(errno, asio::system_category());
  }
  if (!error) acceptor.listen(config.tcp_backlog, error);
  return error;
}

// Returns whether the error allows to skip an optional address.
bool is_missing_address(const asio::error_code& error) {
  switch (error.value()) {
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EPFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
      return true;
    default:
      return false;
  }
}

// Resolves "*", "::*", a numeric address or a host name.
asio::error_code resolve(asio::io_context& context, std::string_view name,
                         asio::ip::address& address) {
  const std::string text = name == "*" ? "0.0.0.0" : name == "::*" ? "::" : std::string(name);
  asio::error_code error;
  address = asio::ip::make_address(text, error);
  if (!error) return error;
  Tcp::resolver resolver(context);
  const auto found = resolver.resolve(text, "", error);
  if (!error) address = found.begin()->endpoint().address();
  return error;
}

}  // namespace

// One call of Listeners::update(). New sockets are bound before old ones close, so that a failure
// drops no connection that waits to be accepted.
class Listeners::Update {
 public:
  Update(EventLoop& loop, const Config& config, std::vector<Open>& open)
      : loop_(loop), config_(config), open_(open), is_kept_(open.size(), false) {}

  std::optional<std::string> run() {
    if (auto error = find_tcp()) return error;
    const bool wants_unix = !config_.unixsocket.empty() && !keep(config_.unixsocket);
    const bool overlaps = allow_overlap(true);
    auto error = open_tcp_sockets(overlaps);
    allow_overlap(false);
    if (!error && wants_unix) error = open_unix_socket();
    if (error) return error;
    for (const Open& each : opened_) each.listener->start();
    for (size_t i = 0; i < open_.size(); ++i) {
      if (is_kept_[i]) opened_.push_back(std::move(open_[i]));
    }
    open_ = std::move(opened_);
    return std::nullopt;
  }

 private:
  struct Missing {
    std::string_view name;
    bool optional;
    Tcp::endpoint endpoint;
  };

  uint16_t port() const { return static_cast<uint16_t>(config_.port); }

  // Resolves the names of `bind`, keeps the sockets that are open, and notes the missing ones.
  std::optional<std::string> find_tcp() {
    if (config_.port == 0) return std::nullopt;
    for (std::string_view name : config_.bind) {
      const bool optional = name.starts_with('-');
      if (optional) name.remove_prefix(1);
      asio::ip::address address;
      if (const auto error = resolve(loop_.context(), name, address)) {
        if (auto failure = tcp_failure(name, optional, error)) return failure;
        continue;
      }
      const Tcp::endpoint endpoint(address, port());
      // The system might not refuse it, since SO_REUSEPORT lets sockets of ours overlap for a
      // while.
      if (std::find(endpoints_.begin(), endpoints_.end(), endpoint) != endpoints_.end()) {
        return tcp_failure(name, false, asio::error::address_in_use);
      }
      endpoints_.push_back(endpoint);
      if (!keep(to_text(endpoint))) missing_.push_back({name, optional, endpoint});
    }
    return std::nullopt;
  }

  // Keeps the socket at `address`. Returns whether there is one.
  bool keep(std::string_view address) {
    for (size_t i = 0; i < open_.size(); ++i) {
      if (is_kept_[i] || open_[i].address != address) continue;
      is_kept_[i] = true;
      return true;
    }
    return false;
  }

  // A socket that is about to close may hold the port for all addresses while it is bound for one
  // of them, or the other way round. Returns whether any such socket has the port.
  bool allow_overlap(bool allowed) {
    bool any = false;
    for (size_t i = 0; i < open_.size(); ++i) {
      if (is_kept_[i] || open_[i].port == 0 || open_[i].port != port()) continue;
      open_[i].listener->allow_overlap(allowed);
      any = true;
    }
    return any;
  }

  std::optional<std::string> open_tcp_sockets(bool overlaps) {
    for (const Missing& each : missing_) {
      TcpAcceptor acceptor(loop_.context().get_executor());
      if (const auto error = open_tcp(acceptor, each.endpoint, config_, overlaps)) {
        if (auto failure = tcp_failure(each.name, each.optional, error)) return failure;
        continue;
      }
      opened_.push_back({to_text(each.endpoint), port(),
                         std::make_unique<TcpListener>(loop_, std::move(acceptor))});
    }
    const bool none =
        opened_.empty() && std::find(is_kept_.begin(), is_kept_.end(), true) == is_kept_.end();
    if (config_.port != 0 && none && !config_.bind.empty()) {
      return std::string("None of the addresses to listen on is there");
    }
    return std::nullopt;
  }

  // Returns the error text. Logs it and returns nothing if the address is optional and missing.
  std::optional<std::string> tcp_failure(std::string_view name, bool optional,
                                         const asio::error_code& error) const {
    std::string text =
        fmt::format("Cannot listen on {}:{} (tcp): {}", name, config_.port, error.message());
    if (!optional || !is_missing_address(error)) return text;
    log_warning("{}", text);
    return std::nullopt;
  }

  std::optional<std::string> open_unix_socket() {
    const std::string& path = config_.unixsocket;
    if (path.size() >= kMaxUnixPathBytes) {
      return fmt::format(
          "Cannot listen on the Unix socket: its path has {} bytes, and must be under {}",
          path.size(), kMaxUnixPathBytes);
    }
    UnixAcceptor acceptor(loop_.context().get_executor());
    if (const auto error = open_unix(acceptor, config_)) {
      return fmt::format("Cannot listen on the Unix socket {}: {}", path, error.message());
    }
    opened_.push_back({path, 0, std::make_unique<UnixListener>(loop_, std::move(acceptor), path)});
    return std::nullopt;
  }

  EventLoop& loop_;
  const Config& config_;
  std::vector<Open>& open_;    // before the update
  std::vector<bool> is_kept_;  // which of `open_` stay open
  std::vector<Tcp::endpoint> endpoints_;
  std::vector<Missing> missing_;
  std::vector<Open> opened_;
};

std::optional<std::string> Listeners::update(const Config& config) {
  return Update(loop_, config, open_).run();
}

}  // namespace spinel::server::net
