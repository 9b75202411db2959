// HyperLogLogs that go from one server to the other and back, as strings: after every exchange both
// add, count and merge on, and hold the same bytes.

#include <gtest/gtest.h>
#include <iostream>

#include "tests/differential/generator.h"
#include "tests/support/server_process.h"

namespace spinel::test {
namespace {

class HyperLogLogExchange : public testing::Test {
 protected:
  HyperLogLogExchange()
      : redis_server_({.binary = oracle_binary()}),
        spinel_(spinel_server_.raw()),
        redis_(redis_server_.raw()) {}

  void both(const Command& command) {
    const Reply ours = spinel_.command(command);
    const Reply theirs = redis_.command(command);
    ASSERT_FALSE(theirs.is_error()) << theirs;
    ASSERT_EQ(ours, theirs) << command[0];
  }

  /// Adds `count` random elements of `range` to `key`, with one command.
  static Command additions(const std::string& key, Random& random, std::uint64_t count,
                           std::uint64_t range) {
    Command command = {"PFADD", key};
    for (std::uint64_t i = 0; i < count; ++i) {
      command.push_back("visitor:" + std::to_string(random.below(range)));
    }
    return command;
  }

  static void hand_over(RawConnection& from, RawConnection& to, const std::string& key) {
    const Reply value = from.run("GET", key);
    ASSERT_EQ(value.type, Reply::Type::kString);
    ASSERT_EQ(to.run("SET", key, value.text), ok());
  }

  ServerProcess spinel_server_;
  ServerProcess redis_server_;
  RawConnection spinel_;
  RawConnection redis_;
};

TEST_F(HyperLogLogExchange, WhatOneServerMadeTheOtherGoesOnWith) {
  constexpr std::uint64_t kSeed = 20'261'123;
  Random random(kSeed);
  std::cout << "seed " << kSeed << "\n";
  // From a few elements, sparse, to many, dense. Each step is added by one of the two only.
  std::uint64_t range = 20;
  for (int step = 0; step < 60 && !HasFailure(); ++step, range = range * 5 / 4) {
    const std::string key = "day" + std::to_string(step % 4);
    const bool by_spinel = random.chance(50);
    RawConnection& adding = by_spinel ? spinel_ : redis_;
    RawConnection& taking = by_spinel ? redis_ : spinel_;
    for (int i = 0; i < 5; ++i) {
      ASSERT_FALSE(adding.command(additions(key, random, 100, range)).is_error());
    }
    if (random.chance(50)) adding.run("PFCOUNT", key);
    hand_over(adding, taking, key);
    both(additions(key, random, 20, range));
    both({"PFCOUNT", key});
    both({"PFCOUNT", "day0", "day1", "day2", "day3"});
    both({"PFMERGE", "all", key});
    both({"PFMERGE", "fresh" + std::to_string(step), key, "day0"});
    both({"PFCOUNT", "all"});
    both({"GET", "all"});
    both({"GET", key});
    both({"GET", "fresh" + std::to_string(step)});
    both({"PFDEBUG", "ENCODING", key});
  }
  both({"PFDEBUG", "GETREG", "all"});
}

}  // namespace
}  // namespace spinel::test
