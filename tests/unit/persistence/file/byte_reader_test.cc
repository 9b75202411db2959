#include "persistence/file/byte_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>

#include "storage/base/crc64.h"

namespace spinel::persistence {
namespace {

// Gives its bytes in pieces of up to `piece`, and an error where they end, if there is one.
class PieceSource final : public ByteSource {
 public:
  PieceSource(std::string bytes, size_t piece, int error = 0)
      : bytes_(std::move(bytes)), piece_(piece), error_(error) {}

  ReadResult read(void* to, size_t size) override {
    const size_t length = std::min({size, piece_, bytes_.size() - at_});
    if (length == 0) return {0, error_};
    std::memcpy(to, bytes_.data() + at_, length);
    at_ += length;
    return {length, 0};
  }
  std::optional<uint64_t> total_bytes() const override { return total; }

  std::optional<uint64_t> total;

 private:
  std::string bytes_;
  size_t piece_;
  int error_;
  size_t at_ = 0;
};

std::string pattern(size_t size) {
  std::string bytes;
  for (uint32_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i * 2654435761u >> 24));
  return bytes;
}

TEST(ByteReader, ReadsTheSameInWhateverPieces) {
  const std::string bytes = pattern(5000);
  for (const size_t piece : {1, 7, 64, 4096}) {
    PieceSource source(bytes, piece);
    ByteReader reader(source, 64);
    reader.start_checksum(true);
    std::string read;
    for (size_t size = 0; read.size() + size <= bytes.size(); ++size) {
      if (size % 3 == 0) {
        std::string to(size, '\0');
        ASSERT_TRUE(reader.read(to.data(), size));
        read += to;
      } else if (size % 3 == 1 && size <= reader.max_take()) {
        read.append(reinterpret_cast<const char*>(reader.take(size)), size);
      } else {
        ASSERT_TRUE(reader.append(read, size));
      }
      ASSERT_EQ(reader.position(), read.size());
      ASSERT_EQ(reader.checksum(), storage::crc64(0, read.data(), read.size()));
    }
    EXPECT_EQ(read, bytes.substr(0, read.size()));
    EXPECT_TRUE(reader.ok());
  }
}

TEST(ByteReader, MemoryIsNotCopied) {
  const std::string bytes = pattern(100);
  ByteReader reader(bytes);
  EXPECT_EQ(reinterpret_cast<const char*>(reader.take(10)), bytes.data());
  EXPECT_EQ(reader.number<uint32_t>(), storage::load_unaligned<uint32_t>(bytes.data() + 10));
  EXPECT_TRUE(reader.skip(80));
  EXPECT_EQ(reader.position(), 94u);
  EXPECT_EQ(reader.take(7), nullptr);
  EXPECT_EQ(reader.error().offset, 94u);
  EXPECT_EQ(reader.error().cause, "unexpected end of data");
}

TEST(ByteReader, TheFirstErrorStays) {
  PieceSource source("abcdef", 4, EIO);
  ByteReader reader(source);
  EXPECT_EQ(reader.byte(), 'a');
  EXPECT_EQ(reader.number<uint64_t>(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().offset, 1u);
  EXPECT_EQ(reader.error().cause, "read failed: Input/output error");
  EXPECT_EQ(reader.byte(), 0);
  EXPECT_FALSE(reader.fail("another"));
  EXPECT_EQ(reader.error().cause, "read failed: Input/output error");
}

TEST(ByteReader, SizesAreComparedWithWhatIsLeft) {
  PieceSource source("abcdef", 10);
  source.total = 6;
  ByteReader reader(source);
  reader.byte();
  EXPECT_TRUE(reader.may_hold(5));
  EXPECT_FALSE(reader.may_hold(6));
  EXPECT_FALSE(reader.may_hold(UINT64_MAX));
  EXPECT_EQ(reader.plausible_count(UINT64_MAX, 2), 2u);
  EXPECT_EQ(reader.plausible_count(1, 2), 1u);
  std::string to;
  EXPECT_FALSE(reader.append(to, uint64_t{1} << 60));
}

TEST(ByteReader, WithoutATotalMemoryGrowsWithWhatArrives) {
  PieceSource source(pattern(3000), 100);
  ByteReader reader(source, 256);
  std::string to;
  EXPECT_FALSE(reader.append(to, uint64_t{1} << 60));
  EXPECT_LE(to.capacity(), size_t{4} << 20);
}

TEST(ByteReader, ProgressIsReportedWithinLargeAmountsAndMayStop) {
  PieceSource source(pattern(100'000), 500);
  ByteReader reader(source, 1000);
  std::vector<uint64_t> reports;
  reader.set_progress(
      [&](uint64_t position) {
        reports.push_back(position);
        return reports.size() < 5;
      },
      10'000);
  std::string to(100'000, '\0');
  EXPECT_FALSE(reader.read(to.data(), to.size()));
  EXPECT_EQ(reader.error().cause, "stopped");
  ASSERT_EQ(reports.size(), 5u);
  for (size_t i = 0; i < reports.size(); ++i) {
    EXPECT_GE(reports[i], (i + 1) * 10'000);
    EXPECT_LT(reports[i], (i + 1) * 10'000 + 5000);
  }
}

}  // namespace
}  // namespace spinel::persistence
