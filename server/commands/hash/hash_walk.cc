// Many fields of a hash at a time: all of them, bit by bit, or at random. They go straight from the
// hash into the output buffer.
#include <limits>

#include "server/commands/hash/hash_access.h"
#include "server/commands/support/scan_collection.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::Hash;
using storage::HashElement;
using storage::Random;

// --- HGETALL, HKEYS, HVALS

// The header of `count` elements; `as_map` if these are pairs.
void reply_header(resp::ReplyWriter& reply, size_t count, bool as_map) {
  as_map ? reply.map(count) : reply.array(count);
}

template <typename ReplyOne>
void reply_all(CommandContext& ctx, bool as_map, ReplyOne&& reply_one) {
  std::optional<Hash> hash;
  if (!find_hash(ctx, hash)) return;
  if (!hash) return reply_header(ctx.reply, 0, as_map);
  if (!hash->may_hide()) {
    reply_header(ctx.reply, hash->size(), as_map);
    return hash->for_each(reply_one);
  }
  const size_t mark = ctx.reply.begin_deferred();
  size_t count = 0;
  hash->for_each([&](const HashElement& element) {
    ++count;
    reply_one(element);
  });
  as_map ? ctx.reply.end_deferred_map(mark, count) : ctx.reply.end_deferred_array(mark, count);
}

void hgetall_command(CommandContext& ctx) {
  reply_all(ctx, true, [&ctx](const HashElement& element) {
    reply_element(ctx.reply, element.field);
    reply_element(ctx.reply, element.value);
  });
}

void hkeys_command(CommandContext& ctx) {
  reply_all(ctx, false,
            [&ctx](const HashElement& element) { reply_element(ctx.reply, element.field); });
}

void hvals_command(CommandContext& ctx) {
  reply_all(ctx, false,
            [&ctx](const HashElement& element) { reply_element(ctx.reply, element.value); });
}

// --- HSCAN

void hscan_command(CommandContext& ctx) {
  const auto scan = find_scanned(ctx, storage::Type::kHash, ScanKind::kHash);
  if (!scan) return;
  const Hash hash = hash_at(ctx, scan->item);
  reply_scan(ctx, *scan, [&](uint64_t cursor, ScanReply& out) {
    return hash.scan(cursor, [&](const HashElement& element) {
      if (!out.takes(element.field)) return;
      out.add(element.field);
      if (!scan->options.no_values) out.add(element.value);
    });
  });
}

// --- HRANDFIELD

struct RandomCount {
  int64_t count;
  bool with_values;
};

// The arguments from 2 on, or nothing after the error was sent.
std::optional<RandomCount> random_count(CommandContext& ctx) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const std::optional<int64_t> count = ctx.integer_between(
      2, -kMost, kMost,
      "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
  if (!count) return std::nullopt;
  const bool with_values = ctx.arg_is(3, "WITHVALUES");
  if (ctx.arity() > 4 || (ctx.arity() == 4 && !with_values)) {
    ctx.syntax_error();
    return std::nullopt;
  }
  if (with_values && (*count < -kMost / 2 || *count > kMost / 2)) {
    ctx.error(errors::kOutOfRange);
    return std::nullopt;
  }
  return RandomCount{.count = *count, .with_values = with_values};
}

void reply_random_fields(CommandContext& ctx, const Hash& hash, const RandomCount& wanted) {
  const bool in_pairs = wanted.with_values && ctx.reply.resp3();
  const size_t mark = ctx.reply.begin_deferred();
  size_t elements = 0;
  const auto reply_one = [&](const HashElement& element) {
    if (in_pairs) ctx.reply.array(2);
    reply_element(ctx.reply, element.field);
    if (wanted.with_values) reply_element(ctx.reply, element.value);
    elements += wanted.with_values && !in_pairs ? 2 : 1;
  };
  Random& random = ctx.server.keyspace.random;
  if (wanted.count < 0) {
    constexpr uint64_t kChunk = 65536;  // between looks at whether anybody still listens
    auto left = static_cast<uint64_t>(-wanted.count);
    for (size_t before = 1; left > 0 && before != elements && !ctx.reply.overflowed();) {
      before = elements;
      const uint64_t drawn = std::min(left, kChunk);
      hash.for_each_random(random, drawn, reply_one);
      left -= drawn;
    }
  } else {
    hash.for_each_distinct(random, static_cast<size_t>(wanted.count), reply_one);
  }
  ctx.reply.end_deferred_array(mark, elements);
}

void hrandfield_command(CommandContext& ctx) {
  std::optional<RandomCount> wanted;
  if (ctx.arity() > 2) {
    wanted = random_count(ctx);
    if (!wanted) return;
  }
  std::optional<Hash> hash;
  if (!find_hash(ctx, hash)) return;
  if (wanted) {
    if (!hash) return ctx.reply.array(0);
    return reply_random_fields(ctx, *hash, *wanted);
  }
  const auto chosen = hash ? hash->random(ctx.server.keyspace.random) : std::nullopt;
  if (!chosen) return ctx.reply.null();
  reply_element(ctx.reply, chosen->field);
}

constexpr CommandRow kHashWalkRows[] = {
    {.name = "HGETALL",
     .handler = hgetall_command,
     .arity = 2,
     .group = "hash",
     .since = "2.0.0",
     .flags = "READONLY",
     .acl = "HASH",
     .tips = "NONDETERMINISTIC_OUTPUT_ORDER",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(N) for N fields in the hash.",
     .summary = "Reads all fields of a hash with their values."},
    {.name = "HKEYS",
     .handler = hkeys_command,
     .arity = 2,
     .group = "hash",
     .since = "2.0.0",
     .flags = "READONLY",
     .acl = "HASH",
     .tips = "NONDETERMINISTIC_OUTPUT_ORDER",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(N) for N fields in the hash.",
     .summary = "Reads the names of all fields of a hash."},
    {.name = "HVALS",
     .handler = hvals_command,
     .arity = 2,
     .group = "hash",
     .since = "2.0.0",
     .flags = "READONLY",
     .acl = "HASH",
     .tips = "NONDETERMINISTIC_OUTPUT_ORDER",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(N) for N fields in the hash.",
     .summary = "Reads the values of all fields of a hash."},
    {.name = "HSCAN",
     .handler = hscan_command,
     .arity = -3,
     .group = "hash",
     .since = "2.8.0",
     .flags = "READONLY",
     .acl = "HASH",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [NOVALUES@7.4.0]",
     .complexity = "O(1) for every call, O(N) for a walk through N fields.",
     .summary = "Walks the fields of a hash bit by bit with a cursor.",
     .history = "7.4.0 Option `NOVALUES`."},
    {.name = "HRANDFIELD",
     .handler = hrandfield_command,
     .arity = -2,
     .group = "hash",
     .since = "6.2.0",
     .flags = "READONLY",
     .acl = "HASH",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key [options=<count:integer [WITHVALUES]>]",
     .complexity = "O(N) for N fields that are returned.",
     .summary = "Reads random fields of a hash."},
};

}  // namespace

CommandFamily hash_walk_commands() {
  return kHashWalkRows;
}

}  // namespace spinel::server
