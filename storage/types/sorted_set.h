// The sorted set type: members, each with a score, in the order of score and then of bytes.
//
// Small ones are a listpack of member, score, member, score in that order. Large ones are two
// structures over the same blocks, one block a member with its score and bytes: a hash table finds
// a member, a skiplist knows the order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/base/hash.h"
#include "storage/base/random.h"
#include "storage/containers/batch_insert.h"
#include "storage/containers/hash_table.h"
#include "storage/containers/listpack.h"
#include "storage/containers/scored_member.h"
#include "storage/containers/skiplist.h"
#include "storage/containers/slab.h"
#include "storage/types/encoding.h"

namespace spinel::storage {

// A handle for a sorted set stored somewhere, in any of its encodings. Changes may change what
// `encoding()` and `object()` say: whoever keeps them puts them back. Ranks count from 0, the
// lowest score. Scores are never NaN; -0 and 0 are equal, and a listpack keeps 0 for both.
class SortedSet {
 public:
  static constexpr Type kType = Type::kSortedSet;

  // When a listpack becomes a skiplist: more members, or a longer one.
  struct Limits {
    size_t max_listpack_entries;
    size_t max_listpack_value_bytes;
  };

  SortedSet(Encoding encoding, void* object) : encoding_(encoding), object_(object) {}
  // An empty one, a listpack; it must be destroyed or stored.
  static SortedSet create();
  static void destroy(Encoding encoding, void* object);
  static void* duplicate(Encoding encoding, const void* object);
  // See storage/keyspace/object.h.
  static size_t bytes(Encoding encoding, const void* object);
  static size_t memory(Encoding encoding, const void* object, size_t samples);
  static size_t free_effort(Encoding encoding, const void* object);
  // Of the table of members that a skiplist has beside it. Requires the skiplist encoding.
  HashTableStatistics table_statistics() const { return large()->members.statistics(); }

  Encoding encoding() const { return encoding_; }
  void* object() const { return object_; }

  size_t size() const;
  bool empty() const { return size() == 0; }

  // --- one member
  // Where a member is, or would be. Valid until the set changes.
  struct Found {
    explicit operator bool() const { return found; }
    bool found = false;
    double score = 0;

   private:
    friend class SortedSet;
    uint64_t hash_ = 0;
    uint64_t* slot_ = nullptr;  // in the table
    uint32_t offset_ = 0;       // in the listpack
  };
  Found find(std::string_view member) const;
  // Adds a member that `find` did not find.
  void insert(const Found& place, std::string_view member, double score, const Limits& limits);
  // Gives the member found another score.
  void set_score(const Found& member, double score);
  void erase(const Found& member);

  // The member's rank, O(log n).
  size_t rank(const Found& member) const;
  // How many distinct scores are below the member's, and how many there are in all: O(log n) and
  // O(1) in a skiplist.
  size_t dense_rank(const Found& member) const;
  size_t distinct_scores() const;

  // --- ranges, which all are intervals of ranks
  // How many members come before those of score `score` (`after`: before those of a higher score).
  size_t count_below(double score, bool after) const;
  // As long as all scores are equal: how many members come before `bytes` (`after`: and are not
  // equal to it).
  size_t count_below(std::string_view bytes, bool after) const;
  // Calls `visit(std::string_view member, double score)` for `count` members from rank `first` on,
  // or (`reverse`) from there downwards. They must exist; the set must not change meanwhile. The
  // view is valid during the call.
  template <typename Visit>
  void visit(size_t first, size_t count, bool reverse, Visit&& visit) const;
  // The same for all, in any order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    this->visit(0, size(), false, visit);
  }
  // Where a member stands, as long as the set does not change.
  class Place {
   public:
    Place() = default;

   private:
    friend class SortedSet;
    explicit Place(uint64_t at) : at_(at) {}
    uint64_t at_ = 0;  // the offset in a listpack, or the block
  };
  // Calls `visit(double score, Place)` for the members of scores low <= score < end, the lowest
  // first, until it returns false; returns whether it never did. The members' bytes stay untouched,
  // which is cheaper for walks that want few of them.
  template <typename Visit>
  bool visit_scores(double low, double end, Visit&& visit) const;
  // The member's bytes; `scratch` has room for kMaxDoubleChars and may be what is returned.
  std::string_view member_at(Place place, char* scratch) const;
  // Fetches the member into the cache, ahead of `member_at`.
  void prefetch_member(Place place) const {
    if (!is_listpack()) __builtin_prefetch(reinterpret_cast<const void*>(place.at_));
  }

