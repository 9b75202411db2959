// The hash type: fields with values, each field perhaps with an expiry of its own. Small ones are
// listpacks (hash_listpack.h), large ones hash tables (hash_fields.h); a hash that became large
// stays so.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/types/hash_fields.h"
#include "storage/types/hash_listpack.h"

namespace spinel::storage {

// A field to look for. It is hashed once, when that is needed, or was before.
class HashField {
 public:
  explicit HashField(std::string_view bytes_in) : bytes(bytes_in) {}
  HashField(std::string_view bytes_in, uint64_t hash) : bytes(bytes_in), hash_(hash) {}

  const std::string_view bytes;
  uint64_t hash() const {
    if (!hash_) hash_ = hash_bytes(bytes);
    return *hash_;
  }

 private:
  mutable std::optional<uint64_t> hash_;
};

// How large a hash may be before it becomes a table.
struct HashLimits {
  uint64_t max_entries;
  uint64_t max_value_bytes;  // of a field as well
};

// A field as stored; views into the hash, valid until it changes.
struct HashElement {
  ListpackValue field;
  ListpackValue value;
  int64_t expire_at_ms;
};

// A handle for the hash of an entry. Changes replace encoding and object, which must then be put
// back: see server/commands/support/collection.h.
class Hash {
 public:
  static constexpr Type kType = Type::kHash;

  Hash(Encoding encoding, void* object) : encoding_(encoding), object_(object) {}
  static Hash create() { return {Encoding::kListpackHash, HashListpack::create()}; }
  // Makes one of many fields that come in any order.
  class Builder;
  static void destroy(Encoding encoding, void* object);
  static void* duplicate(Encoding encoding, const void* object);

  Encoding encoding() const { return encoding_; }
  void* object() const { return object_; }

  // From here on, fields that expired before `now_ms` do not exist for whoever uses this handle.
  // `size` and `empty` count them until they are removed.
  void set_now(int64_t now_ms) { now_ms_ = now_ms; }
  // Whether there may be such fields.
  bool may_hide() const { return next_expiry_ms() < now_ms_; }

  size_t size() const { return is_table() ? table().size() : small().size(); }
  bool empty() const { return size() == 0; }

  // --- one field
  struct Found {
    ListpackValue value;
    int64_t expire_at_ms;
    // Where it is, for `replace_value` and `set_expiry`: in a table, or in a small hash.
    uint64_t* slot;
    Listpack::Offset offset;
  };
  std::optional<Found> find(const HashField& field) const;
  // Stores a value, and sets or (kNoExpiry) removes the field's expiry. Returns whether the field
  // is new. Texts must not be views into this hash.
  bool set(const HashField& field, std::string_view value, int64_t expire_at_ms,
           const HashLimits& limits);
  // As `set`, but a field that has an expiry keeps it.
  bool set_keeping_expiry(const HashField& field, std::string_view value, const HashLimits& limits);
  // The next two take a field that was `found`, since when the hash did not change, and do not look
  // for it again.
  // As `set_keeping_expiry`.
  void replace_value(const HashField& field, const Found& found, std::string_view value,
                     const HashLimits& limits);
  // Sets or (kNoExpiry) removes the expiry.
  void set_expiry(const Found& found, int64_t expire_at_ms);
  // Returns whether the field was there.
  bool erase(const HashField& field);

  // --- a batch of fields: see prefetch_lookups. Requires `is_table()`.
  bool is_table() const { return encoding_ == Encoding::kTableHash; }
  [[gnu::always_inline]] void prefetch_bucket(uint64_t hash) const {
    table().prefetch_bucket(hash);
  }
  [[gnu::always_inline]] bool prefetch_element(uint64_t hash) const {
    return table().prefetch_element(hash);
  }
  [[gnu::always_inline]] void prefetch_overflow_element(uint64_t hash) const {
    table().prefetch_overflow_element(hash);
  }

