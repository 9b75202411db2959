// On which processors a thread may run: the *_cpulist options.
#pragma once

#include <optional>
#include <sched.h>
#include <string_view>
#include <vector>

namespace spinel::server {

// Processor numbers, ranges and ranges with a step, separated by commas: "0-7:2", "1,3", "0,2-3".
// Sorted, each once. Nothing if malformed or beyond what the system can number.
std::optional<std::vector<int>> parse_cpu_list(std::string_view list);

// Binds the calling thread to the processors of `list`. An empty list changes nothing; one that is
// malformed or that the system refuses is logged and changes nothing either.
void set_thread_affinity(std::string_view list);

// While it lives the calling thread, and with it each thread that it starts, is bound to the
// processors of a list. Afterwards the calling thread has those from before.
class ThreadAffinity {
 public:
  explicit ThreadAffinity(std::string_view list);
  ~ThreadAffinity();
  ThreadAffinity(const ThreadAffinity&) = delete;
  ThreadAffinity& operator=(const ThreadAffinity&) = delete;

 private:
  std::optional<cpu_set_t> before_;
};

}  // namespace spinel::server
