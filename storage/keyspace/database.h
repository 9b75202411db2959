// One of a server's numbered databases: the table of entries, and the only code that makes or frees
// them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "storage/base/assert.h"
#include "storage/base/hash.h"
#include "storage/base/random.h"
#include "storage/containers/hash_table.h"
#include "storage/containers/slab.h"
#include "storage/keyspace/entry.h"
#include "storage/types/string.h"

namespace spinel::storage {

class LazyFree;

// A key with its hash, so that it is hashed once however often it is looked up.
struct Key {
  std::string_view bytes;
  uint64_t hash;

  Key(std::string_view bytes_in, uint64_t hash_in) : bytes(bytes_in), hash(hash_in) {}
  explicit Key(std::string_view bytes_in) : Key(bytes_in, hash_bytes(bytes_in)) {}
};

// How the table reads its slots: a pointer to the entry in the low 48 bits, and above them whether
// it has an expiry, and whether it is a hash with fields that have, so that the active expiry cycle
// finds both without touching the others.
struct EntryTraits {
  static constexpr uint64_t kVolatile = uint64_t{1} << 48;
  static constexpr uint64_t kVolatileFields = uint64_t{1} << 49;

  static Entry* entry(uint64_t slot) { return reinterpret_cast<Entry*>(slot & (kVolatile - 1)); }
  static bool is_volatile(uint64_t slot) { return (slot & kVolatile) != 0; }
  static bool has_volatile_fields(uint64_t slot) { return (slot & kVolatileFields) != 0; }
  static const void* address(uint64_t slot) { return entry(slot); }
  static uint64_t hash(uint64_t slot) { return hash_bytes(entry(slot)->key()); }
  static bool equal(uint64_t slot, std::string_view key) { return entry(slot)->key() == key; }
};

using EntryTable = HashTable<EntryTraits>;

// A key found in a database to be read, or nothing: then it may still be there and hidden, so that
// nothing can be stored with this. Valid until the database adds or removes a key.
class ConstItem {
 public:
  ConstItem() = default;

  explicit operator bool() const { return slot_ != nullptr; }
  const Entry* operator->() const { return EntryTraits::entry(*slot_); }
  const Entry& operator*() const { return *EntryTraits::entry(*slot_); }
  // Whether the key expires, or fields of its hash do.
  bool may_expire() const { return *slot_ >= EntryTraits::kVolatile; }
  bool has_volatile_fields() const { return EntryTraits::has_volatile_fields(*slot_); }

 protected:
  friend class Database;
  explicit ConstItem(EntryTable::Slot* slot) : slot_(slot) {}

  EntryTable::Slot* slot_ = nullptr;
};

// A key found in a database to be changed; nothing means that it is not there. Methods of Database
// that may move the entry take it by reference and keep it right.
class Item : public ConstItem {
 public:
  Item() = default;

  Entry* operator->() const { return EntryTraits::entry(*slot_); }
  Entry& operator*() const { return *EntryTraits::entry(*slot_); }

 private:
  friend class Database;
  using ConstItem::ConstItem;
};

// Keys are looked up as they are: whether an expired key counts as missing, and what a lookup means
// for LRU, is decided by Keyspace. Not thread-safe.
class Database {
 public:
  explicit Database(int index_in);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // The number clients select it by.
  const int index;

  // Where large values go that another value replaces; null: they are freed at once.
  void set_replaced_values(LazyFree* lazy) { replaced_values_ = lazy; }

  size_t size() const { return contents_->table.size(); }
  // Keys that have an expiry.
  size_t volatile_count() const { return contents_->volatile_count; }
  // How long volatile keys have left on average: what the active expire cycle saw of them, with the
  // latest samples weighing most. 0 while there is no sample.
  int64_t average_ttl_ms() const { return static_cast<int64_t>(contents_->average_ttl_ms); }
  // Takes in the average of a sample; `std::nullopt`: there are no volatile keys.
  void update_average_ttl(std::optional<double> sample_ms);
  // Keys of hashes with fields that have one.
  size_t volatile_fields_count() const { return contents_->volatile_fields_count; }

