// A forked child that works on the process's memory as it was when it was forked, and what it tells
// its parent.
//
// The child has one thread. It must take no lock that another thread may have held at the fork (the
// allocator and the log take care of theirs), and it ends by _exit, so that no destructor and no
// exit handler of the parent runs in it. It dies when its parent does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace spinel::persistence {

// What the child did so far.
struct ChildProgress {
  uint64_t keys = 0;
  uint64_t bytes = 0;             // written
  uint64_t copied_bytes = 0;      // memory that is the child's alone, since its parent changed it
  int64_t copied_at_unix_ms = 0;  // when that was measured; 0: not yet
};

// How the child ended.
struct ChildEnd {
  enum class How : uint8_t { kDone, kFailed, kKilled };
  How how = How::kDone;
  int signal = 0;          // kKilled
  std::string cause = {};  // kFailed: what the work returned
  ChildProgress progress = {};
};

class ChildProcess {
 public:
  // Within the child. Sends the progress to the parent, at most ten times a second.
  class Reporter {
   public:
    Reporter(int pipe, pid_t parent) : pipe_(pipe), parent_(parent) {}
    // Returns false once the parent is gone.
    bool report(uint64_t keys, uint64_t bytes);

   private:
    friend class ChildProcess;
    void send(uint8_t kind, const std::string& cause);

    int pipe_;
    pid_t parent_;
    int64_t next_report_us_ = 0;
    int64_t next_measure_us_ = 0;
    ChildProgress progress_;
  };
  // Runs in the child. Returns why it failed, empty if it did not.
  using Work = std::function<std::string(Reporter&)>;

  ChildProcess() = default;
  // Kills a child that is still there.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  // Forks. The child keeps standard input, output and error and the descriptors `kept`, and closes
  // all others. Returns an errno, 0 if the child runs. Requires that none runs.
  int start(const Work& work, const std::vector<int>& kept);
  // The last that it told.
  const ChildProgress& progress() const { return progress_; }
  // Reads what it told. Returns how it ended, once it has.
  std::optional<ChildEnd> poll();
  // Ends it with `signal`, waits for that, and returns how it ended: it may have been done before.
  ChildEnd kill(int signal);

 private:
  void read_reports();
  ChildEnd reap(int status);

  pid_t pid_ = 0;
  int pipe_ = -1;
  ChildProgress progress_;
  bool done_ = false;
  std::string cause_;
};

// Bytes of memory that belong to this process alone and were written to. 0 if the system does not
// tell.
uint64_t private_dirty_bytes();

}  // namespace spinel::persistence
