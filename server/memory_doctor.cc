#include "server/memory_doctor.h"

#include <fmt/format.h>

namespace spinel::server {

namespace {

constexpr size_t kMib = 1024 * 1024;
// With less data the figures say nothing: the process itself outweighs it.
constexpr size_t kSmallestDataset = 5 * kMib;
// What is lost must be noticeable, however bad the ratio is.
constexpr size_t kNoticeableBytes = 10 * kMib;
constexpr double kHighPeakRatio = 1.5;
constexpr double kHighFragmentationRatio = 1.4;
constexpr double kHighOverheadRatio = 1.1;
constexpr size_t kLargeClientBytes = 200 * 1024;

bool noticeable(int64_t bytes) {
  return bytes > static_cast<int64_t>(kNoticeableBytes);
}

std::string mib(size_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMib);
}

void check_peak(const MemoryReport& memory, std::string& findings) {
  if (static_cast<double>(memory.peak) <= kHighPeakRatio * static_cast<double>(memory.used)) return;
  findings += fmt::format(
      " * Peak: at some time the server used {}, which is more than one and a half times the {} it "
      "uses now. The allocator may keep part of the difference, so that the process seems larger "
      "than its data: a fragmentation ratio above 1 is then no reason to worry. The memory will "
      "be used again when data comes. To hand it back to the system now, try MEMORY PURGE.\n\n",
      mib(memory.peak), mib(memory.used));
}

void check_fragmentation(const MemoryReport& memory, std::string& findings) {
  if (memory.fragmentation_ratio() <= kHighFragmentationRatio ||
      !noticeable(memory.fragmentation_bytes())) {
    return;
  }
  findings += fmt::format(
      " * Fragmentation: the process occupies {:.2f} times the memory that is in use ({} for {}). "
      "Either the data was once larger, see above if the peak is reported as well, or its pattern "
      "of sizes leaves gaps, or something else in the process takes memory. This server uses the "
      "allocator {}.\n\n",
      memory.fragmentation_ratio(), mib(memory.resident_set), mib(memory.used),
      storage::allocator_name());
}

void check_allocator_fragmentation(const MemoryReport& memory, std::string& findings) {
  const storage::AllocatorStats& allocator = memory.allocator;
  if (allocator.fragmentation_ratio() <= kHighOverheadRatio ||
      allocator.fragmentation_bytes() <= kNoticeableBytes) {
    return;
  }
  findings += fmt::format(
      " * Gaps: the allocator's pages have room for {:.2f} times what is stored in them. That is "
      "usual after many keys were removed, or when values change their size a lot. Keys that are "
      "written again move together: consider to restart from a snapshot or to fail over to a "
      "replica when it suits.\n\n",
      allocator.fragmentation_ratio());
}

void check_allocator_resident(const MemoryReport& memory, std::string& findings) {
  const storage::AllocatorStats& allocator = memory.allocator;
  if (allocator.resident_overhead_ratio() <= kHighOverheadRatio ||
      allocator.resident_overhead_bytes() <= kNoticeableBytes) {
    return;
  }
  findings += fmt::format(
      " * Free pages: the allocator keeps {:.2f} times the physical memory that its pages in use "
      "take. This is common shortly after a peak, and it gives the rest back by and by. MEMORY "
      "PURGE makes it do so at once.\n\n",
      allocator.resident_overhead_ratio());
}

void check_process(const MemoryReport& memory, std::string& findings) {
  if (memory.rss_overhead_ratio() <= kHighOverheadRatio ||
      !noticeable(memory.rss_overhead_bytes())) {
    return;
  }
  findings += fmt::format(
      " * Outside the data: the process occupies {:.2f} times what the allocator holds. Look for "
      "memory that does not come from it, such as scripts or transparent huge pages.\n\n",
      memory.rss_overhead_ratio());
}

void check_clients(const MemoryReport& memory, size_t clients, std::string& findings) {
  if (clients == 0 || memory.clients / clients <= kLargeClientBytes) return;
  findings += fmt::format(
      " * Clients: their buffers take {:.1f} KiB each on average. Slow readers of large replies, "
      "of channels or of MONITOR are the usual reason. CLIENT LIST shows who it is: look for a "
      "large omem. client-output-buffer-limit can bound it.\n\n",
      static_cast<double>(memory.clients) / static_cast<double>(clients) / 1024);
}

}  // namespace

std::string memory_doctor_report(const MemoryReport& memory, size_t clients) {
  if (memory.used < kSmallestDataset) {
    return "Hi Sam, there is hardly any data in this server, and with so little of it nothing can "
           "be said about its memory. Ask again when there is more.\n";
  }
  std::string findings;
  check_peak(memory, findings);
  check_fragmentation(memory, findings);
  check_allocator_fragmentation(memory, findings);
  check_allocator_resident(memory, findings);
  check_process(memory, findings);
  check_clients(memory, clients, findings);
  if (findings.empty()) {
    return "Hi Sam, I looked at the memory of this server and found nothing wrong with it.\n";
  }
  return "Sam, this is what I found in the memory of this server:\n\n" + findings +
         "I'm here if you need me again.\n";
}

}  // namespace spinel::server
