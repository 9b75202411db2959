// Commands of hashes, as clients see them.
#include <algorithm>
#include <map>
#include <set>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using HashTest = ServerTest;
using OwnHashTest = OwnServerTest;

const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const Reply kNotAnInteger = error("ERR value is not an integer or out of range");
const Reply kNotAFloat = error("ERR value is not a valid float");
const Reply kSyntax = error("ERR syntax error");
const Reply kOutOfRange = error("ERR value is out of range");

Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}

TEST_F(HashTest, SetAndGet) {
  expect_session({{"HGET h a", nil()},
                  {"HSET h a 1 b two c 3.5", integer(3)},
                  {"HSET h a one d 4", integer(1)},
                  {"HSET h a x a y", integer(0)},
                  {"HGET h a", bulk("y")},
                  {"HGET h b", bulk("two")},
                  {"HGET h c", bulk("3.5")},
                  {"HGET h nosuch", nil()},
                  {"HLEN h", integer(4)},
                  {"HMSET h e 5 f 6", ok()},
                  {"HMGET h a nosuch f a", array({bulk("y"), nil(), bulk("6"), bulk("y")})},
                  {"HMGET nokey a b", array({nil(), nil()})},
                  {"HSETNX h a z", integer(0)},
                  {"HSETNX h g 7", integer(1)},
                  {"HSETNX new a 1", integer(1)},
                  {"HGET h a", bulk("y")},
                  {"HEXISTS h a", integer(1)},
                  {"HEXISTS h nosuch", integer(0)},
                  {"HEXISTS nokey a", integer(0)},
                  {"HSTRLEN h b", integer(3)},
                  {"HSTRLEN h nosuch", integer(0)},
                  {"HSTRLEN nokey a", integer(0)},
                  {"HLEN nokey", integer(0)},
                  {"TYPE h", status("hash")},
                  {"HSET h \"\" \"\"", integer(1)},
                  {"HGET h \"\"", bulk("")}});
}

TEST_F(HashTest, Deletion) {
  expect_session({{"HDEL nokey a", integer(0)},
                  {"HSET h a 1 b 2 c 3", integer(3)},
                  {"HDEL h nosuch", integer(0)},
                  {"HDEL h a a nosuch", integer(1)},
                  {"HLEN h", integer(2)},
                  {"HDEL h c b", integer(2)},
                  {"EXISTS h", integer(0)}});
}

TEST_F(HashTest, FieldsAndValuesAreBinarySafe) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  for (const std::string& key : {std::string("small"), std::string("large")}) {
    if (key == "large") {
      for (int i = 0; i < 600; ++i) run("HSET", key, i, i);
    }
    for (const std::string& text : {every_byte, std::string("\0", 1), std::string("\r\n")}) {
      EXPECT_EQ(run("HSET", key, text, text + "!"), integer(1));
      EXPECT_EQ(run("HGET", key, text), bulk(text + "!"));
      EXPECT_EQ(run("HSTRLEN", key, text), integer(static_cast<std::int64_t>(text.size()) + 1));
    }
  }
}

TEST_F(HashTest, WholeHashes) {
  run("HSET", "h", "a", "1", "b", "two");
  EXPECT_EQ(run("HGETALL", "h"), bulks({"a", "1", "b", "two"}));
  EXPECT_EQ(run("HKEYS", "h"), bulks({"a", "b"}));
  EXPECT_EQ(run("HVALS", "h"), bulks({"1", "two"}));
  EXPECT_EQ(run3("HGETALL", "h"), map({bulk("a"), bulk("1"), bulk("b"), bulk("two")}));
  EXPECT_EQ(run3("HKEYS", "h"), bulks({"a", "b"}));
  EXPECT_EQ(run3("HVALS", "h"), bulks({"1", "two"}));
  for (const char* command : {"HGETALL", "HKEYS", "HVALS"}) {
    EXPECT_EQ(run(command, "nokey"), array({}));
  }
  EXPECT_EQ(run3("HGETALL", "nokey"), map({}));
  EXPECT_EQ(run3("HGET", "nokey", "a"), nil());
  EXPECT_EQ(run3("HMGET", "h", "a", "x"), array({bulk("1"), nil()}));
}

