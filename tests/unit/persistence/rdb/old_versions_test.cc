// Files of all versions, made by a script that shares no code with the server.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "tests/unit/persistence/rdb/support.h"
#include "tests/unit/server/config/source_tree.h"

namespace spinel::persistence::rdb {
namespace {

using test::DataSet;

std::string read(const std::filesystem::path& path) {
  std::stringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

// A directory that is removed with what is in it.
class Directory {
 public:
  Directory() {
    std::string path = std::filesystem::temp_directory_path() / "spinel-rdb-XXXXXX";
    path_ = ::mkdtemp(path.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(RdbOldVersions, HaveTheContentsThatTheyWereMadeWith) {
  const Directory directory;
  const std::string script = server::source_tree() / "tests/corpus/make_rdb.py";
  const std::string command = "python3 '" + script + "' '" + directory.path().string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
    if (file.path().extension() != ".rdb") continue;
    ++files;
    const std::string name = file.path().filename();
    const std::string expected = read(std::filesystem::path(file.path()).replace_extension(".txt"));
    ASSERT_FALSE(expected.empty()) << name;
    DataSet loaded;
    const LoadResult result = loaded.load(read(file.path()));
    ASSERT_TRUE(result.ok) << name << " " << result.error.offset << ": " << result.error.cause;
    EXPECT_EQ(loaded.contents(), expected) << name;
    // And in the newest version, as we write it.
    DataSet again;
    ASSERT_TRUE(again.load(loaded.save()).ok) << name;
    EXPECT_EQ(again.contents(), expected) << name;
  }
  EXPECT_EQ(files, 13);
}

}  // namespace
}  // namespace spinel::persistence::rdb
