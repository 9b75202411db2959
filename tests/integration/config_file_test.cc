// Configuration from files, the command line and stdin, and CONFIG.

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sched.h>
#include <sys/resource.h>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using ConfigTest = ServerTest;
using ConfigFileTest = OwnServerTest;

Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}
Reply set_failed(const std::string& option, const std::string& why) {
  return error("ERR CONFIG SET failed (possibly related to argument '" + option + "') - " + why);
}

// --- at the start ---

TEST_F(ConfigFileTest, ValuesOfAFile) {
  start({.config = "# A comment, then an empty line and one of blanks\n"
                   "\n"
                   "   \n"
                   "  HZ   25  \n"
                   "maxmemory 100mb\n"
                   "maxmemory-policy allkeys-lru\n"
                   "client-output-buffer-limit normal 1mb 2mb 60\n"
                   "client-output-buffer-limit pubsub 3mb 4mb 61\n"
                   "slowlog-max-len 77\n"
                   "latency-tracking-info-percentiles 50 99.5\n"
                   "proc-title-template 'single quoted'\n"
                   "tcp-keepalive 10\n"
                   "tcp-keepalive 20\n"});
  EXPECT_EQ(config("hz"), "25");
  EXPECT_EQ(config("maxmemory"), "104857600");
  EXPECT_EQ(config("maxmemory-policy"), "allkeys-lru");
  EXPECT_EQ(config("client-output-buffer-limit"),
            "normal 1048576 2097152 60 slave 268435456 67108864 60 pubsub 3145728 4194304 61");
  EXPECT_EQ(config("slowlog-max-len"), "77");
  EXPECT_EQ(config("latency-tracking-info-percentiles"), "50 99.5");
  EXPECT_EQ(config("proc-title-template"), "single quoted");
  EXPECT_EQ(config("tcp-keepalive"), "20") << "the last one counts";
  EXPECT_EQ(info("config_file"), server().config_path());
  EXPECT_EQ(info("hz"), "25");
}

TEST_F(ConfigFileTest, QuotedValues) {
  start({.config = "requirepass \"pass word\\x21\\n\"\n"});
  EXPECT_EQ(run("AUTH", "pass word!\n"), ok());
  EXPECT_EQ(config("requirepass"), "pass word!\n");
}

TEST_F(ConfigFileTest, IncludedFiles) {
  const TempDir directory;
  write_file(directory.file("one.conf"), "hz 31\nmaxclients 500\n");
  write_file(directory.file("two.conf"), "slowlog-max-len 5\n");
  start({.config = "include " + directory.file("one.conf") + "\nmaxclients 600\ninclude " +
                   directory.path() + "/tw*.conf\n"});
  EXPECT_EQ(config("hz"), "31");
  EXPECT_EQ(config("maxclients"), "600");
  EXPECT_EQ(config("slowlog-max-len"), "5");
}

TEST_F(ConfigFileTest, TheCommandLineGoesOverTheFile) {
  start({.config = "hz 25\nmaxmemory 1mb\n",
         .arguments = {"--hz", "26", "--maxmemory-policy", "volatile-ttl", "--save", "60", "1",
                       "--latency-tracking-info-percentiles", "50 90"}});
  EXPECT_EQ(config("hz"), "26");
  EXPECT_EQ(config("maxmemory"), "1048576");
  EXPECT_EQ(config("maxmemory-policy"), "volatile-ttl");
  EXPECT_EQ(config("latency-tracking-info-percentiles"), "50 90");
}

