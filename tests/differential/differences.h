#pragma once

#include <string>

#include "tests/differential/generator.h"
#include "tests/support/reply.h"

namespace spinel::test {

/// The one list of what Spinel may answer otherwise than Redis 7.0.15: whatever is not in
/// differences.cc is a fault.
struct Difference {
  const char* reason;
  /// Whether this entry covers the two replies, which are not equal, to `command`.
  bool (*covers)(const Command& command, const Reply& spinel, const Reply& redis);
};

/// Equal, or unequal for a listed reason.
bool replies_agree(const Command& command, const Reply& spinel, const Reply& redis);

/// Two times of expiry (or lives) in milliseconds that may differ by the time that passed between
/// the two servers' looks at their clocks; times that were given absolutely must be equal.
bool expiry_times_agree_ms(std::int64_t spinel, std::int64_t redis);

}  // namespace spinel::test
