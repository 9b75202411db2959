// One element as small collections store it, after the listpack specification: text with its length
// before it, or, where the text is the one spelling of a 64-bit integer, that integer in as few
// bytes as hold it. What differs: no length stands behind an element, because nobody here walks
// backwards through bytes (that is a byte saved for each), and a double may be stored as one.
//
//   0vvvvvvv                     integer 0 to 127
//   10llllll text                text of up to 63 bytes
//   110vvvvv v                   integer of 13 bits, two's complement
//   1110llll l text              text of up to 4095 bytes
//   0xf0 llll text               text of up to 2^32-1 bytes, length in four bytes
//   0xf1 .. 0xf4                 integer of 2, 3, 4, 8 bytes
//   0xf5                         double of 8 bytes (ours)
//
// Numbers of several bytes are little endian, but for the high bits in the first byte, as
// specified.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "storage/base/bytes.h"
#include "storage/base/numbers.h"

namespace spinel::storage {

// An element read from its bytes; `text` points into them.
struct ListpackValue {
  enum class Kind : uint8_t { kText, kInteger, kDouble };

  Kind kind;
  union {
    std::string_view text;
    int64_t integer;
    double number;
  };

  explicit ListpackValue(std::string_view text_in) : kind(Kind::kText), text(text_in) {}
  explicit ListpackValue(int64_t integer_in) : kind(Kind::kInteger), integer(integer_in) {}
  explicit ListpackValue(double number_in) : kind(Kind::kDouble), number(number_in) {}

  bool is_text() const { return kind == Kind::kText; }
  bool is_integer() const { return kind == Kind::kInteger; }
  // The bytes that clients see; digits are put into `scratch` (kMaxDoubleChars).
  std::string_view bytes(char* scratch) const {
    if (kind == Kind::kText) return text;
    return {scratch, kind == Kind::kInteger ? format_int64(integer, scratch)
                                            : format_double(number, scratch)};
  }
};

// An element to be written or looked for. The same value always has the same bytes, so that
// equality is equality of bytes. Keeps a view of the text.
class ListpackItem {
 public:
  // Text, stored as an integer if it is the spelling of one.
  explicit ListpackItem(std::string_view text);
  explicit ListpackItem(int64_t integer) { set_integer(integer); }
  explicit ListpackItem(double number) : head_size_(1 + sizeof number) {
    head_[0] = kDouble;
    store_unaligned(head_ + 1, number);
  }
  // Text that is stored as text even where it spells an integer.
  static ListpackItem as_text(std::string_view text) {
    ListpackItem item;
    item.set_text(text);
    return item;
  }

  // Bytes that it takes.
  size_t size() const { return head_size_ + tail_.size(); }
  // Writes it where there is room for size() bytes, and returns the end.
  unsigned char* write(unsigned char* at) const {
    std::memcpy(at, head_, head_size_);
    if (!tail_.empty()) std::memcpy(at + head_size_, tail_.data(), tail_.size());
    return at + size();
  }
  // Whether the element at `at`, of which there are at least `available` bytes, is this one.
  bool equals(const unsigned char* at, size_t available) const {
    return available >= size() && std::memcmp(at, head_, head_size_) == 0 &&
           (tail_.empty() || std::memcmp(at + head_size_, tail_.data(), tail_.size()) == 0);
  }

 private:
  static constexpr unsigned char kDouble = 0xf5;

  ListpackItem() = default;
  void set_text(std::string_view text);
  void set_integer(int64_t integer);

  unsigned char head_[1 + sizeof(int64_t)];
  uint8_t head_size_ = 0;
  std::string_view tail_;
};

// Size in bytes of the element at `at`.
inline size_t listpack_entry_size(const unsigned char* at) {
  const unsigned char head = *at;
  if ((head & 0x80) == 0) return 1;
  if ((head & 0x40) == 0) return 1 + (head & 0x3f);
  if ((head & 0x20) == 0) return 2;
  if ((head & 0x10) == 0) return 2 + (size_t{head & 0x0fu} << 8 | at[1]);
  switch (head) {
    case 0xf0:
      return 5 + size_t{load_unaligned<uint32_t>(at + 1)};
    case 0xf1:
      return 3;
    case 0xf2:
      return 4;
    case 0xf3:
      return 5;
    default:
      return 9;
  }
}

// Reads the element at `at`.
ListpackValue read_listpack_entry(const unsigned char* at);

}  // namespace spinel::storage
