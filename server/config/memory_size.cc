#include "server/config/memory_size.h"

#include <charconv>
#include <limits>

#include "storage/base/bytes.h"

namespace spinel::server {
namespace {

constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();
constexpr ptrdiff_t kMaxDigits = 127;

struct Unit {
  std::string_view name;
  uint64_t bytes;
};

constexpr Unit kUnits[] = {
    {"", 1},
    {"b", 1},
    {"k", 1000},
    {"kb", 1ull << 10},
    {"m", 1000 * 1000},
    {"mb", 1ull << 20},
    {"g", 1000 * 1000 * 1000},
    {"gb", 1ull << 30},
};

}  // namespace

std::optional<uint64_t> parse_memory(std::string_view text) {
  text = text.substr(0, text.find('\0'));  // Redis ignores the rest
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, number);
  if (stop - text.data() > kMaxDigits) return std::nullopt;
  if (status == std::errc::result_out_of_range) number = kHuge;
  const std::string_view suffix(stop, static_cast<size_t>(end - stop));
  for (const Unit& unit : kUnits) {
    if (!storage::equals_ignore_case(suffix, unit.name)) continue;
    uint64_t bytes = 0;
    return __builtin_mul_overflow(number, unit.bytes, &bytes) ? kHuge : bytes;
  }
  return std::nullopt;
}

std::string format_memory(uint64_t bytes) {
  for (const Unit unit : {Unit{"gb", 1ull << 30}, Unit{"mb", 1ull << 20}, Unit{"kb", 1ull << 10}}) {
    if (bytes != 0 && bytes % unit.bytes == 0) {
      return std::to_string(bytes / unit.bytes).append(unit.name);
    }
  }
  return std::to_string(bytes);
}

}  // namespace spinel::server
