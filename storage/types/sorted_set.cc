#include "storage/types/sorted_set.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "storage/base/assert.h"

namespace spinel::storage {

// As an integer where that says the same, which takes fewer bytes; it has no -0, nor has Redis
// here.
ListpackItem SortedSet::score_item(double score) {
  constexpr double kExact = 1LL << 53;
  if (score >= -kExact && score <= kExact) {
    const auto integer = static_cast<int64_t>(score);
    if (static_cast<double>(integer) == score) return ListpackItem(integer);
  }
  return ListpackItem(score);
}

// --- as a whole

SortedSet SortedSet::create() {
  return {Encoding::kListpackSortedSet, Listpack::create()};
}

void SortedSet::destroy(Encoding encoding, void* object) {
  const SortedSet set(encoding, object);
  if (set.is_listpack()) {
    Listpack::destroy(set.list());
  } else {
    delete set.large();
  }
}

void* SortedSet::duplicate(Encoding encoding, const void* object) {
  const SortedSet set(encoding, const_cast<void*>(object));
  if (set.is_listpack()) return Listpack::duplicate(set.list());
  auto copy = std::make_unique<Large>();
  copy->members.reserve(set.size());
  std::vector<Skiplist::Item> items;
  items.reserve(set.size());
  set.for_each([&](std::string_view member, double score) {
    items.push_back({score, copy->add(member, hash_bytes(member), score)});
  });
  copy->order.assign_sorted(items);
  return copy.release();
}

SortedSet::Large::~Large() {
  if (slab.large_blocks() == 0) return;
  members.for_each([this](uint64_t slot) {
    ScoredMember* member = Traits::member(slot);
    const size_t size = member->size_bytes();
    if (size > SlabAllocator::kMaxBlock) slab.deallocate(member, size);
  });
}

size_t SortedSet::Large::bytes() const {
  return sizeof(Large) + members.memory_bytes() + slab.page_bytes() + order.memory_bytes();
}

size_t SortedSet::bytes(Encoding encoding, const void* object) {
  const SortedSet set(encoding, const_cast<void*>(object));
  return set.is_listpack() ? set.list()->allocated_bytes() : set.large()->bytes();
}

size_t SortedSet::memory(Encoding encoding, const void* object, size_t samples) {
  const SortedSet set(encoding, const_cast<void*>(object));
  const size_t fixed = bytes(encoding, object);
  if (set.is_listpack() || set.large()->slab.large_blocks() == 0) return fixed;
  // Members that do not fit a slab page are estimated from the first ones in order.
  const size_t looked_at = samples == 0 ? set.size() : std::min(samples, set.size());
  size_t outside = 0;
  set.visit(0, looked_at, false, [&outside](std::string_view member, double) {
    const size_t size = ScoredMember::size_for(member.size());
    if (size > SlabAllocator::kMaxBlock) outside += SlabAllocator::block_size(size);
  });
  return fixed + outside * set.size() / looked_at;
}

size_t SortedSet::free_effort(Encoding encoding, const void* object) {
  const SortedSet set(encoding, const_cast<void*>(object));
  if (set.is_listpack()) return 1;
  constexpr size_t kNodeBytes = 1024;
  return set.large()->slab.page_count() + set.large()->slab.large_blocks() +
         set.large()->order.memory_bytes() / kNodeBytes;
}

size_t SortedSet::size() const {
  return is_listpack() ? list()->count() / 2 : large()->members.size();
}

void SortedSet::become_large() {
  auto bigger = std::make_unique<Large>();
  std::vector<Skiplist::Item> items;
  items.reserve(size());
  for_each([&](std::string_view member, double score) {
    items.push_back({score, bigger->add(member, hash_bytes(member), score)});
  });
  bigger->order.assign_sorted(items);
  Listpack::destroy(list());
  encoding_ = Encoding::kSkiplist;
  object_ = bigger.release();
}

void SortedSet::compact(const Limits& limits) {
  if (is_listpack() || size() > limits.max_listpack_entries) return;
  size_t longest = 0;
  size_t bytes = 0;
  for_each([&](std::string_view member, double score) {
    longest = std::max(longest, member.size());
    bytes += ListpackItem(member).size() + score_item(score).size();
  });
  Listpack* small = Listpack::create();
  if (longest > limits.max_listpack_value_bytes || !small->has_room(bytes)) {
    Listpack::destroy(small);
    return;
  }
  for_each([&small](std::string_view member, double score) {
    small = Listpack::append(small, {ListpackItem(member), score_item(score)});
  });
  delete large();
  encoding_ = Encoding::kListpackSortedSet;
  object_ = small;
}

// --- from many members

SortedSet::Builder::Builder(size_t members)
    : large_(std::make_unique<Large>()), inserts_(large_->members) {
  large_->members.reserve(members);
  items_.reserve(members);
}

void SortedSet::Builder::add(std::string_view member, double score) {
  void* block = large_->slab.allocate(ScoredMember::size_for(member.size()));
  ScoredMember* added = ScoredMember::write(block, score, member);
  inserts_.add(hash_bytes(member), reinterpret_cast<uint64_t>(added));
  items_.push_back({score, added});
}

std::optional<SortedSet> SortedSet::Builder::finish() {
  if (!inserts_.finish()) return std::nullopt;
  const auto precedes = [](const Skiplist::Item& a, const Skiplist::Item& b) {
    if (a.score != b.score) return a.score < b.score;
    return a.member->bytes() < b.member->bytes();
  };
  // Files have the highest first.
  if (!items_.empty() && precedes(items_.back(), items_.front())) {
    std::reverse(items_.begin(), items_.end());
  }
  if (!std::is_sorted(items_.begin(), items_.end(), precedes)) {
    std::sort(items_.begin(), items_.end(), precedes);
  }
  large_->order.assign_sorted(items_);
  return SortedSet(Encoding::kSkiplist, large_.release());
}

// --- members of a large set

ScoredMember* SortedSet::Large::add(std::string_view member, uint64_t hash, double score) {
  void* block = slab.allocate(ScoredMember::size_for(member.size()));
  ScoredMember* added = ScoredMember::write(block, score, member);
  members.insert(hash, reinterpret_cast<uint64_t>(added));
  return added;
}

void SortedSet::Large::drop(ScoredMember* member, uint64_t* slot, uint64_t hash) {
  members.erase(slot, hash);
  slab.deallocate(member, member->size_bytes());
}

// --- pairs of a listpack

SortedSet::Pair SortedSet::pair_at(const Listpack& list, Listpack::Offset at) {
  const Listpack::Offset score_at = list.next(at);
  return {list.value(at), score_of(list.value(score_at)), list.next(score_at)};
}

bool SortedSet::precedes(const Pair& pair, double score, std::string_view member) {
  if (pair.score != score) return pair.score < score;
  char scratch[kMaxDoubleChars];
  return pair.member.bytes(scratch) < member;
}

Listpack::Offset SortedSet::place_for(double score, std::string_view member,
                                      Listpack::Offset except) const {
  Listpack::Offset at = Listpack::begin();
  while (at != list()->end()) {
    const Pair pair = pair_at(*list(), at);
    if (at != except && !precedes(pair, score, member)) break;
    at = pair.next;
  }
  return at;
}

void SortedSet::insert_pair(double score, std::string_view member) {
  const Listpack::Offset at = place_for(score, member, 0);
  object_ = Listpack::insert(list(), at, {ListpackItem(member), score_item(score)});
}

// --- one member

SortedSet::Found SortedSet::find(std::string_view member) const {
  Found found;
  if (!is_listpack()) {
    found.hash_ = hash_bytes(member);
    found.slot_ = large()->members.find(member, found.hash_);
    found.found = found.slot_ != nullptr;
    if (found.found) found.score = Traits::member(*found.slot_)->score();
    return found;
  }
  const Listpack::Offset at = list()->find(ListpackItem(member), 2);
  if (at == list()->end()) return found;
  found.found = true;
  found.offset_ = at;
  found.score = pair_at(*list(), at).score;
  return found;
}

void SortedSet::insert(const Found& place, std::string_view member, double score,
                       const Limits& limits) {
  SPINEL_ASSERT(!place.found);
  uint64_t hash = place.hash_;
  if (is_listpack()) {
    if (size() < limits.max_listpack_entries && member.size() <= limits.max_listpack_value_bytes &&
        list()->has_room(ListpackItem(member).size() + score_item(score).size())) {
      return insert_pair(score, member);
    }
    become_large();
    hash = hash_bytes(member);
  }
  large()->order.insert(score, large()->add(member, hash, score));
}

void SortedSet::set_score(const Found& found, double score) {
  if (!is_listpack()) {
    ScoredMember* member = Traits::member(*found.slot_);
    large()->order.update(found.score, score, member);
    member->set_score(score);
    return;
  }
  const Pair pair = pair_at(*list(), found.offset_);
  char scratch[kMaxDoubleChars];
  const std::string_view member = pair.member.bytes(scratch);
  const Listpack::Offset to = place_for(score, member, found.offset_);
  if (to == pair.next || to == found.offset_) {
    object_ = Listpack::replace(list(), list()->next(found.offset_), score_item(score));
    return;
  }
  const std::string moving(member);  // its bytes move while it does
  object_ = Listpack::erase(list(), found.offset_, 2);
  insert_pair(score, moving);
}

void SortedSet::erase(const Found& found) {
  if (is_listpack()) {
    object_ = Listpack::erase(list(), found.offset_, 2);
    return;
  }
  ScoredMember* member = Traits::member(*found.slot_);
  large()->order.erase(found.score, member);
  large()->drop(member, found.slot_, found.hash_);
}

std::string_view SortedSet::member_at(Place place, char* scratch) const {
  if (!is_listpack()) return reinterpret_cast<const ScoredMember*>(place.at_)->bytes();
  return list()->value(static_cast<Listpack::Offset>(place.at_)).bytes(scratch);
}

// --- counting

size_t SortedSet::rank(const Found& found) const {
  if (!is_listpack()) {
    return large()->order.rank(found.score, Traits::member(*found.slot_));
  }
  size_t rank = 0;
  for (Listpack::Offset at = Listpack::begin(); at != found.offset_; at = list()->skip(at, 2)) {
    ++rank;
  }
  return rank;
}

size_t SortedSet::dense_rank(const Found& found) const {
  if (!is_listpack()) return large()->order.dense_rank(found.score);
  size_t scores = 0;
  double last = 0;
  for (Listpack::Offset at = Listpack::begin(); at != list()->end();) {
    const Pair pair = pair_at(*list(), at);
    if (pair.score >= found.score) break;
    if (scores == 0 || pair.score != last) ++scores;
    last = pair.score;
    at = pair.next;
  }
  return scores;
}

size_t SortedSet::distinct_scores() const {
  if (!is_listpack()) return large()->order.distinct_scores();
  size_t scores = 0;
  double last = 0;
  for_each([&](std::string_view, double score) {
    if (scores == 0 || score != last) ++scores;
    last = score;
  });
  return scores;
}

size_t SortedSet::count_below(double score, bool after) const {
  if (!is_listpack()) {
    return after ? large()->order.count_at_most(score) : large()->order.count_less(score);
  }
  size_t count = 0;
  for (Listpack::Offset at = Listpack::begin(); at != list()->end(); ++count) {
    const Pair pair = pair_at(*list(), at);
    if (after ? pair.score > score : pair.score >= score) break;
    at = pair.next;
  }
  return count;
}

size_t SortedSet::count_below(std::string_view bytes, bool after) const {
  if (!is_listpack()) {
    return after ? large()->order.count_at_most_lex(bytes) : large()->order.count_less_lex(bytes);
  }
  char scratch[kMaxDoubleChars];
  size_t count = 0;
  for (Listpack::Offset at = Listpack::begin(); at != list()->end(); ++count) {
    const Pair pair = pair_at(*list(), at);
    const std::string_view member = pair.member.bytes(scratch);
    if (after ? member > bytes : member >= bytes) break;
    at = pair.next;
  }
  return count;
}

}  // namespace spinel::storage
