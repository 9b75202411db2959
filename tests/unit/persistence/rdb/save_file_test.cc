#include "persistence/rdb/save_file.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "tests/unit/persistence/rdb/support.h"
#include "tests/unit/persistence/scoped_fault_rules.h"

namespace spinel::persistence::rdb {
namespace {

using test::DataSet;
using test::RecordingObserver;

class SaveFile : public testing::Test {
 protected:
  SaveFile() {
    std::string name = (std::filesystem::temp_directory_path() / "spinel-save-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~SaveFile() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  static std::string content(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string directory_;
};

TEST_F(SaveFile, ReplacesTheOldFileAndLoads) {
  DataSet data;
  for (int i = 0; i < 100'000; ++i) data.set("key:" + std::to_string(i), std::string(100, 'x'));
  std::ofstream(path("dump.rdb")) << "old";
  SaveOptions options;
  options.compress = false;
  const SaveFileResult saved =
      save_file(data.keyspace, path("dump.rdb"), path("temp-1.rdb"), options, true);
  ASSERT_TRUE(saved.error.ok()) << saved.error.text();
  EXPECT_EQ(saved.saved.keys, 100'000u);
  EXPECT_EQ(saved.saved.bytes, std::filesystem::file_size(path("dump.rdb")));
  EXPECT_FALSE(std::filesystem::exists(path("temp-1.rdb")));

  DataSet loaded;
  RecordingObserver observer;
  const LoadResult result = load_file(path("dump.rdb"), loaded.keyspace, loaded.options, observer);
  ASSERT_TRUE(result.ok) << result.error.cause;
  EXPECT_EQ(loaded.contents(), data.contents());
  EXPECT_GE(observer.progress.size(), 3u);
}

TEST_F(SaveFile, AnErrorLeavesTheOldFileAndNothingElse) {
  DataSet data;
  data.set("a", "b");
  std::ofstream(path("dump.rdb")) << "old";
  SaveOptions options;
  options.progress = [](uint64_t, uint64_t) { return false; };
  options.progress_every_bytes = 0;
  SaveFileResult saved =
      save_file(data.keyspace, path("dump.rdb"), path("temp-1.rdb"), options, true);
  EXPECT_EQ(saved.error.error, ECANCELED);
  EXPECT_STREQ(saved.error.operation, "write");
  EXPECT_EQ(content(path("dump.rdb")), "old");
  EXPECT_FALSE(std::filesystem::exists(path("temp-1.rdb")));

  saved = save_file(data.keyspace, path("dump.rdb"), path("none/temp-1.rdb"), {}, true);
  EXPECT_EQ(saved.error.text(),
            "open of " + path("none/temp-1.rdb") + " failed: No such file or directory");
  // A directory cannot be replaced by a file.
  std::filesystem::create_directory(path("taken"));
  saved = save_file(data.keyspace, path("taken"), path("temp-1.rdb"), {}, true);
  EXPECT_STREQ(saved.error.operation, "rename");
  EXPECT_FALSE(std::filesystem::exists(path("temp-1.rdb")));
}

TEST_F(SaveFile, EachStepThatFailsLeavesTheOldFileAndNothingElse) {
  DataSet data;
  data.set("a", "b");
  for (const std::string_view rule :
       {"open:temp-1:EACCES", "write:temp-1:short", "fsync:temp-1:EIO", "rename:temp-1:EXDEV"}) {
    std::ofstream(path("dump.rdb")) << "old";
    ScopedFaultRules rules(rule);
    const SaveFileResult saved =
        save_file(data.keyspace, path("dump.rdb"), path("temp-1.rdb"), {}, true);
    EXPECT_FALSE(saved.error.ok()) << rule;
    EXPECT_EQ(rule.substr(0, rule.find(':')), saved.error.operation);
    EXPECT_EQ(content(path("dump.rdb")), "old") << rule;
    EXPECT_FALSE(std::filesystem::exists(path("temp-1.rdb"))) << rule;
  }
}

TEST_F(SaveFile, AFullDiskIsAnError) {
  File file;
  if (!file.open("/dev/full", File::Mode::kAppend).ok()) GTEST_SKIP() << "no /dev/full";
  FileSink sink(file);
  DataSet data;
  data.set("a", "b");
  EXPECT_EQ(save(data.keyspace, sink, {}).error, ENOSPC);
}

TEST_F(SaveFile, FilesThatCannotBeReadAreErrors) {
  DataSet data;
  RecordingObserver observer;
  LoadResult result = load_file(path("none"), data.keyspace, data.options, observer);
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.error.cause, "open failed: No such file or directory");
  result = load_file(directory_, data.keyspace, data.options, observer);
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.error.cause, "read failed: Is a directory");
}

}  // namespace
}  // namespace spinel::persistence::rdb