/// Runs a server that cannot start and expects the reason in its output.
void expect_refusal(const std::vector<std::string>& arguments, const std::string& input,
                    const std::vector<std::string>& reasons) {
  std::vector<std::string> command{server_binary()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const ProgramResult result = run_program(command, input);
  std::string shown;
  for (const std::string& word : command) shown += word + " ";
  SCOPED_TRACE(shown + "\n" + input);
  EXPECT_TRUE(result.status.exited) << result.status.to_string();
  EXPECT_EQ(result.status.code, 1);
  for (const std::string& reason : reasons) {
    EXPECT_NE(result.output.find(reason), std::string::npos) << "'" << reason << "' is not in:\n"
                                                             << result.output;
  }
}

TEST_F(ConfigFileTest, BadFilesAreRefusedWithTheLine) {
  struct BadLine {
    std::string line;
    std::string reason;
  };
  const std::string fatal = "FATAL CONFIG FILE ERROR";
  const BadLine lines[] = {
      {"bogus 1", "Bad directive or wrong number of arguments"},
      {"hz", "wrong number of arguments"},
      {"hz 10 20", "wrong number of arguments"},
      {"hz ten", "argument couldn't be parsed into an integer"},
      {"port 70000", "argument must be between 0 and 65535 inclusive"},
      {"databases 0", "argument must be between 1 and 2147483647 inclusive"},
      {"maxmemory 1xb", "argument must be a memory value"},
      {"daemonize maybe", "argument must be 'yes' or 'no'"},
      {"maxmemory-policy bogus", "argument(s) must be one of the following: volatile-lru"},
      {"loglevel bogus", "argument(s) must be one of the following: debug"},
      {"requirepass \"open", "Unbalanced quotes in configuration line"},
      {"dir /nonexistent", "No such file or directory"},
      {"client-output-buffer-limit bogus 1 2 3", "client-output-buffer-limit"},
      {"save x", "Invalid save parameters"},
  };
  const TempDir directory;
  const std::string path = directory.file("bad.conf");
  for (const BadLine& bad : lines) {
    write_file(path, "# first line\nport 0\n" + bad.line + "\n");
    expect_refusal({path}, "",
                   {fatal, "Reading the configuration from " + path + ", at line 3",
                    ">>> '" + bad.line + "'", bad.reason});
    expect_refusal({"-"}, "# first line\nport 0\n" + bad.line + "\n",
                   {"Reading the configuration from standard input up to its end", fatal,
                    "Reading the configuration from standard input, at line 3", bad.reason});
  }
}

TEST_F(ConfigFileTest, BadCommandLinesAreRefused) {
  const std::string fatal = "FATAL CONFIG FILE ERROR";
  expect_refusal({"--port", "x"}, "",
                 {fatal, "Reading the options of the command line", ">>> 'port \"x\"'",
                  "argument couldn't be parsed into an integer"});
  expect_refusal({"--bogus", "1"}, "", {fatal, "Bad directive or wrong number of arguments"});
  expect_refusal({"--port"}, "", {fatal, "wrong number of arguments"});
  expect_refusal({"/nonexistent/x.conf"}, "", {"can't open config file '/nonexistent/x.conf'"});
  expect_refusal({"--port", "0", "--logfile", "/nonexistent/x"}, "", {"Can't open the log file"});
  expect_refusal({"--port", "0"}, "", {"nothing to listen on"});
  expect_refusal({"--port", "0", "--unixsocket", "/nonexistent/s"}, "", {"nix socket"});
}

TEST_F(ConfigFileTest, WhatALibraryThrowsEndsInOneLine) {
  const TempDir directory;
  const std::string path = directory.file(std::string(108 - directory.file("").size(), 's'));
  ASSERT_EQ(path.size(), 108U);
  expect_refusal({"--port", "0", "--unixsocket", path}, "", {"has 108 bytes", "under 108"});
  start_with({"--unixsocket", path.substr(0, 107)});
  EXPECT_EQ(RawConnection::unix_socket(path.substr(0, 107)).run("PING"), status("PONG"));

  const auto shell = [](const std::string& script) {
    return run_program({"/bin/sh", "-c", script, server_binary()});
  };
  const ProgramResult gone = shell("mkdir gone && cd gone && rmdir ../gone && exec \"$0\" x.conf");
  EXPECT_EQ(gone.status.code, 1) << gone.status.to_string();
  EXPECT_NE(gone.output.find("can't open config file 'x.conf'"), std::string::npos) << gone.output;
  for (const std::string arguments : {"--version", "--help", "--check-system", "--test-memory x"}) {
    const ProgramResult full = shell("exec \"$0\" " + arguments + " >/dev/full 2>&1");
    EXPECT_TRUE(full.status.exited) << arguments << ": " << full.status.to_string();
  }
}

TEST_F(ConfigFileTest, AMissingIncludeIsRefused) {
  const TempDir directory;
  write_file(directory.file("a.conf"), "include /nonexistent/b.conf\n");
  expect_refusal({directory.file("a.conf")}, "", {"/nonexistent/b.conf"});
}

TEST_F(ConfigFileTest, AnAddressThatIsNotOursIsRefusedUnlessOptional) {
  const ReservedPort port;
  expect_refusal({"--port", std::to_string(port.number()), "--bind", "192.0.2.77"}, "",
                 {"192.0.2.77"});
}

TEST_F(ConfigFileTest, AUsedPortIsRefused) {
  start();
  expect_refusal({"--port", std::to_string(server().port()), "--bind", "127.0.0.1"}, "",
                 {"Address already in use"});
}

TEST_F(ConfigFileTest, VersionAndHelp) {
  for (const char* option : {"--version", "-v"}) {
    const ProgramResult version = run_program({server_binary(), option});
    EXPECT_TRUE(version.status.clean()) << version.status.to_string();
    const std::regex line(
        "\\w+ server v=7\\.\\d+\\.\\d+ sha=[0-9a-f]{8}:[01] malloc=\\S+ bits=64 "
        "build=[0-9a-f]+.*\n");
    EXPECT_TRUE(std::regex_match(version.output, line)) << version.output;
  }
  const ProgramResult help = run_program({server_binary(), "--help"});
  EXPECT_TRUE(help.status.exited);
  EXPECT_NE(help.output.find("Usage:"), std::string::npos) << help.output;
  EXPECT_NE(help.output.find("--port"), std::string::npos) << help.output;
}

TEST_F(ConfigFileTest, RenamesThatWouldDoNothingAreRefused) {
  const std::string fatal = "FATAL CONFIG FILE ERROR";
  const TempDir directory;
  const std::string path = directory.file("renames.conf");
  write_file(path, "port 0\nrename-command FLUSHALLL \"\"\n");
  expect_refusal({path}, "",
                 {fatal, "at line 2", ">>> 'rename-command FLUSHALLL \"\"'",
                  "No such command in rename-command"});
  write_file(path, "port 0\nrename-command FLUSHALL GET\n");
  expect_refusal({path}, "", {fatal, "at line 2", "Target command name already exists"});
}

TEST_F(ConfigFileTest, CommandsMayBeRenamedAndTakenAway) {
  start({.config = "rename-command GET fetch\nrename-command ECHO \"\"\n"});
  expect_session(
      {{"SET key value", ok()},
       {"FETCH key", bulk("value")},
       {"GET key", error("ERR unknown command 'GET', with args beginning with: 'key' ")},
       {"ECHO hello", error("ERR unknown command 'ECHO', with args beginning with: 'hello' ")}});
}

// --- CONFIG ---

TEST_F(ConfigTest, Get) {
  expect_session({{"CONFIG GET maxmemory", bulks({"maxmemory", "0"})},
                  {"CONFIG GET no-such-option", array({})},
                  {"CONFIG GET MAXMEMORY", bulks({"MAXMEMORY", "0"})},
                  {"CONFIG GET hz hz", bulks({"hz", "10"})},
                  {"CONFIG GET", wrong_arity("config|get")},
                  {"CONFIG", wrong_arity("config")},
                  {"CONFIG BOGUS", error("ERR unknown subcommand 'BOGUS'. Try CONFIG HELP.")}});
  const Reply several = line("CONFIG GET maxmemory-s* databases");
  EXPECT_EQ(several.elements.size(), 4U) << several;
  EXPECT_EQ(several.at("maxmemory-samples"), bulk("5"));
  EXPECT_EQ(several.at("databases"), bulk("16"));
  EXPECT_EQ(run3("CONFIG", "GET", "hz"), map({bulk("hz"), bulk("10")}));
  EXPECT_GT(line("CONFIG GET *").elements.size(), 200U);
}

TEST_F(ConfigFileTest, Set) {
  start();
  expect_session(
      {{"CONFIG SET maxmemory 1gb hz 20", ok()},
       {"CONFIG GET maxmemory", bulks({"maxmemory", "1073741824"})},
       {"CONFIG GET hz", bulks({"hz", "20"})},
       {"CONFIG SET maxmemory 5mb hz bogus",
        set_failed("hz", "argument couldn't be parsed into an integer")},
       {"CONFIG GET maxmemory", bulks({"maxmemory", "1073741824"})},
       {"CONFIG SET hz 11 hz 12", set_failed("hz", "duplicate parameter")},
       {"CONFIG SET bogus 1",
        error("ERR Unknown option or number of arguments for CONFIG SET - 'bogus'")},
       {"CONFIG SET maxmemory", wrong_arity("config|set")},
       {"CONFIG SET databases 3", set_failed("databases", "can't set immutable config")},
       {"CONFIG SET dir /tmp", set_failed("dir", "can't set protected config")},
       {"CONFIG SET maxclients 0",
        set_failed("maxclients", "argument must be between 1 and 4294967295 inclusive")},
       {"CONFIG SET maxmemory-policy bogus",
        set_failed("maxmemory-policy",
                   "argument(s) must be one of the following: volatile-lru, volatile-lfu, "
                   "volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, "
                   "noeviction")},
       {"CONFIG SET maxmemory 1zb", set_failed("maxmemory", "argument must be a memory value")},
       {"CONFIG SET notify-keyspace-events KEA", ok()},
       {"CONFIG GET notify-keyspace-events", bulks({"notify-keyspace-events", "AKE"})},
       {"CONFIG SET latency-tracking-info-percentiles \"1 500\"",
        set_failed("latency-tracking-info-percentiles",
                   "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")},
       {"CONFIG SET client-output-buffer-limit \"normal 1mb 2mb 60\"", ok()},
       {"CONFIG GET client-output-buffer-limit",
        bulks({"client-output-buffer-limit",
               "normal 1048576 2097152 60 slave 268435456 67108864 60 pubsub 33554432 8388608 "
               "60"})}});
}

TEST_F(ConfigFileTest, SetOfHzIsKeptWithinBounds) {
  start();
  expect_session({{"CONFIG SET hz 100000", ok()},
                  {"CONFIG GET hz", bulks({"hz", "500"})},
                  {"CONFIG SET hz 0", ok()},
                  {"CONFIG GET hz", bulks({"hz", "1"})}});
}

std::string without_empty_end(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

TEST_F(ConfigFileTest, RewriteKeepsTheFilesShape) {
  const std::string content =
      "# My server\n"
      "hz 20\n"
      "\n"
      "# Memory\n"
      "maxmemory 100mb\n"
      "slowlog-max-len 5\n";
  start({.config = content});
  expect_session({{"CONFIG SET maxmemory 200mb", ok()},
                  {"CONFIG SET slowlog-max-len 128", ok()},
                  {"CONFIG SET lfu-log-factor 33", ok()},
                  {"CONFIG SET requirepass \"pass word\"", ok()},
                  {"CONFIG REWRITE", ok()}});
  const std::string rewritten = read_file(server().config_path());
  EXPECT_TRUE(rewritten.starts_with("# My server\nhz 20\n\n# Memory\nmaxmemory 200mb\n"))
      << rewritten;
  EXPECT_NE(rewritten.find("\nlfu-log-factor 33\n"), std::string::npos) << rewritten;
  EXPECT_NE(rewritten.find("requirepass \"pass word\"\n"), std::string::npos) << rewritten;
  EXPECT_NE(rewritten.find("# Generated by CONFIG REWRITE\n"), std::string::npos) << rewritten;
  EXPECT_NE(rewritten.find("\nport " + std::to_string(server().port()) + "\n"), std::string::npos)
      << rewritten;

  // What was written is read back, and written once more it stays the same.
  EXPECT_EQ(line("CONFIG REWRITE"), ok());
  EXPECT_EQ(without_empty_end(read_file(server().config_path())), without_empty_end(rewritten));
  server().restart();
  Client client = server().client();
  EXPECT_EQ(client.run("AUTH", "pass word"), ok());
  EXPECT_EQ(client.run("CONFIG", "GET", "lfu-log-factor").at("lfu-log-factor"), bulk("33"));
  EXPECT_EQ(client.run("CONFIG", "GET", "maxmemory").at("maxmemory"), bulk("209715200"));
  EXPECT_EQ(client.run("CONFIG", "GET", "slowlog-max-len").at("slowlog-max-len"), bulk("128"));
}

TEST_F(ConfigFileTest, RewriteNeedsAFile) {
  start();
  EXPECT_EQ(line("CONFIG REWRITE"), error("ERR The server is running without a config file"));
}

TEST_F(ConfigFileTest, ResetstatForgetsTheCounts) {
  start();
  for (int i = 0; i < 10; ++i) run("GET", "none");
  EXPECT_GE(info_number("keyspace_misses"), 10);
  EXPECT_EQ(line("CONFIG RESETSTAT"), ok());
  EXPECT_EQ(info_number("keyspace_misses"), 0);
  EXPECT_LE(info_number("total_commands_processed"), 5);
}

TEST_F(ConfigFileTest, BindMayChangeWhileRunning) {
  start();
  EXPECT_EQ(line("CONFIG SET bind \"127.0.0.1 127.0.0.4\""), ok());
  const RawConnection::Options local{.source_address = "127.0.0.1"};
  EXPECT_EQ(RawConnection::tcp("127.0.0.4", server().port(), local).run("PING"), status("PONG"));
  EXPECT_EQ(line("CONFIG SET bind 127.0.0.1"), ok());
  EXPECT_TRUE(wait_until(
      [&] { return !RawConnection::tcp("127.0.0.4", server().port(), local).connected(); }));
  EXPECT_EQ(run("PING"), status("PONG"));
}

TEST_F(ConfigFileTest, BindMayChangeBetweenAllAddressesAndOne) {
  start();
  for (const char* bind : {"*", "127.0.0.1", "0.0.0.0 -::1", "127.0.0.1 127.0.0.2", "*"}) {
    EXPECT_EQ(run("CONFIG", "SET", "bind", bind), ok());
    EXPECT_EQ(server().raw().run("PING"), status("PONG")) << bind;
  }
  EXPECT_EQ(line("CONFIG SET bind \"127.0.0.1 127.0.0.1\""),
            set_failed("bind", "Failed to bind to specified addresses."));
  EXPECT_EQ(server().raw().run("PING"), status("PONG"));
}

TEST_F(ConfigFileTest, ARefusedPortLeavesTheListenersAlone) {
  const TempDir directory;
  const std::string path = directory.file("spinel.sock");
  start_with({"--unixsocket", path});
  ServerProcess other;
  const auto inode = [&] { return run_program({"stat", "-c", "%i", path}).output; };
  const std::string inode_before = inode();
  Client& setter = client();
  ASSERT_EQ(setter.run("PING"), status("PONG"));
  // More than the server accepts before it serves the client that waits.
  std::vector<RawConnection> waiting;
  RawConnection busy = server().raw();
  {
    const Standstill standstill(server());
    ASSERT_TRUE(busy.send(encode_command({"CONFIG", "SET", "port", std::to_string(other.port())})));
    for (int i = 0; i < 300; ++i) {
      waiting.push_back(server().raw());
      ASSERT_TRUE(waiting.back().send(encode_command({"PING"})));
    }
  }
  EXPECT_EQ(busy.read_reply(),
            set_failed("port", "Unable to listen on this port. Check server logs."));
  for (RawConnection& each : waiting) EXPECT_EQ(each.read_reply(), status("PONG"));
  EXPECT_EQ(run("CONFIG", "SET", "port", ReservedPort().number()), ok());
  EXPECT_EQ(inode(), inode_before) << "the Unix socket stays as it is";
  EXPECT_EQ(RawConnection::unix_socket(path).run("PING"), status("PONG"));
}

TEST_F(ConfigFileTest, PortMayChangeWhileRunning) {
  start();
  const ReservedPort other;
  EXPECT_EQ(run("CONFIG", "SET", "port", other.number()), ok());
  EXPECT_EQ(RawConnection::tcp("127.0.0.1", other.number()).run("PING"), status("PONG"));
  EXPECT_FALSE(RawConnection::tcp("127.0.0.1", server().port()).connected());
  EXPECT_EQ(run("PING"), status("PONG")) << "those who are connected stay";
}

TEST_F(ConfigFileTest, ThePortMayBeClosedWhileRunning) {
  start();
  ASSERT_EQ(run("PING"), status("PONG"));
  EXPECT_EQ(line("CONFIG SET port 0"), ok());
  EXPECT_TRUE(wait_until([&] { return !server().raw().connected(); }));
  EXPECT_EQ(run("PING"), status("PONG")) << "those who are connected stay";
  EXPECT_EQ(run("CONFIG", "SET", "port", server().port()), ok());
  EXPECT_EQ(server().raw().run("PING"), status("PONG"));
}

TEST_F(ConfigFileTest, AddressesThatCannotBeHadAreRefusedWhileRunning) {
  start();
  ServerProcess other;
  EXPECT_EQ(run("CONFIG", "SET", "port", other.port()),
            set_failed("port", "Unable to listen on this port. Check server logs."));
  EXPECT_NE(server().log().find("Cannot listen on 127.0.0.1:" + std::to_string(other.port())),
            std::string::npos)
      << server().log();
  EXPECT_EQ(line("CONFIG SET bind 192.0.2.77"),
            set_failed("bind", "Failed to bind to specified addresses."));
  EXPECT_EQ(config("port"), std::to_string(server().port()));
  EXPECT_EQ(server().raw().run("PING"), status("PONG")) << "it listens where it did before";
}

TEST_F(ConfigFileTest, TheLogSaysWhichAddressFails) {
  const auto output = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), server_binary());
    return run_program(arguments).output;
  };
  ReservedPort free_port;
  const std::string port = std::to_string(free_port.number());
  EXPECT_NE(output({"--port", port, "--bind", "192.0.2.77"})
                .find("Cannot listen on 192.0.2.77:" + port + " (tcp)"),
            std::string::npos);
  const std::string unix_only =
      output({"--port", port, "--bind", "127.0.0.1", "--unixsocket", "/nonexistent/s"});
  EXPECT_NE(unix_only.find("Cannot listen on the Unix socket /nonexistent/s"), std::string::npos)
      << unix_only;
  EXPECT_EQ(unix_only.find(":" + port + " (tcp)"), std::string::npos) << unix_only;
}

