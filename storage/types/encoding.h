// The data types of Redis, and how Spinel stores values of each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spinel::storage {

// What a value is to its users: TYPE's answer.
enum class Type : uint8_t { kString, kList, kSet, kSortedSet, kHash, kStream };
// "string", "list", "set", "zset", "hash", "stream".
std::string_view type_name(Type type);

// How a value is stored. Several encodings can share a name in OBJECT ENCODING.
enum class Encoding : uint8_t {
  kInt32,     // string: an integer in the entry
  kInt64,     // string: an integer in the entry, too large for 32 bits
  kEmbedded,  // string: bytes in the entry
  // The others are objects behind a pointer.
  kRaw,                // string: bytes in a RawString of its own, with room to grow
  kCompressedBitmap,   // string: the places of its ones, see storage/keyspace/bitmap.h
  kListpackList,       // list: one small node
  kQuicklist,          // list: a chain of nodes
  kIntset,             // set: sorted integers
  kListpackSet,        // set: a listpack
  kTableSet,           // set: a hash table
  kListpackSortedSet,  // sorted set: a listpack
  kSkiplist,           // sorted set: a hash table and a skiplist
  kListpackHash,       // hash: a listpack
  kListpackExHash,     // hash: a listpack with the expiry of each field
  kTableHash,          // hash: a hash table
};

constexpr Type encoding_type(Encoding encoding) {
  constexpr Type kTypes[] = {Type::kString, Type::kString, Type::kString,    Type::kString,
                             Type::kString, Type::kList,   Type::kList,      Type::kSet,
                             Type::kSet,    Type::kSet,    Type::kSortedSet, Type::kSortedSet,
                             Type::kHash,   Type::kHash,   Type::kHash};
  return kTypes[static_cast<size_t>(encoding)];
}

// The expiry of a key or field that has none; others are Unix milliseconds.
inline constexpr int64_t kNoExpiry = -1;

}  // namespace spinel::storage
