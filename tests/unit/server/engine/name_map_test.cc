#include "server/engine/name_map.h"

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <string>

namespace spinel::server {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

TEST(NameMap, FindsInAnyCase) {
  NameMap<const int> map;
  const int get = 1;
  const int expire = 2;
  const int longest = 3;
  map.insert("GET", &get);
  map.insert("expire", &expire);
  map.insert("georadiusbymember_ro", &longest);
  EXPECT_EQ(map.find("get"), &get);
  EXPECT_EQ(map.find("gEt"), &get);
  EXPECT_EQ(map.find("EXPIRE"), &expire);
  EXPECT_EQ(map.find("GeoRadiusByMember_RO"), &longest);
  EXPECT_EQ(map.find(""), nullptr);
  EXPECT_EQ(map.find("gets"), nullptr);
  EXPECT_EQ(map.find("expirE "), nullptr);
  // Same first and last eight bytes and length; only the middle differs.
  EXPECT_EQ(map.find("georadiusbxmember_ro"), nullptr);
}

TEST(NameMap, FoldsLettersOnly) {
  NameMap<const int> map;
  const int value = 1;
  for (const char* name : {"ab", "abcd", "abcdefgh"}) map.insert(name, &value);
  // Bytes that are 32 away from one another but no letters, and bytes beyond ASCII.
  const std::pair<char, char> pairs[] = {{'@', '`'},  {'[', '{'},       {']', '}'},   {'_', '\x7f'},
                                         {'-', '\r'}, {'\xc1', '\xe1'}, {'\xc1', 'a'}};
  for (const auto& [one, other] : pairs) {
    for (const size_t size : {1, 2, 3, 4, 7, 8, 9, 16, 17, 30}) {
      NameMap<const int> single;
      const std::string name(size, one);
      single.insert(name, &value);
      EXPECT_EQ(single.find(name), &value);
      EXPECT_EQ(single.find(std::string(size, other)), nullptr) << int{one} << ' ' << size;
    }
  }
}

TEST(NameMap, AnEmptyMapFindsNothing) {
  const NameMap<const int> map;
  EXPECT_EQ(map.find(""), nullptr);
  EXPECT_EQ(map.find("get"), nullptr);
  EXPECT_EQ(map.size(), 0u);
}

TEST(NameMap, AgreesWithAModel) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string alphabet = "abAB-_|1\x80";
  const auto random_name = [&] {
    std::string name(random() % 22, ' ');
    for (char& c : name) c = alphabet[random() % alphabet.size()];
    return name;
  };

  NameMap<const int> map;
  std::map<std::string, int*> model;
  std::vector<std::unique_ptr<std::string>> names;
  std::vector<std::unique_ptr<int>> values;
  for (int i = 0; i < 20000; ++i) {
    std::string name = random_name();
    const auto at = model.find(lower(name));
    ASSERT_EQ(map.find(name), at == model.end() ? nullptr : at->second) << name;
    if (random() % 20 != 0) continue;
    if (at != model.end()) {
      map.erase(name);
      model.erase(at);
    } else {
      names.push_back(std::make_unique<std::string>(name));
      values.push_back(std::make_unique<int>(i));
      map.insert(*names.back(), values.back().get());
      model[lower(name)] = values.back().get();
    }
    ASSERT_EQ(map.size(), model.size());
  }
  size_t visited = 0;
  map.for_each([&visited](const int&) { ++visited; });
  EXPECT_EQ(visited, model.size());
}

}  // namespace
}  // namespace spinel::server
