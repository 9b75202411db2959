#include "server/config/notify_flags.h"

namespace spinel::server {
namespace {

struct EventClass {
  char letter;
  uint32_t flags;
};

constexpr EventClass kClasses[] = {
    {'g', kNotifyGeneric}, {'$', kNotifyString}, {'l', kNotifyList},    {'s', kNotifySet},
    {'h', kNotifyHash},    {'z', kNotifyZset},   {'x', kNotifyExpired}, {'e', kNotifyEvicted},
    {'t', kNotifyStream},  {'d', kNotifyModule}, {'n', kNotifyNew},
};
constexpr EventClass kChannels[] = {
    {'K', kNotifyKeyspace}, {'E', kNotifyKeyevent}, {'m', kNotifyKeyMiss}};

uint32_t flags_of(char letter) {
  if (letter == 'A') return kNotifyAll;
  for (const EventClass& each : kClasses) {
    if (each.letter == letter) return each.flags;
  }
  for (const EventClass& each : kChannels) {
    if (each.letter == letter) return each.flags;
  }
  return 0;
}

}  // namespace

std::optional<uint32_t> parse_notify_flags(std::string_view text) {
  uint32_t all = 0;
  for (const char letter : text) {
    const uint32_t flags = flags_of(letter);
    if (flags == 0) return std::nullopt;
    all |= flags;
  }
  return all;
}

std::string format_notify_flags(uint32_t flags) {
  std::string text;
  if ((flags & kNotifyAll) == kNotifyAll) {
    // Redis keeps n beside A, but does not print it.
    text.push_back('A');
  } else {
    for (const EventClass& each : kClasses) {
      if (flags & each.flags) text += each.letter;
    }
  }
  for (const EventClass& each : kChannels) {
    if (flags & each.flags) text += each.letter;
  }
  return text;
}

}  // namespace spinel::server
