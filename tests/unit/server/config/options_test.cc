#include "server/config/options.h"

#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

#include "server/config/config_store.h"
#include "tests/unit/server/config/redis_defaults.h"

namespace spinel::server {
namespace {

std::map<std::string, std::string> get_all(Config& config) {
  const std::string_view everything = "*";
  const auto pairs = ConfigStore(config).get({&everything, 1});
  return {pairs.begin(), pairs.end()};
}

TEST(Options, AreThoseOfRedisWithTheSameDefaults) {
  Config config;
  auto ours = get_all(config);
  for (const auto& [name, value] : kRedisDefaults) {
    const auto found = ours.find(std::string(name));
    ASSERT_NE(found, ours.end()) << name;
    EXPECT_EQ(found->second, value) << name;
    ours.erase(found);
  }
  for (const auto& [name, value] : kRedis72Additions) {
    EXPECT_EQ(ours[std::string(name)], value) << name;
    ours.erase(std::string(name));
  }
  for (const auto& [name, value] : kSpinelAdditions) {
    EXPECT_EQ(ours[std::string(name)], value) << name;
    ours.erase(std::string(name));
  }
  EXPECT_EQ(ours["port"], "6379");
  ours.erase("port");
  EXPECT_EQ(ours["dir"].substr(0, 1), "/");
  ours.erase("dir");
  EXPECT_TRUE(ours.empty()) << ours.begin()->first << " is shown, but no option of Redis";
}

TEST(Options, HaveNamesThatDiffer) {
  std::set<std::string_view> names;
  OptionTable::instance().for_each([&](const Option& option) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    if (option.alias.empty()) return;
    EXPECT_TRUE(names.insert(option.alias).second) << option.alias;
  });
  EXPECT_GT(names.size(), 190u);
}

TEST(Options, AreFoundByEitherNameInAnyCase) {
  const OptionTable& table = OptionTable::instance();
  for (const auto& [name, alias] : std::initializer_list<std::pair<const char*, const char*>>{
           {"replica-priority", "slave-priority"},
           {"replicaof", "slaveof"},
           {"busy-reply-threshold", "lua-time-limit"},
           {"hash-max-listpack-value", "hash-max-ziplist-value"},
           {"list-max-listpack-size", "list-max-ziplist-size"}}) {
    ASSERT_NE(table.find(name).option, nullptr) << name;
    EXPECT_EQ(table.find(name).option, table.find(alias).option);
    EXPECT_EQ(table.find(alias).name, alias);
  }
  EXPECT_EQ(table.find("MaxMemory").name, "maxmemory");
  EXPECT_EQ(table.find("no-such-option").option, nullptr);
  EXPECT_EQ(table.find("").option, nullptr);
}

TEST(Options, SayWhyTheyAreRefusedAndWhatTheyMean) {
  OptionTable::instance().for_each([](const Option& option) {
    EXPECT_EQ(option.reason.empty(), option.support != Support::kRefused) << option.name;
    EXPECT_EQ(option.comment.empty(), (option.flags & kHidden) != 0) << option.name;
  });
}

// What is printed by one server can be given to another: for every option, at its default.
TEST(Options, ReadWhatTheyPrint) {
  const Config defaults;
  OptionTable::instance().for_each([&](const Option& option) {
    if (option.name == "dir" || option.name == "replicaof" || (option.flags & kFileOnly)) return;
    Config config;
    const std::string printed = option.value->print(defaults);
    EXPECT_EQ(parse_option(option, config, {&printed, 1}, ValueOrigin::kRuntime), std::nullopt)
        << option.name << " " << printed;
    EXPECT_EQ(option.value->print(config), printed) << option.name;
  });
}

TEST(Options, KeepTheirFieldsApart) {
  // Setting one option changes no other.
  const Config defaults;
  Config base;
  const auto before = get_all(base);
  OptionTable::instance().for_each([&](const Option& option) {
    if (option.name == "dir" || (option.flags & kFileOnly) || option.support == Support::kRefused) {
      return;
    }
    for (const std::string candidate :
         {"no",     "yes",     "7",      "77mb",        "local",       "1 2",
          "1 2 3",  "debug",   "always", "panic",       "optional",    "hostname",
          "swapdb", "systemd", "local3", "allchannels", "allkeys-lru", "name",
          "C",      "now",     "K",      "77000",       "normal 1 2 3"}) {
      Config config = base;
      if (parse_option(option, config, {&candidate, 1}, ValueOrigin::kRuntime) ||
          !differs_from_default(option, config)) {
        continue;
      }
      for (const auto& [name, value] : get_all(config)) {
        if (name == option.name || name == option.alias) continue;
        EXPECT_EQ(value, before.at(name)) << name << " changed with " << option.name;
      }
      return;
    }
    ADD_FAILURE() << "no candidate changes " << option.name;
  });
}

}  // namespace
}  // namespace spinel::server