TEST_F(ConfigFileTest, AsManyClientsAreSuggestedAsTheSystemAllows) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max > 4'000'000'000) GTEST_SKIP() << "the system allows any number";
  start();
  SKIP_ON_REDIS_7_0("tries one figure after the other, for minutes");
  const std::string most = std::to_string(limit.rlim_max - 32);
  const Reply refused = line("CONFIG SET maxclients 4294967295");
  EXPECT_EQ(refused, set_failed("maxclients",
                                "The operating system is not able to handle the specified number "
                                "of clients, try with " +
                                    most));
  EXPECT_EQ(run("CONFIG", "SET", "maxclients", most), ok());
}

std::string oom_score(const ServerProcess& server) {
  std::string score = read_file("/proc/" + std::to_string(server.pid()) + "/oom_score_adj");
  return score.substr(0, score.find('\n'));
}

TEST_F(ConfigFileTest, TheOomScoreFollowsTheOptions) {
  const std::string at_start = read_file("/proc/self/oom_score_adj");
  const int base = std::stoi(at_start);
  if (base > 100) GTEST_SKIP() << "too little room above the score " << base;
  start_with({"--oom-score-adj", "yes", "--oom-score-adj-values", "100", "200", "300"});
  const auto score = [&] { return std::stoi(oom_score(server())); };
  EXPECT_EQ(score(), base + 100);
  const struct {
    std::string options;
    int score;
  } steps[] = {
      {"oom-score-adj-values \"110 200 300\"", base + 110},
      {"oom-score-adj absolute", 110},
      {"oom-score-adj-values \"1500 1600 1700\"", 1000},
      {"oom-score-adj no", base},
      {"oom-score-adj-values \"120 200 300\"", base},
      {"oom-score-adj relative oom-score-adj-values \"130 200 300\"", base + 130},
  };
  for (const auto& step : steps) {
    EXPECT_EQ(line("CONFIG SET " + step.options), ok()) << step.options;
    EXPECT_EQ(score(), step.score) << step.options;
  }
  EXPECT_EQ(config("oom-score-adj"), "yes");
  // Only a privileged process may go below the score that it started with.
  const Reply lowered = line("CONFIG SET oom-score-adj-values \"-1500 200 300\"");
  if (lowered == ok()) {
    EXPECT_EQ(score(), std::max(base - 1500, -1000));
  } else {
    EXPECT_EQ(lowered, set_failed("oom-score-adj-values",
                                  "Failed to set current oom_score_adj. Check server logs."));
    EXPECT_EQ(config("oom-score-adj-values"), "130 200 300");
    EXPECT_EQ(score(), base + 130);
  }
}

