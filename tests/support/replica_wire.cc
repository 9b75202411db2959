#include "tests/support/replica_wire.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace spinel::test {

void ReplicaWire::send(const std::vector<std::string>& command) {
  connection_.send(encode_command(command));
}

bool ReplicaWire::receive(Clock::time_point deadline) {
  char bytes[64 * 1024];
  while (!is_closed_) {
    const ssize_t got = ::recv(connection_.fd(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0) {
      received_.append(bytes, static_cast<std::size_t>(got));
      return true;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
      is_closed_ = true;
      break;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd descriptor{connection_.fd(), POLLIN, 0};
    ::poll(&descriptor, 1, static_cast<int>(left) + 1);
  }
  return false;
}

std::string ReplicaWire::take_through(std::string_view end) {
  const auto deadline = Clock::now() + kPatience;
  std::size_t from = 0;
  for (;;) {
    const std::size_t at = received_.find(end, from);
    if (at != std::string::npos) return take(at + end.size());
    from = received_.size() - std::min(received_.size(), end.size());
    if (!receive(deadline)) return is_closed_ ? "(closed)" : "(timeout)";
  }
}

std::string ReplicaWire::line() {
  std::string text = take_through("\n");
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

std::string ReplicaWire::line_with_text() {
  std::string text;
  while (text.empty()) text = line();
  return text;
}

std::string ReplicaWire::take(std::size_t size) {
  const auto deadline = Clock::now() + kPatience;
  while (received_.size() < size && receive(deadline)) {
  }
  const std::string taken = received_.substr(0, size);
  received_.erase(0, size);
  return taken;
}

std::string ReplicaWire::ask(const std::vector<std::string>& command) {
  send(command);
  send({"PING"});
  std::string answer;
  for (;;) {
    const std::string next = line();
    if (next == "+PONG") return answer;
    answer += next;
    if (next == "(closed)" || next == "(timeout)") return answer;
  }
}

std::string ReplicaWire::take_copy() {
  const std::string head = line_with_text();
  if (head.starts_with("$EOF:")) {
    const std::string mark = head.substr(5);
    std::string copy = take_through(mark);
    copy.resize(copy.size() - std::min(copy.size(), mark.size()));
    return copy;
  }
  if (!head.starts_with("$")) return "(not a copy) " + head;
  return take(std::strtoull(head.c_str() + 1, nullptr, 10));
}

bool ReplicaWire::stream_has(std::string_view text) {
  const auto deadline = Clock::now() + kPatience;
  while (received_.find(text) == std::string::npos) {
    if (!receive(deadline)) return false;
  }
  return true;
}

std::string ReplicaWire::rest(bool& closed) {
  const auto deadline = Clock::now() + kPatience;
  while (receive(deadline)) {
  }
  closed = is_closed_;
  return std::move(received_);
}

bool ReplicaWire::is_silent(milliseconds moment) {
  return received_.empty() && !receive(Clock::now() + moment) && !is_closed_;
}

}  // namespace spinel::test
