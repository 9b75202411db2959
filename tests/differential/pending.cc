#include "tests/differential/pending.h"

#include <gtest/gtest.h>

namespace spinel::test {

std::vector<std::string> read_pending(RawConnection& connection) {
  const std::string end = "the end of what was pending";
  connection.send(encode_command({"PING", end}));
  std::vector<std::string> received;
  while (true) {
    const Reply reply = connection.read_reply();
    if (!reply.is_reply()) {
      ADD_FAILURE() << reply;
      return received;
    }
    if (reply == bulk(end) || reply == bulks({"pong", end})) return received;
    received.push_back(reply.to_string());
  }
}

}  // namespace spinel::test
