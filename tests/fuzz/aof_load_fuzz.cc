// Any bytes read as a manifest, or as an append-only file with or without an RDB file in front,
// give an error or the same records in whatever pieces they come. What is before the end of the
// last whole unit is a file without an error.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/aof/manifest.h"
#include "persistence/aof/record_reader.h"
#include "persistence/rdb/file_reader.h"

namespace {

using namespace spinel::persistence;
using aof::Record;
using aof::RecordReader;

void check(bool holds) {
  if (!holds) std::abort();
}

// Gives a few bytes at a time, and does not say how many there are.
class PieceSource final : public ByteSource {
 public:
  PieceSource(std::string_view bytes, size_t piece) : bytes_(bytes), piece_(piece) {}

  ReadResult read(void* to, size_t size) override {
    const size_t length = std::min({size, piece_, bytes_.size()});
    if (length > 0) std::memcpy(to, bytes_.data(), length);
    bytes_.remove_prefix(length);
    return {length, 0};
  }

 private:
  std::string_view bytes_;
  size_t piece_;
};

// Reads values and drops them.
class DroppingHandler final : public rdb::FileHandler {
 public:
  void on_aux(std::string_view, std::string_view) override {}
  bool on_database(ByteReader&, uint64_t) override { return true; }
  void on_sizes(uint64_t, uint64_t) override {}
  bool on_function(ByteReader&, std::string_view) override { return true; }
  void on_module_aux(std::string_view) override {}
  bool on_key(ByteReader& reader, const rdb::KeyRecord& record, rdb::ValueReader& values) override {
    rdb::Value value;
    return rdb::read_value(reader, record, values, value);
  }
  bool on_end(ByteReader&) override { return true; }
};

struct Result {
  RecordReader::Status status = RecordReader::Status::kMore;
  uint64_t error_offset = 0;
  uint64_t units_end = 0;
  std::vector<uint64_t> offsets;
  size_t argument_bytes = 0;

  bool operator==(const Result&) const = default;
};

// False if there is a preamble and it is wrong.
bool read(ByteReader& bytes, bool has_preamble, size_t batch, Result& result) {
  DroppingHandler handler;
  rdb::FileSummary summary;
  if (has_preamble && !rdb::read_file(bytes, {}, false, handler, summary)) return false;
  RecordReader reader(bytes);
  uint64_t end = bytes.position();
  while (result.status == RecordReader::Status::kMore) {
    result.status = reader.read_batch(batch);
    for (const Record& record : reader.records()) {
      check(record.offset == end && record.end_offset > end);
      end = record.end_offset;
      result.offsets.push_back(record.offset);
      result.argument_bytes += record.annotation.size();
      for (const std::string_view argument : record.arguments) {
        // Reads all bytes, for the sanitizer.
        result.argument_bytes +=
            argument.size() + static_cast<size_t>(std::ranges::count(argument, 'a'));
      }
    }
  }
  result.error_offset = reader.error().offset;
  result.units_end = reader.units_end();
  return true;
}

void check_manifest(std::string_view text) {
  aof::Manifest manifest;
  aof::ManifestError error;
  if (!parse_manifest(text, manifest, error)) {
    check(!error.cause.empty());
    return;
  }
  manifest.add_increment("f");
  manifest.replace_base(manifest.next_base("f", true), 1);
  aof::Manifest again;
  // Escapes may make a line longer than one may be.
  if (parse_manifest(manifest.format(), again, error)) {
    check(manifest == again || manifest.load_order().empty());
  } else {
    check(error.cause == "The AOF manifest file contains too long line");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_manifest(input);
  const bool has_preamble = input.starts_with("REDIS") || input.starts_with("VALKEY");
  Result whole;
  ByteReader bytes(input);
  if (!read(bytes, has_preamble, RecordReader::kBatch, whole)) return 0;
  check(whole.units_end <= size);
  Result in_pieces;
  PieceSource source(input, 1 + size % 13);
  ByteReader piecewise(source, 4096);
  check(read(piecewise, has_preamble, 3, in_pieces));
  check(in_pieces == whole);
  Result cut;
  ByteReader valid(input.substr(0, whole.units_end));
  check(read(valid, has_preamble, RecordReader::kBatch, cut));
  check(cut.status == RecordReader::Status::kEnd && cut.units_end == whole.units_end);
  return 0;
}
