// Keyspace notifications: for each command, the events that both servers announce, in order.

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/differential/generator.h"
#include "tests/support/server_process.h"
#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

/// A command after commands that prepare for it, separated by "; ", of which nothing is announced.
struct Case {
  const char* preparation;
  const char* command;
};

// One for each line.
// clang-format off
constexpr Case kCases[] = {
    {"", "SET k v"},
    {"SET k v", "SET k w"},
    {"SADD k a", "SET k w"},
    {"", "SET k v EX 100"},
    {"", "SET k v PX 100000"},
    {"", "SET k v EXAT 99999999999"},
    {"", "SET k v PXAT 99999999999999"},
    {"DEBUG SET-ACTIVE-EXPIRE 0", "SET k v EXAT 1"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v", "SET k v PXAT 1"},
    {"SET k v EX 100", "SET k v KEEPTTL"},
    {"", "SET k v NX"},
    {"SET k v", "SET k v NX"},
    {"", "SET k v XX"},
    {"SET k v", "SET k v XX"},
    {"", "SET k v GET"},
    {"SET k v", "SET k w GET"},
    {"SET k v", "SET k w GET EX 100"},
    {"", "SETNX k v"},
    {"SET k v", "SETNX k v"},
    {"", "SETEX k 100 v"},
    {"", "PSETEX k 100000 v"},
    {"", "GETSET k v"},
    {"SET k v", "GETSET k w"},
    {"", "APPEND k v"},
    {"SET k v", "APPEND k w"},
    {"SET k v", "APPEND k \"\""},
    {"", "APPEND k \"\""},
    {"", "SETRANGE k 3 v"},
    {"", "SETRANGE k 0 \"\""},
    {"SET k abc", "SETRANGE k 1 x"},
    {"SET k abc", "SETRANGE k 1 \"\""},
    {"SET k v", "GETDEL k"},
    {"", "GETDEL k"},
    {"SET k v", "GETEX k"},
    {"SET k v", "GETEX k EX 100"},
    {"SET k v", "GETEX k PERSIST"},
    {"SET k v EX 100", "GETEX k PERSIST"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v", "GETEX k EXAT 1"},
    {"SET k v", "GETEX k PXAT 99999999999999"},
    {"", "GETEX k EX 100"},
    {"", "INCR k"},
    {"SET k 5", "INCR k"},
    {"SET k v", "INCR k"},
    {"", "DECR k"},
    {"", "INCRBY k 5"},
    {"", "INCRBY k 0"},
    {"", "DECRBY k 5"},
    {"", "INCRBYFLOAT k 1.5"},
    {"SET k 1", "INCRBYFLOAT k 1.5"},
    {"", "MSET a 1 b 2 a 3"},
    {"", "MSETNX a 1 b 2"},
    {"SET a 1", "MSETNX a 1 b 2"},
    {"", "GET k"},
    {"SET k v", "GET k"},
    {"", "MGET a b"},
    {"", "STRLEN k"},
    {"", "GETRANGE k 0 -1"},
    {"", "SUBSTR k 0 -1"},
    {"SET a ohmy; SET b mynewtext", "LCS a b"},
    {"", "LCS a b"},
    {"", "SETBIT k 7 1"},
    {"SET k v", "SETBIT k 7 1"},
    {"SETBIT k 7 1", "SETBIT k 7 1"},
    {"", "GETBIT k 7"},
    {"", "BITCOUNT k"},
    {"", "BITPOS k 1"},
    {"", "BITFIELD k SET u8 0 5"},
    {"SET k v", "BITFIELD k SET u8 0 5"},
    {"", "BITFIELD k GET u8 0"},
    {"", "BITFIELD_RO k GET u8 0"},
    {"", "BITFIELD k INCRBY u8 0 5 INCRBY u8 8 5"},
    {"", "BITFIELD k OVERFLOW FAIL INCRBY u8 0 500"},
    {"SET a x; SET b y", "BITOP AND d a b"},
    {"SET d x", "BITOP AND d nope1 nope2"},
    {"", "BITOP AND d nope1 nope2"},
    {"SET d x; SET a y", "BITOP NOT d a"},
    {"", "PFADD k a b"},
    {"", "PFADD k"},
    {"PFADD k a", "PFADD k a"},
    {"PFADD k a", "PFADD k b"},
    {"PFADD k a", "PFCOUNT k"},
    {"", "PFCOUNT k"},
    {"PFADD a x; PFADD b y", "PFMERGE d a b"},
    {"", "PFMERGE d"},
    {"PFADD d x; PFADD a y", "PFMERGE d a"},
    {"PFADD d x", "PFMERGE d"},
    {"SET k v", "DEL k"},
    {"", "DEL k"},
    {"SET a 1; SET b 2", "DEL a b c"},
    {"SET k v", "UNLINK k"},
    {"SET a 1; SET b 2", "UNLINK a c b"},
    {"", "UNLINK k"},
    {"SET k v", "EXPIRE k 100"},
    {"SET k v", "EXPIRE k -1"},
    {"SET k v", "EXPIRE k 0"},
    {"", "EXPIRE k 100"},
    {"SET k v", "PEXPIRE k 100000"},
    {"SET k v", "EXPIREAT k 99999999999"},
    {"SET k v", "PEXPIREAT k 99999999999999"},
    {"SET k v", "PEXPIREAT k 1"},
    {"SET k v EX 100", "EXPIRE k 50 GT"},
    {"SET k v EX 100", "EXPIRE k 500 GT"},
    {"SET k v EX 100", "PERSIST k"},
    {"SET k v", "PERSIST k"},
    {"", "PERSIST k"},
    {"SET a v", "RENAME a b"},
    {"SET a v; SET b w", "RENAME a b"},
    {"SET a v", "RENAME a a"},
    {"SET a v; SADD b w", "RENAME a b"},
    {"SET a v", "RENAMENX a b"},
    {"SET a v; SET b w", "RENAMENX a b"},
    {"", "RENAME a b"},
    {"SET a v", "COPY a b"},
    {"SET a v; SET b w", "COPY a b"},
    {"SET a v; SET b w", "COPY a b REPLACE"},
    {"SET a v", "COPY a b DB 1"},
    {"", "COPY a b"},
    {"SET k v", "MOVE k 1"},
    {"", "MOVE k 1"},
    {"SELECT 1; SET k w; SELECT 0; SET k v", "MOVE k 1"},
    {"SET k v", "DUMP k"},
    {"", "DUMP k"},
    {"SET k v", "TOUCH k"},
    {"", "TOUCH k nope"},
    {"", "EXISTS k"},
    {"SET k v", "EXISTS k"},
    {"", "TYPE k"},
    {"", "TTL k"},
    {"", "PTTL k"},
    {"", "EXPIRETIME k"},
    {"", "PEXPIRETIME k"},
    {"", "OBJECT ENCODING k"},
    {"", "OBJECT FREQ k"},
    {"", "OBJECT IDLETIME k"},
    {"", "OBJECT REFCOUNT k"},
    {"", "MEMORY USAGE k"},
    {"", "DEBUG OBJECT k"},
    {"SET k v", "OBJECT ENCODING k"},
    {"", "KEYS *"},
    {"", "RANDOMKEY"},
    {"", "SCAN 0"},
    {"RPUSH a 3 1 2", "SORT a"},
    {"RPUSH a 3 1 2", "SORT a STORE d"},
    {"RPUSH a 3 1 2; SET d x", "SORT a STORE d"},
    {"", "SORT nope STORE d"},
    {"SET d x", "SORT nope STORE d"},
    {"RPUSH a 3 1 2", "SORT a BY w_* GET # GET v_*"},
    {"RPUSH a 3 1 2", "SORT a BY w_* GET # GET v_*->f STORE d"},
    {"RPUSH a 3 1", "SORT_RO a BY w_*"},
    {"", "SORT_RO nope"},
    {"SET a 1; SET b 2", "FLUSHDB"},
    {"SET a 1", "FLUSHALL"},
    {"SET a 1", "SWAPDB 0 1"},
    {"", "RPUSH k a"},
    {"RPUSH k a", "RPUSH k b"},
    {"", "LPUSH k a b"},
    {"", "LPUSHX k a"},
    {"", "RPUSHX k a"},
    {"RPUSH k a", "LPUSHX k a"},
    {"RPUSH k a", "RPUSHX k a"},
    {"RPUSH k a b", "LPOP k"},
    {"RPUSH k a", "LPOP k"},
    {"RPUSH k a b c", "LPOP k 2"},
    {"RPUSH k a b", "LPOP k 5"},
    {"RPUSH k a b", "LPOP k 0"},
    {"", "LPOP k"},
    {"", "LPOP k 2"},
    {"RPUSH k a b", "RPOP k"},
    {"RPUSH k a", "RPOP k"},
    {"", "RPOP k"},
    {"RPUSH k a b", "BLPOP k 0"},
    {"RPUSH k a", "BRPOP k 0"},
    {"RPUSH k a", "BLPOP nope k 0"},
    {"", "BLPOP k 0.01"},
    {"RPUSH a x y", "LMPOP 1 a LEFT"},
    {"RPUSH a x", "LMPOP 2 nope a RIGHT COUNT 5"},
    {"", "LMPOP 1 a LEFT"},
    {"RPUSH a x y", "BLMPOP 0 1 a LEFT"},
    {"RPUSH a x", "BLMPOP 0 2 nope a LEFT"},
    {"RPUSH a x y", "RPOPLPUSH a b"},
    {"RPUSH a x", "RPOPLPUSH a b"},
    {"RPUSH a x", "RPOPLPUSH a a"},
    {"RPUSH a x y", "RPOPLPUSH a a"},
    {"", "RPOPLPUSH a b"},
    {"RPUSH a x y", "LMOVE a b LEFT RIGHT"},
    {"RPUSH a x", "LMOVE a b RIGHT LEFT"},
    {"RPUSH a x; RPUSH b y", "LMOVE a b RIGHT LEFT"},
    {"RPUSH a x y", "BLMOVE a b LEFT LEFT 0"},
    {"RPUSH a x", "BRPOPLPUSH a b 0"},
    {"RPUSH k a b", "LINSERT k BEFORE a x"},
    {"RPUSH k a b", "LINSERT k BEFORE q x"},
    {"", "LINSERT k BEFORE q x"},
    {"RPUSH k a b", "LSET k 0 x"},
    {"", "LSET k 0 x"},
    {"RPUSH k a b a", "LREM k 0 a"},
    {"RPUSH k a", "LREM k 0 a"},
    {"RPUSH k a", "LREM k 0 q"},
    {"", "LREM k 0 q"},
    {"RPUSH k a b c", "LTRIM k 1 1"},
    {"RPUSH k a b c", "LTRIM k 5 9"},
    {"RPUSH k a b c", "LTRIM k 0 -1"},
    {"", "LTRIM k 0 1"},
    {"", "LLEN k"},
    {"", "LRANGE k 0 -1"},
    {"", "LINDEX k 0"},
    {"RPUSH k a", "LINDEX k 0"},
    {"", "LPOS k a"},
    {"", "SADD k a"},
    {"SADD k a", "SADD k a"},
    {"SADD k a", "SADD k b a"},
    {"SADD k a b", "SREM k a"},
    {"SADD k a", "SREM k a"},
    {"SADD k a", "SREM k q"},
    {"", "SREM k q"},
    {"SADD k a b", "SPOP k"},
    {"SADD k a", "SPOP k"},
    {"SADD k a b c", "SPOP k 2"},
    {"SADD k a b c", "SPOP k 3"},
    {"SADD k a b c", "SPOP k 9"},
    {"SADD k a b c", "SPOP k 0"},
    {"SADD k 1 2 3 4 5 6 7 8 9 10", "SPOP k 8"},
    {"", "SPOP k"},
    {"", "SPOP k 3"},
    {"SADD a x y", "SMOVE a b x"},
    {"SADD a x", "SMOVE a b x"},
    {"SADD a x; SADD b x", "SMOVE a b x"},
    {"SADD a x", "SMOVE a a x"},
    {"SADD a x", "SMOVE a b q"},
    {"", "SMOVE a b x"},
    {"", "SCARD k"},
    {"", "SISMEMBER k a"},
    {"", "SMISMEMBER k a b"},
    {"", "SMEMBERS k"},
    {"", "SRANDMEMBER k"},
    {"", "SRANDMEMBER k 3"},
    {"", "SSCAN k 0"},
    {"SADD a x y; SADD b y z", "SINTER a b"},
    {"SADD a x y", "SINTER a nope"},
    {"SADD a x y", "SINTER nope a"},
    {"", "SINTER nope nope2"},
    {"SADD a x y", "SINTERCARD 2 a nope"},
    {"SADD a x y; SADD b y z", "SINTERSTORE d a b"},
    {"SADD a x y; SET d x", "SINTERSTORE d a nope"},
    {"SADD a x y", "SINTERSTORE d a nope"},
    {"SADD a x y; SADD b y z", "SUNION a b nope"},
    {"SADD a x y; SADD b y z", "SUNIONSTORE d a b"},
    {"SET d x", "SUNIONSTORE d nope"},
    {"SADD d x; SADD a y", "SUNIONSTORE d a"},
    {"SADD a x y; SADD b y z", "SDIFF a b"},
    {"SADD a x y", "SDIFF nope a"},
    {"SADD a x y; SADD b y z", "SDIFFSTORE d a b"},
    {"SADD a x; SET d x", "SDIFFSTORE d a a"},
    {"", "HSET k f v"},
    {"HSET k f v", "HSET k f w"},
    {"HSET k f v", "HSET k g w"},
    {"", "HMSET k f v g w"},
    {"", "HSETNX k f v"},
    {"HSET k f v", "HSETNX k f v"},
    {"HSET k f v", "HSETNX k g v"},
    {"", "HINCRBY k f 1"},
    {"HSET k f 1", "HINCRBY k f 1"},
    {"HSET k f x", "HINCRBY k f 1"},
    {"", "HINCRBYFLOAT k f 1.5"},
    {"HSET k f v g w", "HDEL k f"},
    {"HSET k f v", "HDEL k f q"},
    {"HSET k f v", "HDEL k q"},
    {"", "HDEL k q"},
    {"", "HGET k f"},
    {"HSET k f v", "HGET k q"},
    {"", "HMGET k f"},
    {"", "HGETALL k"},
    {"", "HKEYS k"},
    {"", "HVALS k"},
    {"", "HLEN k"},
    {"", "HEXISTS k f"},
    {"", "HSTRLEN k f"},
    {"", "HRANDFIELD k"},
    {"", "HRANDFIELD k 3"},
    {"", "HSCAN k 0"},
    {"", "ZADD k 1 a"},
    {"ZADD k 1 a", "ZADD k 2 a"},
    {"ZADD k 1 a", "ZADD k 1 a"},
    {"ZADD k 1 a", "ZADD k 2 a 3 b"},
    {"ZADD k 1 a", "ZADD k XX 2 b"},
    {"", "ZADD k XX 2 b"},
    {"ZADD k 1 a", "ZADD k INCR 2 a"},
    {"ZADD k 1 a", "ZADD k NX INCR 2 a"},
    {"", "ZINCRBY k 2 a"},
    {"ZADD k 1 a", "ZINCRBY k 2 a"},
    {"ZADD k 1 a", "ZINCRBY k 0 a"},
    {"ZADD k 1 a 2 b", "ZREM k a"},
    {"ZADD k 1 a", "ZREM k a"},
    {"ZADD k 1 a", "ZREM k q"},
    {"", "ZREM k q"},
    {"ZADD k 1 a 2 b", "ZREMRANGEBYSCORE k 1 1"},
    {"ZADD k 1 a 2 b", "ZREMRANGEBYSCORE k -inf inf"},
    {"ZADD k 1 a 2 b", "ZREMRANGEBYSCORE k 5 6"},
    {"", "ZREMRANGEBYSCORE k 5 6"},
    {"ZADD k 1 a 2 b", "ZREMRANGEBYRANK k 0 0"},
    {"ZADD k 1 a 2 b", "ZREMRANGEBYRANK k 0 -1"},
    {"", "ZREMRANGEBYRANK k 0 -1"},
    {"ZADD k 0 a 0 b", "ZREMRANGEBYLEX k [a [a"},
    {"ZADD k 0 a 0 b", "ZREMRANGEBYLEX k - +"},
    {"", "ZREMRANGEBYLEX k - +"},
    {"ZADD k 1 a 2 b", "ZPOPMIN k"},
    {"ZADD k 1 a", "ZPOPMIN k"},
    {"ZADD k 1 a 2 b 3 c", "ZPOPMIN k 2"},
    {"ZADD k 1 a", "ZPOPMIN k 0"},
    {"", "ZPOPMIN k"},
    {"ZADD k 1 a 2 b", "ZPOPMAX k"},
    {"ZADD k 1 a", "ZPOPMAX k 5"},
    {"", "ZPOPMAX k"},
    {"ZADD k 1 a 2 b", "BZPOPMIN k 0"},
    {"ZADD k 1 a", "BZPOPMAX k 0"},
    {"ZADD k 1 a", "BZPOPMAX nope k 0"},
    {"ZADD k 1 a 2 b", "ZMPOP 1 k MIN"},
    {"ZADD k 1 a", "ZMPOP 2 nope k MAX"},
    {"", "ZMPOP 1 k MIN"},
    {"ZADD k 1 a 2 b", "BZMPOP 0 1 k MIN"},
    {"ZADD k 1 a", "BZMPOP 0 2 nope k MIN"},
    {"ZADD a 1 x; ZADD b 2 y", "ZUNION 2 a b"},
    {"", "ZUNION 2 a b"},
    {"ZADD a 1 x; ZADD b 2 y", "ZUNIONSTORE d 2 a b"},
    {"SET d x", "ZUNIONSTORE d 1 nope"},
    {"", "ZUNIONSTORE d 1 nope"},
    {"ZADD a 1 x; ZADD b 2 x", "ZINTERSTORE d 2 a b"},
    {"ZADD a 1 x; ZADD d 2 y", "ZINTERSTORE d 2 a nope"},
    {"ZADD a 1 x", "ZINTER 2 a nope"},
    {"ZADD a 1 x", "ZINTERCARD 2 a nope"},
    {"ZADD a 1 x", "ZDIFF 2 a nope"},
    {"ZADD a 1 x", "ZDIFFSTORE d 2 a nope"},
    {"SET d x", "ZDIFFSTORE d 2 nope nope2"},
    {"ZADD a 1 x 2 y", "ZRANGESTORE d a 0 -1"},
    {"ZADD a 1 x; SET d v", "ZRANGESTORE d a 5 9"},
    {"ZADD a 1 x", "ZRANGESTORE d a 5 9"},
    {"SET d v", "ZRANGESTORE d nope 0 -1"},
    {"", "ZRANGESTORE d nope 0 -1"},
    {"", "ZRANGE k 0 -1"},
    {"", "ZRANGEBYSCORE k 0 1"},
    {"", "ZREVRANGE k 0 -1"},
    {"", "ZRANGEBYLEX k - +"},
    {"", "ZCARD k"},
    {"", "ZCOUNT k 0 1"},
    {"", "ZLEXCOUNT k - +"},
    {"", "ZSCORE k a"},
    {"", "ZMSCORE k a b"},
    {"", "ZRANK k a"},
    {"", "ZREVRANK k a"},
    {"", "ZRANDMEMBER k"},
    {"", "ZRANDMEMBER k 2"},
    {"", "ZSCAN k 0"},
    {"", "GEOADD k 13.36 38.11 a"},
    {"GEOADD k 13.36 38.11 a", "GEOADD k 13.36 38.11 a"},
    {"GEOADD k 13.36 38.11 a", "GEOADD k CH 13.4 38.11 a"},
    {"", "GEODIST k a b"},
    {"", "GEOHASH k a"},
    {"", "GEOPOS k a"},
    {"", "GEOSEARCH k FROMLONLAT 13 38 BYRADIUS 200 km"},
    {"GEOADD k 13.36 38.11 a", "GEOSEARCHSTORE d k FROMLONLAT 13 38 BYRADIUS 200 km"},
    {"GEOADD k 13.36 38.11 a; SET d x", "GEOSEARCHSTORE d k FROMLONLAT 1 1 BYRADIUS 200 km"},
    {"", "GEOSEARCHSTORE d nope FROMLONLAT 1 1 BYRADIUS 200 km"},
    {"SET d x", "GEOSEARCHSTORE d nope FROMLONLAT 1 1 BYRADIUS 200 km"},
    {"GEOADD k 13.36 38.11 a", "GEORADIUS k 13 38 200 km STORE d"},
    {"GEOADD k 13.36 38.11 a", "GEORADIUS k 13 38 200 km STOREDIST d"},
    {"GEOADD k 13.36 38.11 a; SET d x", "GEORADIUSBYMEMBER k a 200 km STORE d"},
    {"", "GEORADIUS k 13 38 200 km"},
    {"", "GEORADIUS_RO k 13 38 200 km"},
    {"GEOADD k 13.36 38.11 a", "GEORADIUSBYMEMBER k a 200 km"},
    {"", "GEORADIUSBYMEMBER k a 200 km"},
    {"SET k v", "RESTORE d 0 \"\x00\x01x\x0a\x00\xde\xad\""},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; DEBUG SLEEP 0.01", "GET k"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; DEBUG SLEEP 0.01", "SET k w"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; DEBUG SLEEP 0.01", "DEL k"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; DEBUG SLEEP 0.01", "EXISTS k"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; DEBUG SLEEP 0.01", "RANDOMKEY"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; DEBUG SLEEP 0.01", "INCR k"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; DEBUG SLEEP 0.01", "LPUSH k a"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; DEBUG SLEEP 0.01", "TTL k"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; SET a w; DEBUG SLEEP 0.01", "RENAME a k"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; SET a w; DEBUG SLEEP 0.01", "COPY a k"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; DEBUG SLEEP 0.01", "SCAN 0"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1; DEBUG SLEEP 0.01", "KEYS *"},
    {"", "RESTORE k 0 <payload>"},
    {"SET k v", "RESTORE k 0 <payload> REPLACE"},
    {"SET k v", "RESTORE k 0 <payload>"},
    {"", "RESTORE k 1000000 <payload>"},
    {"DEBUG SET-ACTIVE-EXPIRE 0", "RESTORE k 1 <payload> ABSTTL"},
    {"DEBUG SET-ACTIVE-EXPIRE 0; SET k v", "RESTORE k 1 <payload> REPLACE ABSTTL"},
    {"SADD d x", "SUNIONSTORE d d"},
    {"SET a 1; SET b 2; SET c 3", "DEL a a b"},
    {"RPUSH k a b c", "LREM k 1 b"},
    {"ZADD k 1 a", "ZADD k GT 0 a"},
    {"ZADD k 1 a", "ZADD k LT CH 0 a"},
    {"ZADD k 1 a", "ZADD k 5 a 6 a"},
    {"HSET k f 1", "HINCRBYFLOAT k f 2"},
    {"SET k v", "SETEX k -1 v"},
    {"SET k v", "LPUSH k v"},
    {"SET k v", "APPEND k xyz"},
    {"SET k v EX 100", "GETSET k w"},
    {"SET k v EX 100", "SET k w"},
    {"SET k v", "PERSIST nope"},
    {"HSET k f v", "HSET k f v"},
    {"SADD a 1 2 3; SADD b 2 3", "SDIFFSTORE a a b"},
    {"SADD a 1 2 3", "SINTERSTORE a a nope"},
    {"ZADD a 1 x", "ZUNIONSTORE a 1 a"},
    {"SADD a x", "ZUNIONSTORE d 1 a"},
    {"RPUSH a 1; RPUSH d 2", "SORT a STORE d"},
    {"SET k v; EXPIRE k 100", "RENAME k j"},
    {"SET k v; SET j w; EXPIRE k 100", "COPY k j REPLACE"},
    {"SELECT 1; SET j w; SELECT 0; SET k v", "COPY k j DB 1 REPLACE"},
    {"SET k v EX 100", "GETEX k EX 10"},
    {"", "INCRBYFLOAT k abc"},
    {"SET k v", "BITFIELD k GET u8 0 SET u8 0 5 INCRBY u8 0 1"},
    {"", "SETBIT k 7 0"},
    {"PFADD k a", "PFCOUNT k nope"},
    {"SET k v", "TOUCH k k"},
    {"SET a 1", "MSET a 2 b 3"},
    {"", "MSETNX a 1 a 2"},
};
// clang-format on

constexpr const char* kEnd = "__keyend__";

/// The words of `line`; `<payload>` is what DUMP makes of the string "v".
Command command_of(const std::string& line) {
  using namespace std::string_literals;
  Command command = words(line);
  std::ranges::replace(command, "<payload>"s, "\0\1v\n\0\x91\x08\xce\xb2\x19\x38\x8a\xce"s);
  return command;
}

/// One of the two servers, with a client that subscribed to all events.
class Side {
 public:
  explicit Side(const ServerOptions& options)
      : server_(options), client_(server_.raw()), subscriber_(server_.raw()) {
    subscriber_.run("PSUBSCRIBE", "__key*");
  }

  /// The events of `one`, as "channel text", with `flags` for notify-keyspace-events.
  std::vector<std::string> events_of(const Case& one, const std::string& flags) {
    std::string preparation = one.preparation;
    for (size_t begin = 0; begin < preparation.size();) {
      const size_t end = std::min(preparation.find("; ", begin), preparation.size());
      run(preparation.substr(begin, end - begin));
      begin = end + 2;
    }
    run("CONFIG SET notify-keyspace-events " + flags);
    client_.command(command_of(one.command));
    client_.run("PUBLISH", kEnd, "");
    // The next case finds nothing, and hears of nothing that expires meanwhile.
    run("CONFIG SET notify-keyspace-events \"\"");
    run("FLUSHALL");
    run("SELECT 0");
    run("DEBUG SET-ACTIVE-EXPIRE 1");
    std::vector<std::string> events;
    while (true) {
      const Reply message = subscriber_.read_reply();
      if (message.elements.size() != 4) {
        ADD_FAILURE() << one.command << ": " << message;
        return events;
      }
      if (message.elements[2].text == kEnd) return events;
      events.push_back(message.elements[2].text + " " + message.elements[3].text);
    }
  }

 private:
  void run(const std::string& line) {
    const Reply reply = client_.command(words(line));
    EXPECT_FALSE(reply.is_error()) << line << ": " << reply;
  }

  ServerProcess server_;
  RawConnection client_;
  RawConnection subscriber_;
};

class Notifications : public testing::Test {
 protected:
  void compare_all(const std::string& flags) {
    for (const Case& one : kCases) {
      EXPECT_EQ(spinel_.events_of(one, flags), redis_.events_of(one, flags))
          << one.preparation << " | " << one.command;
    }
  }

  Side spinel_{{}};
  Side redis_{{.binary = oracle_binary()}};
};

TEST_F(Notifications, EachCommandAnnouncesWhatItDid) {
  compare_all("KEA");
}

TEST_F(Notifications, NewKeysAndMissesAreAnnouncedWhereAskedFor) {
  compare_all("KEAnm");
}

}  // namespace
}  // namespace spinel::test
