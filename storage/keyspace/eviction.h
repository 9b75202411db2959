// Makes room when the memory limit is reached: removes the keys that the policy says can be missed
// most.
//
// None of the policies keeps an order of all keys. Each time, a few keys are looked at, and the
// best of all that were looked at lately are kept in a pool of sixteen candidates; the best of the
// pool goes. That comes close to the true order, the closer the more samples are taken.
//
// Where only volatile keys may go and they are rare, looking at random places would find none. The
// rule: neighbouring buckets at random places, twice as many each time, up to 1023 together; if
// that found nothing, up to 4096 buckets from where the last such search stopped. So each search is
// bounded, and every key is found by enough of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/keyspace/keyspace.h"

namespace spinel::storage {

enum class EvictionOrder : uint8_t {
  kNone,    // nothing is evicted
  kLru,     // longest unused first
  kLfu,     // least often used first; needs `keyspace.access.lfu`
  kTtl,     // soonest to expire first; only with `volatile_only`
  kRandom,  // any
};

// noeviction is {kNone, false}, volatile-ttl {kTtl, true}, allkeys-lru {kLru, false}, and so on.
struct EvictionPolicy {
  EvictionOrder order = EvictionOrder::kNone;
  bool volatile_only = false;

  bool operator==(const EvictionPolicy&) const = default;
};

struct EvictionSettings {
  uint64_t max_bytes = 0;  // 0: no limit
  EvictionPolicy policy;
  int samples = 5;    // keys looked at for each that is evicted, in each database
  int tenacity = 10;  // 0 to 100: how long a run may take, see `Eviction::time_limit_us`
};

enum class EvictionResult {
  kOk,       // the limit is kept
  kRunning,  // not yet, and time is up: run again soon
  kFail,     // not, and there is nothing left to evict
};

class Eviction {
 public:
  using ClockUs = std::function<int64_t()>;
  // Bytes that count against the limit.
  using UsedBytes = std::function<uint64_t()>;

  Eviction();
  // With a clock of one's own, for tests.
  explicit Eviction(ClockUs clock) : clock_(std::move(clock)) {}

  // Evicts until `used()` is within the limit or time is up. Memory that the lazy-free thread is
  // about to give back counts as free.
  EvictionResult run(Keyspace& keyspace, const EvictionSettings& settings, const UsedBytes& used);

  // maxmemory-eviction-tenacity as time: 50 microseconds for each step up to 10, then 15% more for
  // each; at 100 there is no limit.
  static int64_t time_limit_us(int tenacity);

  uint64_t evicted_keys() const { return evicted_keys_; }
  // How long the limit has been exceeded by now, and in all; from the first run that found it so
  // and could not help it to the first one that can again.
  int64_t exceeded_us() const;
  int64_t exceeded_total_us() const { return exceeded_total_us_ + exceeded_us(); }
  void reset_statistics();

 private:
  struct Candidate {
    uint64_t score;  // the higher, the sooner it goes
    uint64_t hash;
    int database;
    std::string key;
  };
  struct Victim {
    Database& database;
    Item item;
    Key key;
  };
  struct Run;
  static constexpr size_t kPoolSize = 16;

  EvictionResult make_room(const Run& run);
  bool has_candidates(const Run& run) const;
  std::optional<Victim> choose(const Run& run);
  std::optional<Victim> choose_any(const Run& run);
  Item any_of(const Run& run, Database& database);
  std::optional<Victim> take_best(const Run& run);
  template <typename Visit>
  void sample(const Run& run, Database& database, size_t wanted, Visit&& visit);
  void consider(const Run& run, const Database& database, const Entry& entry);
  EvictionResult wait_for_lazy_free(const Run& run);
  void note_result(EvictionResult result);

  ClockUs clock_;
  EvictionPolicy pool_policy_;             // that the pool's scores are for
  std::array<Candidate, kPoolSize> pool_;  // the first `pool_size_`, the best last
  size_t pool_size_ = 0;
  int next_database_ = 0;                // for random policies, which take them in turn
  std::vector<uint64_t> sweep_cursors_;  // for each database, where to search on
  uint64_t evicted_keys_ = 0;
  std::optional<int64_t> exceeded_since_us_;
  int64_t exceeded_total_us_ = 0;
};

}  // namespace spinel::storage
