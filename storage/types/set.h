// Sets: members without order, each once.
//
// Small ones are a block of bytes: sorted integers (intset), or anything (listpack) as soon as one
// member is no integer. Large ones are a hash table whose slots hold integers themselves: a million
// of them take 12 bytes each. Other members are blocks of their own from the set's slab. Sets
// become larger in this order, and never go back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "storage/base/hash.h"
#include "storage/base/numbers.h"
#include "storage/base/random.h"
#include "storage/containers/hash_table.h"
#include "storage/containers/intset.h"
#include "storage/containers/listpack.h"
#include "storage/containers/packed_string.h"
#include "storage/containers/slab.h"
#include "storage/types/encoding.h"

namespace spinel::storage {

// What a set may have and stay small.
struct SetLimits {
  size_t intset_entries;
  size_t listpack_entries;
  size_t listpack_value_bytes;
};

// A member, prepared for being looked for and stored: whether it is an integer is found out once,
// and it is hashed at most once. Views the text it was made of.
class SetMember {
 public:
  explicit SetMember(std::string_view text) : text_(text), has_text_(true) {
    if (const std::optional<int64_t> integer = parse_int64(text)) {
      integer_ = *integer;
      is_integer_ = true;
    }
  }
  explicit SetMember(int64_t integer) : integer_(integer), is_integer_(true) {}
  // Of a text that is known not to spell an integer.
  static SetMember of_text(std::string_view text) {
    SetMember member;
    member.text_ = text;
    member.has_text_ = true;
    return member;
  }

  bool is_integer() const { return is_integer_; }
  int64_t integer() const { return integer_; }
  // The bytes that clients see; digits are put into `scratch` (kMaxInt64Chars) if they must be.
  std::string_view bytes(char* scratch) const {
    return has_text_ ? text_ : std::string_view(scratch, format_int64(integer_, scratch));
  }
  // Number of those bytes.
  size_t size() const {
    char scratch[kMaxInt64Chars];
    return bytes(scratch).size();
  }
  // Whether a table keeps it in the slot.
  bool fits_slot() const {
    return is_integer_ && integer_ >= -(int64_t{1} << 62) && integer_ < int64_t{1} << 62;
  }
  uint64_t hash() const {
    if (hash_ == 0) hash_ = compute_hash();
    return hash_;
  }

 private:
  SetMember() = default;
  uint64_t compute_hash() const {
    char scratch[kMaxInt64Chars];
    return fits_slot() ? hash_integer(integer_) : hash_bytes(bytes(scratch));
  }

  std::string_view text_;
  int64_t integer_ = 0;
  mutable uint64_t hash_ = 0;  // 0: not known yet
  bool has_text_ = false;
  bool is_integer_ = false;
};

// How the table of a set reads its slots: an integer with the lowest bit set, or a pointer to a
// PackedString.
struct SetTraits {
  static bool is_integer(uint64_t slot) { return (slot & 1) != 0; }
  static uint64_t slot_of(int64_t integer) { return static_cast<uint64_t>(integer) << 1 | 1; }
  static int64_t integer(uint64_t slot) { return static_cast<int64_t>(slot) >> 1; }
  static unsigned char* block(uint64_t slot) { return reinterpret_cast<unsigned char*>(slot); }
  static std::string_view text(uint64_t slot) { return PackedString::read(block(slot)); }
  static SetMember member(uint64_t slot) {
    // Integers that do not fit a slot have at least so many digits.
    constexpr size_t kLongInteger = 19;
    if (is_integer(slot)) return SetMember(integer(slot));
    const std::string_view bytes = text(slot);
    return bytes.size() < kLongInteger ? SetMember::of_text(bytes) : SetMember(bytes);
  }

  static const void* address(uint64_t slot) { return is_integer(slot) ? nullptr : block(slot); }
  static uint64_t hash(uint64_t slot) {
    return is_integer(slot) ? hash_integer(integer(slot)) : hash_bytes(text(slot));
  }
  static bool equal(uint64_t slot, const SetMember& member) {
    if (member.fits_slot()) return slot == slot_of(member.integer());
    char scratch[kMaxInt64Chars];
    return !is_integer(slot) && text(slot) == member.bytes(scratch);
  }
};

struct SetTable {
  HashTable<SetTraits> members;
  SlabAllocator slab{SlabAllocator::kSmallPage};
};

// A handle for a set in any of its encodings: it does not own the object, and changes may replace
// it. Members that it gives out view the set: they are valid until it changes.
class Set {
 public:
  static constexpr Type kType = Type::kSet;

  Set(Encoding encoding, void* object) : encoding_(encoding), object_(object) {}
  // An empty one.
  static Set create();

  Encoding encoding() const { return encoding_; }
  void* object() const { return object_; }

