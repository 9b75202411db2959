// MIGRATE: moves keys to another server, by DUMP here, RESTORE there and DEL here.
//
// The command waits for the target, so that no other client sees the keys on both servers or on
// neither. The effect is one DEL of the keys that the target took.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

#include "persistence/rdb/dump.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/engine/key_spec.h"
#include "server/migrate_connections.h"
#include "server/resp/encode.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

using storage::Item;
using storage::Key;
using Status = MigrateConnection::Status;

constexpr size_t kHost = 1;
constexpr size_t kPort = 2;
constexpr size_t kOnlyKey = 3;
constexpr size_t kDatabase = 4;
constexpr size_t kTimeout = 5;
constexpr size_t kFirstOption = 6;
constexpr int kDefaultTimeoutMs = 1000;

struct MigrateOptions {
  int64_t database = 0;
  int timeout_ms = kDefaultTimeoutMs;
  bool copy = false;
  bool replace = false;
  CommandArgs credentials;  // the password, or a user and the password; empty: none
  CommandArgs keys;
};

std::optional<MigrateOptions> migrate_options(CommandContext& ctx) {
  MigrateOptions options;
  options.keys = ctx.args.subspan(kOnlyKey, 1);
  for (size_t i = kFirstOption; i < ctx.arity(); ++i) {
    if (ctx.arg_is(i, "COPY")) {
      options.copy = true;
    } else if (ctx.arg_is(i, "REPLACE")) {
      options.replace = true;
    } else if (ctx.arg_is(i, "AUTH") && i + 1 < ctx.arity()) {
      options.credentials = ctx.args.subspan(++i, 1);
    } else if (ctx.arg_is(i, "AUTH2") && i + 2 < ctx.arity()) {
      options.credentials = ctx.args.subspan(i + 1, 2);
      i += 2;
    } else if (ctx.arg_is(i, "KEYS")) {
      if (!ctx.arg(kOnlyKey).empty()) {
        ctx.error(
            "ERR When using MIGRATE KEYS option, the key argument must be set to the empty "
            "string");
        return std::nullopt;
      }
      options.keys = ctx.args.subspan(i + 1);
      break;
    } else {
      ctx.syntax_error();
      return std::nullopt;
    }
  }
  const auto timeout_ms = ctx.integer(kTimeout);
  if (!timeout_ms) return std::nullopt;
  const auto database = ctx.integer(kDatabase);
  if (!database) return std::nullopt;
  if (*timeout_ms > 0)
    options.timeout_ms = static_cast<int>(std::min<int64_t>(*timeout_ms, INT32_MAX));
  options.database = *database;
  return options;
}

// --- what is sent

void append_restore(const CommandContext& ctx, const MigrateOptions& options, std::string_view key,
                    const storage::Entry& entry, std::string& to) {
  int64_t ttl_ms = 0;
  if (entry.has_expiry()) ttl_ms = std::max<int64_t>(entry.expire_at_ms() - ctx.server.now_ms(), 1);
  const storage::IntegerText ttl(ttl_ms);
  std::string payload;
  persistence::rdb::dump_value(entry, ctx.server.config.rdbcompression, payload);
  std::vector<std::string_view> command = {"RESTORE", key, ttl.view(), payload};
  if (options.replace) command.emplace_back("REPLACE");
  resp::append_command(to, command);
}

// One MIGRATE that has found keys.
class Migration {
 public:
  Migration(CommandContext& ctx, const MigrateOptions& options) : ctx_(ctx), options_(options) {}

  // Looks for the keys. False if there is none of them.
  bool find_keys() {
    for (const std::string_view name : options_.keys) {
      const storage::ConstItem item = ctx_.find_read(Key(name));
      if (!item) continue;
      append_restore(ctx_, options_, name, *item, restores_);
      keys_.push_back(name);
    }
    return !keys_.empty();
  }

  void run() {
    // The target may have closed a connection that was kept: then a new one does.
    if (attempt() == Result::kRetry) attempt();
    remove_acknowledged();
    if (!error_.empty()) return ctx_.error(error_);
    ctx_.reply.ok();
  }

 private:
  enum class Result : uint8_t { kDone, kRetry };

  Result attempt() {
    error_.clear();
    MigrateConnections& connections = ctx_.server.migrate_connections;
    const int port = std::atoi(std::string(ctx_.arg(kPort)).c_str());
    const auto [connection, failure] =
        connections.open(ctx_.arg(kHost), port, options_.timeout_ms, ctx_.server.monotonic_ms());
    if (connection == nullptr) {
      error_ = failure == MigrateConnections::Failure::kUnknownHost
                   ? "IOERR error or timeout connecting to the client"
                   : "IOERR error or timeout writing to target instance";
      return Result::kDone;
    }
    const char* step = "writing";
    Status status = write(*connection);
    if (status == Status::kOk) {
      step = "reading";
      status = read(*connection);
    }
    if (status == Status::kOk) {
      if (error_.empty()) connection->database = options_.database;
      return Result::kDone;
    }
    connections.close(connection);
    if (!error_.empty()) return Result::kDone;
    error_ = fmt::format("IOERR error or timeout {} to target instance", step);
    return status == Status::kFailed && replies_ == 0 ? Result::kRetry : Result::kDone;
  }