TEST_F(HashTest, OtherTypesAreRefused) {
  run("SET", "s", "text");
  run("HSET", "h", "a", "1");
  for (const char* command :
       {"HSET s a 1",    "HSETNX s a 1",       "HMSET s a 1",  "HGET s a",
        "HMGET s a",     "HGETALL s",          "HKEYS s",      "HVALS s",
        "HLEN s",        "HSTRLEN s a",        "HEXISTS s a",  "HDEL s a",
        "HINCRBY s a 1", "HINCRBYFLOAT s a 1", "HRANDFIELD s", "HRANDFIELD s 1",
        "HSCAN s 0",     "HSCAN s 0 bad",      "GET h",        "APPEND h x",
        "INCR h",        "SETRANGE h 0 x"}) {
    EXPECT_EQ(line(command), kWrongType) << command;
  }
}

TEST_F(HashTest, ArgumentsThatMakeNoSense) {
  run("HSET", "h", "a", "1", "t", "text");
  expect_session({{"HSET h", wrong_arity("hset")},
                  {"HSET h a", wrong_arity("hset")},
                  {"HSET h a 1 b", wrong_arity("hset")},
                  {"HMSET h a 1 b", wrong_arity("hmset")},
                  {"HSETNX h a", wrong_arity("hsetnx")},
                  {"HGET h", wrong_arity("hget")},
                  {"HMGET h", wrong_arity("hmget")},
                  {"HINCRBY h a x", kNotAnInteger},
                  {"HINCRBY h a 1.5", kNotAnInteger},
                  {"HINCRBY h t 1", error("ERR hash value is not an integer")},
                  {"HINCRBYFLOAT h a x", kNotAFloat},
                  {"HINCRBYFLOAT h a inf", error("ERR value is NaN or Infinity")},
                  {"HINCRBYFLOAT h t 1", error("ERR hash value is not a float")},
                  {"HSCAN h x", error("ERR invalid cursor")},
                  {"HSCAN nokey x", error("ERR invalid cursor")},
                  {"HSCAN h 0 COUNT 0", kSyntax},
                  {"HSCAN h 0 COUNT x", kNotAnInteger},
                  {"HSCAN h 0 MATCH", kSyntax},
                  {"HSCAN h 0 TYPE string", kSyntax},
                  {"HSCAN nokey 0 nonsense", array({bulk("0"), array({})})},
                  {"HRANDFIELD h x", kNotAnInteger},
                  {"HRANDFIELD h 1 x", kSyntax},
                  {"HRANDFIELD h 1 WITHVALUES x", kSyntax},
                  {"HRANDFIELD h -9223372036854775808",
                   error("ERR value is out of range, value must between -9223372036854775807 and "
                         "9223372036854775807")},
                  {"HRANDFIELD h 4611686018427387904 WITHVALUES", kOutOfRange},
                  {"HRANDFIELD h -4611686018427387904 WITHVALUES", kOutOfRange}});
}

TEST_F(HashTest, Increments) {
  expect_session({{"HINCRBY h n 5", integer(5)},
                  {"HINCRBY h n -7", integer(-2)},
                  {"HGET h n", bulk("-2")},
                  {"HSET h max 9223372036854775807", integer(1)},
                  {"HINCRBY h max 1", error("ERR increment or decrement would overflow")},
                  {"HINCRBY h max -1", integer(9223372036854775806)},
                  {"HSET h space \" 1\"", integer(1)},
                  {"HINCRBY h space 1", error("ERR hash value is not an integer")},
                  {"HINCRBYFLOAT h space 1", error("ERR hash value is not a float")},
                  {"HINCRBYFLOAT h f 0.1", bulk("0.1")},
                  {"HINCRBYFLOAT h f 0.2", bulk("0.3")},
                  {"HINCRBYFLOAT h f 1e3", bulk("1000.29999999999999999")},
                  {"HINCRBYFLOAT h n 2", bulk("0")},
                  {"HSET h e 5e3", integer(1)},
                  {"HINCRBYFLOAT h e 1", bulk("5001")},
                  {"HINCRBY h e 1", integer(5002)}});
  EXPECT_EQ(run3("HINCRBYFLOAT", "h", "f", "0.5"), bulk("1000.79999999999999999"));
  EXPECT_EQ(run3("HINCRBY", "h", "n", "3"), integer(3));
}