  // --- walking. `visit` takes a const HashElement& and must not change the hash.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    if (is_table()) {
      table().for_each([&](uint64_t slot) { visit_slot(slot, visit); });
    } else {
      visit_small(visit);
    }
  }
  // See HashTable::scan. A small hash is visited whole.
  template <typename Visit>
  uint64_t scan(uint64_t cursor, Visit&& visit) const {
    if (is_table()) {
      return table().scan(cursor, [&](uint64_t slot) { visit_slot(slot, visit); });
    }
    visit_small(visit);
    return 0;
  }

  // --- random fields, each as likely as any other
  std::optional<HashElement> random(Random& random) const;
  // `count` fields drawn independently; none if there are none.
  template <typename Visit>
  void for_each_random(Random& random, uint64_t count, Visit&& visit) const;
  // Up to `count` different fields: fewer only if there are fewer. Takes a time in proportion to
  // the count where that is small, and to the size otherwise.
  template <typename Visit>
  void for_each_distinct(Random& random, size_t count, Visit&& visit) const;

  // --- expiry
  size_t volatile_count() const {
    return is_table() ? table().volatile_count() : small().volatile_count();
  }
  // No field expires before that; kNever if none does at all.
  int64_t next_expiry_ms() const {
    if (encoding_ == Encoding::kListpackHash) return kNever;
    return is_table() ? table().next_expiry_ms() : small().next_expiry_ms();
  }
  // Whether there are fields and all of them expired before `now_ms`. Nearly always in constant
  // time: see HashFields.
  bool all_expired(int64_t now_ms) const {
    if (next_expiry_ms() >= now_ms || volatile_count() < size()) return false;
    return is_table() ? table().all_expired(now_ms) : small().all_expired(now_ms);
  }
  // Removes fields that expired before `now_ms` and appends their names to `expired`: all of them
  // in a small hash, in a large one those of the next `max_buckets` buckets.
  void take_expired(int64_t now_ms, size_t max_buckets, std::vector<std::string>& expired);

  // --- memory; see storage/keyspace/object.h
  static size_t bytes(Encoding encoding, const void* object);
  static size_t memory(Encoding encoding, const void* object, size_t samples);
  static size_t free_effort(Encoding encoding, const void* object);
  // Of a hash that is a table.
  HashTableStatistics table_statistics() const { return table().table_statistics(); }

 private:
  HashFields& table() const { return *static_cast<HashFields*>(object_); }
  HashListpack small() const { return {encoding_, object_}; }
  void put_back(const HashListpack& list) {
    encoding_ = list.encoding();
    object_ = list.object();
  }
  bool hidden(int64_t expire_at_ms) const {
    return expire_at_ms != kNoExpiry && expire_at_ms < now_ms_;
  }
  void make_table();
  // Whether a small hash must become a table before it can take this field with this value.
  bool outgrows(const HashField& field, std::string_view value, const HashLimits& limits) const;
  void update_small(Listpack::Offset at, std::string_view value, int64_t expire_at_ms,
                    const HashLimits& limits);

  enum class OldExpiry : uint8_t { kReplace, kKeep };
  bool store(const HashField& field, std::string_view value, int64_t expire_at_ms,
             OldExpiry old_expiry, const HashLimits& limits);
  bool store_in_table(const HashField& field, std::string_view value, int64_t expire_at_ms,
                      OldExpiry old_expiry);

  static HashElement element_of(uint64_t slot) {
    return {ListpackValue(HashFieldTraits::field(slot)),
            ListpackValue(HashFieldTraits::value(slot)), HashFieldTraits::expire_at_ms(slot)};
  }
  static HashElement element_of(const HashListpack& list, Listpack::Offset at) {
    return {list.field(at), list.value(at), list.expire_at_ms(at)};
  }
  template <typename Visit>
  void visit_slot(uint64_t slot, Visit& visit) const {
    if (!hidden(HashFieldTraits::expire_at_ms(slot))) visit(element_of(slot));
  }
  template <typename Visit>
  void visit_small(Visit& visit) const {
    const HashListpack list = small();
    for (auto at = list.list().begin(); at != list.list().end(); at = list.next(at)) {
      const HashElement element = element_of(list, at);
      if (!hidden(element.expire_at_ms)) visit(element);
    }
  }
  // Where all elements that are not hidden are.
  std::vector<HashElement> all() const;
  // Slots of a table whose fields are not hidden, drawn at random: one, and `count` different ones.
  // Nothing if so many fields are hidden that looking at all is better.
  const uint64_t* draw(Random& random) const;
  std::optional<std::vector<uint64_t>> draw_distinct(Random& random, size_t count) const;

  Encoding encoding_;
  void* object_;
  int64_t now_ms_ = kBeforeAll;
};

class Hash::Builder {
 public:
  // For about so many fields.
  Builder(size_t fields, const HashLimits& limits);
  ~Builder();
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  void add(std::string_view field, std::string_view value, int64_t expire_at_ms);
  // Gives away the hash, which may be empty; nothing if a field came twice. Nothing may be added
  // any more.
  std::optional<Hash> finish();

 private:
  Hash hash_;
  std::optional<HashFields::Appender> appender_;  // of a hash that is a table from the start
  const HashLimits& limits_;
  bool all_different_ = true;
};

template <typename Visit>
void Hash::for_each_random(Random& random, uint64_t count, Visit&& visit) const {
  if (is_table()) {
    for (; count > 0; --count) {
      const uint64_t* slot = draw(random);
      if (slot == nullptr) break;
      visit(element_of(*slot));
    }
    if (count == 0) return;
  }
  const std::vector<HashElement> elements = all();
  for (; count > 0 && !elements.empty(); --count) visit(elements[random.below(elements.size())]);
}

template <typename Visit>
void Hash::for_each_distinct(Random& random, size_t count, Visit&& visit) const {
  // Above a third it is quicker to look at each field once than to draw some again and again.
  constexpr size_t kFewOfAll = 3;
  if (is_table() && count < size() / kFewOfAll) {
    if (const auto slots = draw_distinct(random, count)) {
      for (const uint64_t slot : *slots) visit(element_of(slot));
      return;
    }
  }
  // Each is taken with the probability that makes the number come out right.
  size_t left = size();
  if (may_hide()) {
    left = 0;
    for_each([&left](const HashElement&) { ++left; });
  }
  count = std::min(count, left);
  for_each([&](const HashElement& element) {
    if (random.below(left--) >= count) return;
    --count;
    visit(element);
  });
}

}  // namespace spinel::storage
