// Holds back the commands of clients for a while: CLIENT PAUSE, a failover, and a shutdown that
// waits for replicas.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "server/blocking/blocked_clients.h"
#include "storage/keyspace/keyspace.h"

namespace spinel::server {

// Which commands a pause holds back.
enum class PauseScope : uint8_t { kNone, kWrites, kAll };

// Who asked for it. Pauses for different reasons begin and end apart from each other.
enum class PauseReason : uint8_t { kClient, kFailover, kShutdown };
inline constexpr size_t kPauseReasons = 3;

// While a pause lasts the data stays as it is: no key expires and none is evicted.
class Pause {
 public:
  Pause(storage::Keyspace& keyspace, BlockedClients& blocked)
      : keyspace_(keyspace), blocked_(blocked) {}

  // The strictest of those under way.
  PauseScope scope() const { return scope_; }
  bool active() const { return scope_ != PauseScope::kNone; }
  // When the first of them ends: monotonic milliseconds; 0 if there is none.
  int64_t ends_at_ms() const { return ends_at_ms_; }

  // Holds commands of `scope` back until `ends_at_ms`. A pause under way for the same reason only
  // becomes longer and stricter.
  void begin(PauseReason reason, PauseScope scope, int64_t ends_at_ms) {
    One& one = pauses_[static_cast<size_t>(reason)];
    one.scope = std::max(one.scope, scope);
    one.ends_at_ms = std::max(one.ends_at_ms, ends_at_ms);
    update();
  }
  // Lets paused clients go on, in the turn that is under way, unless another pause holds them.
  void end(PauseReason reason) {
    pauses_[static_cast<size_t>(reason)] = {};
    update();
  }
  // Ends those whose time is up.
  void end_expired(int64_t now_monotonic_ms) {
    for (One& one : pauses_) {
      if (one.ends_at_ms <= now_monotonic_ms) one = {};
    }
    update();
  }

 private:
  struct One {
    PauseScope scope = PauseScope::kNone;
    int64_t ends_at_ms = 0;
  };

  void update() {
    const PauseScope before = scope_;
    scope_ = PauseScope::kNone;
    ends_at_ms_ = 0;
    for (const One& one : pauses_) {
      if (one.scope == PauseScope::kNone) continue;
      scope_ = std::max(scope_, one.scope);
      ends_at_ms_ = ends_at_ms_ == 0 ? one.ends_at_ms : std::min(ends_at_ms_, one.ends_at_ms);
    }
    keyspace_.set_expiry_paused(active());
    // Who is held back by what is left is paused anew.
    if (scope_ < before) blocked_.resume_paused();
  }

  storage::Keyspace& keyspace_;
  BlockedClients& blocked_;
  std::array<One, kPauseReasons> pauses_;
  PauseScope scope_ = PauseScope::kNone;
  int64_t ends_at_ms_ = 0;
};

}  // namespace spinel::server
