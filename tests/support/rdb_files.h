// RDB files made by hand, without a checksum.
#pragma once

#include <string>

namespace spinel::test {

inline std::string rdb_with(const std::string& records) {
  return "REDIS0010" + records + "\xff" + std::string(8, '\0');
}

// A key of the module ReJSON-RL, at offset 11, and the string "after".
inline std::string rdb_with_module_key() {
  const std::string module("\x81\x45\xe2\x52\x38\xdf\x91\x2c\x03", 9);
  return rdb_with(std::string("\xfe\0", 2) + "\x07\x04json" + module + '\0' +
                  std::string("\0\x05"
                              "after"
                              "\x01x",
                              9));
}

}  // namespace spinel::test