  Status write(MigrateConnection& connection) {
    std::string head;
    heads_ = 0;
    if (!options_.credentials.empty()) {
      std::vector<std::string_view> auth = {"AUTH"};
      auth.insert(auth.end(), options_.credentials.begin(), options_.credentials.end());
      resp::append_command(head, auth);
      ++heads_;
    }
    if (connection.database != options_.database) {
      const storage::IntegerText database(options_.database);
      const std::string_view select[] = {"SELECT", database.view()};
      resp::append_command(head, select);
      ++heads_;
    }
    connection.database.reset();  // until the target has said that all went well
    const Status status = connection.write(head, options_.timeout_ms);
    return status == Status::kOk ? connection.write(restores_, options_.timeout_ms) : status;
  }

  Status read(MigrateConnection& connection) {
    bool is_welcome = true;
    std::string line;
    for (size_t i = 0; i < heads_; ++i) {
      const Status status = connection.read_line(line, options_.timeout_ms);
      if (status != Status::kOk) return status;
      is_welcome = !note_error(line) && is_welcome;
    }
    for (const std::string_view key : keys_) {
      const Status status = connection.read_line(line, options_.timeout_ms);
      if (status != Status::kOk) return status;
      ++replies_;
      // Without the database that was asked for, the key went elsewhere if it went at all.
      if (!note_error(line) && is_welcome) acknowledged_.push_back(key);
    }
    return Status::kOk;
  }

  // Keeps the first error of the target. Whether `line` is one.
  bool note_error(std::string_view line) {
    if (!line.starts_with('-')) return false;
    if (error_.empty()) {
      error_ = "ERR Target instance replied with error: " + std::string(line.substr(1));
    }
    return true;
  }

  void remove_acknowledged() {
    if (options_.copy || acknowledged_.empty()) return;
    for (const std::string_view name : acknowledged_) {
      const Key key(name);
      // As it is stored: its time may have come while the target was waited for.
      if (const Item item = ctx_.db.find(key)) ctx_.remove(item, key, false);
    }
    std::vector<std::string_view> effect = {"DEL"};
    effect.insert(effect.end(), acknowledged_.begin(), acknowledged_.end());
    ctx_.propagate(effect);
  }

  CommandContext& ctx_;
  const MigrateOptions& options_;
  std::vector<std::string_view> keys_;  // those that exist
  std::string restores_;                // a command for each
  size_t heads_ = 0;                    // commands before them
  size_t replies_ = 0;                  // to them
  std::vector<std::string_view> acknowledged_;
  std::string error_;  // to reply; empty: none
};

void migrate_command(CommandContext& ctx) {
  const std::optional<MigrateOptions> options = migrate_options(ctx);
  if (!options) return;
  Migration migration(ctx, *options);
  if (!migration.find_keys()) return ctx.reply.simple("NOKEY");
  migration.run();
}

constexpr CommandRow kMigrateRows[] = {
    {.name = "MIGRATE",
     .handler = migrate_command,
     .arity = -6,
     .group = "generic",
     .since = "2.6.0",
     .flags = "WRITE",
     .acl = "KEYSPACE,DANGEROUS",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RW+ACCESS+DELETE@index:3/range:0,1,0 ; "
             "RW+ACCESS+DELETE+INCOMPLETE@keyword:KEYS@-2/range:-1,1,0",
     .key_finder = migrate_keys,
     .syntax = "host:string port:integer key-selector=<key#0|empty-string=\"\"> "
               "destination-db:integer timeout:integer [COPY@3.0.0] [REPLACE@3.0.0] "
               "[authentication=<AUTH auth=password:string@4.0.7|AUTH2 auth2=<username:string "
               "password:string>@6.0.0>] [KEYS keys=key#1@3.0.6 ...]",
     .complexity = "O(N)",
     .summary = "Moves keys to another server.",
     .history = "3.0.0 Options `COPY` and `REPLACE`. ; 3.0.6 Option `KEYS`. ; 4.0.7 Option `AUTH`. "
                "; 6.0.0 Option `AUTH2`."},
};

}  // namespace

CommandFamily migrate_commands() {
  return kMigrateRows;
}

}  // namespace spinel::server
