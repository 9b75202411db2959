// The one forked child that a server may have: it writes a snapshot or rewrites the append only
// file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "persistence/snapshot/child_process.h"

namespace spinel::server {

class Server;

enum class ChildKind : uint8_t { kSnapshot, kAofRewrite };

// While the child lives, the server changes as few pages of memory as it can: reads leave access
// times alone and tables do not resize.
class BackgroundChild {
 public:
  using Work = persistence::ChildProcess::Work;
  using Done = std::function<void(const persistence::ChildEnd&)>;

  explicit BackgroundChild(Server& server) : server_(server) {}

  bool running() const { return process_.running(); }
  bool running(ChildKind kind) const { return running() && kind_ == kind; }
  pid_t pid() const { return process_.pid(); }
  // Forks a child that does `work`, with the descriptors `kept` open. `done` is called in this
  // process when it has ended. Returns an errno, 0 if the child runs. Requires that none runs.
  int start(ChildKind kind, const Work& work, Done done, std::vector<int> kept = {});
  // Ends the child, with `done`. Requires that one runs.
  void kill(int signal);
  // Reads what the child tells, and logs its progress now and then. Called some times a second.
  void poll();

  // --- for INFO
  const persistence::ChildProgress& progress() const { return process_.progress(); }
  uint64_t keys_total() const { return keys_total_; }
  uint64_t copied_peak_bytes() const { return copied_peak_bytes_; }
  int64_t seconds_running() const;

 private:
  void prepare_child(ChildKind kind) const;
  void log_progress();
  void end(const persistence::ChildEnd& end);

  Server& server_;
  persistence::ChildProcess process_;
  ChildKind kind_ = ChildKind::kSnapshot;
  Done done_;
  uint64_t keys_total_ = 0;
  uint64_t copied_peak_bytes_ = 0;
  int64_t started_ms_ = 0;   // monotonic
  int64_t next_log_ms_ = 0;  // monotonic
};

// For a child that saves: a function that takes the keys and bytes written so far, shows them in
// the title of the process and reports them to the parent. It returns false once the parent is
// gone. Both arguments outlive it.
std::function<bool(uint64_t keys, uint64_t bytes)> child_progress(
    const Server& server, ChildKind kind, persistence::ChildProcess::Reporter& reporter);

}  // namespace spinel::server
