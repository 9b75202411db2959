#include "persistence/aof/manifest.h"

#include <gtest/gtest.h>

namespace spinel::persistence::aof {
namespace {

TEST(AofManifest, IsReadAndWrittenInRedisForm) {
  const std::string text =
      "file appendonly.aof.2.base.rdb seq 2 type b\n"
      "file appendonly.aof.1.incr.aof seq 1 type h\n"
      "file appendonly.aof.2.incr.aof seq 2 type i\n"
      "file appendonly.aof.3.incr.aof seq 3 type i\n";
  Manifest manifest;
  ManifestError error;
  ASSERT_TRUE(parse_manifest(text, manifest, error)) << error.cause;
  EXPECT_EQ(manifest.base, (ManifestFile{"appendonly.aof.2.base.rdb", 2}));
  ASSERT_EQ(manifest.history.size(), 1u);
  ASSERT_EQ(manifest.increments.size(), 2u);
  EXPECT_EQ(manifest.format(), text);
  const std::vector<ManifestFile> order = manifest.load_order();
  ASSERT_EQ(order.size(), 3u);
  EXPECT_EQ(order[0].name, "appendonly.aof.2.base.rdb");
  EXPECT_EQ(order[2].name, "appendonly.aof.3.incr.aof");
}

TEST(AofManifest, ToleratesWhatRedisTolerates) {
  const std::vector<std::string> texts = {
      "file a seq 1 type b\nfile c seq 3 type i\n",
      "# a comment\nfile a seq 1 type b\n#\nfile c seq 3 type i\n",
      "TYPE b Seq 1 fiLE a\ntype i file c seq 3\n",
      "  file\ta seq 1 type b  \r\nfile c seq 3 type i startoffset 5 endoffset 9\n",
      "file \"\\x61\" seq 1 type b\nfile 'c' seq 3 type i\n",
      "file a seq 1 type base foo bar\nfile c seq 3 type i\n",
      "file c seq 3 type i\nfile a seq 1 type b\n",
      "file a seq 1 type b x " + std::string(kMaxManifestLine - 23, 'y') +
          "\nfile c seq 3 type i\n",
  };
  for (const std::string& text : texts) {
    Manifest manifest;
    ManifestError error;
    EXPECT_TRUE(parse_manifest(text, manifest, error)) << text << error.cause;
    EXPECT_EQ(manifest.format(), "file a seq 1 type b\nfile c seq 3 type i\n") << text;
  }
}

TEST(AofManifest, ErrorsTellLineAndCause) {
  constexpr const char* kFormat = "Invalid AOF manifest file format";
  constexpr const char* kLong = "The AOF manifest file contains too long line";
  constexpr const char* kPath = "File can't be a path, just a filename";
  struct Case {
    std::string text;
    size_t line;
    std::string cause;
  };
  const std::vector<Case> cases = {
      {"", 0, "Found an empty AOF manifest"},
      {"file a seq 1 type b", 1, kLong},
      {"file a seq 1 type b\n#", 2, kLong},
      {"file a seq 1 type b x " + std::string(kMaxManifestLine - 22, 'y') + "\n", 1, kLong},
      {"#" + std::string(2000, 'y') + "\n", 1, kLong},
      {"\n", 1, kFormat},
      {"file a seq 1 type b\n\n", 2, kFormat},
      {"file a seq 1 type\n", 1, kFormat},
      {"file a seq 1 tip b\n", 1, kFormat},
      {"file a seq 0 type b\n", 1, kFormat},
      {"file a seq -1 type b\n", 1, kFormat},
      {"file a seq 99999999999999999999 type b\n", 1, kFormat},
      {"file a seq 1 type \"\"\n", 1, kFormat},
      {"file \"\" seq 1 type b\n", 1, kFormat},
      {"file \"a\\x00b\" seq 1 type b\n", 1, kFormat},
      {"file \"a seq 1 type b\n", 1, kFormat},
      {"file x/a seq 1 type b\n", 1, kPath},
      {"file \"x\\\\a\" seq 1 type b\n", 1, kPath},
      {"file .. seq 1 type b\n", 1, kPath},
      {"file a seq 1 type b\nfile c seq 2 type b\n", 2, "Found duplicate base file information"},
      {"file a seq 2 type i\nfile c seq 2 type i\n", 2, "Found a non-monotonic sequence number"},
      {"file a seq 1 type x\n", 1, "Unknown AOF file type"},
  };
  for (const Case& wrong : cases) {
    Manifest manifest;
    manifest.base = ManifestFile{"kept", 7};
    ManifestError error;
    EXPECT_FALSE(parse_manifest(wrong.text, manifest, error)) << wrong.text;
    EXPECT_EQ(error.line, wrong.line) << wrong.text;
    EXPECT_EQ(error.cause, wrong.cause) << wrong.text;
    EXPECT_EQ(manifest.format(), "file kept seq 7 type b\n");
  }
}

TEST(AofManifest, OddNamesAreQuoted) {
  for (const std::string name : {"a b", "a\"b", "a'b", "tab\t", "\xff", "new\nline"}) {
    Manifest manifest;
    manifest.base = ManifestFile{name, 1};
    manifest.add_increment(name);
    Manifest read;
    ManifestError error;
    ASSERT_TRUE(parse_manifest(manifest.format(), read, error)) << manifest.format();
    EXPECT_EQ(read, manifest);
  }
}

TEST(AofManifest, ARewriteTakesTheManifestThroughItsStates) {
  Manifest manifest;
  manifest.replace_base(manifest.next_base("f", true), 0);
  manifest.add_increment("f");
  EXPECT_EQ(manifest.format(), "file f.1.base.rdb seq 1 type b\nfile f.1.incr.aof seq 1 type i\n");
  // A rewrite starts, fails and starts again.
  manifest.add_increment("f");
  EXPECT_EQ(manifest.add_increment("f").name, "f.3.incr.aof");
  manifest.replace_base(manifest.next_base("f", false), 1);
  EXPECT_EQ(manifest.format(),
            "file f.2.base.aof seq 2 type b\n"
            "file f.1.base.rdb seq 1 type h\n"
            "file f.1.incr.aof seq 1 type h\n"
            "file f.2.incr.aof seq 2 type h\n"
            "file f.3.incr.aof seq 3 type i\n");
}

TEST(AofManifest, NewFilesNeverTakeListedNames) {
  Manifest manifest;
  manifest.history = {{"f.1.base.rdb", 1}, {"f.2.base.rdb", 2}, {"f.1.incr.aof", 1}};
  EXPECT_EQ(manifest.next_base("f", true), (ManifestFile{"f.3.base.rdb", 3}));
  EXPECT_EQ(manifest.add_increment("f"), (ManifestFile{"f.2.incr.aof", 2}));
}

}  // namespace
}  // namespace spinel::persistence::aof
