// What a command handler is given, and the argument reader through which it reads its arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "server/client.h"
#include "server/command/spec.h"
#include "server/resp/reply_writer.h"
#include "storage/keyspace/database.h"

namespace spinel::server {

class Server;
struct Command;

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
inline constexpr std::string_view kInvalidExpire = "ERR invalid expire time in '{}' command";
}  // namespace errors

// A handler reads its arguments, works on the database and writes exactly one reply.
class CommandContext {
 public:
  CommandContext(Server& server_in, Client& client_in, const Command& command_in,
                 CommandArgs args_in, uint64_t first_key_hash, bool has_first_key_hash);

  Server& server;
  Client& client;
  storage::Database& db;  // the client's selected database
  const Command& command;
  CommandArgs args;  // the command's own name first; views that are valid while it runs
  resp::ReplyWriter& reply;

  // --- arguments. A method that cannot read its argument has written the error: just return.
  size_t arity() const { return args.size(); }
  std::string_view arg(size_t index) const { return args[index]; }
  // Whether argument `index` exists and is `keyword`, in any case.
  bool arg_is(size_t index, std::string_view keyword) const;
  std::optional<int64_t> integer(size_t index, std::string_view error = errors::kNotInteger);
  // As `integer`, and between `low` and `high`; `error` is sent for both kinds of failure.
  std::optional<int64_t> integer_between(size_t index, int64_t low, int64_t high,
                                         std::string_view error = errors::kOutOfRange);
  std::optional<double> number(size_t index, std::string_view error = errors::kNotFloat);
  // The key at `index`. The first key's hash was computed when the command was parsed.
  storage::Key key(size_t index) const;

  // --- the keyspace, as commands see it: expired keys do not exist; reads touch LRU/LFU and count
  // hits and misses.
  storage::Item find_read(const storage::Key& key);
  // As `find_read`, in another database than the selected one.
  storage::Item find_read_in(storage::Database& database, const storage::Key& key);
  // For a command that will change or replace the value: does not count hits and misses.
  storage::Item find_write(const storage::Key& key);
  storage::Item find_write_in(storage::Database& database, const storage::Key& key);
  // Whether `item` is absent or of `type`; otherwise WRONGTYPE has been sent.
  bool check_type(const storage::Item& item, storage::Type type);

  // --- what the command did
  // The value at `key` changed: wakes who watches or waits for it, and counts `changes` for
  // persistence. Every write calls it, once per changed key.
  void changed(const storage::Key& key, int64_t changes = 1);
  void changed_in(storage::Database& database, const storage::Key& key, int64_t changes = 1);
  // Announces a keyspace event ("set", "del", "expire", ...). Delivered by pub/sub.
  void notify(uint32_t event_class, std::string_view event, std::string_view key);
  // The effect that goes to AOF and replicas is `args` instead of the command as sent. May be
  // called several times: all of them are sent, in order. See server/command/effects.h.
  void propagate(CommandArgs effect);
  // Nothing goes to AOF and replicas although `changed` was called.
  void propagate_nothing();

  // --- replies
  void error(std::string_view text) { reply.error(text); }
  void syntax_error() { reply.error(errors::kSyntax); }
};

}  // namespace spinel::server
