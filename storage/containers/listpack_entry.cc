#include "storage/containers/listpack_entry.h"

#include "storage/base/assert.h"

namespace spinel::storage {

namespace {

constexpr unsigned char kText32 = 0xf0;
constexpr unsigned char kInt16 = 0xf1;
constexpr unsigned char kInt24 = 0xf2;
constexpr unsigned char kInt32 = 0xf3;
constexpr unsigned char kInt64 = 0xf4;
constexpr unsigned char kDouble = 0xf5;

constexpr size_t kMaxText6 = 63;
constexpr size_t kMaxText12 = 4095;

// Sign-extends the low `bits` bits.
constexpr int64_t extend(uint64_t value, unsigned bits) {
  return static_cast<int64_t>(value << (64 - bits)) >> (64 - bits);
}

constexpr bool fits(int64_t value, unsigned bits) {
  return extend(static_cast<uint64_t>(value), bits) == value;
}

}  // namespace

ListpackItem::ListpackItem(std::string_view text) {
  if (const std::optional<int64_t> integer = parse_int64(text)) {
    set_integer(*integer);
  } else {
    set_text(text);
  }
}

void ListpackItem::set_text(std::string_view text) {
  tail_ = text;
  if (text.size() <= kMaxText6) {
    head_[0] = static_cast<unsigned char>(0x80 | text.size());
    head_size_ = 1;
  } else if (text.size() <= kMaxText12) {
    head_[0] = static_cast<unsigned char>(0xe0 | text.size() >> 8);
    head_[1] = static_cast<unsigned char>(text.size());
    head_size_ = 2;
  } else {
    SPINEL_ASSERT(text.size() <= UINT32_MAX);
    head_[0] = kText32;
    SPINEL_ASSERT(text.size() <= UINT32_MAX);
    store_unaligned(head_ + 1, static_cast<uint32_t>(text.size()));
    head_size_ = 1 + sizeof(uint32_t);
  }
}

void ListpackItem::set_integer(int64_t integer) {
  const auto bits = static_cast<uint64_t>(integer);
  if (integer >= 0 && integer <= 127) {
    head_[0] = static_cast<unsigned char>(integer);
    head_size_ = 1;
  } else if (fits(integer, 13)) {
    head_[0] = static_cast<unsigned char>(0xc0 | (bits >> 8 & 0x1f));
    head_[1] = static_cast<unsigned char>(bits);
    head_size_ = 2;
  } else {
    const size_t width = fits(integer, 16) ? 2 : fits(integer, 24) ? 3 : fits(integer, 32) ? 4 : 8;
    head_[0] = width == 2 ? kInt16 : width == 3 ? kInt24 : width == 4 ? kInt32 : kInt64;
    for (size_t i = 0; i < width; ++i) head_[1 + i] = static_cast<unsigned char>(bits >> 8 * i);
    head_size_ = static_cast<uint8_t>(1 + width);
  }
}

ListpackValue read_listpack_entry(const unsigned char* at) {
  const unsigned char head = *at;
  const auto* bytes = reinterpret_cast<const char*>(at);
  if ((head & 0x80) == 0) return ListpackValue(int64_t{head});
  if ((head & 0x40) == 0) return ListpackValue(std::string_view(bytes + 1, head & 0x3f));
  if ((head & 0x20) == 0) return ListpackValue(extend(uint64_t{head & 0x1fu} << 8 | at[1], 13));
  if ((head & 0x10) == 0) {
    return ListpackValue(std::string_view(bytes + 2, size_t{head & 0x0fu} << 8 | at[1]));
  }
  switch (head) {
    case kText32:
      return ListpackValue(std::string_view(bytes + 5, load_unaligned<uint32_t>(at + 1)));
    case kInt16:
      return ListpackValue(int64_t{load_unaligned<int16_t>(at + 1)});
    case kInt24:
      return ListpackValue(
          extend(uint64_t{at[1]} | uint64_t{at[2]} << 8 | uint64_t{at[3]} << 16, 24));
    case kInt32:
      return ListpackValue(int64_t{load_unaligned<int32_t>(at + 1)});
    case kInt64:
      return ListpackValue(load_unaligned<int64_t>(at + 1));
    case kDouble:
      return ListpackValue(load_unaligned<double>(at + 1));
    default:
      SPINEL_ASSERT(false);
      return ListpackValue(int64_t{0});
  }
}

}  // namespace spinel::storage
