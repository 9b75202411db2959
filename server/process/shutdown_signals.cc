#include "server/process/shutdown_signals.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

#include "server/log/log.h"
#include "server/process/crash_handler.h"
#include "storage/base/assert.h"

namespace spinel::server {
namespace {

// State of the handler. `first` is written once, before `arrived` is set.
struct {
  int descriptor = -1;
  ShutdownSignal first;
  std::atomic<bool> claimed{false};
  std::atomic<bool> arrived{false};
} state;

void end_at_once() {
  CrashWriter(log_descriptor())
      .decimal(::getpid())
      .text(":signal-handler (")
      .decimal(::time(nullptr))
      .text(") SIGINT came again: the server ends without a shutdown\n");
  ::_exit(1);
}

void on_signal(int number, siginfo_t* info, void*) {
  const int saved_errno = errno;
  if (state.claimed.exchange(true)) {
    if (number == SIGINT) end_at_once();
  } else {
    const bool by_process = info->si_code <= 0;
    state.first = {number, by_process ? info->si_pid : 0, by_process ? info->si_uid : 0};
    state.arrived.store(true);
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(state.descriptor, &one, sizeof one);
  }
  errno = saved_errno;
}

void handle(int number) {
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(number, &action, nullptr);
}

}  // namespace

ShutdownSignals::ShutdownSignals() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  SPINEL_ASSERT(state.descriptor < 0);
  state.descriptor = descriptor_;
  state.claimed = false;
  state.arrived = false;
  handle(SIGINT);
  handle(SIGTERM);
}

ShutdownSignals::~ShutdownSignals() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  state.descriptor = -1;
}

std::optional<ShutdownSignal> ShutdownSignals::received() const {
  if (!state.arrived.load()) return std::nullopt;
  return state.first;
}

void ShutdownSignals::forget() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(descriptor_, &count, sizeof count);
  state.arrived = false;
  state.claimed = false;
}

std::string describe_signal(const ShutdownSignal& signal) {
  const char* name = signal.number == SIGINT ? "SIGINT" : "SIGTERM";
  if (signal.sender == 0) return name;
  return fmt::format("{} from process {} of user {}", name, signal.sender, signal.user);
}

}  // namespace spinel::server
