#include "storage/base/crc64.h"
#include "tests/differential/families.h"

namespace spinel::test {

namespace {

/// A string of less than 64 bytes as RDB has it.
std::string plain(const std::string& bytes) {
  return std::string(1, static_cast<char>(bytes.size())) + bytes;
}

std::string little_endian(std::uint64_t number, std::size_t bytes) {
  return {reinterpret_cast<const char*>(&number), bytes};
}

std::string typed(char type, const std::string& payload) {
  return std::string(1, type) + payload;
}

std::string listpack(const std::vector<std::string>& texts) {
  std::string entries;
  for (const std::string& text : texts) {
    entries += static_cast<char>(0x80 | text.size());
    entries += text;
    entries += static_cast<char>(text.size() + 1);
  }
  return little_endian(entries.size() + 7, 4) + little_endian(texts.size(), 2) + entries + '\xff';
}

std::string ziplist(const std::vector<std::string>& texts) {
  constexpr std::size_t kHead = 10;
  std::string entries;
  std::size_t last = kHead;
  std::size_t previous = 0;
  for (const std::string& text : texts) {
    last = kHead + entries.size();
    entries += static_cast<char>(previous);
    entries += plain(text);
    previous = text.size() + 2;
  }
  return little_endian(entries.size() + kHead + 1, 4) + little_endian(last, 4) +
         little_endian(texts.size(), 2) + entries + '\xff';
}

/// Values in all forms that Redis 7.0 reads.
std::vector<std::string> good_values() {
  const std::vector<std::string> pairs = {"field", "1.5", "b", "22", "", "3"};
  const std::string lzf("\xc3\x05\x0ax\x00\xe0\x00\x00", 8);  // ten times the same
  return {
      typed(0, plain("hello")),
      typed(0, plain("")),
      typed(0, "\xc0\xf9"),
      typed(0, std::string("\xc1\x00\x7f", 3)),
      typed(0, std::string("\xc2\x00\x00\x00\x80", 5)),
      typed(0, plain(std::string(50, 'y'))),
      typed(1, "\x03" + plain("a") + "\xc0\x05" + plain("")),
      typed(2, "\x02" + plain("a") + "\xc0\x05"),
      typed(2, "\x02\xc0\x07\xc0\x05"),
      typed(3, "\x03" + plain("a") + plain("-1.5") + plain("b") + "\xfe" + plain("c") + "\xff"),
      typed(4, "\x02" + plain("a") + plain("x") + plain("b") + plain(std::string(50, 'z'))),
      typed(5, "\x02" + plain("a") + little_endian(0x3ff8000000000000, 8) + plain("b") +
                   little_endian(0, 8)),
      typed(9, plain("\x02\x01" + std::string("a\x02") + std::string(1, '\0') +
                     "bb\x01"
                     "c" +
                     std::string("\x01\x02", 2) + "d--\xff")),
      typed(10, plain(ziplist({"a", "12", "", "ccc"}))),
      typed(11, plain(little_endian(2, 4) + little_endian(3, 4) + little_endian(1, 2) +
                      little_endian(2, 2) + little_endian(300, 2))),
      typed(12, plain(ziplist({"a", "1", "b", "1.5"}))),
      typed(13, plain(ziplist(pairs))),
      typed(14, "\x02" + plain(ziplist({"a", "b"})) + plain(ziplist({"c"}))),
      typed(16, plain(listpack(pairs))),
      typed(17, plain(listpack({"a", "1", "b", "1.5"}))),
      typed(18, "\x02\x02" + plain(listpack({"a", "b"})) + "\x01" + plain("plain")),
      typed(0, lzf),
  };
}

std::string with_footer(std::string bytes, std::uint64_t version) {
  bytes += little_endian(version, 2);
  return bytes + little_endian(storage::crc64(0, bytes.data(), bytes.size()), 8);
}

std::string random_payload(Random& random) {
  static const std::vector<std::string> kGood = good_values();
  // Nothing within, of no type, cut so far that Redis does not take the footer for the rest, of
  // Redis 7.2 and of versions to come.
  static const std::vector<std::string> kBad = {
      "\x01" + std::string(1, '\0'),
      typed(8, "\x01"),
      typed(0, "\x3f"),
      typed(4, "\x7f"),
      typed(18, "\x01\x03"),
      typed(11, plain(little_endian(2, 4) + little_endian(0, 4)))};
  const auto version = random.below(11);
  if (random.chance(8)) return with_footer(random.pick(kBad), version);
  const std::string value = random.pick(kGood) + (random.chance(5) ? "junk" : "");
  std::string payload = with_footer(value, version);
  if (random.chance(4)) {
    const auto at = random.below(payload.size());
    payload[at] = static_cast<char>(payload[at] ^ 1 << random.below(8));
  }
  if (random.chance(4)) payload.resize(random.below(payload.size()));
  return random.chance(3) ? with_footer(value, 1000) : payload;
}

}  // namespace

const Family& dump_family() {
  static const Family kFamily{
      "dump",
      {
          {40, "RESTORE {key} {ttl} {payload} REPLACE"},
          {10, "RESTORE {key} {ttl} {payload}"},
          {10, "RESTORE {key} {pat} {payload} ABSTTL [REPLACE]"},
          {6, "RESTORE {key} {bad-time} {payload} [REPLACE|ABSTTL]..."},
          {10,
           "RESTORE {key} {ttl} {payload} [REPLACE|ABSTTL|IDLETIME {small}|FREQ "
           "{small}|{junk}]..."},
          {3, "RESTORE-ASKING {key} {ttl} {payload} [REPLACE]"},
          {6, "DUMP {key}"},
          // Restored values are changed as others are.
          {4, "APPEND {key} {value}"},
          {4, "INCR {key}"},
          {4, "RPUSH {key} {value}..."},
          {4, "LPOP {key}"},
          {4, "SADD {key} {value}..."},
          {4, "ZADD {key} {index} {value}"},
          {4, "HSET {key} {value} {value}"},
          {4, "HDEL {key} a"},
          {4, "COPY {key} {key} [REPLACE]"},
          {4, "DEL {key}"},
          {4, "PERSIST {key}"},
          {6, "(TYPE|PEXPIRETIME|EXISTS|STRLEN|LLEN|SCARD|HLEN|ZCARD) {key}"},
          {1, "CONFIG SET sanitize-dump-payload (yes|no|clients)", false},
          {1, "CONFIG SET rdbcompression (yes|no)", false},
          {1, "SELECT {db}"},
      },
      {
          {"payload", random_payload},
          {"ttl",
           [](Random& random) {
             return random.chance(50)
                        ? "0"
                        : std::to_string(random.between(100'000'000, 1'000'000'000'000));
           }},
          {"small", [](Random& random) { return std::to_string(random.between(-2, 300)); }},
      }};
  return kFamily;
}

}  // namespace spinel::test
