#include "server/process/cpu_affinity.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <string>
#include <thread>

#include "tests/unit/server/process/child.h"

namespace spinel::server {
namespace {

using Cpus = std::vector<int>;

TEST(CpuList, NumbersRangesAndSteps) {
  EXPECT_EQ(parse_cpu_list("0"), Cpus({0}));
  EXPECT_EQ(parse_cpu_list("1,3"), Cpus({1, 3}));
  EXPECT_EQ(parse_cpu_list("0-7:2"), Cpus({0, 2, 4, 6}));
  EXPECT_EQ(parse_cpu_list("8-11,2,0-1,9"), Cpus({0, 1, 2, 8, 9, 10, 11}));
  EXPECT_EQ(parse_cpu_list("3-3"), Cpus({3}));
  EXPECT_EQ(parse_cpu_list("5-9:100"), Cpus({5}));
  EXPECT_EQ(parse_cpu_list("1023"), Cpus({1023}));
}

TEST(CpuList, RefusesWhatIsMalformed) {
  for (const auto text :
       {"",     ",",   "0,", ",0", "0,,1", "a",           "0-",     "-1",     "2-0", "0-3:0",
        "0-3:", "0:2", " 0", "0 ", "1024", "99999999999", "0-1024", "0-3:-1", "+1",  "0x1"}) {
    EXPECT_EQ(parse_cpu_list(text), std::nullopt) << text;
  }
}

TEST(CpuList, BindsTheThread) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  const int status = test::run_in_child([&] {
    set_thread_affinity("");
    set_thread_affinity("nonsense");
    set_thread_affinity("1023");
    cpu_set_t now;
    if (::sched_getaffinity(0, sizeof now, &now) != 0 || !CPU_EQUAL(&now, &before)) ::_exit(1);
    set_thread_affinity(std::to_string(first));
    if (::sched_getaffinity(0, sizeof now, &now) != 0) ::_exit(2);
    if (CPU_COUNT(&now) != 1 || !CPU_ISSET(first, &now)) ::_exit(3);
  });
  EXPECT_EQ(status, 0);
}

TEST(CpuList, BindsThreadsThatStartMeanwhile) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  const int status = test::run_in_child([&] {
    cpu_set_t inherited;
    {
      const ThreadAffinity meanwhile(std::to_string(first));
      std::thread([&] { ::sched_getaffinity(0, sizeof inherited, &inherited); }).join();
    }
    if (CPU_COUNT(&inherited) != 1 || !CPU_ISSET(first, &inherited)) ::_exit(1);
    { const ThreadAffinity nothing(""); }
    cpu_set_t after;
    if (::sched_getaffinity(0, sizeof after, &after) != 0) ::_exit(2);
    if (!CPU_EQUAL(&after, &before)) ::_exit(3);
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace spinel::server
