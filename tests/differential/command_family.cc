#include "tests/differential/families.h"

namespace spinel::test {

const Family& command_family() {
  static const Family kFamily{
      "command",
      {
          {20, "COMMAND (GETKEYS|GETKEYSANDFLAGS) (GET {key}|SET {key} {value} [NX|XX|GET]|MGET {key}...|"
               "MSET {key} {value} {key} {value}|MSETNX {key} {value}|GETEX {key} [PERSIST]|"
               "APPEND {key} {value}|INCRBY {key} {int}|LCS {key} {key}|SETRANGE {key} 1 {value}|"
               "GETDEL {key}|STRLEN {key}|INCRBYFLOAT {key} {float}|PSETEX {key} 1 {value})"},
          {20, "COMMAND (GETKEYS|GETKEYSANDFLAGS) (DEL {key}...|UNLINK {key}...|EXISTS {key}...|"
               "TOUCH {key}...|RENAME {key} {key}|RENAMENX {key} {key}|COPY {key} {key} [REPLACE]|"
               "MOVE {key} {db}|EXPIRE {key} {int}|PERSIST {key}|TTL {key}|TYPE {key}|"
               "OBJECT ENCODING {key}|OBJECT HELP|MEMORY USAGE {key}|MEMORY STATS)"},
          {8, "COMMAND (GETKEYS|GETKEYSANDFLAGS) (PING|PING {value}|SELECT {db}|KEYS {pattern}|SCAN 0|"
              "CONFIG GET {value}|CLIENT ID|FLUSHALL|TIME|{junk}|{junk} {junk}|OBJECT {junk} {key}|"
              "WAIT 0 0|DBSIZE|INFO|COMMAND COUNT)"},
          {3, "COMMAND (GETKEYS|GETKEYSANDFLAGS) (MSET|MGET|DEL|COPY|SET|GET|LCS) {key}..."},
          {20, "COMMAND INFO {name}..."},
          {5, "COMMAND DOCS bogus"},
          {3, "COMMAND LIST FILTERBY (PATTERN nothing*|MODULE none|ACLCAT bogus|{junk} {junk})"},
          {2, "COMMAND LIST {junk}"},
          {2, "COMMAND {junk} [{junk}]"},
      },
      {
          {"name",
           [](Random& random) {
             static const std::vector<std::string> kNames = {
                 // of the families that are built: string, generic, connection, server
                 "append", "decr", "decrby", "get", "getdel", "getex", "getrange", "getset", "incr",
                 "incrby", "incrbyfloat", "lcs", "mget", "mset", "msetnx", "psetex", "set", "setex",
                 "setnx", "setrange", "strlen", "substr", "copy", "del", "exists", "expire",
                 "expireat", "expiretime", "keys", "move", "persist", "pexpire", "pexpireat",
                 "pexpiretime", "pttl", "randomkey", "rename", "renamenx", "scan", "touch", "ttl",
                 "type", "unlink", "wait", "auth", "echo", "hello", "ping", "quit", "reset",
                 "select", "dbsize", "flushall", "flushdb", "swapdb", "time", "lolwut", "monitor",
                 "shutdown", "info", "config|get", "config|set", "config|rewrite",
                 "config|resetstat", "client|id", "client|kill", "client|list", "client|reply",
                 "client|setname", "client|getname", "client|pause", "client|unpause",
                 "client|unblock", "client|no-evict", "client|info", "object|encoding",
                 "object|freq", "object|idletime", "object|refcount", "object|help",
                 "memory|usage", "memory|doctor", "memory|stats", "memory|purge", "slowlog|get",
                 "slowlog|len", "slowlog|reset", "latency|doctor", "latency|graph",
                 "latency|histogram", "latency|history", "latency|latest", "latency|reset",
                 "command|count", "command|docs", "command|getkeys", "command|getkeysandflags",
                 "command|info", "command|list", "nosuch", "client|nosuch", "get|x", "", "debug"};
             return random.pick(kNames);
           }},
      }};
  return kFamily;
}

}  // namespace spinel::test
