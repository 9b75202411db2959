// The thread of the append only file, beside one that goes on appending to the log it writes.

#include "persistence/aof/sync_thread.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <string>

#include "persistence/file/file_faults.h"
#include "storage/base/byte_log.h"
#include "storage/base/memory.h"
#include "tests/support/temp_dir.h"

namespace spinel::persistence::aof {
namespace {

class SyncThreads : public testing::Test {
 protected:
  SyncThreads() { storage::register_memory_thread(); }
  ~SyncThreads() override { set_fault_rules({}); }

  std::shared_ptr<File> open(const std::string& name) {
    auto file = std::make_shared<File>();
    EXPECT_TRUE(file->open(directory_.file(name), File::Mode::kAppend).ok());
    return file;
  }
  void set_faults(const std::string& text) {
    std::vector<FaultRule> rules;
    std::string error;
    ASSERT_TRUE(parse_fault_rules(text, rules, error)) << error;
    set_fault_rules(std::move(rules));
  }

  test::TempDir directory_;
};

TEST_F(SyncThreads, AllIsWrittenInOrderWhileTheLogGrows) {
  storage::ByteLog log;
  storage::ByteLog::Reader reader(log);
  std::string expected;
  {
    SyncThread thread;
    std::shared_ptr<File> file = open("a");
    for (int round = 0; round < 300; ++round) {
      for (int i = 0; i < 50; ++i) {
        const std::string text = std::to_string(round * 50 + i) + "\n";
        log.append(text);
        expected += text;
      }
      SyncThread::Job job{.file = file, .sync = round % 10 == 0};
      while (reader.available() > 0) job.to_write.push_back(reader.take());
      thread.submit(std::move(job));
      if (round == 150) file = open("b");
      if (round % 50 == 0) thread.wait_for(thread.submitted());
    }
    EXPECT_EQ(thread.submitted(), 300U);
  }
  EXPECT_EQ(test::read_file(directory_.file("a")) + test::read_file(directory_.file("b")),
            expected);
}

TEST_F(SyncThreads, TheEventTellsThatAJobIsDone) {
  SyncThread thread;
  pollfd event{thread.event_descriptor(), POLLIN, 0};
  EXPECT_EQ(poll(&event, 1, 0), 0);
  thread.submit({.file = open("a"), .sync = true});
  EXPECT_EQ(poll(&event, 1, 60'000), 1);
  EXPECT_EQ(thread.done(), 1U);
  EXPECT_TRUE(thread.idle());
  thread.clear_event();
  EXPECT_EQ(poll(&event, 1, 0), 0);
}

TEST_F(SyncThreads, AFailureIsToldOnceWithItsJob) {
  set_faults("fsync:a:EIO:skip=1:times=1");
  SyncThread thread;
  const std::shared_ptr<File> file = open("a");
  for (int i = 0; i < 3; ++i) thread.submit({.file = file, .prefix = "x", .sync = true});
  thread.wait_for(3);
  const auto failure = thread.take_failure();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->job, 2U);
  EXPECT_EQ(failure->error.error, EIO);
  EXPECT_EQ(failure->written_bytes, 1U);
  EXPECT_FALSE(thread.take_failure());
  EXPECT_EQ(test::read_file(directory_.file("a")), "xxx");
}

TEST_F(SyncThreads, FilesAreRemovedBehindWhatCameBefore) {
  set_faults("fsync:a:delay=50");
  SyncThread thread;
  thread.submit({.file = open("a"), .sync = true});
  thread.submit({.to_remove = {directory_.file("a"), directory_.file("not-there")}});
  thread.wait_for(2);
  EXPECT_FALSE(thread.take_failure());
  EXPECT_EQ(test::read_file(directory_.file("a")), "");
}

}  // namespace
}  // namespace spinel::persistence::aof
