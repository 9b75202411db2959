#include "persistence/aof/rewrite.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "persistence/file/byte_writer.h"
#include "storage/base/assert.h"
#include "storage/base/numbers.h"
#include "storage/containers/compressed_bitmap.h"
#include "storage/keyspace/entry_string.h"
#include "storage/types/hash.h"
#include "storage/types/list.h"
#include "storage/types/set.h"
#include "storage/types/sorted_set.h"

namespace spinel::persistence::aof {

namespace {

using storage::CompressedBitmap;
using storage::Database;
using storage::Encoding;
using storage::Entry;
using storage::HashElement;
using storage::Keyspace;
using storage::Type;

// Elements of a collection that one command adds.
constexpr size_t kItems = 64;

// Writes arrays of bulk strings.
class CommandWriter {
 public:
  explicit CommandWriter(ByteWriter& to) : to_(to) {}

  void begin(size_t arguments) { header('*', arguments); }
  void argument(std::string_view bytes) {
    header('$', bytes.size());
    to_.bytes(bytes);
    to_.bytes("\r\n");
  }
  void integer(int64_t value) {
    char digits[storage::kMaxInt64Chars];
    argument({digits, storage::format_int64(value, digits)});
  }
  void value(const storage::ListpackValue& value) {
    char digits[storage::kMaxDoubleChars];
    argument(value.bytes(digits));
  }
  void bitmap(const CompressedBitmap& bitmap) {
    constexpr size_t kPiece = size_t{1} << 14;
    std::array<unsigned char, kPiece> piece;
    header('$', bitmap.size_bytes());
    for (size_t at = 0; at < bitmap.size_bytes() && to_.ok(); at += kPiece) {
      const size_t length = std::min(kPiece, bitmap.size_bytes() - at);
      bitmap.read(at, {piece.data(), length});
      to_.bytes(piece.data(), length);
    }
    to_.bytes("\r\n");
  }

 private:
  void header(char prefix, size_t number) {
    char text[storage::kMaxInt64Chars + 3];
    text[0] = prefix;
    size_t size = 1 + storage::format_uint64(number, text + 1);
    text[size++] = '\r';
    text[size++] = '\n';
    to_.bytes(text, size);
  }

  ByteWriter& to_;
};

// Begins a command for the first of each 64 elements, of which `count` follow in all.
class Batches {
 public:
  Batches(CommandWriter& to, std::string_view name, std::string_view key, size_t count,
          size_t arguments_each)
      : to_(to), name_(name), key_(key), left_(count), arguments_each_(arguments_each) {}

  // Before each element.
  void next() {
    if (in_command_ == 0) {
      in_command_ = std::min(left_, kItems);
      to_.begin(2 + in_command_ * arguments_each_);
      to_.argument(name_);
      to_.argument(key_);
    }
    SPINEL_ASSERT(left_ > 0);
    --in_command_;
    --left_;
  }

