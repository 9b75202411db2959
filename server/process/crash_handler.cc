#include "server/process/crash_handler.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "server/log/log.h"
#include "server/process/crash_registers.h"
#include "storage/base/assert.h"

namespace spinel::server {

CrashWriter& CrashWriter::text(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;  // there is nowhere to report it
    text.remove_prefix(static_cast<size_t>(written));
  }
  return *this;
}

CrashWriter& CrashWriter::decimal(int64_t number, int width) {
  char digits[24];
  int at = sizeof digits;
  const bool negative = number < 0;
  auto rest = negative ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
  for (; rest != 0 || (width > 0 && at > 1); rest /= 10, --width) {
    digits[--at] = static_cast<char>('0' + rest % 10);
  }
  if (negative) digits[--at] = '-';
  return text(std::string_view(digits + at, sizeof digits - static_cast<size_t>(at)));
}

CrashWriter& CrashWriter::hex(uint64_t number, int width) {
  char digits[16];
  int at = sizeof digits;
  for (; (number != 0 || width > 0) && at > 0; number >>= 4, --width) {
    digits[--at] = "0123456789abcdef"[number & 15];
  }
  return text(std::string_view(digits + at, sizeof digits - static_cast<size_t>(at)));
}

namespace {

constexpr size_t kStackBytes = 512 * 1024;  // the section of INFO needs much
constexpr int kMaxFrames = 100;
constexpr unsigned kSectionTimeLimitS = 2;
constexpr std::array<int, 5> kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

#if defined(SPINEL_SANITIZED)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct Section {
  const char* title;
  CrashSection write;
  void* context;
};

struct {
  std::array<Section, kMaxCrashSections> sections{};
  int section_count = 0;
  int64_t utc_offset_s = 0;  // read in advance, since localtime() takes locks
  // The C library would use argv[0], which the process title overwrites.
  char executable[PATH_MAX] = {};
  const void* executable_base = nullptr;
  std::atomic<pid_t> reporting_thread{0};
  // Where to continue when a section crashes or hangs. Used only by the reporting thread.
  sigjmp_buf next_section;
  volatile sig_atomic_t in_section = 0;
} state;

alignas(16) char handler_stack[kStackBytes];

pid_t thread_id() {
  return static_cast<pid_t>(::syscall(SYS_gettid));
}

std::string_view signal_name(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    case SIGABRT:
      return "SIGABRT";
    default:
      return "?";
  }
}

struct CivilDate {
  int64_t year;
  int month;  // 1..12
  int day;
};

