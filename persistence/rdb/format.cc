#include "persistence/rdb/format.h"

namespace spinel::persistence::rdb {

std::string_view value_type_name(uint8_t type) {
  switch (static_cast<ValueType>(type)) {
    case ValueType::kString:
      return "string";
    case ValueType::kList:
    case ValueType::kListZiplist:
    case ValueType::kListQuicklist:
    case ValueType::kListQuicklist2:
      return "list";
    case ValueType::kSet:
    case ValueType::kSetIntset:
    case ValueType::kSetListpack:
      return "set";
    case ValueType::kSortedSetText:
    case ValueType::kSortedSet:
    case ValueType::kSortedSetZiplist:
    case ValueType::kSortedSetListpack:
      return "zset";
    case ValueType::kHash:
    case ValueType::kHashZipmap:
    case ValueType::kHashZiplist:
    case ValueType::kHashListpack:
    case ValueType::kHashExpiryOld:
    case ValueType::kHashListpackExpiryOld:
    case ValueType::kHashExpiry:
    case ValueType::kHashListpackExpiry:
      return "hash";
    case ValueType::kModuleOld:
    case ValueType::kModule:
      return "module";
    case ValueType::kStream:
    case ValueType::kStream2:
    case ValueType::kStream3:
    case ValueType::kStream4:
    case ValueType::kStream5:
      return "stream";
  }
  return "unknown";
}

}  // namespace spinel::persistence::rdb
