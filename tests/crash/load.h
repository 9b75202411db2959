// Clients that write and read while a server is killed, and what they know about each key.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/versioned_key.h"
#include "tests/support/server_process.h"
#include "tests/support/wait.h"

namespace spinel::test {

/// What clients know about one key. Only one writer writes it. Versions only grow.
struct KeyRecord {
  KeyRecord(const VersionedKind& kind_of_key, std::string name)
      : kind(kind_of_key), key(std::move(name)) {}

  const VersionedKind& kind;
  const std::string key;
  std::atomic<std::int64_t> sent{0};   ///< the last version that was sent
  std::atomic<std::int64_t> acked{0};  ///< the last version whose write was answered
  std::atomic<std::int64_t> seen{0};   ///< the last version that a reader was told
  std::int64_t at_start = 0;           ///< the version that the round began with
  /// When versions were answered or seen in this round, in order.
  std::vector<std::pair<Clock::time_point, std::int64_t>> history;
};

/// The versions that must survive: one for each key, in the order of Load::keys().
using Versions = std::vector<std::int64_t>;

/// The keys of several writers, and rounds of load on them. Between rounds, a server may be killed
/// and started again.
class Load {
 public:
  struct Size {
    int writers = 3;
    int readers = 2;
    std::size_t depth = 8;  ///< writes in flight, at most, for each writer
  };
  /// Keys of the kinds that `server` has the commands for.
  Load(Size size, std::uint64_t seed, ServerProcess& server);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Starts the clients of a round. They go on until the server is gone or stop() is called.
  void start(ServerProcess& server);
  /// Tells the clients to end, and waits for them.
  void stop();
  /// Waits until `writes` more were answered since start(). False if the server ended before.
  bool await_writes(std::int64_t writes, ServerProcess& server);

  /// The versions that clients were told of up to now, by replies to writes or reads.
  Versions known() const;
  /// Likewise, but up to `moment`. Call it after stop().
  Versions known_at(Clock::time_point moment) const;

  /// After stop() and a restart: checks that each key has a version that is at least that of
  /// `required` and was sent, and that its content is whole; and that of each connection's writes
  /// those that survived are the first ones. Continues from these versions.
  void check(ServerProcess& server, const Versions& required);

 private:
  struct Write {
    KeyRecord* record;
    std::int64_t version;
  };
  struct Writer {
    std::vector<KeyRecord*> keys;
    std::vector<Write> sent;  ///< in this round, in order
    std::mt19937_64 random;
  };

  void write(RawConnection connection, Writer& writer);
  bool write_batch(RawConnection& connection, Writer& writer);
  void read(RawConnection connection, std::uint64_t seed);
  void acknowledge(KeyRecord& record, std::int64_t version);
  void complain(const std::string& text);
  void check_order();

  Size size_;
  std::deque<KeyRecord> keys_;
  std::deque<Writer> writers_;
  std::mt19937_64 random_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::int64_t> writes_{0};
  mutable std::mutex mutex_;  ///< guards complaints_ and the histories
  std::vector<std::string> complaints_;
};

}  // namespace spinel::test
