#include "server/stats/info_writer.h"

#include <fmt/format.h>

#include "storage/base/bytes.h"

namespace spinel::server {
namespace {

struct SectionNames {
  std::string_view argument;
  std::string_view head;
};

constexpr std::array<SectionNames, kInfoSections> kNames = {{
    {"server", "Server"},
    {"clients", "Clients"},
    {"memory", "Memory"},
    {"persistence", "Persistence"},
    {"stats", "Stats"},
    {"replication", "Replication"},
    {"cpu", "CPU"},
    {"modules", "Modules"},
    {"commandstats", "Commandstats"},
    {"errorstats", "Errorstats"},
    {"latencystats", "Latencystats"},
    {"cluster", "Cluster"},
    {"keyspace", "Keyspace"},
}};

constexpr uint32_t bit(InfoSection section) {
  return 1u << static_cast<int>(section);
}

constexpr uint32_t kAll = (1u << kInfoSections) - 1;
constexpr uint32_t kDefault =
    kAll & ~bit(InfoSection::kCommandstats) & ~bit(InfoSection::kLatencystats);

uint32_t bits_of(std::string_view argument) {
  using storage::equals_ignore_case;
  if (equals_ignore_case(argument, "default")) return kDefault;
  // The two differ in what loaded modules have to say, and there are none.
  if (equals_ignore_case(argument, "all") || equals_ignore_case(argument, "everything")) {
    return kAll;
  }
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (equals_ignore_case(argument, kNames[i].argument)) return 1u << i;
  }
  return 0;
}

}  // namespace

InfoSelection InfoSelection::from_arguments(std::span<const std::string_view> arguments) {
  InfoSelection selection;
  if (arguments.empty()) selection.bits_ = kDefault;
  for (const std::string_view argument : arguments) selection.bits_ |= bits_of(argument);
  return selection;
}

bool InfoWriter::begin(InfoSection section) {
  if (!selection_.has(section)) return false;
  if (!text_.empty()) text_ += "\r\n";
  append_format(text_, "# {}\r\n", kNames[static_cast<size_t>(section)].head);
  return true;
}

void InfoWriter::field(std::string_view name, std::string_view value) {
  line("{}:{}", name, value);
}

void InfoWriter::fixed(std::string_view name, double value, int decimals) {
  line("{}:{:.{}f}", name, value, decimals);
}

void InfoWriter::percent(std::string_view name, double value, int decimals) {
  line("{}:{:.{}f}%", name, value, decimals);
}

void InfoWriter::human_bytes(std::string_view name, uint64_t bytes) {
  field(name, server::human_bytes(bytes));
}

std::string human_bytes(uint64_t bytes) {
  constexpr char kUnits[] = {'K', 'M', 'G', 'T', 'P', 'E'};
  if (bytes < 1024) return fmt::format("{}B", bytes);
  auto value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (unit + 1 < std::size(kUnits) && bytes >> (10 * (unit + 2)) != 0) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.2f}{}", value, kUnits[unit]);
}

}  // namespace spinel::server
