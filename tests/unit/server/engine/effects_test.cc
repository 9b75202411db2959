#include "server/engine/effects.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace spinel::server {
namespace {

class Effects : public testing::Test {
 protected:
  using Words = std::vector<std::string_view>;

  std::string take(storage::ByteLog::Reader& reader) {
    std::string bytes;
    while (reader.available() > 0) bytes += reader.take().bytes();
    return bytes;
  }
  static std::string resp(const Words& words) {
    std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string_view word : words) {
      bytes += "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
    }
    return bytes;
  }

  EffectStream stream_;
};

TEST_F(Effects, WithoutAReaderNothingIsWritten) {
  stream_.add(0, Words{"DEL", "a"});
  stream_.commit();
  stream_.add_last(0, Words{"DEL", "a"});
  EXPECT_EQ(stream_.log().end(), 0U);
}

TEST_F(Effects, OneEffectStandsAlone) {
  auto reader = stream_.reader();
  stream_.add_last(0, Words{"SET", "a", ""});
  stream_.add(0, Words{"DEL", "a"});
  EXPECT_EQ(take(reader), resp({"SELECT", "0"}) + resp({"SET", "a", ""}));
  stream_.commit();
  stream_.commit();
  EXPECT_EQ(take(reader), resp({"DEL", "a"}));
}

TEST_F(Effects, SeveralAreATransaction) {
  auto reader = stream_.reader();
  stream_.add(2, Words{"DEL", "a"});
  stream_.add_last(2, Words{"SET", "b", "1"});
  EXPECT_EQ(take(reader), resp({"SELECT", "2"}) + resp({"MULTI"}) + resp({"DEL", "a"}) +
                              resp({"SET", "b", "1"}) + resp({"EXEC"}));
}

TEST_F(Effects, SelectsTheDatabaseWhereItChanges) {
  auto reader = stream_.reader();
  stream_.add_last(15, Words{"DEL", "a"});
  stream_.add_last(15, Words{"DEL", "b"});
  EXPECT_EQ(take(reader), resp({"SELECT", "15"}) + resp({"DEL", "a"}) + resp({"DEL", "b"}));
  stream_.add(15, Words{"DEL", "a"});
  stream_.add(3, Words{"DEL", "b"});
  stream_.add(3, Words{"DEL", "c"});
  stream_.commit();
  EXPECT_EQ(take(reader), resp({"MULTI"}) + resp({"DEL", "a"}) + resp({"SELECT", "3"}) +
                              resp({"DEL", "b"}) + resp({"DEL", "c"}) + resp({"EXEC"}));
  stream_.add_last(3, Words{"DEL", "d"});
  EXPECT_EQ(take(reader), resp({"DEL", "d"}));
}

TEST_F(Effects, ANewReaderBeginsWithSelect) {
  auto first = stream_.reader();
  stream_.add_last(4, Words{"DEL", "a"});
  auto second = stream_.reader();
  stream_.add_last(4, Words{"DEL", "b"});
  EXPECT_EQ(take(second), resp({"SELECT", "4"}) + resp({"DEL", "b"}));
  EXPECT_EQ(take(first), resp({"SELECT", "4"}) + resp({"DEL", "a"}) + resp({"SELECT", "4"}) +
                             resp({"DEL", "b"}));
}

TEST_F(Effects, ArgumentsOfAnySize) {
  auto reader = stream_.reader();
  for (size_t size : {0, 1, 9, 10, 99, 100, 4000, 4096, 20'000, 3'000'000}) {
    const std::string value(size, 'v');
    const Words words = {"SET", "key", value};
    take(reader);
    stream_.add_last(0, words);
    EXPECT_TRUE(take(reader).ends_with(resp(words))) << size;
    stream_.add(0, words);
    stream_.add_last(0, Words{"DEL", "x"});
    EXPECT_EQ(take(reader), resp({"MULTI"}) + resp(words) + resp({"DEL", "x"}) + resp({"EXEC"}))
        << size;
  }
}

}  // namespace
}  // namespace spinel::server
