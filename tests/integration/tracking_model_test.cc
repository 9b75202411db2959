// Caches that obey invalidations never serve stale data, whatever becomes of the keys.

#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/effort.h"
#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

struct Mode {
  const char* name;
  const char* options;
  bool redirects;
};

const Mode kModes[] = {
    {"Default", "", false},
    {"Broadcast", "BCAST", false},
    {"BroadcastPrefixes", "BCAST PREFIX ka PREFIX kc", false},
    {"BroadcastNoloop", "BCAST NOLOOP", false},
    {"OptIn", "OPTIN", false},
    {"OptOut", "OPTOUT", false},
    {"Noloop", "NOLOOP", false},
    {"Redirect", "", true},
    {"BroadcastRedirect", "BCAST", true},
};

std::ostream& operator<<(std::ostream& out, const Mode& mode) {
  return out << mode.name;
}

constexpr int kOperations = 100'000;
constexpr int kKeys = 300;
constexpr int kWritesAtOnce = 8;
constexpr int kReadsAtOnce = 8;

class CacheModel : public OwnServerTest, public testing::WithParamInterface<Mode> {
 protected:
  using Commands = std::vector<std::vector<std::string>>;
  using Value = std::optional<std::string>;  // nothing: there is no such key

  void begin() {
    start_with({"--maxmemory-policy", "allkeys-random", "--tracking-table-max-keys", "200"});
    reader_ = GetParam().redirects ? server().raw() : server().resp3();
    std::vector<std::string> command = words("CLIENT TRACKING ON");
    for (const std::string& word : words(GetParam().options)) command.push_back(word);
    if (GetParam().redirects) {
      target_ = server().raw();
      const Reply id = target_.run("CLIENT", "ID");
      target_.run("SUBSCRIBE", "__redis__:invalidate");
      command.insert(command.end(), {"REDIRECT", std::to_string(id.number)});
    }
    ASSERT_EQ(reader_.command(command), ok());
    writer_ = server().raw();
    const long long used = info_number("used_memory");
    ASSERT_EQ(run("CONFIG", "SET", "maxmemory", std::to_string(used + 300'000)), ok());
  }

  std::string any_key() {
    return std::string("k") + static_cast<char>('a' + random_() % 3) + ":" +
           std::to_string(random_() % kKeys);
  }
  std::string any_value() {
    return std::to_string(++version_) + std::string(random_() % 4 == 0 ? 1500 : 0, 'x');
  }
  bool one_in(unsigned chances) { return random_() % chances == 0; }

  void add_write(Commands& commands) {
    const std::string key = any_key();
    if (one_in(400)) return commands.push_back({"FLUSHALL"});
    if (one_in(400)) return commands.push_back({"FLUSHDB"});
    if (one_in(400)) return commands.push_back({"SWAPDB", "0", "1"});
    if (one_in(300)) {
      return commands.push_back({"DEBUG", "SET-ACTIVE-EXPIRE", std::to_string(random_() % 2)});
    }
    switch (random_() % 10) {
      case 0:
        return commands.push_back({"DEL", key});
      case 1:
      case 2:
        return commands.push_back(
            {"SET", key, any_value(), "PX", std::to_string(1 + random_() % 9)});
      case 3:
        return commands.push_back({"PEXPIRE", key, std::to_string(random_() % 9)});
      case 4:
        return commands.push_back({"APPEND", key, any_value()});
      case 5:
        return commands.push_back({"RENAME", key, any_key()});
      case 6:
        commands.push_back({"MULTI"});
        commands.push_back({"SET", key, any_value()});
        commands.push_back({"GET", any_key()});
        commands.push_back({"DEL", any_key()});
        return commands.push_back({"EXEC"});
      default:
        return commands.push_back({"SET", key, any_value()});
    }
  }

  /// Adds a read, and to `cached` the key whose value it is that may be cached, or nothing.
  void add_read(Commands& commands, std::vector<std::string>& cached) {
    const std::string options = GetParam().options;
    const bool opt_in = options == "OPTIN";
    const bool exception = one_in(3);
    const auto add = [&](std::vector<std::string> command, const std::string& key) {
      commands.push_back(std::move(command));
      cached.push_back(key);
    };
    const std::string key = any_key();
    const bool is_told = options.find("PREFIX") == std::string::npos || key[1] != 'b';
    if (one_in(6)) {
      return add({"SET", key, any_value()}, "");
    }
    if (one_in(8)) return add({"EXISTS", key}, "");
    if (opt_in) {
      if (!exception) return add({"GET", key}, "");
      add({"CLIENT", "CACHING", "YES"}, "");
    } else if (options == "OPTOUT" && exception) {
      add({"CLIENT", "CACHING", "NO"}, "");
      return add({"GET", key}, "");
    }
    add({"GET", key}, is_told ? key : "");
  }

  static std::string encoded(const Commands& commands) {
    std::string bytes;
    for (const auto& command : commands) bytes += encode_command(command);
    return bytes;
  }

  void obey(const Reply& message) {
    const Reply& keys = message.elements.back();
    if (keys.is_null()) return cache_.clear();
    for (const Reply& key : keys.elements) cache_.erase(key.text);
    ++invalidations_;
  }

  static bool is_message(const Reply& reply) {
    return reply.type == Reply::Type::kPush ||
           (reply.elements.size() == 3 && reply.elements[0].text == "message");
  }

  /// Obeys what was told until now.
  void catch_up() {
    RawConnection& connection = GetParam().redirects ? target_ : reader_;
    connection.send(encode_command({"PING"}));
    while (true) {
      const Reply reply = connection.read_reply();
      ASSERT_TRUE(reply.is_reply()) << reply;
      if (!is_message(reply)) return;
      obey(reply);
    }
  }

  /// The writer and the reader send theirs at the same time.
  void run_together() {
    Commands writes;
    Commands reads;
    std::vector<std::string> cached;
    for (int i = 0; i < kWritesAtOnce; ++i) add_write(writes);
    for (int i = 0; i < kReadsAtOnce; ++i) add_read(reads, cached);
    // Whoever is not told of its own writes forgets the keys by itself.
    const bool is_noloop = std::string(GetParam().options).ends_with("NOLOOP");
    const bool reader_first = one_in(2);
    if (reader_first) reader_.send(encoded(reads));
    writer_.send(encoded(writes));
    if (!reader_first) reader_.send(encoded(reads));
    for (std::size_t i = 0; i < reads.size();) {
      const Reply reply = reader_.read_reply();
      ASSERT_TRUE(reply.is_reply()) << reply;
      if (is_message(reply)) {
        obey(reply);
        continue;
      }
      if (!cached[i].empty()) cache_[cached[i]] = reply.is_null() ? Value() : Value(reply.text);
      if (is_noloop && reads[i][0] == "SET") cache_.erase(reads[i][1]);
      ++i;
    }
    for (std::size_t i = 0; i < writes.size(); ++i) ASSERT_TRUE(writer_.read_reply().is_reply());
    operations_ += kWritesAtOnce + kReadsAtOnce;
  }

  /// Asking removes what has expired, and the cache is told before it is looked at.
  void check_some() {
    std::vector<std::string> command = {"MGET"};
    const std::string from = any_key();
    for (auto at = cache_.lower_bound(from); at != cache_.end() && command.size() < 20; ++at) {
      command.push_back(at->first);
    }
    if (command.size() == 1) return;
    const Reply truth = writer_.command(command);
    catch_up();
    for (std::size_t i = 1; i < command.size(); ++i) {
      const auto found = cache_.find(command[i]);
      if (found == cache_.end()) continue;
      const Reply& value = truth.elements.at(i - 1);
      EXPECT_EQ(found->second, value.is_null() ? Value() : Value(value.text)) << command[i];
      ++checked_;
    }
  }

  RawConnection reader_;
  RawConnection writer_;
  RawConnection target_;
  std::map<std::string, Value> cache_;
  std::mt19937 random_;
  long long version_ = 0;
  int operations_ = 0;
  int checked_ = 0;
  int invalidations_ = 0;
};

TEST_P(CacheModel, ServesNothingStale) {
  const char* given = std::getenv("SPINEL_TEST_SEED");
  const auto seed =
      given != nullptr ? static_cast<unsigned>(std::atoll(given)) : std::random_device()();
  SCOPED_TRACE("SPINEL_TEST_SEED=" + std::to_string(seed));
  std::cout << "SPINEL_TEST_SEED=" << seed << '\n';
  random_.seed(seed);
  begin();
  while (operations_ < effort(kOperations) && !HasFailure()) {
    run_together();
    catch_up();
    check_some();
  }
  // The test saw what it is about.
  EXPECT_GT(checked_, operations_ / 10);
  EXPECT_GT(invalidations_, operations_ / 200);
  if (effort(kOperations) < kOperations) return;  // too few to be sure of these
  EXPECT_GT(info_number("evicted_keys"), 0);
  EXPECT_GT(info_number("expired_keys"), 0);
}

INSTANTIATE_TEST_SUITE_P(Modes, CacheModel, testing::ValuesIn(kModes),
                         [](const auto& mode) { return std::string(mode.param.name); });

}  // namespace
}  // namespace spinel::test
