#include "server/stats/slowlog.h"

#include <fmt/format.h>

namespace spinel::server {
namespace {

std::string shorten(std::string_view argument) {
  if (argument.size() <= SlowLog::kMaxArgumentBytes) return std::string(argument);
  return fmt::format("{}... ({} more bytes)", argument.substr(0, SlowLog::kMaxArgumentBytes),
                     argument.size() - SlowLog::kMaxArgumentBytes);
}

std::vector<std::string> shorten(std::span<const std::string_view> arguments) {
  const bool too_many = arguments.size() > SlowLog::kMaxArguments;
  const size_t kept = too_many ? SlowLog::kMaxArguments - 1 : arguments.size();
  std::vector<std::string> shortened;
  shortened.reserve(kept + too_many);
  for (const std::string_view argument : arguments.first(kept)) {
    shortened.push_back(shorten(argument));
  }
  if (too_many) {
    shortened.push_back(fmt::format("... ({} more arguments)", arguments.size() - kept));
  }
  return shortened;
}

}  // namespace

void SlowLog::add(std::span<const std::string_view> arguments, int64_t duration_us,
                  int64_t unix_time_s, std::string_view client_address,
                  std::string_view client_name, size_t max_length) {
  entries_.push_front({next_id_++, unix_time_s, duration_us, shorten(arguments),
                       std::string(client_address), std::string(client_name)});
  trim(max_length);
}

}  // namespace spinel::server
