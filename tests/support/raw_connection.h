#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/arguments.h"
#include "tests/support/reply.h"
#include "tests/support/resp_reader.h"
#include "tests/support/wait.h"

namespace spinel::test {

/// A socket to a server with nothing between the test and the wire: any bytes out, replies of any
/// RESP version in. Not thread-safe. Every wait is bounded.
class RawConnection {
 public:
  struct Options {
    int receive_buffer_bytes = 0;     ///< SO_RCVBUF; 0 leaves the system's
    std::string source_address = {};  ///< IPv4 address to connect from; empty: the system's choice
  };

  RawConnection() = default;
  ~RawConnection() { close(); }
  RawConnection(RawConnection&& other) noexcept;
  RawConnection& operator=(RawConnection&& other) noexcept;

  /// To a numeric IPv4 or IPv6 address. Not connected() when refused.
  static RawConnection tcp(const std::string& address, int port, const Options& options);
  static RawConnection tcp(const std::string& address, int port) {
    return tcp(address, port, Options{});
  }
  static RawConnection unix_socket(const std::string& path);

  bool connected() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  /// This end as the server sees it: `127.0.0.1:50412`, `[::1]:50412`; empty for Unix sockets.
  std::string local_address() const;

  /// Sends all of it. False when the peer is gone or did not take it in time.
  bool send(std::string_view bytes, milliseconds patience = kPatience);
  /// Sends what the socket takes without waiting; returns the number of bytes taken.
  std::size_t send_some(std::string_view bytes);

  /// The next reply; kTimeout, kClosed or kMalformed when there is none.
  Reply read_reply(milliseconds patience = kPatience);
  /// Everything until the peer closes. `closed` (optional) tells if it did so in time.
  std::string read_until_closed(bool* closed = nullptr, milliseconds patience = kPatience);
  /// The peer closes within `patience`. What it sent before is kept for read_reply.
  bool closes(milliseconds patience = kPatience);

  Reply command(const std::vector<std::string>& arguments);
  template <typename... Arguments>
  Reply run(const Arguments&... arguments) {
    return command(to_arguments(arguments...));
  }

  /// Sends `requests` while it reads `replies` replies, so that neither side fills up.
  /// Stops early at the first reply that is none.
  std::vector<Reply> exchange(std::string_view requests, std::size_t replies,
                              milliseconds patience = kPatience);
  std::vector<Reply> pipeline(const std::vector<std::vector<std::string>>& commands);

  /// No more bytes will be sent; the other direction stays open.
  void half_close();
  void close();
  /// Closes with RST instead of FIN.
  void reset();

 private:
  enum class ReadResult { kData, kClosed, kTimeout };
  ReadResult read_some(Clock::time_point deadline);
  bool wait_for(short events, Clock::time_point deadline) const;

  int fd_ = -1;
  bool peer_closed_ = false;
  RespReader reader_;
};

}  // namespace spinel::test
