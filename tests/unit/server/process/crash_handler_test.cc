#include "server/process/crash_handler.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <mutex>
#include <regex>
#include <sys/mman.h>
#include <sys/resource.h>
#include <thread>

#include "server/log/log.h"
#include "storage/base/assert.h"
#include "tests/unit/server/process/child.h"

// Not inlined and with a plain name, to be found again in the stack of the report.
extern "C" __attribute__((noinline, used)) void spinel_test_crash_here(volatile int* at) {
  *at = 1;
  asm volatile("");
}

namespace spinel::server {
namespace {

bool has(const std::string& report, std::string_view text) {
  return report.find(text) != std::string::npos;
}

class CrashHandlerTest : public testing::Test {
 protected:
  void SetUp() override {
#if defined(SPINEL_SANITIZED)
    GTEST_SKIP() << "the sanitizer's own report comes first";
#endif
  }

  // Runs `body` in a child with the handler installed; keeps its log and how it ended.
  void crash(const std::function<void()>& body) {
    test::TempDirectory directory;
    const auto path = directory / "log";
    status_ = test::run_in_child([&] {
      const rlimit no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      LogOptions options;
      options.file = path;
      if (configure_logging(options)) ::_exit(100);
      install_crash_handler();
      body();
      ::_exit(101);
    });
    report_ = test::read_file(path);
  }

  void expect_killed_by(int signal) {
    ASSERT_TRUE(WIFSIGNALED(status_)) << status_ << "\n" << report_;
    EXPECT_EQ(WTERMSIG(status_), signal);
    EXPECT_TRUE(has(report_, "=== SPINEL CRASH REPORT: BEGIN ===")) << report_;
    EXPECT_TRUE(has(report_, "=== SPINEL CRASH REPORT: END. ")) << report_;
  }

