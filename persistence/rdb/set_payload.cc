// Sets are written as intsets while they are ones, else member by member: the listpacks of sets are
// newer than the Redis that is to read what we write. Read are all three forms.
#include <array>

#include "persistence/rdb/payload.h"

namespace spinel::persistence::rdb {

namespace {

using storage::Encoding;
using storage::Set;
using storage::SetMember;

// A set while it is read: destroyed unless it is taken.
class SetInTheMaking {
 public:
  explicit SetInTheMaking(const storage::SetLimits& limits)
      : set_(Set::create()), limits_(limits) {}
  ~SetInTheMaking() { Set::destroy(set_.encoding(), set_.object()); }
  SetInTheMaking(const SetInTheMaking&) = delete;
  SetInTheMaking& operator=(const SetInTheMaking&) = delete;

  void expect(const SetMember& first, size_t count) { set_.expect(first, count, limits_); }
  bool add(const SetMember& member) { return set_.add(member, limits_); }
  Value take() {
    if (set_.empty()) return {};
    return Value::of(std::exchange(set_, Set::create()));
  }

 private:
  Set set_;
  const storage::SetLimits& limits_;
};

constexpr char kDuplicate[] = "a set has a member twice";

bool read_members(PayloadReader& from, Value& value) {
  SetInTheMaking set(from.limits.set);
  const uint64_t count = read_length(from.bytes);
  for (uint64_t i = 0; i < count; ++i) {
    const std::string_view text = from.element();
    if (!from.bytes.ok()) return false;
    const SetMember member(text);
    if (i == 0) set.expect(member, from.expected_count(count - 1, 1) + 1);
    if (!set.add(member)) return from.bytes.fail(kDuplicate);
  }
  if (from.bytes.ok()) value = set.take();
  return from.bytes.ok();
}

bool read_intset(PayloadReader& from, Value& value) {
  const uint64_t begin = from.bytes.position();
  const std::string_view blob = from.blob();
  if (!from.bytes.ok()) return false;
  ++from.checked_blobs;
  if (const char* cause = check_intset(blob)) return from.bytes.fail_at(begin, cause);
  storage::Intset* integers = storage::Intset::from_raw(blob);
  Value as_intset = Value::of_object(Encoding::kIntset, integers);
  const size_t count = integers->count();
  if (count <= from.limits.set.intset_entries) {
    value = std::move(as_intset);
    return true;
  }
  SetInTheMaking set(from.limits.set);
  set.expect(SetMember(integers->at(0)), count);
  for (size_t i = 0; i < count; ++i) set.add(SetMember(integers->at(i)));
  value = set.take();
  return true;
}

bool read_listpack(PayloadReader& from, Value& value) {
  const uint64_t begin = from.bytes.position();
  PackedElements members = from.packed_elements();
  if (!from.read_packed(PackedReader::Form::kListpack, 1, members)) return false;
  if (members.count() == 0) return true;
  if (!members.are_distinct(1)) return from.bytes.fail_at(begin, kDuplicate);
  if (members.count() <= from.limits.set.listpack_entries) {
    value = Value::of_object(Encoding::kListpackSet, members.make_listpack());
    return true;
  }
  SetInTheMaking set(from.limits.set);
  for (const unsigned char* at = members.begin(); at != members.end();
       at += storage::listpack_entry_size(at)) {
    const storage::ListpackValue read = storage::read_listpack_entry(at);
    const SetMember member =
        read.is_integer() ? SetMember(read.integer) : SetMember::of_text(read.text);
    if (at == members.begin()) set.expect(member, members.count());
    set.add(member);
  }
  value = set.take();
  return true;
}

}  // namespace

bool read_set(PayloadReader& from, ValueType type, Value& value) {
  switch (type) {
    case ValueType::kSetIntset:
      return read_intset(from, value);
    case ValueType::kSetListpack:
      return read_listpack(from, value);
    default:
      return read_members(from, value);
  }
}

ValueType set_type(const Set& set) {
  return set.encoding() == Encoding::kIntset ? ValueType::kSetIntset : ValueType::kSet;
}

void write_set(ValueWriter& to, ValueType type, const Set& set) {
  if (type == ValueType::kSetIntset) {
    return to.strings().write_bytes(to.writer(),
                                    static_cast<const storage::Intset*>(set.object())->raw());
  }
  write_length(to.writer(), set.size());
  set.for_each([&to](const SetMember& member) {
    if (member.is_integer()) return to.strings().write_integer(to.writer(), member.integer());
    to.strings().write(to.writer(), member.bytes(nullptr));
  });
}

}  // namespace spinel::persistence::rdb
