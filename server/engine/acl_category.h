// ACL categories: the groups of commands that `+@name` grants and ACL CAT lists.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "server/engine/bitmask.h"
#include "server/engine/command_flags.h"

namespace spinel::server {

enum class AclCategories : uint32_t {
  kNone = 0,
  kKeyspace = 1u << 0,
  kRead = 1u << 1,
  kWrite = 1u << 2,
  kSet = 1u << 3,
  kSortedSet = 1u << 4,
  kList = 1u << 5,
  kHash = 1u << 6,
  kString = 1u << 7,
  kBitmap = 1u << 8,
  kHyperloglog = 1u << 9,
  kGeo = 1u << 10,
  kStream = 1u << 11,
  kPubsub = 1u << 12,
  kAdmin = 1u << 13,
  kFast = 1u << 14,
  kSlow = 1u << 15,
  kBlocking = 1u << 16,
  kDangerous = 1u << 17,
  kConnection = 1u << 18,
  kTransaction = 1u << 19,
  kScripting = 1u << 20,
};

template <>
inline constexpr bool kIsBitmask<AclCategories> = true;

struct AclCategoryName {
  AclCategories category;
  std::string_view name;  // "sortedset"
};

// All categories in the order in which ACL CAT and COMMAND print them.
std::span<const AclCategoryName> acl_category_names();

// The category of that name, in either case, without the '@'.
std::optional<AclCategories> acl_category_from_name(std::string_view name);

// The categories of a command: those its row names and those that follow from its flags.
AclCategories derive_acl_categories(AclCategories named, CommandFlags flags);

}  // namespace spinel::server
