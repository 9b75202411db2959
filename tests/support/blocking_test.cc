#include "tests/support/blocking_test.h"

namespace spinel::test {

RawConnection& BlockingKeysTest::blocked(const std::string& text) {
  waiting_.push_back(server().raw());
  return block_again(waiting_.back(), text);
}

RawConnection& BlockingKeysTest::block_again(RawConnection& connection, const std::string& text) {
  const long long before = info_number("blocked_clients");
  EXPECT_TRUE(connection.send(encode_command(words(text))));
  EXPECT_TRUE(wait_until([&] { return info_number("blocked_clients") == before + 1; })) << text;
  return connection;
}

void BlockingKeysTest::expect_waiting(RawConnection& connection) {
  EXPECT_EQ(run("PING"), status("PONG"));
  EXPECT_EQ(connection.read_reply(milliseconds(0)).type, Reply::Type::kTimeout);
}

void BlockingKeysTest::TearDown() {
  waiting_.clear();
  EXPECT_TRUE(wait_until([&] { return info_number("blocked_clients") == 0; }));
  ServerTest::TearDown();
}

}  // namespace spinel::test
