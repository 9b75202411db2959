#include "tests/support/fault_test.h"

#include <algorithm>
#include <filesystem>
#include <random>

namespace spinel::test {

const Reply kSnapshotRefusal = error(
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to "
    "disk. Commands that may modify the data set are disabled, because this instance is configured "
    "to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error "
    "option). Please check the Redis logs for details about the RDB error.");

void FaultTest::kill_and_start() {
  server().kill9();
  server().start();
  reconnect();
}

bool FaultTest::has_faults() {
  return run("CONFIG", "SET", "debug-file-faults", "") == ok();
}

void FaultTest::set_faults(const std::string& rules) {
  EXPECT_EQ(run("CONFIG", "SET", "debug-file-faults", rules), ok()) << rules;
}

bool FaultTest::wait_for_info(const std::string& field, const std::string& value) {
  return wait_until([&] { return info(field) == value; });
}

bool FaultTest::wait_for_reply(const std::vector<std::string>& command, const Reply& reply) {
  Reply last;
  const bool came = wait_until([&] {
    last = client().command(command);
    return last == reply;
  });
  EXPECT_TRUE(came) << command[0] << " is answered with " << last;
  return came;
}

void FaultTest::expect_log_line(const std::vector<std::string>& words) {
  const std::string log = server().log();
  if (log.find("Spinel") == std::string::npos) return;
  const std::vector<std::string> lines = split(log, '\n');
  const bool found = std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
      return line.find(word) != std::string::npos;
    });
  });
  std::string all;
  for (const std::string& word : words) all += " '" + word + "'";
  EXPECT_TRUE(found) << "no line with" << all << " in\n" << log;
}

std::vector<std::string> FaultTest::names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename();
    if (name != "server.log") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void FaultTest::expect_accepted(const std::string& program, const std::string& path) {
  const ProgramResult check = run_program({program, path});
  EXPECT_TRUE(check.status.clean()) << check.output;
}

std::string FaultTest::noise(std::size_t size) {
  std::mt19937_64 random(size);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

}  // namespace spinel::test
