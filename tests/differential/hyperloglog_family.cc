#include <algorithm>

#include "tests/differential/families.h"

namespace spinel::test {

namespace {

std::string element(Random& random) {
  switch (random.below(8)) {
    case 0:
      return "";
    case 1: {
      std::string bytes(random.below(40), '\0');
      for (char& byte : bytes) byte = static_cast<char>(random.below(256));
      return bytes;
    }
    case 2:
      return std::to_string(random.below(1'000'000));
    default:
      return "e" + std::to_string(random.below(3000));
  }
}

std::string zeros(std::uint64_t run) {
  const std::uint64_t field = run - 1;
  if (run <= 64) return {static_cast<char>(field)};
  return {static_cast<char>(0x40 | field >> 8), static_cast<char>(field)};
}

std::string values(Random& random, std::uint64_t run) {
  // Few values, so that neighbours often are equal.
  const std::uint64_t value = random.chance(90) ? random.below(3) : random.below(32);
  return {static_cast<char>(0x80 | value << 2 | (run - 1))};
}

/// Opcodes for all registers, with runs of zeros in lengths near 64 and values close together.
std::string opcodes(Random& random) {
  std::string all;
  std::uint64_t left = 16384;
  const std::uint64_t busy = random.below(600);
  while (left > 0 && all.size() < busy) {
    const std::uint64_t run = random.chance(70) ? 1 + random.below(4) : 1 + random.below(130);
    if (run > left) break;
    all += run <= 4 && random.chance(85) ? values(random, run) : zeros(run);
    left -= run;
    if (random.chance(3) && left > 2000) {
      const std::uint64_t gap = 1 + random.below(2000);
      all += zeros(gap);
      left -= gap;
    }
  }
  if (left > 0) all += zeros(left);
  return all;
}

std::string header(Random& random, char encoding) {
  std::string bytes = "HYLL";
  bytes.push_back(encoding);
  bytes += random.chance(90) ? std::string(3, '\0') : "abc";
  bytes.push_back(static_cast<char>(random.below(256)));
  bytes += std::string(6, '\0');
  bytes.push_back(random.chance(80) ? '\x80' : '\0');
  return bytes;
}

std::string sparse_image(Random& random) {
  return header(random, 1) + opcodes(random);
}

std::string dense_image(Random& random) {
  std::string bytes = header(random, 0);
  // Registers of any value, or a few set bits.
  const bool full = random.chance(30);
  std::string registers(12288, '\0');
  for (char& byte : registers) {
    if (full || random.chance(5)) byte = static_cast<char>(random.below(256));
  }
  return bytes + registers;
}

/// Whether sparse `bytes` end in the first half of a run of zeros. What Redis takes the second half
/// to be is what lies behind the string in its memory, and not always the same.
bool ends_in_half_an_opcode(const std::string& bytes) {
  std::size_t at = 16;
  while (at < bytes.size()) at += (bytes[at] & 0xc0) == 0x40 ? 2 : 1;
  return at > std::max<std::size_t>(bytes.size(), 16);
}

/// Nearly one: cut, extended or with bytes changed.
std::string broken_bytes(Random& random) {
  std::string bytes = random.chance(85) ? sparse_image(random) : dense_image(random);
  switch (random.below(5)) {
    case 0:
      return bytes.substr(0, bytes.size() - 1);
    case 1:
      return bytes.substr(0, random.below(bytes.size()));
    case 2:
      return bytes + static_cast<char>(random.below(256));
    case 3:
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
      return bytes;
    default:
      bytes.resize(std::min<std::size_t>(bytes.size(), 16));
      while (random.chance(85)) bytes.push_back(static_cast<char>(random.below(256)));
      return bytes;
  }
}

std::string broken_image(Random& random) {
  std::string bytes = broken_bytes(random);
  if (ends_in_half_an_opcode(bytes)) bytes.push_back(static_cast<char>(random.below(256)));
  return bytes;
}

/// In the header.
std::string offset(Random& random) {
  return std::to_string(random.below(16));
}

std::string byte(Random& random) {
  return {static_cast<char>(random.below(256))};
}

/// A whole opcode.
std::string opcode(Random& random) {
  return random.chance(50) ? values(random, 1 + random.below(4)) : zeros(1 + random.below(16384));
}

/// Few keys, so that they grow and are merged.
std::string sketch(Random& random) {
  return "hll" + std::to_string(random.below(12));
}

std::string sparse_limit(Random& random) {
  static const std::vector<std::string> kLimits = {"0",   "18",   "21",   "24",   "60",
                                                   "200", "1000", "3000", "20000"};
  return random.pick(kLimits);
}

}  // namespace

const Family& hyperloglog_family() {
  static const Family kFamily{
      "hyperloglog",
      {
          {60, "PFADD {sketch} {element}... {element}... {element}..."},
          {20, "PFADD {sketch} {element}"},
          {4, "PFADD {sketch}"},
          {3, "PFADD {key} {element}..."},
          {30, "PFCOUNT {sketch}"},
          {12, "PFCOUNT {sketch}..."},
          {3, "PFCOUNT {key}..."},
          {12, "PFMERGE {sketch} {sketch}..."},
          {3, "PFMERGE {sketch}"},
          {2, "PFMERGE {key} {sketch}... [{key}]"},
          {6, "PFDEBUG (ENCODING|DECODE) {sketch}"},
          {1, "PFDEBUG (GETREG|TODENSE) {sketch}"},
          {1, "PFDEBUG ({junk}|ENCODING|DECODE|TODENSE) {key}"},
          {10, "SET {sketch} {sparse-image}"},
          {2, "SET {sketch} {dense-image}"},
          {6, "SET {sketch} {broken-image}"},
          {3, "SETRANGE {sketch} {offset} {byte}", false},
          {2, "APPEND {sketch} {opcode}", false},
          {30, "GET {sketch}"},
          {4, "STRLEN {sketch}"},
          {6, "OBJECT ENCODING {sketch}"},
          {12, "DEL {sketch}..."},
          {2, "CONFIG SET hll-sparse-max-bytes {sparse-limit}", false},
          {3, "(SET|LPUSH) {key} {value}"},
          {2, "DEL {key}..."},
          {3, "(COPY|RENAME) {sketch} {sketch}"},
          {2, "(PEXPIREAT {sketch} {pat}|PERSIST {sketch}|PEXPIRETIME {sketch})"},
      },
      {
          {"sketch", sketch},
          {"element", element},
          {"sparse-image", sparse_image},
          {"dense-image", dense_image},
          {"broken-image", broken_image},
          {"offset", offset},
          {"byte", byte},
          {"opcode", opcode},
          {"sparse-limit", sparse_limit},
      }};
  return kFamily;
}

}  // namespace spinel::test
