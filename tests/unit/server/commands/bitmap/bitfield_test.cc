#include "storage/types/bitfield.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utility>

#include "storage/base/random.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using storage::Encoding;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Bitfield, ReadingMakesNoKey) {
  TestServer server;
  EXPECT_EQ(server.run("BITFIELD", "key"), array({}));
  EXPECT_EQ(server.run("BITFIELD", "key", "GET", "u8", "0", "OVERFLOW", "SAT"),
            array({integer(0)}));
  EXPECT_EQ(server.run("BITFIELD_RO", "key", "GET", "i64", "#100"), array({integer(0)}));
  EXPECT_THAT(server.take_effects(), IsEmpty());
  EXPECT_THAT(server.take_events(), ElementsAre("keymiss key", "keymiss key", "keymiss key"));
  EXPECT_EQ(server.run("EXISTS", "key"), integer(0));
}

TEST(Bitfield, TellsWhatItChanged) {
  TestServer server;
  auto changes = [&server, last = server.server.dirty]() mutable {
    return server.server.dirty - std::exchange(last, server.server.dirty);
  };
  // A string that came to be or grew is a change whatever was written.
  server.run("BITFIELD", "key", "SET", "u8", "0", "0");
  EXPECT_EQ(changes(), 1);
  EXPECT_THAT(server.take_events(), ElementsAre("new key", "setbit key"));
  EXPECT_THAT(server.take_effects(), ElementsAre("BITFIELD key SET u8 0 0"));
  server.run("BITFIELD", "key", "SET", "u8", "8", "0", "GET", "u8", "0", "INCRBY", "u8", "0", "0");
  EXPECT_EQ(changes(), 2);
  EXPECT_THAT(server.take_events(), ElementsAre("setbit key"));
  server.take_effects();
  // In one that did not, only another value is.
  server.run("BITFIELD", "key", "SET", "u8", "0", "0", "INCRBY", "u8", "8", "0");
  EXPECT_EQ(changes(), 0);
  EXPECT_THAT(server.take_events(), IsEmpty());
  EXPECT_THAT(server.take_effects(), IsEmpty());
  server.run("BITFIELD", "key", "SET", "u8", "0", "1", "SET", "u8", "0", "1", "INCRBY", "u8", "0",
             "1");
  EXPECT_EQ(changes(), 2);
  EXPECT_THAT(server.take_events(), ElementsAre("setbit key"));
}

TEST(Bitfield, AFailedWriteStillLengthensTheString) {
  TestServer server;
  const auto dirty = server.server.dirty;
  const std::string failed = array({kNull});
  EXPECT_EQ(server.run("BITFIELD", "key", "OVERFLOW", "FAIL", "SET", "u8", "100", "256"), failed);
  EXPECT_EQ(server.run("GET", "key"), bulk(std::string(14, '\0')));
  EXPECT_EQ(server.server.dirty, dirty);
  EXPECT_THAT(server.take_events(), ElementsAre("new key"));
  // Who repeats it has the same string.
  EXPECT_THAT(server.take_effects(), ElementsAre("BITFIELD key OVERFLOW FAIL SET u8 100 256"));
  EXPECT_EQ(server.run("BITFIELD", "key", "OVERFLOW", "FAIL", "SET", "u8", "100", "256"), failed);
  EXPECT_THAT(server.take_effects(), IsEmpty());
}

TEST(Bitfield, LeavesAStringOfBytes) {
  TestServer server;
  for (const char* overflow : {"WRAP", "FAIL"}) {
    server.run("SET", "key", "5");
    server.run("BITFIELD", "key", "GET", "u8", "0");
    EXPECT_EQ(server.entry("key").encoding(), Encoding::kInt32);
    server.run("BITFIELD", "key", "OVERFLOW", overflow, "INCRBY", "u8", "0", "256");
    EXPECT_EQ(server.entry("key").encoding(), Encoding::kRaw) << overflow;
    EXPECT_EQ(server.run("GET", "key"), bulk("5"));
  }
}

TEST(Bitfield, KeepsTheExpiry) {
  TestServer server;
  server.run("SET", "key", "1", "PXAT", "99999999999000");
  server.run("BITFIELD", "key", "SET", "u8", "100", "1");
  EXPECT_EQ(server.entry("key").expire_at_ms(), 99999999999000);
}

TEST(Bitfield, OffsetsEndWithTheLongestString) {
  TestServer server;
  const std::string out_of_range = error("ERR bit offset is not an integer or out of range");
  const auto get = [&server](const char* type, const char* offset) {
    return server.run("BITFIELD", "key", "GET", type, offset);
  };
  EXPECT_EQ(get("u8", "4294967295"), array({integer(0)}));
  EXPECT_EQ(get("u8", "4294967296"), out_of_range);
  EXPECT_EQ(get("u8", "#536870911"), array({integer(0)}));
  EXPECT_EQ(get("u8", "#536870912"), out_of_range);
  // Where the product has more than 64 bits, the rest is forgotten.
  EXPECT_EQ(get("i64", "#288230376151711744"), array({integer(0)}));
  EXPECT_EQ(get("u3", "#6148914691236517206"), array({integer(0)}));
  EXPECT_EQ(get("u8", "#-2305843009213693951"), array({integer(0)}));
  EXPECT_EQ(get("u63", "#9223372036854775807"), out_of_range);
  server.run("CONFIG", "SET", "proto-max-bulk-len", "1048576");
  EXPECT_EQ(get("u8", "8388607"), array({integer(0)}));
  EXPECT_EQ(get("u8", "8388608"), out_of_range);
}

// The whole way of a value, at any offset of strings that are flat or compressed.
TEST(Bitfield, RandomOperationsAgainstAModel) {
  storage::Random random(1);
  for (const char* compression : {"yes", "no"}) {
    TestServer server;
    server.run("CONFIG", "SET", "bitmap-compression", compression);
    std::string model(1, '\0');
    server.run("SET", "key", model);
    for (int step = 0; step < 4000; ++step) {
      const bool is_signed = random.below(2) == 0;
      const storage::FieldType type{is_signed,
                                    static_cast<uint8_t>(1 + random.below(is_signed ? 64 : 63))};
      const uint64_t offset = random.below(random.below(20) == 0 ? 200'000 : 20'000);
      const auto value = static_cast<int64_t>(random.next() >> random.below(64));
      const size_t size = (offset + type.width + 7) / 8;
      if (model.size() < size) model.resize(size);
      uint64_t old = 0;
      const auto bits = static_cast<uint64_t>(value);
      for (unsigned i = 0; i < type.width; ++i) {
        const uint64_t at = offset + i;
        const unsigned mask = 0x80U >> at % 8;
        unsigned byte = static_cast<unsigned char>(model[at / 8]);
        old = old << 1 | ((byte & mask) != 0 ? 1 : 0);
        byte = (bits >> (type.width - 1 - i) & 1) != 0 ? byte | mask : byte & ~mask;
        model[at / 8] = static_cast<char>(byte);
      }
      const std::string name = (is_signed ? "i" : "u") + std::to_string(type.width);
      ASSERT_EQ(server.run("BITFIELD", "key", "SET", name, std::to_string(offset),
                           std::to_string(value), "GET", name, std::to_string(offset)),
                array({integer(storage::field_value(type, old)),
                       integer(storage::field_value(type, bits))}))
          << name << " at " << offset << " step " << step;
      if (step % 100 == 0) {
        ASSERT_EQ(server.run("GET", "key"), bulk(model)) << step;
      }
    }
    ASSERT_EQ(server.run("GET", "key"), bulk(model));
  }
}

}  // namespace
}  // namespace spinel::server
