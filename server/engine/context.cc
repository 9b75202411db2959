#include "server/engine/context.h"

#include "storage/base/numbers.h"

namespace spinel::server {

using storage::ConstItem;
using storage::Database;
using storage::Item;
using storage::Key;

std::optional<int64_t> CommandContext::integer(size_t index, std::string_view error) {
  const auto value = storage::parse_int64(args[index]);
  if (!value) reply.error(error);
  return value;
}

std::optional<int64_t> CommandContext::integer_between(size_t index, int64_t low, int64_t high,
                                                       std::string_view range_error) {
  const auto value = integer(index);
  if (value && (*value < low || *value > high)) {
    reply.error(range_error);
    return std::nullopt;
  }
  return value;
}

std::optional<double> CommandContext::number(size_t index, std::string_view error) {
  const auto value = storage::parse_double(args[index]);
  if (!value) reply.error(error);
  return value;
}

ConstItem CommandContext::find_read_in(Database& database, const Key& key) {
  const ConstItem item = server.keyspace.find(database, key);
  count_lookup(database, key, static_cast<bool>(item));
  if (item && !session.no_touch) server.keyspace.touch(item);
  return item;
}

Item CommandContext::find_write_in(Database& database, const Key& key) {
  const Item item = server.keyspace.find_for_write(database, key);
  if (item && !session.no_touch) server.keyspace.touch(item);
  return item;
}

Item CommandContext::find_read_write(const Key& key) {
  const Item item = find_write(key);
  count_lookup(db, key, static_cast<bool>(item));
  return item;
}

ConstItem CommandContext::peek(const Key& key) {
  const ConstItem item = server.keyspace.find(db, key);
  count_lookup(db, key, static_cast<bool>(item));
  return item;
}

void CommandContext::changed_in(Database& database, std::string_view key, int64_t changes) {
  changed_dataset(changes);
  server.modified_keys.modified(database.index, key);
}

void CommandContext::remove(Item item, const Key& key, bool lazy, int64_t changes) {
  changed_dataset(changes);
  storage::Keyspace& keyspace = server.keyspace;
  keyspace.remove(db, item, key, storage::RemovalReason::kDeleted, keyspace.lazy(lazy));
}

void CommandContext::propagate_in(Database& database, CommandArgs effect) {
  effect_replaced_ = true;
  server.effects.add(database.index, effect);
}

namespace {

int64_t deadline_in(const Server& server, int64_t timeout_ms) {
  return timeout_ms == 0 ? 0 : server.monotonic_ms() + timeout_ms;
}

}  // namespace

void CommandContext::block(BlockReason reason, int64_t timeout_ms) {
  block_refused_ = session.deny_blocking;
  if (block_refused_) return;
  server.blocked.block(client(), reason, args, deadline_in(server, timeout_ms));
}

void CommandContext::block_on_keys(storage::Type type, CommandArgs keys, int64_t timeout_ms) {
  block_refused_ = session.deny_blocking;
  if (block_refused_) return;
  server.blocked.block_on_keys(client(), args, keys, type, deadline_in(server, timeout_ms));
}

}  // namespace spinel::server