TEST_F(OwnHashTest, EncodingsChangeWhereTheConfigurationSays) {
  start();
  run("CONFIG", "SET", "hash-max-listpack-entries", 4, "hash-max-listpack-value", 8);
  expect_session({{"HSET n a 1 b 2 c 3 d 4", integer(4)},
                  {"OBJECT ENCODING n", bulk("listpack")},
                  {"HSET n e 5", integer(1)},
                  {"OBJECT ENCODING n", bulk("hashtable")},
                  {"HDEL n a b c", integer(3)},
                  {"OBJECT ENCODING n", bulk("hashtable")},
                  {"HSET v a 12345678", integer(1)},
                  {"OBJECT ENCODING v", bulk("listpack")},
                  {"HSETNX v a 123456789", integer(0)},
                  {"OBJECT ENCODING v", bulk("listpack")},
                  {"HSET v a 123456789", integer(0)},
                  {"OBJECT ENCODING v", bulk("hashtable")},
                  {"HSET f 123456789 1", integer(1)},
                  {"OBJECT ENCODING f", bulk("hashtable")},
                  {"HINCRBY i n 123456789", integer(123456789)},
                  {"OBJECT ENCODING i", bulk("hashtable")}});
}

TEST_F(HashTest, CopiesAreIndependent) {
  for (const int fields : {3, 1000}) {
    run("FLUSHALL");
    for (int i = 0; i < fields; ++i) run("HSET", "h", "f" + std::to_string(i), i);
    EXPECT_EQ(run("COPY", "h", "copy"), integer(1));
    EXPECT_EQ(run("DEBUG", "DIGEST-VALUE", "h"), run("DEBUG", "DIGEST-VALUE", "copy"));
    run("HSET", "copy", "f0", "changed");
    EXPECT_EQ(run("HGET", "h", "f0"), bulk("0"));
    run("RENAME", "h", "named");
    EXPECT_EQ(run("HLEN", "named"), integer(fields));
    EXPECT_EQ(run("DEL", "copy", "named"), integer(2));
  }
}

// --- random fields

