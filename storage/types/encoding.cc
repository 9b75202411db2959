#include "storage/types/encoding.h"

namespace spinel::storage {

std::string_view type_name(Type type) {
  static constexpr std::string_view kNames[] = {"string", "list", "set", "zset", "hash", "stream"};
  return kNames[static_cast<size_t>(type)];
}

}  // namespace spinel::storage
