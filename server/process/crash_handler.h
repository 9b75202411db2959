// What the server leaves in its log when it dies of a fault: which signal, where, the registers,
// the stack, and what it was doing. Then the signal takes its usual course (a core file, the exit
// status).
//
// In a build with sanitizers nothing is installed: their own reports say more.
#pragma once

#include <cstdint>
#include <string_view>

namespace spinel::server {

// Writes to the log's descriptor without allocation or locks, so it works in a signal handler.
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

// Writes one part of the report. It may use whatever it likes (allocate, lock, read the keyspace):
// if it crashes or hangs itself, it is left where it is, and the report goes on with the next part.
using CrashSection = void (*)(CrashWriter& out, void* context);

// Handles SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT from now on, on a stack of their own in the
// calling thread. May be called again after remove_crash_handler() (CONFIG SET crash-log-enabled).
void install_crash_handler();
void remove_crash_handler();

// Adds a part to the report, under a head line "------ TITLE ------". `title` must be a literal.
// Sections are written in the order in which they were added; there can be kMaxCrashSections.
inline constexpr int kMaxCrashSections = 16;
void add_crash_section(const char* title, CrashSection section, void* context);

}  // namespace spinel::server