  // --- finding
  Item find(const Key& key) { return Item(contents_->table.find(key.bytes, key.hash)); }
  // What was found to be read, to be changed after all. Requires that it was found.
  Item writable(const ConstItem& found) {
    SPINEL_ASSERT(found);
    return Item(found.slot_);
  }
  // For prefetch_lookups.
  [[gnu::always_inline]] void prefetch_bucket(uint64_t hash) const {
    contents_->table.prefetch_bucket(hash);
  }
  [[gnu::always_inline]] bool prefetch_element(uint64_t hash) const {
    return contents_->table.prefetch_element(hash);
  }
  [[gnu::always_inline]] void prefetch_overflow_element(uint64_t hash) const {
    contents_->table.prefetch_overflow_element(hash);
  }

  // --- storing. `item` is what `find(key)` gave, present or not, and afterwards is the entry as
  // stored. `access` is given to new entries. An expiry of kNoExpiry removes one that was there.

  // Stores a string: as an integer if it is the canonical text of one.
  void set_string(const Key& key, Item& item, std::string_view value, int64_t expire_at_ms,
                  uint32_t access);
  // Stores a string as bytes, also where it is the text of an integer.
  void set_bytes(const Key& key, Item& item, std::string_view value, int64_t expire_at_ms,
                 uint32_t access);
  // Stores an integer and keeps the expiry there is.
  void set_integer(const Key& key, Item& item, int64_t value, uint32_t access);
  // Makes the string at `item` (or a new one) `size` bytes long, kept as a RawString, and returns
  // its bytes. What was there stays, what is added is zero. The expiry stays.
  char* resize_string(const Key& key, Item& item, size_t size, uint32_t access);
  // The RawString at `item`, whose bytes may be changed: a copy takes its place if a reply shares
  // it. Requires that the encoding is kRaw.
  static RawString* writable_string(const Item& item);
  // Takes over `object`, made for `encoding`, as the value; the expiry is set as given.
  void set_object(const Key& key, Item& item, Encoding encoding, void* object, int64_t expire_at_ms,
                  uint32_t access);
  // Stores what a change made of the object at `item`: it may have moved, or be encoded in another
  // way. The type stays.
  void update_object(const Item& item, Encoding encoding, void* object) {
    item->store_encoding(encoding);
    item->store_object(object);
    if (encoding_type(encoding) == Type::kHash) mark_volatile_fields(item);
  }
  // Sets or (kNoExpiry) removes the expiry.
  void set_expiry(Item& item, int64_t expire_at_ms);

  // A copy of the entry at `from`, which may be in another database, under `key`, which must not
  // exist here.
  Item copy(const ConstItem& from, const Key& key, int64_t expire_at_ms);
  // Moves the value at `item` of this database to `key` of `to`, which must not exist there.
  // Nothing is copied but the entry itself. `item_key` is the key it had.
  void move(Item item, const Key& item_key, Database& to, const Key& key);

  // --- removing
  // The object, if large, is freed by `lazy` on its own thread, or at once where that is null.
  void erase(Item item, const Key& key, LazyFree* lazy);
  // Removes everything; with `lazy`, in time that does not depend on how much there is.
  void clear(LazyFree* lazy);
  // So many keys are about to be added: makes room for them. Only while there are none.
  void reserve(size_t keys) { contents_->table.reserve(keys); }
  void swap_contents(Database& other) { contents_.swap(other.contents_); }

  // --- walking
  // See HashTable::scan. `visit` takes an Entry& and must not change the database.
  template <typename Visit>
  uint64_t scan(uint64_t cursor, Visit&& visit) {
    return contents_->table.scan(cursor,
                                 [&visit](uint64_t slot) { visit(*EntryTraits::entry(slot)); });
  }
  // All entries; what they consist of is fetched ahead.
  template <typename Visit>
  void for_each(Visit&& visit);
  // As `scan`, but only volatile entries: the others are not touched.
  template <typename Visit>
  uint64_t scan_volatile(uint64_t cursor, Visit&& visit) {
    return contents_->table.scan(cursor, [&visit](uint64_t slot) {
      if (EntryTraits::is_volatile(slot)) visit(*EntryTraits::entry(slot));
    });
  }
  // As `scan_volatile`, for hashes with volatile fields.
  template <typename Visit>
  uint64_t scan_volatile_fields(uint64_t cursor, Visit&& visit) {
    return contents_->table.scan(cursor, [&visit](uint64_t slot) {
      if (EntryTraits::has_volatile_fields(slot)) visit(*EntryTraits::entry(slot));
    });
  }
  // A key chosen uniformly, or nothing.
  Item random(Random& random) { return Item(contents_->table.random(random)); }
  // Visits the entries of `buckets` neighbouring buckets at a random place; `only_volatile` skips
  // the others.
  template <typename Visit>
  void sample(Random& random, size_t buckets, bool only_volatile, Visit&& visit) {
    contents_->table.sample_buckets(random, buckets, [&](uint64_t slot) {
      if (!only_volatile || EntryTraits::is_volatile(slot)) visit(*EntryTraits::entry(slot));
    });
  }

