// The log from several threads: while lines are written its level, its role and its file change.

#include "server/log/log.h"

#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <regex>
#include <sstream>
#include <thread>
#include <vector>

#include "tests/support/temp_dir.h"

namespace spinel::server {
namespace {

constexpr int kWriters = 3;
constexpr int kLines = 300;  // of each writer

class LogThreads : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void TearDown() override {
    set_log_role(LogRole::kMaster);
    EXPECT_EQ(configure_logging({}), std::nullopt);
  }

  std::string path() const { return directory_.file("server.log"); }
  void open() {
    LogOptions options;
    options.file = path();
    ASSERT_EQ(configure_logging(options), std::nullopt);
  }

  // Runs `meanwhile` again and again while the writers write.
  template <typename Meanwhile>
  void while_writing(Meanwhile&& meanwhile) {
    std::atomic<int> writing{kWriters};
    std::vector<std::thread> writers;
    writers.reserve(kWriters);
    for (int t = 0; t < kWriters; ++t) {
      writers.emplace_back([t, &writing] {
        for (int i = 0; i < kLines; ++i) log_warning("writer {} line {} end", t, i);
        --writing;
      });
    }
    while (writing > 0) meanwhile();
    for (std::thread& writer : writers) writer.join();
  }

  // How many whole lines of writers the files have; anything else in them is a failure.
  static int count_lines(const std::vector<std::string>& paths) {
    const std::regex whole(R"(\d+:[MSC] .* # writer \d line \d+ end)");
    int count = 0;
    for (const std::string& path : paths) {
      std::istringstream in(test::read_file(path));
      for (std::string line; std::getline(in, line); ++count) {
        EXPECT_TRUE(std::regex_match(line, whole)) << line;
      }
    }
    return count;
  }

  const test::TempDir directory_;
};

TEST_F(LogThreads, LevelAndRoleChangeWhileLinesAreWritten) {
  while_writing([] {
    for (const LogRole role : {LogRole::kChild, LogRole::kReplica, LogRole::kMaster}) {
      set_log_role(role);
      EXPECT_EQ(log_role_text().size(), 1u);
    }
    for (const LogLevel level : {LogLevel::kDebug, LogLevel::kWarning}) {
      set_log_level(level);
      EXPECT_TRUE(log_enabled(LogLevel::kWarning));
    }
    log_raw(LogLevel::kWarning, "");
    EXPECT_GE(log_descriptor(), 0);
  });
  EXPECT_EQ(count_lines({path()}), kWriters * kLines);
}

TEST_F(LogThreads, NoLineIsLostToRotation) {
  std::vector<std::string> paths = {path()};
  while_writing([&] {
    if (paths.size() > 20) return std::this_thread::yield();
    const std::string rotated = path() + "." + std::to_string(paths.size());
    std::error_code error;
    std::filesystem::rename(path(), rotated, error);
    if (!error) paths.push_back(rotated);
  });
  EXPECT_EQ(count_lines(paths), kWriters * kLines);
}

TEST_F(LogThreads, NoLineIsLostToANewConfiguration) {
  while_writing([this] { open(); });
  EXPECT_EQ(count_lines({path()}), kWriters * kLines);
}

}  // namespace
}  // namespace spinel::server