TEST_F(HashTest, RandomFieldShapes) {
  run("HSET", "h", "a", "1", "b", "2");
  EXPECT_EQ(run("HRANDFIELD", "nokey"), nil());
  EXPECT_EQ(run3("HRANDFIELD", "nokey"), nil());
  EXPECT_EQ(run("HRANDFIELD", "nokey", 3), array({}));
  EXPECT_EQ(run3("HRANDFIELD", "nokey", 3, "WITHVALUES"), array({}));
  EXPECT_EQ(run("HRANDFIELD", "h", 0), array({}));
  EXPECT_EQ(run("HRANDFIELD", "h", 10).sorted_texts(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(run("HRANDFIELD", "h", 2, "WITHVALUES").sorted_texts(),
            (std::vector<std::string>{"1", "2", "a", "b"}));
  EXPECT_EQ(run("HRANDFIELD", "h", -7).elements.size(), 7u);
  EXPECT_EQ(run("HRANDFIELD", "h", -7, "WITHVALUES").elements.size(), 14u);
  const Reply pairs = run3("HRANDFIELD", "h", -5, "WITHVALUES");
  ASSERT_EQ(pairs.elements.size(), 5u);
  for (const Reply& pair : pairs.elements) {
    EXPECT_TRUE(pair == bulks({"a", "1"}) || pair == bulks({"b", "2"})) << pair;
  }
}

TEST_F(HashTest, RandomFieldsBelongToTheHash) {
  for (const int size : {20, 1500}) {
    run("FLUSHALL");
    for (int i = 0; i < size; ++i)
      run("HSET", "h", "f" + std::to_string(i), "v" + std::to_string(i));
    for (const int count : {1, 5, size / 2, size - 1, size, size * 2, -1, -50}) {
      const Reply reply = run("HRANDFIELD", "h", count, "WITHVALUES");
      const auto expected = count < 0 ? -count : std::min(count, size);
      ASSERT_EQ(reply.elements.size(), static_cast<std::size_t>(2 * expected));
      std::set<std::string> fields;
      for (std::size_t i = 0; i < reply.elements.size(); i += 2) {
        const std::string& field = reply.elements[i].text;
        fields.insert(field);
        EXPECT_EQ(reply.elements[i + 1].text, "v" + field.substr(1));
        EXPECT_LT(std::stoi(field.substr(1)), size);
      }
      if (count > 0) {
        EXPECT_EQ(fields.size(), static_cast<std::size_t>(expected));
      }
    }
  }
}

// --- HSCAN

TEST_F(HashTest, ASmallHashIsScannedAtOnce) {
  run("HSET", "h", "a1", "1", "a2", "2", "b", "3");
  EXPECT_EQ(run("HSCAN", "h", 0), array({bulk("0"), bulks({"a1", "1", "a2", "2", "b", "3"})}));
  EXPECT_EQ(run("HSCAN", "h", 0, "COUNT", 1),
            array({bulk("0"), bulks({"a1", "1", "a2", "2", "b", "3"})}));
  EXPECT_EQ(run("HSCAN", "h", 0, "MATCH", "a*"), array({bulk("0"), bulks({"a1", "1", "a2", "2"})}));
  EXPECT_EQ(run("HSCAN", "h", 0, "MATCH", "none*"), array({bulk("0"), array({})}));
  EXPECT_EQ(run("HSCAN", "nokey", 5), array({bulk("0"), array({})}));
  EXPECT_EQ(run3("HSCAN", "h", 0, "MATCH", "b"), array({bulk("0"), bulks({"b", "3"})}));
  SKIP_ON_REDIS_7_0("no NOVALUES");
  EXPECT_EQ(run("HSCAN", "h", 0, "NOVALUES"), array({bulk("0"), bulks({"a1", "a2", "b"})}));
  EXPECT_EQ(run("HSCAN", "h", 0, "NOVALUES", "MATCH", "b"), array({bulk("0"), bulks({"b"})}));
}

TEST_F(HashTest, AScanFindsWhatStaysWhileTheHashChanges) {
  constexpr int kStaying = 3000;
  for (int i = 0; i < kStaying; ++i) run("HSET", "h", "stay" + std::to_string(i), i);
  std::set<std::string> seen;
  std::string cursor = "0";
  int step = 0;
  do {
    const Reply reply = run("HSCAN", "h", cursor, "MATCH", "stay*", "COUNT", 50);
    ASSERT_EQ(reply.elements.size(), 2u);
    cursor = reply.elements[0].text;
    for (std::size_t i = 0; i < reply.elements[1].elements.size(); i += 2) {
      const std::string& field = reply.elements[1].elements[i].text;
      EXPECT_EQ("stay" + reply.elements[1].elements[i + 1].text, field);
      seen.insert(field);
    }
    for (int i = 0; i < 100; ++i) run("HSET", "h", "more" + std::to_string(++step), "v");
    ASSERT_LT(step, 100'000);
  } while (cursor != "0");
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kStaying));
}

// --- large

TEST_F(HashTest, ManyFieldsInOneCommand) {
  constexpr int kFields = 20'000;
  std::vector<std::string> set = {"HSET", "h"};
  std::vector<std::string> get = {"HMGET", "h"};
  std::vector<std::string> del = {"HDEL", "h"};
  std::vector<std::string> values;
  for (int i = 0; i < kFields; ++i) {
    const std::string field = "field" + std::to_string(i);
    set.insert(set.end(), {field, std::to_string(i * 7)});
    get.push_back(field);
    values.push_back(std::to_string(i * 7));
    if (i % 2 == 0) del.push_back(field);
  }
  EXPECT_EQ(client().command(set), integer(kFields));
  EXPECT_EQ(client().command(get), bulks(values));
  EXPECT_EQ(run("HGETALL", "h").elements.size(), 2u * kFields);
  EXPECT_EQ(client().command(del), integer(kFields / 2));
  EXPECT_EQ(run("HLEN", "h"), integer(kFields / 2));
  EXPECT_EQ(run("HGET", "h", "field1"), bulk("7"));
  EXPECT_EQ(run("HGET", "h", "field2"), nil());
}

TEST_F(HashTest, LargeValues) {
  std::string large;
  large.resize(20'000'000, 'x');
  EXPECT_EQ(run("HSET", "h", "a", large, "b", "small"), integer(2));
  EXPECT_EQ(run("HSTRLEN", "h", "a"), integer(20'000'000));
  EXPECT_EQ(run("HGET", "h", "a"), bulk(large));
  EXPECT_INTEGER_BETWEEN(run("MEMORY", "USAGE", "h", "SAMPLES", 0), 20'000'000, 30'000'000);
  EXPECT_EQ(run("HSET", "h", "a", "x"), integer(0));
  EXPECT_INTEGER_BETWEEN(run("MEMORY", "USAGE", "h", "SAMPLES", 0), 100, 10'000);
}

}  // namespace
}  // namespace spinel::test
