#include "persistence/file/file_system.h"

#include <cerrno>
#include <gtest/gtest.h>

#include "persistence/file/byte_sink.h"
#include "persistence/file/byte_source.h"
#include "persistence/file/replacement_file.h"
#include "tests/unit/persistence/scoped_fault_rules.h"
#include "tests/unit/persistence/temporary_directory.h"

namespace spinel::persistence {
namespace {

class FileSystem : public testing::Test {
 protected:
  TemporaryDirectory directory_;
};

TEST_F(FileSystem, WritesAndReadsInEachMode) {
  File file;
  const std::string path = directory_ / "a";
  ASSERT_TRUE(file.open(path, File::Mode::kCreate).ok());
  EXPECT_TRUE(file.write("hello").ok());
  EXPECT_TRUE(file.write_back(0, 5, true).ok());
  EXPECT_TRUE(file.sync().ok());
  ASSERT_TRUE(file.open(path, File::Mode::kAppend).ok());
  uint64_t written = 100;
  EXPECT_TRUE(file.write(" there", 6, written).ok());
  EXPECT_EQ(written, 106u);
  EXPECT_TRUE(file.sync_data().ok());
  EXPECT_TRUE(file.truncate(8).ok());
  EXPECT_TRUE(file.write("!").ok());
  EXPECT_TRUE(file.close().ok());
  EXPECT_EQ(directory_.read("a"), "hello th!");

  ASSERT_TRUE(file.open(path, File::Mode::kReadWrite).ok());
  char bytes[20];
  size_t read = 0;
  EXPECT_TRUE(file.seek(6).ok());
  EXPECT_TRUE(file.read(bytes, sizeof bytes, read).ok());
  EXPECT_EQ(std::string(bytes, read), "th!");
  EXPECT_EQ(file.position(), 9u);
  EXPECT_TRUE(file.read(bytes, sizeof bytes, read).ok());
  EXPECT_EQ(read, 0u);
  FileStatus status;
  EXPECT_TRUE(file.status(status).ok());
  EXPECT_EQ(status.size_bytes, 9u);

  ASSERT_TRUE(file.open(path, File::Mode::kCreate).ok());
  EXPECT_EQ(directory_.read("a"), "");
}

TEST_F(FileSystem, ErrorsNameOperationAndFile) {
  File file;
  EXPECT_EQ(file.open(directory_ / "none", File::Mode::kRead).text(),
            "open of " + (directory_ / "none") + " failed: No such file or directory");
  EXPECT_FALSE(file.is_open());
  EXPECT_EQ(remove_file(directory_ / "none").text(),
            "unlink of " + (directory_ / "none") + " failed: No such file or directory");
  EXPECT_EQ(rename_file(directory_ / "none", directory_ / "a").error, ENOENT);
  EXPECT_EQ(sync_directory(directory_ / "none").error, ENOENT);
  directory_.write("a", "x");
  EXPECT_EQ(make_directory(directory_ / "a").error, EEXIST);
}

TEST_F(FileSystem, DirectoriesAndStatus) {
  FileStatus status;
  EXPECT_TRUE(get_status(directory_ / "sub", status).ok());
  EXPECT_FALSE(status.exists);
  EXPECT_TRUE(make_directory(directory_ / "sub").ok());
  EXPECT_TRUE(make_directory(directory_ / "sub").ok());
  EXPECT_TRUE(get_status(directory_ / "sub", status).ok());
  EXPECT_TRUE(status.exists && status.is_directory && !status.is_regular);
  directory_.write("sub/a", "content");
  EXPECT_TRUE(get_status(directory_ / "sub/a", status).ok());
  EXPECT_TRUE(status.exists && !status.is_directory && status.is_regular);
  EXPECT_EQ(status.size_bytes, 7u);
  EXPECT_TRUE(sync_directory_of(directory_ / "sub/a").ok());
  EXPECT_EQ(directory_of("a"), ".");
  EXPECT_EQ(directory_of("/a"), "/");
  EXPECT_EQ(directory_of("x/y/a"), "x/y");
}

TEST_F(FileSystem, WholeFilesAreReadUpToABound) {
  const std::string content(200'000, 'x');
  directory_.write("a", content);
  std::string read = "old";
  EXPECT_TRUE(read_whole_file(directory_ / "a", content.size(), read).ok());
  EXPECT_EQ(read, content);
  EXPECT_EQ(read_whole_file(directory_ / "a", content.size() - 1, read).error, EFBIG);
}

TEST_F(FileSystem, EachOperationCanFail) {
  const std::string path = directory_ / "a";
  File file;
  ASSERT_TRUE(file.open(path, File::Mode::kCreate).ok());
  char byte;
  size_t read;
  const auto expect_failure = [&](std::string_view name, auto call) {
    ScopedFaultRules rules(std::string(name) + ":a:EIO:times=1");
    const FileError error = call();
    EXPECT_EQ(error.error, EIO) << name;
    EXPECT_NE(error.path.find(directory_.path()), std::string::npos) << name;
    EXPECT_EQ(fault_count(), 1u);
  };
  expect_failure("write", [&] { return file.write("x"); });
  expect_failure("fsync", [&] { return file.sync(); });
  expect_failure("fsync", [&] { return file.sync_data(); });
  expect_failure("writeback", [&] { return file.write_back(0, 1, true); });
  expect_failure("truncate", [&] { return file.truncate(0); });
  expect_failure("read", [&] { return file.read(&byte, 1, read); });
  expect_failure("rename", [&] { return rename_file(path, directory_ / "b"); });
  expect_failure("unlink", [&] { return remove_file(path); });
  expect_failure("mkdir", [&] { return make_directory(directory_ / "a-dir"); });
  EXPECT_FALSE(directory_.has("a-dir"));
  EXPECT_TRUE(directory_.has("a"));
  EXPECT_EQ(directory_.read("a"), "");
  expect_failure("open", [&] { return file.open(path, File::Mode::kRead); });
  EXPECT_FALSE(file.is_open());
  ASSERT_TRUE(make_directory(directory_ / "a-dir").ok());
  expect_failure("dirsync", [&] { return sync_directory(directory_ / "a-dir"); });
  expect_failure("dirsync", [&] { return sync_directory_of(directory_ / "a-dir/x"); });
}

TEST_F(FileSystem, AShortWriteLeavesHalf) {
  File file;
  ASSERT_TRUE(file.open(directory_ / "a", File::Mode::kCreate).ok());
  ScopedFaultRules rules("write::short:skip=1:times=1");
  EXPECT_TRUE(file.write("ab").ok());
  uint64_t written = 0;
  EXPECT_EQ(file.write("0123456789", 10, written).error, ENOSPC);
  EXPECT_EQ(written, 5u);
  EXPECT_TRUE(file.write("c").ok());
  EXPECT_EQ(directory_.read("a"), "ab01234c");
}

TEST_F(FileSystem, AShortReadGivesHalf) {
  directory_.write("a", "0123456789");
  File file;
  ASSERT_TRUE(file.open(directory_ / "a", File::Mode::kRead).ok());
  ScopedFaultRules rules("read::short");
  FileSource source(file);
  EXPECT_EQ(source.total_bytes(), 10u);
  char bytes[10];
  EXPECT_EQ(source.read(bytes, 10).bytes, 5u);
  EXPECT_EQ(source.read(bytes, 1).bytes, 1u);
}

TEST_F(FileSystem, ASinkReportsErrorsAndBacksUpItsWrites) {
  File file;
  ASSERT_TRUE(file.open(directory_ / "a", File::Mode::kCreate).ok());
  ScopedFaultRules rules("writeback:a:EIO:skip=3;write:a:ENOSPC:skip=6");
  FileSink sink(file, 10);
  const std::string piece(10, 'x');
  // The first call begins one range; each later one also waits for the range before.
  EXPECT_EQ(sink.write(piece.data(), piece.size()), 0);
  EXPECT_EQ(sink.write(piece.data(), piece.size()), 0);
  EXPECT_EQ(sink.write(piece.data(), piece.size()), EIO);
  FileSink plain(file);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(plain.write(piece.data(), piece.size()), 0);
  EXPECT_EQ(plain.write(piece.data(), piece.size()), ENOSPC);
}

TEST_F(FileSystem, AReplacementThatFailsLeavesTheOldFile) {
  for (const std::string_view operation : {"open", "fsync", "rename"}) {
    directory_.write("a", "old");
    ScopedFaultRules rules(std::string(operation) + ":temp-a:EIO");
    ReplacementFile file;
    FileError error = file.create(directory_ / "temp-a");
    if (error.ok()) error = file.file().write("new");
    if (error.ok()) error = file.commit(directory_ / "a");
    EXPECT_EQ(error.operation, operation);
    EXPECT_EQ(directory_.read("a"), "old");
  }
  EXPECT_FALSE(directory_.has("temp-a"));
  ScopedFaultRules rules("dirsync::EIO");
  ReplacementFile file;
  ASSERT_TRUE(file.create(directory_ / "temp-a").ok());
  EXPECT_EQ(file.commit(directory_ / "a").text(),
            "fsync of " + directory_.path() + " failed: Input/output error");
}

}  // namespace
}  // namespace spinel::persistence
