// Strings: integers, bytes, and bitmaps, which are compressed as they are walked and become bitmaps
// again where that pays.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "persistence/rdb/lzf.h"
#include "persistence/rdb/payload.h"
#include "persistence/rdb/zero_run_lzf.h"
#include "storage/containers/compressed_bitmap.h"
#include "storage/keyspace/entry_string.h"

namespace spinel::persistence::rdb {

namespace {

using storage::CompressedBitmap;
using storage::Encoding;
using storage::RawString;

// A long string while it is read: destroyed unless it is taken.
class RawStringInTheMaking {
 public:
  explicit RawStringInTheMaking(size_t size) : raw_(RawString::create(size, size)) {}
  ~RawStringInTheMaking() {
    if (raw_ != nullptr) RawString::destroy(raw_);
  }
  RawStringInTheMaking(const RawStringInTheMaking&) = delete;
  RawStringInTheMaking& operator=(const RawStringInTheMaking&) = delete;

  char* bytes() { return raw_->bytes(); }
  std::string_view view() const { return raw_->view(); }
  Value take() { return Value::of_object(Encoding::kRaw, std::exchange(raw_, nullptr)); }

 private:
  RawString* raw_;
};

Value raw_value(std::string_view text) {
  RawStringInTheMaking raw(text.size());
  std::memcpy(raw.bytes(), text.data(), text.size());
  return raw.take();
}

bool read_bytes(PayloadReader& from, uint64_t size, Value& value) {
  if (!from.bytes.may_hold(size)) return from.bytes.fail("a string is longer than what is left");
  if (size > storage::kMaxStringBytes) return from.bytes.fail("a string is too long");
  if (!from.bytes.total_bytes()) {
    // Nobody knows whether so much will come.
    std::string text;
    if (!from.bytes.append(text, size)) return false;
    value = raw_value(text);
    return true;
  }
  RawStringInTheMaking raw(size);
  if (!from.bytes.read(raw.bytes(), size)) return false;
  value = raw.take();
  return true;
}

bool read_compressed(PayloadReader& from, Value& value) {
  // What compresses less is no sparse bitmap.
  constexpr uint64_t kSparse = 16;
  const uint64_t begin = from.bytes.position();
  CompressedSizes sizes;
  if (!read_compressed_sizes(from.bytes, sizes)) return false;
  if (sizes.plain <= storage::Entry::kMaxEmbedded) {
    value = Value::of_text(from.first.read_expanded(from.bytes, sizes));
    return from.bytes.ok();
  }
  if (sizes.plain > storage::kMaxStringBytes) return from.bytes.fail("a string is too long");
  const std::string_view compressed = from.first.read_compressed(from.bytes, sizes);
  if (!from.bytes.ok()) return false;
  RawStringInTheMaking raw(sizes.plain);
  if (!lzf_expand(compressed, raw.bytes(), sizes.plain)) {
    return from.bytes.fail_at(begin, "a compressed string is damaged");
  }
  const bool may_be_sparse = from.limits.compress_bitmaps &&
                             sizes.plain >= CompressedBitmap::kMinSizeBytes &&
                             sizes.plain / kSparse >= sizes.compressed;
  if (may_be_sparse && CompressedBitmap::worth_compressing(raw.view())) {
    value = Value::of_object(Encoding::kCompressedBitmap, CompressedBitmap::from_bytes(raw.view()));
  } else {
    value = raw.take();
  }
  return true;
}

// --- bitmaps

constexpr size_t kPiece = size_t{1} << 12;

// Calls `encoder` with all bytes of the bitmap, zeroes by number where they are many.
template <typename Encoder>
void walk(const CompressedBitmap& bitmap, Encoder& encoder) {
  const size_t size = bitmap.size_bytes();
  std::array<unsigned char, kPiece> piece;
  for (size_t at = 0; at < size;) {
    const std::optional<uint64_t> one = bitmap.find(true, at * 8, size * 8 - 1);
    const size_t next = one ? *one / 8 : size;
    encoder.zeroes(next - at);
    const size_t length = std::min(kPiece, size - next);
    if (length > 0) bitmap.read(next, {piece.data(), length});
    encoder.bytes(piece.data(), length);
    at = next + length;
  }
  encoder.finish();
}

void write_plain_bitmap(ValueWriter& to, const CompressedBitmap& bitmap) {
  std::array<unsigned char, kPiece> piece;
  write_length(to.writer(), bitmap.size_bytes());
  for (size_t at = 0; at < bitmap.size_bytes() && to.writer().ok(); at += kPiece) {
    const size_t length = std::min(kPiece, bitmap.size_bytes() - at);
    bitmap.read(at, {piece.data(), length});
    to.writer().bytes(piece.data(), length);
  }
}

void write_bitmap(ValueWriter& to, const CompressedBitmap& bitmap) {
  uint64_t compressed_bytes = 0;
  if (to.strings().compress) {
    const auto count = [&](const unsigned char*, size_t size) { compressed_bytes += size; };
    ZeroRunLzf counter(count);
    walk(bitmap, counter);
  }
  if (compressed_bytes == 0 || compressed_bytes >= bitmap.size_bytes()) {
    return write_plain_bitmap(to, bitmap);
  }
  write_compressed_head(to.writer(), compressed_bytes, bitmap.size_bytes());
  const auto write = [&to](const unsigned char* from, size_t size) {
    to.writer().bytes(from, size);
  };
  ZeroRunLzf encoder(write);
  walk(bitmap, encoder);
}

}  // namespace

bool read_string(PayloadReader& from, Value& value) {
  const Length length = read_length_or_special(from.bytes);
  if (!from.bytes.ok()) return false;
  if (length.is_special && length.value == kCompressedString) return read_compressed(from, value);
  if (!length.is_special && length.value > storage::Entry::kMaxEmbedded) {
    return read_bytes(from, length.value, value);
  }
  value = Value::of_text(from.element(length));
  return from.bytes.ok();
}

void write_string(ValueWriter& to, const storage::Entry& entry) {
  switch (entry.encoding()) {
    case Encoding::kInt32:
    case Encoding::kInt64:
      return to.strings().write_integer(to.writer(), entry.integer());
    case Encoding::kCompressedBitmap:
      return write_bitmap(to, *static_cast<const CompressedBitmap*>(entry.object()));
    default: {
      storage::StringScratch scratch;
      return to.strings().write(to.writer(), storage::string_bytes(entry, scratch));
    }
  }
}

}  // namespace spinel::persistence::rdb
