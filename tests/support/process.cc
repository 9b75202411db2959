#include "tests/support/process.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "tests/support/temp_dir.h"

namespace spinel::test {

namespace {

/// Runs in the forked child: only async-signal-safe calls.
[[noreturn]] void become(char* const* command, int input, int output, const char* directory,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (directory[0] != '\0' && ::chdir(directory) != 0) ::_exit(127);
  ::execvp(command[0], command);
  ::_exit(127);
}

/// State and parent of a process, as /proc has them. State is 'X' if there is no such process.
struct ProcessState {
  char state = 'X';
  pid_t parent = 0;
};

ProcessState state_of(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string::npos || name_end + 4 >= stat.size()) return {};
  ProcessState state;
  state.state = stat[name_end + 2];
  std::from_chars(stat.data() + name_end + 4, stat.data() + stat.size(), state.parent);
  return state;
}

}  // namespace

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t other = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), other);
    if (error == std::errc{} && *end == '\0' && state_of(other).parent == pid) {
      children.push_back(other);
    }
  }
  return children;
}

bool is_alive(pid_t pid) {
  const char state = state_of(pid).state;
  return state != 'Z' && state != 'X';
}

std::string ExitStatus::to_string() const {
  return exited ? "exit code " + std::to_string(code) : "signal " + std::to_string(signal);
}

ChildProcess ChildProcess::start(const std::vector<std::string>& command, const Files& files) {
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);

  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const int output =
      files.output_path.empty()
          ? ::fcntl(null, F_DUPFD_CLOEXEC, 3)
          : ::open(files.output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const int input = files.input >= 0 ? files.input : null;
  const pid_t parent = ::getpid();

  ChildProcess child;
  child.pid_ = ::fork();
  if (child.pid_ == 0) {
    become(words.data(), input, output, files.working_directory.c_str(), parent);
  }
  ::close(output);
  ::close(null);
  return child;
}

ChildProcess::~ChildProcess() {
  if (!running()) return;
  send_signal(SIGKILL);
  wait();
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  return *this;
}

bool ChildProcess::reap() {
  if (pid_ < 0 || status_) return true;
  int raw = 0;
  const pid_t ended = ::waitpid(pid_, &raw, WNOHANG);
  if (ended != pid_) return ended < 0 && errno == ECHILD;
  ExitStatus status;
  status.exited = WIFEXITED(raw);
  if (status.exited) {
    status.code = WEXITSTATUS(raw);
  } else {
    status.signal = WTERMSIG(raw);
  }
  status_ = status;
  return true;
}

bool ChildProcess::running() {
  return !reap();
}

void ChildProcess::send_signal(int signal) const {
  if (pid_ > 0 && !status_) ::kill(pid_, signal);
}

void ChildProcess::suspend() const {
  if (pid_ <= 0 || status_) return;
  ::kill(pid_, SIGSTOP);
  siginfo_t ignored;
  // WNOWAIT: an end is left for reap().
  ::waitid(P_PID, static_cast<id_t>(pid_), &ignored, WSTOPPED | WEXITED | WNOWAIT);
}

std::optional<ExitStatus> ChildProcess::wait(milliseconds patience) {
  wait_until([this] { return reap(); }, patience);
  return status_;
}

ProgramResult run_program(const std::vector<std::string>& command, const std::string& input,
                          milliseconds patience) {
  const TempDir directory;
  write_file(directory.file("input"), input);
  const int fd = ::open(directory.file("input").c_str(), O_RDONLY | O_CLOEXEC);
  ChildProcess child = ChildProcess::start(
      command, {.input = fd, .output_path = directory.file("output"), .working_directory = {}});
  ::close(fd);
  if (!child.wait(patience)) {
    child.send_signal(SIGKILL);
    child.wait();
  }
  return {child.exit_status().value_or(ExitStatus{}), read_file(directory.file("output"))};
}

}  // namespace spinel::test
