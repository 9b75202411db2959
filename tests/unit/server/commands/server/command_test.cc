#include <gtest/gtest.h>
#include <string>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

std::string simple(std::string_view text) {
  return "+" + std::string(text) + "\r\n";
}
std::string header(char type, size_t count) {
  return type + std::to_string(count) + "\r\n";
}

TEST(CommandCommands, CountAndListAgree) {
  TestServer server;
  const size_t count = server.server.commands.size();
  EXPECT_EQ(server.run("COMMAND", "COUNT"), integer(static_cast<int64_t>(count)));
  // The list has the subcommands, too.
  EXPECT_TRUE(
      server.run("COMMAND", "LIST").starts_with(header('*', server.server.commands.id_count())));
  EXPECT_TRUE(server.run("COMMAND").starts_with(header('*', count)));
  EXPECT_EQ(server.run("COMMAND", "INFO"), server.run("COMMAND"));
  EXPECT_TRUE(server.run("COMMAND", "DOCS").starts_with(header('*', count * 2)));
}

TEST(CommandCommands, InfoInResp2) {
  TestServer server;
  EXPECT_EQ(
      server.run("COMMAND", "INFO", "Get"),
      array({header('*', 10) + bulk("get") + integer(2) +
             array({simple("readonly"), simple("fast")}) + integer(1) + integer(1) + integer(1) +
             array({simple("@read"), simple("@string"), simple("@fast")}) + array({}) +
             array({array({bulk("flags"), array({simple("RO"), simple("access")}),
                           bulk("begin_search"),
                           array({bulk("type"), bulk("index"), bulk("spec"),
                                  array({bulk("index"), integer(1)})}),
                           bulk("find_keys"),
                           array({bulk("type"), bulk("range"), bulk("spec"),
                                  array({bulk("lastkey"), integer(0), bulk("keystep"), integer(1),
                                         bulk("limit"), integer(0)})})})}) +
             array({})}));
}

TEST(CommandCommands, InfoInResp3) {
  TestServer server;
  server.run("HELLO", "3");
  EXPECT_EQ(server.run("COMMAND", "INFO", "command|count"),
            array({header('*', 10) + bulk("command|count") + integer(2) + "~2\r\n" +
                   simple("loading") + simple("stale") + integer(0) + integer(0) + integer(0) +
                   "~2\r\n" + simple("@slow") + simple("@connection") + "~0\r\n~0\r\n~0\r\n"}));
  const std::string container = server.run("COMMAND", "INFO", "command");
  EXPECT_NE(container.find("~1\r\n" + bulk("nondeterministic_output_order")), std::string::npos);
  EXPECT_NE(container.find("*7\r\n*10\r\n" + bulk("command|count")), std::string::npos);
  EXPECT_EQ(server.run("COMMAND", "INFO", "nothing"), "*1\r\n_\r\n");
}

TEST(CommandCommands, InfoHasNullsForUnknownNames) {
  TestServer server;
  EXPECT_EQ(server.run("COMMAND", "INFO", "nothing", "command|nothing", "get|x", ""),
            array({kNull, kNull, kNull, kNull}));
}

TEST(CommandCommands, Docs) {
  TestServer server;
  server.run("HELLO", "3");
  EXPECT_EQ(server.run("COMMAND", "DOCS", "command|list", "nothing"),
            "%1\r\n" + bulk("command|list") + "%5\r\n" + bulk("summary") +
                bulk("Lists the names of commands, all or those that pass a filter.") +
                bulk("since") + bulk("7.0.0") + bulk("group") + bulk("server") +
                bulk("complexity") + bulk("O(N)") + bulk("arguments") + "*1\r\n%5\r\n" +
                bulk("name") + bulk("filterby") + bulk("type") + bulk("oneof") + bulk("token") +
                bulk("FILTERBY") + bulk("flags") + "~1\r\n" + simple("optional") +
                bulk("arguments") + "*3\r\n" +  //
                "%4\r\n" + bulk("name") + bulk("module-name") + bulk("type") + bulk("string") +
                bulk("display_text") + bulk("module-name") + bulk("token") + bulk("MODULE") +
                "%4\r\n" + bulk("name") + bulk("category") + bulk("type") + bulk("string") +
                bulk("display_text") + bulk("category") + bulk("token") + bulk("ACLCAT") +  //
                "%4\r\n" + bulk("name") + bulk("pattern") + bulk("type") + bulk("pattern") +
                bulk("display_text") + bulk("pattern") + bulk("token") + bulk("PATTERN"));
  EXPECT_EQ(server.run("COMMAND", "DOCS", "nothing"), "%0\r\n");
}

