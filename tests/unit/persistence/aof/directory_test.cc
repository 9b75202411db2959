#include "persistence/aof/directory.h"

#include <cerrno>
#include <filesystem>
#include <gtest/gtest.h>

#include "tests/unit/persistence/scoped_fault_rules.h"
#include "tests/unit/persistence/temporary_directory.h"

namespace spinel::persistence::aof {
namespace {

constexpr const char* kManifest = "aof/f.manifest";

class AofDirectory : public testing::Test {
 protected:
  AofDirectory() : location_{directory_.path(), "aof", "f"} {
    manifest_.base = ManifestFile{"f.1.base.rdb", 1};
    manifest_.add_increment("f");
  }

  // The files of `manifest_` and its manifest.
  void fill() {
    ASSERT_TRUE(write_manifest(location_, manifest_).ok());
    directory_.write("aof/f.1.base.rdb", "base");
    directory_.write("aof/f.1.incr.aof", "increment");
  }

  TemporaryDirectory directory_;
  Location location_;
  Manifest manifest_;
};

TEST_F(AofDirectory, NothingIsThereAtFirst) {
  EXPECT_EQ(read_directory(location_).kind, DirectoryState::Kind::kNothing);
  std::filesystem::create_directory(directory_ / "aof");
  EXPECT_EQ(read_directory(location_).kind, DirectoryState::Kind::kNothing);
}

TEST_F(AofDirectory, TheManifestIsReadBack) {
  fill();
  const DirectoryState state = read_directory(location_);
  EXPECT_EQ(state.kind, DirectoryState::Kind::kManifest);
  EXPECT_EQ(state.manifest, manifest_);
  EXPECT_FALSE(directory_.has("aof/temp-f.manifest"));
  AofSizes sizes;
  EXPECT_TRUE(measure_files(location_, manifest_, sizes).ok());
  EXPECT_EQ(sizes.base_bytes, 4u);
  EXPECT_EQ(sizes.total_bytes, 13u);
  std::filesystem::remove(directory_ / "aof/f.1.incr.aof");
  EXPECT_EQ(measure_files(location_, manifest_, sizes).text(),
            "open of " + location_.path("f.1.incr.aof") + " failed: No such file or directory");
}

TEST_F(AofDirectory, AWrongOrUnreadableManifestIsAnError) {
  fill();
  directory_.write(kManifest, "file f seq 0 type b\n");
  DirectoryState state = read_directory(location_);
  EXPECT_EQ(state.kind, DirectoryState::Kind::kBad);
  EXPECT_EQ(state.manifest_error.line, 1u);
  EXPECT_EQ(state.manifest_error.content, "file f seq 0 type b");
  ScopedFaultRules rules("read:f.manifest:EIO");
  state = read_directory(location_);
  EXPECT_EQ(state.kind, DirectoryState::Kind::kFailed);
  EXPECT_EQ(state.file_error.error, EIO);
}

TEST_F(AofDirectory, EachStepOfWritingThatFailsLeavesTheOldManifest) {
  fill();
  const std::string old = directory_.read(kManifest);
  Manifest next = manifest_;
  next.add_increment("f");
  for (const std::string_view rule :
       {"open:temp-f.manifest:EACCES", "write:temp-f.manifest:ENOSPC",
        "write:temp-f.manifest:short", "fsync:temp-f.manifest:EIO", "rename:f.manifest:EIO"}) {
    ScopedFaultRules rules(rule);
    const FileError error = write_manifest(location_, next);
    EXPECT_EQ(rule.substr(0, rule.find(':')), error.operation);
    EXPECT_EQ(directory_.read(kManifest), old) << rule;
    EXPECT_FALSE(directory_.has("aof/temp-f.manifest")) << rule;
  }
  {
    ScopedFaultRules rules("dirsync:/aof:EIO");
    EXPECT_EQ(write_manifest(location_, next).error, EIO);
  }
  EXPECT_TRUE(write_manifest(location_, next).ok());
  EXPECT_EQ(directory_.read(kManifest), next.format());
}

TEST_F(AofDirectory, ADirectoryThatCannotBeMadeIsAnError) {
  for (const std::string_view rule : {"mkdir:/aof:EROFS", "dirsync::EROFS"}) {
    ScopedFaultRules rules(rule);
    EXPECT_EQ(write_manifest(location_, manifest_).error, EROFS);
    EXPECT_FALSE(directory_.has(kManifest));
  }
}

TEST_F(AofDirectory, AnOldFileIsAdoptedWhateverStepFails) {
  for (const std::string_view rule :
       {"", "mkdir:/aof:EIO", "write:manifest:EIO", "rename:manifest:EIO", "rename:/f -> :EIO",
        "dirsync:/aof:EIO:times=1"}) {
    std::filesystem::remove_all(directory_ / "aof");
    directory_.write("f", "old content");
    DirectoryState state = read_directory(location_);
    ASSERT_EQ(state.kind, DirectoryState::Kind::kOldFile) << rule;
    EXPECT_EQ(state.manifest.format(), "file f seq 1 type b\n");
    {
      ScopedFaultRules rules(rule);
      EXPECT_EQ(adopt_old_file(location_, state.manifest).ok(), rule.empty()) << rule;
      EXPECT_TRUE(directory_.read("f") == "old content" ||
                  directory_.read("aof/f") == "old content");
    }
    if (!rule.empty()) {
      state = read_directory(location_);
      ASSERT_EQ(state.kind, DirectoryState::Kind::kOldFile) << rule;
      EXPECT_TRUE(adopt_old_file(location_, state.manifest).ok());
    }
    EXPECT_FALSE(directory_.has("f"));
    EXPECT_EQ(directory_.read("aof/f"), "old content");
    state = read_directory(location_);
    EXPECT_EQ(state.kind, DirectoryState::Kind::kManifest);
    EXPECT_EQ(state.manifest.format(), "file f seq 1 type b\n");
  }
}

TEST_F(AofDirectory, AnOldFileBesideAManifestIsIgnored) {
  fill();
  directory_.write("f", "old content");
  EXPECT_EQ(read_directory(location_).kind, DirectoryState::Kind::kManifest);
  // The base has the name, but there is more: adopting is long done.
  directory_.write(kManifest, "file f seq 1 type b\nfile f.1.incr.aof seq 1 type i\n");
  EXPECT_EQ(read_directory(location_).kind, DirectoryState::Kind::kManifest);
  std::filesystem::remove_all(directory_ / "aof");
  std::filesystem::remove(directory_ / "f");
  std::filesystem::create_directory(directory_ / "f");
  EXPECT_EQ(read_directory(location_).kind, DirectoryState::Kind::kNothing);
}

TEST_F(AofDirectory, HistoryIsDeletedAndThenForgotten) {
  fill();
  manifest_.replace_base(ManifestFile{"f.2.base.rdb", 2}, 0);
  manifest_.add_increment("f");
  directory_.write("aof/f.2.base.rdb", "base");
  ASSERT_TRUE(write_manifest(location_, manifest_).ok());
  {
    ScopedFaultRules rules("unlink:incr:EACCES");
    EXPECT_EQ(delete_history(location_, manifest_).error, EACCES);
  }
  EXPECT_FALSE(directory_.has("aof/f.1.base.rdb"));
  EXPECT_TRUE(directory_.has("aof/f.1.incr.aof"));
  ASSERT_EQ(manifest_.history.size(), 1u);
  EXPECT_EQ(directory_.read(kManifest), manifest_.format());
  // One that is gone already, after a crash, is no error.
  std::filesystem::remove(directory_ / "aof/f.1.incr.aof");
  EXPECT_TRUE(delete_history(location_, manifest_).ok());
  EXPECT_EQ(directory_.read(kManifest),
            "file f.2.base.rdb seq 2 type b\nfile f.2.incr.aof seq 2 type i\n");
  EXPECT_TRUE(directory_.has("aof/f.2.base.rdb"));
  ScopedFaultRules rules("write::EIO");
  EXPECT_TRUE(delete_history(location_, manifest_).ok());
}

}  // namespace
}  // namespace spinel::persistence::aof
