// What a command handler is given, and how it reads its arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/blocking/blocked_clients.h"
#include "server/client.h"
#include "server/config/notify_flags.h"
#include "server/engine/spec.h"
#include "server/resp/reply_writer.h"
#include "server/server.h"
#include "storage/base/assert.h"
#include "storage/base/bytes.h"
#include "storage/keyspace/database.h"

namespace spinel::server {

// The errors that many commands share, in Redis's words.
namespace errors {
inline constexpr std::string_view kSyntax = "ERR syntax error";
inline constexpr std::string_view kNotInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kNotFloat = "ERR value is not a valid float";
inline constexpr std::string_view kWrongType =
    "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr std::string_view kNoSuchKey = "ERR no such key";
inline constexpr std::string_view kOutOfRange = "ERR value is out of range";
inline constexpr std::string_view kNotPositive = "ERR value is out of range, must be positive";
inline constexpr std::string_view kIndexOutOfRange = "ERR index out of range";
}  // namespace errors

// A handler reads its arguments, works on the database and writes exactly one reply.
class CommandContext {
 public:
  CommandContext(Server& server_in, Session& session_in, resp::ReplyWriter& reply_in,
                 const Command& command_in, CommandArgs args_in, WakeReason wake_in)
      : server(server_in),
        session(session_in),
        db(server_in.keyspace.database(session_in.database)),
        command(command_in),
        args(args_in),
        reply(reply_in),
        wake(wake_in) {}

  Server& server;
  Session& session;
  storage::Database& db;  // the session's selected database
  const Command& command;
  CommandArgs args;  // the command's own name first; views that are valid while it runs
  resp::ReplyWriter& reply;
  const WakeReason wake;

  // Requires that the session is a client: for commands about the connection, which scripts and
  // files cannot run (flag NOSCRIPT).
  Client& client() {
    SPINEL_ASSERT(session.client() != nullptr);
    return *session.client();
  }

  // --- arguments. A method that cannot read its argument has sent the error: just return.
  size_t arity() const { return args.size(); }
  std::string_view arg(size_t index) const { return args[index]; }
  // Whether argument `index` exists and is `keyword`, in any case.
  bool arg_is(size_t index, std::string_view keyword) const {
    return index < args.size() && storage::equals_ignore_case(args[index], keyword);
  }
  std::optional<int64_t> integer(size_t index, std::string_view error = errors::kNotInteger);
  // As `integer`, and between `low` and `high`; `range_error` tells that it was not.
  std::optional<int64_t> integer_between(size_t index, int64_t low, int64_t high,
                                         std::string_view range_error = errors::kOutOfRange);
  std::optional<double> number(size_t index, std::string_view error = errors::kNotFloat);
  // The key at `index`. The first key's hash was computed when the command was parsed.
  storage::Key key(size_t index) const {
    if (index == hashed_index_) return {args[index], hash_};
    return storage::Key(args[index]);
  }

  // --- the keyspace as commands see it: expired keys do not exist; finding a key to use it counts
  // for LRU and LFU. Counts a hit or a miss as well.
  storage::ConstItem find_read(const storage::Key& key) { return find_read_in(db, key); }
  storage::ConstItem find_read_in(storage::Database& database, const storage::Key& key);
  // For a command that will change or replace the value.
  storage::Item find_write(const storage::Key& key) { return find_write_in(db, key); }
  storage::Item find_write_in(storage::Database& database, const storage::Key& key);
  // For a command that does both: counts a hit or a miss as `find_read` does.
  storage::Item find_read_write(const storage::Key& key);
  // For a command that asks about the key without using its value: counts hits and misses, no
  // access.
  storage::ConstItem peek(const storage::Key& key);
  // Whether `item` is absent or of `type`; otherwise WRONGTYPE has been sent.
  bool check_type(const storage::ConstItem& item, storage::Type type) {
    if (!item || item->type() == type) return true;
    reply.error(errors::kWrongType);
    return false;
  }
  // The access bits for an entry that is about to be made.
  uint32_t new_access() const { return server.keyspace.access.initial(); }

  // --- what the command did
  // The value at `key` changed: wakes who waits for it and counts `changes`. A write calls it for
  // every key it changed; then, unless told otherwise below, the command as sent is the effect that
  // goes to AOF and replicas.
  void changed(std::string_view key, int64_t changes = 1) { changed_in(db, key, changes); }
  void changed_in(storage::Database& database, std::string_view key, int64_t changes = 1);
  // Removes the key at `item`: as `changed`, with the event "del". A large value is freed on
  // another thread if `lazy`.
  void remove(storage::Item item, const storage::Key& key, bool lazy, int64_t changes = 1);
  // Something that is not a key changed (FLUSHALL, SWAPDB).
  void changed_dataset(int64_t changes = 1) {
    changes_ += changes;
    server.dirty += changes;
  }
  // Announces a keyspace event of class kNotify..., such as (kNotifyString, "set", key).
  void notify(uint32_t event_class, std::string_view event, std::string_view key) {
    notify_in(db, event_class, event, key);
  }
  void notify_in(storage::Database& database, uint32_t event_class, std::string_view event,
                 std::string_view key) {
    server.events.notify(server.config.notify_keyspace_events, event_class, database.index, event,
                         key);
  }
  // Announces that `key` is there and was not before; comes before what else happened to it.
  void created(std::string_view key) { notify(kNotifyNew, "new", key); }
  // The effect is `effect` instead of the command as sent. Called several times, all of them are,
  // in order.
  void propagate(CommandArgs effect) { propagate_in(db, effect); }
  void propagate_in(storage::Database& database, CommandArgs effect);
  // The effect is the removal of `key`.
  void propagate_removal(std::string_view key, bool lazy) {
    const std::string_view effect[] = {removal_command(lazy), key};
    propagate(effect);
  }
  // There is no effect although something changed.
  void propagate_nothing() { effect_replaced_ = true; }

  // --- waiting: see server/blocking/blocked_clients.h. Return right after it, without a reply.
  // `timeout_ms` 0 waits for ever. On a retry the old deadline stays. In a session that must not
  // block, the handler is called again at once, with WakeReason::kTimeout.
  void block(BlockReason reason, int64_t timeout_ms);
  // A value of `type` at one of `keys` wakes the client.
  void block_on_keys(storage::Type type, CommandArgs keys, int64_t timeout_ms);

  // --- replies
  // CR and LF at the end of `text`, where it repeats what the client sent, are left out.
  void error(std::string_view text) {
    while (text.ends_with('\r') || text.ends_with('\n')) text.remove_suffix(1);
    reply.error(text);
  }
  void syntax_error() { reply.error(errors::kSyntax); }

 private:
  friend class Dispatcher;

  // Counts a hit or a miss, and announces the miss.
  void count_lookup(storage::Database& database, const storage::Key& key, bool found) {
    if (found) {
      ++server.stats.keyspace_hits;
    } else {
      ++server.stats.keyspace_misses;
      notify_in(database, kNotifyKeyMiss, "keymiss", key.bytes);
    }
  }

  size_t hashed_index_ = 0;  // argument whose hash is known; 0: none
  uint64_t hash_ = 0;
  int64_t changes_ = 0;
  bool effect_replaced_ = false;
  bool block_refused_ = false;
};

}  // namespace spinel::server
