// Tables of plain numbers, with whatever hash a test wants them to have.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "storage/containers/hash_table.h"

namespace spinel::storage {

// murmur3's finaliser: as good as random, and the same in every run.
inline uint64_t mixed_hash(uint64_t id) {
  id = (id ^ (id >> 33)) * 0xff51afd7ed558ccdULL;
  id = (id ^ (id >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return id ^ (id >> 33);
}

using HashOfId = uint64_t (*)(uint64_t id);

// A slot holds the number itself; its key is the eight bytes of it.
template <HashOfId kHashOf>
struct IdTraits {
  static uint64_t hash(uint64_t slot) { return kHashOf(slot); }
  static bool equal(uint64_t slot, std::string_view key) {
    return std::memcmp(&slot, key.data(), sizeof slot) == 0;
  }
  static const void* address(uint64_t) { return nullptr; }
};

template <HashOfId kHashOf>
class IdTable {
 public:
  using Table = HashTable<IdTraits<kHashOf>>;

  bool contains(uint64_t id) {
    const uint64_t* slot = find(id);
    return slot != nullptr && *slot == id;
  }
  void insert(uint64_t id) { table.insert(kHashOf(id), id); }
  bool erase(uint64_t id) {
    uint64_t* slot = find(id);
    if (slot == nullptr) return false;
    table.erase(slot, kHashOf(id));
    return true;
  }

  Table table;

 private:
  uint64_t* find(uint64_t id) {
    return table.find(std::string_view(reinterpret_cast<const char*>(&id), sizeof id), kHashOf(id));
  }
};

}  // namespace spinel::storage
