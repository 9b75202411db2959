#include "storage/keyspace/active_expire.h"

#include "storage/base/assert.h"
#include "storage/base/clock.h"
#include "storage/types/hash.h"

namespace spinel::storage {

namespace {

// With the least effort; each step of it adds a quarter.
constexpr size_t kKeysPerStep = 20;
// Buckets that a step looks at to find them.
constexpr size_t kBucketsPerKey = 20;
// Steps that may find fewer keys than they look for and still be followed by another one, in one
// run. All of them take about a millisecond.
constexpr int kSearchingSteps = 40;
constexpr int kFastSearchingSteps = 2;
constexpr int kMaxEffort = 10;
// Hashes that a step looks at, times the keys it would look at.
constexpr size_t kHashesPerKey = 5;
// Buckets of one large hash that are looked at between two looks at the clock.
constexpr size_t kFieldBuckets = 64;
constexpr double kWeightOfLastRun = 0.05;

}  // namespace

struct ActiveExpire::Cycle {
  Keyspace& keyspace;
  int64_t deadline_us;
  size_t keys_per_step;
  size_t acceptable_percent;
  int searching_steps;
  int field_searching_steps = searching_steps;
  uint64_t steps = 0;
  uint64_t inspected = 0;
  uint64_t expired = 0;
  bool time_limit_reached = false;
};

struct ActiveExpire::Inspection {
  size_t inspected = 0;   // volatile keys; those of them that expired are in due_
  double left_ms = 0;     // that the others have left, in all
  bool all_seen = false;  // the last bucket of the table was reached
};

// Keys that did not expire, of one database in one run.
struct ActiveExpire::Sample {
  size_t keys = 0;
  double left_ms = 0;  // in all
};

ActiveExpire::ActiveExpire() : ActiveExpire(monotonic_us) {}

int64_t ActiveExpire::slow_budget_us(int hz, int effort) {
  SPINEL_ASSERT(hz > 0 && effort >= 1 && effort <= kMaxEffort);
  const int64_t percent = 25 + 2 * (effort - 1);
  return 1'000'000 * percent / 100 / hz;
}

int64_t ActiveExpire::fast_budget_us(int effort) {
  SPINEL_ASSERT(effort >= 1 && effort <= kMaxEffort);
  return 1000 + 250 * (effort - 1);
}

ActiveExpire::Result ActiveExpire::run(Keyspace& keyspace, const Limits& limits) {
  SPINEL_ASSERT(limits.effort >= 1 && limits.effort <= kMaxEffort);
  if (keyspace.expiry_mode() != ExpiryMode::kRemove) return {};
  const int64_t start_us = clock_();
  if (limits.fast) {
    if (!was_stopped_ || start_us < next_fast_run_us_) return {};
    next_fast_run_us_ = start_us + 2 * limits.time_budget_us;
  }
  const auto extra = static_cast<size_t>(limits.effort - 1);
  Cycle cycle{.keyspace = keyspace,
              .deadline_us = start_us + limits.time_budget_us,
              .keys_per_step = kKeysPerStep + kKeysPerStep / 4 * extra,
              .acceptable_percent = 10 - extra,
              .searching_steps = limits.fast ? kFastSearchingSteps : kSearchingSteps};

  const int databases = keyspace.database_count();
  cursors_.resize(static_cast<size_t>(databases));
  field_cursors_.resize(static_cast<size_t>(databases));
  for (int i = 0; i < databases && !cycle.time_limit_reached; ++i) {
    Database& database = keyspace.database(next_database_);
    // Also where the time ends in the middle of this one: a busy database must not keep the cycle
    // from all others.
    next_database_ = (next_database_ + 1) % databases;
    expire_in(cycle, database);
    if (!cycle.time_limit_reached) expire_fields_in(cycle, database);
  }

  was_stopped_ = cycle.time_limit_reached;
  const double stale = cycle.inspected == 0 ? 0
                                            : 100 * static_cast<double>(cycle.expired) /
                                                  static_cast<double>(cycle.inspected);
  stale_percent_ += (stale - stale_percent_) * kWeightOfLastRun;
  return {.expired = cycle.expired,
          .elapsed_us = clock_() - start_us,
          .time_limit_reached = cycle.time_limit_reached};
}

void ActiveExpire::expire_in(Cycle& cycle, Database& database) {
  Sample sample;
  expire_keys(cycle, database, sample);
  if (sample.keys > 0) {
    database.update_average_ttl(sample.left_ms / static_cast<double>(sample.keys));
  } else if (database.volatile_count() == 0) {
    database.update_average_ttl(std::nullopt);
  }
}

// Every step that is followed by another one removed a key or used up one of the run's searching
// steps.
void ActiveExpire::expire_keys(Cycle& cycle, Database& database, Sample& sample) {
  while (database.volatile_count() > 0) {
    if (cycle.steps > 0 && clock_() >= cycle.deadline_us) {
      cycle.time_limit_reached = true;
      return;
    }
    ++cycle.steps;
    const Inspection found = inspect(cycle, database);
    const size_t expired = due_.size();
    remove_due(cycle.keyspace, database);
    cycle.inspected += found.inspected;
    sample.keys += found.inspected - expired;
    sample.left_ms += found.left_ms;
    cycle.expired += expired;
    if (expired * 100 > found.inspected * cycle.acceptable_percent) continue;
    if (found.all_seen || found.inspected >= cycle.keys_per_step) return;
    if (cycle.searching_steps == 0) return;
    --cycle.searching_steps;
  }
}

ActiveExpire::Inspection ActiveExpire::inspect(const Cycle& cycle, Database& database) {
  Inspection found;
  due_.clear();
  uint64_t& cursor = cursors_[static_cast<size_t>(database.index)];
  const int64_t now_ms = cycle.keyspace.now_ms();
  const size_t max_buckets = cycle.keys_per_step * kBucketsPerKey;
  for (size_t buckets = 0; buckets < max_buckets && found.inspected < cycle.keys_per_step;
       ++buckets) {
    cursor = database.scan_volatile(cursor, [&](Entry& entry) {
      ++found.inspected;
      if (entry.expired(now_ms)) {
        due_.push_back(&entry);
      } else {
        found.left_ms += static_cast<double>(entry.expire_at_ms() - now_ms);
      }
    });
    if (cursor == 0) {
      found.all_seen = true;
      break;
    }
  }
  return found;
}

void ActiveExpire::remove_due(Keyspace& keyspace, Database& database) {
  // An entry stays where it is while others are removed; only its slot may move.
  for (const Entry* entry : due_) {
    const Key key(entry->key());
    keyspace.expire(database, database.find(key), key);
  }
}

// As `expire_in`, for hashes: goes on while many of them are due, or for as long as it may search.
void ActiveExpire::expire_fields_in(Cycle& cycle, Database& database) {
  while (database.volatile_fields_count() > 0) {
    if (cycle.steps > 0 && clock_() >= cycle.deadline_us) cycle.time_limit_reached = true;
    if (cycle.time_limit_reached) return;
    ++cycle.steps;
    Inspection found;
    const size_t due = expire_fields_step(cycle, database, found);
    if (due == 0 && found.all_seen) return;
    if (due * 100 > found.inspected * cycle.acceptable_percent) continue;
    if (found.all_seen || cycle.field_searching_steps == 0) return;
    --cycle.field_searching_steps;
  }
}

size_t ActiveExpire::expire_fields_step(Cycle& cycle, Database& database, Inspection& found) {
  due_.clear();
  uint64_t& cursor = field_cursors_[static_cast<size_t>(database.index)];
  const uint64_t step_start = cursor;
  const int64_t now_ms = cycle.keyspace.now_ms();
  const size_t max_hashes = cycle.keys_per_step * kHashesPerKey;
  const size_t max_buckets = cycle.keys_per_step * kBucketsPerKey;
  for (size_t buckets = 0; buckets < max_buckets && found.inspected < max_hashes; ++buckets) {
    cursor = database.scan_volatile_fields(cursor, [&](Entry& entry) {
      ++found.inspected;
      if (Hash(entry.encoding(), entry.object()).next_expiry_ms() < now_ms) due_.push_back(&entry);
    });
    if (cursor == 0) {
      found.all_seen = true;
      break;
    }
  }
  for (const Entry* entry : due_) {
    const Key key(entry->key());
    // Nothing else changes the database meanwhile, so the item stays right.
    const Item item = database.find(key);
    while (cycle.keyspace.expire_fields(database, item, key, kFieldBuckets) ==
           Keyspace::FieldExpiry::kSomeRemoved) {
      if (clock_() < cycle.deadline_us) continue;
      cycle.time_limit_reached = true;
      cursor = step_start;  // the next run goes on with what is left of these
      return due_.size();
    }
  }
  return due_.size();
}

}  // namespace spinel::storage