TEST_F(ConfigFileTest, ThreadsRunOnTheProcessorsOfTheirLists) {
  cpu_set_t allowed;
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  std::vector<std::string> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE && cpus.size() < 2; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) cpus.push_back(std::to_string(cpu));
  }
  if (cpus.size() < 2) GTEST_SKIP() << "one processor only";
  start_with({"--server_cpulist", cpus[0], "--bio_cpulist", cpus[1]});
  const std::string tasks = "/proc/" + std::to_string(server().pid()) + "/task";
  size_t threads = 0;
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    ++threads;
    const bool main = task.path().filename() == std::to_string(server().pid());
    const std::string status = read_file((task.path() / "status").string());
    const std::string list = "Cpus_allowed_list:\t" + cpus[main ? 0 : 1] + "\n";
    EXPECT_NE(status.find(list), std::string::npos) << status;
  }
  EXPECT_GT(threads, 1U);
}

TEST_F(ConfigFileTest, TheTitleShowsTheProgramAsItWasCalled) {
  start_with({"--proc-title-template", "{title}|{port}"});
  const std::string path = "/proc/" + std::to_string(server().pid()) + "/cmdline";
  const std::string title = read_file(path);
  EXPECT_EQ(title.c_str(), server_binary() + "|" + std::to_string(server().port()));
}

