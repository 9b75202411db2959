// Hashes are written as listpacks while they are ones, else field by field, and where fields expire
// in the two forms that Redis 7.4 has for that. Read are all forms, those of its release candidates
// and of Valkey 9 as well.
#include <algorithm>

#include "persistence/rdb/payload.h"

namespace spinel::persistence::rdb {

namespace {

using storage::Encoding;
using storage::Hash;
using storage::HashElement;
using storage::HashField;
using storage::kNoExpiry;
using storage::Listpack;
using storage::ListpackItem;
using storage::ListpackValue;

constexpr char kDuplicate[] = "a hash has a field twice";
constexpr char kBadExpiry[] = "a field's expiry is out of range";

// The hash that was built, or an error at `offset`.
bool take(PayloadReader& from, Hash::Builder& builder, uint64_t offset, Value& value) {
  const std::optional<Hash> hash = builder.finish();
  if (!hash) return from.bytes.fail_at(offset, kDuplicate);
  Value built = Value::of(*hash);
  if (!hash->empty()) value = std::move(built);
  return true;
}

// --- field by field

// What stands beside a field's name and value.
struct Expiries {
  bool before = false;   // a length before the field, 0: none
  bool after = false;    // eight bytes behind the value, -1: none
  int64_t first_ms = 0;  // of those before: what they are counted from, less one
};

std::optional<int64_t> expiry_before(ByteReader& bytes, const Expiries& expiries) {
  const uint64_t stored = read_length(bytes);
  if (stored == 0) return kNoExpiry;
  if (stored > static_cast<uint64_t>(kMaxFieldExpiryMs) + 1) return std::nullopt;
  const int64_t expire_at_ms = expiries.first_ms + static_cast<int64_t>(stored);
  if (expire_at_ms <= 0 || expire_at_ms > kMaxFieldExpiryMs) return std::nullopt;
  return expire_at_ms;
}

std::optional<int64_t> expiry_after(ByteReader& bytes) {
  const auto stored = bytes.number<int64_t>();
  // A field has no expiry at the beginning of time: it would be one that has none.
  if (stored < kNoExpiry || stored == 0 || stored > kMaxFieldExpiryMs) return std::nullopt;
  return stored;
}

bool read_fields(PayloadReader& from, const Expiries& expiries, Value& value) {
  constexpr size_t kMinFieldBytes = 2;
  const uint64_t begin = from.bytes.position();
  const uint64_t count = read_length(from.bytes);
  Hash::Builder hash(from.expected_count(count, kMinFieldBytes), from.limits.hash);
  std::string value_copy;
  for (uint64_t i = 0; i < count; ++i) {
    std::optional<int64_t> expire_at_ms = kNoExpiry;
    if (expiries.before) expire_at_ms = expiry_before(from.bytes, expiries);
    const std::string_view field = from.kept_element();
    std::string_view text = from.element();
    if (expiries.after) {
      value_copy = text;  // what is read next may take its place
      text = value_copy;
      expire_at_ms = expiry_after(from.bytes);
    }
    if (!from.bytes.ok()) return false;
    if (!expire_at_ms) return from.bytes.fail(kBadExpiry);
    hash.add(field, text, *expire_at_ms);
  }
  return from.bytes.ok() && take(from, hash, begin, value);
}

// The lowest expiry of all fields, which is not needed here but has to make sense.
bool read_first_expiry(PayloadReader& from, int64_t& first_ms) {
  first_ms = from.bytes.number<int64_t>();
  if (first_ms < 0 || first_ms > kMaxFieldExpiryMs + 1) return from.bytes.fail(kBadExpiry);
  return from.bytes.ok();
}

// --- packed

bool read_pairs(PayloadReader& from, PackedReader::Form form, Value& value) {
  const uint64_t begin = from.bytes.position();
  PackedElements pairs = from.packed_elements();
  if (!from.read_packed(form, 2, pairs)) return false;
  if (pairs.count() == 0) {
    return form != PackedReader::Form::kZipmap || from.bytes.fail_at(begin, "a zipmap is empty");
  }
  if (!pairs.are_distinct(2)) return from.bytes.fail_at(begin, kDuplicate);
  const size_t fields = pairs.count() / 2;
  if (fields <= from.limits.hash.max_entries) {
    value = Value::of_object(Encoding::kListpackHash, pairs.make_listpack());
    return true;
  }
  Hash::Builder hash(fields, from.limits.hash);
  char digits[2][storage::kMaxDoubleChars];
  for (const unsigned char* at = pairs.begin(); at != pairs.end();) {
    const ListpackValue field = storage::read_listpack_entry(at);
    at += storage::listpack_entry_size(at);
    const ListpackValue text = storage::read_listpack_entry(at);
    at += storage::listpack_entry_size(at);
    hash.add(field.bytes(digits[0]), text.bytes(digits[1]), kNoExpiry);
  }
  return take(from, hash, begin, value);
}

bool read_triples(PayloadReader& from, Value& value) {
  const uint64_t begin = from.bytes.position();
  PackedElements triples = from.packed_elements();
  if (!from.read_packed(PackedReader::Form::kListpack, 3, triples)) return false;
  Hash::Builder hash(triples.count() / 3, from.limits.hash);
  char digits[2][storage::kMaxDoubleChars];
  for (const unsigned char* at = triples.begin(); at != triples.end();) {
    const ListpackValue field = storage::read_listpack_entry(at);
    at += storage::listpack_entry_size(at);
    const ListpackValue text = storage::read_listpack_entry(at);
    at += storage::listpack_entry_size(at);
    const ListpackValue expiry = storage::read_listpack_entry(at);
    at += storage::listpack_entry_size(at);
    if (!expiry.is_integer() || expiry.integer < 0 || expiry.integer > kMaxFieldExpiryMs) {
      return from.bytes.fail_at(begin, kBadExpiry);
    }
    const int64_t expire_at_ms = expiry.integer == 0 ? kNoExpiry : expiry.integer;
    hash.add(field.bytes(digits[0]), text.bytes(digits[1]), expire_at_ms);
  }
  return take(from, hash, begin, value);
}

// --- writing

int64_t first_expiry(const Hash& hash) {
  int64_t first_ms = storage::kNever;
  hash.for_each([&first_ms](const HashElement& element) {
    if (element.expire_at_ms != kNoExpiry) first_ms = std::min(first_ms, element.expire_at_ms);
  });
  return first_ms;
}

void write_text(ValueWriter& to, const ListpackValue& value) {
  if (value.is_integer()) return to.strings().write_integer(to.writer(), value.integer);
  to.strings().write(to.writer(), value.text);
}

void write_pairs(ValueWriter& to, const Hash& hash) {
  ListpackWriter& packed = to.listpack();
  packed.clear();
  const storage::HashListpack fields(hash.encoding(), hash.object());
  const Listpack& list = fields.list();
  for (auto at = Listpack::begin(); at != list.end(); at = fields.next(at)) {
    packed.append_entry(list.raw(at, list.end()).data());
    packed.append_entry(list.raw(list.next(at), list.end()).data());
  }
  to.strings().write_bytes(to.writer(), packed.finish());
}

// The first to expire in front, those that never do behind all.
void write_triples(ValueWriter& to, const Hash& hash) {
  std::vector<HashElement> elements;
  elements.reserve(hash.size());
  hash.for_each([&elements](const HashElement& element) { elements.push_back(element); });
  const auto order = [](const HashElement& element) {
    return static_cast<uint64_t>(element.expire_at_ms);  // kNoExpiry is the largest
  };
  std::stable_sort(elements.begin(), elements.end(),
                   [&](const HashElement& a, const HashElement& b) { return order(a) < order(b); });
  ListpackWriter& packed = to.listpack();
  packed.clear();
  const auto item = [](const ListpackValue& value) {
    return value.is_integer() ? ListpackItem(value.integer) : ListpackItem::as_text(value.text);
  };
  for (const HashElement& element : elements) {
    packed.append(item(element.field));
    packed.append(item(element.value));
    packed.append(ListpackItem(std::max<int64_t>(element.expire_at_ms, 0)));
  }
  to.writer().number(first_expiry(hash));
  to.strings().write_bytes(to.writer(), packed.finish());
}

void write_fields(ValueWriter& to, const Hash& hash) {
  write_length(to.writer(), hash.size());
  hash.for_each([&to](const HashElement& element) {
    write_text(to, element.field);
    write_text(to, element.value);
  });
}

void write_expiring_fields(ValueWriter& to, const Hash& hash) {
  const int64_t first_ms = first_expiry(hash);
  to.writer().number(first_ms);
  write_length(to.writer(), hash.size());
  hash.for_each([&](const HashElement& element) {
    const bool expires = element.expire_at_ms != kNoExpiry;
    write_length(to.writer(),
                 expires ? static_cast<uint64_t>(element.expire_at_ms - first_ms) + 1 : 0);
    write_text(to, element.field);
    write_text(to, element.value);
  });
}

}  // namespace

bool read_hash(PayloadReader& from, ValueType type, Value& value) {
  Expiries expiries;
  int64_t first_ms = 0;
  switch (type) {
    case ValueType::kHashZipmap:
      return read_pairs(from, PackedReader::Form::kZipmap, value);
    case ValueType::kHashZiplist:
      return read_pairs(from, PackedReader::Form::kZiplist, value);
    case ValueType::kHashListpack:
      return read_pairs(from, PackedReader::Form::kListpack, value);
    case ValueType::kHashListpackExpiry:
      return read_first_expiry(from, first_ms) && read_triples(from, value);
    case ValueType::kHashListpackExpiryOld:
      return read_triples(from, value);
    case ValueType::kHashExpiryOld:
      expiries.before = from.dialect == Dialect::kRedis;
      expiries.after = from.dialect == Dialect::kValkey;
      return read_fields(from, expiries, value);
    case ValueType::kHashExpiry:
      if (!read_first_expiry(from, first_ms)) return false;
      expiries.before = true;
      expiries.first_ms = first_ms - 1;
      return read_fields(from, expiries, value);
    default:
      return read_fields(from, expiries, value);
  }
}

ValueType hash_type(const Hash& hash) {
  const bool expires = hash.volatile_count() > 0;
  const bool is_packed =
      !hash.is_table() &&
      storage::HashListpack(hash.encoding(), hash.object()).list().element_bytes() <=
          kMaxPackedBytes;
  if (is_packed) return expires ? ValueType::kHashListpackExpiry : ValueType::kHashListpack;
  return expires ? ValueType::kHashExpiry : ValueType::kHash;
}

void write_hash(ValueWriter& to, ValueType type, const Hash& hash) {
  switch (type) {
    case ValueType::kHashListpack:
      return write_pairs(to, hash);
    case ValueType::kHashListpackExpiry:
      return write_triples(to, hash);
    case ValueType::kHashExpiry:
      return write_expiring_fields(to, hash);
    default:
      return write_fields(to, hash);
  }
}

}  // namespace spinel::persistence::rdb