  // How many of these, from the first one on, `keep(std::string_view member)` says yes to before it
  // says no.
  template <typename Keep>
  size_t run_length(size_t first, size_t count, bool reverse, Keep&& keep) const;
  // Removes `count` members from rank `first` on; `removed(member, score)` hears of each before.
  template <typename Removed>
  void erase_range(size_t first, size_t count, Removed&& removed);

  // --- a batch of members: see prefetch_lookups. Requires the skiplist encoding.
  [[gnu::always_inline]] void prefetch_bucket(uint64_t hash) const {
    large()->members.prefetch_bucket(hash);
  }
  [[gnu::always_inline]] bool prefetch_element(uint64_t hash) const {
    return large()->members.prefetch_element(hash);
  }
  [[gnu::always_inline]] void prefetch_overflow_element(uint64_t hash) const {
    large()->members.prefetch_overflow_element(hash);
  }

  // --- other walks
  // See HashTable::scan; a listpack is visited whole. Calls `visit(member, score)`.
  template <typename Visit>
  uint64_t scan(uint64_t cursor, Visit&& visit) const;
  // Calls `visit(member, score)` for a member chosen uniformly. Not on an empty set.
  template <typename Visit>
  void random(Random& random, Visit&& visit) const;

  // Becomes a listpack if the limits allow one, as a set that was built as a result does.
  void compact(const Limits& limits);

  // A score as listpacks of sorted sets have it, and the way back.
  static ListpackItem score_item(double score);
  static double score_of(const ListpackValue& value) {
    return value.is_integer() ? static_cast<double>(value.integer) : value.number;
  }

  // Makes one of many members that come in any order; quickest if that is theirs or the reverse.
  class Builder;

 private:
  struct Traits {
    static ScoredMember* member(uint64_t slot) { return reinterpret_cast<ScoredMember*>(slot); }
    static const void* address(uint64_t slot) { return member(slot); }
    static uint64_t hash(uint64_t slot) { return hash_bytes(member(slot)->bytes()); }
    static std::string_view key(uint64_t slot) { return member(slot)->bytes(); }
    static bool equal(uint64_t slot, std::string_view bytes) {
      return member(slot)->bytes() == bytes;
    }
  };
  // What a skiplist-encoded set points to.
  struct Large {
    HashTable<Traits> members;
    Skiplist order;
    SlabAllocator slab{SlabAllocator::kSmallPage};

    ~Large();
    ScoredMember* add(std::string_view member, uint64_t hash, double score);
    // Takes it out of the table and frees it; it is out of the order already.
    void drop(ScoredMember* member, uint64_t* slot, uint64_t hash);
    size_t bytes() const;
  };
  // A member of a listpack, and the score behind it.
  struct Pair {
    ListpackValue member;
    double score;
    Listpack::Offset next;
  };

  bool is_listpack() const { return encoding_ == Encoding::kListpackSortedSet; }
  Listpack* list() const { return static_cast<Listpack*>(object_); }
  Large* large() const { return static_cast<Large*>(object_); }

  static Pair pair_at(const Listpack& list, Listpack::Offset at);
  static bool precedes(const Pair& pair, double score, std::string_view member);
  Listpack::Offset offset_of_rank(size_t rank) const {
    return list()->skip(Listpack::begin(), 2 * rank);
  }
  // The pair that would follow a member of this score, which is not counted if it is there.
  Listpack::Offset place_for(double score, std::string_view member, Listpack::Offset except) const;
  void insert_pair(double score, std::string_view member);
  void become_large();

  Encoding encoding_;
  void* object_;
};

class SortedSet::Builder {
 public:
  // For about so many members.
  explicit Builder(size_t members);
  ~Builder() { inserts_.finish(); }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;
  void add(std::string_view member, double score);
  // Gives away the set, which may be empty; nothing if a member came twice. Nothing may be added
  // any more.
  std::optional<SortedSet> finish();

