#pragma once

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/file/file_faults.h"

namespace spinel::persistence {

// File operations fail as these rules say until the end of the scope.
class ScopedFaultRules {
 public:
  explicit ScopedFaultRules(std::string_view text) {
    std::vector<FaultRule> rules;
    std::string wrong;
    EXPECT_TRUE(parse_fault_rules(text, rules, wrong)) << wrong;
    set_fault_rules(std::move(rules));
  }
  ~ScopedFaultRules() { set_fault_rules({}); }
  ScopedFaultRules(const ScopedFaultRules&) = delete;
  ScopedFaultRules& operator=(const ScopedFaultRules&) = delete;
};

}  // namespace spinel::persistence
