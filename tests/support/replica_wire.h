#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/server_process.h"

namespace spinel::test {

/// A replica that is nothing but a socket: it says what the test tells it to, and keeps every byte
/// that the master sends.
class ReplicaWire {
 public:
  explicit ReplicaWire(const ServerProcess& master) : connection_(master.raw()) {}

  /// Sends a command; nobody waits for an answer.
  void send(const std::vector<std::string>& command);
  void send_bytes(std::string_view bytes) { connection_.send(bytes); }
  /// Sends a command and returns the lines that were answered, by sending PING behind it: for a
  /// connection that is no replica yet.
  std::string ask(const std::vector<std::string>& command);
  /// Takes the next line, without its end; "(timeout)" or "(closed)" if there is none.
  std::string line();
  /// The same, passing over the empty lines that keep the connection alive.
  std::string line_with_text();
  /// Takes so many bytes, or fewer if no more come.
  std::string take(std::size_t size);
  /// Takes all up to and with `end`.
  std::string take_through(std::string_view end);
  /// Reads the full copy: its first line, and then as that says. Returns its content.
  std::string take_copy();
  /// Whether `text` comes, in the stream that follows.
  bool stream_has(std::string_view text);
  /// Whether nothing comes for a moment: only to see that a master keeps silent.
  bool is_silent(milliseconds moment);
  /// All that comes until the master closes the connection, which it does if `closed`.
  std::string rest(bool& closed);
  bool closes() { return connection_.closes(); }
  void close() { connection_.close(); }
  int fd() const { return connection_.fd(); }

 private:
  bool receive(Clock::time_point deadline);

  RawConnection connection_;
  std::string received_;
  bool is_closed_ = false;
};

}  // namespace spinel::test
