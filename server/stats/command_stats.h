// What the server counts about each command and each error code.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "server/stats/latency_histogram.h"

namespace spinel::server {

// One per command (and subcommand); lives in the command table. Not thread safe.
class CommandStats {
 public:
  // A call that ran. `failed`: it replied with an error.
  void record_call(uint64_t duration_ns, bool failed) {
    ++calls_;
    total_ns_ += duration_ns;
    failed_calls_ += failed;
  }

  // The same, and into the latency histogram (`latency-tracking yes`).
  void record_call_with_latency(uint64_t duration_ns, bool failed) {
    record_call(duration_ns, failed);
    latency_.record_ns(duration_ns);
  }

  // A call that was refused before it ran (arity, ACL, memory, ...).
  void record_rejected() { ++rejected_calls_; }

  // True if INFO commandstats has nothing to say about the command.
  bool empty() const { return calls_ == 0 && rejected_calls_ == 0 && failed_calls_ == 0; }

  int64_t calls() const { return calls_; }
  int64_t total_us() const { return static_cast<int64_t>(total_ns_ / 1000); }
  int64_t rejected_calls() const { return rejected_calls_; }
  int64_t failed_calls() const { return failed_calls_; }
  const LatencyHistogram& latency() const { return latency_; }

  // Appends "cmdstat_<name>:calls=1,usec=3,...\r\n". A subcommand's name is "config|get".
  void append_info(std::string& out, std::string_view name) const;

  void reset();
  // Forgets the histogram only (`latency-tracking no`).
  void reset_latency() { latency_.reset(); }

 private:
  int64_t calls_ = 0;
  uint64_t total_ns_ = 0;
  int64_t rejected_calls_ = 0;
  int64_t failed_calls_ = 0;
  LatencyHistogram latency_;
};

// Counts error replies by their code, the first word of the error. Scripts can make up codes, so
// the number and the length of codes are bounded: once full, new codes are not counted until a
// reset, and one line tells so.
class ErrorStats {
 public:
  static constexpr size_t kMaxCodes = 128;
  static constexpr size_t kMaxCodeBytes = 128;

  // `error` is the text of an error reply, with or without the leading '-'. An error that does not
  // begin with a code in that form ("-" missing and no word) counts as ERR.
  void record(std::string_view error);

  // The number of replies counted under `code`.
  int64_t count(std::string_view code) const;

  // Appends "errorstat_<code>:count=1\r\n" for each code, in the order of their bytes.
  void append_info(std::string& out) const;

  void reset() { *this = ErrorStats(); }

 private:
  std::map<std::string, int64_t, std::less<>> counts_;
  bool full_ = false;
};

// `name` with the characters that would break a line of INFO replaced by '_'.
std::string info_safe(std::string_view name);

}  // namespace spinel::server
