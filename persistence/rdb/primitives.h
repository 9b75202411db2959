// What all of RDB is made of: lengths and strings, which may be integers or compressed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/file/byte_reader.h"
#include "persistence/file/byte_writer.h"
#include "storage/types/string.h"

namespace spinel::persistence::rdb {

// --- reading. After an error the results are empty, and the reader says so.

// A length, or which special form of a string follows.
struct Length {
  uint64_t value;
  bool is_special;
};
Length read_length_or_special(ByteReader& reader);
// A length; a special form is an error.
uint64_t read_length(ByteReader& reader);

// What stands before the bytes of a compressed string. False after an error, and where one cannot
// expand to the other.
struct CompressedSizes {
  uint64_t compressed;
  uint64_t plain;
};
bool read_compressed_sizes(ByteReader& reader, CompressedSizes& sizes);

// Reads strings. What it returns is valid until its next read: it views the reader's buffer or
// memory of this object, which is reused.
class StringReader {
 public:
  // A string of any form, of up to `max_bytes`.
  std::string_view read(ByteReader& reader, uint64_t max_bytes = UINT64_MAX);
  // The same for a string whose length was read already.
  std::string_view read(ByteReader& reader, const Length& length, uint64_t max_bytes = UINT64_MAX);
  // What follows the sizes of a compressed string: its bytes as they stand there.
  std::string_view read_compressed(ByteReader& reader, const CompressedSizes& sizes);
  // The same, expanded.
  std::string_view read_expanded(ByteReader& reader, const CompressedSizes& sizes);

 private:
  std::string text_;
  std::string compressed_;
};

// The value of a special form that is an integer; nothing if it is another one.
std::optional<int64_t> read_integer(ByteReader& reader, uint64_t special);
inline constexpr uint64_t kCompressedString = 3;  // the special form that is no integer

double read_text_double(ByteReader& reader);

// --- writing

void write_length(ByteWriter& writer, uint64_t length);
// Bytes that write_length needs at most.
inline constexpr size_t kMaxLengthBytes = 9;

struct StringWriter {
  bool compress = true;  // rdbcompression

  // In the shortest form, as Redis chooses it.
  void write(ByteWriter& writer, std::string_view text) const;
  // The same for what is known to be no integer.
  void write_bytes(ByteWriter& writer, std::string_view text) const;
  // The text of an integer.
  void write_integer(ByteWriter& writer, int64_t value) const;
};
// What stands before the bytes of a compressed string.
void write_compressed_head(ByteWriter& writer, uint64_t compressed_bytes, uint64_t plain_bytes);
// The bytes as they are.
void write_plain_string(ByteWriter& writer, std::string_view text);

}  // namespace spinel::persistence::rdb
