// The effects of random commands, applied to a second server whose clock is an hour ahead, give the
// same data: what a replica, or a server that loads its append-only file later, depends on.

#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "persistence/aof/record_reader.h"
#include "server/engine/replayer.h"
#include "server/server.h"
#include "storage/keyspace/digest.h"
#include "tests/differential/families.h"
#include "tests/support/resp_reader.h"

namespace spinel::test {
namespace {

constexpr int kCommands = 20'000;
constexpr int kCommandsBetweenComparisons = 2'000;
constexpr std::uint64_t kSeed = 20'261'130;

/// Drops what the client would be sent.
class NoTransport final : public server::ClientTransport {
 public:
  void output_ready() override {}
  void resume_input() override {}
  void close() override {}
  std::size_t query_buffer_bytes() const override { return 0; }
  std::size_t query_buffer_capacity() const override { return 0; }
  server::resp::PartialRequest partial_request() const override { return {}; }
  int descriptor() const override { return -1; }
};

/// A server in this process, with one client.
class Node {
 public:
  explicit Node(server::Server::WallClock clock) : server(config, clock) {
    config.save.clear();  // FLUSHALL would write a file
    connect();
  }

  /// Executes `requests`, which are complete. A client that is not to go on is replaced.
  void run(std::string_view requests) {
    while (!requests.empty()) {
      const std::size_t done = server.dispatcher.process(*client_, requests, parser_);
      server.blocked.serve_timeouts(std::numeric_limits<std::int64_t>::max());
      server.pause.end(server::PauseReason::kClient);
      client_->output.truncate(0);
      requests.remove_prefix(done);
      if (client_->closing || client_->close_after_reply) {
        connect();
        return;
      }
      ASSERT_TRUE(done > 0 || client_->blocked == server::BlockReason::kNone);
    }
  }

  /// Applies effects, which are whole units, as a file of them is loaded.
  void apply(std::string_view effects) {
    persistence::ByteReader bytes(effects);
    persistence::aof::RecordReader reader(bytes);
    using Status = persistence::aof::RecordReader::Status;
    Status status = Status::kMore;
    while (status == Status::kMore) {
      status = reader.read_batch();
      for (const persistence::aof::Record& record : reader.records()) {
        if (record.kind != persistence::aof::Record::Kind::kCommand) continue;
        ASSERT_TRUE(replayer_.add(record.arguments)) << record.arguments[0];
      }
      replayer_.run();
    }
    ASSERT_EQ(status, Status::kEnd) << reader.error().cause;
    // A command that failed midway, as PFADD can, fails midway here as well.
  }

  /// Each key with its expiry: "db key" -> Unix milliseconds.
  std::map<std::string, std::int64_t> expiries() {
    std::map<std::string, std::int64_t> result;
    for (int i = 0; i < server.keyspace.database_count(); ++i) {
      server.keyspace.database(i).for_each([&](const storage::Entry& entry) {
        result[std::to_string(i) + " " + std::string(entry.key())] = entry.expire_at_ms();
      });
    }
    return result;
  }

  server::Config config;
  server::Server server;

 private:
  void connect() {
    client_.reset();
    client_ = std::make_unique<server::Client>(server, transport_);
    parser_.reset();
    parser_.forget_arguments();
  }

  server::Replayer replayer_{server};
  NoTransport transport_;
  server::resp::RequestParser parser_;
  std::unique_ptr<server::Client> client_;
};

std::int64_t an_hour_ahead() {
  return storage::wall_clock_ms() + 3'600'000;
}

class ReplayTest : public testing::TestWithParam<const Family*> {};

TEST_P(ReplayTest, EffectsGiveTheSameData) {
  Node origin(storage::wall_clock_ms);
  Node copy(an_hour_ahead);
  const storage::Keyspace::IgnoreExpiry ignore_expiry(copy.server.keyspace);
  auto effects = origin.server.effects.reader();
  Generator generator(*GetParam(), kSeed);
  for (int sent = 1; sent <= kCommands; ++sent) {
    const Command command = generator.next();
    origin.run(encode_command(command));
    std::string bytes;
    while (effects.available() > 0) bytes += effects.take().bytes();
    copy.apply(bytes);
    // Configuration is no effect, and decides on the forms of values.
    if (storage::equals_ignore_case(command[0], "CONFIG")) copy.run(encode_command(command));
    if (sent % kCommandsBetweenComparisons != 0) continue;
    ASSERT_EQ(storage::dataset_digest(origin.server.keyspace),
              storage::dataset_digest(copy.server.keyspace))
        << "after " << sent << " commands of seed " << kSeed << ", the last one "
        << testing::PrintToString(command);
    ASSERT_EQ(origin.expiries(), copy.expiries()) << sent;
  }
  EXPECT_GT(origin.server.effects.log().end(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Families, ReplayTest,
                         testing::Values(&list_family(), &string_family(), &generic_family(),
                                         &hash_family(), &set_family(), &sort_family(),
                                         &sorted_set_family(), &hyperloglog_family(), &geo_family(),
                                         &bitmap_family(), &bitfield_family(), &dump_family()),
                         [](const testing::TestParamInfo<const Family*>& family) {
                           return std::string(family.param->name);
                         });

}  // namespace
}  // namespace spinel::test
