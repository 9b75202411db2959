// Bitwise operators for the enum classes of this folder that are sets of flags.
#pragma once

#include <type_traits>

namespace spinel::server {

// Specialise as true to give an enum class the operators below.
template <typename E>
inline constexpr bool kIsBitmask = false;

template <typename E>
concept Bitmask = std::is_enum_v<E> && kIsBitmask<E>;

template <Bitmask E>
constexpr E operator|(E a, E b) {
  using U = std::underlying_type_t<E>;
  return static_cast<E>(static_cast<U>(a) | static_cast<U>(b));
}

template <Bitmask E>
constexpr E operator&(E a, E b) {
  using U = std::underlying_type_t<E>;
  return static_cast<E>(static_cast<U>(a) & static_cast<U>(b));
}

template <Bitmask E>
constexpr E operator~(E a) {
  using U = std::underlying_type_t<E>;
  return static_cast<E>(~static_cast<U>(a));
}

template <Bitmask E>
constexpr E& operator|=(E& a, E b) {
  return a = a | b;
}

template <Bitmask E>
constexpr E& operator&=(E& a, E b) {
  return a = a & b;
}

// True if the set is not empty.
template <Bitmask E>
constexpr bool any(E set) {
  return static_cast<std::underlying_type_t<E>>(set) != 0;
}

}  // namespace spinel::server
