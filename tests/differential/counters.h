#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/differential/generator.h"
#include "tests/support/raw_connection.h"

namespace spinel::test {

/// INFO's counters by name: `keyspace_hits`, `cmdstat_get.calls`, `db0.keys`.
using Counters = std::map<std::string, std::int64_t>;

/// Reads the counters that two servers must agree on after the same commands. Leaves out what
/// depends on time, on how the system splits the traffic, or on how a server stores data.
Counters read_counters(RawConnection& connection);

/// Compares what the counters of two servers rose by over a batch of commands.
class CounterComparison {
 public:
  /// Takes a command of the batch with its two replies. Replies that disagree as differences.h
  /// allows are counted differently, too: they are left out.
  void add(const Command& command, const Reply& spinel, const Reply& redis);
  /// One line for each counter that rose by different amounts.
  std::vector<std::string> disagreements(const Counters& spinel_before,
                                         const Counters& spinel_after, const Counters& redis_before,
                                         const Counters& redis_after) const;

 private:
  bool is_comparable(const std::string& counter) const;

  /// Errors that only one side replied, by counter: positive if that is Spinel.
  Counters extra_errors_;
  /// The commands with such a reply, as prefixes of counters.
  std::vector<std::string> diverging_;
  bool has_made_up_codes_ = false;
};

}  // namespace spinel::test
