// The order of a large sorted set: its members by score and, among equal scores, by bytes.
//
// This is the B-skiplist of Luo, Bender and others (arXiv 2507.21492): a skiplist whose every level
// is a list of wide nodes, searched from the top down in one pass. A skiplist of single elements
// costs a cache miss for each of some forty steps; here a step goes through dozens of elements, and
// a million elements are four steps, of which only the last leaves the processor's cache. Two
// things are our own. What rises to the level above is decided by nodes that overflow, not by
// throwing dice, so that nodes are evenly full and no luck of the draw makes an operation slow (one
// can as well call the result a counted B+-tree with linked leaves). And the levels above count,
// for each node below, its elements and how many of them have a score that none before them has:
// sums of the former give ranks, sums of the latter dense ranks.
//
// An element takes sixteen bytes in a leaf. A leaf that is full shares with its neighbours, and
// only when those are full as well a few of them are split into one more: leaves filled in random
// order are more than 85 % full, and in ascending or descending order nearly all full.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/containers/scored_member.h"
#include "storage/containers/skiplist_node.h"

namespace spinel::storage {

// Does not own the members: it holds pointers to blocks that stay where they are, with the same
// bytes, as long as they are in the list. The scores that it goes by are its own copies; the score
// in the block is the caller's business. Scores are never NaN; -0 and 0 are equal.
class Skiplist {
 public:
  class Cursor;
  struct Item {
    double score;
    ScoredMember* member;
  };

  Skiplist() = default;
  // Frees nodes, not members.
  ~Skiplist() { clear(); }
  Skiplist(Skiplist&& other) noexcept { swap(other); }
  Skiplist& operator=(Skiplist&& other) noexcept {
    Skiplist(std::move(other)).swap(*this);
    return *this;
  }
  Skiplist(const Skiplist&) = delete;
  Skiplist& operator=(const Skiplist&) = delete;
  void swap(Skiplist& other) noexcept;

  uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // How many different scores there are. O(1).
  uint64_t distinct_scores() const { return distinct_; }
  // Bytes of the nodes.
  size_t memory_bytes() const { return node_bytes_; }

  // Changes. Each but `clear` is O(log n), and makes every cursor invalid.

  // No element has the same score and bytes.
  void insert(double score, ScoredMember* member);
  // The element is in the list, with this score; likewise below.
  void erase(double score, const ScoredMember* member);
  // Gives the element another score. Cheap where it keeps its place or moves by little.
  void update(double old_score, double new_score, ScoredMember* member);
  // Takes out the elements with ranks begin <= rank < end <= size(). Before an element goes, calls
  // visit(double score, ScoredMember* member), which may free the member but not use the list.
  // O(log n) for each few dozens of elements.
  template <typename Visit>
  void erase_range(uint64_t begin, uint64_t end, Visit&& visit);
  // Fills an empty list with items that are in order and all different. O(n).
  void assign_sorted(std::span<const Item> items);
  void clear();

  // Places, each O(log n). A cursor is valid until the next change.

  // The element of this rank; past the end for one that is not below size().
  Cursor at(uint64_t rank) const;
  // The first element whose score is not less than `score`, if any.
  Cursor lower_bound(double score) const;

  // Counts, each O(log n).

  // How many elements stand before this one.
  uint64_t rank(double score, const ScoredMember* member) const;
  // How many different scores are less than `score`, which need not be in the list.
  uint64_t dense_rank(double score) const;
  // How many elements have a lesser score, or one that is at most `score`. The former is also the
  // rank of lower_bound.
  uint64_t count_less(double score) const;
  uint64_t count_at_most(double score) const;
  // The same by bytes, if all scores are equal.
  uint64_t count_less_lex(std::string_view bytes) const;
  uint64_t count_at_most_lex(std::string_view bytes) const;

 private:
  friend struct SkiplistInspector;  // the tests' look inside

  using Leaf = skiplist::Leaf;
  using Index = skiplist::Index;

  // A level has some thirty times fewer nodes than the one below: no list that fits in memory comes
  // near.
  static constexpr unsigned kMaxHeight = 16;
  // So many neighbours share what they hold.
  static constexpr unsigned kWindow = 4;

  // How one gets to a place: from the index above the leaves (level 0) up to the root, and which
  // child was taken.
  struct Step {
    Index* node;
    unsigned slot;
  };
  struct Path {
    Step steps[kMaxHeight];
    Leaf* leaf;
    unsigned at;
  };
  // Where in the list a node overflows: at the ends, more is likely to come there.
  enum class Growth { kWithin, kFront, kBack };

  // Searching. `count(scores, members, n)` says how many of a node's elements are before the place.
  template <typename Count>
  void descend(Path& path, Count&& count) const;
  template <typename Count>
  void find_bound(Path& path, Count&& count) const;
  void find(Path& path, double score, const ScoredMember* member) const;
  static void find_in_leaf(Path& path, double score, const ScoredMember* member);
  void find_rank(Path& path, uint64_t rank) const;
  uint64_t elements_before(const Path& path) const;
  uint64_t scores_before(const Path& path) const;
  template <typename Count>
  uint64_t count_before(Count&& count) const;

