#include "server/stats/command_stats.h"

#include <algorithm>

#include "server/log/log.h"
#include "server/stats/append_format.h"

namespace spinel::server {

void CommandStats::append_info(std::string& out, std::string_view name) const {
  const double us_per_call =
      calls_ == 0 ? 0 : static_cast<double>(total_ns_) / 1000.0 / static_cast<double>(calls_);
  append_format(out,
                "cmdstat_{}:calls={},usec={},usec_per_call={:.2f},rejected_calls={},"
                "failed_calls={}\r\n",
                info_safe(name), calls_, total_us(), us_per_call, rejected_calls_, failed_calls_);
}

void CommandStats::reset() {
  calls_ = 0;
  total_ns_ = 0;
  rejected_calls_ = 0;
  failed_calls_ = 0;
  latency_.reset();
}

void ErrorStats::record(std::string_view error) {
  if (error.starts_with('-')) error.remove_prefix(1);
  std::string_view code = error.substr(0, error.find_first_of(" \r\n"));
  code = code.substr(0, kMaxCodeBytes);
  if (code.empty()) code = "ERR";
  if (const auto found = counts_.find(code); found != counts_.end()) {
    ++found->second;
  } else if (counts_.size() < kMaxCodes) {
    counts_.emplace(code, 1);
  } else if (!full_) {
    full_ = true;
    log_warning(
        "{} different error codes were counted: further ones are not. Scripts that make up codes "
        "are the usual cause; "
        "see INFO ERRORSTATS. CONFIG RESETSTAT starts over.",
        kMaxCodes);
  }
}

int64_t ErrorStats::count(std::string_view code) const {
  const auto found = counts_.find(code);
  return found == counts_.end() ? 0 : found->second;
}

void ErrorStats::append_info(std::string& out) const {
  for (const auto& [code, count] : counts_) {
    append_format(out, "errorstat_{}:count={}\r\n", info_safe(code), count);
  }
  if (full_) out += "errorstat_ERRORSTATS_DISABLED:count=1\r\n";
}

std::string info_safe(std::string_view name) {
  std::string safe(name);
  std::replace_if(
      safe.begin(), safe.end(),
      [](char c) { return c == '#' || c == ':' || c == '\n' || c == '\r'; }, '_');
  return safe;
}

}  // namespace spinel::server
