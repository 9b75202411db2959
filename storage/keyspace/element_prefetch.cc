#include "storage/keyspace/element_prefetch.h"

#include "storage/types/hash.h"
#include "storage/types/set.h"
#include "storage/types/sorted_set.h"

namespace spinel::storage {

namespace {

// Calls `visit` with what finds the elements of a large collection.
template <typename Visit>
void visit_table(Encoding encoding, void* object, Visit&& visit) {
  switch (encoding) {
    case Encoding::kTableSet:
      return visit(static_cast<SetTable*>(object)->members);
    case Encoding::kTableHash:
      return visit(Hash(encoding, object));
    default:
      return visit(SortedSet(encoding, object));
  }
}

}  // namespace

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
  visit_table(encoding, entry.object(), [hash](const auto& table) { table.prefetch_bucket(hash); });
}

void ElementPrefetch::run() {
  size_t overflowing = 0;
  for (const Lookup& lookup : lookups_) {
    visit_table(lookup.encoding, lookup.object, [&](const auto& table) {
      if (table.prefetch_element(lookup.hash)) lookups_[overflowing++] = lookup;
    });
  }
  lookups_.resize(overflowing);
  for (const Lookup& lookup : lookups_) {
    visit_table(lookup.encoding, lookup.object,
                [&](const auto& table) { table.prefetch_overflow_element(lookup.hash); });
  }
  lookups_.clear();
}

}  // namespace spinel::storage
