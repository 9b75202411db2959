#include "persistence/file/file_faults.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <gtest/gtest.h>

#include "tests/unit/persistence/scoped_fault_rules.h"

namespace spinel::persistence {
namespace {

TEST(FileFaults, RulesAreReadFromText) {
  std::vector<FaultRule> rules;
  std::string wrong;
  ASSERT_TRUE(parse_fault_rules(
      "fsync:incr.aof:EIO:skip=2:times=1;write::short;rename:manifest:kill;fsync:x:delay=500",
      rules, wrong));
  ASSERT_EQ(rules.size(), 4u);
  EXPECT_EQ(rules[0].operation, FileOperation::kSync);
  EXPECT_EQ(rules[0].path_part, "incr.aof");
  EXPECT_EQ(rules[0].action, FaultRule::Action::kError);
  EXPECT_EQ(rules[0].error, EIO);
  EXPECT_EQ(rules[0].skip, 2u);
  EXPECT_EQ(rules[0].times, 1u);
  EXPECT_EQ(rules[1].action, FaultRule::Action::kShort);
  EXPECT_EQ(rules[1].path_part, "");
  EXPECT_EQ(rules[1].skip, 0u);
  EXPECT_EQ(rules[1].times, FaultRule::kAlways);
  EXPECT_EQ(rules[2].action, FaultRule::Action::kKill);
  EXPECT_EQ(rules[3].delay_ms, 500u);
  EXPECT_TRUE(parse_fault_rules("", rules, wrong));
  EXPECT_TRUE(rules.empty());
}

TEST(FileFaults, WrongTextIsNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"sync:x:EIO", "sync"},
      {"write:x:EFOO", "EFOO"},
      {"write:x", ""},
      {"fsync:x:short", "short"},
      {"write:x:EIO:skip=", "skip="},
      {"write:x:EIO:skip=1x", "skip=1x"},
      {"write:x:EIO:often", "often"},
      {"write:x:EIO;open", ""},
      {"write:x:delay=", "delay="},
  };
  for (const auto& [text, part] : cases) {
    std::vector<FaultRule> rules(1);
    std::string wrong = "?";
    EXPECT_FALSE(parse_fault_rules(text, rules, wrong)) << text;
    EXPECT_EQ(wrong, part) << text;
    EXPECT_EQ(rules.size(), 1u);
  }
}

TEST(FileFaults, RulesCountTheCallsThatTheyMatch) {
  ScopedFaultRules scope("write:a:EIO:skip=1:times=2;write::ENOSPC:skip=2:times=2");
  EXPECT_EQ(fault_of(FileOperation::kWrite, "a").error, 0);       // first of both
  EXPECT_EQ(fault_of(FileOperation::kRead, "a").error, 0);        // none
  EXPECT_EQ(fault_of(FileOperation::kWrite, "xay").error, EIO);   // second of both
  EXPECT_EQ(fault_of(FileOperation::kWrite, "b").error, ENOSPC);  // third of the second
  EXPECT_EQ(fault_of(FileOperation::kWrite, "a").error, EIO);     // both apply: the first decides
  EXPECT_EQ(fault_of(FileOperation::kWrite, "a").error, 0);
  EXPECT_EQ(fault_count(), 3u);
  set_fault_rules({});
  EXPECT_EQ(fault_count(), 0u);
}

TEST(FileFaults, ADelayOnlyDelays) {
  ScopedFaultRules scope("fsync::delay=20");
  const auto begin = std::chrono::steady_clock::now();
  const Fault fault = fault_of(FileOperation::kSync, "a");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
  EXPECT_EQ(fault.error, 0);
  EXPECT_FALSE(fault.is_short);
}

TEST(FileFaultsDeathTest, KillEndsTheProcess) {
  EXPECT_EXIT(
      {
        ScopedFaultRules scope("rename:b:kill");
        fault_of(FileOperation::kRename, "a -> b");
      },
      testing::KilledBySignal(SIGKILL), "");
}

}  // namespace
}  // namespace spinel::persistence
