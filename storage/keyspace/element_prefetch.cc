#include "storage/keyspace/element_prefetch.h"

#include <span>

#include "storage/containers/prefetch.h"
#include "storage/types/hash.h"
#include "storage/types/set.h"
#include "storage/types/sorted_set.h"

namespace spinel::storage {

void ElementPrefetch::add(const Entry& entry, std::string_view element) {
  const Encoding encoding = entry.encoding();
  uint64_t hash = 0;
  if (encoding == Encoding::kTableSet) {
    hash = SetMember(element).hash();
  } else if (encoding == Encoding::kTableHash || encoding == Encoding::kSkiplist) {
    hash = hash_bytes(element);
  } else {
    return;
  }
  lookups_.push_back({encoding, entry.object(), hash});
}

void ElementPrefetch::run() {
  const auto visit = [](const Lookup& lookup, auto&& round) __attribute__((always_inline)) {
    switch (lookup.encoding) {
      case Encoding::kTableSet:
        return round(static_cast<SetTable*>(lookup.object)->members, lookup.hash);
      case Encoding::kTableHash:
        return round(Hash(lookup.encoding, lookup.object), lookup.hash);
      default:
        return round(SortedSet(lookup.encoding, lookup.object), lookup.hash);
    }
  };
  prefetch_lookups(std::span<const Lookup>(lookups_), visit);
  lookups_.clear();
}

}  // namespace spinel::storage
