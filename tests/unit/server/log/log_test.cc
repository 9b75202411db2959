#include "server/log/log.h"

#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace spinel::server {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> read_lines(const fs::path& path) {
  std::vector<std::string> lines;
  std::istringstream in(read_file(path));
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "spinel-log-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    set_log_role(LogRole::kMaster);
    EXPECT_EQ(configure_logging({}), std::nullopt);
    fs::remove_all(directory_);
  }

  fs::path file() const { return directory_ / "server.log"; }

  void open(LogLevel level) {
    LogOptions options;
    options.level = level;
    options.file = file().string();
    ASSERT_EQ(configure_logging(options), std::nullopt);
  }

  fs::path directory_;
};

TEST_F(LogTest, LinesHaveTheFormatThatPeopleGrep) {
  open(LogLevel::kDebug);
  log_debug("d {}", 1);
  log_verbose("v");
  set_log_role(LogRole::kReplica);
  log_notice("n {} {}", "two", 2);
  set_log_role(LogRole::kChild);
  log(LogLevel::kWarning, "w {} is not a format");
  const auto lines = read_lines(file());
  ASSERT_EQ(lines.size(), 4u);
  const std::string pid = std::to_string(::getpid());
  const std::string time =
      R"(\d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d\.\d{3} )";
  EXPECT_TRUE(std::regex_match(lines[0], std::regex(pid + ":M " + time + R"(\. d 1)"))) << lines[0];
  EXPECT_TRUE(std::regex_match(lines[1], std::regex(pid + ":M " + time + "- v"))) << lines[1];
  EXPECT_TRUE(std::regex_match(lines[2], std::regex(pid + R"(:S )" + time + R"(\* n two 2)")))
      << lines[2];
  EXPECT_TRUE(
      std::regex_match(lines[3], std::regex(pid + ":C " + time + R"(# w \{\} is not a format)")))
      << lines[3];
}

TEST_F(LogTest, TimesAreLocal) {
  ::setenv("TZ", "XYZ-5:30", 1);
  ::tzset();
  open(LogLevel::kNotice);
  const time_t before = ::time(nullptr);
  log_notice("x");
  const time_t after = ::time(nullptr);
  char texts[2][32];
  struct tm parts {};
  ::strftime(texts[0], sizeof texts[0], "%d %b %Y %H:%M:%S", ::localtime_r(&before, &parts));
  ::strftime(texts[1], sizeof texts[1], "%d %b %Y %H:%M:%S", ::localtime_r(&after, &parts));
  ::unsetenv("TZ");
  ::tzset();
  const std::string line = read_lines(file()).at(0);
  const std::string shown = line.substr(line.find(' ') + 1, 20);
  EXPECT_GE(shown, std::string(texts[0])) << line;
  EXPECT_LE(shown, std::string(texts[1])) << line;
}

TEST_F(LogTest, LevelDecidesWhatIsWritten) {
  open(LogLevel::kWarning);
  log_notice("hidden");
  log_warning("shown");
  log_raw(LogLevel::kNotice, "hidden");
  EXPECT_FALSE(log_enabled(LogLevel::kNotice));
  set_log_level(LogLevel::kNothing);
  log_warning("hidden");
  EXPECT_FALSE(log_enabled(LogLevel::kNothing));
  set_log_level(LogLevel::kVerbose);
  log_verbose("again");
  const auto lines = read_lines(file());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find("shown"), std::string::npos);
  EXPECT_NE(lines[1].find("again"), std::string::npos);
}

TEST_F(LogTest, RawTextHasNoPrefix) {
  open(LogLevel::kNotice);
  log_raw(LogLevel::kNotice, "a\nb");
  EXPECT_EQ(read_file(file()), "a\nb");
}

TEST_F(LogTest, FollowsARotation) {
  open(LogLevel::kNotice);
  log_notice("one");
  const int descriptor = log_descriptor();
  fs::rename(file(), directory_ / "server.log.1");
  log_notice("two");
  fs::remove(file());
  log_notice("three");
  EXPECT_NE(read_file(directory_ / "server.log.1").find("one"), std::string::npos);
  const auto lines = read_lines(file());
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("three"), std::string::npos);
  EXPECT_EQ(log_descriptor(), descriptor) << "the crash handler relies on it";
}

TEST_F(LogTest, AppendsToWhatIsThere) {
  std::ofstream(file()) << "old\n";
  open(LogLevel::kNotice);
  log_notice("new");
  const auto lines = read_lines(file());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "old");
}

TEST_F(LogTest, RefusesAFileThatCannotBeOpenedAndKeepsTheOldOne) {
  open(LogLevel::kNotice);
  LogOptions options;
  options.level = LogLevel::kDebug;
  options.file = (directory_ / "absent" / "x.log").string();
  EXPECT_EQ(configure_logging(options), "Can't open the log file: No such file or directory");
  options.file = directory_.string();
  EXPECT_EQ(configure_logging(options), "Can't open the log file: Is a directory");
  log_notice("still here");
  log_debug("not at this level");
  EXPECT_EQ(read_lines(file()).size(), 1u);
}

TEST_F(LogTest, SwitchesBetweenFileAndStandardOutput) {
  open(LogLevel::kNotice);
  EXPECT_FALSE(log_is_stdout());
  LogOptions options;
  options.syslog = true;
  options.syslog_ident = "spinel-test";
  ASSERT_EQ(configure_logging(options), std::nullopt);
  EXPECT_TRUE(log_is_stdout());
  testing::internal::CaptureStdout();
  log_notice("to stdout");
  EXPECT_NE(testing::internal::GetCapturedStdout().find(" * to stdout\n"), std::string::npos);
}

TEST_F(LogTest, ThreadsDoNotMixTheirLines) {
  open(LogLevel::kNotice);
  constexpr int kThreads = 4, kLines = 200;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < kLines; ++i) log_notice("thread {} {}", t, std::string(100, 'x'));
    });
  }
  for (auto& thread : threads) thread.join();
  const auto lines = read_lines(file());
  ASSERT_EQ(lines.size(), static_cast<size_t>(kThreads * kLines));
  const std::regex whole(R"(\d+:M .* \* thread \d x{100})");
  for (const auto& line : lines) ASSERT_TRUE(std::regex_match(line, whole)) << line;
}

TEST_F(LogTest, ForkedChildrenCanLogWhileAThreadDoes) {
  open(LogLevel::kNotice);
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) log_notice("parent");
  });
  for (int i = 0; i < 20; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(30);  // a child that inherited a locked mutex would hang
      set_log_role(LogRole::kChild);
      log_notice("child");
      ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  stop = true;
  busy.join();
  size_t from_children = 0;
  for (const auto& line : read_lines(file())) {
    from_children += line.find(":C ") != std::string::npos;
  }
  EXPECT_EQ(from_children, 20u);
}

}  // namespace
}  // namespace spinel::server
