// Small helpers over byte strings shared by every room.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace spinel::storage {

// Reads a trivially copyable value from possibly unaligned memory.
template <typename T>
inline T load_unaligned(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Writes a trivially copyable value to possibly unaligned memory.
template <typename T>
inline void store_unaligned(void* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

// ASCII-only lower case, as the protocol's keywords need it: independent of the locale.
constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// Compares two keywords without regard to ASCII case.
constexpr bool equals_ignore_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  }
  return true;
}

}  // namespace spinel::storage
