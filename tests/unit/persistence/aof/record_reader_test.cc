#include "persistence/aof/record_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <utility>

namespace spinel::persistence::aof {
namespace {

using Status = RecordReader::Status;

// Gives pieces of up to `piece` bytes, then `error` or the end.
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

std::string command(const std::vector<std::string>& arguments) {
  std::string text = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string& argument : arguments) {
    text += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  }
  return text;
}

struct All {
  std::vector<std::vector<std::string>> records;  // annotations as one text
  std::vector<uint64_t> offsets;
  Status status = Status::kMore;
  ReadError error;
  uint64_t units_end = 0;
  size_t buffer_bytes = 0;
};

All read_all(ByteReader& bytes, size_t batch = RecordReader::kBatch) {
  RecordReader reader(bytes);
  All all;
  uint64_t expected_offset = bytes.position();
  while (all.status == Status::kMore) {
    all.status = reader.read_batch(batch);
    EXPECT_LE(reader.records().size(), batch);
    EXPECT_TRUE(all.status != Status::kMore || !reader.records().empty());
    for (const Record& record : reader.records()) {
      EXPECT_EQ(record.offset, expected_offset);
      expected_offset = record.end_offset;
      all.offsets.push_back(record.offset);
      if (record.kind == Record::Kind::kAnnotation) {
        all.records.push_back({std::string(record.annotation)});
      } else {
        all.records.emplace_back(record.arguments.begin(), record.arguments.end());
      }
    }
  }
  EXPECT_EQ(reader.read_batch(), all.status);
  EXPECT_TRUE(reader.records().empty());
  all.error = reader.error();
  all.units_end = reader.units_end();
  all.buffer_bytes = reader.buffer_bytes();
  return all;
}

All read_all(std::string_view text) {
  ByteReader bytes(text);
  return read_all(bytes);
}

const std::string kSet = command({"SET", "a", "b"});  // 27 bytes
const std::string kMulti = command({"MULTI"});
const std::string kExec = command({"EXEC"});

TEST(AofRecordReader, ReadsTheSameInWhateverPieces) {
  std::string text;
  std::vector<std::vector<std::string>> expected;
  for (size_t i = 0; i < 3000; ++i) {
    std::vector<std::string> arguments = {"SET", std::string(i % 700, 'k')};
    if (i % 5 == 0) arguments.emplace_back("a\r\n$3\r\nb");
    if (i == 1500) arguments.assign(20'000, "x");
    if (i == 2000) arguments.emplace_back(3'000'000, 'v');
    text += command(arguments);
    expected.push_back(arguments);
    if (i % 100 == 0) {
      text += "#TS:" + std::to_string(i) + "\r\n";
      expected.push_back({"#TS:" + std::to_string(i)});
    }
  }
  for (const size_t piece : {size_t{997}, size_t{70'000}, text.size()}) {
    for (const bool is_total_known : {false, true}) {
      PieceSource source(text, piece);
      if (is_total_known) source.total = text.size();
      ByteReader bytes(source, 1000);
      const All all = read_all(bytes, piece == 997 ? 7 : RecordReader::kBatch);
      EXPECT_EQ(all.status, Status::kEnd);
      EXPECT_EQ(all.units_end, text.size());
      ASSERT_TRUE(all.records == expected) << piece;
    }
  }
}

TEST(AofRecordReader, ContinuesBehindAPreamble) {
  const std::string text = "preamble" + kSet + kSet;
  PieceSource source(text, 11);
  ByteReader bytes(source, 64);
  ASSERT_TRUE(bytes.skip(8));
  const All all = read_all(bytes);
  EXPECT_EQ(all.status, Status::kEnd);
  EXPECT_EQ(all.offsets, (std::vector<uint64_t>{8, 35}));
  EXPECT_EQ(all.units_end, text.size());
}

TEST(AofRecordReader, EveryCutIsATruncationAtTheLastUnit) {
  const std::string text =
      kSet + "#TS:12\r\n" + kMulti + kSet + "#TS:13\r\n" + kSet + kExec + command({"x", "", "yy"});
  const size_t multi_begin = kSet.size() + 8;
  const size_t exec_end = text.size() - command({"x", "", "yy"}).size();
  std::vector<size_t> whole = {0, kSet.size(), multi_begin, exec_end, text.size()};
  for (size_t size = 0; size <= text.size(); ++size) {
    PieceSource source(text.substr(0, size), 5);
    if (size % 2 == 0) source.total = size;
    ByteReader bytes(source);
    const All all = read_all(bytes);
    const size_t expected = *std::prev(std::upper_bound(whole.begin(), whole.end(), size));
    EXPECT_EQ(all.units_end, expected) << size;
    EXPECT_EQ(all.status, expected == size ? Status::kEnd : Status::kTruncated) << size;
    EXPECT_EQ(all.error.cause.empty(), expected == size) << size;
  }
}

TEST(AofRecordReader, TruncationsTellWhatIsMissing) {
  All all = read_all(kSet + "*3\r\n$3\r\nSE");
  EXPECT_EQ(all.error.offset, 35u);
  EXPECT_EQ(all.error.cause, "Expected to read 5 bytes, got 2 bytes");
  all = read_all(kSet + "*3\r\n");
  EXPECT_EQ(all.error.offset, 27u);
  EXPECT_EQ(all.error.cause, "Reached EOF within a command");
  all = read_all(kMulti + kSet);
  EXPECT_EQ(all.error.offset, kMulti.size() + kSet.size());
  EXPECT_EQ(all.error.cause, "Reached EOF before reading EXEC for MULTI");
}

TEST(AofRecordReader, WhatIsNoRecordIsBadAndTellsWhereAndWhy) {
  const std::vector<std::pair<std::string, std::pair<uint64_t, std::string>>> cases = {
      {"x3\r\n", {0, "Expected prefix '*', got: 'x'"}},
      {std::string(16, '\0'), {0, "Expected prefix '*', got: '\\x00'"}},
      {"*3\r\n#3\r\n", {4, "Expected prefix '$', got: '#'"}},
      {"*\r\n", {0, "Expected a number, got: '\\x0d'"}},
      {"*-1\r\n", {0, "Expected a number, got: '-'"}},
      {"*0\r\n", {0, "Expected a command, got an empty array"}},
      {"*1\n$4\r\nPING\r\n", {0, "Expected \\r\\n, got: '\\x0a'"}},
      {"*1\rx", {0, "Expected \\r\\n, got: '\\x0d'"}},
      {"*1x\r\n", {0, "Expected \\r\\n, got: 'x'"}},
      {"*99999999999\r\n", {0, "Expected a number up to 2147483647"}},
      {"*1\r\n$99999999999999999999", {4, "Expected a number up to 3221225472"}},
      {"*1\r\n$-1\r\n", {4, "Expected a number, got: '-'"}},
      {"*3\r\n$3\r\nSETTER\r\n", {8, "Expected \\r\\n behind 3 bytes, got: 'TE'"}},
      {kExec, {0, "Unexpected EXEC"}},
      {kMulti + kSet + kMulti, {42, "Unexpected MULTI"}},
      {"#" + std::string(2000, 'x'), {0, "Expected an annotation of up to 1024 bytes"}},
  };
  for (const auto& [text, error] : cases) {
    const All all = read_all(kSet + text);
    EXPECT_EQ(all.status, Status::kBad) << text;
    EXPECT_EQ(all.error.offset, kSet.size() + error.first) << text;
    EXPECT_EQ(all.error.cause, error.second) << text;
    EXPECT_EQ(all.units_end, kSet.size()) << text;
    EXPECT_FALSE(all.records.empty()) << text;
  }
}

TEST(AofRecordReader, AClaimedSizeTakesNoMemoryBeforeItsBytesCome) {
  const std::string text = kSet + "*2\r\n$3\r\nGET\r\n$3000000000\r\nabc";
  for (const bool is_total_known : {false, true}) {
    PieceSource source(text, 1);
    if (is_total_known) source.total = text.size();
    ByteReader bytes(source);
    const All all = read_all(bytes);
    EXPECT_EQ(all.status, Status::kTruncated);
    EXPECT_EQ(all.error.cause, "Expected to read 3000000002 bytes, got 3 bytes");
    EXPECT_LE(all.buffer_bytes, size_t{1} << 20);
  }
}

TEST(AofRecordReader, ReadErrorsAreNotTruncations) {
  PieceSource source(kSet + "*3\r\n", 1000, EIO);
  ByteReader bytes(source);
  const All all = read_all(bytes);
  EXPECT_EQ(all.status, Status::kFailed);
  EXPECT_EQ(all.error.cause, "read failed: Input/output error");
  EXPECT_EQ(all.units_end, kSet.size());
}

TEST(AofRecordReader, KindsAreToldInAnyCase) {
  const std::string text = command({"mUlTi"}) + kSet + command({"exec"}) + command({"EXEC", "x"});
  ByteReader bytes(text);
  RecordReader reader(bytes);
  EXPECT_EQ(reader.read_batch(2), Status::kMore);
  ASSERT_EQ(reader.records().size(), 2u);
  EXPECT_EQ(reader.records()[0].kind, Record::Kind::kMulti);
  EXPECT_EQ(reader.records()[1].kind, Record::Kind::kCommand);
  EXPECT_TRUE(reader.in_transaction());
  EXPECT_EQ(reader.units_end(), 0u);
  EXPECT_EQ(reader.read_batch(2), Status::kMore);
  ASSERT_EQ(reader.records().size(), 2u);
  EXPECT_EQ(reader.records()[0].kind, Record::Kind::kExec);
  EXPECT_EQ(reader.records()[1].kind, Record::Kind::kCommand);
  EXPECT_FALSE(reader.in_transaction());
}

TEST(AofRecordReader, TimestampsAreAnnotations) {
  EXPECT_EQ(timestamp_of("#TS:1700000000"), 1700000000);
  EXPECT_EQ(timestamp_of("#TS:x"), std::nullopt);
  EXPECT_EQ(timestamp_of("#TS:"), std::nullopt);
  EXPECT_EQ(timestamp_of("# TS:1"), std::nullopt);
}

}  // namespace
}  // namespace spinel::persistence::aof