  int status_ = 0;
  std::string report_;
};

void write_to(uintptr_t address) {
  spinel_test_crash_here(reinterpret_cast<int*>(address));
}

TEST_F(CrashHandlerTest, SegmentationFaultLeavesAReport) {
  crash([] { write_to(0x1230); });
  expect_killed_by(SIGSEGV);
  EXPECT_TRUE(has(report_, "crashed with signal 11 (SIGSEGV), si_code 1\n")) << report_;
  EXPECT_TRUE(has(report_, "It accessed the address 0x1230\n")) << report_;
  EXPECT_TRUE(has(report_, "------ STACK TRACE ------\n")) << report_;
  EXPECT_TRUE(has(report_, "spinel_test_crash_here")) << report_;
  EXPECT_TRUE(has(report_, "------ REGISTERS ------\n")) << report_;
#if defined(__x86_64__)
  const std::regex instruction(R"(The instruction was at 0x([0-9a-f]+)\n)");
  std::smatch found;
  ASSERT_TRUE(std::regex_search(report_, found, instruction)) << report_;
  EXPECT_TRUE(has(report_, "RIP:" + std::string(16 - found[1].length(), '0') + found[1].str()));
  EXPECT_TRUE(std::regex_search(report_, std::regex("RSP:[0-9a-f]{16}\n"))) << report_;
#endif
}

TEST_F(CrashHandlerTest, FramesNameTheExecutableWhateverTheProcessIsCalled) {
  const std::string executable = std::filesystem::read_symlink("/proc/self/exe");
  crash([] {
    // Where the process title goes; the C library's own functions read the name from there.
    char* title = program_invocation_name;
    for (; *title != '\0'; ++title) *title = 'x';
    write_to(0x10);
  });
  expect_killed_by(SIGSEGV);
  EXPECT_TRUE(has(report_, executable + "(spinel_test_crash_here+0x")) << report_;
  EXPECT_FALSE(has(report_, "xxxx")) << report_;
}

TEST_F(CrashHandlerTest, LinesBeginAsTheLogsDo) {
  crash([] {
    log_notice("before");
    write_to(0x10);
  });
  expect_killed_by(SIGSEGV);
  // The two lines may fall on different seconds: the date and the time zone must agree.
  const std::regex start(R"((\d+:M \d\d [A-Z][a-z]{2} \d{4} \d\d):\d\d:\d\d\.\d{3} [*#] )");
  std::sregex_iterator line(report_.begin(), report_.end(), start);
  ASSERT_NE(line, std::sregex_iterator());
  const std::string logged = (*line)[1];
  size_t lines = 0;
  for (; line != std::sregex_iterator(); ++line, ++lines) {
    EXPECT_EQ((*line)[1].str().size(), logged.size());
    EXPECT_EQ((*line)[1].str().substr(0, logged.find(' ')), logged.substr(0, logged.find(' ')));
  }
  EXPECT_EQ(lines, 4u) << report_;
}

TEST_F(CrashHandlerTest, EverySignalIsNamed) {
  const std::pair<int, const char*> signals[] = {
      {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGSEGV, "SIGSEGV"}};
  for (const auto& [signal, name] : signals) {
    crash([number = signal] { ::raise(number); });
    expect_killed_by(signal);
    EXPECT_TRUE(has(report_, name)) << report_;
    EXPECT_TRUE(has(report_, "The signal was sent by process ")) << report_;
  }
}

TEST_F(CrashHandlerTest, FailedAssertionIsInTheLog) {
  crash([] { SPINEL_ASSERT(1 + 1 == 3); });
  expect_killed_by(SIGABRT);
  EXPECT_TRUE(has(report_, "Assertion failed at ")) << report_;
  EXPECT_TRUE(has(report_, "crash_handler_test.cc:")) << report_;
  EXPECT_TRUE(has(report_, " '1 + 1 == 3' is not true")) << report_;
  EXPECT_TRUE(has(report_, "(SIGABRT)")) << report_;
}

TEST_F(CrashHandlerTest, StackOverflowIsReportedToo) {
  struct Recursion {
    static int run(int depth) {
      volatile char frame[4096] = {};
      frame[0] = static_cast<char>(depth);
      return depth == INT32_MAX ? 0 : run(depth + 1) + frame[0];
    }
  };
  crash([] {
    const rlimit small{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_STACK, &small);
    ::_exit(Recursion::run(0));
  });
  expect_killed_by(SIGSEGV);
  EXPECT_TRUE(has(report_, "------ STACK TRACE ------")) << report_;
}

TEST_F(CrashHandlerTest, SectionsTellTheState) {
  static const std::string context = "seven";
  crash([] {
    add_crash_section(
        "INFO OUTPUT",
        [](CrashWriter& out, void* text) {
          const std::string allocated = "keys=" + *static_cast<const std::string*>(text);
          out.text(allocated).text(" ").decimal(-42).text(" ").decimal(7, 3).text(" ").hex(0xbeef);
          out.text(" ").decimal(INT64_MIN).text(" ").hex(0).text(" ").decimal(0).text("\n");
        },
        const_cast<std::string*>(&context));
    write_to(0x10);
  });
  expect_killed_by(SIGSEGV);
  EXPECT_TRUE(
      has(report_, "------ INFO OUTPUT ------\nkeys=seven -42 007 beef -9223372036854775808 0 0\n"))
      << report_;
}

TEST_F(CrashHandlerTest, ACrashInASectionEndsThatSectionOnly) {
  crash([] {
    add_crash_section(
        "FIRST", [](CrashWriter& out, void*) { out.text("begun"), write_to(0x20); }, nullptr);
    add_crash_section(
        "SECOND", [](CrashWriter&, void*) { std::abort(); }, nullptr);
    add_crash_section(
        "THIRD", [](CrashWriter& out, void*) { out.text("alive\n"); }, nullptr);
    write_to(0x10);
  });
  expect_killed_by(SIGSEGV);
  EXPECT_TRUE(has(report_, "------ FIRST ------\nbegun\n(this section crashed or hung itself)\n"))
      << report_;
  EXPECT_TRUE(has(report_, "------ SECOND ------\n\n(this section crashed")) << report_;
  EXPECT_TRUE(has(report_, "------ THIRD ------\nalive\n")) << report_;
  EXPECT_TRUE(has(report_, "It accessed the address 0x10\n")) << report_;
}

TEST_F(CrashHandlerTest, AHangInASectionEndsThatSectionOnly) {
  crash([] {
    static std::mutex held;
    held.lock();
    add_crash_section(
        "LOCKED", [](CrashWriter&, void*) { held.lock(); }, nullptr);
    add_crash_section(
        "NEXT", [](CrashWriter& out, void*) { out.text("alive\n"); }, nullptr);
    write_to(0x10);
  });
  expect_killed_by(SIGSEGV);
  EXPECT_TRUE(has(report_, "------ LOCKED ------\n\n(this section crashed")) << report_;
  EXPECT_TRUE(has(report_, "------ NEXT ------\nalive\n")) << report_;
}

TEST_F(CrashHandlerTest, OneThreadReportsWhenSeveralCrash) {
  crash([] {
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&ready] {
        for (++ready; ready < 4;) std::this_thread::yield();
        write_to(0x10);
      });
    }
    for (auto& thread : threads) thread.join();
  });
  expect_killed_by(SIGSEGV);
  size_t reports = 0;
  for (size_t at = 0; (at = report_.find("CRASH REPORT: BEGIN", at)) != std::string::npos; ++at) {
    ++reports;
  }
  EXPECT_EQ(reports, 1u) << report_;
}

TEST_F(CrashHandlerTest, RemovedHandlerReportsNothing) {
  crash([] {
    remove_crash_handler();
    write_to(0x10);
  });
  EXPECT_TRUE(WIFSIGNALED(status_));
  EXPECT_EQ(report_, "");
}

}  // namespace
}  // namespace spinel::server
