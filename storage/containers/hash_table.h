// The one hash table: the keyspace, and the large form of hashes, sets and sorted sets.
//
// An array of 64-byte buckets, one cache line each: seven 8-byte slots and seven one-byte tags
// taken from the hash, compared all at once. A bucket that overflows gives its last slot to a link
// to a further bucket. Finding an element touches one line of the table, nearly always, and then
// the element itself; a miss touches the table only.
//
// The table resizes incrementally, in both directions. While it does there are two arrays, and an
// element is in the new one exactly if the bucket that its hash has in the old one was moved
// already: every operation still looks at one bucket only.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "storage/base/assert.h"
#include "storage/base/random.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace spinel::storage {

// Resizes neither begin nor go on while this is set, unless a table becomes far too full: while a
// forked child shares the memory, moving elements would copy pages. Belongs to the thread that
// changes tables.
inline bool resizes_paused = false;

// What DEBUG HTSTATS prints.
struct HashTableStatistics {
  size_t buckets[2];  // of the array, and of the one that a resize under way moves to
  size_t overflow_buckets;
  size_t longest_chain;  // elements in one bucket and its overflow, at most so far
  size_t elements;
};

// What a slot holds is opaque to the table; `Traits` reads it:
//   static uint64_t hash(uint64_t slot)             the hash the element was inserted with
//   static bool equal(uint64_t slot, const K& key)  whether the element has this key, for each type
//                                                   of key that `find` is called with
//   static const void* address(uint64_t slot)       memory to prefetch before `equal`, or null
template <typename Traits>
class HashTable {
 public:
  using Slot = uint64_t;

