#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "tests/support/client.h"
#include "tests/support/process.h"
#include "tests/support/raw_connection.h"
#include "tests/support/temp_dir.h"

namespace spinel::test {

/// The server under test: the environment's SPINEL_SERVER, else the one of this build.
std::string server_binary();
/// The server that tells right from wrong: the environment's REDIS_SERVER, else Debian's.
std::string oracle_binary();

/// A loopback port that is ours until the object goes: a bound socket that never listens keeps
/// every other process from being given it, and lets a server with SO_REUSEADDR listen on it.
class ReservedPort {
 public:
  ReservedPort();
  ~ReservedPort();
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;

  int number() const { return number_; }

 private:
  int fd_ = -1;
  int number_ = 0;
};

struct ServerOptions {
  std::string binary = {};  ///< empty: server_binary()
  /// Content of a configuration file that is given as the first argument; empty: no file.
  std::string config = {};
  /// After the arguments that keep servers apart: `--port`, `--bind 127.0.0.1`, `--dir`,
  /// `--save ''`, `--enable-debug-command yes`.
  std::vector<std::string> arguments = {};
  /// Where the server is expected to answer. `unix_socket`, when given, goes before the address.
  std::string address = "127.0.0.1";
  std::string unix_socket = {};
  /// An existing directory for `--dir`, which outlives the server and its object; empty: one of its
  /// own. The log and the configuration file are in a directory of its own in any case.
  std::string directory = {};
  /// False: the constructor starts nothing, so that files can be put into the directory first.
  bool started = true;
};

/// A server process of its own on a port of its own in a directory of its own. Failing to start, a
/// crash, an unclean exit, and a sanitizer's report are failures of the running test, which then
/// shows the server's log. See ChildProcess for the rule on threads.
class ServerProcess {
 public:
  explicit ServerProcess(ServerOptions options = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  bool running() { return child_.running(); }
  int port() const { return port_.number(); }
  pid_t pid() const { return child_.pid(); }
  const std::string& directory() const {
    return options_.directory.empty() ? own_directory_.path() : options_.directory;
  }
  /// The path of a file in directory().
  std::string file(const std::string& name) const { return directory() + "/" + name; }
  std::string config_path() const { return own_directory_.file("server.conf"); }
  /// All that the server wrote to stdout and stderr, over all its starts.
  std::string log() const { return read_file(log_path()); }
  std::string log_path() const { return own_directory_.file("server.log"); }

  Client client() const;
  RawConnection raw() const;
  RawConnection raw(const RawConnection::Options& options) const;
  /// A raw connection that has switched to RESP3.
  RawConnection resp3() const;

  void send_signal(int signal) const { child_.send_signal(signal); }
  void suspend() const { child_.suspend(); }
  /// The server ends by itself (it was told to): waits for that.
  ExitStatus wait_for_exit();
  ExitStatus stop_and_wait(int signal = SIGTERM);
  /// Ends it at once. That it had ended with an error before is a failure.
  void kill9();
  /// Arguments of later starts, in place of those given at first.
  void set_arguments(std::vector<std::string> arguments) {
    options_.arguments = std::move(arguments);
  }
  /// Stops what still runs, then starts again with the same arguments, directory and port.
  void restart();
  /// Starts with the same arguments, directory and port. The server must have ended.
  void start();
  /// Starts likewise, but returns while the server may still be loading.
  void launch();
  /// Starts a server that must refuse to serve: waits for its end and returns how it ended. Reports
  /// a server that answers as a failure, and ends it.
  ExitStatus start_and_fail();

  /// Any end of the process is right from here on: a test that makes it crash says so.
  void expect_crash() { crash_expected_ = true; }

 private:
  bool answers();
  void check_end(const ExitStatus& status);

  ServerOptions options_;
  TempDir own_directory_;
  ReservedPort port_;
  ChildProcess child_;
  bool crash_expected_ = false;
};

/// The server stands still as long as this lives: all that is sent to it meanwhile, on connections
/// old and new, it then finds at once. It serves sockets in the order in which they became ready;
/// the one it served last before may keep its place before the others.
class Standstill {
 public:
  explicit Standstill(const ServerProcess& server) : server_(server) { server_.suspend(); }
  ~Standstill() { server_.send_signal(SIGCONT); }
  Standstill(const Standstill&) = delete;
  Standstill& operator=(const Standstill&) = delete;

 private:
  const ServerProcess& server_;
};

/// Whether the server names itself Redis 7.0 and not Spinel: some replies of 7.2 are other there.
bool is_redis_7_0(ServerProcess& server);

}  // namespace spinel::test
