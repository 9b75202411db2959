#include "storage/containers/skiplist.h"

#include <bit>

#include "storage/base/assert.h"

namespace spinel::storage {

using skiplist::count_keys;
using skiplist::count_members;
using skiplist::count_scores;
using skiplist::insert_zero_bit;
using skiplist::Leaf;
using skiplist::low_bits;
using skiplist::remove_bits;
using skiplist::shift;

namespace {

using Members = ScoredMember* const*;

// Ways to count, for `descend`.
struct AtMostKey {
  double score;
  const ScoredMember* member;
  unsigned operator()(const double* scores, Members members, unsigned n) const {
    return count_keys(scores, members, n, score, member);
  }
};
template <bool kOrEqual>
struct ByScore {
  double score;
  unsigned operator()(const double* scores, Members, unsigned n) const {
    return count_scores<kOrEqual>(scores, n, score);
  }
};
template <bool kOrEqual>
struct ByLex {
  std::string_view bytes;
  unsigned operator()(const double*, Members members, unsigned n) const {
    return count_members<kOrEqual>(members, n, bytes);
  }
};

void put(Leaf* leaf, unsigned at, double score, ScoredMember* member) {
  leaf->scores()[at] = score;
  leaf->members()[at] = member;
}

bool begins_score(const Leaf* leaf, unsigned at) {
  const double score = leaf->scores()[at];
  if (at > 0) return leaf->scores()[at - 1] != score;
  return leaf->prev == nullptr || leaf->prev->scores()[leaf->prev->count - 1] != score;
}

// Sets the flag of the element at `at`, if there is one.
void refresh_flag(Leaf* leaf, unsigned at) {
  if (at >= leaf->count) return;
  const uint64_t bit = uint64_t{1} << at;
  leaf->begins = begins_score(leaf, at) ? leaf->begins | bit : leaf->begins & ~bit;
}

// Moves the word at `from` to `to`, and those between by one.
void rotate(unsigned char* words, unsigned from, unsigned to) {
  uint64_t moved;
  constexpr size_t kWord = sizeof moved;
  std::memcpy(&moved, words + from * kWord, kWord);
  if (from < to) {
    std::memmove(words + from * kWord, words + (from + 1) * kWord, (to - from) * kWord);
  } else {
    std::memmove(words + (to + 1) * kWord, words + to * kWord, (from - to) * kWord);
  }
  std::memcpy(words + to * kWord, &moved, kWord);
}

[[gnu::always_inline]] inline void prefetch_leaf(const Leaf* leaf) {
  const auto* bytes = reinterpret_cast<const char*>(leaf);
  for (size_t i = 0; i < Leaf::kMaxBytes; i += 64) __builtin_prefetch(bytes + i);
}

uint64_t sum(const uint64_t* words, unsigned n) {
  uint64_t total = 0;
  for (unsigned i = 0; i < n; ++i) total += words[i];
  return total;
}

}  // namespace

void Skiplist::swap(Skiplist& other) noexcept {
  std::swap(root_, other.root_);
  std::swap(height_, other.height_);
  std::swap(size_, other.size_);
  std::swap(distinct_, other.distinct_);
  std::swap(head_, other.head_);
  std::swap(tail_, other.tail_);
  std::swap(node_bytes_, other.node_bytes_);
}

// Searching

template <typename Count>
void Skiplist::descend(Path& path, Count&& count) const {
  void* node = root_;
  for (unsigned level = height_; level-- > 0;) {
    auto* index = static_cast<Index*>(node);
    const unsigned before = count(index->scores(), index->members(), index->count);
    const unsigned slot = before == 0 ? 0 : before - 1;
    path.steps[level] = {index, slot};
    node = index->children()[slot];
  }
  path.leaf = static_cast<Leaf*>(node);
  prefetch_leaf(path.leaf);
}

// To the place in a leaf that has all those before it; this may be past the leaf's end.
template <typename Count>
void Skiplist::find_bound(Path& path, Count&& count) const {
  descend(path, count);
  path.at = count(path.leaf->scores(), path.leaf->members(), path.leaf->count);
}

void Skiplist::find(Path& path, double score, const ScoredMember* member) const {
  SPINEL_ASSERT(size_ > 0);
  descend(path, AtMostKey{score, member});
  find_in_leaf(path, score, member);
}

// Once the path has its leaf.
void Skiplist::find_in_leaf(Path& path, double score, const ScoredMember* member) {
  const Leaf* leaf = path.leaf;
  unsigned at = count_scores<false>(leaf->scores(), leaf->count, score);
  while (at < leaf->count && leaf->members()[at] != member) ++at;
  SPINEL_ASSERT(at < leaf->count);
  path.at = at;
}

void Skiplist::find_rank(Path& path, uint64_t rank) const {
  SPINEL_ASSERT(rank < size_);
  void* node = root_;
  for (unsigned level = height_; level-- > 0;) {
    auto* index = static_cast<Index*>(node);
    unsigned slot = 0;
    for (; rank >= index->sizes()[slot]; ++slot) rank -= index->sizes()[slot];
    path.steps[level] = {index, slot};
    node = index->children()[slot];
  }
  path.leaf = static_cast<Leaf*>(node);
  path.at = static_cast<unsigned>(rank);
}

uint64_t Skiplist::elements_before(const Path& path) const {
  uint64_t before = path.at;
  for (unsigned i = 0; i < height_; ++i)
    before += sum(path.steps[i].node->sizes(), path.steps[i].slot);
  return before;
}

uint64_t Skiplist::scores_before(const Path& path) const {
  auto before = static_cast<uint64_t>(std::popcount(path.leaf->begins & low_bits(path.at)));
  for (unsigned i = 0; i < height_; ++i) {
    before += sum(path.steps[i].node->begins(), path.steps[i].slot);
  }
  return before;
}

template <typename Count>
uint64_t Skiplist::count_before(Count&& count) const {
  if (size_ == 0) return 0;
  Path path;
  find_bound(path, count);
  return elements_before(path);
}

Skiplist::Cursor Skiplist::at(uint64_t rank) const {
  if (rank >= size_) return {};
  Path path;
  find_rank(path, rank);
  return {path.leaf, path.at};
}

Skiplist::Cursor Skiplist::lower_bound(double score) const {
  if (size_ == 0) return {};
  Path path;
  find_bound(path, ByScore<false>{score});
  if (path.at < path.leaf->count) return {path.leaf, path.at};
  return {path.leaf->next, 0};
}

uint64_t Skiplist::rank(double score, const ScoredMember* member) const {
  Path path;
  find(path, score, member);
  return elements_before(path);
}

uint64_t Skiplist::dense_rank(double score) const {
  if (size_ == 0) return 0;
  Path path;
  find_bound(path, ByScore<false>{score});
  return scores_before(path);
}

uint64_t Skiplist::count_less(double score) const {
  return count_before(ByScore<false>{score});
}

uint64_t Skiplist::count_at_most(double score) const {
  return count_before(ByScore<true>{score});
}

uint64_t Skiplist::count_less_lex(std::string_view bytes) const {
  return count_before(ByLex<false>{bytes});
}

uint64_t Skiplist::count_at_most_lex(std::string_view bytes) const {
  return count_before(ByLex<true>{bytes});
}

// Changing

void Skiplist::insert(double score, ScoredMember* member) {
  if (size_ == 0) {
    root_ = head_ = tail_ = make_node<Leaf>(Leaf::kMinBytes);
  }
  // Each time round, room is made at a lower level than before, or else is found.
  for (unsigned tries = 0;; ++tries) {
    SPINEL_ASSERT(tries <= 2 * kMaxHeight);
    Path path;
    find_bound(path, AtMostKey{score, member});
    const Leaf* leaf = path.leaf;
    if (leaf->count < leaf->capacity) return insert_at(path, score, member);
    const Growth growth = path.at == leaf->count && leaf == tail_ ? Growth::kBack
                          : path.at == 0                          ? Growth::kFront
                                                                  : Growth::kWithin;
    make_room(path, 0, growth);
  }
}

void Skiplist::insert_at(const Path& path, double score, ScoredMember* member) {
  Leaf* leaf = path.leaf;
  const unsigned at = path.at;
  const int begins = std::popcount(leaf->begins);
  shift(leaf, at, at + 1);
  ++leaf->count;
  put(leaf, at, score, member);
  leaf->begins = insert_zero_bit(leaf->begins, at);
  refresh_flag(leaf, at);
  refresh_flag(leaf, at + 1);
  add(path, 1, std::popcount(leaf->begins) - begins);
  if (at + 1 == leaf->count) refresh_successor(path);
  if (at == 0) refresh_key(path, 0);
}

void Skiplist::erase(double score, const ScoredMember* member) {
  Path path;
  find(path, score, member);
  erase_at(path, 1);
}

void Skiplist::erase_run(uint64_t rank, unsigned n) {
  Path path;
  find_rank(path, rank);
  erase_at(path, n);
}

// Takes `n` elements out of the leaf.
void Skiplist::erase_at(const Path& path, unsigned n) {
  Leaf* leaf = path.leaf;
  const unsigned at = path.at;
  const int begins = std::popcount(leaf->begins);
  shift(leaf, at + n, at);
  leaf->count = static_cast<uint16_t>(leaf->count - n);
  leaf->begins = remove_bits(leaf->begins, at, n);
  refresh_flag(leaf, at);
  if (leaf->count == 0) unlink(leaf);
  if (at == leaf->count) refresh_successor(path);
  add(path, -static_cast<int64_t>(n), std::popcount(leaf->begins) - begins);
  if (leaf->count == 0) {
    free_node(leaf);
    remove_child(path, 0);
  } else {
    if (at == 0) refresh_key(path, 0);
    relieve(path, 0);
  }
  lower_root();
}

void Skiplist::update(double old_score, double new_score, ScoredMember* member) {
  SPINEL_ASSERT(size_ > 0);
  Path from;
  descend(from, AtMostKey{old_score, member});
  if (height_ > 0 && !within_leaf(from, new_score, member)) {
    Path to;
    descend(to, AtMostKey{new_score, member});
    if (to.leaf != from.leaf) return move_between(from, to, old_score, new_score, member);
  }
  find_in_leaf(from, old_score, member);
  const Leaf* leaf = from.leaf;
  // Where it would stand among the leaf's other elements. It counts itself if it does not go down.
  const bool down = new_score < old_score;
  const unsigned to =
      count_keys(leaf->scores(), leaf->members(), leaf->count, new_score, member) - (down ? 0 : 1);
  move_within(from, to, new_score);
}

// Whether the path's leaf is where (score, member) belongs, as far as the levels above tell.
bool Skiplist::within_leaf(const Path& path, double score, const ScoredMember* member) const {
  const auto [index, slot] = path.steps[0];
  return count_keys(index->scores() + slot, index->members() + slot, 1, score, member) == 1 &&
         precedes_next_leaf(path, score, member);
}

void Skiplist::move_between(Path& from, Path& to, double old_score, double new_score,
                            ScoredMember* member) {
  find_in_leaf(from, old_score, member);
  const size_t nodes = node_changes_;
  erase_at(from, 1);
  if (nodes != node_changes_ || to.leaf->count == to.leaf->capacity)
    return insert(new_score, member);
  to.at = AtMostKey{new_score, member}(to.leaf->scores(), to.leaf->members(), to.leaf->count);
  insert_at(to, new_score, member);
}

// Whether (score, member) is less than what the leaf after the path's begins with.
bool Skiplist::precedes_next_leaf(const Path& path, double score,
                                  const ScoredMember* member) const {
  for (unsigned level = 0; level < height_; ++level) {
    const Index* index = path.steps[level].node;
    const unsigned next = path.steps[level].slot + 1;
    if (next == index->count) continue;
    return count_keys(index->scores() + next, index->members() + next, 1, score, member) == 0;
  }
  return true;
}

// Gives the path's element a score that makes it the leaf's element at `to`.
void Skiplist::move_within(const Path& path, unsigned to, double score) {
  Leaf* leaf = path.leaf;
  const unsigned at = path.at;
  const int begins = std::popcount(leaf->begins);
  if (to != at) {
    for (unsigned i = 0; i < Leaf::kColumns; ++i) rotate(column(leaf, i), at, to);
    leaf->begins = insert_zero_bit(remove_bits(leaf->begins, at, 1), to);
  }
  leaf->scores()[to] = score;
  // It, what follows it, and what followed it.
  for (const unsigned changed : {at, at + 1, to, to + 1}) refresh_flag(leaf, changed);
  const int change = std::popcount(leaf->begins) - begins;
  if (change != 0) add(path, 0, change);
  if (std::max(at, to) + 1 == leaf->count) refresh_successor(path);
  if (at == 0 || to == 0) refresh_key(path, 0);
}

void Skiplist::add(const Path& path, int64_t elements, int64_t scores) {
  for (unsigned level = 0; level < height_; ++level) {
    const auto [index, slot] = path.steps[level];
    index->sizes()[slot] += static_cast<uint64_t>(elements);
    index->begins()[slot] += static_cast<uint64_t>(scores);
  }
  size_ += static_cast<uint64_t>(elements);
  distinct_ += static_cast<uint64_t>(scores);
}

// Sets the flag of the element that the leaf after the path's begins with: what precedes it may
// have changed.
void Skiplist::refresh_successor(const Path& path) {
  Leaf* next = path.leaf->next;
  if (next == nullptr) return;
  const uint64_t before = next->begins;
  refresh_flag(next, 0);
  if (next->begins == before) return;
  const uint64_t change = (next->begins & 1) - (before & 1);  // 1 or, modulo 2^64, -1
  distinct_ += change;
  unsigned level = 0;
  for (; path.steps[level].slot + 1 == path.steps[level].node->count; ++level) {
  }
  for (unsigned above = level + 1; above < height_; ++above) {
    path.steps[above].node->begins()[path.steps[above].slot] += change;
  }
  Index* index = path.steps[level].node;
  unsigned slot = path.steps[level].slot + 1;
  for (;; --level, slot = 0) {
    index->begins()[slot] += change;
    if (level == 0) return;
    index = static_cast<Index*>(index->children()[slot]);
  }
}

// Tells the levels above what the path's child at `level` begins with.
void Skiplist::refresh_key(const Path& path, unsigned level) {
  const Index* child = level == 0 ? nullptr : path.steps[level - 1].node;
  const double score = child == nullptr ? path.leaf->scores()[0] : child->scores()[0];
  ScoredMember* member = child == nullptr ? path.leaf->members()[0] : child->members()[0];
  for (; level < height_; ++level) {
    const auto [index, slot] = path.steps[level];
    index->scores()[slot] = score;
    index->members()[slot] = member;
    if (slot != 0) return;
  }
}

}  // namespace spinel::storage
