#include "storage/keyspace/digest.h"

#include <algorithm>
#include <string>

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

void append_number(std::string& text, uint64_t number) {
  text.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// A part of a value, told apart from what follows it.
void append_part(std::string& text, std::string_view part) {
  append_number(text, part.size());
  text += part;
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

// Of every element and the digest of those before it: a list may be long, and order matters.
Sha1Digest list_digest(const Entry& entry) {
  const List list(entry.encoding(), entry.object());
  Sha1Digest digest{};
  std::string text;
  list.read(0, list.size(), [&](const ListRun& run) {
    for (const unsigned char* at = run.at; at != run.end; at += listpack_entry_size(at)) {
      char scratch[kMaxDoubleChars];
      text.assign(bytes_of(digest));
      text += read_listpack_entry(at).bytes(scratch);
      digest = sha1(text);
    }
    return true;
  });
  return digest;
}

Sha1Digest sorted_set_digest(const Entry& entry) {
  std::string text;
  SortedSet(entry.encoding(), entry.object()).for_each([&](std::string_view member, double score) {
    char digits[kMaxDoubleChars];
    append_part(text, member);
    append_part(text, {digits, format_double(score, digits)});
  });
  return sha1(text);
}

void combine(Sha1Digest& sum, const Sha1Digest& one) {
  for (size_t at = 0; at < sum.size(); ++at) sum[at] ^= one[at];
}

// Members have no order: their digests are combined in one that does not matter.
Sha1Digest set_digest(const Set& set) {
  Sha1Digest sum{};
  set.for_each([&](const SetMember& member) {
    char digits[kMaxInt64Chars];
    combine(sum, sha1(member.bytes(digits)));
  });
  return sum;
}

// Of the fields with their values, in any order, and of whether each has an expiry.
Sha1Digest hash_digest(const Entry& entry) {
  Sha1Digest sum{};
  std::string text;
  char scratch[kMaxDoubleChars];
  Hash(entry.encoding(), entry.object()).for_each([&](const HashElement& element) {
    text.clear();
    append_part(text, element.field.bytes(scratch));
    text += element.expire_at_ms == kNoExpiry ? '.' : '!';
    text += element.value.bytes(scratch);
    combine(sum, sha1(text));
  });
  return sum;
}

Sha1Digest content_digest(const Entry& entry) {
  switch (entry.type()) {
    case Type::kHash:
      return hash_digest(entry);
    case Type::kList:
      return list_digest(entry);
    case Type::kSet:
      return set_digest(Set(entry.encoding(), entry.object()));
    case Type::kSortedSet:
      return sorted_set_digest(entry);
    default:
      return string_digest(entry);
  }
}

}  // namespace

Sha1Digest value_digest(const Entry& entry) {
  const Sha1Digest content = content_digest(entry);
  std::string text(type_name(entry.type()));
  text += entry.has_expiry() ? '!' : '.';
  text += bytes_of(content);
  return sha1(text);
}

Sha1Digest dataset_digest(Keyspace& keyspace) {
  Sha1Digest sum{};
  std::string text;
  for (int i = 0; i < keyspace.database_count(); ++i) {
    keyspace.database(i).for_each([&](const Entry& entry) {
      text.clear();
      append_number(text, static_cast<uint64_t>(i));
      text += bytes_of(value_digest(entry));
      text += entry.key();
      combine(sum, sha1(text));
    });
  }
  return sum;
}

}  // namespace spinel::storage
