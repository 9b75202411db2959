#include "server/engine/acl_category.h"

#include <array>

#include "storage/base/bytes.h"

namespace spinel::server {

namespace {

using enum AclCategories;

constexpr std::array kNames = {
    AclCategoryName{kKeyspace, "keyspace"},
    AclCategoryName{kRead, "read"},
    AclCategoryName{kWrite, "write"},
    AclCategoryName{kSet, "set"},
    AclCategoryName{kSortedSet, "sortedset"},
    AclCategoryName{kList, "list"},
    AclCategoryName{kHash, "hash"},
    AclCategoryName{kString, "string"},
    AclCategoryName{kBitmap, "bitmap"},
    AclCategoryName{kHyperloglog, "hyperloglog"},
    AclCategoryName{kGeo, "geo"},
    AclCategoryName{kStream, "stream"},
    AclCategoryName{kPubsub, "pubsub"},
    AclCategoryName{kAdmin, "admin"},
    AclCategoryName{kFast, "fast"},
    AclCategoryName{kSlow, "slow"},
    AclCategoryName{kBlocking, "blocking"},
    AclCategoryName{kDangerous, "dangerous"},
    AclCategoryName{kConnection, "connection"},
    AclCategoryName{kTransaction, "transaction"},
    AclCategoryName{kScripting, "scripting"},
};

}  // namespace

std::span<const AclCategoryName> acl_category_names() {
  return kNames;
}

std::optional<AclCategories> acl_category_from_name(std::string_view name) {
  for (const AclCategoryName& entry : kNames) {
    if (storage::equals_ignore_case(entry.name, name)) return entry.category;
  }
  return std::nullopt;
}

AclCategories derive_acl_categories(AclCategories named, CommandFlags flags) {
  const auto has = [flags](CommandFlags flag) { return any(flags & flag); };
  AclCategories categories = named;
  if (has(CommandFlags::kWrite)) categories |= kWrite;
  // Scripts that promise to only read are no readers of one key: they stay out of the category.
  if (has(CommandFlags::kReadonly) && !any(named & kScripting)) categories |= kRead;
  if (has(CommandFlags::kAdmin)) categories |= kAdmin | kDangerous;
  if (has(CommandFlags::kPubsub)) categories |= kPubsub;
  if (has(CommandFlags::kBlocking)) categories |= kBlocking;
  categories |= has(CommandFlags::kFast) ? kFast : kSlow;
  return categories;
}

}  // namespace spinel::server
