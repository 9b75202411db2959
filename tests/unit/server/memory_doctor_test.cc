#include "server/memory_doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spinel::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr size_t kMib = 1024 * 1024;

// A server of 100 MiB with nothing wrong.
MemoryReport healthy() {
  MemoryReport memory;
  memory.used = 100 * kMib;
  memory.peak = 110 * kMib;
  memory.startup = kMib;
  memory.clients = 50 * 1024;
  memory.resident_set = 112 * kMib;
  memory.keys = 100'000;
  memory.allocator.allocated = 101 * kMib;
  memory.allocator.active = 104 * kMib;
  memory.allocator.resident = 108 * kMib;
  return memory;
}

TEST(MemoryDoctor, SaysNothingAboutLittleData) {
  MemoryReport memory = healthy();
  memory.used = 4 * kMib;  // everything else looks terrible beside it
  EXPECT_THAT(memory_doctor_report(memory, 1), HasSubstr("too little data"));
}

TEST(MemoryDoctor, FindsNothingWhereNothingIs) {
  EXPECT_THAT(memory_doctor_report(healthy(), 2), HasSubstr("No memory problems"));
  EXPECT_THAT(memory_doctor_report(healthy(), 0), HasSubstr("No memory problems"));
}

TEST(MemoryDoctor, Peak) {
  MemoryReport memory = healthy();
  memory.peak = 151 * kMib;
  const std::string report = memory_doctor_report(memory, 2);
  EXPECT_THAT(report, HasSubstr("- Peak: the server once used 151.0 MiB"));
  EXPECT_THAT(report, HasSubstr("uses 100.0 MiB now"));
  EXPECT_THAT(report, Not(HasSubstr("- Fragmentation")));
}

TEST(MemoryDoctor, Fragmentation) {
  MemoryReport memory = healthy();
  memory.resident_set = 145 * kMib;
  EXPECT_THAT(memory_doctor_report(memory, 2), HasSubstr("- Fragmentation: the process occupies "
                                                         "1.45 times"));
}

TEST(MemoryDoctor, SmallLossesDoNotCount) {
  MemoryReport memory = healthy();
  memory.used = 6 * kMib;
  memory.peak = 6 * kMib;
  memory.resident_set = 14 * kMib;
  memory.allocator.allocated = 6 * kMib;
  memory.allocator.active = 8 * kMib;
  memory.allocator.resident = 11 * kMib;
  EXPECT_THAT(memory_doctor_report(memory, 2), HasSubstr("No memory problems"));
}

TEST(MemoryDoctor, TheAllocator) {
  MemoryReport memory = healthy();
  memory.allocator.active = 120 * kMib;
  memory.allocator.resident = 140 * kMib;
  memory.resident_set = 139 * kMib;
  const std::string report = memory_doctor_report(memory, 2);
  EXPECT_THAT(report, HasSubstr("- Gaps: pages of the allocator have room for 1.19 times"));
  EXPECT_THAT(report, HasSubstr("- Free pages: the allocator holds 1.17 times"));
  EXPECT_THAT(report, Not(HasSubstr("- Outside the allocator")));
}

TEST(MemoryDoctor, OutsideTheAllocator) {
  MemoryReport memory = healthy();
  memory.resident_set = 130 * kMib;
  EXPECT_THAT(memory_doctor_report(memory, 2), HasSubstr("- Outside the allocator: the process "
                                                         "occupies 1.20 times"));
}

TEST(MemoryDoctor, Clients) {
  MemoryReport memory = healthy();
  memory.clients = 3 * kMib;
  EXPECT_THAT(memory_doctor_report(memory, 10), HasSubstr("- Clients: their buffers take 307.2 "
                                                          "KiB each"));
  EXPECT_THAT(memory_doctor_report(memory, 16), HasSubstr("No memory problems"));
}

}  // namespace
}  // namespace spinel::server