  HashTable() = default;
  // Elements are not destroyed: their owner visits them with `for_each` before.
  ~HashTable() { release_all(); }
  HashTable(HashTable&& other) noexcept { swap(other); }
  HashTable& operator=(HashTable&& other) noexcept {
    HashTable(std::move(other)).swap(*this);
    return *this;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Bytes of the arrays and overflow buckets, without the elements.
  size_t memory_bytes() const {
    return (arrays_[0].bucket_count() + arrays_[1].bucket_count() + overflow_buckets_) *
           sizeof(Bucket);
  }
  // Slots of the main buckets of both arrays.
  size_t slot_count() const {
    return (arrays_[0].bucket_count() + arrays_[1].bucket_count()) * kSlots;
  }

  // The slot of `key`, or null. `hash` is the hash of `key`. Valid until the next insert, erase or
  // resize step; the caller may change what the slot holds as long as its key stays the same.
  template <typename Key>
  Slot* find(const Key& key, uint64_t hash) {
    if (size_ == 0) return nullptr;
    const uint8_t tag = tag_of(hash);
    for (Bucket* bucket = home(hash);; bucket = bucket->next()) {
      for (uint32_t hits = bucket->match(tag); hits != 0; hits &= hits - 1) {
        Slot* slot = &bucket->slots[std::countr_zero(hits)];
        if (Traits::equal(*slot, key)) return slot;
      }
      if (!bucket->chained) return nullptr;
    }
  }

  // Adds an element whose key is not in the table. Moves at most one bucket of a resize under way.
  Slot* insert(uint64_t hash, Slot value) {
    if (resizing()) {
      if (may_move(arrays_[1])) resize_step(1);
    } else if (size_ >= arrays_[0].bucket_count() * kMaxLoad && may_move(arrays_[0])) {
      start_resize(arrays_[0].bucket_count() == 0 ? 1 : arrays_[0].bucket_count() * 2);
    }
    ++size_;
    return put(home(hash), tag_of(hash), value);
  }

  // Removes the element at `slot`, which `find` or `insert` gave for `hash`.
  void erase(Slot* slot, uint64_t hash) {
    remove_from_chain(home(hash), slot);
    --size_;
    if (resizes_paused) [[unlikely]]
      return;
    if (resizing()) {
      resize_step(1);
    } else if (size_ < arrays_[0].bucket_count() && arrays_[0].bucket_count() > 1) {
      start_resize(std::bit_ceil(size_ / kTargetLoad + 1));
    }
  }

  // Prefetch for a batch of lookups (storage/containers/prefetch.h): the bucket; once that has
  // arrived, the likely element; and where `prefetch_element` says so, the element in the bucket
  // that follows. Always inlined: GCC takes a function that does nothing but prefetch for one
  // without effect, and drops the call.
  [[gnu::always_inline]] void prefetch_bucket(uint64_t hash) const {
    if (size_ != 0) __builtin_prefetch(home(hash));
  }
  [[gnu::always_inline]] bool prefetch_element(uint64_t hash) const {
    if (size_ == 0) return false;
    const Bucket* bucket = home(hash);
    if (prefetch_match(bucket, tag_of(hash)) || !bucket->chained) return false;
    __builtin_prefetch(bucket->next());
    return true;
  }
  [[gnu::always_inline]] void prefetch_overflow_element(uint64_t hash) const {
    prefetch_match(home(hash)->next(), tag_of(hash));
  }

  bool resizing() const { return arrays_[1].buckets != nullptr; }
  // Moves up to `buckets` non-empty buckets of a resize under way, looking at no more than ten
  // times as many. Returns whether it is still under way.
  bool resize_step(size_t buckets) {
    if (!resizing()) return false;
    for (size_t looks = buckets * 10; buckets > 0 && looks > 0; --looks) {
      if (moved_ == arrays_[0].bucket_count()) break;
      Bucket* bucket = &arrays_[0].buckets[moved_++];
      if (bucket->occupied() == 0 && !bucket->chained) continue;
      move_bucket(bucket);
      --buckets;
    }
    if (moved_ == arrays_[0].bucket_count()) finish_resize();
    return resizing();
  }
  // Makes room for `elements` without later resizes. Only for an empty table.
  void reserve(size_t elements) {
    SPINEL_ASSERT(size_ == 0 && !resizing());
    arrays_[0].release();
    arrays_[0].allocate(std::bit_ceil(elements / kMaxLoad + 1));
  }

  // Calls `visit(Slot&)` for each element. The table must not be changed meanwhile.
  template <typename Visit>
  void for_each(Visit&& visit) {
    for (Array& array : arrays_) {
      for (size_t i = 0; i < array.bucket_count(); ++i) visit_chain(&array.buckets[i], visit);
    }
  }

  // The same; what elements point to is fetched ahead. `visit` takes a Slot.
  template <typename Visit>
  void for_each_ahead(Visit&& visit) {
    constexpr size_t kAhead = 32;
    Slot ahead[kAhead];
    size_t count = 0;
    for_each([&](Slot slot) {
      if (const auto* at = static_cast<const char*>(Traits::address(slot))) {
        __builtin_prefetch(at);
        __builtin_prefetch(at + 56);
      }
      if (count >= kAhead) visit(ahead[count % kAhead]);
      ahead[count % kAhead] = slot;
      ++count;
    });
    for (size_t i = count < kAhead ? 0 : count - kAhead; i < count; ++i) visit(ahead[i % kAhead]);
  }

  // One step of an iteration that survives changes and resizes in between: starts with cursor 0,
  // ends when 0 is returned. An element that is in the table from start to end is visited at least
  // once, maybe more often. The cursor counts with its bits reversed, so that buckets split or
  // joined by a resize stay on the right side of it.
  template <typename Visit>
  uint64_t scan(uint64_t cursor, Visit&& visit) {
    if (size_ == 0) return 0;
    const Array* small = &arrays_[0];
    if (!resizing()) {
      visit_chain(&small->buckets[cursor & small->mask], visit);
      return next_cursor(cursor, small->mask);
    }
    const Array* large = &arrays_[1];
    if (small->mask > large->mask) std::swap(small, large);
    visit_chain(&small->buckets[cursor & small->mask], visit);
    do {
      visit_chain(&large->buckets[cursor & large->mask], visit);
      cursor = next_cursor(cursor, large->mask);
    } while ((cursor & (small->mask ^ large->mask)) != 0);
    return cursor;
  }

  // An element chosen uniformly, or null if there is none. Buckets are drawn until one has an
  // element at a position that is drawn with it: a few draws, as the table is never emptier than
  // one element a bucket for long.
  Slot* random(Random& random) {
    if (size_ == 0) return nullptr;
    const size_t old_left = arrays_[0].bucket_count() - moved_;
    const size_t total = old_left + arrays_[1].bucket_count();
    for (int tries = 0; tries < kMaxDraws; ++tries) {
      const size_t index = random.below(total);
      Bucket* bucket = index < old_left ? &arrays_[0].buckets[moved_ + index]
                                        : &arrays_[1].buckets[index - old_left];
      size_t position = random.below(longest_chain_);
      for (;;) {
        const size_t held = bucket->occupied();
        if (position < held) return &bucket->slots[position];
        if (!bucket->chained) break;
        position -= held;
        bucket = bucket->next();
      }
    }
    Slot* any = nullptr;  // a nearly empty table in the middle of a resize: take the first there is
    for_each([&any](Slot& slot) {
      if (any == nullptr) any = &slot;
    });
    return any;
  }

  // Visits the elements of `count` buckets from a random place on: cheap samples that are not
  // independent.
  template <typename Visit>
  void sample_buckets(Random& random, size_t count, Visit&& visit) {
    if (size_ == 0) return;
    const Array& array = arrays_[resizing() && random.below(2) == 1 ? 1 : 0];
    size_t index = random.below(array.bucket_count());
    for (; count > 0; --count) {
      visit_chain(&array.buckets[index], visit);
      index = (index + 1) & array.mask;
    }
  }

  // Forgets all elements and frees the arrays.
  void clear() { HashTable().swap(*this); }

  void swap(HashTable& other) noexcept {
    std::swap(arrays_[0], other.arrays_[0]);
    std::swap(arrays_[1], other.arrays_[1]);
    std::swap(size_, other.size_);
    std::swap(moved_, other.moved_);
    std::swap(overflow_buckets_, other.overflow_buckets_);
    std::swap(longest_chain_, other.longest_chain_);
  }

  HashTableStatistics statistics() const {
    return {{arrays_[0].bucket_count(), arrays_[1].bucket_count()},
            overflow_buckets_,
            longest_chain_,
            size_};
  }

 private:
  static constexpr size_t kSlots = 7;
  // Elements a bucket at which the table grows although resizes are paused.
  static constexpr size_t kPausedMaxLoad = 32;
  // Elements a bucket at which the table doubles, and around which it settles when it shrinks.
  // Eight fills the array and spills a little, which costs a quarter of the lookups a second line
  // but saves a fifth of the memory.
  static constexpr size_t kMaxLoad = 8;
  static constexpr size_t kTargetLoad = 4;
  static constexpr int kMaxDraws = 4096;

  struct alignas(64) Bucket {
    uint8_t tags[kSlots];  // 0: the slot is empty. Occupied slots come first.
    bool chained;          // the last slot is a link to a further bucket
    Slot slots[kSlots];

    Bucket* next() const { return reinterpret_cast<Bucket*>(slots[kSlots - 1]); }

    // Bit i is set if tag i equals `tag`.
    uint32_t match(uint8_t tag) const {
#if defined(__SSE2__)
      const __m128i all = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(tags));
      const __m128i same = _mm_cmpeq_epi8(all, _mm_set1_epi8(static_cast<char>(tag)));
      return static_cast<uint32_t>(_mm_movemask_epi8(same)) & 0x7f;
#else
      uint32_t bits = 0;
      for (size_t i = 0; i < kSlots; ++i) bits |= static_cast<uint32_t>(tags[i] == tag) << i;
      return bits;
#endif
    }
    size_t occupied() const {
      return std::countr_zero(match(0) | (1u << kSlots));
    }
  };
  static_assert(sizeof(Bucket) == 64);

