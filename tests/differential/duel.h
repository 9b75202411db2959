#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "tests/differential/counters.h"
#include "tests/differential/generator.h"
#include "tests/support/server_process.h"

namespace spinel::test {

/// The server under test and Redis, side by side, given the same commands.
class Duel {
 public:
  Duel();

  /// Sends the commands to both in one pipeline each and compares the replies one by one, then what
  /// INFO's counters rose by. The first disagreement is reported as a failure, with the commands
  /// before it that used the same keys, and both servers start afresh. `first_index` numbers the
  /// commands in reports.
  void run_batch(const std::vector<Command>& commands, std::uint64_t first_index);

  /// Compares all that the two hold: in every database every key's type, expiry, encoding, content
  /// and digest, and the digest of everything.
  void compare_data();

  /// After so many disagreements there is no point in going on.
  bool hopeless() const { return disagreements_ >= 12; }

 private:
  void report(std::size_t at, const std::vector<Command>& commands, std::uint64_t first_index,
              const Reply& spinel, const Reply& redis);
  void start_afresh();
  void begin_counting();
  void compare_counters(const CounterComparison& comparison, const std::vector<Command>& commands,
                        std::uint64_t first_index);
  void compare_database(int db);
  void compare_key(const std::string& where, const std::string& key);
  bool both_same(const std::string& what, const Command& command);

  ServerProcess spinel_server_;
  ServerProcess redis_server_;
  RawConnection spinel_;
  RawConnection redis_;
  /// For INFO, whatever state the commands leave the others in.
  RawConnection spinel_info_;
  RawConnection redis_info_;
  Counters spinel_counters_;
  Counters redis_counters_;
  /// What both have run since they were last empty.
  std::deque<Command> history_;
  int disagreements_ = 0;
};

}  // namespace spinel::test
