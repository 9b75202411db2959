// The tests' own reader of replies: a reader that accepts too much would hide the server's faults.
#include "tests/support/resp_reader.h"

#include <gtest/gtest.h>

#include "tests/support/reply.h"

namespace spinel::test {
namespace {

Reply read_all(std::string_view bytes) {
  RespReader reader;
  reader.feed(bytes);
  auto reply = reader.next();
  EXPECT_TRUE(reply.has_value()) << printable(bytes);
  EXPECT_EQ(reader.pending_bytes(), 0U) << printable(bytes);
  return reply.value_or(Reply{});
}

TEST(RespReaderTest, ReadsEveryType) {
  EXPECT_EQ(read_all("+OK\r\n"), ok());
  EXPECT_EQ(read_all("-ERR no\r\n"), error("ERR no"));
  EXPECT_EQ(read_all("!6\r\nERR no\r\n"), error("ERR no"));
  EXPECT_EQ(read_all(":-12\r\n"), integer(-12));
  EXPECT_EQ(read_all("$4\r\na\r\nb\r\n"), bulk("a\r\nb"));
  EXPECT_EQ(read_all("$0\r\n\r\n"), bulk(""));
  EXPECT_EQ(read_all("$-1\r\n"), nil());
  EXPECT_EQ(read_all("_\r\n"), nil());
  EXPECT_EQ(read_all("*-1\r\n"), null_array());
  EXPECT_EQ(read_all("*0\r\n"), array({}));
  EXPECT_EQ(read_all("*2\r\n$1\r\na\r\n*1\r\n:1\r\n"), array({bulk("a"), array({integer(1)})}));
  EXPECT_EQ(read_all(",1.5\r\n"), real("1.5"));
  EXPECT_EQ(read_all("#t\r\n"), boolean(true));
  EXPECT_EQ(read_all("#f\r\n"), boolean(false));
  EXPECT_EQ(read_all("=5\r\ntxt:a\r\n"), verbatim("txt", "a"));
  EXPECT_EQ(read_all("%1\r\n+a\r\n:1\r\n"), map({status("a"), integer(1)}));
  EXPECT_EQ(read_all("~2\r\n:1\r\n:2\r\n"), set({integer(1), integer(2)}));
  EXPECT_EQ(read_all(">1\r\n+a\r\n"), push({status("a")}));
}

TEST(RespReaderTest, WaitsForTheRestAtEverySplit) {
  const std::string stream = "*2\r\n%1\r\n$3\r\nkey\r\n,2.5\r\n*2\r\n$-1\r\n~1\r\n:7\r\n+PONG\r\n";
  const Reply first = array({map({bulk("key"), real("2.5")}), array({nil(), set({integer(7)})})});
  for (std::size_t split = 1; split < stream.size(); ++split) {
    RespReader reader;
    std::vector<Reply> replies;
    for (const std::string& part : {stream.substr(0, split), stream.substr(split)}) {
      reader.feed(part);
      while (auto reply = reader.next()) replies.push_back(*reply);
    }
    EXPECT_EQ(replies, (std::vector<Reply>{first, status("PONG")})) << "split at " << split;
  }
}

TEST(RespReaderTest, RefusesWhatTheProtocolDoesNotAllow) {
  for (const char* bytes : {"+OK\n", "\r\n", "OK\r\n", ":1x\r\n", ":\r\n", "$x\r\n", "$-2\r\n",
                            "$1\r\nab\r\n", "*-2\r\n", "#x\r\n", "_x\r\n", "%-1\r\n"}) {
    RespReader reader;
    reader.feed(bytes);
    const auto reply = reader.next();
    ASSERT_TRUE(reply.has_value()) << printable(bytes);
    EXPECT_EQ(reply->type, Reply::Type::kMalformed) << printable(bytes);
  }
}

}  // namespace
}  // namespace spinel::test
