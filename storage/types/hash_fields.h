// The large form of a hash: a hash table of blocks, each a field with its value.
//
//   8 bytes        expiry in Unix milliseconds, only if the slot says that there is one
//   PackedString   field
//   PackedString   value
//
// Blocks come from slabs of the hash's own: they waste no more than seven bytes each, and giving
// all of them back takes time by pages. A value that is overwritten stays in its block as long as
// the class of size is the same.
//
// Fields that expire are flagged in their slots, so that looking for expired ones leaves all others
// alone. When the first of them expires is known as a bound only: exact at the end of a pass
// through the table, it is lowered by every expiry that is set, and never raised in between. So
// nothing needs to be sorted, and a hash in which nothing is due costs one comparison.
//
// Whether all fields expired, so that the key is as good as gone, is known in the same way: from a
// bound after which nothing expires, and from the latest expiry that a field is known to have. Only
// when that very field lost it, and all the others may be over, is another one looked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/hash.h"
#include "storage/base/random.h"
#include "storage/containers/batch_insert.h"
#include "storage/containers/hash_table.h"
#include "storage/containers/packed_string.h"
#include "storage/containers/slab.h"
#include "storage/types/encoding.h"

namespace spinel::storage {

// The time of what never comes.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kBeforeAll = std::numeric_limits<int64_t>::min();

// How the table reads its slots: the block in the low 48 bits, and whether it has an expiry.
struct HashFieldTraits {
  static constexpr uint64_t kVolatile = uint64_t{1} << 48;

  static unsigned char* block(uint64_t slot) {
    return reinterpret_cast<unsigned char*>(slot & (kVolatile - 1));
  }
  static bool is_volatile(uint64_t slot) { return (slot & kVolatile) != 0; }
  static size_t prefix(uint64_t slot) { return is_volatile(slot) ? sizeof(int64_t) : 0; }

  static std::string_view field(uint64_t slot) {
    return PackedString::read(block(slot) + prefix(slot));
  }
  static std::string_view value(uint64_t slot) {
    const std::string_view f = field(slot);
    return PackedString::read(reinterpret_cast<const unsigned char*>(f.data() + f.size()));
  }
  static int64_t expire_at_ms(uint64_t slot) {
    return is_volatile(slot) ? load_unaligned<int64_t>(block(slot)) : kNoExpiry;
  }

  static const void* address(uint64_t slot) { return block(slot); }
  static uint64_t hash(uint64_t slot) { return hash_bytes(field(slot)); }
  static std::string_view key(uint64_t slot) { return field(slot); }
  static bool equal(uint64_t slot, std::string_view key) { return field(slot) == key; }
};

// Fields are found as they are, expired or not: what that means is decided by Hash. A slot is valid
// until the next change.
class HashFields {
 public:
  using Traits = HashFieldTraits;
  using Slot = uint64_t;

  HashFields() = default;
  ~HashFields();
  HashFields(const HashFields&) = delete;
  HashFields& operator=(const HashFields&) = delete;
  HashFields* duplicate();

  size_t size() const { return table_.size(); }
  Slot* find(std::string_view field, uint64_t hash) { return table_.find(field, hash); }

  // Makes room for so many fields. Only while there are none.
  void reserve(size_t fields) { table_.reserve(fields); }
  // Adds a field that is not there. `value` must not be one of this hash.
  void insert(std::string_view field, uint64_t hash, std::string_view value, int64_t expire_at_ms);
  // Adds many fields; quicker than `insert`. Whether one came twice is told at the end: then the
  // hash is good for nothing but being destroyed.
  class Appender {
   public:
    explicit Appender(HashFields& fields) : fields_(fields), inserts_(fields.table_) {}
    void add(std::string_view field, std::string_view value, int64_t expire_at_ms) {
      inserts_.add(hash_bytes(field), fields_.make(field, value, expire_at_ms));
      fields_.count_volatile(expire_at_ms);
    }
    // To be called once all were added. Returns whether all are different.
    bool finish() { return inserts_.finish(); }

   private:
    HashFields& fields_;
    BatchInsert<HashFieldTraits> inserts_;
  };
  // Replaces the value and the expiry of the field at `slot`.
  void update(Slot* slot, std::string_view value, int64_t expire_at_ms);
  // Sets or (kNoExpiry) removes the expiry only.
  void set_expiry(Slot* slot, int64_t expire_at_ms);
  void erase(Slot* slot, uint64_t hash);

  // See HashTable. `visit` takes a slot.
  template <typename Visit>
  void for_each(Visit&& visit) {
    table_.for_each_ahead(visit);
  }
  template <typename Visit>
  uint64_t scan(uint64_t cursor, Visit&& visit) {
    return table_.scan(cursor, visit);
  }
  Slot* random(Random& random) { return table_.random(random); }
  [[gnu::always_inline]] void prefetch_bucket(uint64_t hash) const { table_.prefetch_bucket(hash); }
  [[gnu::always_inline]] bool prefetch_element(uint64_t hash) const {
    return table_.prefetch_element(hash);
  }
  [[gnu::always_inline]] void prefetch_overflow_element(uint64_t hash) const {
    table_.prefetch_overflow_element(hash);
  }

  // --- expiry
  size_t volatile_count() const { return volatile_count_; }
  // No field expires before that: kNever if none does at all.
  int64_t next_expiry_ms() const { return next_expiry_ms_; }
  // Whether all fields expired before `now_ms`. Requires that all have an expiry.
  bool all_expired(int64_t now_ms);
  // Removes fields that expired before `now_ms` and appends their names to `expired`, looking at up
  // to `max_buckets` buckets from where the last call stopped.
  void take_expired(int64_t now_ms, size_t max_buckets, std::vector<std::string>& expired);

  // --- memory, in bytes
  // In constant time, without what blocks that are too large for a page hold.
  size_t bytes() const { return sizeof(HashFields) + table_.memory_bytes() + slab_.page_bytes(); }
  // With that, estimated from `samples` fields (0: all).
  size_t memory(size_t samples);
  HashTableStatistics table_statistics() const { return table_.statistics(); }
  size_t allocations() const { return slab_.page_count() + slab_.large_blocks(); }

 private:
  static size_t block_bytes(Slot slot);
  // A block for a field with its value; the value is left to be written at the place returned.
  static unsigned char* value_of(Slot slot);
  Slot make(std::string_view field, std::string_view value, int64_t expire_at_ms);
  void free_block(Slot slot) { slab_.deallocate(Traits::block(slot), block_bytes(slot)); }
  void count_volatile(int64_t expire_at_ms);
  // To be called while the slot's block is still there.
  void forget_volatile(Slot slot);
  // A field expires then.
  void note_expiry(int64_t expire_at_ms);
  void stop_waiting();

  HashTable<HashFieldTraits> table_;
  SlabAllocator slab_{SlabAllocator::kSmallPage};
  size_t volatile_count_ = 0;
  int64_t next_expiry_ms_ = kNever;
  int64_t last_expiry_ms_ = kBeforeAll;   // no field expires after that
  int64_t known_expiry_ms_ = kBeforeAll;  // a field expires then; kBeforeAll: none is known
  // The pass of take_expired under way: where it is, and the first expiry of those it has seen or
  // that were set meanwhile.
  uint64_t pass_cursor_ = 0;
  int64_t pass_first_ms_ = kNever;
};

}  // namespace spinel::storage
