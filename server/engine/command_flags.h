// What a command is allowed to do and when, as bits. The names are those of the `flags` column.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "server/engine/bitmask.h"

namespace spinel::server {

enum class CommandFlags : uint32_t {
  kNone = 0,
  kWrite = 1u << 0,
  kReadonly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kPubsub = 1u << 4,
  kNoscript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,
  kStale = 1u << 8,
  kSkipMonitor = 1u << 9,
  kSkipSlowlog = 1u << 10,
  kAsking = 1u << 11,
  kFast = 1u << 12,
  kNoAuth = 1u << 13,
  kNoMandatoryKeys = 1u << 14,
  kNoAsyncLoading = 1u << 15,
  kNoMulti = 1u << 16,
  kAllowBusy = 1u << 17,
  // Derived: the keys are not told by the first/last/step triple alone.
  kMovableKeys = 1u << 18,
  kMayReplicate = 1u << 19,
  // Refused unless the configuration enables it (DEBUG, MODULE LOAD).
  kProtected = 1u << 20,
  kTouchesArbitraryKeys = 1u << 21,
  kSentinel = 1u << 22,
};

template <>
inline constexpr bool kIsBitmask<CommandFlags> = true;

struct CommandFlagName {
  CommandFlags flag;
  std::string_view name;  // "DENYOOM"
  // COMMAND prints the flag in lower case ("denyoom"); the others are the server's own business.
  bool is_public;
};

// All flags in the order in which COMMAND prints them.
std::span<const CommandFlagName> command_flag_names();

// The flag that a row writes as `name`; derived flags cannot be written.
std::optional<CommandFlags> command_flag_from_name(std::string_view name);

}  // namespace spinel::server
