#include "storage/containers/quicklist.h"

#include <deque>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/memory.h"
#include "storage/base/random.h"

namespace spinel::storage {
namespace {

std::string text_of(const unsigned char* at) {
  char scratch[kMaxDoubleChars];
  return std::string(read_listpack_entry(at).bytes(scratch));
}

void append(std::vector<std::string>& texts, const ListRun& run) {
  const unsigned char* at = run.at;
  for (size_t i = 0; i < run.count; ++i, at += listpack_entry_size(at)) {
    texts.push_back(text_of(at));
  }
}

std::vector<std::string> read(const Quicklist& list, size_t first, size_t count) {
  std::vector<std::string> texts;
  list.read(first, count, [&](const ListRun& run) {
    append(texts, run);
    return true;
  });
  return texts;
}

std::vector<std::string> read_backward(const Quicklist& list, size_t first, size_t count) {
  std::vector<std::string> texts;
  list.read_backward(first, count, [&](const ListRun& run) {
    std::vector<std::string> part;
    append(part, run);
    texts.insert(texts.begin(), part.begin(), part.end());
    return true;
  });
  return texts;
}

std::string random_text(Random& random, size_t longest) {
  if (random.below(4) == 0) return std::to_string(random.below(1000));
  return std::string(random.below(longest + 1), static_cast<char>('a' + random.below(4)));
}

// A list and what should be in it.
class Pair {
 public:
  explicit Pair(const ListOptions& options)
      : options_(options), list_(Quicklist::create(ListNode::create(0), options)) {}
  ~Pair() { Quicklist::destroy(list_); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  Quicklist& list() { return *list_; }
  size_t size() const { return model_.size(); }

  void push(ListEnd end, const std::string& text) {
    list_->push(end, ListElement(text, options_));
    end == ListEnd::kFront ? model_.push_front(text) : model_.push_back(text);
  }
  void pop(ListEnd end, size_t count) {
    list_->pop(end, count);
    const auto n = static_cast<ptrdiff_t>(count);
    end == ListEnd::kFront ? model_.erase(model_.begin(), model_.begin() + n)
                           : model_.erase(model_.end() - n, model_.end());
  }
  void insert(size_t index, const std::string& text) {
    list_->insert(index, ListElement(text, options_));
    model_.insert(model_.begin() + static_cast<ptrdiff_t>(index), text);
  }
  void replace(size_t index, const std::string& text) {
    list_->replace(index, ListElement(text, options_));
    model_[index] = text;
  }
  void remove_equal(const std::string& text, ListEnd from, size_t limit) {
    size_t removed = 0;
    if (from == ListEnd::kFront) {
      for (auto at = model_.begin(); at != model_.end() && removed < limit;) {
        at = *at == text ? (++removed, model_.erase(at)) : at + 1;
      }
    } else {
      for (auto at = model_.end(); at != model_.begin() && removed < limit;) {
        --at;
        if (*at == text) at = (++removed, model_.erase(at));
      }
    }
    ASSERT_EQ(list_->remove_equal(ListpackItem(text), from, limit), removed);
  }
  void duplicate() {
    Quicklist* copy = Quicklist::duplicate(list_);
    Quicklist::destroy(std::exchange(list_, copy));
  }

  void check() const {
    ASSERT_EQ(list_->size(), model_.size());
    const std::vector<std::string> expected(model_.begin(), model_.end());
    ASSERT_EQ(read(*list_, 0, size()), expected);
    ASSERT_EQ(read_backward(*list_, 0, size()), expected);
    check_nodes();
  }
  void check_range(size_t first, size_t count) const {
    const auto from = model_.begin() + static_cast<ptrdiff_t>(first);
    const std::vector<std::string> expected(from, from + static_cast<ptrdiff_t>(count));
    ASSERT_EQ(read(*list_, first, count), expected);
    ASSERT_EQ(read_backward(*list_, first, count), expected);
  }

 private:
  void check_nodes() const {
    const size_t nodes = list_->node_count();
    const auto depth = static_cast<size_t>(options_.compress_depth);
    const ListNodeLimits limits = options_.node_limits();
    size_t bytes = 0;
    for (size_t i = 0; i < nodes; ++i) {
      const ListNode& node = list_->node(i);
      const bool near = depth == 0 || i < depth || nodes - 1 - i < depth;
      ASSERT_FALSE(near && node.compressed()) << i << " of " << nodes;
      if (!near && !node.compressed()) {
        ListNode* again = ListNode::compress(ListNode::duplicate(&node));
        ASSERT_FALSE(again->compressed()) << i << " of " << nodes << " could be compressed";
        ListNode::destroy(again);
      }
      ASSERT_TRUE(node.count() > 0 || nodes == 1);
      ASSERT_LE(node.count(), limits.elements);
      if (node.count() > 1) {
        ASSERT_FALSE(node.alone());
        ASSERT_LE(node.uncompressed_bytes(), limits.bytes);
      }
      bytes += node.allocated_bytes();
    }
    ASSERT_GE(list_->allocated_bytes(), bytes);
    ASSERT_LE(list_->allocated_bytes(), bytes + 400 + 2000 * (1 + nodes / 4));
  }

  ListOptions options_;
  Quicklist* list_;
  std::deque<std::string> model_;
};

void change(Pair& pair, Random& random, size_t longest, bool growing) {
  const ListEnd end = random.below(2) == 0 ? ListEnd::kFront : ListEnd::kBack;
  const std::string text = random_text(random, longest);
  const size_t size = pair.size();
  const uint64_t choice = random.below(20);
  if (size < 2 || choice < (growing ? 9 : 3)) return pair.push(end, text);
  const size_t index = random.below(size);
  switch (choice) {
    case 9:
    case 10:
    case 11:
      return pair.insert(random.below(size + 1), text);
    case 12:
    case 13:
      return pair.replace(index, text);
    case 14:
      if (random.below(10) == 0) return pair.remove_equal(text, end, 1 + random.below(size));
      return pair.remove_equal(text, end, 1 + random.below(3));
    case 15:
      if (random.below(30) == 0) return pair.duplicate();
      if (!growing && random.below(10) == 0) return pair.pop(end, random.below(size));
      return;
    default:
      return pair.pop(end, std::min<size_t>(size - 1, random.below(growing ? 4 : 20)));
  }
}

struct Setting {
  ListOptions options;
  size_t longest;
};

class QuicklistModel : public testing::TestWithParam<Setting> {};

TEST_P(QuicklistModel, AgreesWithADequeUnderRandomChanges) {
  const Setting& setting = GetParam();
  Random random(99);
  Pair pair(setting.options);
  for (int i = 0; i < 12'000; ++i) {
    change(pair, random, setting.longest, i / 2000 % 2 == 0);
    if (i % 199 == 0) pair.check();
    if (i % 19 == 0 && pair.size() > 0) {
      const size_t first = random.below(pair.size());
      pair.check_range(first, 1 + random.below(pair.size() - first));
    }
    ASSERT_FALSE(testing::Test::HasFatalFailure()) << "step " << i;
  }
  pair.check();
}

INSTANTIATE_TEST_SUITE_P(
    Options, QuicklistModel,
    testing::Values(Setting{{.max_listpack_size = 1}, 20}, Setting{{.max_listpack_size = 3}, 20},
                    Setting{{.max_listpack_size = 4, .compress_depth = 1}, 40},
                    Setting{{.max_listpack_size = 16, .compress_depth = 1}, 40},
                    Setting{{.max_listpack_size = 8, .compress_depth = 3}, 60},
                    Setting{{.max_listpack_size = 5, .compress_depth = 1000}, 60},
                    Setting{{.max_listpack_size = 100, .large_element_bytes = 30}, 40},
                    Setting{{.max_listpack_size = -1}, 300},
                    Setting{{.max_listpack_size = -1}, 5000},
                    Setting{{.max_listpack_size = -1, .compress_depth = 2}, 900},
                    Setting{{.max_listpack_size = -2}, 2000},
                    Setting{{.max_listpack_size = -5, .compress_depth = 1}, 9000}));

TEST(Quicklist, TakesLittleMoreThanItsElements) {
  for (const ListEnd end : {ListEnd::kFront, ListEnd::kBack}) {
    constexpr size_t kElements = 100'000;
    Quicklist* list = Quicklist::create(ListNode::create(0), {});
    const std::string text(24, 'v');
    for (size_t i = 0; i < kElements; ++i) list->push(end, ListElement(text, list->options()));
    EXPECT_LE(static_cast<double>(list->allocated_bytes()) / kElements, 25.6);
    Quicklist::destroy(list);
  }
}

TEST(Quicklist, GivesMemoryBackAsItIsPopped) {
  const size_t before = used_memory();
  Quicklist* list = Quicklist::create(ListNode::create(0), {});
  const std::string text(24, 'v');
  for (int i = 0; i < 100'000; ++i) list->push(ListEnd::kFront, ListElement(text, {}));
  for (int i = 0; i < 99'999; ++i) list->pop(ListEnd::kBack, 1);
  EXPECT_EQ(list->size(), 1u);
  EXPECT_LE(list->allocated_bytes(), 10'000u);
  EXPECT_TRUE(list->is_short({}));
  ListNode* node = Quicklist::release(list);
  EXPECT_EQ(node->count(), 1u);
  ListNode::destroy(node);
  EXPECT_LE(used_memory(), before + 1000);
}

TEST(Quicklist, ManyInsertionsAtOnePlaceLeaveFullNodes) {
  Quicklist* list = Quicklist::create(ListNode::create(0), {.max_listpack_size = 10});
  for (int i = 0; i < 100; ++i) list->push(ListEnd::kBack, ListElement("start", list->options()));
  for (int i = 0; i < 10'000; ++i) list->insert(50, ListElement("inserted", list->options()));
  EXPECT_EQ(list->size(), 10'100u);
  EXPECT_LE(list->node_count(), 2'100u);
  Quicklist::destroy(list);
}

TEST(Quicklist, KeepsLargeElementsAlone) {
  const ListOptions options{.max_listpack_size = 100, .large_element_bytes = 10};
  Quicklist* list = Quicklist::create(ListNode::create(0), options);
  for (const char* text : {"a", "b", "0123456789", "c", "d"}) {
    list->push(ListEnd::kBack, ListElement(text, options));
  }
  EXPECT_EQ(list->node_count(), 3u);
  EXPECT_TRUE(list->node(1).alone());
  list->replace(0, ListElement("also a large one", options));
  EXPECT_EQ(list->node_count(), 4u);
  list->replace(2, ListElement("small", options));
  EXPECT_EQ(read(*list, 0, 5),
            (std::vector<std::string>{"also a large one", "b", "small", "c", "d"}));
  Quicklist::destroy(list);
}

TEST(Quicklist, LimitsOfNodes) {
  const auto bytes = [](int size) {
    return ListOptions{.max_listpack_size = size}.node_limits().bytes;
  };
  const auto elements = [](int size) {
    return ListOptions{.max_listpack_size = size}.node_limits().elements;
  };
  EXPECT_EQ(bytes(-1), 4096u);
  EXPECT_EQ(bytes(-2), 8192u);
  EXPECT_EQ(bytes(-5), 65536u);
  EXPECT_EQ(bytes(-100), 65536u);
  EXPECT_EQ(bytes(7), 8192u);
  EXPECT_EQ(elements(7), 7u);
  EXPECT_EQ(elements(0), 1u);
  EXPECT_EQ(elements(1'000'000), 32767u);
}

}  // namespace
}  // namespace spinel::storage