TEST_F(ConfigFileTest, MaxmemoryBelowWhatIsUsedIsLogged) {
  start();
  ASSERT_EQ(line("CONFIG SET maxmemory 100gb"), ok());
  EXPECT_EQ(server().log().find("maxmemory is now"), std::string::npos);
  ASSERT_EQ(line("CONFIG SET maxmemory 1000"), ok());
  EXPECT_NE(server().log().find("maxmemory is now 1000, below the "), std::string::npos);
  ASSERT_EQ(line("CONFIG SET maxmemory 0"), ok());
  EXPECT_EQ(server().log().find("maxmemory is now 0"), std::string::npos);
}

TEST_F(ConfigFileTest, TheLogGoesToAFile) {
  const TempDir directory;
  start({.arguments = {"--logfile", directory.file("own.log"), "--loglevel", "verbose"}});
  line("DEBUG LOG needle");
  EXPECT_NE(read_file(directory.file("own.log")).find("needle"), std::string::npos);
  EXPECT_EQ(server().log().find("needle"), std::string::npos);
  // PID:ROLE DD Mon YYYY HH:MM:SS.mmm LEVEL text
  const std::regex row(
      "^[0-9]+:[MC] [0-9]{2} [A-Z][a-z]{2} [0-9]{4} "
      "[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} [.*#-] .*needle$");
  bool found = false;
  for (const std::string& text : split(read_file(directory.file("own.log")), '\n')) {
    found = found || std::regex_match(text, row);
  }
  EXPECT_TRUE(found) << read_file(directory.file("own.log"));
}

}  // namespace
}  // namespace spinel::test
