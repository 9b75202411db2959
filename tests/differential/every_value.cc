#include "tests/differential/every_value.h"

#include <algorithm>
#include <limits>

namespace spinel::test {

namespace {

class Maker {
 public:
  explicit Maker(Random& random) : random_(random) {}

  std::vector<Command> take() { return std::move(commands_); }

  void run(Command command) { commands_.push_back(std::move(command)); }

  std::string noise(std::size_t size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random_.below(256));
    return text;
  }

  /// Adds `count` elements in commands of up to 500.
  template <typename Append>
  void add(const std::string& command, const std::string& key, int count, Append append) {
    constexpr int kAtOnce = 500;
    for (int begin = 0; begin < count; begin += kAtOnce) {
      Command words = {command, key};
      for (int i = begin; i < std::min(count, begin + kAtOnce); ++i) append(words, i);
      run(std::move(words));
    }
  }

  void strings() {
    for (const std::size_t size :
         {0,  1,   4,   11,   12,   20,   21,   44,    45,    63,    64,
          65, 127, 128, 1023, 1024, 4095, 4096, 16383, 16384, 65536, 100'000}) {
      const std::string name = std::to_string(size);
      run({"SET", "string:" + name, std::string(size, 'x')});
      run({"SET", "noise:" + name, noise(size)});
      run({"APPEND", "raw:" + name, std::string(size, 'y')});
    }
    std::string all_bytes;
    for (int i = 0; i < 256; ++i) all_bytes.push_back(static_cast<char>(i));
    run({"SET", all_bytes, all_bytes});
    run({"SET", "", "the empty key"});
    run({"SET", std::string("\0\r\n", 3), std::string("\0", 1)});
    run({"SET", noise(300), "long binary key"});
    for (const std::string& text : numbers()) run({"SET", "number:" + text, text});
  }

  /// Numbers at the edges of each width, and texts that are almost numbers.
  static std::vector<std::string> numbers() {
    std::vector<std::string> texts = {"-0",
                                      "+1",
                                      "007",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "1e3",
                                      "",
                                      "9223372036854775808",
                                      "-9223372036854775809"};
    for (const int bits : {6, 7, 8, 12, 13, 15, 16, 23, 24, 31, 32, 62}) {
      const std::int64_t edge = std::int64_t{1} << bits;
      for (const std::int64_t value : {edge - 1, edge, -edge, -edge - 1}) {
        texts.push_back(std::to_string(value));
      }
    }
    for (const std::int64_t value :
         {std::int64_t{0}, std::int64_t{9999}, std::int64_t{10000},
          std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
      texts.push_back(std::to_string(value));
    }
    return texts;
  }

  void bitmaps() {
    run({"SETBIT", "bitmap:sparse", "100000000", "1"});
    for (int i = 0; i < 50; ++i) {
      run({"SETBIT", "bitmap:spread", std::to_string(random_.below(30'000'000)), "1"});
    }
    run({"SET", "bitmap:dense", noise(200'000)});
    run({"SET", "bitmap:full", std::string(100'000, '\xff')});
    run({"SETBIT", "bitmap:full", "900000", "1"});
    run({"SETBIT", "bitmap:zeroes", "80000", "0"});
  }

  void hyperloglogs() {
    run({"PFADD", "hll:empty"});
    run({"PFADD", "hll:sparse", "a", "b", "c"});
    add("PFADD", "hll:dense", 20'000,
        [](Command& words, int i) { words.push_back(std::to_string(i)); });
  }

  /// Collections that hold an element of `size` bytes.
  void elements_of(std::size_t size) {
    const std::string name = std::to_string(size);
    const std::string x(size, 'x');
    const std::string y = noise(size);
    run({"RPUSH", "list:" + name, "a", x, "7", y, ""});
    run({"SADD", "set:" + name, "a", x, "7", y});
    run({"HSET", "hash:" + name, "a", x, x + "f", "7", y, "-100"});
    run({"ZADD", "zset:" + name, "1", x + "m", "2.5", y, "-inf", "-70000", "1e300", "z"});
  }

  void collections_of(int count) {
    const std::string name = std::to_string(count);
    const auto text = [](Command& words, int i) { words.push_back("member:" + std::to_string(i)); };
    add("RPUSH", "list:of:" + name, count, text);
    add("SADD", "set:of:" + name, count, text);
    add("SADD", "intset:of:" + name, count,
        [](Command& words, int i) { words.push_back(std::to_string(i * i - 1000)); });
    add("SADD", "intset64:of:" + name, count, [](Command& words, int i) {
      words.push_back(std::to_string(std::int64_t{1'000'000'007} * i * i));
    });
    add("HSET", "hash:of:" + name, count, [](Command& words, int i) {
      words.push_back("field:" + std::to_string(i));
      words.push_back(std::to_string(i));
    });
    add("ZADD", "zset:of:" + name, count, [](Command& words, int i) {
      words.push_back(std::to_string(i % 50 / 8.0));
      words.push_back("member:" + std::to_string(i));
    });
  }

  void scores() {
    Command command = {"ZADD", "zset:scores"};
    for (const char* score :
         {"0", "-0", "1", "-1", "0.1", "3.1415926535897931", "1e17", "-1e17", "1e100", "1e-100",
          "5e-324", "+inf", "-inf", "9007199254740993", "4611686018427387904"}) {
      command.push_back(score);
      command.push_back(std::string("at ") + score);
    }
    run(command);
    run({"GEOADD", "geo", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669",
         "Catania"});
  }

  void integers() {
    for (const std::string& text : numbers()) {
      run({"RPUSH", "list:numbers", text});
      run({"SADD", "set:numbers", text});
      run({"HSET", "hash:numbers", text, text});
      run({"ZADD", "zset:numbers", "1", text});
    }
  }

  void large_elements() {
    run({"RPUSH", "list:large", "a", std::string(300'000, 'x'), noise(20'000), "b"});
    add("RPUSH", "list:wide", 300,
        [this](Command& words, int) { words.push_back(noise(random_.below(3000))); });
    run({"HSET", "hash:large", "f", std::string(100'000, 'x'), std::string(70'000, 'g'), "v"});
  }

  void expiries() {
    // The keys of each kind, in 2100 and in hours from now.
    const std::vector<std::string> keys = {"string:1",   "number:0",    "list:of:128",
                                           "set:of:128", "hash:of:128", "zset:of:128",
                                           "hll:sparse"};
    std::int64_t time_ms = 4'102'444'800'001;
    for (const std::string& key : keys) run({"PEXPIREAT", key, std::to_string(time_ms++)});
    run({"SET", "soon", "x", "EX", "86400"});
    run({"EXPIRE", "list:of:127", "100000"});
  }

  void databases() {
    for (const char* db : {"1", "5", "15"}) {
      run({"SELECT", db});
      run({"SET", "string", db});
      run({"RPUSH", "list", db, "x"});
      run({"SET", "expiring", db, "PXAT", "4102444800123"});
    }
    run({"SELECT", "0"});
  }

  void changes() {
    run({"DEL", "string:21", "list:64", "hash:of:127"});
    run({"PERSIST", "string:1"});
    run({"PEXPIREAT", "list:of:128", "4102444899999"});
    run({"INCRBYFLOAT", "number:9999", "0.5"});
    run({"INCR", "number:32767"});
    run({"SPOP", "set:of:513", "10"});
    run({"LTRIM", "list:of:513", "3", "-4"});
    run({"ZPOPMIN", "zset:of:513", "7"});
    run({"HDEL", "hash:of:513", "field:1", "field:2"});
    run({"RENAME", "string:20", "string:renamed"});
    run({"COPY", "zset:of:129", "zset:copied"});
    run({"SINTERSTORE", "set:stored", "set:of:512", "set:of:129"});
    run({"ZUNIONSTORE", "zset:stored", "2", "zset:of:127", "zset:of:129"});
    run({"BITOP", "OR", "bitmap:or", "bitmap:sparse", "bitmap:dense"});
    run({"PFMERGE", "hll:merged", "hll:dense", "hll:sparse"});
    run({"MOVE", "string:64", "5"});
    run({"SETRANGE", "string:128", "200", "end"});
    run({"LMOVE", "list:of:512", "list:moved", "LEFT", "RIGHT"});
    run({"SWAPDB", "1", "7"});
  }

 private:
  Random& random_;
  std::vector<Command> commands_;
};

}  // namespace

std::vector<Command> every_value(int half, Random& random) {
  Maker maker(random);
  if (half == 0) {
    maker.strings();
    maker.bitmaps();
    maker.hyperloglogs();
    for (const int size : {1, 21, 63, 64, 65}) maker.elements_of(static_cast<std::size_t>(size));
    for (const int count : {1, 127, 128, 129, 511, 512, 513}) maker.collections_of(count);
    maker.expiries();
    maker.databases();
  } else {
    maker.integers();
    maker.scores();
    for (const int size : {0, 127, 128, 254, 4095, 4096, 20'000}) {
      maker.elements_of(static_cast<std::size_t>(size));
    }
    for (const int count : {2, 3000}) maker.collections_of(count);
    maker.large_elements();
    maker.changes();
  }
  return maker.take();
}

}  // namespace spinel::test
