#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::test {

using Command = std::vector<std::string>;

/// Random choices, the same for the same seed on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// In [0, bound); `bound` is not 0.
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  std::int64_t between(std::int64_t low, std::int64_t high);
  bool chance(unsigned percent) { return below(100) < percent; }
  template <typename Items>
  const auto& pick(const Items& items) {
    return items[below(std::size(items))];
  }

 private:
  std::mt19937_64 engine_;
};

/// Makes one argument.
using Pool = std::function<std::string(Random&)>;
using Pools = std::map<std::string, Pool, std::less<>>;

/// One row of a family's table: a command's syntax and how often it comes up relative to the
/// others.
///
/// The syntax is a sequence of words. A word stands for itself, in random case. `{pool}` is an
/// argument drawn from that pool. `(a|b c|d)` is one of the alternatives, `[a|b c]` one of them or,
/// as often, nothing. `...` after any of these repeats it one to four times.
///
/// Now and then a finished command gets an argument too many, too few or wrong. Where that could
/// hang or end the server or the connection, `may_be_broken` is false.
struct CommandTemplate {
  unsigned weight;
  std::string_view syntax;
  bool may_be_broken = true;
};

/// The commands of one family, with the pools that only they use. The pools that all share:
///   key, value, int, float, index, count, db, pattern
///   s, ms         lives in seconds and milliseconds; none ends while a test runs
///   at, pat       times of expiry in seconds and milliseconds since 1970
///   bad-time      no time at all, or one that overflows
///   junk          wrong almost anywhere
struct Family {
  std::string_view name;
  std::vector<CommandTemplate> commands;
  Pools pools = {};
};

/// Draws commands of one family, which must outlive it.
class Generator {
 public:
  Generator(const Family& family, std::uint64_t seed);
  ~Generator();

  Command next();
  /// Uses the same random choices for whatever else a test decides.
  Random& random() { return random_; }

 private:
  struct Node;

  void expand(const Node& node, Command& command);
  void break_something(Command& command);

  Random random_;
  Pools pools_;
  const std::vector<CommandTemplate>& rows_;
  std::vector<std::unique_ptr<Node>> templates_;  // one for each row
  std::vector<std::size_t> by_weight_;            // each row as often as its weight says
};

/// The keys that the shared pool `key` draws from.
const std::vector<std::string>& key_space();

/// Times of expiry, in milliseconds since 1970, that only absolute options use: replies that show
/// one of them must be exact.
const std::vector<std::int64_t>& absolute_times_ms();

}  // namespace spinel::test
