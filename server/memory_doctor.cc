#include "server/memory_doctor.h"

#include <fmt/format.h>

namespace spinel::server {

namespace {

constexpr size_t kMib = 1024 * 1024;
// Below this the process itself outweighs the data.
constexpr size_t kSmallestDataset = 5 * kMib;
// Less is not worth a finding, however bad the ratio is.
constexpr size_t kNoticeableBytes = 10 * kMib;
constexpr double kHighPeakRatio = 1.5;
constexpr double kHighFragmentationRatio = 1.4;
constexpr double kHighOverheadRatio = 1.1;
constexpr size_t kLargeClientBytes = 200 * 1024;

bool is_noticeable(int64_t bytes) {
  return bytes > static_cast<int64_t>(kNoticeableBytes);
}

std::string format_mib(size_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMib);
}

void check_peak(const MemoryReport& memory, std::string& findings) {
  if (static_cast<double>(memory.peak) <= kHighPeakRatio * static_cast<double>(memory.used)) return;
  findings += fmt::format(
      "- Peak: the server once used {}, and uses {} now. The allocator may hold the difference, "
      "which raises the fragmentation ratio and does no harm: new data takes it. MEMORY PURGE "
      "returns it to the system.\n",
      format_mib(memory.peak), format_mib(memory.used));
}

void check_fragmentation(const MemoryReport& memory, std::string& findings) {
  if (memory.fragmentation_ratio() <= kHighFragmentationRatio ||
      !is_noticeable(memory.fragmentation_bytes())) {
    return;
  }
  findings += fmt::format(
      "- Fragmentation: the process occupies {:.2f} times the memory in use ({} for {}). There was "
      "more data before (then the peak is listed, too), sizes of values leave gaps, or something "
      "besides the data takes memory. The allocator is {}.\n",
      memory.fragmentation_ratio(), format_mib(memory.resident_set), format_mib(memory.used),
      storage::allocator_name());
}

void check_allocator_fragmentation(const MemoryReport& memory, std::string& findings) {
  const storage::AllocatorStats& allocator = memory.allocator;
  if (allocator.fragmentation_ratio() <= kHighOverheadRatio ||
      allocator.fragmentation_bytes() <= kNoticeableBytes) {
    return;
  }
  findings += fmt::format(
      "- Gaps: pages of the allocator have room for {:.2f} times what they hold. Removing many "
      "keys "
      "and changing the size of many values leads to this. Writing the data anew closes the gaps: "
      "restart from a snapshot, or fail over to a replica.\n",
      allocator.fragmentation_ratio());
}

void check_allocator_resident(const MemoryReport& memory, std::string& findings) {
  const storage::AllocatorStats& allocator = memory.allocator;
  if (allocator.resident_overhead_ratio() <= kHighOverheadRatio ||
      allocator.resident_overhead_bytes() <= kNoticeableBytes) {
    return;
  }
  findings += fmt::format(
      "- Free pages: the allocator holds {:.2f} times the memory of its pages in use. This is "
      "usual "
      "after a peak, and it returns them bit by bit. MEMORY PURGE returns them at once.\n",
      allocator.resident_overhead_ratio());
}

void check_process(const MemoryReport& memory, std::string& findings) {
  if (memory.rss_overhead_ratio() <= kHighOverheadRatio ||
      !is_noticeable(memory.rss_overhead_bytes())) {
    return;
  }
  findings += fmt::format(
      "- Outside the allocator: the process occupies {:.2f} times what the allocator holds. "
      "Scripts "
      "and transparent huge pages are usual reasons.\n",
      memory.rss_overhead_ratio());
}

void check_clients(const MemoryReport& memory, size_t clients, std::string& findings) {
  if (clients == 0 || memory.clients / clients <= kLargeClientBytes) return;
  findings += fmt::format(
      "- Clients: their buffers take {:.1f} KiB each on average. Clients that read large replies, "
      "channels or MONITOR too slowly are the usual reason. Look for a large omem in CLIENT LIST; "
      "client-output-buffer-limit bounds it.\n",
      static_cast<double>(memory.clients) / static_cast<double>(clients) / 1024);
}

}  // namespace

std::string memory_doctor_report(const MemoryReport& memory, size_t clients) {
  if (memory.used < kSmallestDataset) {
    return "There is too little data in this server to judge its memory.\n";
  }
  std::string findings;
  check_peak(memory, findings);
  check_fragmentation(memory, findings);
  check_allocator_fragmentation(memory, findings);
  check_allocator_resident(memory, findings);
  check_process(memory, findings);
  check_clients(memory, clients, findings);
  if (findings.empty()) return "No memory problems were found.\n";
  return "Memory problems of this server:\n\n" + findings;
}

}  // namespace spinel::server
