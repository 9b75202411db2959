// The event classes of notify-keyspace-events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spinel::server {

inline constexpr uint32_t kNotifyKeyspace = 1u << 0;  // K: publish to __keyspace@db__:key
inline constexpr uint32_t kNotifyKeyevent = 1u << 1;  // E: publish to __keyevent@db__:event
inline constexpr uint32_t kNotifyGeneric = 1u << 2;   // g
inline constexpr uint32_t kNotifyString = 1u << 3;    // $
inline constexpr uint32_t kNotifyList = 1u << 4;      // l
inline constexpr uint32_t kNotifySet = 1u << 5;       // s
inline constexpr uint32_t kNotifyHash = 1u << 6;      // h
inline constexpr uint32_t kNotifyZset = 1u << 7;      // z
inline constexpr uint32_t kNotifyExpired = 1u << 8;   // x
inline constexpr uint32_t kNotifyEvicted = 1u << 9;   // e
inline constexpr uint32_t kNotifyStream = 1u << 10;   // t
inline constexpr uint32_t kNotifyKeyMiss = 1u << 11;  // m, not in A
inline constexpr uint32_t kNotifyModule = 1u << 13;   // d
inline constexpr uint32_t kNotifyNew = 1u << 14;      // n, not in A
inline constexpr uint32_t kNotifyAll = kNotifyGeneric | kNotifyString | kNotifyList | kNotifySet |
                                       kNotifyHash | kNotifyZset | kNotifyExpired | kNotifyEvicted |
                                       kNotifyStream | kNotifyModule;

// Parses a string such as "KEg$". Returns nothing if a character names no class.
std::optional<uint32_t> parse_notify_flags(std::string_view text);

// Formats a set: classes in a fixed order, A for all of them, then K, E and m.
std::string format_notify_flags(uint32_t flags);

}  // namespace spinel::server
