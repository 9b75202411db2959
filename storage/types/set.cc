#include "storage/types/set.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "storage/base/assert.h"
#include "storage/base/memory.h"
#include "storage/containers/prefetch.h"

namespace spinel::storage {

namespace {

// Redis's bound, whatever the configuration says.
constexpr size_t kMaxIntsetEntries = size_t{1} << 30;

size_t max_intset_entries(const SetLimits& limits) {
  return std::min(limits.intset_entries, kMaxIntsetEntries);
}

ListpackItem item_of(const SetMember& member) {
  return member.is_integer() ? ListpackItem(member.integer())
                             : ListpackItem::as_text(member.bytes(nullptr));
}

size_t digits_of(int64_t value) {
  char digits[kMaxInt64Chars];
  return format_int64(value, digits);
}

SetTable* table_of(void* object) {
  return static_cast<SetTable*>(object);
}

uint64_t make_slot(SetTable& table, const SetMember& member) {
  if (member.fits_slot()) return SetTraits::slot_of(member.integer());
  char scratch[kMaxInt64Chars];
  const std::string_view text = member.bytes(scratch);
  void* block = table.slab.allocate(PackedString::size_for(text.size()));
  PackedString::write(static_cast<unsigned char*>(block), text);
  return reinterpret_cast<uint64_t>(block);
}

size_t block_bytes(uint64_t slot) {
  return PackedString::size_for(SetTraits::text(slot).size());
}

void free_slot(SetTable& table, uint64_t slot) {
  if (SetTraits::is_integer(slot)) return;
  table.slab.deallocate(SetTraits::block(slot), block_bytes(slot));
}

bool is_large(uint64_t slot) {
  return !SetTraits::is_integer(slot) && block_bytes(slot) > SlabAllocator::kMaxBlock;
}

SetTable* duplicate_table(SetTable& from) {
  auto* copy = new SetTable;
  copy->members.reserve(from.members.size());
  from.members.for_each([&](uint64_t slot) {
    const uint64_t hash = SetTraits::hash(slot);
    copy->members.insert(hash, make_slot(*copy, SetTraits::member(slot)));
  });
  return copy;
}

void destroy_table(SetTable* table) {
  if (table->slab.large_blocks() > 0) {
    table->members.for_each([table](uint64_t slot) {
      if (is_large(slot)) free_slot(*table, slot);
    });
  }
  delete table;
}

// Bytes of the blocks that are no part of the slab's pages, judged by `samples` members (0: all).
size_t large_block_bytes(SetTable& table, size_t samples) {
  if (table.slab.large_blocks() == 0) return 0;
  size_t seen = 0;
  size_t bytes = 0;
  uint64_t cursor = 0;
  do {
    cursor = table.members.scan(cursor, [&](uint64_t slot) {
      ++seen;
      if (is_large(slot)) bytes += usable_size(block_bytes(slot));
    });
  } while (cursor != 0 && (samples == 0 || seen < samples));
  return static_cast<size_t>(static_cast<double>(bytes) / static_cast<double>(seen) *
                             static_cast<double>(table.members.size()));
}

}  // namespace

// --- what is done to every object

Set Set::create() {
  return {Encoding::kIntset, Intset::create()};
}

void Set::destroy(Encoding encoding, void* object) {
  switch (encoding) {
    case Encoding::kIntset:
      return Intset::destroy(static_cast<Intset*>(object));
    case Encoding::kListpackSet:
      return Listpack::destroy(static_cast<Listpack*>(object));
    default:
      return destroy_table(table_of(object));
  }
}

void* Set::duplicate(Encoding encoding, const void* object) {
  switch (encoding) {
    case Encoding::kIntset:
      return Intset::duplicate(static_cast<const Intset*>(object));
    case Encoding::kListpackSet:
      return Listpack::duplicate(static_cast<const Listpack*>(object));
    default:
      return duplicate_table(*table_of(const_cast<void*>(object)));
  }
}

size_t Set::bytes(Encoding encoding, const void* object) {
  switch (encoding) {
    case Encoding::kIntset:
      return static_cast<const Intset*>(object)->allocated_bytes();
    case Encoding::kListpackSet:
      return static_cast<const Listpack*>(object)->allocated_bytes();
    default: {
      const auto& table = *static_cast<const SetTable*>(object);
      return usable_size(sizeof table) + table.members.memory_bytes() + table.slab.page_bytes();
    }
  }
}

size_t Set::memory(Encoding encoding, const void* object, size_t samples) {
  const size_t constant = bytes(encoding, object);
  if (encoding != Encoding::kTableSet) return constant;
  return constant + large_block_bytes(*table_of(const_cast<void*>(object)), samples);
}

size_t Set::free_effort(Encoding encoding, const void* object) {
  if (encoding != Encoding::kTableSet) return 1;
  const auto& table = *static_cast<const SetTable*>(object);
  return 1 + table.slab.page_count() + table.slab.large_blocks() +
         table.members.statistics().overflow_buckets;
}

// --- reading

size_t Set::size() const {
  switch (encoding_) {
    case Encoding::kIntset:
      return intset().count();
    case Encoding::kListpackSet:
      return listpack().count();
    default:
      return table().members.size();
  }
}

bool Set::contains(const SetMember& member) const {
  switch (encoding_) {
    case Encoding::kIntset:
      return member.is_integer() && intset().contains(member.integer());
    case Encoding::kListpackSet:
      return listpack().find(item_of(member)) != listpack().end();
    default:
      return table().members.find(member, member.hash()) != nullptr;
  }
}

void Set::prefetch(std::span<const SetMember> members) const {
  if (encoding_ != Encoding::kTableSet || members.size() < 2) return;
  const auto visit = [&slots = table().members](const SetMember& member, auto&& round)
      __attribute__((always_inline)) {
    round(slots, member.hash());
  };
  prefetch_lookups(members, visit);
}

SetMember Set::random(Random& random) const {
  switch (encoding_) {
    case Encoding::kIntset:
      return SetMember(intset().at(random.below(intset().count())));
    case Encoding::kListpackSet: {
      const Listpack& list = listpack();
      return member_of(list.value(list.skip(Listpack::begin(), random.below(list.count()))));
    }
    default:
      return SetTraits::member(*table().members.random(random));
  }
}

std::vector<uint64_t> Set::draw_slots(Random& random, size_t count) const {
  std::unordered_set<uint64_t> drawn(count);
  std::vector<uint64_t> slots;
  slots.reserve(count);
  while (slots.size() < count) {
    const uint64_t slot = *table().members.random(random);
    if (drawn.insert(slot).second) slots.push_back(slot);
  }
  return slots;
}

// --- changing

bool Set::add(const SetMember& member, const SetLimits& limits) {
  switch (encoding_) {
    case Encoding::kIntset:
      return add_to_intset(member, limits);
    case Encoding::kListpackSet:
      return add_to_listpack(member, limits);
    default:
      return add_to_table(member);
  }
}

bool Set::add_to_intset(const SetMember& member, const SetLimits& limits) {
  if (member.is_integer()) {
    auto* set = static_cast<Intset*>(object_);
    const bool added = Intset::insert(set, member.integer());
    object_ = set;
    if (added && set->count() > max_intset_entries(limits)) become_table(set->count());
    return added;
  }
  const Intset& set = intset();
  const bool digits_fit =
      set.empty() || std::max(digits_of(set.at(0)), digits_of(set.at(set.count() - 1))) <=
                         limits.listpack_value_bytes;
  if (!digits_fit || set.count() >= limits.listpack_entries ||
      member.size() > limits.listpack_value_bytes) {
    become_table(set.count() + 1);
    return add_to_table(member);
  }
  become_listpack();
  return add_to_listpack(member, limits);
}

bool Set::fits_listpack(const SetMember& member, const SetLimits& limits) const {
  return listpack().count() < limits.listpack_entries &&
         member.size() <= limits.listpack_value_bytes &&
         listpack().has_room(item_of(member).size());
}

bool Set::add_to_listpack(const SetMember& member, const SetLimits& limits) {
  const ListpackItem item = item_of(member);
  if (listpack().find(item) != listpack().end()) return false;
  if (!fits_listpack(member, limits)) {
    become_table(size() + 1);
    return add_to_table(member);
  }
  object_ = Listpack::append(static_cast<Listpack*>(object_), {item});
  return true;
}

bool Set::add_to_table(const SetMember& member) {
  SetTable& to = table();
  const uint64_t hash = member.hash();
  if (to.members.find(member, hash) != nullptr) return false;
  to.members.insert(hash, make_slot(to, member));
  return true;
}

bool Set::remove(const SetMember& member) {
  switch (encoding_) {
    case Encoding::kIntset: {
      if (!member.is_integer()) return false;
      auto* set = static_cast<Intset*>(object_);
      const bool removed = Intset::erase(set, member.integer());
      object_ = set;
      return removed;
    }
    case Encoding::kListpackSet: {
      const auto at = listpack().find(item_of(member));
      if (at == listpack().end()) return false;
      object_ = Listpack::erase(static_cast<Listpack*>(object_), at, 1);
      return true;
    }
    default: {
      SetTable& from = table();
      const uint64_t hash = member.hash();
      uint64_t* slot = from.members.find(member, hash);
      if (slot == nullptr) return false;
      const uint64_t removed = *slot;
      // The table may compute hashes of what it still holds: it forgets the member first.
      from.members.erase(slot, hash);
      free_slot(from, removed);
      return true;
    }
  }
}

void Set::expect(const SetMember& first, size_t count, const SetLimits& limits) {
  const bool fits_intset = count <= max_intset_entries(limits);
  const bool fits_listpack = count <= limits.listpack_entries;
  if (encoding_ == Encoding::kIntset && empty()) {
    if (first.is_integer() && fits_intset) return;
    if (fits_listpack) return become_listpack();
    return become_table(count);
  }
  if ((encoding_ == Encoding::kIntset && !fits_intset) ||
      (encoding_ == Encoding::kListpackSet && !fits_listpack)) {
    become_table(std::max(count, size()));
  }
}

// --- encodings

void Set::replace(Encoding encoding, void* object) {
  destroy(encoding_, object_);
  encoding_ = encoding;
  object_ = object;
}

void Set::become_listpack() {
  std::vector<ListpackItem> items;
  items.reserve(size());
  for_each([&](const SetMember& member) { items.push_back(item_of(member)); });
  Listpack* list = Listpack::create();
  replace(Encoding::kListpackSet, Listpack::insert(list, list->end(), items));
}

void Set::become_table(size_t expected_members) {
  auto* to = new SetTable;
  to->members.reserve(expected_members);
  for_each(
      [to](const SetMember& member) { to->members.insert(member.hash(), make_slot(*to, member)); });
  replace(Encoding::kTableSet, to);
}

}  // namespace spinel::storage