// Converts days since 1970 to a date of the proleptic Gregorian calendar. Counts years from the
// first of March, so that the leap day comes last.
CivilDate civil_date(int64_t days) {
  constexpr int64_t kDaysPerEra = 146097;  // 400 years
  const int64_t shifted = days + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - (kDaysPerEra - 1)) / kDaysPerEra;
  const int64_t day_of_era = shifted - era * kDaysPerEra;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return {year_of_era + era * 400 + (month <= 2), month,
          static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

// Writes "pid:C DD Mon YYYY HH:MM:SS.mmm # ", like at the beginning of every line of the log.
void write_line_start(CrashWriter& out) {
  static constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const int64_t local_s = now.tv_sec + state.utc_offset_s;
  const CivilDate date = civil_date(local_s / 86400);
  const int64_t second_of_day = local_s % 86400;
  out.decimal(::getpid()).text(":").text(log_role_text()).text(" ");
  out.decimal(date.day, 2).text(" ").text({kMonths + 3 * (date.month - 1), 3}).text(" ");
  out.decimal(date.year, 4).text(" ").decimal(second_of_day / 3600, 2).text(":");
  out.decimal(second_of_day / 60 % 60, 2).text(":").decimal(second_of_day % 60, 2).text(".");
  out.decimal(now.tv_nsec / 1000000, 3).text(" # ");
}

void write_head(CrashWriter& out, std::string_view title) {
  out.text("\n------ ").text(title).text(" ------\n");
}

bool has_fault_address(int signal) {
  return signal != SIGABRT;
}

void write_cause(CrashWriter& out, const siginfo_t& info, const ucontext_t& context) {
  out.text("\n\n=== SPINEL CRASH REPORT: BEGIN ===\n");
  write_line_start(out);
  out.text("Spinel " SPINEL_VERSION " crashed with signal ").decimal(info.si_signo);
  out.text(" (").text(signal_name(info.si_signo)).text("), si_code ").decimal(info.si_code);
  out.text("\n");
  if (info.si_code <= 0) {  // sent by a process, not caused by an instruction
    write_line_start(out);
    out.text("The signal was sent by process ")
        .decimal(info.si_pid)
        .text(" of user ")
        .decimal(info.si_uid);
    out.text("\n");
  } else if (has_fault_address(info.si_signo)) {
    write_line_start(out);
    out.text("It accessed the address 0x")
        .hex(reinterpret_cast<uintptr_t>(info.si_addr))
        .text("\n");
  }
  write_line_start(out);
  out.text("The instruction was at 0x").hex(instruction_pointer(context)).text("\n");
}

// Writes "path(symbol+0x12) [0x55...]" like backtrace_symbols_fd(). Without a symbol, the offset is
// the one in the file, for addr2line.
void write_frame(CrashWriter& out, void* frame) {
  Dl_info symbol{};
  link_map* object = nullptr;
  const auto address = reinterpret_cast<uintptr_t>(frame);
  if (::dladdr1(frame, &symbol, reinterpret_cast<void**>(&object), RTLD_DL_LINKMAP) != 0) {
    const bool ours = symbol.dli_fbase == state.executable_base && state.executable[0] != '\0';
    out.text(ours ? state.executable : symbol.dli_fname).text("(");
    uintptr_t start = object != nullptr ? object->l_addr : 0;
    if (symbol.dli_sname != nullptr) {
      out.text(symbol.dli_sname);
      start = reinterpret_cast<uintptr_t>(symbol.dli_saddr);
    }
    out.text("+0x").hex(address - start, 1).text(") ");
  }
  out.text("[0x").hex(address, 1).text("]\n");
}

void write_stack_trace(CrashWriter& out, void* raw_context) {
  const auto& context = *static_cast<const ucontext_t*>(raw_context);
  void* frames[kMaxFrames];
  if (void* at = reinterpret_cast<void*>(instruction_pointer(context)); at != nullptr) {
    out.text("At:\n");
    write_frame(out, at);
  }
  out.text("\nBacktrace:\n");
  const int count = ::backtrace(frames, kMaxFrames);
  for (int i = 0; i < count; ++i) write_frame(out, frames[i]);
}

void write_register_section(CrashWriter& out, void* raw_context) {
  constexpr int kStackWords = 16;
  const auto& context = *static_cast<const ucontext_t*>(raw_context);
  write_registers(out, context);
  const auto* words = reinterpret_cast<const uint64_t*>(stack_pointer(context));
  if (words == nullptr) return;
  for (int i = 0; i < kStackWords; ++i) {
    out.text("(").hex(reinterpret_cast<uintptr_t>(words + i), 16).text(") -> ");
    out.hex(words[i], 16).text("\n");
  }
}

// Writes a section, and contains a crash or hang in it.
void write_section(CrashWriter& out, const Section& section) {
  write_head(out, section.title);
  if (sigsetjmp(state.next_section, 1) == 0) {
    state.in_section = 1;
    ::alarm(kSectionTimeLimitS);
    section.write(out, section.context);
  } else {
    out.text("\n(this section crashed or hung itself)\n");
  }
  state.in_section = 0;
  ::alarm(0);
}

void on_alarm_in_section(int) {
  if (state.in_section && state.reporting_thread.load() == thread_id()) {
    siglongjmp(state.next_section, 1);
  }
  // The alarm may arrive in any thread: pass it on to the reporting thread.
  if (state.in_section) ::syscall(SYS_tgkill, ::getpid(), state.reporting_thread.load(), SIGALRM);
}

void end_process_by(int signal) {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  ::sigaction(signal, &usual, nullptr);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::syscall(SYS_tgkill, ::getpid(), thread_id(), signal);
  ::_exit(128 + signal);  // not reached
}

void write_report(const siginfo_t& info, ucontext_t& context) {
  CrashWriter out(log_descriptor());
  struct sigaction on_alarm {};
  on_alarm.sa_handler = on_alarm_in_section;
  on_alarm.sa_flags = SA_NODEFER;
  ::sigaction(SIGALRM, &on_alarm, nullptr);
  sigset_t alarm_only;
  ::sigemptyset(&alarm_only);
  ::sigaddset(&alarm_only, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &alarm_only, nullptr);

  write_cause(out, info, context);
  write_section(out, {"STACK TRACE", write_stack_trace, &context});
  write_section(out, {"REGISTERS", write_register_section, &context});
  for (int i = 0; i < state.section_count; ++i) write_section(out, state.sections[i]);
  out.text("\n=== SPINEL CRASH REPORT: END. Please send all of it with a bug report. ===\n\n");
}

void on_crash(int signal, siginfo_t* info, void* context) {
  const pid_t self = thread_id();
  pid_t nobody = 0;
  if (!state.reporting_thread.compare_exchange_strong(nobody, self)) {
    if (nobody != self) {
      for (;;) ::pause();  // another thread is reporting; the process ends with it
    }
    if (state.in_section) siglongjmp(state.next_section, 1);
    end_process_by(signal);
  }
  write_report(*info, *static_cast<ucontext_t*>(context));
  end_process_by(signal);
}

void report_assertion(const char* expression, const char* file, int line) {
  log_warning("Assertion failed at {}:{}: '{}' is not true", file, line, expression);
}

void find_executable() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(install_crash_handler), &info) == 0) return;
  state.executable_base = info.dli_fbase;
  const ssize_t length =
      ::readlink("/proc/self/exe", state.executable, sizeof state.executable - 1);
  state.executable[std::max<ssize_t>(length, 0)] = '\0';
}

int64_t utc_offset_now_s() {
  const time_t now = ::time(nullptr);
  struct tm local {};
  return ::localtime_r(&now, &local) == nullptr ? 0 : local.tm_gmtoff;
}

}  // namespace

void install_crash_handler() {
  if (kSanitized) return;
  state.utc_offset_s = utc_offset_now_s();
  find_executable();
  void* warm_up[1];
  ::backtrace(warm_up, 1);  // the first call loads a library, which a signal handler must not
  storage::set_assertion_reporter(report_assertion);

  stack_t stack{};
  stack.ss_sp = handler_stack;
  stack.ss_size = sizeof handler_stack;
  ::sigaltstack(&stack, nullptr);

  struct sigaction action {};
  action.sa_sigaction = on_crash;
  // A fault inside the handler must reach it again; see write_section().
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  ::sigemptyset(&action.sa_mask);
  for (const int signal : kSignals) ::sigaction(signal, &action, nullptr);
}

void remove_crash_handler() {
  if (kSanitized) return;
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (const int signal : kSignals) ::sigaction(signal, &usual, nullptr);
}

void add_crash_section(const char* title, CrashSection section, void* context) {
  SPINEL_ASSERT(state.section_count < kMaxCrashSections);
  state.sections[state.section_count++] = {title, section, context};
}

}  // namespace spinel::server
