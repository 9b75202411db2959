// Members and fields that a batch of commands is about to look for: all of them are fetched from
// memory together. Where many commands go to one large collection, fetching its key is not enough.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/keyspace/entry.h"

namespace spinel::storage {

class ElementPrefetch {
 public:
  // `element` is about to be looked for in the value of `entry`. What is small, or no set, hash or
  // sorted set, is passed over.
  void add(const Entry& entry, std::string_view element);
  // Fetches what all of these will read, and forgets them. No collection may have been changed
  // since they were added.
  void run();

 private:
  struct Lookup {
    Encoding encoding;
    void* object;
    uint64_t hash;
  };

  std::vector<Lookup> lookups_;
};

}  // namespace spinel::storage
