// Sorted sets are written as listpacks while they are ones, else as members with binary scores, the
// highest first. Read are all forms; those that are packed need not be in order.
#include <cmath>

#include "persistence/rdb/payload.h"

namespace spinel::persistence::rdb {

namespace {

using storage::Encoding;
using storage::ListpackItem;
using storage::ListpackValue;
using storage::SortedSet;

constexpr char kDuplicate[] = "a sorted set has a member twice";
constexpr char kNoNumber[] = "a score is no number";

// The set that was built, or an error at `offset`.
bool take(PayloadReader& from, SortedSet::Builder& builder, uint64_t offset, Value& value) {
  std::optional<SortedSet> set = builder.finish();
  if (!set) return from.bytes.fail_at(offset, kDuplicate);
  set->compact(from.limits.sorted_set);
  Value built = Value::of(*set);
  if (!set->empty()) value = std::move(built);
  return true;
}

bool read_members(PayloadReader& from, ValueType type, Value& value) {
  constexpr size_t kMinMemberBytes = 2;
  const uint64_t begin = from.bytes.position();
  const uint64_t count = read_length(from.bytes);
  SortedSet::Builder builder(from.expected_count(count, kMinMemberBytes));
  for (uint64_t i = 0; i < count; ++i) {
    const std::string_view member = from.kept_element();
    const double score = type == ValueType::kSortedSetText ? read_text_double(from.bytes)
                                                           : from.bytes.number<double>();
    if (!from.bytes.ok()) return false;
    if (std::isnan(score)) return from.bytes.fail(kNoNumber);
    builder.add(member, score);
  }
  return from.bytes.ok() && take(from, builder, begin, value);
}

// The score that stands in a packed collection as an integer or as text.
std::optional<double> score_of(const ListpackValue& value) {
  if (value.is_integer()) return static_cast<double>(value.integer);
  return storage::parse_double(value.text);
}

bool precedes(double score, std::string_view member, double other_score, std::string_view other) {
  return score != other_score ? score < other_score : member < other;
}

// Reads pairs, and puts the scores down as our listpacks have them. Tells whether they are in
// order.
bool read_pairs(PackedReader& reader, PackedElements& to, bool& in_order, const char*& cause) {
  double last_score = 0;
  std::string_view last;
  char digits[2][storage::kMaxInt64Chars];
  while (const auto member = reader.next()) {
    const auto value = reader.next();
    if (!value) {
      cause = "a packed collection ends in the middle of an entry";
      break;
    }
    const std::optional<double> score = score_of(*value);
    if (!score) {
      cause = kNoNumber;
      break;
    }
    const std::string_view text = member->bytes(digits[to.count() / 2 % 2]);
    if (to.count() > 0 && !precedes(last_score, last, *score, text)) in_order = false;
    to.append(*member);
    to.append(SortedSet::score_item(*score));
    last_score = *score;
    last = text;
  }
  if (reader.error() != nullptr) cause = reader.error();
  return cause == nullptr;
}

bool read_packed(PayloadReader& from, PackedReader::Form form, Value& value) {
  const uint64_t begin = from.bytes.position();
  PackedReader reader = from.open(form, from.blob());
  if (!from.bytes.ok()) return false;
  PackedElements pairs = from.packed_elements();
  bool in_order = true;
  const char* cause = nullptr;
  if (!read_pairs(reader, pairs, in_order, cause)) return from.bytes.fail_at(begin, cause);
  if (pairs.count() == 0) return true;
  if (!pairs.fit()) return from.bytes.fail_at(begin, "a packed collection is too large");
  if (!pairs.are_distinct(2)) return from.bytes.fail_at(begin, kDuplicate);
  const size_t members = pairs.count() / 2;
  if (in_order && members <= from.limits.sorted_set.max_listpack_entries) {
    value = Value::of_object(Encoding::kListpackSortedSet, pairs.make_listpack());
    return true;
  }
  SortedSet::Builder builder(members);
  char digits[storage::kMaxDoubleChars];
  for (const unsigned char* at = pairs.begin(); at != pairs.end();) {
    const ListpackValue member = storage::read_listpack_entry(at);
    at += storage::listpack_entry_size(at);
    const ListpackValue score = storage::read_listpack_entry(at);
    at += storage::listpack_entry_size(at);
    builder.add(member.bytes(digits), SortedSet::score_of(score));
  }
  return take(from, builder, begin, value);
}

}  // namespace

bool read_sorted_set(PayloadReader& from, ValueType type, Value& value) {
  switch (type) {
    case ValueType::kSortedSetZiplist:
      return read_packed(from, PackedReader::Form::kZiplist, value);
    case ValueType::kSortedSetListpack:
      return read_packed(from, PackedReader::Form::kListpack, value);
    default:
      return read_members(from, type, value);
  }
}

ValueType sorted_set_type(const SortedSet& set) {
  const bool is_packed =
      set.encoding() == Encoding::kListpackSortedSet &&
      static_cast<const storage::Listpack*>(set.object())->element_bytes() <= kMaxPackedBytes;
  return is_packed ? ValueType::kSortedSetListpack : ValueType::kSortedSet;
}

void write_sorted_set(ValueWriter& to, ValueType type, const SortedSet& set) {
  if (type == ValueType::kSortedSetListpack) {
    const auto& list = *static_cast<const storage::Listpack*>(set.object());
    ListpackWriter& packed = to.listpack();
    packed.clear();
    for (auto at = storage::Listpack::begin(); at != list.end(); at = list.next(at)) {
      packed.append_entry(list.raw(at, list.end()).data());
    }
    return to.strings().write_bytes(to.writer(), packed.finish());
  }
  write_length(to.writer(), set.size());
  if (set.empty()) return;
  set.visit(set.size() - 1, set.size(), true, [&to](std::string_view member, double score) {
    to.strings().write(to.writer(), member);
    to.writer().number(score);
  });
}

}  // namespace spinel::persistence::rdb
