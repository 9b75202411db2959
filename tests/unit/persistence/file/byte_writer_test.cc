#include "persistence/file/byte_writer.h"

#include <cerrno>
#include <gtest/gtest.h>
#include <vector>

#include "storage/base/crc64.h"

namespace spinel::persistence {
namespace {

// Has room for so many bytes.
class FullSink final : public ByteSink {
 public:
  explicit FullSink(size_t room) : room_(room) {}
  int write(const void*, size_t size) override {
    if (size > room_) return ENOSPC;
    room_ -= size;
    return 0;
  }

 private:
  size_t room_;
};

TEST(ByteWriter, WritesTheSameWithWhateverBuffer) {
  for (const size_t buffer : {16, 100, 100'000}) {
    std::string written;
    std::string expected;
    StringSink sink(written);
    ByteWriter writer(sink, buffer);
    for (size_t size = 0; size < 300; ++size) {
      const std::string piece(size, static_cast<char>('a' + size % 26));
      writer.bytes(piece);
      writer.byte(static_cast<uint8_t>(size));
      writer.number(static_cast<uint32_t>(size));
      unsigned char* room = writer.room(3);
      room[0] = room[1] = 'x';
      writer.advance(2);
      expected += piece + static_cast<char>(size) +
                  std::string{static_cast<char>(size), static_cast<char>(size >> 8), 0, 0} + "xx";
      ASSERT_EQ(writer.position(), expected.size());
      ASSERT_EQ(writer.checksum(), storage::crc64(0, expected.data(), expected.size()));
    }
    EXPECT_TRUE(writer.flush());
    EXPECT_EQ(written, expected);
  }
}

TEST(ByteWriter, TheFirstErrorStaysAndNothingIsWrittenAfterIt) {
  FullSink sink(1000);
  ByteWriter writer(sink, 100);
  for (int i = 0; i < 100; ++i) writer.bytes(std::string(60, 'x'));
  EXPECT_FALSE(writer.flush());
  EXPECT_EQ(writer.error(), ENOSPC);
}

TEST(ByteWriter, ProgressIsReportedWithinLargeAmountsAndMayStop) {
  std::string written;
  StringSink sink(written);
  ByteWriter writer(sink, 1000);
  std::vector<uint64_t> reports;
  writer.set_progress(
      [&](uint64_t position) {
        reports.push_back(position);
        return reports.size() < 3;
      },
      2'000'000);
  writer.bytes(std::string(20'000'000, 'x'));
  EXPECT_EQ(writer.error(), ECANCELED);
  EXPECT_EQ(reports.size(), 3u);
  EXPECT_LT(written.size(), 10'000'000u);
}

}  // namespace
}  // namespace spinel::persistence
