// The numbers of RDB files and DUMP payloads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/types/string.h"

namespace spinel::persistence::rdb {

// What a value is, as its first byte says. The names of Redis, but for those that only Valkey has.
enum class ValueType : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kSortedSetText = 3,  // scores as text
  kHash = 4,
  kSortedSet = 5,  // scores as doubles
  kModuleOld = 6,
  kModule = 7,
  kHashZipmap = 9,
  kListZiplist = 10,
  kSetIntset = 11,
  kSortedSetZiplist = 12,
  kHashZiplist = 13,
  kListQuicklist = 14,
  kStream = 15,
  kHashListpack = 16,
  kSortedSetListpack = 17,
  kListQuicklist2 = 18,
  kStream2 = 19,
  kSetListpack = 20,
  kStream3 = 21,
  // Of Valkey 9 a hash with expiries, of the release candidates of Redis 7.4 the same otherwise.
  kHashExpiryOld = 22,
  kHashListpackExpiryOld = 23,
  kHashExpiry = 24,
  kHashListpackExpiry = 25,
  kStream4 = 26,
  kStream5 = 27,
};

// What stands in a file instead of a key's type.
enum class Opcode : uint8_t {
  kEnterprise1 = 107,  // of Redis Enterprise
  kEnterprise2 = 121,
  kHashTemplate = 242,
  kSlotImportOrKeyMetadata = 243,  // Valkey 9, Redis 8.6
  kSlotInfo = 244,
  kFunction2 = 245,
  kFunctionOld = 246,
  kModuleAux = 247,
  kIdle = 248,
  kFrequency = 249,
  kAux = 250,
  kResizeDb = 251,
  kExpiryMs = 252,
  kExpirySeconds = 253,
  kSelectDb = 254,
  kEnd = 255,
};

// Before the values of a module.
enum class ModuleOpcode : uint8_t { kEnd, kSigned, kUnsigned, kFloat, kDouble, kString };

// Whose numbers have which meaning where they differ.
enum class Dialect : uint8_t { kRedis, kValkey };

// The highest version that Redis writes whose types are all known but for those refused by number.
inline constexpr int kNewestRedisVersion = 15;
// The highest version that is known as a whole.
inline constexpr int kNewestWholeVersion = 12;
// The first of Valkey's own, and the only one that is known.
inline constexpr int kFirstValkeyVersion = 80;
// The versions that we write: Redis 7.0's, and that of Redis 7.4 for hashes whose fields expire.
inline constexpr int kBaseVersion = 10;
inline constexpr int kFieldExpiryVersion = 12;
// From here on a sum ends the file.
inline constexpr int kFirstVersionWithChecksum = 5;

// Where containers say how their nodes are stored: in quicklist2.
inline constexpr uint64_t kPlainNode = 1;
inline constexpr uint64_t kPackedNode = 2;

// Expiries of fields have 48 bits.
inline constexpr int64_t kMaxFieldExpiryMs = (int64_t{1} << 48) - 1;

// No element of a collection, and no key, is longer.
inline constexpr uint64_t kMaxElementBytes = storage::kMaxStringBytes;

// How a type is called in errors: "stream", "hash", ...
std::string_view value_type_name(uint8_t type);

}  // namespace spinel::persistence::rdb
