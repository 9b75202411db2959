// The processors that threads run on: the *_cpulist options.
#pragma once

#include <optional>
#include <sched.h>
#include <string_view>
#include <vector>

namespace spinel::server {

// Parses processor numbers, ranges and ranges with a step, separated by commas: "0-7:2", "1,3",
// "0,2-3". The result is sorted and unique. Returns nothing if malformed or beyond CPU_SETSIZE.
std::optional<std::vector<int>> parse_cpu_list(std::string_view list);

// Binds the calling thread to the processors of `list`. An empty list changes nothing. A list that
// is malformed or that the system refuses is logged and changes nothing.
void set_thread_affinity(std::string_view list);

// Binds the calling thread, and each thread that it starts, to the processors of a list. The
// destructor restores those of the calling thread.
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
