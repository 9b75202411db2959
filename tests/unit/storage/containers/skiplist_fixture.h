// What the tests of the skiplist share: members to put into one, a model of it that cannot be
// wrong, and a look at its nodes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/containers/skiplist.h"

namespace spinel::storage {

// Checks what must hold of every node.
struct SkiplistInspector {
  using Leaf = skiplist::Leaf;
  using Index = skiplist::Index;

  static void expect_valid(const Skiplist& list) {
    SkiplistInspector inspector{list};
    if (list.root_ == nullptr) {
      EXPECT_EQ(list.height_, 0u);
      EXPECT_EQ(list.head_, nullptr);
      EXPECT_EQ(list.tail_, nullptr);
    } else {
      const Totals totals = inspector.visit(list.root_, list.height_, true);
      EXPECT_EQ(totals.size, list.size());
      EXPECT_EQ(totals.begins, list.distinct_scores());
      EXPECT_EQ(inspector.last_, list.tail_);
      EXPECT_EQ(list.tail_->next, nullptr);
    }
    EXPECT_EQ(inspector.bytes_, list.memory_bytes());
    EXPECT_EQ(list.empty(), list.root_ == nullptr);
  }
  static unsigned height(const Skiplist& list) { return list.height_; }

 private:
  struct Totals {
    uint64_t size;
    uint64_t begins;
    double score;  // of the first element
    const ScoredMember* member;
  };

  explicit SkiplistInspector(const Skiplist& list) : list_(list) {}

  Totals visit(void* node, unsigned height, bool root) {
    return height == 0 ? leaf(static_cast<Leaf*>(node), root)
                       : index(static_cast<Index*>(node), height, root);
  }

  Totals leaf(Leaf* leaf, bool root) {
    bytes_ += sizeof(Leaf) + leaf->capacity * 16;
    EXPECT_GT(leaf->count, 0);
    EXPECT_LE(leaf->count, leaf->capacity);
    EXPECT_TRUE(root || leaf->capacity == skiplist::kMaxCount<Leaf>);
    EXPECT_EQ(leaf->prev, last_);
    EXPECT_EQ(last_ == nullptr ? list_.head_ : last_->next, leaf);
    EXPECT_EQ(leaf->begins >> leaf->count, 0u);
    for (unsigned i = 0; i < leaf->count; ++i) element(leaf, i);
    last_ = leaf;
    return {leaf->count, static_cast<uint64_t>(std::popcount(leaf->begins)), leaf->scores()[0],
            leaf->members()[0]};
  }

  void element(const Leaf* leaf, unsigned at) {
    const double score = leaf->scores()[at];
    const ScoredMember* member = leaf->members()[at];
    const bool begins = previous_ == nullptr || previous_score_ != score;
    EXPECT_EQ(leaf->begins >> at & 1, begins ? 1u : 0u);
    if (previous_ != nullptr) {
      EXPECT_LE(previous_score_, score);
      EXPECT_TRUE(begins || previous_->bytes() < member->bytes());
    }
    previous_ = member;
    previous_score_ = score;
  }

  Totals index(Index* index, unsigned height, bool root) {
    bytes_ += std::bit_ceil(sizeof(Index) + index->capacity * size_t{40});
    EXPECT_GT(index->count, root ? 1 : 0);
    EXPECT_LE(index->count, index->capacity);
    EXPECT_TRUE(root || index->capacity == skiplist::kMaxCount<Index>);
    Totals sum{0, 0, index->scores()[0], index->members()[0]};
    for (unsigned i = 0; i < index->count; ++i) {
      const Totals child = visit(index->children()[i], height - 1, false);
      EXPECT_EQ(index->sizes()[i], child.size);
      EXPECT_EQ(index->begins()[i], child.begins);
      EXPECT_EQ(index->scores()[i], child.score);
      EXPECT_EQ(index->members()[i], child.member);
      sum.size += child.size;
      sum.begins += child.begins;
    }
    return sum;
  }

