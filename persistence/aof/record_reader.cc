#include "persistence/aof/record_reader.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <strings.h>
#include <utility>

#include "storage/base/numbers.h"
#include "storage/types/string.h"

namespace spinel::persistence::aof {

namespace {

constexpr size_t kBuffer = size_t{1} << 18;
// With less than this in the buffer, a batch begins with a read.
constexpr size_t kRefillBelow = kBuffer / 4;
constexpr size_t kMaxAnnotation = 1024;
constexpr uint64_t kMaxArguments = INT32_MAX;

std::string printable(char byte) {
  char text[8];
  const auto code = static_cast<unsigned char>(byte);
  std::snprintf(text, sizeof text, code >= ' ' && code < 0x7f ? "%c" : "\\x%02x", code);
  return text;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_name(std::string_view text, const char* name) {
  return text.size() == std::strlen(name) && strncasecmp(text.data(), name, text.size()) == 0;
}

}  // namespace

RecordReader::RecordReader(ByteReader& bytes)
    : bytes_(bytes),
      buffer_(std::make_unique_for_overwrite<char[]>(kBuffer)),
      capacity_(kBuffer),
      end_(buffer_.get()),
      next_(buffer_.get()),
      buffer_offset_(bytes.position()),
      units_end_(bytes.position()) {
  records_.reserve(kBatch);
}

RecordReader::Status RecordReader::read_batch(size_t max_records) {
  records_.clear();
  arguments_.clear();
  if (status_ != Status::kMore) return status_;
  if (!at_end_ && static_cast<size_t>(end_ - next_) < kRefillBelow && !refill()) return status_;
  while (records_.size() < max_records && status_ == Status::kMore) {
    const size_t argument_count = arguments_.size();
    const Parsed parsed = next_ == end_ ? Parsed::kIncomplete : parse_record();
    if (parsed == Parsed::kRecord) continue;
    arguments_.resize(argument_count);
    if (parsed == Parsed::kBad) {
      status_ = Status::kBad;
    } else if (at_end_) {
      status_ = status_at_end();
    } else if (!records_.empty() || !refill()) {
      break;  // once there are views into the buffer, it must not move
    }
  }
  // The arguments do not move any more.
  const std::string_view* first = arguments_.data();
  for (Record& record : records_) {
    record.arguments = {first, record.arguments.size()};
    first += record.arguments.size();
  }
  return status_;
}

// Reads more behind what is in the buffer, which may move. False if that failed.
bool RecordReader::refill() {
  const auto buffered = static_cast<size_t>(end_ - next_);
  if (needed_bytes_ > buffered && !bytes_.may_hold(needed_bytes_ - buffered)) {
    // The file is too short for the record: no need to read what there is of it.
    at_end_ = true;
    return true;
  }
  make_room();
  const size_t read = bytes_.read_some(end_, capacity_ - static_cast<size_t>(end_ - buffer_.get()));
  end_ += read;
  if (read > 0) return true;
  at_end_ = true;
  if (bytes_.ok()) return true;
  status_ = Status::kFailed;
  error_ = bytes_.error();
  return false;
}

// Moves what is left to the beginning of the buffer, and adapts its size to the record to come.
void RecordReader::make_room() {
  const auto left = static_cast<size_t>(end_ - next_);
  size_t capacity = std::max(kBuffer, capacity_);
  if (needed_bytes_ <= kBuffer && left <= kBuffer / 2) {
    capacity = kBuffer;
  } else if (left == capacity_) {
    capacity = 2 * capacity_;
  }
  // Where the size of the file is not known, a size that a record claims is not to be trusted.
  if (bytes_.total_bytes()) capacity = std::max(capacity, needed_bytes_);
  buffer_offset_ = offset_of(next_);
  if (capacity == capacity_) {
    std::memmove(buffer_.get(), next_, left);
  } else {
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    std::memcpy(larger.get(), next_, left);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  }
  next_ = buffer_.get();
  end_ = buffer_.get() + left;
}

RecordReader::Status RecordReader::status_at_end() {
  if (next_ == end_ && !in_transaction_) return Status::kEnd;
  if (next_ == end_) {
    error_ = {offset_of(end_), "Reached EOF before reading EXEC for MULTI"};
  } else if (cut_at_ != nullptr) {
    const uint64_t begin = offset_of(cut_at_);
    const uint64_t file_end = std::max(bytes_.total_bytes().value_or(0), offset_of(end_));
    error_ = {begin, "Expected to read " + std::to_string(cut_bytes_) + " bytes, got " +
                         std::to_string(file_end - begin) + " bytes"};
  } else {
    error_ = {offset_of(next_), "Reached EOF within a command"};
  }
  return Status::kTruncated;
}

RecordReader::Parsed RecordReader::bad(const char* at, std::string cause) {
  error_ = {offset_of(at), std::move(cause)};
  return Parsed::kBad;
}

RecordReader::Parsed RecordReader::parse_record() {
  needed_bytes_ = 0;
  cut_at_ = nullptr;
  Record record;
  record.offset = offset_of(next_);
  const Parsed parsed = *next_ == '#' ? parse_annotation(record) : parse_command(record);
  if (parsed != Parsed::kRecord) return parsed;
  if (!check_order(record)) return Parsed::kBad;
  if (!in_transaction_) units_end_ = record.end_offset;
  records_.push_back(record);
  return Parsed::kRecord;
}

RecordReader::Parsed RecordReader::parse_annotation(Record& record) {
  const auto length = std::min(static_cast<size_t>(end_ - next_), kMaxAnnotation);
  const auto* line_end = static_cast<const char*>(std::memchr(next_, '\n', length));
  if (line_end == nullptr) {
    if (length < kMaxAnnotation) return Parsed::kIncomplete;
    return bad(next_, "Expected an annotation of up to 1024 bytes");
  }
  record.kind = Record::Kind::kAnnotation;
  record.annotation = {next_, static_cast<size_t>(line_end - next_)};
  if (record.annotation.ends_with('\r')) record.annotation.remove_suffix(1);
  next_ = line_end + 1;
  record.end_offset = offset_of(next_);
  return Parsed::kRecord;
}

// Reads PREFIX NUMBER \r \n.
RecordReader::Parsed RecordReader::parse_header(const char*& at, char prefix, uint64_t most,
                                                uint64_t& value) {
  const char* from = at;
  if (from == end_) return Parsed::kIncomplete;
  if (*from != prefix) {
    return bad(at,
               std::string("Expected prefix '") + prefix + "', got: '" + printable(*from) + "'");
  }
  value = 0;
  while (++from != end_ && is_digit(*from) && value <= most) {
    value = value * 10 + static_cast<uint64_t>(*from - '0');
  }
  if (value > most) return bad(at, "Expected a number up to " + std::to_string(most));
  if (from == end_) return Parsed::kIncomplete;
  if (from == at + 1) return bad(at, "Expected a number, got: '" + printable(*from) + "'");
  if (*from != '\r' || (from + 1 != end_ && from[1] != '\n')) {
    return bad(at, "Expected \\r\\n, got: '" + printable(*from) + "'");
  }
  if (from + 1 == end_) return Parsed::kIncomplete;
  at = from + 2;
  return Parsed::kRecord;
}

RecordReader::Parsed RecordReader::parse_command(Record& record) {
  constexpr size_t kLineEnd = 2;
  const char* at = next_;
  uint64_t count = 0;
  Parsed parsed = parse_header(at, '*', kMaxArguments, count);
  if (parsed != Parsed::kRecord) return parsed;
  if (count == 0) return bad(next_, "Expected a command, got an empty array");
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t length = 0;
    parsed = parse_header(at, '$', storage::kMaxStringBytes, length);
    if (parsed != Parsed::kRecord) return parsed;
    const uint64_t wanted = length + kLineEnd;
    if (wanted > static_cast<uint64_t>(end_ - at)) {
      needed_bytes_ = static_cast<size_t>(at - next_) + wanted;
      cut_at_ = at;
      cut_bytes_ = wanted;
      return Parsed::kIncomplete;
    }
    const char* line_end = at + length;
    if (line_end[0] != '\r' || line_end[1] != '\n') {
      return bad(at, "Expected \\r\\n behind " + std::to_string(length) + " bytes, got: '" +
                         printable(line_end[0]) + printable(line_end[1]) + "'");
    }
    arguments_.emplace_back(at, length);
    at = line_end + kLineEnd;
  }
  // Where they are is set when the batch is complete.
  record.arguments = {arguments_.data() + arguments_.size() - count, count};
  next_ = at;
  record.end_offset = offset_of(next_);
  return Parsed::kRecord;
}

// Recognises MULTI and EXEC. False if they do not match.
bool RecordReader::check_order(Record& record) {
  if (record.arguments.size() != 1) return true;
  const std::string_view name = record.arguments[0];
  const bool is_multi = is_name(name, "MULTI");
  if (!is_multi && !is_name(name, "EXEC")) return true;
  if (is_multi == in_transaction_) {
    error_ = {record.offset, is_multi ? "Unexpected MULTI" : "Unexpected EXEC"};
    return false;
  }
  record.kind = is_multi ? Record::Kind::kMulti : Record::Kind::kExec;
  in_transaction_ = is_multi;
  return true;
}

std::optional<int64_t> timestamp_of(std::string_view annotation) {
  constexpr std::string_view kPrefix = "#TS:";
  if (!annotation.starts_with(kPrefix)) return std::nullopt;
  return storage::parse_int64(annotation.substr(kPrefix.size()));
}

}  // namespace spinel::persistence::aof