TEST(CommandCommands, DocsHaveHistoryDeprecationAndSubcommands) {
  TestServer server;
  const std::string info = server.run("COMMAND", "DOCS", "command|info");
  EXPECT_NE(info.find(bulk("history") + "*1\r\n*2\r\n" + bulk("7.0.0") +
                      bulk("Without a name it describes all commands.")),
            std::string::npos);
  const std::string quit = server.run("COMMAND", "DOCS", "quit");
  EXPECT_NE(quit.find(bulk("doc_flags") + array({simple("deprecated")}) + bulk("deprecated_since") +
                      bulk("7.2.0") + bulk("replaced_by")),
            std::string::npos);
  const std::string container = server.run("COMMAND", "DOCS", "command");
  EXPECT_NE(container.find(bulk("subcommands") + "*14\r\n" + bulk("command|count") + "*8\r\n"),
            std::string::npos);
  // A key tells its specification.
  EXPECT_NE(server.run("COMMAND", "DOCS", "get").find(bulk("key_spec_index") + integer(0)),
            std::string::npos);
}

TEST(CommandCommands, ListFilters) {
  TestServer server;
  EXPECT_EQ(server.run("COMMAND", "LIST", "FILTERBY", "PATTERN", "COMMAND|[ci]*"),
            array({bulk("command|count"), bulk("command|info")}));
  EXPECT_EQ(server.run("COMMAND", "LIST", "FILTERBY", "PATTERN", "commands"), array({}));
  EXPECT_NE(server.run("COMMAND", "LIST", "filterby", "aclcat", "String").find(bulk("get")),
            std::string::npos);
  EXPECT_EQ(server.run("COMMAND", "LIST", "FILTERBY", "ACLCAT", "@string"), array({}));
  EXPECT_EQ(server.run("COMMAND", "LIST", "FILTERBY", "MODULE", "any"), array({}));
}

TEST(CommandCommands, ListRefusesOtherFilters) {
  TestServer server;
  const std::string syntax_error = error("ERR syntax error");
  EXPECT_EQ(server.run("COMMAND", "LIST", "x"), syntax_error);
  EXPECT_EQ(server.run("COMMAND", "LIST", "FILTERBY", "PATTERN"), syntax_error);
  EXPECT_EQ(server.run("COMMAND", "LIST", "FILTERBY", "NAME", "x"), syntax_error);
  EXPECT_EQ(server.run("COMMAND", "LIST", "x", "PATTERN", "x"), syntax_error);
  EXPECT_EQ(server.run("COMMAND", "LIST", "FILTERBY", "PATTERN", "x", "x"), syntax_error);
}

TEST(CommandCommands, GetKeys) {
  TestServer server;
  EXPECT_EQ(server.run("COMMAND", "GETKEYS", "GET", "a"), array({bulk("a")}));
  EXPECT_EQ(server.run("COMMAND", "GETKEYSANDFLAGS", "get", "a"),
            array({array({bulk("a"), array({simple("RO"), simple("access")})})}));
}

TEST(CommandCommands, GetKeysRefuses) {
  TestServer server;
  for (const char* subcommand : {"GETKEYS", "GETKEYSANDFLAGS"}) {
    EXPECT_EQ(server.run("COMMAND", subcommand, "nothing", "a"),
              error("ERR Invalid command specified"));
    EXPECT_EQ(server.run("COMMAND", subcommand, "command", "nothing"),
              error("ERR Invalid command specified"));
    EXPECT_EQ(server.run("COMMAND", subcommand, "ping"),
              error("ERR The command has no key arguments"));
    EXPECT_EQ(server.run("COMMAND", subcommand, "command", "count", "x", "y"),
              error("ERR The command has no key arguments"));
    EXPECT_EQ(server.run("COMMAND", subcommand, "get"),
              error("ERR Invalid number of arguments specified for command"));
    EXPECT_EQ(
        server.run("COMMAND", subcommand),
        error("ERR wrong number of arguments for 'command|" +
              std::string(subcommand == std::string("GETKEYS") ? "getkeys" : "getkeysandflags") +
              "' command"));
  }
}

TEST(CommandCommands, UnknownSubcommands) {
  TestServer server;
  EXPECT_EQ(server.run("command", "Nothing"),
            error("ERR unknown subcommand 'Nothing'. Try COMMAND HELP."));
  EXPECT_EQ(server.run("command", "a\r\nb"),
            error("ERR unknown subcommand 'a  b'. Try COMMAND HELP."));
}

TEST(CommandCommands, Help) {
  TestServer server;
  const std::string help = server.run("COMMAND", "HELP");
  EXPECT_TRUE(help.starts_with(
      "*17\r\n+COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n"));
  EXPECT_TRUE(help.ends_with("+HELP\r\n+    Prints this help.\r\n"));
}

}  // namespace
}  // namespace spinel::server