 private:
  std::unique_ptr<Large> large_;
  BatchInsert<Traits> inserts_;
  std::vector<Skiplist::Item> items_;
};

template <typename Visit>
void SortedSet::visit(size_t first, size_t count, bool reverse, Visit&& visit) const {
  if (count == 0) return;
  if (!is_listpack()) {
    Skiplist::Cursor at = large()->order.at(first);
    for (; count > 0; --count, reverse ? at.prev() : at.next()) {
      visit(at.member()->bytes(), at.score());
    }
    return;
  }
  char scratch[kMaxDoubleChars];
  const auto visit_at = [&](Listpack::Offset at) {
    const Pair pair = pair_at(*list(), at);
    visit(pair.member.bytes(scratch), pair.score);
    return pair.next;
  };
  Listpack::Offset at = offset_of_rank(reverse ? first + 1 - count : first);
  if (!reverse) {
    for (; count > 0; --count) at = visit_at(at);
    return;
  }
  // Nobody walks a listpack backwards: note the places first.
  constexpr size_t kOnStack = 256;
  Listpack::Offset on_stack[kOnStack];
  std::vector<Listpack::Offset> many(count > kOnStack ? count : 0);
  Listpack::Offset* places = count > kOnStack ? many.data() : on_stack;
  for (size_t i = 0; i < count; ++i, at = list()->skip(at, 2)) places[i] = at;
  for (; count > 0; --count) visit_at(places[count - 1]);
}

template <typename Visit>
bool SortedSet::visit_scores(double low, double end, Visit&& visit) const {
  if (!is_listpack()) {
    Skiplist::Cursor at = large()->order.lower_bound(low);
    for (; at && at.score() < end; at.next_score()) {
      if (!visit(at.score(), Place(reinterpret_cast<uint64_t>(at.member())))) return false;
    }
    return true;
  }
  for (Listpack::Offset at = Listpack::begin(); at != list()->end();) {
    const Pair pair = pair_at(*list(), at);
    if (pair.score >= end) return true;
    if (pair.score >= low && !visit(pair.score, Place(at))) return false;
    at = pair.next;
  }
  return true;
}

template <typename Keep>
size_t SortedSet::run_length(size_t first, size_t count, bool reverse, Keep&& keep) const {
  size_t length = 0;
  if (count == 0) return length;
  if (is_listpack()) {
    bool goes_on = true;
    visit(first, count, reverse, [&](std::string_view member, double) {
      goes_on = goes_on && keep(member);
      if (goes_on) ++length;
    });
    return length;
  }
  Skiplist::Cursor at = large()->order.at(first);
  for (; length < count && keep(at.member()->bytes()); ++length) reverse ? at.prev() : at.next();
  return length;
}

template <typename Removed>
void SortedSet::erase_range(size_t first, size_t count, Removed&& removed) {
  if (count == 0) return;
  if (is_listpack()) {
    visit(first, count, false, removed);
    object_ = Listpack::erase(list(), offset_of_rank(first), 2 * count);
    return;
  }
  Large& set = *large();
  set.order.erase_range(first, first + count, [&](double score, ScoredMember* member) {
    removed(member->bytes(), score);
    const uint64_t hash = hash_bytes(member->bytes());
    set.drop(member, set.members.find(member->bytes(), hash), hash);
  });
}

template <typename Visit>
uint64_t SortedSet::scan(uint64_t cursor, Visit&& visit) const {
  if (is_listpack()) {
    for_each(visit);
    return 0;
  }
  return large()->members.scan(cursor, [&visit](uint64_t slot) {
    const ScoredMember* member = Traits::member(slot);
    visit(member->bytes(), member->score());
  });
}

template <typename Visit>
void SortedSet::random(Random& random, Visit&& visit) const {
  if (is_listpack()) {
    this->visit(random.below(size()), 1, false, visit);
  } else {
    const ScoredMember* member = Traits::member(*large()->members.random(random));
    visit(member->bytes(), member->score());
  }
}

}  // namespace spinel::storage
