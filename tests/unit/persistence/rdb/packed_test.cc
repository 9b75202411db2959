#include "persistence/rdb/packed.h"

#include <gtest/gtest.h>

#include "tests/unit/persistence/rdb/support.h"

namespace spinel::persistence::rdb {
namespace {

using Form = PackedReader::Form;

// All elements as text, or "error".
std::vector<std::string> elements_of(Form form, std::string_view bytes) {
  // A block of its own, so that a sanitizer sees an overread.
  const std::vector<char> block(bytes.begin(), bytes.end());
  PackedReader reader(form, {block.data(), block.size()});
  std::vector<std::string> elements;
  char scratch[storage::kMaxDoubleChars];
  while (const auto element = reader.next()) elements.emplace_back(element->bytes(scratch));
  if (reader.error() != nullptr) return {"error"};
  return elements;
}

std::vector<std::string> all_kinds() {
  std::vector<std::string> elements;
  for (const int64_t integer :
       {INT64_C(0),          INT64_C(1),       INT64_C(12),       INT64_C(13),
        INT64_C(127),        INT64_C(128),     INT64_C(-1),       INT64_C(-128),
        INT64_C(-129),       INT64_C(4095),    INT64_C(4096),     INT64_C(-4096),
        INT64_C(-4097),      INT64_C(32767),   INT64_C(32768),    INT64_C(-32769),
        INT64_C(8388607),    INT64_C(8388608), INT64_C(-8388609), INT64_C(2147483647),
        INT64_C(2147483648), INT64_MAX,        INT64_MIN}) {
    elements.push_back(std::to_string(integer));
  }
  for (const size_t size :
       {0, 1, 63, 64, 126, 127, 128, 253, 254, 255, 4095, 4096, 16380, 16383, 16384, 70000}) {
    elements.push_back(std::string(size, 'x'));
    elements.push_back(std::to_string(size));
  }
  elements.push_back("007");
  elements.push_back("-0");
  return elements;
}

TEST(Packed, AllKindsOfElements) {
  const std::vector<std::string> elements = all_kinds();
  EXPECT_EQ(elements_of(Form::kListpack, test::listpack(elements)), elements);
  EXPECT_EQ(elements_of(Form::kZiplist, test::ziplist(elements)), elements);
  std::vector<std::string> pairs = elements;
  if (pairs.size() % 2 == 1) pairs.pop_back();
  EXPECT_EQ(elements_of(Form::kZipmap, test::zipmap(pairs)), pairs);
  EXPECT_EQ(elements_of(Form::kListpack, test::listpack({})), std::vector<std::string>{});
  EXPECT_EQ(elements_of(Form::kZiplist, test::ziplist({})), std::vector<std::string>{});
}

TEST(Packed, AListpackOfRedis) {
  // What DUMP of redis-server 7.0 has for HSET h f 1 long <70 x> n -5000.
  const std::string bytes = std::string("\x62\x00\x00\x00\x06\x00", 6) +
                            "\x81"
                            "f\x02\x01\x01\x84"
                            "long\x05\xe0\x46" +
                            std::string(70, 'x') +
                            "\x48\x81"
                            "n\x02\xf1\x78\xec\x03\xff";
  const std::vector<std::string> elements = {"f", "1", "long", std::string(70, 'x'), "n", "-5000"};
  EXPECT_EQ(test::listpack(elements), bytes);
  EXPECT_EQ(elements_of(Form::kListpack, bytes), elements);
}

TEST(Packed, CountsOfMoreThan16BitsAreFoundByWalking) {
  const std::vector<std::string> elements = test::numbered("e", 70'000);
  EXPECT_EQ(elements_of(Form::kListpack, test::listpack(elements)), elements);
  EXPECT_EQ(elements_of(Form::kZiplist, test::ziplist(elements)), elements);
  const std::vector<std::string> pairs = test::numbered("e", 600);
  EXPECT_EQ(elements_of(Form::kZipmap, test::zipmap(pairs)), pairs);
}

TEST(Packed, WhatIsCutOffIsAnError) {
  const std::vector<std::string> elements = {"one", "2", "-300", std::string(80, 'x'), "12345678"};
  const std::vector<std::string> pairs = {"one", "2", "-300", std::string(300, 'x')};
  const auto all_cut = [](Form form, const std::string& whole) {
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(elements_of(form, whole.substr(0, size)), std::vector<std::string>{"error"});
      // Also where the end is marked as such and the size is right.
      std::string cut = whole.substr(0, size);
      if (form != Form::kZipmap && size >= 4) {
        storage::store_unaligned(cut.data(), static_cast<uint32_t>(size + 1));
      }
      if (cut.size() > 4) {
        EXPECT_EQ(elements_of(form, cut + "\xff"), std::vector<std::string>{"error"}) << size;
      }
    }
  };
  all_cut(Form::kListpack, test::listpack(elements).substr(0, test::listpack(elements).size() - 1));
  all_cut(Form::kZiplist, test::ziplist(elements).substr(0, test::ziplist(elements).size() - 1));
  all_cut(Form::kZipmap, test::zipmap(pairs).substr(0, test::zipmap(pairs).size() - 3));
}

TEST(Packed, AnyBitFlippedGivesAnErrorOrAValue) {
  const std::vector<std::string> elements = all_kinds();
  const std::vector<std::string> pairs(elements.begin(), elements.begin() + 30);
  const std::pair<Form, std::string> wholes[] = {
      {Form::kListpack, test::listpack(pairs)},
      {Form::kZiplist, test::ziplist(pairs)},
      {Form::kZipmap, test::zipmap(pairs)},
  };
  for (const auto& [form, whole] : wholes) {
    for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
      std::string damaged = whole;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
      elements_of(form, damaged);
    }
  }
}

TEST(Packed, WrongLengthsAroundElementsAreErrors) {
  const std::vector<std::string> error = {"error"};
  std::string bytes = test::listpack({"abc"});
  bytes[bytes.size() - 2] = 5;  // behind the element
  EXPECT_EQ(elements_of(Form::kListpack, bytes), error);
  bytes = test::listpack({"abc"});
  bytes[4] = 2;  // the count
  EXPECT_EQ(elements_of(Form::kListpack, bytes), error);
  bytes = test::ziplist({"abc", "def"});
  bytes[15] = 4;  // before the second element
  EXPECT_EQ(elements_of(Form::kZiplist, bytes), error);
  bytes = test::ziplist({"abc", "def"});
  bytes[4] = 10;  // where the last one is
  EXPECT_EQ(elements_of(Form::kZiplist, bytes), error);
  bytes = test::zipmap({"a", "b"});
  bytes[0] = 2;
  EXPECT_EQ(elements_of(Form::kZipmap, bytes), error);
}

TEST(Packed, Intsets) {
  EXPECT_EQ(check_intset(test::intset({-5, 0, 7}, 2)), nullptr);
  EXPECT_EQ(check_intset(test::intset({INT64_MIN, 0, INT64_MAX}, 8)), nullptr);
  EXPECT_NE(check_intset(test::intset({}, 2)), nullptr);
  EXPECT_NE(check_intset(test::intset({1, 1}, 4)), nullptr);
  EXPECT_NE(check_intset(test::intset({2, 1}, 4)), nullptr);
  EXPECT_NE(check_intset(test::intset({1, 2}, 3)), nullptr);
  EXPECT_NE(check_intset(test::intset({1, 2}, 2) + "x"), nullptr);
  const std::string whole = test::intset({1, 2}, 2);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(check_intset(whole.substr(0, size)), nullptr);
  }
}

}  // namespace
}  // namespace spinel::persistence::rdb
