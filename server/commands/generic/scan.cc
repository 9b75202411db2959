// Walking the keys of a database: KEYS at one go, SCAN bit by bit.
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/commands/support/scan_options.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/base/glob.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

using storage::Entry;
using storage::Item;
using storage::Key;
using storage::Type;

// --- KEYS

// Whether only its own text matches the pattern.
bool is_literal(std::string_view pattern) {
  return pattern.find_first_of("*?[\\") == std::string_view::npos;
}

void keys_command(CommandContext& ctx) {
  const std::string_view pattern = ctx.arg(1);
  const size_t mark = ctx.reply.begin_deferred();
  size_t found = 0;
  const auto reply_key = [&](const Entry& entry) {
    if (ctx.server.keyspace.is_expired(entry)) return;
    ctx.reply.bulk(entry.key());
    ++found;
  };
  if (is_literal(pattern)) {
    if (const Item item = ctx.db.find(Key(pattern))) reply_key(*item);
  } else if (pattern == "*") {
    ctx.db.for_each(reply_key);
  } else {
    ctx.db.for_each([&](const Entry& entry) {
      if (storage::glob_match(pattern, entry.key())) reply_key(entry);
    });
  }
  ctx.reply.end_deferred_array(mark, found);
}

// --- SCAN

// The type that clients call `name`, in any case.
std::optional<Type> type_of_name(std::string_view name) {
  for (const Type type :
       {Type::kString, Type::kList, Type::kSet, Type::kSortedSet, Type::kHash, Type::kStream}) {
    if (storage::equals_ignore_case(storage::type_name(type), name)) return type;
  }
  return std::nullopt;
}

// What one call of SCAN found. Keys are views into their entries.
struct ScanStep {
  uint64_t cursor;  // where to go on
  std::vector<std::string_view> keys;
  std::vector<std::string_view> expired;
};

// Buckets are visited whole until they had `count` keys, whether these match or not. Where most
// buckets are empty it gives up earlier.
ScanStep scan_keys(CommandContext& ctx, uint64_t cursor, const ScanOptions& options) {
  constexpr int64_t kBucketsPerKey = 10;
  const int64_t max_buckets = options.count < std::numeric_limits<int64_t>::max() / kBucketsPerKey
                                  ? options.count * kBucketsPerKey
                                  : std::numeric_limits<int64_t>::max();
  // No key has a type of an unknown name.
  const std::optional<Type> type = options.type ? type_of_name(*options.type) : std::nullopt;
  ScanStep step{.cursor = cursor, .keys = {}, .expired = {}};
  int64_t seen = 0;
  const auto visit = [&](const Entry& entry) {
    ++seen;
    if (!options.matches(entry.key())) return;
    if (ctx.server.keyspace.is_expired(entry)) {
      step.expired.push_back(entry.key());
      return;
    }
    if (options.type) {
      ++ctx.server.stats.keyspace_hits;  // asking for the type looks the key up
      if (entry.type() != type) return;
    }
    step.keys.push_back(entry.key());
  };
  int64_t buckets = 0;
  do {
    step.cursor = ctx.db.scan(step.cursor, visit);
  } while (step.cursor != 0 && seen < options.count && ++buckets < max_buckets);
  return step;
}

void scan_command(CommandContext& ctx) {
  const std::optional<uint64_t> cursor = scan_cursor(ctx, 1);
  if (!cursor) return;
  const std::optional<ScanOptions> options = scan_options(ctx, 2, ScanKind::kKeys);
  if (!options) return;
  const ScanStep step = scan_keys(ctx, *cursor, *options);
  // Looking for them is what removes them.
  for (const std::string_view key : step.expired) {
    if (options->type) {
      const std::string copy(key);  // the event of the miss comes after the removal
      ctx.peek(Key(copy));
    } else {
      ctx.server.keyspace.find(ctx.db, Key(key));
    }
  }

  char digits[storage::kMaxInt64Chars];
  ctx.reply.array(2);
  ctx.reply.bulk({digits, storage::format_uint64(step.cursor, digits)});
  ctx.reply.array(step.keys.size());
  for (const std::string_view key : step.keys) ctx.reply.bulk(key);
}

constexpr CommandRow kScanRows[] = {
    {.name = "KEYS",
     .handler = keys_command,
     .arity = 2,
     .group = "generic",
     .since = "1.0.0",
     .flags = "READONLY",
     .acl = "KEYSPACE,DANGEROUS",
     .tips = "REQUEST_POLICY:ALL_SHARDS,NONDETERMINISTIC_OUTPUT_ORDER",
     .syntax = "pattern:pattern",
     .complexity = "O(N)",
     .summary = "Lists every key that matches a pattern."},
    {.name = "SCAN",
     .handler = scan_command,
     .arity = -2,
     .group = "generic",
     .since = "2.8.0",
     .flags = "READONLY,TOUCHES_ARBITRARY_KEYS",
     .acl = "KEYSPACE",
     .tips = "NONDETERMINISTIC_OUTPUT,REQUEST_POLICY:SPECIAL,RESPONSE_POLICY:SPECIAL",
     .syntax =
         "cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type:string@6.0.0]",
     .complexity = "O(1)",
     .summary = "Walks the keys of the selected database bit by bit with a cursor.",
     .history = "6.0.0 Filter `TYPE`."},
};

}  // namespace

CommandFamily scan_commands() {
  return kScanRows;
}

}  // namespace spinel::server
