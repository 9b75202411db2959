#include "server/net/listener.h"

#include <asio/basic_socket_acceptor.hpp>
#include <asio/ip/v6_only.hpp>
#include <chrono>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/log/log.h"
#include "server/net/event_loop.h"

namespace spinel::server::net {

namespace {

using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;

std::string to_text(const Tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

// Exactly the addresses that protected mode trusts; the rest of 127.0.0.0/8 is not among them.
bool is_loopback(const Tcp::endpoint& endpoint) {
  const asio::ip::address& address = endpoint.address();
  return address == asio::ip::address_v4::loopback() || address == asio::ip::address_v6::loopback();
}

// How long to leave connections waiting after one could not be accepted, as when descriptors run
// out: trying again at once would only spin.
constexpr std::chrono::milliseconds kPauseAfterError{100};

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
          if (alive.expired()) return;  // CONFIG SET port or bind made others
          if (error) return start_later(error);
          greet(std::move(socket));
          start();
        });
  }

 protected:
  virtual void greet(PeerSocket socket) = 0;

  EventLoop& loop_;

 private:
  std::weak_ptr<bool> alive() const { return alive_; }

  void start_later(const asio::error_code& error) {
    log_warning("Accepting client connection: {}", error.message());
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
  void greet(asio::basic_stream_socket<Tcp, Executor> socket) override {
    asio::error_code error;
    const Tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) return;  // gone already
    const Tcp::endpoint local = socket.local_endpoint(error);
    if (error) return;
    loop_.accept({.socket = Socket(std::move(socket)),
                  .address = to_text(peer),
                  .local_address = to_text(local),
                  .unix_socket = false,
                  .loopback = is_loopback(peer)});
  }
};

class UnixListener final : public SocketListener<Local> {
 public:
  UnixListener(EventLoop& loop, Acceptor acceptor, std::string path)
      : SocketListener(loop, std::move(acceptor)), path_(std::move(path)) {}
  ~UnixListener() override { ::unlink(path_.c_str()); }

 private:
  void greet(asio::basic_stream_socket<Local, Executor> socket) override {
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

asio::error_code open_tcp(TcpAcceptor& acceptor, const Tcp::endpoint& endpoint, int backlog) {
  asio::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) {
    acceptor.set_option(asio::ip::v6_only(true), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(backlog, error);
  return error;
}

// Reasons for which an address may be skipped that the configuration marks as optional.
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

std::string listen_tcp(EventLoop& loop, const Config& config, std::string_view name,
                       ListenResult& result) {
  const bool optional = name.starts_with('-');
  if (optional) name.remove_prefix(1);
  std::string address(name);
  if (address == "*") address = "0.0.0.0";
  if (address == "::*") address = "::";
  asio::error_code error;
  asio::ip::address parsed = asio::ip::make_address(address, error);
  if (error) {  // a host name
    Tcp::resolver resolver(loop.context());
    const auto found = resolver.resolve(address, "", error);
    if (!error) parsed = found.begin()->endpoint().address();
  }
  if (!error) {
    TcpAcceptor acceptor(loop.context().get_executor());
    error = open_tcp(acceptor, {parsed, static_cast<uint16_t>(config.port)}, config.tcp_backlog);
    if (!error) {
      result.listeners.push_back(std::make_unique<TcpListener>(loop, std::move(acceptor)));
      return {};
    }
  }
  std::string text = fmt::format("Could not create server TCP listening socket {}:{}: {}", name,
                                 config.port, error.message());
  if (optional && is_missing_address(error)) {
    log_warning("Warning: {}", text);
    return {};
  }
  return text;
}

std::string listen_unix(EventLoop& loop, const Config& config, ListenResult& result) {
  ::unlink(config.unixsocket.c_str());  // left behind by a server that crashed
  SocketListener<Local>::Acceptor acceptor(loop.context().get_executor());
  asio::error_code error;
  acceptor.open(Local(), error);
  if (!error) acceptor.bind(Local::endpoint(config.unixsocket), error);
  if (!error && config.unixsocketperm != 0 &&
      ::chmod(config.unixsocket.c_str(), config.unixsocketperm) != 0) {
    error = asio::error_code(errno, asio::system_category());
  }
  if (!error) acceptor.listen(config.tcp_backlog, error);
  if (error) {
    return fmt::format("Failed opening Unix socket {}: {}", config.unixsocket, error.message());
  }
  result.listeners.push_back(
      std::make_unique<UnixListener>(loop, std::move(acceptor), config.unixsocket));
  return {};
}

}  // namespace

ListenResult make_listeners(EventLoop& loop, const Config& config) {
  ListenResult result;
  if (config.port != 0) {
    for (const std::string& name : config.bind) {
      if (std::string error = listen_tcp(loop, config, name, result); !error.empty()) {
        result.error = {std::move(error), true};
        return result;
      }
    }
    if (result.listeners.empty() && !config.bind.empty()) {
      result.error = {"None of the addresses to listen on is there", true};
      return result;
    }
  }
  if (config.unixsocket.empty()) return result;
  if (std::string error = listen_unix(loop, config, result); !error.empty()) {
    result.error = {std::move(error), false};
  }
  return result;
}

}  // namespace spinel::server::net
