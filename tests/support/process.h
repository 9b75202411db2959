#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "tests/support/wait.h"

namespace spinel::test {

/// How a process ended.
struct ExitStatus {
  bool exited = false;  ///< by itself, with `code`; else killed by `signal`
  int code = 0;
  int signal = 0;

  bool clean() const { return exited && code == 0; }
  std::string to_string() const;
};

/// A child process. It cannot outlive the thread that started it (PR_SET_PDEATHSIG), so start it
/// from a thread that stays. The destructor kills and reaps what still runs.
class ChildProcess {
 public:
  struct Files {
    int input = -1;                 ///< descriptor to use as stdin; -1: /dev/null
    std::string output_path;        ///< stdout and stderr are appended to this file
    std::string working_directory;  ///< empty: this process's
  };

  ChildProcess() = default;
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  /// Forks and executes `command`; command[0] is a path, or a name to be found in PATH.
  /// A child that could not execute it ends with code 127.
  static ChildProcess start(const std::vector<std::string>& command, const Files& files);

  pid_t pid() const { return pid_; }
  /// Not reaped yet and still there.
  bool running();
  void send_signal(int signal) const;
  /// Stops it with SIGSTOP, and returns when it stands still or has ended. SIGCONT lets it go on.
  void suspend() const;
  /// Waits for the end. Nothing when `patience` ran out.
  std::optional<ExitStatus> wait(milliseconds patience = kPatience);
  const std::optional<ExitStatus>& exit_status() const { return status_; }

 private:
  bool reap();

  pid_t pid_ = -1;
  std::optional<ExitStatus> status_;
};

/// The processes whose parent is `pid`, such as one that saves in the background.
std::vector<pid_t> children_of(pid_t pid);
/// Whether the process, which need not be a child of this one, still runs: a zombie does not.
bool is_alive(pid_t pid);

struct ProgramResult {
  ExitStatus status;
  std::string output;  ///< stdout and stderr
};

/// Runs `command` to its end with `input` as stdin. A program that does not end in time is killed,
/// which shows in the status.
ProgramResult run_program(const std::vector<std::string>& command, const std::string& input = {},
                          milliseconds patience = kPatience);

}  // namespace spinel::test
