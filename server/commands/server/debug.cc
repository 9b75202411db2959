// DEBUG: what tests and operators use to look inside the server, to hold it up and to break it.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <string>
#include <sys/mman.h>

#include "server/commands/server/debug_list.h"
#include "server/commands/support/help.h"
#include "server/config/memory_size.h"
#include "server/engine/command_errors.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/log/log.h"
#include "server/server.h"
#include "storage/base/assert.h"
#include "storage/base/glob.h"
#include "storage/base/hex.h"
#include "storage/base/memory.h"
#include "storage/base/numbers.h"
#include "storage/base/random.h"
#include "storage/keyspace/digest.h"
#include "storage/keyspace/entry_string.h"
#include "storage/keyspace/object.h"
#include "storage/types/hash.h"
#include "storage/types/set.h"
#include "storage/types/sorted_set.h"

namespace spinel::server {
namespace {

using storage::Encoding;
using storage::Entry;
using storage::Item;
using storage::RawString;

// As C reads it: the digits the text starts with, 0 without any.
bool reads_as_true(std::string_view text) {
  return std::atoi(std::string(text).c_str()) != 0;
}

// The entry as it is stored, expired or not, of the key at `index`; or nothing, and the error was
// sent.
Item stored_item(CommandContext& ctx, size_t index) {
  const Item item = ctx.db.find(ctx.key(index));
  if (!item) ctx.error(errors::kNoSuchKey);
  return item;
}

// --- time and the course of things

void debug_sleep(CommandContext& ctx) {
  const double seconds = std::strtod(std::string(ctx.arg(2)).c_str(), nullptr);
  constexpr double kLongest = 1e9;
  if (std::isfinite(seconds) && seconds > 0) {
    const double bounded = std::min(seconds, kLongest);
    timespec time;
    time.tv_sec = static_cast<time_t>(bounded);
    time.tv_nsec = static_cast<long>((bounded - std::floor(bounded)) * 1e9);
    nanosleep(&time, nullptr);  // a signal ends it: the server can be stopped
  }
  ctx.reply.ok();
}

void debug_set_active_expire(CommandContext& ctx) {
  ctx.server.debug.active_expire = reads_as_true(ctx.arg(2));
  ctx.reply.ok();
}

void debug_pause_cron(CommandContext& ctx) {
  ctx.server.debug.cron_paused = reads_as_true(ctx.arg(2));
  ctx.reply.ok();
}

void debug_change_repl_id(CommandContext& ctx) {
  ctx.server.replication->change_id();
  log_warning("The replication ID was changed by DEBUG CHANGE-REPL-ID");
  ctx.reply.ok();
}

void debug_log(CommandContext& ctx) {
  log_warning("DEBUG LOG: {}", ctx.arg(2));
  ctx.reply.ok();
}

void unknown_subcommand(CommandContext& ctx) {
  ctx.error(
      fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try DEBUG HELP.",
                  ctx.arg(1).substr(0, 128)));
}

void debug_replybuffer(CommandContext& ctx) {
  if (ctx.arg_is(2, "RESIZING")) {
    ctx.server.debug.reply_buffer_resizing = reads_as_true(ctx.arg(3));
  } else if (!ctx.arg_is(2, "PEAK-RESET-TIME")) {
    return unknown_subcommand(ctx);
  } else if (ctx.arg_is(3, "NEVER")) {
    ctx.server.debug.reply_buffer_idle_ms = -1;
  } else if (ctx.arg_is(3, "RESET")) {
    ctx.server.debug.reply_buffer_idle_ms = kReplyBufferIdleMs;
  } else {
    const auto time_ms = ctx.integer(3);
    if (!time_ms) return;
    ctx.server.debug.reply_buffer_idle_ms = *time_ms;
  }
  ctx.reply.ok();
}

void debug_quicklist_packed_threshold(CommandContext& ctx) {
  constexpr uint64_t kLimit = uint64_t{4} << 30;
  const auto bytes = parse_memory(ctx.arg(2));
  if (!bytes || *bytes >= kLimit) {
    return ctx.error("ERR argument must be a memory value bigger than 1 and smaller than 4gb");
  }
  ctx.server.debug.list_large_element_bytes = *bytes == 0 ? kListLargeElementBytes : *bytes;
  ctx.reply.ok();
}

// --- data

// DEBUG POPULATE count [prefix] [size]
void debug_populate(CommandContext& ctx) {
  const auto read = [&ctx](size_t index) -> std::optional<int64_t> {
    const auto number = ctx.integer(index, errors::kNotPositive);
    if (number && *number < 0) {
      ctx.error(errors::kNotPositive);
      return std::nullopt;
    }
    return number;
  };
  const auto count = read(2);
  if (!count) return;
  const std::string_view prefix = ctx.arity() > 3 ? ctx.arg(3) : "key";
  const auto size = ctx.arity() > 4 ? read(4) : std::optional<int64_t>(0);
  if (!size) return;
  if (static_cast<uint64_t>(*size) > ctx.server.config.max_string_bytes()) {
    return ctx.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  }
  std::string name;
  std::string value;
  for (int64_t i = 0; i < *count; ++i) {
    name = fmt::format("{}:{}", prefix, i);
    const storage::Key key(name);
    Item item = ctx.server.keyspace.find_for_write(ctx.db, key);
    if (item) continue;
    value = fmt::format("value:{}", i);
    if (*size > 0) value.resize(static_cast<size_t>(*size));
    ctx.db.set_string(key, item, value, storage::kNoExpiry, ctx.new_access());
    ctx.changed(name, 0);
  }
  ctx.reply.ok();
}

std::string hex(const storage::Sha1Digest& digest) {
  return storage::hex_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

void debug_digest(CommandContext& ctx) {
  ctx.reply.simple(hex(storage::dataset_digest(ctx.server.keyspace)));
}

void debug_digest_value(CommandContext& ctx) {
  ctx.reply.array(ctx.arity() - 2);
  for (size_t i = 2; i < ctx.arity(); ++i) {
    const Item item = ctx.db.find(ctx.key(i));
    ctx.reply.simple(hex(item ? storage::value_digest(*item) : storage::Sha1Digest{}));
  }
}

// --- how data is kept

// Bytes of a string in an RDB file, without compression: short integers as such, all else behind
// its length.
constexpr size_t kMaxSerializedIntegerChars = 11;

size_t serialized_text_length(size_t size) {
  if (size < 64) return 1 + size;
  if (size < 16384) return 2 + size;
  return (size <= std::numeric_limits<uint32_t>::max() ? 5 : 9) + size;
}

size_t serialized_length(std::string_view bytes) {
  if (bytes.size() <= kMaxSerializedIntegerChars) {
    if (const auto integer = storage::parse_int64(bytes)) {
      if (*integer == static_cast<int8_t>(*integer)) return 2;
      if (*integer == static_cast<int16_t>(*integer)) return 3;
      if (*integer == static_cast<int32_t>(*integer)) return 5;
    }
  }
  return serialized_text_length(bytes.size());
}

size_t serialized_length(const Entry& entry) {
  if (entry.type() == storage::Type::kList) return list_layout(entry).serialized_bytes();
  if (entry.type() != storage::Type::kString) {
    return storage::object_bytes(entry.encoding(), entry.object());
  }
  const size_t size = storage::string_size(entry);
  if (size > kMaxSerializedIntegerChars) return serialized_text_length(size);
  storage::StringScratch scratch;
  return serialized_length(storage::string_bytes(entry, scratch));
}

void debug_object(CommandContext& ctx) {
  const Item item = stored_item(ctx, 2);
  if (!item) return;
  const storage::AccessClock& access = ctx.server.keyspace.access;
  const Entry& entry = *item;
  const void* value = entry.has_object() ? entry.object() : &entry;
  std::string text = fmt::format(
      "Value at:{} refcount:1 encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{}", value,
      storage::encoding_name(entry), serialized_length(entry), entry.access(),
      access.lfu ? 0 : access.idle_seconds(entry));
  if (entry.encoding() == Encoding::kQuicklist) text += list_layout(entry).describe();
  ctx.reply.simple(text);
}

void debug_sdslen(CommandContext& ctx) {
  const Item item = stored_item(ctx, 2);
  if (!item) return;
  if (item->type() != storage::Type::kString || item->is_integer()) {
    return ctx.error("ERR Not an sds encoded string.");
  }
  // What a length and the bytes behind it take in an entry.
  const auto packed = [](size_t size) { return size + (size <= 0xff ? 1 : sizeof(uint32_t)); };
  const size_t size = storage::string_size(*item);
  size_t available = 0;
  size_t allocated = packed(size);
  if (item->encoding() == Encoding::kRaw) {
    const auto* raw = static_cast<const RawString*>(item->object());
    available = raw->capacity - raw->size;
    allocated = raw->allocated_bytes();
  } else if (item->has_object()) {
    allocated = storage::object_memory(item->encoding(), item->object(), 0);
  }
  const size_t key_size = item->key().size();
  ctx.reply.simple(fmt::format(
      "key_sds_len:{}, key_sds_avail:0, key_zmalloc: {}, val_sds_len:{}, val_sds_avail:{}, "
      "val_zmalloc: {}",
      key_size, packed(key_size), size, available, allocated));
}

void debug_listpack(CommandContext& ctx) {
  const Item item = stored_item(ctx, 2);
  if (!item) return;
  switch (item->encoding()) {
    case Encoding::kListpackList:
      print_list(*item, true);
      break;
    case Encoding::kListpackSet:
    case Encoding::kListpackSortedSet:
    case Encoding::kListpackHash:
    case Encoding::kListpackExHash:
      print_listpack(*item);
      break;
    default:
      return ctx.error("ERR Not a listpack encoded object.");
  }
  ctx.reply.simple("Listpack structure printed on stdout");
}

// DEBUG QUICKLIST key [0|1]
void debug_quicklist(CommandContext& ctx) {
  const Item item = stored_item(ctx, 2);
  if (!item) return;
  if (item->encoding() != Encoding::kQuicklist) {
    return ctx.error("ERR Not a quicklist encoded object.");
  }
  print_list(*item, ctx.arity() > 3 && reads_as_true(ctx.arg(3)));
  ctx.reply.simple("Quicklist structure printed on stdout");
}

void append_table(std::string& text, const storage::HashTableStatistics& table, bool full) {
  text += "Hash table 0 stats (main hash table):\n";
  if (table.elements == 0) {
    text += "No stats available for empty dictionaries\n";
    return;
  }
  text +=
      fmt::format(" table size: {}\n number of elements: {}\n", table.buckets[0], table.elements);
  if (full) {
    const size_t buckets = table.buckets[0] + table.buckets[1];
    text += fmt::format(
        " overflow buckets: {}\n max chain length: {}\n avg chain length (computed): {:.2f}\n",
        table.overflow_buckets, table.longest_chain,
        static_cast<double>(table.elements) / static_cast<double>(buckets));
  }
  if (table.buckets[1] != 0) {
    text +=
        fmt::format("Hash table 1 stats (rehashing target):\n table size: {}\n", table.buckets[1]);
  }
}

// Whether the word for more detail is there; nothing if something else is, and the error was sent.
std::optional<bool> read_full(CommandContext& ctx) {
  if (ctx.arity() == 3) return false;
  if (ctx.arg_is(3, "FULL")) return true;
  ctx.syntax_error();
  return std::nullopt;
}

// DEBUG HTSTATS dbid [FULL]
void debug_htstats(CommandContext& ctx) {
  const auto index = ctx.integer(2);
  if (!index) return;
  if (*index < 0 || *index >= ctx.server.keyspace.database_count()) {
    return ctx.error("ERR Out of range database");
  }
  const auto full = read_full(ctx);
  if (!full) return;
  const storage::Database& database = ctx.server.keyspace.database(static_cast<int>(*index));
  std::string text = "[Dictionary HT]\n";
  append_table(text, database.table_statistics(), *full);
  text += "[Expires HT]\n";
  text += database.volatile_count() == 0
              ? "No stats available for empty dictionaries\n"
              : fmt::format(" kept in the dictionary's table\n number of elements: {}\n",
                            database.volatile_count());
  ctx.reply.verbatim("txt", text);
}

// DEBUG HTSTATS-KEY key [FULL]
void debug_htstats_key(CommandContext& ctx) {
  const Item item = stored_item(ctx, 2);
  if (!item) return;
  const auto full = read_full(ctx);
  if (!full) return;
  std::string text;
  switch (item->encoding()) {
    case Encoding::kTableSet:
      append_table(text, storage::Set(item->encoding(), item->object()).table_statistics(), *full);
      break;
    case Encoding::kSkiplist:
      append_table(text, storage::SortedSet(item->encoding(), item->object()).table_statistics(),
                   *full);
      break;
    case Encoding::kTableHash:
      append_table(text, storage::Hash(item->encoding(), item->object()).table_statistics(), *full);
      break;
    default:
      return ctx.error(
          "ERR The value stored at the specified key is not represented using an hash table");
  }
  ctx.reply.verbatim("txt", text);
}

void debug_structsize(CommandContext& ctx) {
  ctx.reply.bulk(fmt::format("bits:{} slot:{} table:{} rawstring:{} database:{} client:{} ",
                             sizeof(void*) * 8, sizeof(storage::EntryTable::Slot),
                             sizeof(storage::EntryTable), sizeof(RawString),
                             sizeof(storage::Database), sizeof(Client)));
}

// --- the functions below us, and the protocol

// DEBUG STRINGMATCH-LEN length pattern: whether the pattern matches so many 'a's.
void debug_stringmatch_len(CommandContext& ctx) {
  const auto length =
      ctx.integer_between(2, 0, static_cast<int64_t>(ctx.server.config.max_string_bytes()));
  if (!length) return;
  const std::string text(static_cast<size_t>(*length), 'a');
  ctx.reply.integer(storage::glob_match(ctx.arg(3), text) ? 1 : 0);
}

void debug_error(CommandContext& ctx) {
  ctx.reply.error(ctx.arg(2));
}

void reply_attribute(resp::ReplyWriter& reply) {
  if (reply.resp3()) {
    reply.attribute(1);
    reply.bulk("key-popularity");
    reply.array(2);
    reply.bulk("key:123");
    reply.integer(90);
  }
  // What an attribute belongs to comes behind it.
  reply.bulk("Some real reply following the attribute");
}

void reply_push(resp::ReplyWriter& reply) {
  if (!reply.resp3()) return reply.error("ERR RESP2 is not supported by this command");
  reply.push(2);
  reply.bulk("server-cpu-usage");
  reply.integer(42);
  // A push is not a reply: that comes behind it.
  reply.bulk("Some real reply following the push reply");
}

void reply_numbers(resp::ReplyWriter& reply) {
  for (int i = 0; i < 3; ++i) reply.integer(i);
}

// DEBUG PROTOCOL type: one reply of each type, the same ones that Redis sends, for tests of
// clients.
struct ReplySample {
  std::string_view type;
  void (*write)(resp::ReplyWriter& reply);
};
using Writer = resp::ReplyWriter;
constexpr ReplySample kReplySamples[] = {
    {"string", [](Writer& reply) { reply.bulk("Hello World"); }},
    {"integer", [](Writer& reply) { reply.integer(12345); }},
    {"double", [](Writer& reply) { reply.number(3.141); }},
    {"null", [](Writer& reply) { reply.null(); }},
    {"array",
     [](Writer& reply) {
       reply.array(3);
       reply_numbers(reply);
     }},
    {"set",
     [](Writer& reply) {
       reply.set(3);
       reply_numbers(reply);
     }},
    {"map",
     [](Writer& reply) {
       reply.map(3);
       for (int i = 0; i < 3; ++i) {
         reply.integer(i);
         reply.boolean(i == 1);
       }
     }},
    {"attrib", reply_attribute},
    {"push", reply_push},
    {"verbatim", [](Writer& reply) { reply.verbatim("txt", "This is a verbatim\nstring"); }},
    {"true", [](Writer& reply) { reply.boolean(true); }},
    {"false", [](Writer& reply) { reply.boolean(false); }},
    {"bignum", [](Writer& reply) { reply.big_number("1234567999999999999999999999999999999"); }},
};

void debug_protocol(CommandContext& ctx) {
  for (const ReplySample& sample : kReplySamples) {
    if (ctx.arg_is(2, sample.type)) return sample.write(ctx.reply);
  }
  ctx.error(
      "ERR Wrong protocol type name. Please use one of the following: "
      "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
}

// --- ways to die

void debug_segfault(CommandContext&) {
  void* page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *static_cast<volatile char*>(page) = 'x';
}

void debug_panic(CommandContext& ctx) {
  log_warning("DEBUG PANIC called at Unix time {}", ctx.server.now_ms() / 1000);
  std::abort();
}

void debug_assert(CommandContext&) {
  storage::assertion_failed("DEBUG ASSERT was not called", __FILE__, __LINE__);
}

void debug_oom(CommandContext&) {
  storage::out_of_memory(std::numeric_limits<size_t>::max() / 2);
}

// Whether a file can be loaded now. If not, the error was sent.
bool may_load(CommandContext& ctx) {
  if (!ctx.server.loading.active()) return true;
  ctx.error(kLoadingError);
  return false;
}

// DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE]
void debug_reload(CommandContext& ctx) {
  if (!may_load(ctx)) return;
  ReloadOptions options;
  for (size_t i = 2; i < ctx.arity(); ++i) {
    if (ctx.arg_is(i, "MERGE")) {
      options.merge = true;
    } else if (ctx.arg_is(i, "NOFLUSH")) {
      options.flush = false;
    } else if (ctx.arg_is(i, "NOSAVE")) {
      options.save = false;
    } else {
      return ctx.error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
  }
  const std::string_view error = reload_snapshot(ctx.server, options);
  error.empty() ? ctx.reply.ok() : ctx.error(error);
}

void debug_loadaof(CommandContext& ctx) {
  if (!may_load(ctx)) return;
  if (ctx.server.append_only_file.reload()) return ctx.reply.ok();
  ctx.error("ERR Error trying to load the AOF files, check server logs.");
}

void debug_help(CommandContext& ctx) {
  reply_help(
      ctx.reply, "DEBUG",
      {"ASSERT",
       "    Crash by a failed assertion.",
       "CHANGE-REPL-ID",
       "    Give the server another replication ID. Only for tests of replication.",
       "DIGEST",
       "    Return a fingerprint of the data of all databases.",
       "DIGEST-VALUE <key> [<key> ...]",
       "    Return a fingerprint of the value of each key.",
       "ERROR <string>",
       "    Reply with <string> as an error.",
       "HTSTATS <dbid> [FULL]",
       "    Return statistics of the hash table of a database.",
       "HTSTATS-KEY <key> [FULL]",
       "    Like HTSTATS, of the hash table that the value of <key> is.",
       "LISTPACK <key>",
       "    Print how the listpack at <key> is laid out.",
       "LOADAOF",
       "    Write what is pending to the append only file, remove all keys and load it again.",
       "LOG <message>",
       "    Write <message> to the log.",
       "OBJECT <key>",
       "    Show how the value of <key> is kept.",
       "OOM",
       "    Crash as if there was no memory left.",
       "PANIC",
       "    Crash by a panic.",
       "PAUSE-CRON <0|1>",
       "    Stop the periodic work, or let it go on.",
       "POPULATE <count> [<prefix>] [<size>]",
       "    Create <count> strings named key:<number>, or by <prefix> instead of key, with",
       "    value:<number> in them, cut or filled with zero bytes to <size>. Keys that exist",
       "    stay as they are. Replicas do not get them.",
       "PROTOCOL <type>",
       "    Reply with a value of <type>: string, integer, double, bignum, null, array, set,",
       "    map, attrib, push, verbatim, true or false.",
       "QUICKLIST <key> [<0|1>]",
       "    Print how the long list at <key> is laid out; with 1, its elements as well.",
       "QUICKLIST-PACKED-THRESHOLD <size>",
       "    From which size on an element of a list gets a node of its own: less than 4gb.",
       "    Default: 1gb, which 0 restores.",
       "RELOAD [MERGE] [NOFLUSH] [NOSAVE]",
       "    Save the data, remove all keys and load the file again. NOSAVE loads the file that",
       "    is there; NOFLUSH keeps the keys; MERGE has those in the file replace them.",
       "REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|time>",
       "    After how many quiet milliseconds a client's buffers shrink. RESET restores the",
       "    default.",
       "REPLYBUFFER RESIZING <0|1>",
       "    Whether the buffers of quiet clients shrink at all.",
       "SDSLEN <key>",
       "    Show the lengths of <key> and of its value, a string.",
       "SEGFAULT",
       "    Crash by writing where nobody may.",
       "SET-ACTIVE-EXPIRE <0|1>",
       "    Whether expired keys are removed in the background, as they usually are, or only",
       "    when they are asked for.",
       "SLEEP <seconds>",
       "    Do nothing for <seconds>, which may have decimals. All clients wait.",
       "STRINGMATCH-LEN <length> <pattern>",
       "    Match <pattern> with <length> times the letter a. Returns 1 or 0.",
       "STRUCTSIZE",
       "    Return the sizes of some structures of the server."});
}

constexpr size_t kAny = std::numeric_limits<size_t>::max();

// Arguments are counted without DEBUG itself.
struct Subcommand {
  std::string_view name;
  size_t min_args;
  size_t max_args;
  void (*run)(CommandContext& ctx);
};
constexpr Subcommand kSubcommands[] = {
    {"assert", 1, kAny, debug_assert},
    {"change-repl-id", 1, 1, debug_change_repl_id},
    {"digest", 1, 1, debug_digest},
    {"digest-value", 1, kAny, debug_digest_value},
    {"error", 2, 2, debug_error},
    {"help", 1, 1, debug_help},
    {"htstats", 2, 3, debug_htstats},
    {"htstats-key", 2, 3, debug_htstats_key},
    {"listpack", 2, 2, debug_listpack},
    {"loadaof", 1, kAny, debug_loadaof},
    {"log", 2, 2, debug_log},
    {"object", 2, 2, debug_object},
    {"oom", 1, kAny, debug_oom},
    {"panic", 1, kAny, debug_panic},
    {"pause-cron", 2, 2, debug_pause_cron},
    {"populate", 2, 4, debug_populate},
    {"protocol", 2, 2, debug_protocol},
    {"quicklist", 2, 3, debug_quicklist},
    {"quicklist-packed-threshold", 2, 2, debug_quicklist_packed_threshold},
    {"reload", 1, kAny, debug_reload},
    {"replybuffer", 3, 3, debug_replybuffer},
    {"sdslen", 2, 2, debug_sdslen},
    {"segfault", 1, kAny, debug_segfault},
    {"set-active-expire", 2, 2, debug_set_active_expire},
    {"sleep", 2, 2, debug_sleep},
    {"stringmatch-len", 3, 3, debug_stringmatch_len},
    {"structsize", 1, kAny, debug_structsize},
};

void debug_command(CommandContext& ctx) {
  const size_t given = ctx.arity() - 1;
  for (const Subcommand& subcommand : kSubcommands) {
    if (ctx.arg_is(1, subcommand.name) && given >= subcommand.min_args &&
        given <= subcommand.max_args) {
      return subcommand.run(ctx);
    }
  }
  unknown_subcommand(ctx);
}

constexpr CommandRow kDebugRows[] = {
    {.name = "DEBUG",
     .handler = debug_command,
     .arity = -2,
     .group = "server",
     .since = "1.0.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE,PROTECTED",
     .complexity = "Depends on the subcommand.",
     .summary = "Groups the commands that tests and operators use to look inside the server.",
     .doc_flags = "SYSCMD"},
};

}  // namespace

CommandFamily debug_commands() {
  return kDebugRows;
}

}  // namespace spinel::server
