// What clients hold in memory together, and who holds the most, for maxmemory-clients.
//
// Without a limit nothing is kept and nothing costs. With one, each client is measured again where
// its buffers change; the largest is found at once because clients stand in buckets by the order of
// magnitude of what they hold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace spinel::server {

class Client;

// A client's part in the account. Belongs to ClientMemory, lives in Client.
struct ClientShare {
  uint64_t bytes = 0;
  size_t bucket = 0;  // 0: in none
  size_t place = 0;   // in the bucket
};

class ClientMemory {
 public:
  // A lower limit would leave a server that nobody can talk to.
  static constexpr uint64_t kLeastLimitBytes = 128 * 1024;

  // 0: no limit. Then update all clients, or, where there is no limit any more, remove them.
  void set_limit(uint64_t bytes);
  bool limited() const { return limit_bytes_ != 0; }
  uint64_t limit_bytes() const { return limit_bytes_; }
  uint64_t total_bytes() const { return total_bytes_; }
  bool over() const { return total_bytes_ > limit_bytes_; }

  // Measures `client`, whose buffers or whose exemption may have changed. Does nothing without a
  // limit, nor for a client that is being closed: that one is taken out.
  void update(Client& client) {
    if (limited()) measure(client);
  }
  // Takes `client` out of the account. It may not be in it.
  void remove(Client& client);

  // One of those that hold the most, give or take a factor of two, and may be evicted; null: nobody
  // may.
  Client* largest() const;

 private:
  // One for each power of two; the first is not used.
  static constexpr size_t kBuckets = 65;

  void measure(Client& client);
  void take_out_of_bucket(Client& client);

  uint64_t limit_bytes_ = 0;
  uint64_t total_bytes_ = 0;
  std::array<std::vector<Client*>, kBuckets> buckets_;
};

}  // namespace spinel::server
