#include "server/config/options.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "server/config/config_store.h"
#include "tests/unit/server/config/redis_defaults.h"
#include "tests/unit/server/config/source_tree.h"

namespace spinel::server {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

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

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The fields of Config that `sources` read, as in "config.hz", "config_.hz" or "changed.hz".
std::set<std::string> fields_read(const std::string& sources) {
  std::set<std::string> fields;
  for (size_t dot = sources.find('.'); dot != std::string::npos; dot = sources.find('.', dot + 1)) {
    size_t start = dot;
    while (start > 0 && is_word(sources[start - 1])) --start;
    const std::string owner = sources.substr(start, dot - start);
    size_t end = dot + 1;
    while (end < sources.size() && is_word(sources[end])) ++end;
    if (owner.starts_with("config") || owner == "changed") {
      fields.insert(sources.substr(dot + 1, end - dot - 1));
    }
  }
  return fields;
}

// Whether one of `fields` may be named after `option`.
bool is_read(const Option& option, const std::set<std::string>& fields) {
  std::string field(option.name);
  std::replace(field.begin(), field.end(), '-', '_');
  for (const char* unit : {"", "s", "_bytes", "_s", "_ms", "_us", "_percent", "_minutes"}) {
    if (fields.contains(field + unit)) return true;
  }
  return false;
}

std::string read_sources() {
  std::string text;
  for (const char* room : {"server", "cluster"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(source_tree() / room)) {
      const std::string path = entry.path().string();
      const bool is_source = path.ends_with(".cc") || path.ends_with(".h");
      if (is_source && path.find("/server/config/") == std::string::npos) text += read_file(path);
    }
  }
  return text;
}

// Each has an effect, or says why it has none.
TEST(Options, HaveAnEffectOrAReason) {
  const std::set<std::string> fields = fields_read(read_sources());
  OptionTable::instance().for_each([&](const Option& option) {
    static const std::set<std::string_view> kReadInServerConfig = {
        "dir", "enable-protected-configs", "proto-max-bulk-len", "replicaof"};
    if (kReadInServerConfig.contains(option.name)) return;
    EXPECT_EQ(option.reason.empty(), option.support == Support::kFull) << option.name;
    if (option.support == Support::kFull) {
      EXPECT_TRUE(is_read(option, fields)) << option.name;
    }
  });
}

TEST(Options, SayWhatTheyMean) {
  OptionTable::instance().for_each([](const Option& option) {
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
         {"no",     "yes",     "7",      "77mb",        "local",        "1 2",
          "1 2 3",  "debug",   "always", "panic",       "optional",     "hostname",
          "swapdb", "systemd", "local3", "allchannels", "allkeys-lru",  "name",
          "C",      "now",     "K",      "77000",       "normal 1 2 3", "fsync:aof:EIO"}) {
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
