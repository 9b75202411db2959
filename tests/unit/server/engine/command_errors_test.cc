#include "server/engine/command_errors.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace spinel::server {
namespace {

void handler(CommandContext&) {}

const CommandRow kRows[] = {
    {.name = "GET",
     .handler = handler,
     .arity = 2,
     .group = "string",
     .since = "1.0.0",
     .summary = "Reads."},
    {.name = "CONFIG", .arity = -2, .group = "server", .since = "2.0.0", .summary = "Groups."},
    {.name = "CONFIG GET",
     .handler = handler,
     .arity = -3,
     .group = "server",
     .since = "2.0.0",
     .summary = "Reads."},
};

class CommandErrorsTest : public testing::Test {
 protected:
  std::string unknown(std::vector<std::string_view> args) {
    return unknown_command_error(table_, args);
  }

  const CommandFamily family_{kRows};
  CommandTable table_{std::span(&family_, 1)};
};

TEST_F(CommandErrorsTest, UnknownCommandsEchoTheirArguments) {
  EXPECT_EQ(unknown({"foo"}), "ERR unknown command 'foo', with args beginning with: ");
  EXPECT_EQ(unknown({"FOO", "a", ""}),
            "ERR unknown command 'FOO', with args beginning with: 'a' '' ");
}

TEST_F(CommandErrorsTest, TheEchoIsBounded) {
  const auto times = [](char c, size_t count) { return std::string(count, c); };
  const std::string prefix = "ERR unknown command 'foo', with args beginning with: ";
  EXPECT_EQ(unknown({"foo", times('a', 200), "b"}), prefix + "'" + times('a', 128) + "' ");
  EXPECT_EQ(unknown({"foo", times('a', 120), times('b', 9), "c"}),
            prefix + "'" + times('a', 120) + "' 'bbbbb' ");
  EXPECT_EQ(unknown({"foo", times('a', 124), "bb", "c"}),
            prefix + "'" + times('a', 124) + "' 'b' ");
  EXPECT_EQ(unknown({"foo", times('a', 125), "bb", "c"}), prefix + "'" + times('a', 125) + "' ");
  EXPECT_EQ(unknown({times('f', 200)}),
            "ERR unknown command '" + times('f', 128) + "', with args beginning with: ");
  EXPECT_EQ(unknown({"config", times('x', 200)}),
            "ERR unknown subcommand '" + times('x', 128) + "'. Try CONFIG HELP.");
}

TEST_F(CommandErrorsTest, TheEchoStopsAtNul) {
  EXPECT_EQ(unknown({"foo", std::string_view("a\0b", 3), "c"}),
            "ERR unknown command 'foo', with args beginning with: 'a' 'c' ");
  EXPECT_EQ(unknown({std::string_view("f\0o", 3)}),
            "ERR unknown command 'f', with args beginning with: ");
}

TEST_F(CommandErrorsTest, UnknownSubcommandsNameTheContainerAsSent) {
  EXPECT_EQ(unknown({"config", "Foo", "bar"}), "ERR unknown subcommand 'Foo'. Try CONFIG HELP.");
  table_.rename("config", "cfg");
  EXPECT_EQ(unknown({"cfg", "foo"}), "ERR unknown subcommand 'foo'. Try CFG HELP.");
}

TEST_F(CommandErrorsTest, Arity) {
  EXPECT_EQ(wrong_arity_error(*table_.find("GET")),
            "ERR wrong number of arguments for 'get' command");
  EXPECT_EQ(wrong_arity_error(*table_.find_full("config|get")),
            "ERR wrong number of arguments for 'config|get' command");
}

}  // namespace
}  // namespace spinel::server
