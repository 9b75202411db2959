#include "tests/differential/families.h"

namespace spinel::test {

namespace {

std::string client_name(Random& random) {
  static const std::vector<std::string> kNames = {
      "worker", "a b", "", "line\nbreak", "tab\t", "\x7f", "caf\xc3\xa9", "!~", "x"};
  return random.pick(kNames);
}

std::string password(Random& random) {
  static const std::vector<std::string> kPasswords = {"", "secret", "nopass", "\r\n"};
  return random.pick(kPasswords);
}

std::string user(Random& random) {
  static const std::vector<std::string> kUsers = {"default", "Default", "nobody", ""};
  return random.pick(kUsers);
}

std::string absent_client_id(Random& random) {
  static const std::vector<std::string> kIds = {"999999999",          "0", "-1", "abc", "1.5", "",
                                                "9223372036854775808"};
  return random.pick(kIds);
}

}  // namespace

const Family& connection_family() {
  static const Family kFamily{
      "connection",
      {
          {20, "PING [{value}]"},
          {5, "PING {value}..."},
          {20, "ECHO {value}"},
          {20, "SELECT {db}"},
          {5, "SELECT {junk}"},
          {10, "HELLO [2|3]"},
          {5, "HELLO (2|3) [AUTH {user} {password}] [SETNAME {name}]", false},
          {5,
           "HELLO (1|4|0|-1|abc|2.0|99999999999999999999) [AUTH {user} {password}|SETNAME {name}]",
           false},
          // Redis 7.0 sets the name before it finds a mistake in a later option; 7.2 does not.
          {4, "HELLO (2|3) (AUTH|SETNAME|AUTH {user}|{junk})", false},
          {5, "AUTH [{user}] {password}"},
          {2, "AUTH {junk}..."},
          {5, "RESET"},
          {10, "CLIENT SETNAME {name}"},
          {10, "CLIENT GETNAME"},
          {3, "CLIENT ID"},
          {5,
           "CLIENT LIST (ID {absent-id}...|TYPE "
           "(replica|slave|pubsub|master|bogus)|{junk}|ID|TYPE)"},
          {5,
           "CLIENT KILL (ID|ADDR|LADDR|TYPE|USER|SKIPME|BOGUS) [{absent-id}|nobody|replica|maybe]",
           false},
          {3,
           "CLIENT KILL ID {absent-id} (SKIPME (yes|no|maybe)|TYPE (normal|bogus)|USER "
           "(default|nobody))",
           false},
          {2, "CLIENT KILL {junk}"},
          {3, "CLIENT NO-EVICT (on|off|maybe)"},
          {5, "CLIENT UNBLOCK {absent-id} [TIMEOUT|ERROR|{junk}]"},
          {5, "CLIENT UNPAUSE"},
          {5,
           "CLIENT PAUSE (0|-1|abc|1.5|9223372036854775807|99999999999999999999) "
           "[WRITE|ALL|{junk}]",
           false},
          {3, "CLIENT REPLY (ON|MAYBE)"},
          {3, "CLIENT TRACKINGINFO"},
          {3, "CLIENT {junk} [{junk}]"},
          {1, "CLIENT"},
          {10, "SET {key} {value}"},
          {10, "GET {key}"},
          {5, "MGET {key}..."},
          {5,
           "DEBUG PROTOCOL "
           "(string|integer|double|bignum|null|array|set|map|verbatim|true|false|bogus)"},
          {5, "DEBUG STRINGMATCH-LEN {junk}"},
          {5, "DEBUG ERROR {value}"},
          {2, "DEBUG {junk}"},
          {3, "(OBJECT|CONFIG|SLOWLOG|LATENCY|MEMORY) {junk}"},
          {5,
           "CONFIG GET "
           "(maxmemory|max*memory|databases|no-such-option|hash-max-listpack-*|timeout)..."},
          {5,
           "CONFIG SET (proto-max-bulk-len|tcp-keepalive|maxmemory-samples|lfu-decay-time) {junk}"},
          {5, "CONFIG SET (maxmemory-policy|appendfsync|loglevel|list-compress-depth) {junk}"},
          {3, "CONFIG SET {junk} {junk}"},
          {5, "MEMORY USAGE none [SAMPLES {junk}]"},
          {3, "LOLWUT VERSION {junk}"},
          {3, "SLOWLOG GET (-2|abc|1.5)"},
      },
      {
          {"name", client_name},
          {"password", password},
          {"user", user},
          {"absent-id", absent_client_id},
      }};
  return kFamily;
}

}  // namespace spinel::test
