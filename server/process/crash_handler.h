// Writes a report to the log when the server crashes: the signal, the place, the registers, the
// stack, and the current command. Then the signal has its usual effect (a core file, the exit
// status).
//
// Builds with sanitizers install nothing, since reports of the sanitizers say more.
#pragma once

#include <cstdint>
#include <string_view>

namespace spinel::server {

// Writes to a descriptor without allocation or locks, so it works in a signal handler.
class CrashWriter {
 public:
  explicit CrashWriter(int descriptor) : descriptor_(descriptor) {}

  int descriptor() const { return descriptor_; }
  CrashWriter& text(std::string_view text);
  CrashWriter& decimal(int64_t number, int width = 1);  // with leading zeros up to `width`
  CrashWriter& hex(uint64_t number, int width = 1);     // same

 private:
  int descriptor_;
};

// Writes one part of the report. It may do anything (allocate, lock, read the keyspace): if it
// crashes or hangs, it is abandoned, and the report continues with the next part.
using CrashSection = void (*)(CrashWriter& out, void* context);

// Handles SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, in the calling thread on a separate stack.
// May be called again after remove_crash_handler() (CONFIG SET crash-log-enabled).
void install_crash_handler();
void remove_crash_handler();

// Adds a part to the report, under the heading "------ TITLE ------". `title` must be a literal.
// Sections are written in the order in which they were added, at most kMaxCrashSections.
inline constexpr int kMaxCrashSections = 16;
void add_crash_section(const char* title, CrashSection section, void* context);

}  // namespace spinel::server
