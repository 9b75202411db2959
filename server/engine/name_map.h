// Case-insensitive lookup by name, on the path of every command: one hash over the first and last
// eight bytes, one probe in most cases, no allocation, and no byte-wise comparison for names up to
// 16 bytes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/base/assert.h"
#include "storage/base/bytes.h"

namespace spinel::server {

// A name in lower case, as far as two words hold it.
struct FoldedName {
  uint64_t head = 0;
  uint64_t tail = 0;
  uint64_t size = 0;

  static FoldedName of(std::string_view name) {
    using storage::load_unaligned;
    FoldedName folded;
    const char* bytes = name.data();
    const size_t size = folded.size = name.size();
    if (size >= 8) {
      folded.head = fold(load_unaligned<uint64_t>(bytes));
      folded.tail = fold(load_unaligned<uint64_t>(bytes + size - 8));
    } else if (size >= 4) {
      folded.head = fold(load_unaligned<uint32_t>(bytes) |
                         uint64_t{load_unaligned<uint32_t>(bytes + size - 4)} << 32);
    } else if (size >= 2) {
      folded.head = fold(load_unaligned<uint16_t>(bytes) |
                         uint64_t{load_unaligned<uint16_t>(bytes + size - 2)} << 16);
    } else if (size == 1) {
      folded.head = fold(static_cast<uint8_t>(bytes[0]));
    }
    return folded;
  }

  // The upper bits are the good ones.
  uint64_t hash() const { return (head ^ std::rotl(tail, 29) ^ size) * 0x9E3779B97F4A7C15u; }

 private:
  // Eight ASCII letters to lower case at once. A byte is between 'A' and 'Z' if adding to its low
  // seven bits carries into the eighth for 'A' but not for 'Z' + 1; bytes from 0x80 on stay as they
  // are.
  static uint64_t fold(uint64_t bytes) {
    constexpr uint64_t kOnes = 0x0101010101010101u;
    const uint64_t low = bytes & (kOnes * 0x7f);
    const uint64_t from_a = low + kOnes * (0x80 - 'A');
    const uint64_t past_z = low + kOnes * (0x80 - 'Z' - 1);
    const uint64_t upper = from_a & ~past_z & ~bytes & (kOnes * 0x80);
    return bytes | upper >> 2;
  }
};

// Values by name; they are not owned. Open addressing, at most one slot in four taken.
template <typename Value>
class NameMap {
 public:
  // `name` must outlive the map and not be in it.
  void insert(std::string_view name, Value* value) {
    SPINEL_ASSERT(find(name) == nullptr);
    entries_.push_back({name, value});
    if (entries_.size() * 4 > slots_.size()) return rebuild();
    place(entries_.size() - 1);
  }

  // Null if the name is not there.
  Value* find(std::string_view name) const {
    if (slots_.empty()) return nullptr;
    const FoldedName folded = FoldedName::of(name);
    for (uint64_t i = folded.hash() >> shift_;; i = (i + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[i];
      if (slot.value == nullptr) return nullptr;
      if (slot.head == folded.head && slot.tail == folded.tail && slot.size == folded.size &&
          (name.size() <= 16 || storage::equals_ignore_case(entries_[slot.entry].name, name))) {
        return slot.value;
      }
    }
  }

  size_t size() const { return entries_.size(); }

  // Calls `visit` with each value, in the order of insertion.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Entry& entry : entries_) visit(*entry.value);
  }

  // Forgets a name that is there.
  void erase(std::string_view name) {
    std::erase_if(entries_, [name](const Entry& entry) {
      return storage::equals_ignore_case(entry.name, name);
    });
    rebuild();
  }

 private:
  struct Entry {
    std::string_view name;
    Value* value;
  };
  // Half a cache line.
  struct Slot {
    uint64_t head = 0;
    uint64_t tail = 0;
    uint32_t size = 0;
    uint32_t entry = 0;
    Value* value = nullptr;
  };

  void rebuild() {
    const size_t slot_count = std::bit_ceil(std::max<size_t>(16, entries_.size() * 4));
    slots_.assign(slot_count, Slot{});
    shift_ = 64 - std::countr_zero(slot_count);
    for (size_t i = 0; i < entries_.size(); ++i) place(i);
  }

  void place(size_t entry) {
    const FoldedName folded = FoldedName::of(entries_[entry].name);
    uint64_t i = folded.hash() >> shift_;
    while (slots_[i].value) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = {folded.head, folded.tail, static_cast<uint32_t>(folded.size),
                 static_cast<uint32_t>(entry), entries_[entry].value};
  }

  std::vector<Entry> entries_;
  std::vector<Slot> slots_;  // a power of two of them
  int shift_ = 0;            // from a hash to its slot, when there are slots
};

}  // namespace spinel::server
