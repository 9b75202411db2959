#include "server/config/launch.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace spinel::server {
namespace {

using Arguments = std::vector<std::string>;

std::string options_of(const Arguments& arguments) {
  const Launch launch = parse_command_line(arguments);
  EXPECT_EQ(launch.action, LaunchAction::kRun);
  return launch.sources.options;
}

TEST(Launch, TakesNothing) {
  const Launch launch = parse_command_line({});
  EXPECT_EQ(launch.action, LaunchAction::kRun);
  EXPECT_TRUE(launch.sources.file.empty());
  EXPECT_FALSE(launch.sources.read_stdin);
  EXPECT_TRUE(launch.sources.options.empty());
}

TEST(Launch, MakesLinesOfOptions) {
  EXPECT_EQ(options_of({"--port", "7000"}), "port \"7000\"");
  EXPECT_EQ(options_of({"--port", "7000", "--bind", "127.0.0.1", "-::1"}),
            "port \"7000\"\nbind \"127.0.0.1\" \"-::1\"");
  EXPECT_EQ(options_of({"--requirepass", "a\"b \\"}), "requirepass \"a\\\"b \\\\\"");
  EXPECT_EQ(options_of({"--timeout=5"}), "timeout=5");
}

TEST(Launch, TakesAValueThatLooksLikeAName) {
  EXPECT_EQ(options_of({"--requirepass", "--abc"}), "requirepass \"--abc\"");
  EXPECT_EQ(options_of({"--timeout", "--loglevel", "debug"}), "timeout \"--loglevel\" \"debug\"");
  EXPECT_EQ(options_of({"--bind", "a", "--port", "1"}), "bind \"a\"\nport \"1\"");
}

TEST(Launch, LetsSaveGoWithoutAValue) {
  EXPECT_EQ(options_of({"--save", "--port", "1"}), "save \"\"\nport \"1\"");
  EXPECT_EQ(options_of({"--SAVE", "--port", "1"}), "SAVE \"\"\nport \"1\"");
  EXPECT_EQ(options_of({"--save", "", "--port", "1"}), "save \"\"\nport \"1\"");
  EXPECT_EQ(options_of({"--save", "1", "2", "--port", "1"}), "save \"1\" \"2\"\nport \"1\"");
  EXPECT_EQ(options_of({"--port", "1", "--save"}), "port \"1\"\nsave");
}

TEST(Launch, TakesWordsWithoutANameAsALine) {
  EXPECT_EQ(options_of({"file", "timeout", "7", "--port", "1"}), "\"timeout\" \"7\"\nport \"1\"");
  EXPECT_EQ(options_of({"--port", "1", "--", "timeout", "5"}), "port \"1\"\n \"timeout\" \"5\"");
}

TEST(Launch, FindsTheFileAndStandardInput) {
  Launch launch = parse_command_line(Arguments{"/a/redis.conf", "--port", "1"});
  EXPECT_EQ(launch.sources.file, "/a/redis.conf");
  EXPECT_FALSE(launch.sources.read_stdin);
  launch = parse_command_line(Arguments{"-"});
  EXPECT_TRUE(launch.sources.read_stdin);
  EXPECT_TRUE(launch.sources.file.empty());
  launch = parse_command_line(Arguments{"-", "--port", "1"});
  EXPECT_TRUE(launch.sources.read_stdin);
  EXPECT_EQ(launch.sources.options, "port \"1\"");
  launch = parse_command_line(Arguments{"a.conf", "--port", "1", "-"});
  EXPECT_EQ(launch.sources.file, "a.conf");
  EXPECT_TRUE(launch.sources.read_stdin);
  EXPECT_EQ(launch.sources.options, "port \"1\"");
  launch = parse_command_line(Arguments{"--port", "-", "x"});
  EXPECT_FALSE(launch.sources.read_stdin);
  EXPECT_EQ(launch.sources.options, "port \"-\" \"x\"");
}

TEST(Launch, KnowsWhatEndsAtOnce) {
  for (const char* argument : {"-v", "--version"}) {
    EXPECT_EQ(parse_command_line(Arguments{argument, "x"}).action, LaunchAction::kPrintVersion);
  }
  for (const char* argument : {"-h", "--help"}) {
    EXPECT_EQ(parse_command_line(Arguments{argument}).action, LaunchAction::kPrintHelp);
  }
  EXPECT_EQ(parse_command_line(Arguments{"--check-system"}).action, LaunchAction::kCheckSystem);
  const Launch test = parse_command_line(Arguments{"--test-memory", "64"});
  EXPECT_EQ(test.action, LaunchAction::kTestMemory);
  EXPECT_EQ(test.test_memory_mb, 64);
  for (const Arguments& arguments :
       {Arguments{"--test-memory"}, Arguments{"--test-memory", "a"},
        Arguments{"--test-memory", "0"}, Arguments{"--test-memory", "1", "2"},
        Arguments{"a.conf", "--sentinel"}}) {
    const Launch launch = parse_command_line(arguments);
    EXPECT_EQ(launch.action, LaunchAction::kFail);
    EXPECT_FALSE(launch.message.empty());
  }
}

TEST(Launch, NamesTheVersions) {
  const std::string line = version_line();
  EXPECT_TRUE(line.starts_with("Spinel server v=7.2.4 sha=")) << line;
  EXPECT_TRUE(line.ends_with(" spinel=" SPINEL_VERSION)) << line;
  EXPECT_NE(help_text("./x").find("./x /etc/redis/redis.conf"), std::string::npos);
}

}  // namespace
}  // namespace spinel::server