  // Changing a leaf, and keeping the levels above up to date.
  void insert_at(const Path& path, double score, ScoredMember* member);
  void erase_at(const Path& path, unsigned n);
  void erase_run(uint64_t rank, unsigned n);
  bool within_leaf(const Path& path, double score, const ScoredMember* member) const;
  void move_between(Path& from, Path& to, double old_score, double new_score, ScoredMember* member);
  void move_within(const Path& path, unsigned to, double score);
  bool precedes_next_leaf(const Path& path, double score, const ScoredMember* member) const;
  void add(const Path& path, int64_t elements, int64_t scores);
  void refresh_successor(const Path& path);
  void refresh_key(const Path& path, unsigned level);

  // Changing which nodes there are: skiplist_balance.cc. The child at level 0 of a path is its
  // leaf, at the level above it the index over that, and so on.
  void make_room(const Path& path, unsigned level, Growth growth);
  template <typename Node>
  void make_room_beside(const Path& path, unsigned level, Growth growth);
  template <typename Node>
  void grow_root();
  void raise_root();
  void remove_child(const Path& path, unsigned level);
  void relieve(const Path& path, unsigned level);
  template <typename Node>
  bool compact(const Path& path, unsigned level);
  void lower_root();
  template <typename Node>
  void redistribute(Index* parent, unsigned begin, unsigned old_nodes, const unsigned* sizes,
                    unsigned new_nodes);
  template <typename Node>
  void set_child(Index* parent, unsigned slot, Node* child);
  template <typename Node>
  Node* make_node(size_t bytes);
  template <typename Node>
  void free_node(Node* node);
  void free_tree(void* node, unsigned height);
  void link_after(Leaf* leaf, Leaf* before);
  void unlink(Leaf* leaf);
  void build_leaves(std::span<const Item> items, std::vector<void*>& nodes);
  template <typename Node>
  void build_level(std::vector<void*>& nodes);

  void* root_ = nullptr;  // a leaf if height_ is 0
  unsigned height_ = 0;   // levels above the leaves
  uint64_t size_ = 0;
  uint64_t distinct_ = 0;
  Leaf* head_ = nullptr;
  Leaf* tail_ = nullptr;
  size_t node_bytes_ = 0;
  uint64_t node_changes_ = 0;  // counts whatever makes paths invalid
};

// A place in the list: an element, or the place past either end, which is false.
class Skiplist::Cursor {
 public:
  Cursor() = default;

  explicit operator bool() const { return leaf_ != nullptr; }
  // These need an element.
  double score() const { return leaf_->scores()[at_]; }
  ScoredMember* member() const { return leaf_->members()[at_]; }
  void next() {
    if (++at_ < leaf_->count) {
      if (at_ + kAhead < leaf_->count) __builtin_prefetch(leaf_->members()[at_ + kAhead]);
    } else {
      enter(leaf_->next, 0);
    }
  }
  // As `next`, for a walk that wants few of the members that it passes: fetches none ahead.
  void next_score() {
    if (++at_ < leaf_->count) return;
    leaf_ = leaf_->next;
    at_ = 0;
  }
  void prev() {
    if (at_ > 0) {
      --at_;
      if (at_ >= kAhead) __builtin_prefetch(leaf_->members()[at_ - kAhead]);
    } else {
      enter(leaf_->prev, leaf_->prev != nullptr ? leaf_->prev->count - 1u : 0);
    }
  }
  // How many elements from this one on stand in the same leaf.
  unsigned run_length() const { return leaf_->count - at_; }

 private:
  friend class Skiplist;
  // So many members are on their way to the cache before they are asked for.
  static constexpr unsigned kAhead = 8;

  Cursor(const Leaf* leaf, unsigned at) : leaf_(leaf), at_(at) {}
  void enter(const Leaf* leaf, unsigned at) {
    leaf_ = leaf;
    at_ = at;
    if (leaf == nullptr) return;
    for (unsigned i = 0; i < kAhead && i < leaf->count; ++i) {
      __builtin_prefetch(leaf->members()[at == 0 ? i : at - i]);
    }
  }

  const Leaf* leaf_ = nullptr;
  unsigned at_ = 0;
};

template <typename Visit>
void Skiplist::erase_range(uint64_t begin, uint64_t end, Visit&& visit) {
  while (begin < end) {
    Cursor from = at(begin);
    const uint64_t run = std::min<uint64_t>(from.run_length(), end - begin);
    for (uint64_t i = 0; i < run; ++i, from.next()) visit(from.score(), from.member());
    erase_run(begin, run);
    end -= run;
  }
}

}  // namespace spinel::storage
