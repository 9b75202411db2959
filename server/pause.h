// CLIENT PAUSE: holds back the commands of clients for a while.
#pragma once

#include <algorithm>
#include <cstdint>

#include "server/blocking/blocked_clients.h"
#include "storage/keyspace/keyspace.h"

namespace spinel::server {

// Which commands a pause holds back.
enum class PauseScope : uint8_t { kNone, kWrites, kAll };

// While a pause lasts the data stays as it is: no key expires and none is evicted.
class Pause {
 public:
  Pause(storage::Keyspace& keyspace, BlockedClients& blocked)
      : keyspace_(keyspace), blocked_(blocked) {}

  PauseScope scope() const { return scope_; }
  bool active() const { return scope_ != PauseScope::kNone; }
  // Monotonic milliseconds; 0 if there is no pause.
  int64_t ends_at_ms() const { return ends_at_ms_; }

  // Holds commands of `scope` back until `ends_at_ms`. A pause under way only becomes longer and
  // stricter.
  void begin(PauseScope scope, int64_t ends_at_ms) {
    scope_ = std::max(scope_, scope);
    ends_at_ms_ = std::max(ends_at_ms_, ends_at_ms);
    keyspace_.set_expiry_paused(true);
  }
  // Lets paused clients go on, in the turn that is under way.
  void end() {
    if (!active()) return;
    scope_ = PauseScope::kNone;
    ends_at_ms_ = 0;
    keyspace_.set_expiry_paused(false);
    blocked_.resume_paused();
  }

 private:
  storage::Keyspace& keyspace_;
  BlockedClients& blocked_;
  PauseScope scope_ = PauseScope::kNone;
  int64_t ends_at_ms_ = 0;
};

}  // namespace spinel::server
