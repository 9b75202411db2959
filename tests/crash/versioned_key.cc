#include "tests/crash/versioned_key.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace spinel::test {

namespace {

/// Expiries in 2100, so that no round sees one.
constexpr std::int64_t kFarFutureMs = 4'102'444'800'000;

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string digits(std::int64_t value) {
  return std::to_string(value);
}

/// `version`, followed by up to 3 KB that depend on it.
std::string padded(std::int64_t version) {
  const auto size = static_cast<std::size_t>(version * 7919 % (version % 16 == 0 ? 3000 : 60));
  return digits(version) + ":" + std::string(size, static_cast<char>('a' + version % 26));
}

std::int64_t version_of_number(const Reply& reply) {
  if (reply.type == Reply::Type::kInteger) return reply.number;
  if (reply.is_null()) return 0;
  return number_in(reply.text).value_or(-1);
}

std::int64_t version_of_padded(const Reply& reply) {
  if (reply.is_null()) return 0;
  return number_in(reply.text.substr(0, reply.text.find(':'))).value_or(-1);
}

/// The version is the one element of the array, or nothing is there.
std::int64_t version_of_only_element(const Reply& reply) {
  if (reply.type != Reply::Type::kArray || reply.elements.size() > 1) return -1;
  return reply.elements.empty() ? 0 : number_in(reply.elements[0].text).value_or(-1);
}

std::int64_t version_of_greatest_element(const Reply& reply) {
  if (reply.type != Reply::Type::kArray) return -1;
  std::int64_t version = 0;
  for (std::size_t i = 1; i < reply.elements.size(); i += 2) {
    version = std::max(version, number_in(reply.elements[i].text).value_or(-1));
  }
  return version;
}

bool counts_to(std::int64_t version, std::vector<std::string> texts) {
  if (static_cast<std::int64_t>(texts.size()) != version) return false;
  std::vector<std::int64_t> numbers;
  numbers.reserve(texts.size());
  for (const std::string& text : texts) numbers.push_back(number_in(text).value_or(-1));
  std::sort(numbers.begin(), numbers.end());
  for (std::int64_t i = 0; i < version; ++i) {
    if (numbers[static_cast<std::size_t>(i)] != i + 1) return false;
  }
  return true;
}

constexpr std::int64_t kHashFields = 8;

/// Field f<i> holds the last version that is i modulo kHashFields.
bool is_whole_hash(std::int64_t version, const std::vector<Reply>& replies) {
  if (replies[0].elements.size() != static_cast<std::size_t>(std::min(version, kHashFields)) * 2) {
    return false;
  }
  for (std::int64_t i = std::max<std::int64_t>(1, version - kHashFields + 1); i <= version; ++i) {
    if (replies[0].at("f" + digits(i % kHashFields)) != bulk(digits(i))) return false;
  }
  return true;
}

// Names of further keys of a kind, behind its own.
constexpr const char* kTwin = ":twin";
constexpr const char* kOdd = ":odd";

const std::vector<VersionedKind> kKinds = {
    {
        "string",
        [](const std::string& key, std::int64_t version) {
          return std::vector<Command>{{"SET", key, padded(version)}};
        },
        [](const std::string& key) {
          return Command{"GET", key};
        },
        version_of_padded,
        [](const std::string& key) {
          return std::vector<Command>{{"GET", key}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return replies[0] == bulk(padded(version));
        },
    },
    {
        "expiring",  // propagated as PXAT
        [](const std::string& key, std::int64_t version) {
          return std::vector<Command>{
              {"SET", key, digits(version), "PXAT", digits(kFarFutureMs + version)}};
        },
        [](const std::string& key) {
          return Command{"GET", key};
        },
        version_of_number,
        [](const std::string& key) {
          return std::vector<Command>{{"GET", key}, {"PEXPIRETIME", key}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return replies[0] == bulk(digits(version)) &&
                 replies[1] == integer(kFarFutureMs + version);
        },
    },
    {
        "counter",
        [](const std::string& key, std::int64_t) {
          return std::vector<Command>{{"INCR", key}};
        },
        [](const std::string& key) {
          return Command{"GET", key};
        },
        version_of_number,
        [](const std::string& key) {
          return std::vector<Command>{{"GET", key}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return replies[0] == bulk(digits(version));
        },
    },
    {
        "float",  // propagated as SET
        [](const std::string& key, std::int64_t) {
          return std::vector<Command>{{"INCRBYFLOAT", key, "1"}};
        },
        [](const std::string& key) {
          return Command{"GET", key};
        },
        version_of_number,
        [](const std::string& key) {
          return std::vector<Command>{{"GET", key}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return replies[0] == bulk(digits(version));
        },
    },
    {
        "appended",
        [](const std::string& key, std::int64_t) {
          return std::vector<Command>{{"APPEND", key, "x"}};
        },
        [](const std::string& key) {
          return Command{"STRLEN", key};
        },
        version_of_number,
        [](const std::string& key) {
          return std::vector<Command>{{"GET", key}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return replies[0].text == std::string(static_cast<std::size_t>(version), 'x');
        },
    },
    {
        "bitmap",
        [](const std::string& key, std::int64_t version) {
          return std::vector<Command>{{"SETBIT", key, digits(version - 1), "1"}};
        },
        [](const std::string& key) {
          return Command{"BITCOUNT", key};
        },
        version_of_number,
        [](const std::string& key) {
          return std::vector<Command>{{"BITCOUNT", key}, {"BITPOS", key, "0"}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return replies[0] == integer(version) && replies[1] == integer(version);
        },
    },
    {
        "list",
        [](const std::string& key, std::int64_t version) {
          return std::vector<Command>{{"RPUSH", key, digits(version)}};
        },
        [](const std::string& key) {
          return Command{"LRANGE", key, "-1", "-1"};
        },
        version_of_only_element,
        [](const std::string& key) {
          return std::vector<Command>{{"LRANGE", key, "0", "-1"}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          const auto& elements = replies[0].elements;
          for (std::size_t i = 0; i < elements.size(); ++i) {
            if (elements[i] != bulk(std::to_string(i + 1))) return false;
          }
          return static_cast<std::int64_t>(elements.size()) == version;
        },
    },
    {
        "set",
        [](const std::string& key, std::int64_t version) {
          return std::vector<Command>{{"SADD", key, digits(version)}};
        },
        [](const std::string& key) {
          return Command{"SCARD", key};
        },
        version_of_number,
        [](const std::string& key) {
          return std::vector<Command>{{"SMEMBERS", key}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return counts_to(version, replies[0].texts());
        },
    },
    {
        "zset",
        [](const std::string& key, std::int64_t version) {
          return std::vector<Command>{{"ZADD", key, digits(version), digits(version)}};
        },
        [](const std::string& key) {
          return Command{"ZRANGE", key, "-1", "-1"};
        },
        version_of_only_element,
        [](const std::string& key) {
          return std::vector<Command>{{"ZRANGE", key, "0", "-1"}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return counts_to(version, replies[0].texts());
        },
    },
    {
        "score",
        [](const std::string& key, std::int64_t) {
          return std::vector<Command>{{"ZINCRBY", key, "1", "member"}};
        },
        [](const std::string& key) {
          return Command{"ZSCORE", key, "member"};
        },
        version_of_number,
        [](const std::string& key) {
          return std::vector<Command>{{"ZSCORE", key, "member"}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return replies[0] == bulk(digits(version));
        },
    },
    {
        "hash",
        [](const std::string& key, std::int64_t version) {
          return std::vector<Command>{
              {"HSET", key, "f" + digits(version % kHashFields), digits(version)}};
        },
        [](const std::string& key) {
          return Command{"HGETALL", key};
        },
        version_of_greatest_element,
        [](const std::string& key) {
          return std::vector<Command>{{"HGETALL", key}};
        },
        is_whole_hash,
    },
    {
        "pair",  // equal at any time
        [](const std::string& key, std::int64_t version) {
          return std::vector<Command>{{"MSET", key, digits(version), key + kTwin, digits(version)}};
        },
        [](const std::string& key) {
          return Command{"MGET", key, key + kTwin};
        },
        [](const Reply& reply) {
          if (reply.elements.size() != 2 || reply.elements[0] != reply.elements[1]) {
            return std::int64_t{-1};
          }
          return version_of_number(reply.elements[0]);
        },
        [](const std::string& key) {
          return std::vector<Command>{{"MGET", key, key + kTwin}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return replies[0] == bulks({digits(version), digits(version)});
        },
    },
    {
        "twins",  // equal at any time, or a transaction was torn
        [](const std::string& key, std::int64_t version) {
          return std::vector<Command>{{"MULTI"},
                                      {"SET", key, digits(version)},
                                      {"SET", key + kTwin, digits(version)},
                                      {"EXEC"}};
        },
        [](const std::string& key) {
          return Command{"MGET", key, key + kTwin};
        },
        [](const Reply& reply) {
          if (reply.elements.size() != 2 || reply.elements[0] != reply.elements[1]) {
            return std::int64_t{-1};
          }
          return version_of_number(reply.elements[0]);
        },
        [](const std::string& key) {
          return std::vector<Command>{{"MGET", key, key + kTwin}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return replies[0] == bulks({digits(version), digits(version)});
        },
        true,
    },
    {
        "deleted",  // a companion that is there at odd versions only
        [](const std::string& key, std::int64_t version) {
          return std::vector<Command>{
              {"MULTI"},
              {"SET", key, digits(version)},
              version % 2 == 1 ? Command{"RPUSH", key + kOdd, "a"} : Command{"LPOP", key + kOdd},
              {"EXEC"}};
        },
        [](const std::string& key) {
          return Command{"GET", key};
        },
        version_of_number,
        [](const std::string& key) {
          return std::vector<Command>{{"GET", key}, {"LRANGE", key + kOdd, "0", "-1"}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return replies[0] == bulk(digits(version)) &&
                 replies[1] == (version % 2 == 1 ? bulks({"a"}) : array({}));
        },
        true,
    },
    {
        "popped",  // SPOP is propagated as SREM of what it chose
        [](const std::string& key, std::int64_t version) {
          return std::vector<Command>{{"MULTI"},
                                      {"SADD", key + kTwin, digits(version)},
                                      {"SPOP", key + kTwin},
                                      {"INCR", key},
                                      {"EXEC"}};
        },
        [](const std::string& key) {
          return Command{"GET", key};
        },
        version_of_number,
        [](const std::string& key) {
          return std::vector<Command>{{"GET", key}, {"EXISTS", key + kTwin}};
        },
        [](std::int64_t version, const std::vector<Reply>& replies) {
          return replies[0] == bulk(digits(version)) && replies[1] == integer(0);
        },
        true,
    },
};

}  // namespace

const std::vector<VersionedKind>& versioned_kinds() {
  return kKinds;
}

}  // namespace spinel::test
