#include "persistence/rdb/primitives.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "persistence/rdb/lzf.h"
#include "storage/base/bytes.h"
#include "storage/base/numbers.h"

namespace spinel::persistence::rdb {

namespace {

constexpr uint64_t kInt8 = 0;
constexpr uint64_t kInt16 = 1;
constexpr uint64_t kInt32 = 2;

constexpr uint8_t kSpecial = 0xc0;
constexpr uint8_t kLength32 = 0x80;
constexpr uint8_t kLength64 = 0x81;

// Longer texts are compressed where that pays.
constexpr size_t kMaxUncompressed = 20;
// What compression has to save.
constexpr size_t kMinSaved = 4;
// Digits of the integers of 32 bits.
constexpr size_t kMaxIntegerChars = 11;

}  // namespace

// --- reading

Length read_length_or_special(ByteReader& reader) {
  const uint8_t head = reader.byte();
  switch (head >> 6) {
    case 0:
      return {head, false};
    case 1:
      return {uint64_t{head & 0x3fu} << 8 | reader.byte(), false};
    case 3:
      return {head & 0x3fu, true};
    default:
      break;
  }
  if (head == kLength32) return {__builtin_bswap32(reader.number<uint32_t>()), false};
  if (head == kLength64) return {__builtin_bswap64(reader.number<uint64_t>()), false};
  reader.fail_at(reader.position() - 1, "invalid length");
  return {0, false};
}

uint64_t read_length(ByteReader& reader) {
  const Length length = read_length_or_special(reader);
  if (!length.is_special) return length.value;
  reader.fail("a string where a length is expected");
  return 0;
}

std::optional<int64_t> read_integer(ByteReader& reader, uint64_t special) {
  switch (special) {
    case kInt8:
      return reader.number<int8_t>();
    case kInt16:
      return reader.number<int16_t>();
    case kInt32:
      return reader.number<int32_t>();
    default:
      return std::nullopt;
  }
}

bool read_compressed_sizes(ByteReader& reader, CompressedSizes& sizes) {
  sizes.compressed = read_length(reader);
  sizes.plain = read_length(reader);
  if (!reader.ok()) return false;
  if (!reader.may_hold(sizes.compressed)) {
    return reader.fail("a compressed string is longer than what is left");
  }
  if (sizes.plain > kMaxLzfExpansion * sizes.compressed ||
      sizes.plain > std::numeric_limits<uint32_t>::max()) {
    return reader.fail("a compressed string claims more bytes than it can have");
  }
  return true;
}

std::string_view StringReader::read(ByteReader& reader, uint64_t max_bytes) {
  return read(reader, read_length_or_special(reader), max_bytes);
}

std::string_view StringReader::read(ByteReader& reader, const Length& length, uint64_t max_bytes) {
  if (length.is_special) {
    if (length.value == kCompressedString) {
      CompressedSizes sizes;
      if (!read_compressed_sizes(reader, sizes)) return {};
      if (sizes.plain > max_bytes) reader.fail("a string is too long");
      return read_expanded(reader, sizes);
    }
    const std::optional<int64_t> integer = read_integer(reader, length.value);
    if (!integer) reader.fail("invalid form of a string");
    if (!reader.ok()) return {};
    char digits[storage::kMaxInt64Chars];
    text_.assign(digits, storage::format_int64(*integer, digits));
    return text_;
  }
  if (length.value > max_bytes) reader.fail("a string is too long");
  if (!reader.ok() || length.value == 0) return {};
  if (length.value <= reader.max_take()) {
    const unsigned char* from = reader.take(length.value);
    if (from == nullptr) return {};
    return {reinterpret_cast<const char*>(from), length.value};
  }
  text_.clear();
  if (!reader.append(text_, length.value)) return {};
  return text_;
}

std::string_view StringReader::read_compressed(ByteReader& reader, const CompressedSizes& sizes) {
  if (sizes.compressed > reader.max_take()) {
    compressed_.clear();
    if (!reader.append(compressed_, sizes.compressed)) return {};
    return compressed_;
  }
  const unsigned char* from = reader.take(sizes.compressed);
  if (from == nullptr) return {};
  return {reinterpret_cast<const char*>(from), sizes.compressed};
}

std::string_view StringReader::read_expanded(ByteReader& reader, const CompressedSizes& sizes) {
  const uint64_t begin = reader.position();
  const std::string_view compressed = read_compressed(reader, sizes);
  if (!reader.ok()) return {};
  text_.resize(sizes.plain);
  if (!lzf_expand(compressed, text_.data(), text_.size())) {
    reader.fail_at(begin, "a compressed string is damaged");
    return {};
  }
  return text_;
}

double read_text_double(ByteReader& reader) {
  constexpr uint8_t kNan = 253;
  constexpr uint8_t kInfinity = 254;
  constexpr uint8_t kMinusInfinity = 255;
  const uint8_t size = reader.byte();
  switch (size) {
    case kNan:
      return std::numeric_limits<double>::quiet_NaN();
    case kInfinity:
      return std::numeric_limits<double>::infinity();
    case kMinusInfinity:
      return -std::numeric_limits<double>::infinity();
    default:
      break;
  }
  char text[kNan];
  if (!reader.read(text, size)) return 0;
  const std::optional<double> value = storage::parse_double({text, size});
  if (!value) reader.fail("a score is no number");
  return value.value_or(0);
}

// --- writing

void write_length(ByteWriter& writer, uint64_t length) {
  unsigned char* to = writer.room(kMaxLengthBytes);
  if (length < 1u << 6) {
    to[0] = static_cast<unsigned char>(length);
    writer.advance(1);
  } else if (length < 1u << 14) {
    to[0] = static_cast<unsigned char>(0x40 | length >> 8);
    to[1] = static_cast<unsigned char>(length);
    writer.advance(2);
  } else if (length <= std::numeric_limits<uint32_t>::max()) {
    to[0] = kLength32;
    storage::store_unaligned(to + 1, __builtin_bswap32(static_cast<uint32_t>(length)));
    writer.advance(1 + sizeof(uint32_t));
  } else {
    to[0] = kLength64;
    storage::store_unaligned(to + 1, __builtin_bswap64(length));
    writer.advance(1 + sizeof(uint64_t));
  }
}

void write_compressed_head(ByteWriter& writer, uint64_t compressed_bytes, uint64_t plain_bytes) {
  writer.byte(kSpecial | kCompressedString);
  write_length(writer, compressed_bytes);
  write_length(writer, plain_bytes);
}

void write_plain_string(ByteWriter& writer, std::string_view text) {
  write_length(writer, text.size());
  writer.bytes(text);
}

void StringWriter::write_integer(ByteWriter& writer, int64_t value) const {
  if (static_cast<int8_t>(value) == value) {
    writer.byte(kSpecial | kInt8);
    writer.byte(static_cast<uint8_t>(value));
  } else if (static_cast<int16_t>(value) == value) {
    writer.byte(kSpecial | kInt16);
    writer.number(static_cast<int16_t>(value));
  } else if (static_cast<int32_t>(value) == value) {
    writer.byte(kSpecial | kInt32);
    writer.number(static_cast<int32_t>(value));
  } else {
    char digits[storage::kMaxInt64Chars];
    write_plain_string(writer, {digits, storage::format_int64(value, digits)});
  }
}

void StringWriter::write(ByteWriter& writer, std::string_view text) const {
  if (text.size() <= kMaxIntegerChars) {
    const std::optional<int64_t> integer = storage::parse_int64(text);
    if (integer && static_cast<int32_t>(*integer) == *integer) {
      return write_integer(writer, *integer);
    }
    return write_plain_string(writer, text);
  }
  write_bytes(writer, text);
}

void StringWriter::write_bytes(ByteWriter& writer, std::string_view text) const {
  if (!compress || text.size() <= kMaxUncompressed ||
      text.size() > std::numeric_limits<uint32_t>::max()) {
    return write_plain_string(writer, text);
  }
  const size_t most = text.size() - kMinSaved;
  const size_t heads = 1 + 2 * kMaxLengthBytes;
  if (heads + most > writer.max_room()) {
    std::string compressed(most, '\0');
    compressed.resize(lzf_compress_into(text, compressed.data(), most));
    if (compressed.empty()) return write_plain_string(writer, text);
    write_compressed_head(writer, compressed.size(), text.size());
    return writer.bytes(compressed);
  }
  // Compressed into the buffer, behind the room for the lengths, and moved up to them.
  unsigned char* to = writer.room(heads + most);
  const size_t size = lzf_compress_into(text, reinterpret_cast<char*>(to) + heads, most);
  if (size == 0) return write_plain_string(writer, text);
  write_compressed_head(writer, size, text.size());
  std::memmove(writer.room(size), to + heads, size);
  writer.advance(size);
}

}  // namespace spinel::persistence::rdb