  struct Array {
    Bucket* buckets = nullptr;
    uint64_t mask = 0;

    size_t bucket_count() const { return buckets == nullptr ? 0 : mask + 1; }
    void allocate(size_t count);
    void release();
  };

  static uint8_t tag_of(uint64_t hash) {
    const auto tag = static_cast<uint8_t>(hash >> 56);
    return tag == 0 ? 1 : tag;
  }

  static uint64_t reverse_bits(uint64_t v) {
    v = ((v >> 1) & 0x5555555555555555ULL) | ((v & 0x5555555555555555ULL) << 1);
    v = ((v >> 2) & 0x3333333333333333ULL) | ((v & 0x3333333333333333ULL) << 2);
    v = ((v >> 4) & 0x0f0f0f0f0f0f0f0fULL) | ((v & 0x0f0f0f0f0f0f0f0fULL) << 4);
    return __builtin_bswap64(v);
  }
  static uint64_t next_cursor(uint64_t cursor, uint64_t mask) {
    return reverse_bits(reverse_bits(cursor | ~mask) + 1);
  }

  const Array& home_array(uint64_t hash) const {
    return arrays_[resizing() && (hash & arrays_[0].mask) < moved_ ? 1 : 0];
  }
  Bucket* home(uint64_t hash) const {
    const Array& array = home_array(hash);
    return &array.buckets[hash & array.mask];
  }

  Slot* put(Bucket* bucket, uint8_t tag, Slot value) {
    size_t above = 0;  // elements in the buckets before this one
    while (bucket->chained) {
      above += kSlots - 1;
      bucket = bucket->next();
    }
    size_t at = bucket->occupied();
    if (at == kSlots) {
      Bucket* further = new_overflow_bucket();
      further->tags[0] = bucket->tags[kSlots - 1];
      further->slots[0] = bucket->slots[kSlots - 1];
      bucket->tags[kSlots - 1] = 0;
      bucket->slots[kSlots - 1] = reinterpret_cast<Slot>(further);
      bucket->chained = true;
      above += kSlots - 1;
      bucket = further;
      at = 1;
    }
    bucket->tags[at] = tag;
    bucket->slots[at] = value;
    if (above + at + 1 > longest_chain_) longest_chain_ = above + at + 1;
    return &bucket->slots[at];
  }

