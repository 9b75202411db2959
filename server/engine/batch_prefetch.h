// Fetches what the commands of a batch will touch: the buckets, entries and elements of their keys.
#pragma once

#include <cstdint>
#include <span>

#include "server/engine/table.h"
#include "storage/containers/prefetch.h"
#include "storage/keyspace/database.h"
#include "storage/keyspace/element_prefetch.h"

namespace spinel::server {

// The hash of a command's first key, if it was computed before the command runs.
struct KeyHash {
  uint64_t value = 0;
  bool known = false;
};

// Keeps the memory that it needs between batches.
class BatchPrefetch {
 public:
  // Sets `key_hash` of each request that has a key, and fetches. A request has members `command`,
  // null if it is unknown, and `key_hash`; `args_of(request)` are its arguments and
  // `database_of(request)` the database that it works on.
  template <typename Request, typename ArgsOf, typename DatabaseOf>
  void run(std::span<Request> batch, ArgsOf&& args_of, DatabaseOf&& database_of) {
    for (Request& request : batch) {
      if (request.command == nullptr) continue;
      const CommandArgs args = args_of(request);
      const size_t index = first_key_index(*request.command, args);
      if (index == 0 || index >= args.size()) continue;
      request.key_hash = {storage::hash_bytes(args[index]), true};
    }
    const auto visit = [&database_of](const Request& request, auto&& round)
        __attribute__((always_inline)) {
      if (request.key_hash.known) round(database_of(request), request.key_hash.value);
    };
    storage::prefetch_lookups(std::span<const Request>(batch), visit);
    fetch_elements(batch, args_of, database_of);
  }

 private:
  // Of commands on sets and hashes, the member or field that follows the key; of those on sorted
  // sets the last argument, which is the member where there is one.
  template <typename Request, typename ArgsOf, typename DatabaseOf>
  void fetch_elements(std::span<Request> batch, ArgsOf&& args_of, DatabaseOf&& database_of) {
    constexpr AclCategories kWithElements =
        AclCategories::kSet | AclCategories::kHash | AclCategories::kSortedSet;
    const Request* previous = nullptr;
    storage::Item item;
    for (const Request& request : batch) {
      if (!request.key_hash.known || !any(request.command->acl & kWithElements)) continue;
      const CommandArgs args = args_of(request);
      const size_t index = first_key_index(*request.command, args);
      if (index + 1 >= args.size()) continue;
      if (previous == nullptr || previous->key_hash.value != request.key_hash.value ||
          &database_of(*previous) != &database_of(request)) {
        item = database_of(request).find({args[index], request.key_hash.value});
      }
      previous = &request;
      if (!item) continue;
      const bool after_score = any(request.command->acl & AclCategories::kSortedSet);
      elements_.add(*item, after_score ? args.back() : args[index + 1]);
    }
    elements_.run();
  }

  storage::ElementPrefetch elements_;
};

}  // namespace spinel::server
