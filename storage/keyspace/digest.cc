#include "storage/keyspace/digest.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "storage/base/assert.h"
#include "storage/keyspace/entry_string.h"
#include "storage/types/hash.h"
#include "storage/types/list.h"
#include "storage/types/set.h"
#include "storage/types/sorted_set.h"

namespace spinel::storage {

namespace {

std::string_view bytes_of(const Sha1Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

void exclusive_or(Sha1Digest& digest, const Sha1Digest& other) {
  for (size_t at = 0; at < digest.size(); ++at) digest[at] ^= other[at];
}

// Adds what has no order: adding the same twice takes it out again.
void combine(Sha1Digest& digest, std::string_view part) {
  exclusive_or(digest, sha1(part));
}

// Adds what comes after all that was added before, given its SHA-1.
void append(Sha1Digest& digest, const Sha1Digest& part) {
  exclusive_or(digest, part);
  digest = sha1(bytes_of(digest));
}

void append(Sha1Digest& digest, std::string_view part) {
  append(digest, sha1(part));
}

void append_big_endian(Sha1Digest& digest, uint32_t number) {
  char bytes[sizeof number];
  for (size_t i = 0; i < sizeof number; ++i) {
    bytes[i] = static_cast<char>(number >> (8 * (sizeof number - 1 - i)));
  }
  append(digest, {bytes, sizeof bytes});
}

uint32_t type_number(Type type) {
  switch (type) {
    case Type::kString:
      return 0;
    case Type::kList:
      return 1;
    case Type::kSet:
      return 2;
    case Type::kSortedSet:
      return 3;
    case Type::kHash:
      return 4;
    case Type::kStream:
      return 6;
  }
  __builtin_unreachable();
}

Sha1Digest string_digest(const Entry& entry) {
  StringScratch scratch;
  if (entry.encoding() != Encoding::kCompressedBitmap) return sha1(string_bytes(entry, scratch));
  // Far longer than what it takes: never all of its bytes at once.
  constexpr size_t kPiece = 1 << 20;
  Sha1Stream digest;
  const size_t size = string_size(entry);
  for (size_t at = 0; at < size; at += kPiece) {
    digest.add(string_part(entry, at, std::min(kPiece, size - at), scratch));
  }
  return digest.finish();
}

void add_list(Sha1Digest& digest, const List& list) {
  list.read(0, list.size(), [&](const ListRun& run) {
    for (const unsigned char* at = run.at; at != run.end; at += listpack_entry_size(at)) {
      char scratch[kMaxDoubleChars];
      append(digest, read_listpack_entry(at).bytes(scratch));
    }
    return true;
  });
}

void add_set(Sha1Digest& digest, const Set& set) {
  set.for_each([&](const SetMember& member) {
    char digits[kMaxInt64Chars];
    combine(digest, member.bytes(digits));
  });
}

void add_sorted_set(Sha1Digest& digest, const SortedSet& set) {
  set.for_each([&](std::string_view member, double score) {
    char digits[kMaxDoubleChars];
    const int size = std::snprintf(digits, sizeof digits, "%.17g", score);
    Sha1Digest element{};
    append(element, member);
    append(element, {digits, static_cast<size_t>(size)});
    combine(digest, bytes_of(element));
  });
}

void add_hash(Sha1Digest& digest, const Hash& hash) {
  char scratch[kMaxDoubleChars];
  hash.for_each([&](const HashElement& element) {
    Sha1Digest field{};
    append(field, element.field.bytes(scratch));
    append(field, element.value.bytes(scratch));
    if (element.expire_at_ms != kNoExpiry) combine(field, "!!hexpire!!");
    combine(digest, bytes_of(field));
  });
}

void add_value(Sha1Digest& digest, const Entry& entry) {
  append_big_endian(digest, type_number(entry.type()));
  switch (entry.type()) {
    case Type::kString:
      append(digest, string_digest(entry));
      break;
    case Type::kList:
      add_list(digest, List(entry.encoding(), entry.object()));
      break;
    case Type::kSet:
      add_set(digest, Set(entry.encoding(), entry.object()));
      break;
    case Type::kSortedSet:
      add_sorted_set(digest, SortedSet(entry.encoding(), entry.object()));
      break;
    case Type::kHash:
      add_hash(digest, Hash(entry.encoding(), entry.object()));
      break;
    case Type::kStream:
      SPINEL_ASSERT(false);
  }
  if (entry.has_expiry()) combine(digest, "!!expire!!");
}

}  // namespace

Sha1Digest value_digest(const Entry& entry) {
  Sha1Digest digest{};
  add_value(digest, entry);
  return digest;
}

Sha1Digest dataset_digest(Keyspace& keyspace) {
  Sha1Digest sum{};
  for (int i = 0; i < keyspace.database_count(); ++i) {
    Database& database = keyspace.database(i);
    if (database.size() == 0) continue;
    append_big_endian(sum, static_cast<uint32_t>(i));
    database.for_each([&](const Entry& entry) {
      Sha1Digest digest{};
      append(digest, entry.key());
      add_value(digest, entry);
      combine(sum, bytes_of(digest));
    });
  }
  return sum;
}

}  // namespace spinel::storage
