// Connections to the servers that MIGRATE moves keys to. They block, but no step longer than the
// command's timeout: connecting, each piece that is sent, each line that is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::server {

class MigrateConnection {
 public:
  enum class Status : uint8_t { kOk, kFailed, kTimeout };

  // `socket` is connected, non-blocking, and closed with this object.
  explicit MigrateConnection(int socket) : socket_(socket) {}
  ~MigrateConnection();
  MigrateConnection(const MigrateConnection&) = delete;
  MigrateConnection& operator=(const MigrateConnection&) = delete;

  // Sends all of `bytes`.
  Status write(std::string_view bytes, int timeout_ms);
  // Reads a line and removes its end. One of more than 64 KiB is a failure.
  Status read_line(std::string& line, int timeout_ms);

  // The database that the target has selected for this connection, if that is known.
  std::optional<int64_t> database;

 private:
  static constexpr size_t kMaxLine = size_t{64} << 10;

  const int socket_;
  std::string received_;  // and not read yet
};

// Keeps connections for the next MIGRATE to the same target.
class MigrateConnections {
 public:
  static constexpr size_t kMost = 64;
  static constexpr int64_t kIdleMs = 10'000;

  enum class Failure : uint8_t { kNone, kUnknownHost, kRefused };
  struct Opened {
    MigrateConnection* connection;  // null after a failure
    Failure failure;
  };
  // A connection to `host`, a name or an address, at `port`. Valid until the next call of a method.
  // Closes the one unused longest if there are too many.
  Opened open(std::string_view host, int port, int timeout_ms, int64_t now_ms);
  void close(const MigrateConnection* connection);
  // Closes what was not used for kIdleMs; `now_ms` is monotonic.
  void close_idle(int64_t now_ms);
  size_t size() const { return kept_.size(); }

 private:
  struct Kept {
    std::string target;
    int64_t used_at_ms;
    std::unique_ptr<MigrateConnection> connection;
  };

  std::vector<Kept> kept_;
};

}  // namespace spinel::server