  // --- what is done to every object: see storage/keyspace/object.h
  static void destroy(Encoding encoding, void* object);
  static void* duplicate(Encoding encoding, const void* object);
  static size_t bytes(Encoding encoding, const void* object);
  static size_t memory(Encoding encoding, const void* object, size_t samples);
  static size_t free_effort(Encoding encoding, const void* object);
  // Of a set that is a table.
  HashTableStatistics table_statistics() const { return table().members.statistics(); }

  // --- reading
  size_t size() const;
  bool empty() const { return size() == 0; }
  bool contains(const SetMember& member) const;
  // Fetches what looking for these will need from memory, for all of them together.
  void prefetch(std::span<const SetMember> members) const;

  // Calls `visit(const SetMember&)` for each member. If that returns a bool, false ends it.
  template <typename Visit>
  void for_each(Visit&& visit) const;
  // One step of an iteration that survives changes: see HashTable::scan. A small set is visited
  // whole.
  template <typename Visit>
  uint64_t scan(uint64_t cursor, Visit&& visit) const;

  // A member chosen uniformly. The set must not be empty.
  SetMember random(Random& random) const;
  // Calls `visit` for `count` different members, all choices equally likely. `count` is at most
  // size().
  template <typename Visit>
  void sample(Random& random, size_t count, Visit&& visit) const;

  // --- changing
  // Returns whether it was not there.
  bool add(const SetMember& member, const SetLimits& limits);
  // Returns whether it was there.
  bool remove(const SetMember& member);
  // `count` members, `first` the first of them, are about to be added: chooses the encoding for
  // that many, as if all were different.
  void expect(const SetMember& first, size_t count, const SetLimits& limits);

 private:
  // `count` different slots of the table, drawn one by one: for few of many.
  std::vector<uint64_t> draw_slots(Random& random, size_t count) const;
  const Intset& intset() const { return *static_cast<const Intset*>(object_); }
  const Listpack& listpack() const { return *static_cast<const Listpack*>(object_); }
  SetTable& table() const { return *static_cast<SetTable*>(object_); }

  static SetMember member_of(const ListpackValue& value) {
    return value.is_integer() ? SetMember(value.integer) : SetMember::of_text(value.text);
  }
  bool add_to_intset(const SetMember& member, const SetLimits& limits);
  bool add_to_listpack(const SetMember& member, const SetLimits& limits);
  bool add_to_table(const SetMember& member);
  bool fits_listpack(const SetMember& member, const SetLimits& limits) const;
  void become_listpack();
  void become_table(size_t expected_members);
  void replace(Encoding encoding, void* object);

  Encoding encoding_;
  void* object_;
};

// A visitor whose result is no bool never ends anything.
template <typename Visit, typename... Args>
bool visit_goes_on(Visit&& visit, Args&&... args) {
  if constexpr (std::is_same_v<std::invoke_result_t<Visit, Args...>, bool>) {
    return visit(args...);
  } else {
    visit(args...);
    return true;
  }
}

template <typename Visit>
void Set::for_each(Visit&& visit) const {
  switch (encoding_) {
    case Encoding::kIntset:
      for (size_t i = 0; i < intset().count(); ++i) {
        if (!visit_goes_on(visit, SetMember(intset().at(i)))) return;
      }
      return;
    case Encoding::kListpackSet: {
      const Listpack& list = listpack();
      for (auto at = Listpack::begin(); at != list.end(); at = list.next(at)) {
        if (!visit_goes_on(visit, member_of(list.value(at)))) return;
      }
      return;
    }
    default:
      break;
  }
  if constexpr (std::is_same_v<std::invoke_result_t<Visit, SetMember>, bool>) {
    bool goes_on = true;
    uint64_t cursor = 0;
    do {
      cursor = table().members.scan(
          cursor, [&](uint64_t slot) { goes_on = goes_on && visit(SetTraits::member(slot)); });
    } while (goes_on && cursor != 0);
  } else {
    table().members.for_each_ahead([&](uint64_t slot) { visit(SetTraits::member(slot)); });
  }
}

template <typename Visit>
uint64_t Set::scan(uint64_t cursor, Visit&& visit) const {
  if (encoding_ == Encoding::kTableSet) {
    return table().members.scan(cursor, [&](uint64_t slot) { visit(SetTraits::member(slot)); });
  }
  for_each(visit);
  return 0;
}

template <typename Visit>
void Set::sample(Random& random, size_t count, Visit&& visit) const {
  // Drawing again what was drawn before costs more and more; walking costs the same for any count.
  constexpr size_t kDrawBelow = 3;
  size_t left = size();
  if (encoding_ == Encoding::kTableSet && count < left / kDrawBelow) {
    for (const uint64_t slot : draw_slots(random, count)) visit(SetTraits::member(slot));
    return;
  }
  // Each member is taken with the chance that leaves all choices of the rest equally likely.
  for_each([&](const SetMember& member) {
    if (random.below(left--) >= count) return;
    --count;
    visit(member);
  });
}

}  // namespace spinel::storage
