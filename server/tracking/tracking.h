// Client-side caching: tells clients that keep values in caches of their own which keys were
// modified.
//
// In default mode, what a client reads is remembered until the key is modified, or until there are
// too many keys. In broadcasting mode nothing is remembered: the client is told of all keys that
// begin with its prefixes. Messages are pushes of RESP3, or those of a channel in RESP2, to the
// client or to another one that it names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/engine/modified_keys.h"
#include "server/engine/table.h"
#include "server/tracking/broadcasts.h"
#include "server/tracking/tracked_keys.h"

namespace spinel::server {

class Client;
class Server;

enum class TrackingMode : uint8_t {
  kAllReads,
  kOptIn,   // reads behind CLIENT CACHING YES
  kOptOut,  // all but reads behind CLIENT CACHING NO
  kBroadcast,
};

// What CLIENT TRACKING ON asks for.
struct TrackingOptions {
  TrackingMode mode = TrackingMode::kAllReads;
  bool noloop = false;
  uint64_t redirect = 0;  // to the client of that number; 0: to none
};

// A client's part, from CLIENT TRACKING ON to OFF.
struct ClientTracking {
  TrackingOptions options;
  std::set<std::string, std::less<>> prefixes;  // in broadcasting mode
  size_t prefix_bytes = 0;
  // CLIENT CACHING was called: what the client asks next is an exception.
  bool caching = false;
  // The client to which messages are redirected was gone when there was one to send.
  bool redirect_broken = false;

  bool broadcasts() const { return options.mode == TrackingMode::kBroadcast; }
  // Memory held for the client, about.
  size_t memory_bytes() const;
};

class Tracking final : private ModifiedKeyObserver {
 public:
  explicit Tracking(Server& server);
  ~Tracking() override;
  Tracking(const Tracking&) = delete;
  Tracking& operator=(const Tracking&) = delete;

  // `client` tracks keys from now on, or in another way than before. A client that tracks already
  // does not change between broadcasting and another mode. `prefixes` are added to those that it
  // has; in broadcasting mode none are the empty prefix, which all keys begin with.
  void start(Client& client, const TrackingOptions& options,
             std::span<const std::string_view> prefixes);
  void stop(Client& client);

  // --- what the dispatcher does for a client that tracks keys
  // It executed `command`: the keys that it read may be in its cache now.
  void on_command(Client& client, const Command& command, CommandArgs args);
  // What it sent has been answered. Null: it was no command.
  void on_reply(Client& client, const Command* command);

  // --- when messages are sent that do not go out at once
  // A unit of execution ends.
  void end_unit() {
    if (has_work_) [[unlikely]]
      do_work();
  }
  // A turn of the event loop ends.
  void end_turn() {
    end_unit();
    if (!clients_.empty()) [[unlikely]]
      finish_turn();
  }

  // --- for INFO
  size_t client_count() const { return clients_.size(); }
  size_t key_count() const { return keys_.size(); }
  size_t item_count() const { return keys_.item_count(); }
  size_t prefix_count() const { return broadcasts_.prefix_count(); }

 private:
  using ClientId = uint64_t;

  void on_key_modified(int database, std::string_view key) override;
  void on_database_flushed(int database) override;
  void on_loaded() override { on_database_flushed(0); }
  void on_databases_swapped(int first, int second) override;

  // The client that modifies keys now, if a client does.
  const Client* modifier() const;
  void invalidate_tracked(std::string_view key, const Client* modifier);
  void invalidate_all();
  void broadcast(const Broadcasts::Prefix& prefix);
  void do_work();
  void finish_turn();
  // Forgets up to `most` keys beyond tracking-table-max-keys, and tells their clients.
  void shrink(size_t most);
  // Sends a message of `keys`, an array of RESP or nothing for all keys, to where `client` wants
  // it.
  void send(Client& client, std::optional<std::string_view> keys);
  void send_broken_redirect(Client& client);
  // Writes pushes to `target` through `write(resp::OutputBuffer&)`.
  template <typename Write>
  void push(Client& target, Write&& write);

  Server& server_;
  std::unordered_map<ClientId, Client*> clients_;  // all that track keys
  size_t reader_count_ = 0;                        // those of them that do not broadcast
  TrackedKeys keys_;
  Broadcasts broadcasts_;
  bool has_work_ = false;             // for the end of the unit
  bool flushed_ = false;              // all clients are to be told to forget all keys
  bool tells_of_writes_ = false;      // what is sent now does, and not of a table that was full
  std::vector<ClientId> over_limit_;  // to be closed at the end of the unit
  // Kept for their memory.
  std::vector<KeyRef> found_;
  std::vector<ClientId> taken_;
  std::string key_;
  std::string message_;
};

}  // namespace spinel::server
