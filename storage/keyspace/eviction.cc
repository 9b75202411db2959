#include "storage/keyspace/eviction.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "storage/base/assert.h"
#include "storage/base/clock.h"

namespace spinel::storage {

namespace {

constexpr int64_t kNoTimeLimit = std::numeric_limits<int64_t>::max();
constexpr uint64_t kKeysPerClockReading = 16;
constexpr int kMaxDraws = 16;
constexpr size_t kMaxSampledBuckets = 1023;
constexpr size_t kMaxSweptBuckets = 4096;
constexpr int64_t kLazyFreeWaitUs = 100;

}  // namespace

// What one call of `run` works with.
struct Eviction::Run {
  Keyspace& keyspace;
  const EvictionSettings& settings;
  const UsedBytes& used;
  int64_t start_us;

  bool within_limit() const {
    // In this order: what is freed in between counts twice rather than not at all, and the next run
    // sees it as it is.
    const uint64_t pending = keyspace.lazy_free.pending_bytes();
    const uint64_t bytes = used();
    return bytes <= settings.max_bytes || bytes - settings.max_bytes <= pending;
  }
  size_t eligible(const Database& database) const {
    return settings.policy.volatile_only ? database.volatile_count() : database.size();
  }
  uint64_t score(const Entry& entry) const {
    switch (settings.policy.order) {
      case EvictionOrder::kLru:
        return static_cast<uint64_t>(keyspace.access.idle_seconds(entry));
      case EvictionOrder::kLfu:
        return 255 - keyspace.access.frequency(entry);
      case EvictionOrder::kTtl:
        return std::numeric_limits<uint64_t>::max() - static_cast<uint64_t>(entry.expire_at_ms());
      case EvictionOrder::kNone:
      case EvictionOrder::kRandom:
        break;
    }
    return 0;
  }
};

Eviction::Eviction() : Eviction(monotonic_us) {}

int64_t Eviction::time_limit_us(int tenacity) {
  SPINEL_ASSERT(tenacity >= 0 && tenacity <= 100);
  if (tenacity <= 10) return 50 * tenacity;
  if (tenacity < 100) return static_cast<int64_t>(500 * std::pow(1.15, tenacity - 10));
  return kNoTimeLimit;
}

int64_t Eviction::exceeded_us() const {
  return exceeded_since_us_ ? clock_() - *exceeded_since_us_ : 0;
}

void Eviction::reset_statistics() {
  evicted_keys_ = 0;
  exceeded_total_us_ = 0;
  if (exceeded_since_us_) exceeded_since_us_ = clock_();
}

void Eviction::note_result(EvictionResult result) {
  if (result != EvictionResult::kOk) {
    if (!exceeded_since_us_) exceeded_since_us_ = clock_();
  } else if (exceeded_since_us_) {
    exceeded_total_us_ += exceeded_us();
    exceeded_since_us_.reset();
  }
}

EvictionResult Eviction::run(Keyspace& keyspace, const EvictionSettings& settings,
                             const UsedBytes& used) {
  Run run{.keyspace = keyspace, .settings = settings, .used = used, .start_us = 0};
  EvictionResult result = EvictionResult::kOk;
  if (settings.max_bytes != 0 && !run.within_limit()) {
    run.start_us = clock_();
    result = make_room(run);
  }
  note_result(result);
  return result;
}

EvictionResult Eviction::make_room(const Run& run) {
  const EvictionPolicy policy = run.settings.policy;
  SPINEL_ASSERT(policy.order != EvictionOrder::kTtl || policy.volatile_only);
  SPINEL_ASSERT(run.settings.samples > 0);
  if (policy != pool_policy_) pool_size_ = 0;
  pool_policy_ = policy;
  sweep_cursors_.resize(static_cast<size_t>(run.keyspace.database_count()));

  const int64_t limit_us = time_limit_us(run.settings.tenacity);
  for (uint64_t round = 1; has_candidates(run); ++round) {
    const std::optional<Victim> victim = choose(run);
    if (victim) {
      run.keyspace.evict(victim->database, victim->item, victim->key);
      ++evicted_keys_;
      if (run.within_limit()) return EvictionResult::kOk;
    }
    // A search that found nothing took as long as evicting many keys.
    const bool read_clock = !victim || round % kKeysPerClockReading == 0;
    if (read_clock && clock_() - run.start_us >= limit_us) return EvictionResult::kRunning;
  }
  return wait_for_lazy_free(run);
}

bool Eviction::has_candidates(const Run& run) const {
  if (run.settings.policy.order == EvictionOrder::kNone) return false;
  for (int i = 0; i < run.keyspace.database_count(); ++i) {
    if (run.eligible(run.keyspace.database(i)) > 0) return true;
  }
  return false;
}

std::optional<Eviction::Victim> Eviction::choose(const Run& run) {
  if (run.settings.policy.order == EvictionOrder::kRandom) return choose_any(run);
  const auto samples = static_cast<size_t>(run.settings.samples);
  for (int i = 0; i < run.keyspace.database_count(); ++i) {
    Database& database = run.keyspace.database(i);
    sample(run, database, samples, [&](Entry& entry) { consider(run, database, entry); });
  }
  return take_best(run);
}

std::optional<Eviction::Victim> Eviction::choose_any(const Run& run) {
  for (int i = 0; i < run.keyspace.database_count(); ++i) {
    Database& database = run.keyspace.database(next_database_);
    next_database_ = (next_database_ + 1) % run.keyspace.database_count();
    if (const Item item = any_of(run, database)) {
      return Victim{database, item, Key(item->key())};
    }
  }
  return std::nullopt;
}

// A key that may be evicted: each equally likely, unless they are so few that drawing from all keys
// does not find one.
Item Eviction::any_of(const Run& run, Database& database) {
  if (run.eligible(database) == 0) return {};
  Random& random = run.keyspace.random;
  for (int draws = 0; draws < kMaxDraws; ++draws) {
    const Item item = database.random(random);
    if (item->has_expiry() || !run.settings.policy.volatile_only) return item;
  }
  const Entry* chosen = nullptr;
  uint64_t seen = 0;
  sample(run, database, 1, [&](Entry& entry) {
    if (random.below(++seen) == 0) chosen = &entry;
  });
  return chosen == nullptr ? Item() : database.find(Key(chosen->key()));
}

// Visits `wanted` or more of the keys that may be evicted, with luck: see the rule at the top of
// the header. May visit a key twice.
template <typename Visit>
void Eviction::sample(const Run& run, Database& database, size_t wanted, Visit&& visit) {
  const bool only_volatile = run.settings.policy.volatile_only;
  wanted = std::min(wanted, run.eligible(database));
  if (wanted == 0) return;
  size_t found = 0;
  const auto count = [&](Entry& entry) {
    ++found;
    visit(entry);
  };
  size_t looked_at = 0;
  for (size_t buckets = 1; found < wanted && looked_at < kMaxSampledBuckets; buckets *= 2) {
    database.sample(run.keyspace.random, buckets, only_volatile, count);
    looked_at += buckets;
  }
  uint64_t& cursor = sweep_cursors_[static_cast<size_t>(database.index)];
  for (size_t swept = 0; found == 0 && swept < kMaxSweptBuckets; ++swept) {
    cursor = only_volatile ? database.scan_volatile(cursor, count) : database.scan(cursor, count);
  }
}

void Eviction::consider(const Run& run, const Database& database, const Entry& entry) {
  const uint64_t score = run.score(entry);
  if (pool_size_ == kPoolSize && score <= pool_[0].score) return;
  const uint64_t hash = hash_bytes(entry.key());
  auto* const begin = pool_.data();
  auto* end = begin + pool_size_;
  // Where the new candidate goes: over its own older self, over the worst, or behind the last.
  auto* place = std::find_if(begin, end, [&](const Candidate& candidate) {
    return candidate.hash == hash && candidate.database == database.index;
  });
  if (place == end) {
    if (pool_size_ == kPoolSize) {
      place = begin;
    } else {
      ++pool_size_;
      ++end;
    }
  }
  place->score = score;
  place->hash = hash;
  place->database = database.index;
  place->key.assign(entry.key());
  for (; place + 1 < end && place[1].score < place->score; ++place) std::swap(place[0], place[1]);
  for (; place > begin && place->score < place[-1].score; --place) std::swap(place[0], place[-1]);
}

std::optional<Eviction::Victim> Eviction::take_best(const Run& run) {
  while (pool_size_ > 0) {
    const Candidate& best = pool_[--pool_size_];
    if (best.database >= run.keyspace.database_count()) continue;
    Database& database = run.keyspace.database(best.database);
    const Key key(best.key, best.hash);
    const Item item = database.find(key);
    // Since it was looked at it may have gone, become persistent, or been used again.
    if (!item || (run.settings.policy.volatile_only && !item->has_expiry())) continue;
    if (run.score(*item) < best.score) continue;
    return Victim{database, item, key};
  }
  return std::nullopt;
}

EvictionResult Eviction::wait_for_lazy_free(const Run& run) {
  const int64_t limit_us = time_limit_us(run.settings.tenacity);
  while (run.keyspace.lazy_free.pending() > 0) {
    run.keyspace.lazy_free.wait(kLazyFreeWaitUs);
    if (run.within_limit()) return EvictionResult::kOk;
    if (clock_() - run.start_us >= limit_us) break;
  }
  return EvictionResult::kFail;
}

}  // namespace spinel::storage
