#include "server/engine/command_flags.h"

#include <array>

namespace spinel::server {

namespace {

using enum CommandFlags;

constexpr std::array kNames = {
    CommandFlagName{kWrite, "WRITE", true},
    CommandFlagName{kReadonly, "READONLY", true},
    CommandFlagName{kDenyOom, "DENYOOM", true},
    CommandFlagName{kAdmin, "ADMIN", true},
    CommandFlagName{kPubsub, "PUBSUB", true},
    CommandFlagName{kNoscript, "NOSCRIPT", true},
    CommandFlagName{kBlocking, "BLOCKING", true},
    CommandFlagName{kLoading, "LOADING", true},
    CommandFlagName{kStale, "STALE", true},
    CommandFlagName{kSkipMonitor, "SKIP_MONITOR", true},
    CommandFlagName{kSkipSlowlog, "SKIP_SLOWLOG", true},
    CommandFlagName{kAsking, "ASKING", true},
    CommandFlagName{kFast, "FAST", true},
    CommandFlagName{kNoAuth, "NO_AUTH", true},
    CommandFlagName{kNoMandatoryKeys, "NO_MANDATORY_KEYS", true},
    CommandFlagName{kNoAsyncLoading, "NO_ASYNC_LOADING", true},
    CommandFlagName{kNoMulti, "NO_MULTI", true},
    CommandFlagName{kMovableKeys, "MOVABLEKEYS", true},
    CommandFlagName{kAllowBusy, "ALLOW_BUSY", true},
    CommandFlagName{kMayReplicate, "MAY_REPLICATE", false},
    CommandFlagName{kProtected, "PROTECTED", false},
    CommandFlagName{kTouchesArbitraryKeys, "TOUCHES_ARBITRARY_KEYS", false},
    CommandFlagName{kSentinel, "SENTINEL", false},
};

}  // namespace

std::span<const CommandFlagName> command_flag_names() {
  return kNames;
}

std::optional<CommandFlags> command_flag_from_name(std::string_view name) {
  for (const CommandFlagName& entry : kNames) {
    if (entry.name == name && entry.flag != kMovableKeys) return entry.flag;
  }
  return std::nullopt;
}

}  // namespace spinel::server
