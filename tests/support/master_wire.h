#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/wait.h"

namespace spinel::test {

/// A master that is nothing but a socket: it answers a replica as the test tells it to.
class MasterWire {
 public:
  MasterWire();
  ~MasterWire();
  MasterWire(const MasterWire&) = delete;
  MasterWire& operator=(const MasterWire&) = delete;

  std::string port() const { return std::to_string(port_); }
  /// Waits for the replica to connect, in place of the connection there was. False if it does not.
  bool accept(milliseconds patience = kPatience);
  /// The next command, in whatever form; empty once the replica closed the connection, or sends
  /// none in time. Newlines between commands are passed over.
  std::vector<std::string> command(milliseconds patience = kPatience);
  void send(std::string_view bytes);
  void send_command(const std::vector<std::string>& command);
  void close();
  /// Whether the replica closes the connection. What it sent before is dropped.
  bool closed_by_replica();

  /// Accepts, and answers the handshake up to PSYNC, which it returns.
  std::vector<std::string> handshake();
  /// The same, and gives a full copy of `rdb` by its size.
  void give_copy(const std::string& id, long long offset, const std::string& rdb);
  /// The offset of the next ACK; -1 if there is none.
  long long acknowledged(milliseconds patience = kPatience);
  /// Waits until the replica acknowledges `offset`.
  bool acknowledges(long long offset);

 private:
  bool receive(Clock::time_point deadline);
  bool take_line(std::string& line, Clock::time_point deadline);

  int listener_ = -1;
  int port_ = 0;
  int fd_ = -1;
  std::string received_;
};

/// An RDB file with these strings in database 0, with its checksum.
std::string rdb_of(const std::vector<std::pair<std::string, std::string>>& strings);

}  // namespace spinel::test
