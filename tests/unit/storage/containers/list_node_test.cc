#include "storage/containers/list_node.h"

#include <deque>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "storage/base/memory.h"
#include "storage/base/random.h"

namespace spinel::storage {
namespace {

constexpr ListNodeLimits kLimits{8192, UINT16_MAX};

std::string text_of(const unsigned char* at) {
  char scratch[kMaxDoubleChars];
  return std::string(read_listpack_entry(at).bytes(scratch));
}

// A node and what should be in it.
class Pair {
 public:
  Pair() : node_(ListNode::create(0)) {}
  ~Pair() { ListNode::destroy(node_); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  ListNode*& node() { return node_; }
  std::deque<std::string>& model() { return model_; }
  size_t size() const { return model_.size(); }

  void push(ListEnd end, const std::string& text) {
    node_ = ListNode::push(node_, end, ListpackItem(text), kLimits);
    end == ListEnd::kFront ? model_.push_front(text) : model_.push_back(text);
  }
  void pop(ListEnd end, size_t count) {
    node_->pop(end, count);
    for (; count > 0; --count) end == ListEnd::kFront ? model_.pop_front() : model_.pop_back();
  }
  void insert(size_t index, const std::string& text) {
    node_ = ListNode::insert(node_, index, ListpackItem(text), kLimits);
    model_.insert(model_.begin() + static_cast<ptrdiff_t>(index), text);
  }
  void replace(size_t index, const std::string& text) {
    node_ = ListNode::replace(node_, index, ListpackItem(text), kLimits);
    model_[index] = text;
  }
  void erase(size_t index, size_t count) {
    node_->erase(index, count);
    const auto from = model_.begin() + static_cast<ptrdiff_t>(index);
    model_.erase(from, from + static_cast<ptrdiff_t>(count));
  }
  void check() const {
    ASSERT_EQ(node_->count(), model_.size());
    for (size_t i = 0; i < model_.size(); ++i) ASSERT_EQ(text_of(node_->at(i)), model_[i]) << i;
    ASSERT_EQ(node_->at(model_.size()), node_->end());
    ASSERT_LE(node_->element_bytes() + 16, node_->allocated_bytes());
  }

 private:
  ListNode* node_;
  std::deque<std::string> model_;
};

std::string random_text(Random& random, size_t longest) {
  if (random.below(3) == 0)
    return std::to_string(static_cast<int64_t>(random.next() >> random.below(64)));
  return std::string(random.below(longest + 1), static_cast<char>('a' + random.below(26)));
}

void change(Pair& pair, Random& random, size_t longest) {
  const ListEnd end = random.below(2) == 0 ? ListEnd::kFront : ListEnd::kBack;
  const std::string text = random_text(random, longest);
  const size_t index = pair.size() == 0 ? 0 : random.below(pair.size());
  const bool fits = pair.node()->has_room(ListpackItem(text).size(), kLimits);
  switch (random.below(9)) {
    case 0:
      if (pair.size() > 0) pair.pop(end, random.below(std::min<size_t>(pair.size(), 20)) + 1);
      return;
    case 1:
      if (fits) pair.insert(random.below(pair.size() + 1), text);
      return;
    case 2:
      if (pair.size() > 0 && fits) pair.replace(index, text);
      return;
    case 3:
      if (pair.size() > 0)
        pair.erase(index, 1 + random.below(std::min<size_t>(pair.size() - index, 5)));
      return;
    case 4:
      if (random.below(50) == 0) pair.node() = ListNode::trim(pair.node());
      if (random.below(50) == 0) pair.node() = ListNode::trim_if_sparse(pair.node());
      return;
    default:
      if (fits) pair.push(end, text);
  }
}

TEST(ListNode, AgreesWithADequeUnderRandomChanges) {
  for (const size_t longest : {0, 1, 10, 100, 3000}) {
    Random random(4711 + longest);
    Pair pair;
    for (int i = 0; i < 3000; ++i) {
      change(pair, random, longest);
      if (i % 7 == 0) pair.check();
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "step " << i << ", longest " << longest;
    }
    pair.check();
  }
}

TEST(ListNode, TakesAsManyOfTheSmallestElementsAsTheirNumberAllows) {
  constexpr ListNodeLimits kLargest{65536, UINT16_MAX};
  for (const ListEnd end : {ListEnd::kFront, ListEnd::kBack}) {
    ListNode* node = ListNode::create(0);
    size_t pushed = 0;
    while (node->has_room(1, kLargest)) {
      node = ListNode::push(node, end, ListpackItem(int64_t{7}), kLargest);
      ++pushed;
    }
    EXPECT_EQ(node->count(), pushed);
    EXPECT_GT(pushed, 57000u);
    EXPECT_LE(node->allocated_bytes(), 65536u);
    EXPECT_EQ(text_of(node->at(pushed / 2)), "7");
    EXPECT_EQ(node->at(pushed), node->end());
    ListNode::destroy(node);
  }
}

TEST(ListNode, HoldsOneElementOfAnySize) {
  const std::string huge(200'000, 'x');
  for (const ListEnd end : {ListEnd::kFront, ListEnd::kBack}) {
    ListNode* node = ListNode::create(0);
    EXPECT_TRUE(node->has_room(huge.size(), kLimits));
    node = ListNode::push(node, end, ListpackItem(huge), kLimits);
    EXPECT_EQ(text_of(node->at(0)), huge);
    EXPECT_FALSE(node->has_room(1, kLimits));
    ListNode::destroy(node);
  }
}

TEST(ListNode, FillsItsBlockToTheLimit) {
  for (const ListEnd end : {ListEnd::kFront, ListEnd::kBack}) {
    ListNode* node = ListNode::create(0);
    const std::string text(24, 'v');
    while (node->has_room(25, kLimits)) {
      node = ListNode::push(node, end, ListpackItem(text), kLimits);
    }
    EXPECT_EQ(node->count(), 324u);
    EXPECT_LE(node->allocated_bytes(), 8192u);
    ListNode::destroy(node);
  }
}

TEST(ListNode, OfThreeShortStringsIsSmall) {
  Pair pair;
  for (const char* text : {"alpha", "beta", "gamma"}) pair.push(ListEnd::kBack, text);
  EXPECT_LE(pair.node()->allocated_bytes(), 48u);
}

TEST(ListNode, ErasesMany) {
  Pair pair;
  for (int i = 0; i < 200; ++i) pair.push(ListEnd::kBack, "element " + std::to_string(i));
  std::vector<uint16_t> indexes;
  std::deque<std::string> left;
  for (uint16_t i = 0; i < 200; ++i) {
    if (i % 3 == 1 || i > 190) {
      indexes.push_back(i);
    } else {
      left.push_back(pair.model()[i]);
    }
  }
  pair.node()->erase_each(indexes);
  pair.model() = left;
  pair.check();
}

TEST(ListNode, SplitsAndJoins) {
  for (const size_t at : {1u, 17u, 100u, 199u}) {
    Pair pair;
    for (int i = 0; i < 200; ++i) pair.push(ListEnd::kBack, "element " + std::to_string(i));
    ListNode* rest = pair.node()->split(at);
    EXPECT_EQ(pair.node()->count(), at);
    EXPECT_EQ(rest->count(), 200 - at);
    EXPECT_EQ(text_of(rest->at(0)), pair.model()[at]);
    pair.node() = ListNode::join(pair.node(), rest);
    pair.check();
  }
}

TEST(ListNode, CompressesWhatIsCompressible) {
  Pair pair;
  for (int i = 0; i < 200; ++i) pair.push(ListEnd::kFront, "element " + std::to_string(i));
  const size_t before = pair.node()->allocated_bytes();
  const size_t bytes = pair.node()->element_bytes();
  pair.node() = ListNode::compress(pair.node());
  ASSERT_TRUE(pair.node()->compressed());
  EXPECT_LT(pair.node()->allocated_bytes(), before / 2);
  EXPECT_EQ(pair.node()->count(), 200u);
  EXPECT_EQ(pair.node()->uncompressed_bytes(), bytes);
  ListNode* copy = ListNode::duplicate(pair.node());
  EXPECT_TRUE(copy->compressed());
  ListNode::destroy(copy);
  pair.node() = ListNode::decompress(pair.node());
  EXPECT_FALSE(pair.node()->compressed());
  pair.check();
}

TEST(ListNode, LeavesWhatIsNotCompressibleAlone) {
  Pair pair;
  Random random(1);
  std::string noise(500, '\0');
  for (char& c : noise) c = static_cast<char>(random.next());
  pair.push(ListEnd::kBack, noise);
  pair.node() = ListNode::compress(pair.node());
  EXPECT_FALSE(pair.node()->compressed());
  pair.check();
  Pair small;
  small.push(ListEnd::kBack, std::string(40, 'a'));
  small.node() = ListNode::compress(small.node());
  EXPECT_FALSE(small.node()->compressed());
}

TEST(ListNode, AQueueStaysInItsBlock) {
  Pair pair;
  for (int i = 0; i < 100; ++i) pair.push(ListEnd::kBack, "element " + std::to_string(i));
  const size_t allocated = pair.node()->allocated_bytes();
  for (int i = 0; i < 10'000; ++i) {
    pair.push(ListEnd::kBack, "element " + std::to_string(i % 100));
    pair.pop(ListEnd::kFront, 1);
  }
  pair.check();
  EXPECT_LE(pair.node()->allocated_bytes(), allocated * 2);
}

}  // namespace
}  // namespace spinel::storage
