#include "server/process/system_check.h"

#include <cstdio>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace spinel::server {
namespace {

// What report_system_checks() writes about `checks`, and what it returns.
struct Report {
  int status;
  std::string text;
};

Report report(std::span<const SystemCheck> checks) {
  std::FILE* file = std::tmpfile();
  EXPECT_NE(file, nullptr);
  const int status = report_system_checks(checks, file);
  std::string text(static_cast<size_t>(std::ftell(file)), 0);
  std::rewind(file);
  EXPECT_EQ(std::fread(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
  return {status, text};
}

constexpr SystemCheck kGood{"good", [] { return CheckResult{}; }};
constexpr SystemCheck kBad{
    "bad", [] { return CheckResult{.state = CheckResult::State::kWarning, .advice = "Mend it."}; }};
constexpr SystemCheck kMissing{"missing",
                               [] { return CheckResult{.state = CheckResult::State::kUnknown}; }};

TEST(SystemCheck, WhatIsWellIsSaidInOneLine) {
  const SystemCheck checks[] = {kGood, kMissing};
  const Report both = report(checks);
  EXPECT_EQ(both.status, 0);
  EXPECT_EQ(both.text, "[good]...OK\n[missing]...skipped\n");
}

TEST(SystemCheck, WhatIsNotComesWithAdviceAndFails) {
  const SystemCheck checks[] = {kBad, kGood};
  const Report both = report(checks);
  EXPECT_EQ(both.status, 1);
  EXPECT_EQ(both.text, "[bad]...WARNING:\nMend it.\n[good]...OK\n");
}

TEST(SystemCheck, EachSaysWhatToDoIfItWarns) {
  std::vector<std::string_view> names;
  for (const SystemCheck& check : system_checks()) {
    names.push_back(check.name);
    const CheckResult result = check.run();
    EXPECT_EQ(result.state == CheckResult::State::kWarning, !result.advice.empty()) << check.name;
    EXPECT_EQ(result.advice.find('\n'), std::string::npos) << check.name;
  }
  EXPECT_EQ(names, (std::vector<std::string_view>{"slow-clocksource", "xen-clocksource",
                                                  "overcommit", "THP"}));
}

}  // namespace
}  // namespace spinel::server
