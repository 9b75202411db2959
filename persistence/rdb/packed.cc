#include "persistence/rdb/packed.h"

#include <algorithm>
#include <limits>

#include "storage/base/bytes.h"

namespace spinel::persistence::rdb {

namespace {

using storage::ListpackItem;
using storage::ListpackValue;
using storage::load_unaligned;

constexpr unsigned char kEnd = 0xff;
// A count of elements that says: look for yourself.
constexpr size_t kUnknownCount = 0xffff;

constexpr size_t kListpackHead = sizeof(uint32_t) + sizeof(uint16_t);
constexpr size_t kZiplistHead = 2 * sizeof(uint32_t) + sizeof(uint16_t);
constexpr size_t kZipmapHead = 1;
constexpr unsigned char kZipmapUnknownCount = 254;
constexpr unsigned char kLongLength = 254;

const unsigned char* unsigned_bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// Bytes of the length behind an element of a listpack. The bounds are Redis's, and are no powers of
// two.
size_t back_length_bytes(size_t size) {
  if (size <= 127) return 1;
  if (size < 16383) return 2;
  if (size < 2097151) return 3;
  if (size < 268435455) return 4;
  return 5;
}

void write_back_length(unsigned char* to, size_t size, size_t bytes) {
  for (size_t i = bytes; i-- > 0; size >>= 7) {
    to[i] = static_cast<unsigned char>((size & 0x7f) | (i == 0 ? 0 : 0x80));
  }
}

// Of a listpack's element, as its first byte has it. Text of 12 bits has one more.
enum class ListpackCode : uint8_t { kText32 = 0xf0, kInt16, kInt24, kInt32, kInt64 };

int64_t int24(const unsigned char* at) {
  const uint32_t bits = uint32_t{at[0]} << 8 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 24;
  return static_cast<int32_t>(bits) >> 8;
}

}  // namespace

PackedReader::PackedReader(Form form, std::string_view bytes)
    : form_(form), begin_(unsigned_bytes(bytes)), at_(begin_), end_(begin_) {
  switch (form) {
    case Form::kListpack:
      open_listpack(bytes);
      break;
    case Form::kZiplist:
      open_ziplist(bytes);
      break;
    case Form::kZipmap:
      open_zipmap(bytes);
      break;
  }
}

void PackedReader::open_listpack(std::string_view bytes) {
  if (bytes.size() < kListpackHead + 1 || load_unaligned<uint32_t>(begin_) != bytes.size() ||
      begin_[bytes.size() - 1] != kEnd) {
    error_ = "a listpack's size is wrong";
    return;
  }
  claimed_ = load_unaligned<uint16_t>(begin_ + sizeof(uint32_t));
  claim_is_unknown_ = claimed_ == kUnknownCount;
  at_ = begin_ + kListpackHead;
  end_ = begin_ + bytes.size() - 1;
}

void PackedReader::open_ziplist(std::string_view bytes) {
  if (bytes.size() < kZiplistHead + 1 || load_unaligned<uint32_t>(begin_) != bytes.size() ||
      begin_[bytes.size() - 1] != kEnd) {
    error_ = "a ziplist's size is wrong";
    return;
  }
  const size_t last = load_unaligned<uint32_t>(begin_ + sizeof(uint32_t));
  if (last < kZiplistHead || last >= bytes.size()) {
    error_ = "a ziplist's last element is outside";
    return;
  }
  claimed_last_ = begin_ + last;
  claimed_ = load_unaligned<uint16_t>(begin_ + 2 * sizeof(uint32_t));
  claim_is_unknown_ = claimed_ == kUnknownCount;
  at_ = begin_ + kZiplistHead;
  end_ = begin_ + bytes.size() - 1;
}

void PackedReader::open_zipmap(std::string_view bytes) {
  if (bytes.size() < kZipmapHead + 1 || begin_[bytes.size() - 1] != kEnd) {
    error_ = "a zipmap does not end";
    return;
  }
  claimed_ = 2 * size_t{begin_[0]};
  claim_is_unknown_ = begin_[0] >= kZipmapUnknownCount;
  at_ = begin_ + kZipmapHead;
  end_ = begin_ + bytes.size() - 1;
}

std::optional<ListpackValue> PackedReader::next() {
  if (error_ != nullptr) return std::nullopt;
  if (at_ == end_) return finish();
  ++count_;
  switch (form_) {
    case Form::kListpack:
      return next_of_listpack();
    case Form::kZiplist:
      return next_of_ziplist();
    case Form::kZipmap:
      return next_of_zipmap();
  }
  return std::nullopt;
}

std::nullopt_t PackedReader::finish() {
  if (!claim_is_unknown_ && claimed_ != count_) {
    error_ = "a packed collection's count of elements is wrong";
  } else if (form_ == Form::kZiplist && claimed_last_ != (last_ != nullptr ? last_ : at_)) {
    error_ = "a ziplist's last element is elsewhere";
  }
  return std::nullopt;
}

PackedReader::Element PackedReader::text(size_t head, size_t size) {
  return ListpackValue(std::string_view(reinterpret_cast<const char*>(at_ + head), size));
}

PackedReader::Element PackedReader::next_of_listpack() {
  const unsigned char head = *at_;
  Element element;
  size_t size = 0;  // of head and data
  const auto has = [&](size_t bytes) {
    size = bytes;
    return bytes <= left();
  };
  if ((head & 0x80) == 0) {
    size = 1;
    element = ListpackValue(int64_t{head});
  } else if ((head & 0x40) == 0) {
    if (has(1 + size_t{head & 0x3fu})) element = text(1, size - 1);
  } else if ((head & 0x20) == 0) {
    if (has(2)) {
      const auto bits = static_cast<uint16_t>((head & 0x1f) << 11 | at_[1] << 3);
      element = ListpackValue(int64_t{static_cast<int16_t>(bits)} >> 3);
    }
  } else if ((head & 0x10) == 0) {
    if (has(2) && has(2 + (size_t{head & 0x0fu} << 8 | at_[1]))) element = text(2, size - 2);
  } else {
    switch (static_cast<ListpackCode>(head)) {
      case ListpackCode::kText32:
        if (has(5) && has(5 + size_t{load_unaligned<uint32_t>(at_ + 1)}))
          element = text(5, size - 5);
        break;
      case ListpackCode::kInt16:
        if (has(3)) element = ListpackValue(int64_t{load_unaligned<int16_t>(at_ + 1)});
        break;
      case ListpackCode::kInt24:
        if (has(4)) element = ListpackValue(int24(at_ + 1));
        break;
      case ListpackCode::kInt32:
        if (has(5)) element = ListpackValue(int64_t{load_unaligned<int32_t>(at_ + 1)});
        break;
      case ListpackCode::kInt64:
        if (has(9)) element = ListpackValue(load_unaligned<int64_t>(at_ + 1));
        break;
      default:
        return fail("a listpack's element has no known form");
    }
  }
  if (!element) return fail("a listpack's element reaches beyond its end");
  const size_t back_bytes = back_length_bytes(size);
  unsigned char back[5];
  write_back_length(back, size, back_bytes);
  if (left() - size < back_bytes || !std::equal(back, back + back_bytes, at_ + size)) {
    return fail("a listpack's element has a wrong length behind it");
  }
  at_ += size + back_bytes;
  return element;
}

PackedReader::Element PackedReader::next_of_ziplist() {
  const unsigned char* element_begin = at_;
  size_t previous = *at_;
  size_t head = 1;
  if (previous == kLongLength) {
    head = 1 + sizeof(uint32_t);
    if (left() < head) return fail("a ziplist's element reaches beyond its end");
    previous = load_unaligned<uint32_t>(at_ + 1);
  }
  if (previous != previous_bytes_) return fail("a ziplist's element has a wrong length before it");
  at_ += head;
  if (at_ == end_) return fail("a ziplist's element reaches beyond its end");

  const unsigned char code = *at_;
  size_t size = 0;  // from the code on
  Element element;
  const auto has = [&](size_t bytes) {
    size = bytes;
    return bytes <= left();
  };
  switch (code >> 6) {
    case 0:
      if (has(1 + size_t{code & 0x3fu})) element = text(1, size - 1);
      break;
    case 1:
      if (has(2) && has(2 + (size_t{code & 0x3fu} << 8 | at_[1]))) element = text(2, size - 2);
      break;
    case 2:
      if (code != 0x80) return fail("a ziplist's element has no known form");
      if (has(5) && has(5 + size_t{__builtin_bswap32(load_unaligned<uint32_t>(at_ + 1))})) {
        element = text(5, size - 5);
      }
      break;
    default:
      switch (code) {
        case 0xc0:
          if (has(3)) element = ListpackValue(int64_t{load_unaligned<int16_t>(at_ + 1)});
          break;
        case 0xd0:
          if (has(5)) element = ListpackValue(int64_t{load_unaligned<int32_t>(at_ + 1)});
          break;
        case 0xe0:
          if (has(9)) element = ListpackValue(load_unaligned<int64_t>(at_ + 1));
          break;
        case 0xf0:
          if (has(4)) element = ListpackValue(int24(at_ + 1));
          break;
        case 0xfe:
          if (has(2)) element = ListpackValue(int64_t{static_cast<int8_t>(at_[1])});
          break;
        default:
          if (code < 0xf1 || code > 0xfd) return fail("a ziplist's element has no known form");
          size = 1;
          element = ListpackValue(int64_t{code} - 0xf1);
          break;
      }
      break;
  }
  if (!element) return fail("a ziplist's element reaches beyond its end");
  at_ += size;
  previous_bytes_ = head + size;
  last_ = element_begin;
  return element;
}

bool PackedReader::read_zipmap_length(size_t& length) {
  length = *at_;
  if (length > kLongLength) return false;
  if (length < kLongLength) {
    ++at_;
    return true;
  }
  if (left() < 1 + sizeof(uint32_t)) return false;
  length = load_unaligned<uint32_t>(at_ + 1);
  at_ += 1 + sizeof(uint32_t);
  return true;
}

// Fields and values take turns; only behind a value there may be free bytes.
PackedReader::Element PackedReader::next_of_zipmap() {
  const bool is_value = count_ % 2 == 0;
  size_t length = 0;
  if (!read_zipmap_length(length)) return fail("a zipmap's length is wrong");
  size_t free_bytes = 0;
  if (is_value) {
    if (at_ == end_) return fail("a zipmap's value reaches beyond its end");
    free_bytes = *at_++;
  }
  if (length > left() || free_bytes > left() - length) {
    return fail("a zipmap's element reaches beyond its end");
  }
  Element element = text(0, length);
  at_ += length + free_bytes;
  if (at_ == end_ && !is_value) return fail("a zipmap's field has no value");
  return element;
}

// --- writing

ListpackWriter::ListpackWriter() {
  clear();
}

void ListpackWriter::clear() {
  bytes_.assign(kListpackHead, '\0');
  count_ = 0;
}

void ListpackWriter::append_back_length(size_t size) {
  unsigned char back[5];
  const size_t back_bytes = back_length_bytes(size);
  write_back_length(back, size, back_bytes);
  bytes_.append(reinterpret_cast<const char*>(back), back_bytes);
  ++count_;
}

void ListpackWriter::append_encoded(const unsigned char* entry, size_t size) {
  bytes_.append(reinterpret_cast<const char*>(entry), size);
  append_back_length(size);
}

void ListpackWriter::append_entry(const unsigned char* entry) {
  constexpr unsigned char kDouble = 0xf5;
  if (*entry != kDouble) return append_encoded(entry, storage::listpack_entry_size(entry));
  char digits[storage::kMaxDoubleChars];
  const size_t size = storage::format_double(load_unaligned<double>(entry + 1), digits);
  append(ListpackItem(std::string_view(digits, size)));
}

void ListpackWriter::append(const ListpackItem& item) {
  const size_t old_size = bytes_.size();
  bytes_.resize(old_size + item.size());
  item.write(reinterpret_cast<unsigned char*>(bytes_.data() + old_size));
  append_back_length(item.size());
}

std::string_view ListpackWriter::finish() {
  bytes_.push_back(static_cast<char>(kEnd));
  storage::store_unaligned(bytes_.data(), static_cast<uint32_t>(bytes_.size()));
  storage::store_unaligned(bytes_.data() + sizeof(uint32_t),
                           static_cast<uint16_t>(std::min(count_, kUnknownCount)));
  return bytes_;
}

// --- intset

const char* check_intset(std::string_view bytes) {
  constexpr size_t kHead = 2 * sizeof(uint32_t);
  if (bytes.size() < kHead) return "an intset is too short";
  const auto width = load_unaligned<uint32_t>(bytes.data());
  const auto count = load_unaligned<uint32_t>(bytes.data() + sizeof(uint32_t));
  if (width != 2 && width != 4 && width != 8) return "an intset's integers have no known size";
  if (bytes.size() - kHead != uint64_t{width} * count) return "an intset's size is wrong";
  if (count == 0) return "an intset is empty";
  const char* at = bytes.data() + kHead;
  int64_t last = 0;
  for (uint32_t i = 0; i < count; ++i, at += width) {
    const int64_t value = width == 2   ? load_unaligned<int16_t>(at)
                          : width == 4 ? load_unaligned<int32_t>(at)
                                       : load_unaligned<int64_t>(at);
    if (i > 0 && value <= last) return "an intset is not in ascending order";
    last = value;
  }
  return nullptr;
}

}  // namespace spinel::persistence::rdb