  // --- upkeep
  // Continues a resize under way for up to `buckets` buckets. Returns whether there is more to do.
  bool resize_step(size_t buckets) { return contents_->table.resize_step(buckets); }
  bool resizing() const { return contents_->table.resizing(); }
  // Bytes of the table itself, without entries.
  size_t table_bytes() const { return contents_->table.memory_bytes(); }
  HashTableStatistics table_statistics() const { return contents_->table.statistics(); }
  // Bytes the entry and its value take, as allocated. Collections are measured on `samples`
  // elements (0: all).
  size_t memory_usage(const Entry& entry, size_t samples) const;

 private:
  friend class LazyFree;

  // All that belongs to the keys, apart so that it can be handed to another thread at once.
  struct Contents {
    EntryTable table;
    SlabAllocator slab;
    size_t volatile_count = 0;
    size_t volatile_fields_count = 0;
    double average_ttl_ms = 0;

    ~Contents();
    void free_all();
  };
  struct Layout;  // what an entry will look like, for computing its size and writing it

  Entry* allocate(size_t size);
  void deallocate(Entry* entry);
  // Flags the slot of `item`, which has an object, if that is a hash with volatile fields.
  void mark_volatile_fields(const Item& item);
  // The slot is about to be given up or written anew.
  void forget_marks(const Item& item);
  // Gives `item` an entry of this layout, in place if the block allows; the payload is undefined,
  // objects that the old one had are left to the caller.
  unsigned char* reshape(const Key& key, Item& item, const Layout& layout, uint32_t access);
  void store_integer(const Key& key, Item& item, int64_t value, int64_t expire_at_ms,
                     uint32_t access);
  // Stores the value of `from`, which has no object, under a key that is not there.
  void add_inline(const Key& key, Item& item, const Entry& from, int64_t expire_at_ms);
  // Frees what the entry points to.
  static void free_object(Encoding encoding, void* object, LazyFree* lazy);
  // What `item` points to, to be freed when another value has replaced it.
  struct Replaced {
    Encoding encoding;
    void* object;  // null: nothing
  };
  static Replaced object_of(const Item& item);
  void free_replaced(const Replaced& replaced);

  std::unique_ptr<Contents> contents_;
  LazyFree* replaced_values_ = nullptr;
};

template <typename Visit>
void Database::for_each(Visit&& visit) {
  // Two stages: the entry, and once it has arrived, the object that it points to.
  constexpr size_t kAhead = 32;
  constexpr size_t kObjectsAhead = kAhead / 2;
  constexpr size_t kSecondLine = 64;  // entries often straddle two
  std::array<Entry*, kAhead> entries;
  size_t count = 0;
  const auto prefetch_object = [&entries](size_t at) {
    const Entry& entry = *entries[at % kAhead];
    if (entry.has_object()) __builtin_prefetch(entry.object());
  };
  contents_->table.for_each([&](uint64_t slot) {
    Entry* entry = EntryTraits::entry(slot);
    __builtin_prefetch(entry);
    __builtin_prefetch(reinterpret_cast<const char*>(entry) + kSecondLine);
    if (count >= kAhead) visit(*entries[count % kAhead]);
    entries[count % kAhead] = entry;
    ++count;
    if (count > kObjectsAhead) prefetch_object(count - 1 - kObjectsAhead);
  });
  for (size_t i = count < kAhead ? 0 : count - kAhead; i < count; ++i) visit(*entries[i % kAhead]);
}

}  // namespace spinel::storage
