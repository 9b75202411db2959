// LCS: what two strings have in common.
#include <limits>
#include <string>

#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/keyspace/entry_string.h"
#include "storage/types/lcs.h"

namespace spinel::server {
namespace {

using storage::CommonSubsequence;
using storage::ConstItem;
using storage::Item;
using storage::Type;

struct Options {
  bool length_only = false;        // LEN
  bool matches = false;            // IDX
  bool with_match_length = false;  // WITHMATCHLEN
  int64_t min_match_length = 0;    // MINMATCHLEN
};

// If there is none, the error has been sent.
std::optional<Options> read_options(CommandContext& ctx) {
  Options options;
  for (size_t i = 3; i < ctx.arity(); ++i) {
    if (ctx.arg_is(i, "LEN")) {
      options.length_only = true;
    } else if (ctx.arg_is(i, "IDX")) {
      options.matches = true;
    } else if (ctx.arg_is(i, "WITHMATCHLEN")) {
      options.with_match_length = true;
    } else if (ctx.arg_is(i, "MINMATCHLEN") && i + 1 < ctx.arity()) {
      const std::optional<int64_t> length = ctx.integer(++i);
      if (!length) return std::nullopt;
      options.min_match_length = *length;
    } else {
      ctx.syntax_error();
      return std::nullopt;
    }
  }
  if (options.length_only && options.matches) {
    ctx.error("ERR If you want both the length and indexes, please just use IDX.");
    return std::nullopt;
  }
  return options;
}

// Whether the two are short enough. We take a bit where Redis takes a length of four bytes, but
// draw the line at the same place.
bool check_sizes(CommandContext& ctx, uint64_t a_size, uint64_t b_size) {
  constexpr uint64_t kMaxSize = std::numeric_limits<uint32_t>::max() - 2;
  if (a_size > kMaxSize || b_size > kMaxSize) {
    ctx.error("ERR String too long for LCS");
    return false;
  }
  const uint64_t max_cells = ctx.server.config.max_string_bytes() / sizeof(uint32_t);
  if (a_size + 1 > max_cells / (b_size + 1)) {
    ctx.error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
    return false;
  }
  return true;
}

void reply_text(CommandContext& ctx, const CommonSubsequence& lcs, std::string_view a) {
  std::string text(lcs.length(), '\0');
  size_t at = text.size();
  lcs.for_each_backwards([&](size_t a_position, size_t) { text[--at] = a[a_position]; });
  ctx.reply.bulk(text);
}

// Bytes of the subsequence that are neighbours in both strings.
struct Match {
  size_t a_start;
  size_t b_start;
  size_t length;
};

void reply_range(CommandContext& ctx, size_t start, size_t length) {
  ctx.reply.array(2);
  ctx.reply.integer(static_cast<int64_t>(start));
  ctx.reply.integer(static_cast<int64_t>(start + length - 1));
}

void reply_match(CommandContext& ctx, const Match& match, bool with_length) {
  ctx.reply.array(with_length ? 3 : 2);
  reply_range(ctx, match.a_start, match.length);
  reply_range(ctx, match.b_start, match.length);
  if (with_length) ctx.reply.integer(static_cast<int64_t>(match.length));
}

void reply_matches(CommandContext& ctx, const CommonSubsequence& lcs, const Options& options) {
  ctx.reply.map(2);
  ctx.reply.bulk("matches");
  const size_t mark = ctx.reply.begin_deferred();
  size_t count = 0;
  Match match{0, 0, 0};
  const auto end_match = [&] {
    if (match.length == 0 || static_cast<int64_t>(match.length) < options.min_match_length) return;
    reply_match(ctx, match, options.with_match_length);
    ++count;
  };
  lcs.for_each_backwards([&](size_t a_position, size_t b_position) {
    if (a_position + 1 != match.a_start || b_position + 1 != match.b_start) {
      end_match();
      match.length = 0;
    }
    match = {a_position, b_position, match.length + 1};
  });
  end_match();
  ctx.reply.end_deferred_array(mark, count);
  ctx.reply.bulk("len");
  ctx.reply.integer(static_cast<int64_t>(lcs.length()));
}

size_t size_of(const ConstItem& item) {
  return item ? storage::string_size(*item) : 0;
}

std::string_view bytes_of(const ConstItem& item, storage::StringScratch& scratch) {
  return item ? storage::string_bytes(*item, scratch) : std::string_view();
}

void lcs_command(CommandContext& ctx) {
  ctx.find_read(ctx.key(1));
  const ConstItem b_item = ctx.find_read(ctx.key(2));
  // Found again, as removing an expired second key may have moved it.
  const ConstItem a_item = ctx.server.keyspace.find(ctx.db, ctx.key(1));
  if ((a_item && a_item->type() != Type::kString) || (b_item && b_item->type() != Type::kString)) {
    return ctx.error("ERR The specified keys must contain string values");
  }
  const std::optional<Options> options = read_options(ctx);
  if (!options) return;
  // Before any bytes are made: those of a compressed bitmap may be far too many.
  if (!check_sizes(ctx, size_of(a_item), size_of(b_item))) return;
  storage::StringScratch a_scratch;
  storage::StringScratch b_scratch;
  const std::string_view a = bytes_of(a_item, a_scratch);
  const std::string_view b = bytes_of(b_item, b_scratch);
  if (options->length_only) {
    return ctx.reply.integer(static_cast<int64_t>(storage::lcs_length(a, b)));
  }
  const CommonSubsequence lcs(a, b);
  if (!lcs.valid()) {
    return ctx.error("ERR Insufficient memory, failed allocating transient memory for LCS");
  }
  if (options->matches) {
    reply_matches(ctx, lcs, *options);
  } else {
    reply_text(ctx, lcs, a);
  }
}

constexpr CommandRow kStringLcsRows[] = {
    {.name = "LCS",
     .handler = lcs_command,
     .arity = -3,
     .group = "string",
     .since = "7.0.0",
     .flags = "READONLY",
     .acl = "STRING",
     .keys = "RO+ACCESS@index:1/range:1,1,0",
     .syntax = "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]",
     .complexity = "O(N*M)",
     .summary = "Computes the longest subsequence that two strings have in common."},
};

}  // namespace

CommandFamily string_lcs_commands() {
  return kStringLcsRows;
}

}  // namespace spinel::server
