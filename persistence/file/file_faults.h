// Makes file operations fail where a test asks for it. Without rules, an operation costs one
// comparison with null.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::persistence {

enum class FileOperation : uint8_t {
  kOpen,
  kRead,
  kWrite,
  kSync,           // fsync and fdatasync of files
  kWriteBack,      // sync_file_range
  kTruncate,       // ftruncate
  kRename,         // the path is "FROM -> TO"
  kRemove,         // unlink
  kMakeDirectory,  // mkdir
  kSyncDirectory,  // open or fsync of a directory
};

// A rule counts the calls of one operation whose path contains `path_part`. Of these it lets `skip`
// pass, then the next `times` fail, and further ones pass again. If several rules apply to a call,
// each counts it, and the first one whose turn it is decides.
struct FaultRule {
  enum class Action : uint8_t {
    kError,  // fails with `error` and does nothing
    kShort,  // reads or writes half of the bytes. What is left of a write fails with ENOSPC
    kDelay,  // takes `delay_ms` longer
    kKill,   // ends the process by SIGKILL, before the operation
  };
  static constexpr uint64_t kAlways = UINT64_MAX;

  FileOperation operation = FileOperation::kWrite;
  std::string path_part;  // empty: any path
  Action action = Action::kError;
  int error = 0;
  uint64_t delay_ms = 0;
  uint64_t skip = 0;
  uint64_t times = kAlways;
};

// Reads rules from text: OPERATION:PATH-PART:ACTION[:skip=N][:times=N], separated by semicolons.
//   OPERATION  open, read, write, fsync, writeback, truncate, rename, unlink, mkdir, dirsync
//   ACTION     the name of an errno such as EIO, short, delay=MILLISECONDS, kill
// For instance "fsync:incr.aof:EIO:skip=2:times=1". False if the text is wrong; then `error` is the
// part that is.
bool parse_fault_rules(std::string_view text, std::vector<FaultRule>& rules, std::string& error);

// Replaces all rules; their counts begin at 0. Other threads may make calls meanwhile. A forked
// child inherits rules and counts. Earlier rules are never freed, as a thread may still read them.
void set_fault_rules(std::vector<FaultRule> rules);
// How often the rules that were set last made calls fail, or delayed them.
uint64_t fault_count();

// --- for file_system.cc

struct Fault {
  int error = 0;
  bool is_short = false;
};

namespace internal {
class FaultRules;
extern std::atomic<FaultRules*> active_fault_rules;
Fault apply_fault_rules(FaultRules& rules, FileOperation operation, std::string_view path);
}  // namespace internal

// What is to happen to this call. Delays it, if there is a rule that says so.
inline Fault fault_of(FileOperation operation, std::string_view path) {
  internal::FaultRules* rules = internal::active_fault_rules.load(std::memory_order_acquire);
  return rules == nullptr ? Fault{} : internal::apply_fault_rules(*rules, operation, path);
}

}  // namespace spinel::persistence
