#include "server/stats/latency_monitor.h"

#include <algorithm>
#include <fmt/format.h>

#include "server/stats/sparkline.h"
#include "storage/base/assert.h"
#include "storage/base/bytes.h"

namespace spinel::server {
namespace {

constexpr size_t kGraphColumns = 80;

std::string age_label(int64_t age_s) {
  constexpr int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
  age_s = std::max<int64_t>(age_s, 0);
  if (age_s < kMinute) return fmt::format("{}s", age_s);
  if (age_s < kHour) return fmt::format("{}m", age_s / kMinute);
  if (age_s < kDay) return fmt::format("{}h", age_s / kHour);
  return fmt::format("{}d", age_s / kDay);
}

}  // namespace

void LatencySeries::add(int64_t unix_time_s, int64_t latency_ms) {
  all_time_max_ms_ = std::max(all_time_max_ms_, latency_ms);
  if (size_ > 0) {
    LatencySample& last = ring_[(next_ + kSamples - 1) % kSamples];
    if (last.unix_time_s == unix_time_s) {
      last.latency_ms = std::max(last.latency_ms, latency_ms);
      return;
    }
  }
  ring_[next_] = {unix_time_s, latency_ms};
  next_ = (next_ + 1) % kSamples;
  size_ = std::min(size_ + 1, kSamples);
}

const LatencySample& LatencySeries::sample(size_t index) const {
  SPINEL_ASSERT(index < size_);
  return ring_[(next_ + kSamples - size_ + index) % kSamples];
}

std::string LatencySeries::graph(int64_t now_s) const {
  std::vector<SparklinePoint> points;
  int64_t low = INT64_MAX;
  int64_t high = 0;
  for (size_t i = 0; i < size_; ++i) {
    const LatencySample& each = sample(i);
    low = std::min(low, each.latency_ms);
    high = std::max(high, each.latency_ms);
    points.push_back({each.latency_ms, age_label(now_s - each.unix_time_s)});
  }
  std::string out = fmt::format("{} - high {} ms, low {} ms (all time high {} ms)\n", event_, high,
                                low, all_time_max_ms_);
  out.append(kGraphColumns, '-');
  out += '\n';
  return out + render_sparkline(points, kGraphColumns);
}

const LatencySeries* LatencyMonitor::find(std::string_view event) const {
  const auto found = std::find_if(series_.begin(), series_.end(),
                                  [event](const auto& each) { return each.event() == event; });
  return found == series_.end() ? nullptr : &*found;
}

bool LatencyMonitor::reset(std::string_view event) {
  return std::erase_if(series_, [event](const auto& each) {
           return storage::equals_ignore_case(each.event(), event);
         }) > 0;
}

size_t LatencyMonitor::reset_all() {
  const size_t events = series_.size();
  series_.clear();
  return events;
}

void LatencyMonitor::add(std::string_view event, int64_t latency_ms, int64_t now_s) {
  for (auto& each : series_) {
    if (each.event() == event) return each.add(now_s, latency_ms);
  }
  series_.emplace_back(event).add(now_s, latency_ms);
}

}  // namespace spinel::server
