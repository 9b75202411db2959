#include "server/process/cpu_affinity.h"

#include <cerrno>
#include <charconv>
#include <cstring>

#include "server/log/log.h"

namespace spinel::server {
namespace {

// Takes a number from the front of `text`; nothing if there is none below CPU_SETSIZE.
std::optional<int> parse_number(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || text.front() == '-' || number >= CPU_SETSIZE) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

bool skip_char(std::string_view& text, char mark) {
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(1);
  return true;
}

// first[-last[:step]]
bool add_range(std::string_view text, std::vector<bool>& cpus) {
  const auto first = parse_number(text);
  if (!first) return false;
  int last = *first;
  int step = 1;
  if (skip_char(text, '-')) {
    const auto number = parse_number(text);
    if (!number || *number < *first) return false;
    last = *number;
    if (skip_char(text, ':')) {
      const auto stride = parse_number(text);
      if (!stride || *stride == 0) return false;
      step = *stride;
    }
  }
  if (!text.empty()) return false;
  for (int cpu = *first; cpu <= last; cpu += step) cpus[static_cast<size_t>(cpu)] = true;
  return true;
}

}  // namespace

std::optional<std::vector<int>> parse_cpu_list(std::string_view list) {
  std::vector<bool> cpus(CPU_SETSIZE);
  for (size_t from = 0; from <= list.size();) {
    const size_t comma = std::min(list.find(',', from), list.size());
    if (!add_range(list.substr(from, comma - from), cpus)) return std::nullopt;
    from = comma + 1;
  }
  std::vector<int> numbers;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (cpus[static_cast<size_t>(cpu)]) numbers.push_back(cpu);
  }
  return numbers;
}

void set_thread_affinity(std::string_view list) {
  if (list.empty()) return;
  const auto cpus = parse_cpu_list(list);
  if (!cpus) {
    log_warning("The list of processors '{}' is malformed and ignored", list);
    return;
  }
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : *cpus) CPU_SET(static_cast<size_t>(cpu), &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) {
    log_warning("Cannot run on the processors '{}': {}", list, std::strerror(errno));
  }
}

ThreadAffinity::ThreadAffinity(std::string_view list) {
  cpu_set_t now;
  if (list.empty() || ::sched_getaffinity(0, sizeof now, &now) != 0) return;
  before_ = now;
  set_thread_affinity(list);
}

ThreadAffinity::~ThreadAffinity() {
  if (before_) ::sched_setaffinity(0, sizeof *before_, &*before_);
}

}  // namespace spinel::server
