#include "storage/keyspace/bitmap.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "storage/base/assert.h"
#include "storage/base/numbers.h"
#include "storage/keyspace/entry_string.h"
#include "storage/types/string.h"

namespace spinel::storage {

namespace {

constexpr unsigned kMaxFieldWidth = 64;
// Bytes that a field touches at most, as it may begin with the last bit of one.
constexpr size_t kMaxFieldBytes = kMaxFieldWidth / 8 + 1;

const unsigned char* unsigned_bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// --- fields: up to nine bytes as one number, the first byte being the most significant

using Window = unsigned __int128;

Window load_window(const unsigned char* bytes, size_t size) {
  Window window = 0;
  for (size_t i = 0; i < size; ++i) window = window << 8 | bytes[i];
  return window;
}

void store_window(Window window, unsigned char* bytes, size_t size) {
  for (size_t i = size; i-- > 0; window >>= 8) bytes[i] = static_cast<unsigned char>(window);
}

// Where a field lies.
struct FieldPlace {
  size_t first_byte;
  size_t bytes;
  unsigned shift;  // bits behind it in its last byte
  uint64_t mask;

  FieldPlace(uint64_t offset, unsigned width) : first_byte(offset >> 3) {
    SPINEL_ASSERT(width >= 1 && width <= kMaxFieldWidth);
    const uint64_t last_bit = offset + width - 1;
    bytes = (last_bit >> 3) - first_byte + 1;
    shift = 7 - static_cast<unsigned>(last_bit & 7);
    mask = ~uint64_t{0} >> (kMaxFieldWidth - width);
  }
};

void put_field(unsigned char* bytes, const FieldPlace& place, uint64_t value) {
  const Window window = load_window(bytes, place.bytes) & ~(Window{place.mask} << place.shift);
  store_window(window | Window{value & place.mask} << place.shift, bytes, place.bytes);
}

// --- the two forms that can be written to

CompressedBitmap* compressed_of(const Item& item) {
  if (!item || item->encoding() != Encoding::kCompressedBitmap) return nullptr;
  return static_cast<CompressedBitmap*>(item->object());
}

// The bytes of a flat string, to be changed, with the length it has.
unsigned char* flat_bytes(Database& database, const Key& key, Item& item, uint32_t access) {
  char* bytes = item->encoding() == Encoding::kRaw
                    ? Database::writable_string(item)->bytes()
                    : database.resize_string(key, item, string_size(*item), access);
  return reinterpret_cast<unsigned char*>(bytes);
}

bool set_flat_bit(unsigned char* bytes, uint64_t offset, bool value) {
  unsigned char& byte = bytes[offset >> 3];
  const unsigned shift = 7 - static_cast<unsigned>(offset & 7);
  const bool before = (byte >> shift & 1) != 0;
  byte = static_cast<unsigned char>((byte & ~(1u << shift)) | unsigned{value} << shift);
  return before;
}

// Makes a compressed string flat if it should be.
void settle(Database& database, const Key& key, Item& item, uint32_t access) {
  const CompressedBitmap* bitmap = compressed_of(item);
  if (bitmap->should_be_flat()) database.resize_string(key, item, bitmap->size_bytes(), access);
}

// --- when a string becomes compressed: the rule stands in the header

bool is_worth_it(const CompressedBitmap& bitmap) {
  return bitmap.approximate_bytes() <= bitmap_policy::most_to_compress(bitmap.size_bytes());
}

// What the flat string at `item`, or none, is to become as it grows to `size`; null: a flat one.
CompressedBitmap* compress_to_grow(const Item& item, size_t size) {
  if (size < CompressedBitmap::kMinSizeBytes || size > CompressedBitmap::kMaxSizeBytes) {
    return nullptr;
  }
  if (!item) return CompressedBitmap::create(size);
  if (string_size(*item) > size / 2) return nullptr;
  CompressedBitmap* bitmap = CompressedBitmap::from_bytes(BitmapView(item).flat());
  bitmap->grow(size);
  if (is_worth_it(*bitmap)) return bitmap;
  CompressedBitmap::destroy(bitmap);
  return nullptr;
}

StringObject flat_object(RawString* raw) {
  return {Encoding::kRaw, raw};
}

StringObject compressed_object(CompressedBitmap* bitmap) {
  return {Encoding::kCompressedBitmap, bitmap};
}

}  // namespace

// --- reading

BitmapView::BitmapView(const Entry* entry) {
  if (entry == nullptr) return;
  switch (entry->encoding()) {
    case Encoding::kInt32:
    case Encoding::kInt64:
      flat_ = {digits_, format_int64(entry->integer(), digits_)};
      return;
    case Encoding::kEmbedded:
      flat_ = entry->embedded();
      return;
    case Encoding::kRaw:
      flat_ = static_cast<const RawString*>(entry->object())->view();
      return;
    case Encoding::kCompressedBitmap:
      compressed_ = static_cast<const CompressedBitmap*>(entry->object());
      return;
    default:
      SPINEL_ASSERT(false);
  }
}

bool BitmapView::get(uint64_t offset) const {
  if (compressed_) return compressed_->get(offset);
  const uint64_t byte = offset >> 3;
  return byte < flat_.size() && (unsigned_bytes(flat_)[byte] >> (7 - (offset & 7)) & 1) != 0;
}

uint64_t BitmapView::count() const {
  return compressed_ ? compressed_->count() : bits::count(unsigned_bytes(flat_), flat_.size());
}

uint64_t BitmapView::count_range(uint64_t first_bit, uint64_t last_bit) const {
  SPINEL_ASSERT(first_bit <= last_bit && last_bit >> 3 < size_bytes());
  return compressed_ ? compressed_->count_range(first_bit, last_bit)
                     : bits::count_range(flat_, first_bit, last_bit);
}

std::optional<uint64_t> BitmapView::find(bool value, uint64_t first_bit, uint64_t last_bit) const {
  SPINEL_ASSERT(first_bit <= last_bit && last_bit >> 3 < size_bytes());
  return compressed_ ? compressed_->find(value, first_bit, last_bit)
                     : bits::find(flat_, value, first_bit, last_bit);
}

void BitmapView::read(size_t offset_bytes, std::span<unsigned char> to) const {
  SPINEL_ASSERT(offset_bytes <= size_bytes() && to.size() <= size_bytes() - offset_bytes);
  if (to.empty()) return;
  if (compressed_) return compressed_->read(offset_bytes, to);
  std::memcpy(to.data(), flat_.data() + offset_bytes, to.size());
}

uint64_t BitmapView::field(uint64_t offset, unsigned width) const {
  const FieldPlace place(offset, width);
  const size_t size = size_bytes();
  if (place.first_byte >= size) return 0;
  unsigned char bytes[kMaxFieldBytes] = {};
  read(place.first_byte, {bytes, std::min(place.bytes, size - place.first_byte)});
  return static_cast<uint64_t>(load_window(bytes, place.bytes) >> place.shift) & place.mask;
}

// --- writing

bool grow_bitmap(Database& database, const Key& key, Item& item, size_t size_bytes, uint32_t access,
                 bool compress) {
  if (item && size_bytes <= string_size(*item)) return false;
  if (CompressedBitmap* bitmap = compressed_of(item)) {
    if (size_bytes <= CompressedBitmap::kMaxSizeBytes) {
      bitmap->grow(size_bytes);
      return true;
    }
  } else if (compress) {
    if (CompressedBitmap* compressed = compress_to_grow(item, size_bytes)) {
      database.set_object(key, item, Encoding::kCompressedBitmap, compressed,
                          item ? item->expire_at_ms() : kNoExpiry, access);
      return true;
    }
  }
  database.resize_string(key, item, size_bytes, access);
  return true;
}

BitChange set_bit(Database& database, const Key& key, Item& item, uint64_t offset, bool value,
                  uint32_t access, bool compress) {
  if (item && item->encoding() == Encoding::kRaw) {  // what it nearly always is
    RawString* raw = Database::writable_string(item);
    if (offset >> 3 < raw->size) {
      const bool before =
          set_flat_bit(reinterpret_cast<unsigned char*>(raw->bytes()), offset, value);
      return {.before = before, .changed = before != value};
    }
  }
  const bool grew =
      grow_bitmap(database, key, item, static_cast<size_t>(offset >> 3) + 1, access, compress);
  bool before = false;
  if (CompressedBitmap* bitmap = compressed_of(item)) {
    before = bitmap->set(offset, value);
    settle(database, key, item, access);
  } else {
    before = set_flat_bit(flat_bytes(database, key, item, access), offset, value);
  }
  return {.before = before, .changed = grew || before != value};
}

void set_field(Database& database, const Key& key, Item& item, uint64_t offset, unsigned width,
               uint64_t value, uint32_t access, bool compress) {
  const FieldPlace place(offset, width);
  grow_bitmap(database, key, item, place.first_byte + place.bytes, access, compress);
  CompressedBitmap* bitmap = compressed_of(item);
  if (bitmap == nullptr) {
    put_field(flat_bytes(database, key, item, access) + place.first_byte, place, value);
    return;
  }
  unsigned char bytes[kMaxFieldBytes];
  bitmap->read(place.first_byte, {bytes, place.bytes});
  put_field(bytes, place, value);
  bitmap->write(place.first_byte, {reinterpret_cast<const char*>(bytes), place.bytes});
  settle(database, key, item, access);
}

void write_string(Database& database, const Key& key, Item& item, size_t offset_bytes,
                  std::string_view bytes, uint32_t access) {
  const size_t old_size = item ? string_size(*item) : 0;
  const size_t size = std::max(old_size, offset_bytes + bytes.size());
  CompressedBitmap* bitmap = compressed_of(item);
  if (bitmap != nullptr && size <= CompressedBitmap::kMaxSizeBytes && bytes.size() < size / 2) {
    if (bytes.empty()) return bitmap->grow(size);
    bitmap->write(offset_bytes, bytes);
    return settle(database, key, item, access);
  }
  char* to = database.resize_string(key, item, size, access);
  if (!bytes.empty()) std::memcpy(to + offset_bytes, bytes.data(), bytes.size());
}

// --- combining

namespace {

using Views = std::span<const BitmapView* const>;

size_t longest_of(Views sources) {
  size_t size = 0;
  for (const BitmapView* source : sources) size = std::max(size, source->size_bytes());
  return size;
}

// Bytes in which the flat ones may have any number of ones.
size_t flat_bytes_of(Views sources) {
  size_t bytes = 0;
  for (const BitmapView* source : sources) bytes += source->flat().size();
  return bytes;
}

// Whether the result is known to be sparse: the bytes in which it may be dense are less than half.
bool stays_sparse(bits::Operation operation, Views sources, size_t size) {
  const auto is_compressed = [](const BitmapView* source) { return source->compressed(); };
  if (std::ranges::none_of(sources, is_compressed)) return false;
  const size_t first = flat_bytes_of(sources.first(1));
  const size_t others = flat_bytes_of(sources.subspan(1));
  switch (operation) {
    case bits::Operation::kAnd:
      return true;
    case bits::Operation::kNot:
      return false;
    case bits::Operation::kDiff:
      return first < size / 2;
    case bits::Operation::kDiff1:
      return others < size / 2;
    case bits::Operation::kAndOr:
      return std::min(first, others) < size / 2;
    case bits::Operation::kOr:
    case bits::Operation::kXor:
    case bits::Operation::kOne:
      return first + others < size / 2;
  }
  __builtin_unreachable();
}

CompressedBitmap* combine_compressed(bits::Operation operation, Views sources, size_t size) {
  std::vector<CompressedBitmap::Source> inputs;
  inputs.reserve(sources.size());
  for (const BitmapView* source : sources) {
    inputs.push_back({.compressed = source->compressed(), .flat = source->flat()});
  }
  return CompressedBitmap::combine(operation, inputs, size);
}

// Writes all `size` bytes of the result. Compressed sources are read in blocks: they are many times
// longer than what they take.
void combine_flat(bits::Operation operation, Views sources, unsigned char* to, size_t size) {
  constexpr size_t kBlock = 64 << 10;
  std::vector<std::vector<unsigned char>> blocks;
  blocks.reserve(sources.size());
  size_t step = size;
  for (const BitmapView* source : sources) {
    blocks.emplace_back(source->compressed() ? std::min(kBlock, size) : 0);
    if (source->compressed()) step = std::min(kBlock, size);
  }
  std::vector<std::string_view> parts(sources.size());
  for (size_t at = 0; at < size; at += step) {
    const size_t block_size = std::min(step, size - at);
    for (size_t i = 0; i < sources.size(); ++i) {
      const BitmapView& source = *sources[i];
      const size_t start = std::min(at, source.size_bytes());
      const size_t part_size = std::min(block_size, source.size_bytes() - start);
      if (source.compressed()) {
        source.read(start, {blocks[i].data(), part_size});
        parts[i] = {reinterpret_cast<const char*>(blocks[i].data()), part_size};
      } else {
        parts[i] = source.flat().substr(start, part_size);
      }
    }
    bits::combine(operation, parts, to + at, block_size);
  }
}

// About how many ones there are, from a sixteenth of the bytes; of short strings exactly.
uint64_t sampled_count(std::string_view bytes) {
  constexpr size_t kPiece = 4096;
  constexpr size_t kPieces = 16;
  if (bytes.size() <= kPiece * kPieces) return bits::count(unsigned_bytes(bytes), bytes.size());
  uint64_t count = 0;
  for (size_t at = 0; at < bytes.size(); at += kPiece * kPieces) {
    count += bits::count(unsigned_bytes(bytes) + at, std::min(kPiece, bytes.size() - at));
  }
  return count * kPieces;
}

// Whether a result that was made flat is to be compressed. If the sources are flat, it must be so
// much smaller that finding it out and converting take a small part of the time that the operation
// took.
bool result_pays(Views sources, std::string_view bytes) {
  const size_t most = bitmap_policy::most_to_compress(bytes.size());
  if (most == 0 || bytes.size() > CompressedBitmap::kMaxSizeBytes) return false;
  const auto is_compressed = [](const BitmapView* source) { return source->compressed(); };
  if (std::ranges::any_of(sources, is_compressed)) {
    return CompressedBitmap::worth_compressing(bytes);
  }
  const auto few = [most](uint64_t ones) {
    return bitmap_policy::positions_bytes(ones) <= most / 8;
  };
  return few(sampled_count(bytes)) && few(bits::count(unsigned_bytes(bytes), bytes.size()));
}

RawString* flat_copy(const CompressedBitmap& bitmap) {
  RawString* raw = RawString::create(bitmap.size_bytes(), bitmap.size_bytes());
  bitmap.read(0, {reinterpret_cast<unsigned char*>(raw->bytes()), raw->size});
  return raw;
}

// A string of `size` undefined bytes: `reuse`, unless that is too small or much too large.
RawString* result_string(RawString* reuse, size_t size) {
  if (reuse == nullptr || reuse->capacity < size || reuse->capacity / 2 > size) {
    return RawString::create(size, size);
  }
  reuse->size = size;
  return reuse;
}

}  // namespace

StringObject combine_bitmaps(bits::Operation operation, Views sources, bool compress,
                             RawString* reuse) {
  const size_t size = longest_of(sources);
  if (compress && stays_sparse(operation, sources, size)) {
    CompressedBitmap* bitmap = combine_compressed(operation, sources, size);
    if (is_worth_it(*bitmap)) return compressed_object(bitmap);
    RawString* raw = flat_copy(*bitmap);
    CompressedBitmap::destroy(bitmap);
    return flat_object(raw);
  }
  RawString* raw = result_string(reuse, size);
  combine_flat(operation, sources, reinterpret_cast<unsigned char*>(raw->bytes()), size);
  if (!compress || !result_pays(sources, raw->view())) return flat_object(raw);
  CompressedBitmap* bitmap = CompressedBitmap::from_bytes(raw->view());
  if (raw != reuse) RawString::destroy(raw);
  return compressed_object(bitmap);
}

}  // namespace spinel::storage
