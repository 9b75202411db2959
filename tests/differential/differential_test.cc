// Random commands, the same to the server under test and to Redis: replies and data must agree but
// for what differences.cc lists, and so must INFO's counters. SPINEL_SEED repeats a run,
// SPINEL_COMMANDS sets its length per family, SPINEL_BATCH the commands of a pipeline.

#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>

#include "tests/differential/duel.h"
#include "tests/differential/families.h"

namespace spinel::test {
namespace {

constexpr std::uint64_t kDefaultCommands = 120'000;
constexpr std::uint64_t kDefaultBatchCommands = 250;
constexpr std::uint64_t kCommandsBetweenComparisons = 20'000;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0' ? ::strtoull(text, nullptr, 10) : otherwise;
}

/// The same streams on every run, so that a failure is a change's own. SPINEL_SEED asks for others.
constexpr std::uint64_t kDefaultSeed = 20'261'123;

class DifferentialTest : public testing::TestWithParam<const Family*> {};

TEST_P(DifferentialTest, AnswersAsRedisDoes) {
  const Family& family = *GetParam();
  const std::uint64_t seed = number_from_environment("SPINEL_SEED", kDefaultSeed);
  const std::uint64_t commands = number_from_environment("SPINEL_COMMANDS", kDefaultCommands);
  const std::uint64_t batch_commands =
      number_from_environment("SPINEL_BATCH", kDefaultBatchCommands);
  std::cout << family.name << ": SPINEL_SEED=" << seed << " SPINEL_COMMANDS=" << commands << "\n";
  SCOPED_TRACE("SPINEL_SEED=" + std::to_string(seed));

  Generator generator(family, seed);
  Duel duel;
  std::uint64_t sent = 0;
  while (sent < commands && !duel.hopeless()) {
    std::vector<Command> pipeline;
    while (pipeline.size() < batch_commands) pipeline.push_back(generator.next());
    duel.run_batch(pipeline, sent);
    sent += pipeline.size();
    if (sent % kCommandsBetweenComparisons < batch_commands) duel.compare_data();
  }
  duel.compare_data();
}

INSTANTIATE_TEST_SUITE_P(Families, DifferentialTest,
                         testing::Values(&list_family(), &string_family(), &generic_family(),
                                         &connection_family(), &command_family(), &hash_family(),
                                         &set_family(), &sort_family(), &sorted_set_family(),
                                         &sorted_set_bytes_family(), &hyperloglog_family(),
                                         &geo_family(), &bitmap_family(), &bitfield_family(),
                                         &dump_family()),
                         [](const testing::TestParamInfo<const Family*>& family) {
                           return std::string(family.param->name);
                         });

}  // namespace
}  // namespace spinel::test
