#include "storage/containers/listpack.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <vector>

#include "storage/base/random.h"

namespace spinel::storage {
namespace {

std::string text_of(const ListpackValue& value) {
  char scratch[kMaxDoubleChars];
  return std::string(value.bytes(scratch));
}

// A listpack and what should be in it.
class Pair {
 public:
  Pair() : list_(Listpack::create()) {}
  ~Pair() { Listpack::destroy(list_); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  const Listpack& list() const { return *list_; }
  size_t size() const { return model_.size(); }

  void insert(size_t index, const std::string& text) {
    list_ = Listpack::insert(list_, at(index), {ListpackItem(text)});
    model_.insert(model_.begin() + static_cast<ptrdiff_t>(index), text);
  }
  void replace(size_t index, const std::string& text) {
    list_ = Listpack::replace(list_, at(index), ListpackItem(text));
    model_[index] = text;
  }
  void erase(size_t index, size_t elements) {
    list_ = Listpack::erase(list_, at(index), elements);
    const auto from = model_.begin() + static_cast<ptrdiff_t>(index);
    model_.erase(from, from + static_cast<ptrdiff_t>(std::min(elements, model_.size() - index)));
  }
  void check() const {
    ASSERT_EQ(list_->count(), model_.size());
    Listpack::Offset at = Listpack::begin();
    for (const std::string& text : model_) {
      ASSERT_EQ(text_of(list_->value(at)), text);
      ASSERT_TRUE(list_->equals(at, ListpackItem(text)));
      at = list_->next(at);
    }
    ASSERT_EQ(at, list_->end());
  }

 private:
  Listpack::Offset at(size_t index) const { return list_->skip(Listpack::begin(), index); }

  Listpack* list_;
  std::vector<std::string> model_;
};

std::string random_text(Random& random) {
  switch (random.below(8)) {
    case 0:
      return std::to_string(static_cast<int64_t>(random.next()) >> random.below(64));
    case 1:
      return std::to_string(random.below(200));
    case 2:
      return std::string(random.below(100), 'x');
    case 3:
      return std::string(random.below(5000), 'y');
    case 4:
      return "0" + std::to_string(random.below(10));
    default:
      return "field" + std::to_string(random.below(1000));
  }
}

TEST(ListpackTest, AgreesWithAModelUnderRandomChanges) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Pair pair;
    for (int step = 0; step < 400; ++step) {
      if (pair.size() == 0 || random.below(5) < 3) {
        pair.insert(random.below(pair.size() + 1), random_text(random));
      } else if (random.below(2) == 0) {
        pair.replace(random.below(pair.size()), random_text(random));
      } else {
        pair.erase(random.below(pair.size()), 1 + random.below(3));
      }
      pair.check();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(ListpackTest, IntegersTakeAsFewBytesAsHoldThemAndReadBack) {
  const std::vector<std::pair<int64_t, size_t>> cases = {
      {0, 1},
      {127, 1},
      {128, 2},
      {-1, 2},
      {4095, 2},
      {-4096, 2},
      {4096, 3},
      {-4097, 3},
      {32767, 3},
      {-32768, 3},
      {32768, 4},
      {8388607, 4},
      {-8388608, 4},
      {8388608, 5},
      {std::numeric_limits<int32_t>::max(), 5},
      {std::numeric_limits<int32_t>::min(), 5},
      {int64_t{std::numeric_limits<int32_t>::max()} + 1, 9},
      {std::numeric_limits<int64_t>::max(), 9},
      {std::numeric_limits<int64_t>::min(), 9},
  };
  for (const auto& [value, size] : cases) {
    unsigned char bytes[16];
    const ListpackItem item(value);
    EXPECT_EQ(item.size(), size) << value;
    item.write(bytes);
    EXPECT_EQ(listpack_entry_size(bytes), size) << value;
    const ListpackValue read = read_listpack_entry(bytes);
    ASSERT_TRUE(read.is_integer()) << value;
    EXPECT_EQ(read.integer, value);
    const std::string digits = std::to_string(value);
    EXPECT_TRUE(ListpackItem(std::string_view(digits)).equals(bytes, size)) << value;
  }
}

TEST(ListpackTest, TextOfEveryLengthReadsBack) {
  for (const size_t length : {0, 1, 63, 64, 4095, 4096, 70'000}) {
    const std::string text(length, 'a');
    const ListpackItem item{std::string_view(text)};
    std::vector<unsigned char> bytes(item.size());
    EXPECT_EQ(item.write(bytes.data()), bytes.data() + bytes.size());
    EXPECT_EQ(listpack_entry_size(bytes.data()), bytes.size());
    EXPECT_EQ(text_of(read_listpack_entry(bytes.data())), text);
  }
}

TEST(ListpackTest, DoublesReadBack) {
  for (const double number : {0.5, -0.0, 1e300, std::numeric_limits<double>::infinity()}) {
    unsigned char bytes[16];
    ListpackItem(number).write(bytes);
    EXPECT_EQ(listpack_entry_size(bytes), 9U);
    const ListpackValue read = read_listpack_entry(bytes);
    ASSERT_EQ(read.kind, ListpackValue::Kind::kDouble);
    EXPECT_EQ(std::signbit(read.number), std::signbit(number));
    EXPECT_EQ(read.number, number);
  }
}

TEST(ListpackTest, TextAsTextStaysText) {
  unsigned char bytes[16];
  ListpackItem::as_text("12").write(bytes);
  EXPECT_TRUE(read_listpack_entry(bytes).is_text());
  EXPECT_FALSE(ListpackItem(std::string_view("12")).equals(bytes, sizeof bytes));
}

TEST(ListpackTest, FindsFieldsAndNotValues) {
  Listpack* list = Listpack::create();
  list = Listpack::append(list, {ListpackItem("a"), ListpackItem("b"), ListpackItem("b"),
                                 ListpackItem(int64_t{7}), ListpackItem("7"), ListpackItem("z")});
  EXPECT_EQ(list->find(ListpackItem("b"), 2), list->skip(Listpack::begin(), 2));
  EXPECT_EQ(list->find(ListpackItem("b")), list->skip(Listpack::begin(), 1));
  EXPECT_EQ(list->find(ListpackItem("7"), 2), list->skip(Listpack::begin(), 4));
  EXPECT_EQ(list->find(ListpackItem("z"), 2), list->end());
  Listpack* copy = Listpack::duplicate(list);
  Listpack::destroy(list);
  EXPECT_EQ(copy->count(), 6U);
  EXPECT_EQ(text_of(copy->value(copy->skip(Listpack::begin(), 5))), "z");
  Listpack::destroy(copy);
}

}  // namespace
}  // namespace spinel::storage
