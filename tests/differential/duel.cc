#include "tests/differential/duel.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <thread>
#include <utility>

#include "tests/differential/differences.h"

namespace spinel::test {

namespace {

constexpr std::size_t kHistoryCommands = 50'000;
constexpr std::size_t kShownCommands = 12;
constexpr std::size_t kShownPredecessors = 3;
constexpr int kDatabases = 16;

ServerOptions oracle_options() {
  ServerOptions options;
  options.binary = oracle_binary();
  return options;
}

std::string to_string(const Command& command) {
  std::string out;
  for (const std::string& argument : command) {
    if (!out.empty()) out += ' ';
    out += printable(argument, 80);
  }
  return out;
}

bool share_an_argument(const Command& a, const Command& b) {
  for (std::size_t i = 1; i < a.size(); ++i) {
    if (std::find(b.begin() + 1, b.end(), a[i]) == b.end()) continue;
    const auto& keys = key_space();
    if (a[i].starts_with("lcs") || a[i].starts_with("bit:") || a[i].starts_with("sort:") ||
        std::find(keys.begin(), keys.end(), a[i]) != keys.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace

Duel::Duel()
    : redis_server_(oracle_options()),
      spinel_(spinel_server_.raw()),
      redis_(redis_server_.raw()),
      spinel_info_(spinel_server_.raw()),
      redis_info_(redis_server_.raw()) {
  // Keys that expire do so when a command comes across them, at the same moment in both.
  for (RawConnection* connection : {&spinel_info_, &redis_info_}) {
    EXPECT_EQ(connection->run("DEBUG", "SET-ACTIVE-EXPIRE", 0), ok());
  }
  begin_counting();
}

void Duel::begin_counting() {
  spinel_counters_ = read_counters(spinel_info_);
  redis_counters_ = read_counters(redis_info_);
  EXPECT_TRUE(spinel_counters_.contains("keyspace_hits"));
  EXPECT_TRUE(redis_counters_.contains("keyspace_hits"));
}

void Duel::run_batch(const std::vector<Command>& commands, std::uint64_t first_index) {
  std::string requests;
  for (const Command& command : commands) requests += encode_command(command);
  std::vector<Reply> theirs;
  // Both work at the same time.
  std::thread redis_side([&] { theirs = redis_.exchange(requests, commands.size()); });
  const std::vector<Reply> ours = spinel_.exchange(requests, commands.size());
  redis_side.join();
  CounterComparison counters;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const Reply none;
    const Reply& our_reply = i < ours.size() ? ours[i] : none;
    const Reply& their_reply = i < theirs.size() ? theirs[i] : none;
    if (our_reply.is_reply() && replies_agree(commands[i], our_reply, their_reply)) {
      counters.add(commands[i], our_reply, their_reply);
      history_.push_back(commands[i]);
      continue;
    }
    report(i, commands, first_index, our_reply, their_reply);
    start_afresh();
    return;
  }
  while (history_.size() > kHistoryCommands) history_.pop_front();
  compare_counters(counters, commands, first_index);
}

void Duel::compare_counters(const CounterComparison& comparison,
                            const std::vector<Command>& commands, std::uint64_t first_index) {
  const Counters spinel_before = std::exchange(spinel_counters_, read_counters(spinel_info_));
  const Counters redis_before = std::exchange(redis_counters_, read_counters(redis_info_));
  std::string text;
  for (const std::string& line :
       comparison.disagreements(spinel_before, spinel_counters_, redis_before, redis_counters_)) {
    text += "\n  " + line;
  }
  if (text.empty()) return;
  ++disagreements_;
  for (std::size_t i = commands.size() - std::min(commands.size(), kShownCommands);
       i < commands.size(); ++i) {
    text += "\n    " + to_string(commands[i]);
  }
  ADD_FAILURE() << "counters of INFO over commands " << first_index << " to "
                << first_index + commands.size() - 1
                << " (SPINEL_BATCH=1 finds the command), the last of which are shown:" << text;
}

void Duel::report(std::size_t at, const std::vector<Command>& commands, std::uint64_t first_index,
                  const Reply& spinel, const Reply& redis) {
  ++disagreements_;
  std::vector<std::string> related;
  for (auto past = history_.rbegin(); past != history_.rend(); ++past) {
    if (related.size() == kShownCommands) break;
    if (share_an_argument(commands[at], *past)) related.push_back(to_string(*past));
  }
  std::string before;
  for (auto row = related.rbegin(); row != related.rend(); ++row) before += "    " + *row + "\n";
  std::string just_before;
  for (std::size_t i = at - std::min(at, kShownPredecessors); i < at; ++i) {
    just_before += "    " + to_string(commands[i]) + "\n";
  }
  ADD_FAILURE() << "command " << first_index + at << ": " << to_string(commands[at])
                << "\n  ours:  " << spinel << "\n  Redis: " << redis << "\n  just before it:\n"
                << just_before << "  before it, on the same keys:\n"
                << before;
}

void Duel::start_afresh() {
  history_.clear();
  for (ServerProcess* server : {&spinel_server_, &redis_server_}) {
    RawConnection& connection = server == &spinel_server_ ? spinel_ : redis_;
    connection = server->raw();
    EXPECT_EQ(connection.run("FLUSHALL"), ok());
  }
  begin_counting();
}

bool Duel::both_same(const std::string& what, const Command& command) {
  const Reply ours = spinel_.command(command);
  const Reply theirs = redis_.command(command);
  if (replies_agree(command, ours, theirs)) return true;
  ++disagreements_;
  ADD_FAILURE() << what << ": " << to_string(command) << "\n  ours:  " << ours
                << "\n  Redis: " << theirs;
  return false;
}

void Duel::compare_data() {
  for (int db = 0; db < kDatabases && !hopeless(); ++db) compare_database(db);
  both_same("in all databases", {"DEBUG", "DIGEST"});
  // Databases were selected behind the commands' back.
  both_same("at the end of a comparison", {"RESET"});
  begin_counting();
}

void Duel::compare_database(int db) {
  const std::string where = "in database " + std::to_string(db);
  if (!both_same(where, {"SELECT", std::to_string(db)})) return;
  if (!both_same(where, {"KEYS", "*"})) return;
  for (const std::string& key : redis_.run("KEYS", "*").texts()) {
    compare_key(where + ", key " + printable(key), key);
  }
}

void Duel::compare_key(const std::string& where, const std::string& key) {
  if (!both_same(where, {"TYPE", key})) return;
  both_same(where, {"PEXPIRETIME", key});
  both_same(where, {"OBJECT", "ENCODING", key});
  const std::string type = redis_.run("TYPE", key).text;
  if (type == "string") both_same(where, {"GET", key});
  if (type == "list") both_same(where, {"LRANGE", key, "0", "-1"});
  if (type == "hash") both_same(where, {"HGETALL", key});
  if (type == "set") both_same(where, {"SMEMBERS", key});
  if (type == "zset") both_same(where, {"ZRANGE", key, "0", "-1", "WITHSCORES"});
  if (type == "stream") both_same(where, {"XRANGE", key, "-", "+"});
  both_same(where, {"DEBUG", "DIGEST-VALUE", key});
}

}  // namespace spinel::test
