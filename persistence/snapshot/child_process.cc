#include "persistence/snapshot/child_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/base/clock.h"

namespace spinel::persistence {

namespace {

constexpr int64_t kReportPeriodUs = 100'000;
constexpr int64_t kMeasurePeriodUs = 1'000'000;
constexpr size_t kMaxCauseBytes = 512;

enum ReportKind : uint8_t { kProgress, kDone, kFailed };

// One write to the pipe, which is atomic: it is less than PIPE_BUF.
struct Report {
  uint8_t kind;
  uint16_t cause_bytes;
  ChildProgress progress;
  char cause[kMaxCauseBytes];
};
static_assert(sizeof(Report) < 4096);

void close_descriptors_but(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = STDERR_FILENO + 1;
  for (const int descriptor : kept) {
    if (descriptor < static_cast<int>(first)) continue;
    const auto next = static_cast<unsigned>(descriptor);
    if (next > first) close_range(first, next - 1, 0);
    first = next + 1;
  }
  close_range(first, ~0U, 0);
}

void reset_signals() {
  for (const int number : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

uint64_t private_dirty_bytes() {
  // Not through stdio, whose buffers would be allocated in the child.
  const int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[4096];
  size_t size = 0;
  for (ssize_t got; size < sizeof text - 1; size += static_cast<size_t>(got)) {
    got = read(fd, text + size, sizeof text - 1 - size);
    if (got <= 0) break;
  }
  close(fd);
  text[size] = '\0';
  const char* line = std::strstr(text, "Private_Dirty:");
  unsigned long long kib = 0;
  if (line == nullptr || std::sscanf(line, "Private_Dirty: %llu", &kib) != 1) return 0;
  return kib * 1024;
}

void ChildProcess::Reporter::send(uint8_t kind, const std::string& cause) {
  Report report{};
  report.kind = kind;
  report.progress = progress_;
  report.cause_bytes = static_cast<uint16_t>(std::min(cause.size(), kMaxCauseBytes));
  std::memcpy(report.cause, cause.data(), report.cause_bytes);
  // A parent that does not read for long must not stop the work: progress may get lost. The pipe
  // blocks for the last report only.
  if (kind != kProgress) fcntl(pipe_, F_SETFL, 0);
  [[maybe_unused]] const ssize_t written = write(pipe_, &report, sizeof report);
}

bool ChildProcess::Reporter::report(uint64_t keys, uint64_t bytes) {
  progress_.keys = keys;
  progress_.bytes = bytes;
  const int64_t now_us = storage::monotonic_us();
  if (now_us < next_report_us_) return true;
  next_report_us_ = now_us + kReportPeriodUs;
  if (now_us >= next_measure_us_) {
    progress_.copied_bytes = private_dirty_bytes();
    progress_.copied_at_unix_ms = storage::wall_clock_ms();
    // What takes long to measure is measured less often.
    next_measure_us_ =
        now_us + std::max(kMeasurePeriodUs, 100 * (storage::monotonic_us() - now_us));
  }
  send(kProgress, {});
  return getppid() == parent_;
}

ChildProcess::~ChildProcess() {
  if (running()) kill(SIGKILL);
}

int ChildProcess::start(const Work& work, const std::vector<int>& kept) {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return errno;
  progress_ = {};
  done_ = false;
  cause_.clear();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    const int error = errno;
    close(ends[0]);
    close(ends[1]);
    return error;
  }
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    reset_signals();
    std::vector<int> open_ones = kept;
    open_ones.push_back(ends[1]);
    close_descriptors_but(std::move(open_ones));
    Reporter reporter(ends[1], parent);
    const std::string cause = work(reporter);
    reporter.progress_.copied_bytes = private_dirty_bytes();
    reporter.progress_.copied_at_unix_ms = storage::wall_clock_ms();
    reporter.send(cause.empty() ? kDone : kFailed, cause);
    _exit(cause.empty() ? 0 : 1);
  }
  close(ends[1]);
  pid_ = pid;
  pipe_ = ends[0];
  return 0;
}

void ChildProcess::read_reports() {
  Report report;
  while (read(pipe_, &report, sizeof report) == static_cast<ssize_t>(sizeof report)) {
    progress_ = report.progress;
    if (report.kind == kDone) done_ = true;
    if (report.kind == kFailed) cause_.assign(report.cause, report.cause_bytes);
  }
}

ChildEnd ChildProcess::reap(int status) {
  read_reports();
  close(pipe_);
  pipe_ = -1;
  pid_ = 0;
  ChildEnd end{.progress = progress_};
  if (WIFSIGNALED(status)) {
    end.how = ChildEnd::How::kKilled;
    end.signal = WTERMSIG(status);
  } else if (!done_ || WEXITSTATUS(status) != 0) {
    end.how = ChildEnd::How::kFailed;
    end.cause = cause_.empty() ? "it ended without a reason" : cause_;
  }
  return end;
}

std::optional<ChildEnd> ChildProcess::poll() {
  if (!running()) return std::nullopt;
  read_reports();
  int status = 0;
  const pid_t ended = waitpid(pid_, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return std::nullopt;
  return reap(ended == pid_ ? status : 1 << 8);
}

ChildEnd ChildProcess::kill(int signal) {
  ::kill(pid_, signal);
  int status = 1 << 8;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  return reap(status);
}

}  // namespace spinel::persistence
