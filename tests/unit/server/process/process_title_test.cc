#include "server/process/process_title.h"

#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>

#include "tests/unit/server/process/child.h"

namespace spinel::server {
namespace {

int main_argc;
char** main_argv;

// glibc hands main()'s arguments to constructors, too.
__attribute__((constructor)) void remember_arguments(int argc, char** argv, char**) {
  main_argc = argc;
  main_argv = argv;
}

ProcessTitleValues values() {
  ProcessTitleValues result;
  result.title = "spinel-server";
  result.listen_addr = "127.0.0.1:7913";
  result.port = 7913;
  return result;
}

TEST(ProcessTitle, DefaultTemplateLeavesNoSpaceAtTheEnd) {
  EXPECT_EQ(expand_process_title("{title} {listen-addr} {server-mode}", values()),
            "spinel-server 127.0.0.1:7913");
  ProcessTitleValues clustered = values();
  clustered.server_mode = "[cluster]";
  EXPECT_EQ(expand_process_title("{title} {listen-addr} {server-mode}", clustered),
            "spinel-server 127.0.0.1:7913 [cluster]");
}

TEST(ProcessTitle, KnowsAllVariables) {
  constexpr auto kAll =
      "{title} {config-file} {port} {tls-port} {unixsocket} {server-mode} {listen-addr} x";
  EXPECT_EQ(expand_process_title(kAll, values()), "spinel-server - 7913 0   127.0.0.1:7913 x");
  ProcessTitleValues full = values();
  full.config_file = "/etc/redis.conf";
  full.unixsocket = "/run/s";
  full.tls_port = 1;
  EXPECT_EQ(expand_process_title("{config-file}{unixsocket}{tls-port}}", full),
            "/etc/redis.conf/run/s1}");
}

TEST(ProcessTitle, RefusesBadTemplates) {
  for (const auto text : {"", "{foo} {title}", "{tit", "x {", "{}", "{ title}", "{Title}"}) {
    EXPECT_EQ(expand_process_title(text, values()), std::nullopt) << text;
  }
  EXPECT_EQ(expand_process_title("plain", values()), "plain");
  EXPECT_EQ(expand_process_title("{{title}} {{{port}", values()), "{title}} {7913");
  EXPECT_EQ(expand_process_title(" ", values()), "");
}

TEST(ProcessTitle, AreaEndsWhereTheStringsDo) {
  char memory[] = "prog\0-a\0X=1\0gap\0Y=2";
  char* arguments[] = {memory, memory + 5, nullptr};
  char* environment[] = {memory + 8, memory + 16, nullptr};  // Y=2 lies beyond a gap
  const ProcessTitleArea area(2, arguments, environment);
  EXPECT_EQ(area.capacity(), 11u);
  area.write("0123456789abcdef");
  EXPECT_EQ(std::string(memory, sizeof memory),
            std::string("0123456789a\0gap\0Y=2\0", sizeof memory));
  area.write("ab");
  EXPECT_EQ(std::string(memory, 12), std::string("ab\0\0\0\0\0\0\0\0\0\0", 12));
  ProcessTitleArea(0, arguments, environment).write("x");
  ProcessTitleArea().write("x");
  EXPECT_STREQ(memory, "ab");
}

TEST(ProcessTitle, ShowsInProcAndKeepsTheEnvironment) {
  ::setenv("SPINEL_TITLE_TEST", "kept", 1);
  const int status = test::run_in_child([] {
    const std::string name_before = program_invocation_short_name;
    const char* path = ::getenv("PATH");
    const std::string path_before = path ? path : "";
    init_process_title(main_argc, main_argv);
    set_process_title("spinel *:1");
    const std::string shown = test::read_file("/proc/self/cmdline");
    if (shown.substr(0, shown.find('\0')) != "spinel *:1") ::_exit(1);
    if (std::string(::getenv("SPINEL_TITLE_TEST")) != "kept") ::_exit(2);
    if ((::getenv("PATH") ? ::getenv("PATH") : "") != path_before) ::_exit(3);
    if (program_invocation_short_name != name_before) ::_exit(4);
    ::setenv("SPINEL_TITLE_TEST_2", "new", 1);
    if (std::string(::getenv("SPINEL_TITLE_TEST_2")) != "new") ::_exit(5);
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace spinel::server
