// Case-insensitive lookup by name, on the path of every command: one hash over the first and last
// eight bytes, one probe in most cases, no allocation, and no byte-wise comparison for names up to
// 16 bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <utility>
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
    } else if (size > 0) {
      const auto byte = [bytes](size_t i) { return uint64_t{static_cast<uint8_t>(bytes[i])}; };
      folded.head = fold(byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16);
    }
    return folded;
  }

  uint64_t hash() const {
    const uint64_t mixed =
        (head ^ size) * 0x9E3779B97F4A7C15u ^ std::rotl(tail, 32) * 0xC2B2AE3D27D4EB4Fu;
    return mixed ^ mixed >> 29;
  }

  friend bool operator==(const FoldedName&, const FoldedName&) = default;

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

// Values by name; they are small and null means absent. Open addressing, at most one slot in four
// taken.
template <typename Value>
class NameMap {
 public:
  // `name` must outlive the map and not be in it.
  void insert(std::string_view name, Value* value) {
    SPINEL_ASSERT(find(name) == nullptr);
    if (++count_ * 4 > slots_.size()) grow();
    place({FoldedName::of(name), name, value});
  }

  Value* find(std::string_view name) const {
    if (slots_.empty()) return nullptr;
    const FoldedName folded = FoldedName::of(name);
    for (uint64_t i = folded.hash();; ++i) {
      const Slot& slot = slots_[i & mask_];
      if (slot.value == nullptr) return nullptr;
      if (slot.folded == folded &&
          (name.size() <= 16 || storage::equals_ignore_case(slot.name, name))) {
        return slot.value;
      }
    }
  }

  size_t size() const { return count_; }

  // Calls `visit` with each value, in no particular order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.value) visit(*slot.value);
    }
  }

  // Forgets a name that is there.
  void erase(std::string_view name) {
    std::vector<Slot> old = std::move(slots_);
    slots_.assign(old.size(), Slot{});
    --count_;
    for (const Slot& slot : old) {
      if (slot.value && !storage::equals_ignore_case(slot.name, name)) place(slot);
    }
  }

 private:
  struct Slot {
    FoldedName folded;
    std::string_view name;
    Value* value = nullptr;
  };

  void grow() {
    std::vector<Slot> old = std::move(slots_);
    slots_.assign(old.empty() ? 16 : old.size() * 2, Slot{});
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.value) place(slot);
    }
  }

  void place(const Slot& slot) {
    uint64_t i = slot.folded.hash();
    while (slots_[i & mask_].value) ++i;
    slots_[i & mask_] = slot;
  }

  std::vector<Slot> slots_;
  uint64_t mask_ = 0;
  size_t count_ = 0;
};

}  // namespace spinel::server
