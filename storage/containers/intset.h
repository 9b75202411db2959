// A small set of integers in one block of bytes, sorted, each in as few bytes as the widest of them
// needs: width (2, 4 or 8) and number of elements, four bytes each, then the elements, all little
// endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spinel::storage {

// Lives in a block of its own, which changes move: they take a reference to the pointer.
class Intset {
 public:
  Intset(const Intset&) = delete;
  Intset& operator=(const Intset&) = delete;

  // An empty one.
  static Intset* create();
  // What raw() of another gave: its integers must ascend.
  static Intset* from_raw(std::string_view raw);
  static void destroy(Intset* set);
  static Intset* duplicate(const Intset* set);

  size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // Bytes of the block as allocated.
  size_t allocated_bytes() const;
  // The whole set as stored.
  std::string_view raw() const;

  // The element at `index` < count(), in ascending order.
  int64_t at(size_t index) const;
  bool contains(int64_t value) const;
  // The index, at or behind `from`, of the first element that is not below `value`; count() if all
  // are. Takes time by the logarithm of the distance.
  size_t seek(int64_t value, size_t from) const;

  // Returns whether it was not there. Elements become wider if `value` needs it, and stay so.
  static bool insert(Intset*& set, int64_t value);
  // Returns whether it was there.
  static bool erase(Intset*& set, int64_t value);

 private:
  static constexpr size_t kHeader = 2 * sizeof(uint32_t);

  Intset() = default;

  size_t size_bytes() const { return kHeader + size_t{count_} * width_; }
  const unsigned char* values() const {
    return reinterpret_cast<const unsigned char*>(this) + kHeader;
  }
  unsigned char* values() { return reinterpret_cast<unsigned char*>(this) + kHeader; }
  void put(size_t index, int64_t value);
  static Intset* resize(Intset* set, size_t old_bytes, size_t new_bytes);
  static void widen_and_insert(Intset*& set, int64_t value, uint32_t width);

  uint32_t width_;
  uint32_t count_;
};

}  // namespace spinel::storage
