// Removes expired keys that nobody asks for any more, so that they do not fill the memory.
//
// Works as Redis documents it: look at some twenty volatile keys of a database, remove those that
// expired, and as long as they were more than a tenth, look at twenty more; all of that within a
// budget of time. Memory held by expired keys stays at about a tenth of that of volatile ones, at
// a cost that does not depend on how many there are.
//
// Volatile keys live in the same table as all others, flagged in their slots. Where they are rare,
// most buckets that the cycle looks at hold none: it then goes on searching, but only through a
// fixed number of buckets a run, and takes up the next time where it stopped. The time until every
// bucket was seen is so bounded as well.
//
// Hashes with fields that expire are flagged in the same way, and looked at in the same way. Each
// knows when its next field may expire, so that one in which nothing is due takes one comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "storage/keyspace/keyspace.h"

namespace spinel::storage {

class ActiveExpire {
 public:
  using ClockUs = std::function<int64_t()>;

  ActiveExpire();
  // With a clock of one's own, for tests.
  explicit ActiveExpire(ClockUs clock) : clock_(std::move(clock)) {}

  struct Limits {
    // The run ends when that much time went by; it makes one step at least.
    int64_t time_budget_us = 0;
    // 1 to 10: active-expire-effort. More effort looks at more keys and tolerates fewer expired
    // ones.
    int effort = 1;
    // A short run between others: does nothing unless the last run was stopped by its budget, and
    // not again before twice its budget went by.
    bool fast = false;
  };
  struct Result {
    uint64_t expired = 0;  // keys, without those that lost all fields
    int64_t elapsed_us = 0;
    // There was more to do, but no time.
    bool time_limit_reached = false;
  };
  // Removes expired keys from all databases, by `keyspace.now_ms()`; nothing in
  // another mode than kRemove.
  Result run(Keyspace& keyspace, const Limits& limits);

  // What a regular run may take, called `hz` times a second: a quarter of the processor, and two
  // percent more for each step of effort. And a fast run: a millisecond, plus a quarter for each.
  static int64_t slow_budget_us(int hz, int effort);
  static int64_t fast_budget_us(int effort);

  // An estimate of how many of the volatile keys are expired, in percent: the average over the runs
  // with the last one weighing a twentieth.
  double stale_percent() const { return stale_percent_; }
  void reset_stale_percent() { stale_percent_ = 0; }

 private:
  struct Cycle;
  struct Inspection;
  struct Sample;

  void expire_in(Cycle& cycle, Database& database);
  void expire_keys(Cycle& cycle, Database& database, Sample& sample);
  Inspection inspect(const Cycle& cycle, Database& database);
  void remove_due(Keyspace& keyspace, Database& database);
  void expire_fields_in(Cycle& cycle, Database& database);
  // Returns how many hashes were due; the time may have ended before all of these were dealt with.
  size_t expire_fields_step(Cycle& cycle, Database& database, Inspection& found);

  ClockUs clock_;
  int next_database_ = 0;  // where the next run starts
  // For each database, where to look next: for keys, and for hashes.
  std::vector<uint64_t> cursors_;
  std::vector<uint64_t> field_cursors_;
  std::vector<Entry*> due_;  // found expired by the step under way
  double stale_percent_ = 0;
  bool was_stopped_ = false;  // the last run, by its budget
  int64_t next_fast_run_us_ = 0;
};

}  // namespace spinel::storage
