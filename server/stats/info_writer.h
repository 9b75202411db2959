// The text of INFO: sections of "field:value" lines, and which of them a client asked for.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "server/stats/append_format.h"

namespace spinel::server {

// In the order in which they are written.
enum class InfoSection : uint8_t {
  kServer,
  kClients,
  kMemory,
  kPersistence,
  kStats,
  kReplication,
  kCpu,
  kModules,
  kCommandstats,
  kErrorstats,
  kLatencystats,
  kCluster,
  kKeyspace,
};
inline constexpr size_t kInfoSections = 13;

// The sections that the arguments of INFO name: "default" (also without arguments), "all",
// "everything" or sections, any number of them in any case. Names that are not known select
// nothing.
class InfoSelection {
 public:
  static InfoSelection from_arguments(std::span<const std::string_view> arguments);

  bool has(InfoSection section) const { return (bits_ >> static_cast<int>(section) & 1) != 0; }

 private:
  uint32_t bits_ = 0;
};

// Builds the text:
//
//   InfoWriter info(selection);
//   if (info.begin(InfoSection::kClients)) info.field("connected_clients", n);
class InfoWriter {
 public:
  explicit InfoWriter(InfoSelection selection) : selection_(selection) {}

  // Writes the section's head and returns true if the section was asked for.
  bool begin(InfoSection section);

  template <std::integral T>
  void field(std::string_view name, T value) {
    append_format(text_, "{}:{}\r\n", name, +value);
  }
  void field(std::string_view name, std::string_view value);
  void field(std::string_view name, bool value) { field(name, value ? 1 : 0); }
  void field(std::string_view name, const char* value) { field(name, std::string_view(value)); }

  // A number with that many decimals.
  void fixed(std::string_view name, double value, int decimals = 2);
  // The same with '%' behind it.
  void percent(std::string_view name, double value, int decimals = 2);
  // A number of bytes as people read it: 1.50M.
  void human_bytes(std::string_view name, uint64_t bytes);
  // A field whose value is a list: "db0:keys=1,expires=0".
  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    append_format(text_, format, std::forward<Args>(args)...);
    text_ += "\r\n";
  }

  // For helpers that append whole lines themselves.
  std::string& text() { return text_; }

 private:
  InfoSelection selection_;
  std::string text_;
};

// "512B", "1.50K", "1.19M", "23.54G", ...
std::string human_bytes(uint64_t bytes);

}  // namespace spinel::server
