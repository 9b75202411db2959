// Commands leave nothing behind but the data and the statistics that they are asked for.

#include <gtest/gtest.h>

#include "tests/differential/families.h"
#include "tests/support/server_process.h"
#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

constexpr std::uint64_t kSeed = 20'261'201;
constexpr int kBatches = 200;
constexpr int kBatchCommands = 250;
constexpr long long kMostBytesLeft = 64 << 10;

class MemoryTest : public OwnServerTest, public testing::WithParamInterface<const Family*> {
 protected:
  /// Memory in use once all data, statistics and other clients are gone.
  long long used_memory() {
    for (const char* command : {"FLUSHALL SYNC", "CONFIG RESETSTAT", "SLOWLOG RESET"}) {
      EXPECT_EQ(line(command), ok());
    }
    EXPECT_TRUE(wait_until([&] { return info_number("connected_clients") == 1; }));
    EXPECT_TRUE(wait_until([&] { return info_number("lazyfree_pending_objects") == 0; }));
    return info_number("used_memory");
  }
  void run_stream(Generator& generator) {
    for (int batch = 0; batch < kBatches; ++batch) {
      // A client of its own: some streams ask for a reply without end, which takes their client.
      RawConnection connection = server().raw();
      std::string requests;
      for (int i = 0; i < kBatchCommands; ++i) requests += encode_command(generator.next());
      connection.exchange(requests, kBatchCommands);
    }
  }
};

TEST_P(MemoryTest, IsAsBeforeOnceDataAndClientsAreGone) {
  start_with({"--client-output-buffer-limit", "normal 8mb 0 0"});
  Generator generator(*GetParam(), kSeed);
  const long long before = used_memory();
  run_stream(generator);
  const long long after = used_memory();
  EXPECT_LT(after - before, kMostBytesLeft);
  EXPECT_GT(after - before, -kMostBytesLeft) << "more was freed than allocated";
}

INSTANTIATE_TEST_SUITE_P(Families, MemoryTest,
                         testing::Values(&list_family(), &string_family(), &generic_family(),
                                         &connection_family(), &command_family(), &hash_family(),
                                         &set_family(), &sort_family(), &sorted_set_family(),
                                         &sorted_set_bytes_family(), &hyperloglog_family(),
                                         &geo_family(), &bitmap_family(), &bitfield_family()),
                         [](const testing::TestParamInfo<const Family*>& family) {
                           return std::string(family.param->name);
                         });

}  // namespace
}  // namespace spinel::test
