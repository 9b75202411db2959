#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/support/aof_files.h"
#include "tests/support/server_test.h"
#include "tests/support/small_disk.h"

namespace spinel::test {

/// A test of a server whose files fail.
class FaultTest : public OwnServerTest {
 protected:
  /// Mounts a disk that lives until the server has ended.
  SmallDisk& mount(int size_kb) { return disk_.emplace(size_kb); }
  /// A directory that lives until the server has ended.
  const TempDir& spare_directory() const { return spare_directory_; }
  /// Ends the server with SIGKILL and starts it again.
  void kill_and_start();
  /// Whether operations on files can be made to fail. redis-server cannot do that.
  bool has_faults();
  /// Replaces the rules of debug-file-faults.
  void set_faults(const std::string& rules);
  bool wait_for_info(const std::string& field, const std::string& value);
  /// Waits until a command is answered with `reply`.
  bool wait_for_reply(const std::vector<std::string>& command, const Reply& reply);
  /// One line of the log has all of these words. Only the words of our own log are known.
  void expect_log_line(const std::vector<std::string>& words);
  /// The names of files in a directory, in order, without the log.
  static std::vector<std::string> names_in(const std::string& directory);
  /// A program of Redis finds a file in order.
  static void expect_accepted(const std::string& program, const std::string& path);
  /// Text that cannot be compressed.
  static std::string noise(std::size_t size);

 private:
  std::optional<SmallDisk> disk_;
  TempDir spare_directory_;
};

extern const Reply kSnapshotRefusal;

}  // namespace spinel::test

#define SKIP_WITHOUT_FAULTS() \
  if (!has_faults()) GTEST_SKIP() << "the files of this server cannot be made to fail"