 private:
  CommandWriter& to_;
  std::string_view name_;
  std::string_view key_;
  size_t left_;
  size_t arguments_each_;
  size_t in_command_ = 0;  // elements that the command is to get yet
};

void write_string(CommandWriter& to, std::string_view key, const Entry& entry) {
  to.begin(3);
  to.argument("SET");
  to.argument(key);
  if (entry.encoding() == Encoding::kCompressedBitmap) {
    return to.bitmap(*static_cast<const CompressedBitmap*>(entry.object()));
  }
  storage::StringScratch scratch;
  to.argument(storage::string_bytes(entry, scratch));
}

void write_list(CommandWriter& to, std::string_view key, const storage::List& list) {
  Batches batches(to, "RPUSH", key, list.size(), 1);
  list.read(0, list.size(), [&](const storage::ListRun& run) {
    for (const unsigned char* at = run.at; at != run.end; at += storage::listpack_entry_size(at)) {
      batches.next();
      to.value(storage::read_listpack_entry(at));
    }
    return true;
  });
}

void write_set(CommandWriter& to, std::string_view key, const storage::Set& set) {
  Batches batches(to, "SADD", key, set.size(), 1);
  set.for_each([&](const storage::SetMember& member) {
    batches.next();
    if (member.is_integer()) return to.integer(member.integer());
    to.argument(member.bytes(nullptr));
  });
}

void write_sorted_set(CommandWriter& to, std::string_view key, const storage::SortedSet& set) {
  Batches batches(to, "ZADD", key, set.size(), 2);
  set.for_each([&](std::string_view member, double score) {
    char digits[storage::kMaxDoubleChars];
    batches.next();
    to.argument({digits, storage::format_double(score, digits)});
    to.argument(member);
  });
}

// Fields that expire at the same time.
void write_field_expiry(CommandWriter& to, std::string_view key, std::vector<HashElement>& fields) {
  constexpr size_t kFixedArguments = 5;
  if (fields.empty()) return;
  to.begin(kFixedArguments + fields.size());
  to.argument("HPEXPIREAT");
  to.argument(key);
  to.integer(fields.front().expire_at_ms);
  to.argument("FIELDS");
  to.integer(static_cast<int64_t>(fields.size()));
  for (const HashElement& element : fields) to.value(element.field);
  fields.clear();
}

void write_hash(CommandWriter& to, std::string_view key, const storage::Hash& hash) {
  Batches batches(to, "HMSET", key, hash.size(), 2);
  bool any_expires = false;
  hash.for_each([&](const HashElement& element) {
    batches.next();
    to.value(element.field);
    to.value(element.value);
    any_expires |= element.expire_at_ms != storage::kNoExpiry;
  });
  if (!any_expires) return;
  std::vector<HashElement> same_time;
  same_time.reserve(kItems);
  hash.for_each([&](const HashElement& element) {
    if (element.expire_at_ms == storage::kNoExpiry) return;
    const bool joins = !same_time.empty() && same_time.size() < kItems &&
                       same_time.front().expire_at_ms == element.expire_at_ms;
    if (!joins) write_field_expiry(to, key, same_time);
    same_time.push_back(element);
  });
  write_field_expiry(to, key, same_time);
}

void write_value(CommandWriter& to, std::string_view key, const Entry& entry) {
  const Encoding encoding = entry.encoding();
  switch (entry.type()) {
    case Type::kString:
      return write_string(to, key, entry);
    case Type::kList:
      return write_list(to, key, {encoding, entry.object()});
    case Type::kSet:
      return write_set(to, key, {encoding, entry.object()});
    case Type::kSortedSet:
      return write_sorted_set(to, key, {encoding, entry.object()});
    case Type::kHash:
      return write_hash(to, key, {encoding, entry.object()});
    case Type::kStream:
      break;
  }
  SPINEL_ASSERT(false);
}

void write_key(CommandWriter& to, const Entry& entry) {
  const std::string_view key = entry.key();
  write_value(to, key, entry);
  if (!entry.has_expiry()) return;
  to.begin(3);
  to.argument("PEXPIREAT");
  to.argument(key);
  to.integer(entry.expire_at_ms());
}

}  // namespace

RewriteResult rewrite(Keyspace& keyspace, ByteSink& sink, const RewriteOptions& options) {
  ByteWriter writer(sink);
  writer.set_checksum(false);
  CommandWriter commands(writer);
  uint64_t keys = 0;
  if (options.progress) {
    writer.set_progress([&](uint64_t bytes) { return options.progress(keys, bytes); },
                        options.progress_every_bytes);
  }
  if (options.timestamp_seconds) {
    writer.bytes("#TS:" + std::to_string(*options.timestamp_seconds) + "\r\n");
  }
  for (int i = 0; i < keyspace.database_count(); ++i) {
    Database& database = keyspace.database(i);
    if (database.size() == 0) continue;
    commands.begin(2);
    commands.argument("SELECT");
    commands.integer(i);
    database.for_each([&](const Entry& entry) {
      if (!writer.ok()) return;
      write_key(commands, entry);
      ++keys;
    });
  }
  writer.flush();
  return {writer.error(), keys, writer.position()};
}

}  // namespace spinel::persistence::aof