  [[gnu::always_inline]] static bool prefetch_match(const Bucket* bucket, uint8_t tag) {
    const uint32_t hits = bucket->match(tag);
    if (hits == 0) return false;
    if (const void* at = Traits::address(bucket->slots[std::countr_zero(hits)])) {
      __builtin_prefetch(at);
      __builtin_prefetch(static_cast<const char*>(at) + 56);  // entries often straddle two lines
    }
    return true;
  }

  // Fills the gap with the last element of the chain, so that occupied slots stay in front. An
  // overflow bucket always holds two elements or more: the last one goes back into the slot of the
  // link.
  void remove_from_chain(Bucket* head, Slot* gap) {
    Bucket* holder = reinterpret_cast<Bucket*>(reinterpret_cast<uintptr_t>(gap) &
                                               ~uintptr_t{sizeof(Bucket) - 1});
    Bucket* parent = nullptr;
    Bucket* tail = head;
    while (tail->chained) {
      parent = tail;
      tail = tail->next();
    }
    const size_t last = tail->occupied() - 1;
    const auto gap_index = static_cast<size_t>(gap - holder->slots);
    holder->tags[gap_index] = tail->tags[last];
    holder->slots[gap_index] = tail->slots[last];
    tail->tags[last] = 0;
    if (parent != nullptr && last == 1) {
      parent->tags[kSlots - 1] = tail->tags[0];
      parent->slots[kSlots - 1] = tail->slots[0];
      parent->chained = false;
      free_overflow_bucket(tail);
    }
  }

  template <typename Visit>
  static void visit_chain(Bucket* bucket, Visit&& visit) {
    for (;;) {
      const size_t held = bucket->occupied();
      for (size_t i = 0; i < held; ++i) visit(bucket->slots[i]);
      if (!bucket->chained) return;
      bucket = bucket->next();
    }
  }

  // Whether elements may be moved to make room. `array` is the one that fills up.
  bool may_move(const Array& array) const {
    return !resizes_paused || size_ >= array.bucket_count() * kPausedMaxLoad;
  }

  void start_resize(size_t buckets) {
    if (arrays_[0].buckets == nullptr) {
      arrays_[0].allocate(buckets);
      return;
    }
    if (buckets == arrays_[0].bucket_count()) return;
    arrays_[1].allocate(buckets);
    moved_ = 0;
    resize_step(1);
  }

  void move_bucket(Bucket* bucket) {
    // Their hashes are computed from the elements: fetch all of them at once.
    for (Bucket* b = bucket;; b = b->next()) {
      const size_t held = b->occupied();
      for (size_t i = 0; i < held; ++i) {
        if (const void* at = Traits::address(b->slots[i])) __builtin_prefetch(at);
      }
      if (!b->chained) break;
    }
    const Array& to = arrays_[1];
    visit_chain(bucket, [this, &to](Slot slot) {
      const uint64_t hash = Traits::hash(slot);
      put(&to.buckets[hash & to.mask], tag_of(hash), slot);
    });
    free_chain_behind(bucket);
    std::memset(static_cast<void*>(bucket), 0, sizeof(Bucket));
  }

  void finish_resize() {
    arrays_[0].release();
    arrays_[0] = std::exchange(arrays_[1], Array{});
    moved_ = 0;
  }

  Bucket* new_overflow_bucket() {
    ++overflow_buckets_;
    return new Bucket{};
  }
  void free_overflow_bucket(Bucket* bucket) {
    --overflow_buckets_;
    delete bucket;
  }
  void free_chain_behind(Bucket* bucket) {
    if (!bucket->chained) return;
    Bucket* further = bucket->next();
    while (further->chained) {
      Bucket* next = further->next();
      free_overflow_bucket(further);
      further = next;
    }
    free_overflow_bucket(further);
  }
  void release_all() {
    for (Array& array : arrays_) {
      for (size_t i = 0; overflow_buckets_ > 0 && i < array.bucket_count(); ++i) {
        free_chain_behind(&array.buckets[i]);
      }
      array.release();
    }
  }

  Array arrays_[2];  // [1] only while resizing, from [0] to [1]
  size_t size_ = 0;
  size_t moved_ = 0;  // buckets of [0] that were moved
  size_t overflow_buckets_ = 0;
  size_t longest_chain_ = 1;
};

// Zeroed, 64-byte aligned memory for bucket arrays.
void* allocate_buckets(size_t bytes);
void free_buckets(void* buckets, size_t bytes);

template <typename Traits>
void HashTable<Traits>::Array::allocate(size_t count) {
  buckets = static_cast<Bucket*>(allocate_buckets(count * sizeof(Bucket)));
  mask = count - 1;
}

template <typename Traits>
void HashTable<Traits>::Array::release() {
  if (buckets != nullptr) free_buckets(buckets, bucket_count() * sizeof(Bucket));
  *this = Array{};
}

}  // namespace spinel::storage