  const Skiplist& list_;
  Leaf* last_ = nullptr;
  const ScoredMember* previous_ = nullptr;
  double previous_score_ = 0;
  size_t bytes_ = 0;
};

// Members named by numbers, each in an allocation of its own.
class MemberPool {
 public:
  ScoredMember* make(const std::string& bytes) {
    blocks_.push_back(std::make_unique<unsigned char[]>(ScoredMember::size_for(bytes.size())));
    return ScoredMember::write(blocks_.back().get(), 0, bytes);
  }
  ScoredMember* make(uint64_t number) { return make("member:" + std::to_string(number)); }

 private:
  std::vector<std::unique_ptr<unsigned char[]>> blocks_;
};

// A sorted vector of the same elements.
class SkiplistModel {
 public:
  using Item = Skiplist::Item;

  static bool less(const Item& a, const Item& b) {
    return a.score != b.score ? a.score < b.score : a.member->bytes() < b.member->bytes();
  }

  const std::vector<Item>& items() const { return items_; }
  size_t size() const { return items_.size(); }
  void insert(const Item& item) { items_.insert(place(item), item); }
  void erase(const Item& item) { items_.erase(place(item)); }
  void erase(size_t begin, size_t end) {
    items_.erase(items_.begin() + static_cast<ptrdiff_t>(begin),
                 items_.begin() + static_cast<ptrdiff_t>(end));
  }
  void assign(std::vector<Item> items) {
    std::sort(items.begin(), items.end(), less);
    items_ = std::move(items);
  }
  size_t count_less(double score) const {
    return count([score](const Item& item) { return item.score < score; });
  }
  size_t count_at_most(double score) const {
    return count([score](const Item& item) { return item.score <= score; });
  }
  size_t distinct_below(size_t rank) const {
    size_t distinct = 0;
    for (size_t i = 0; i < rank; ++i) {
      distinct += i == 0 || items_[i].score != items_[i - 1].score ? 1 : 0;
    }
    return distinct;
  }

 private:
  std::vector<Item>::iterator place(const Item& item) {
    return std::lower_bound(items_.begin(), items_.end(), item, less);
  }
  template <typename Before>
  size_t count(Before before) const {
    return static_cast<size_t>(std::partition_point(items_.begin(), items_.end(), before) -
                               items_.begin());
  }

  std::vector<Item> items_;
};

// Walks the list both ways.
inline void expect_same_elements(const Skiplist& list, const SkiplistModel& model) {
  SkiplistInspector::expect_valid(list);
  ASSERT_EQ(list.size(), model.size());
  Skiplist::Cursor cursor = list.at(0);
  for (const Skiplist::Item& item : model.items()) {
    ASSERT_TRUE(cursor);
    ASSERT_EQ(cursor.member(), item.member);
    ASSERT_EQ(cursor.score(), item.score);
    cursor.next();
  }
  ASSERT_FALSE(cursor);
  cursor = list.at(list.size() - 1);
  for (size_t i = model.size(); i-- > 0; cursor.prev()) {
    ASSERT_TRUE(cursor);
    ASSERT_EQ(cursor.member(), model.items()[i].member);
  }
  ASSERT_FALSE(cursor);
  ASSERT_EQ(list.distinct_scores(), model.distinct_below(model.size()));
}

// The element at a rank, asked for in every way.
inline void expect_same_place(const Skiplist& list, const SkiplistModel& model, size_t rank) {
  const auto [score, member] = model.items()[rank];
  const size_t less = model.count_less(score);
  const size_t at_most = model.count_at_most(score);
  ASSERT_EQ(list.at(rank).member(), member);
  ASSERT_EQ(list.rank(score, member), rank);
  ASSERT_EQ(list.count_less(score), less);
  ASSERT_EQ(list.count_at_most(score), at_most);
  ASSERT_EQ(list.dense_rank(score), model.distinct_below(less));
  const Skiplist::Cursor not_less = list.lower_bound(score);
  ASSERT_EQ(static_cast<bool>(not_less), less < model.size());
  if (not_less) {
    ASSERT_EQ(not_less.member(), model.items()[less].member);
  }
}

}  // namespace spinel::storage
