// The one way to make a client wait: for keys, for replicas, for the end of a pause.
//
// A handler that cannot answer yet calls CommandContext::block and returns without a reply. When
// what it waits for may have come, or its time is up, the same handler is called again with the
// same arguments and CommandContext::wake telling why; it replies, or blocks again and keeps its
// place and deadline.
//
// Waits end between units of execution, never within another client's command: what ends them only
// takes a note, and `serve` acts on it. A paused client has not begun its command: it goes on in
// the turn of the event loop that ends the pause, after what is under way.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/client.h"
#include "server/engine/modified_keys.h"
#include "server/engine/spec.h"
#include "storage/keyspace/entry.h"

namespace spinel::server {

// Why a command runs.
enum class WakeReason : uint8_t {
  kNone,     // the client just sent it, or was paused before it began
  kReady,    // something it waits for may have come
  kTimeout,  // its time is up: it must reply
  kError,    // the wait ends with the error `BlockedClients::wait_error`; no handler sees this
};

class BlockedClients final : private ModifiedKeyObserver {
 public:
  // Calls the handler again; it must leave the client unblocked or block it again.
  using Retry = void (*)(Client& client, CommandArgs args, WakeReason wake);
  // The type of the value at `key` of the client's database; nothing if the key does not exist.
  using TypeAt = std::optional<storage::Type> (*)(Client& client, std::string_view key);

  // Watches `modified_keys`, which must live as long, while somebody waits for keys.
  BlockedClients(ModifiedKeys& modified_keys, Retry retry, TypeAt type_at)
      : modified_keys_(modified_keys), retry_(retry), type_at_(type_at) {}

  // Makes `client` wait with the command `args`, whose bytes are copied, for something else than a
  // key. `deadline_ms` is monotonic, 0: never.
  void block(Client& client, BlockReason reason, CommandArgs args, int64_t deadline_ms);
  // The same for `keys` of the client's database: it wakes, first come first served, when one of
  // them holds a value of `type`.
  void block_on_keys(Client& client, CommandArgs args, CommandArgs keys, storage::Type type,
                     int64_t deadline_ms);
  // Ends the wait of a client that goes away. Does nothing to one that is not blocked.
  void forget(Client& client);

  // Has the next `serve` wake `client` with kTimeout. Returns false if it is about to be woken
  // already. Requires that it is blocked.
  bool time_out(Client& client) { return end_wait(client, WakeReason::kTimeout, {}); }
  // The same with kError. `error` (static) is the reply, code first.
  bool fail(Client& client, std::string_view error) {
    return end_wait(client, WakeReason::kError, error);
  }
  // Has the next `serve` try again what waits for acknowledgements (BlockReason::kWait), in the
  // order of blocking.
  void retry_waits() {
    for (const auto& [order, client] : waiting_for_acks_) end_wait(*client, WakeReason::kReady, {});
  }
  // Wakes whoever's wait was ended, and then those whose keys changed: key after key, those of one
  // key in the order in which they blocked and as long as the key holds what they wait for; until
  // nothing changes any more. Called between units of execution.
  void serve() {
    if (!ended_.empty() || !changed_.empty()) [[unlikely]]
      serve_all();
  }
  // Wakes with kTimeout whoever's deadline has passed.
  void serve_timeouts(int64_t now_monotonic_ms);
  // The reply of the wait that ends with kError now.
  std::string_view wait_error() const { return wait_error_; }

  // --- pauses
  // Lets all paused clients go on, in the order in which they were paused: their transports are
  // told to process input, which begins with the command that was held back.
  void resume_paused();
  // The command that `client` was held back with, once it may go on; its wait is over then. Empty
  // otherwise.
  std::vector<std::string> take_resumed(Client& client);

  // The earliest deadline, monotonic milliseconds; 0 if there is none.
  int64_t next_deadline_ms() const { return deadlines_.empty() ? 0 : deadlines_.begin()->first; }

  // --- for INFO and CLIENT LIST
  size_t count() const { return waits_.size(); }
  size_t deadline_count() const { return deadlines_.size(); }
  size_t keys_waited_for() const { return waiting_for_keys_.size(); }
  // Of the command that `client` waits with; 0 if it does not wait.
  size_t argument_bytes(const Client& client) const;
  // Memory held for the wait of `client`, about; 0 if it does not wait. In constant time.
  size_t memory_bytes(const Client& client) const;

 private:
  using DatabaseKey = std::pair<int, std::string>;
  using DatabaseKeyView = std::pair<int, std::string_view>;
  // Finds a key without a string of its own.
  struct KeyOrder {
    using is_transparent = void;
    static DatabaseKeyView view(const DatabaseKeyView& key) { return key; }
    static DatabaseKeyView view(const DatabaseKey& key) { return {key.first, key.second}; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return view(a) < view(b);
    }
  };
  // Who waits for a key: those of one type side by side, in the order of blocking.
  struct Queue {
    std::map<std::pair<storage::Type, uint64_t>, Client*> clients;
    bool changed = false;  // the key is in `changed_`, or is about to be served
  };
  struct Wait {
    Client* client;
    BlockReason reason;
    std::vector<std::string> args;
    std::vector<DatabaseKey> keys;
    storage::Type type;  // of the value that `keys` are waited for
    int64_t deadline_ms;
    uint64_t order;  // of blocking
    size_t memory_bytes;
    bool is_over = false;  // it is in `ended_`, or its pause has ended
  };
  struct EndedWait {
    Client* client;
    WakeReason reason;
    std::string_view error;
  };

  Wait& add_wait(Client& client, BlockReason reason, CommandArgs args, int64_t deadline_ms);
  bool end_wait(Client& client, WakeReason reason, std::string_view error);
  void serve_all();
  void serve_key(const DatabaseKey& key);
  void on_key_modified(int database, std::string_view key) override;
  void on_database_flushed(int) override {}  // what is gone serves nobody
  void on_loaded() override;
  void on_databases_swapped(int first, int second) override;
  // Registers as an observer or ends that, after somebody began or ceased to wait for keys.
  void watch_keys();
  void note_changed(const DatabaseKey& key, Queue& queue);
  void wake(Client& client, WakeReason reason);
  void leave_queues(Client& client, const Wait& wait);

  ModifiedKeys& modified_keys_;
  bool watches_keys_ = false;
  Retry retry_;
  TypeAt type_at_;
  std::unordered_map<const Client*, std::unique_ptr<Wait>> waits_;
  std::map<DatabaseKey, Queue, KeyOrder> waiting_for_keys_;
  std::map<uint64_t, Client*> waiting_for_acks_;  // by the order of blocking
  std::set<std::pair<int64_t, Client*>> deadlines_;
  std::vector<DatabaseKey> changed_;
  std::vector<EndedWait> ended_;
  std::string_view wait_error_;
  uint64_t next_order_ = 1;
  bool serving_ = false;
};

}  // namespace spinel::server
