#include <algorithm>
#include <set>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using SetTest = ServerTest;

const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const Reply kNotAnInteger = error("ERR value is not an integer or out of range");
const Reply kNotPositive = error("ERR value is out of range, must be positive");
const Reply kSyntax = error("ERR syntax error");

Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}

using Texts = std::vector<std::string>;

/// The same in the order of their texts.
Reply sorted(Reply reply) {
  std::sort(reply.elements.begin(), reply.elements.end(),
            [](const Reply& a, const Reply& b) { return a.text < b.text; });
  return reply;
}

TEST_F(SetTest, SaddAndSrem) {
  expect_session({{"SADD s a b c a", integer(3)},
                  {"SADD s a", integer(0)},
                  {"SADD s d", integer(1)},
                  {"SCARD s", integer(4)},
                  {"SREM s a x b", integer(2)},
                  {"SREM s x", integer(0)},
                  {"SREM none x", integer(0)},
                  {"SREM s c d", integer(2)},
                  {"EXISTS s", integer(0)},
                  {"SADD s \"\" 0 00", integer(3)},
                  {"SISMEMBER s \"\"", integer(1)},
                  {"SADD", wrong_arity("sadd")},
                  {"SADD s", wrong_arity("sadd")},
                  {"SREM s", wrong_arity("srem")},
                  {"SET t x", ok()},
                  {"SADD t a", kWrongType},
                  {"SREM t a", kWrongType}});
}

TEST_F(SetTest, MembershipAndSize) {
  expect_session(
      {{"SADD s 1 2 text", integer(3)},
       {"SISMEMBER s 1", integer(1)},
       {"SISMEMBER s 01", integer(0)},
       {"SISMEMBER s text", integer(1)},
       {"SISMEMBER none 1", integer(0)},
       {"SMISMEMBER s 1 x text 1", array({integer(1), integer(0), integer(1), integer(1)})},
       {"SMISMEMBER none a b", array({integer(0), integer(0)})},
       {"SCARD s", integer(3)},
       {"SCARD none", integer(0)},
       {"SET t x", ok()},
       {"SISMEMBER t a", kWrongType},
       {"SMISMEMBER t a", kWrongType},
       {"SCARD t", kWrongType},
       {"SMEMBERS t", kWrongType},
       {"SISMEMBER s", wrong_arity("sismember")},
       {"SISMEMBER s a b", wrong_arity("sismember")},
       {"SMISMEMBER s", wrong_arity("smismember")},
       {"SCARD", wrong_arity("scard")},
       {"SMEMBERS", wrong_arity("smembers")}});
}

TEST_F(SetTest, MembersAreASetInResp3) {
  line("SADD s 3 1 2");
  EXPECT_EQ(run("SMEMBERS", "s"), bulks({"1", "2", "3"}));
  EXPECT_EQ(run3("SMEMBERS", "s"), set({bulk("1"), bulk("2"), bulk("3")}));
  EXPECT_EQ(run3("SMEMBERS", "none"), set({}));
  EXPECT_EQ(run("SMEMBERS", "none"), array({}));
  EXPECT_EQ(run3("SMISMEMBER", "s", "1", "x"), array({integer(1), integer(0)}));
  EXPECT_EQ(run3("SISMEMBER", "s", "1"), integer(1));
}

TEST_F(SetTest, ManyMembersOfEverySize) {
  std::set<std::string> expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string member = i % 3 == 0   ? std::to_string(i * 1000003LL - 500000000)
                               : i % 3 == 1 ? "member" + std::to_string(i)
                                            : std::string(i % 600, 'x') + std::to_string(i);
    expected.insert(member);
    EXPECT_EQ(run("SADD", "s", member), integer(1));
  }
  EXPECT_EQ(run("SCARD", "s"), integer(3000));
  EXPECT_EQ(run("SMEMBERS", "s").sorted_texts(), Texts(expected.begin(), expected.end()));
  for (const std::string& member : expected) {
    ASSERT_EQ(run("SISMEMBER", "s", member), integer(1)) << member;
    ASSERT_EQ(run("SREM", "s", member), integer(1)) << member;
  }
  EXPECT_EQ(run("EXISTS", "s"), integer(0));
}

TEST_F(SetTest, Encodings) {
  SKIP_ON_REDIS_7_0("it has no sets in listpacks");
  expect_session({{"SADD i 1 2 3", integer(3)},
                  {"OBJECT ENCODING i", bulk("intset")},
                  {"SADD i x", integer(1)},
                  {"OBJECT ENCODING i", bulk("listpack")},
                  {"SADD t x", integer(1)},
                  {"OBJECT ENCODING t", bulk("listpack")}});
  for (int i = 0; i < 513; ++i) {
    run("SADD", "big", i);
    if (i == 511) {
      EXPECT_EQ(line("OBJECT ENCODING big"), bulk("intset"));
    }
  }
  EXPECT_EQ(line("OBJECT ENCODING big"), bulk("hashtable"));
  for (int i = 0; i < 129; ++i) {
    run("SADD", "texts", "m" + std::to_string(i));
    if (i == 127) {
      EXPECT_EQ(line("OBJECT ENCODING texts"), bulk("listpack"));
    }
  }
  EXPECT_EQ(line("OBJECT ENCODING texts"), bulk("hashtable"));
  run("SADD", "t", std::string(65, 'x'));
  EXPECT_EQ(line("OBJECT ENCODING t"), bulk("hashtable"));
}

TEST_F(SetTest, Smove) {
  expect_session({{"SADD a x y", integer(2)},
                  {"SADD b y", integer(1)},
                  {"SMOVE a b x", integer(1)},
                  {"SMOVE a b x", integer(0)},
                  {"SMOVE a b y", integer(1)},
                  {"EXISTS a", integer(0)},
                  {"SCARD b", integer(2)},
                  {"SMOVE b b x", integer(1)},
                  {"SMOVE b b z", integer(0)},
                  {"SMOVE b c x", integer(1)},
                  {"SMEMBERS c", bulks({"x"})},
                  {"SET t x", ok()},
                  {"SMOVE none t x", integer(0)},
                  {"SMOVE b t y", kWrongType},
                  {"SMOVE t b y", kWrongType},
                  {"SMOVE t t y", kWrongType},
                  {"SMOVE a b", wrong_arity("smove")}});
}

TEST_F(SetTest, Spop) {
  expect_session({{"SADD s a", integer(1)},
                  {"SPOP s", bulk("a")},
                  {"EXISTS s", integer(0)},
                  {"SPOP s", nil()},
                  {"SPOP s 1", array({})},
                  {"SADD s 1 2 3", integer(3)},
                  {"SPOP s 0", array({})},
                  {"SPOP s -1", kNotPositive},
                  {"SPOP s x", kNotPositive},
                  {"SPOP s 9223372036854775808", kNotPositive},
                  {"SPOP s 1 2", kSyntax},
                  {"SPOP none -1", kNotPositive},
                  {"SPOP s 9223372036854775807", bulks({"1", "2", "3"})},
                  {"EXISTS s", integer(0)},
                  {"SET t x", ok()},
                  {"SPOP t", kWrongType},
                  {"SPOP t 0", kWrongType},
                  {"SPOP", wrong_arity("spop")}});
  line("SADD s 1 2");
  EXPECT_EQ(run3("SPOP", "s", "0"), set({}));
  EXPECT_EQ(run3("SPOP", "s", "3"), set({bulk("1"), bulk("2")}));
  EXPECT_EQ(run3("SPOP", "s", "3"), set({}));
  EXPECT_EQ(run3("SPOP", "s"), nil());
}

TEST_F(SetTest, SpopTakesOutWhatItReturns) {
  for (const int size : {100, 400, 1000}) {
    for (const int count : {1, 10, size / 2, size - 10}) {
      std::set<std::string> left;
      for (int i = 0; i < size; ++i) {
        left.insert("m" + std::to_string(i));
        run("SADD", "s", "m" + std::to_string(i));
      }
      const Texts popped = run("SPOP", "s", count).texts();
      EXPECT_EQ(popped.size(), static_cast<std::size_t>(count));
      for (const std::string& member : popped) EXPECT_EQ(left.erase(member), 1U) << member;
      EXPECT_EQ(run("SMEMBERS", "s").sorted_texts(), Texts(left.begin(), left.end()));
      run("DEL", "s");
    }
  }
}

TEST_F(SetTest, Srandmember) {
  const Reply out_of_range = error(
      "ERR value is out of range, value must between -9223372036854775807 and "
      "9223372036854775807");
  expect_session({{"SRANDMEMBER none", nil()},
                  {"SRANDMEMBER none 3", array({})},
                  {"SRANDMEMBER none -3", array({})},
                  {"SADD s 1 2 3", integer(3)},
                  {"SRANDMEMBER s 0", array({})},
                  {"SRANDMEMBER s 5", bulks({"1", "2", "3"})},
                  {"SRANDMEMBER s 9223372036854775807", bulks({"1", "2", "3"})},
                  {"SRANDMEMBER s -9223372036854775808", out_of_range},
                  {"SRANDMEMBER s 9223372036854775808", kNotAnInteger},
                  {"SRANDMEMBER s x", kNotAnInteger},
                  {"SRANDMEMBER s 1 2", kSyntax},
                  {"SRANDMEMBER s x 2", kSyntax},
                  {"SET t x", ok()},
                  {"SRANDMEMBER t", kWrongType},
                  {"SRANDMEMBER t x", kNotAnInteger},
                  {"SRANDMEMBER t 1", kWrongType},
                  {"SRANDMEMBER", wrong_arity("srandmember")}});
  EXPECT_EQ(run("SRANDMEMBER", "s", "-20").elements.size(), 20U);
  EXPECT_EQ(run3("SRANDMEMBER", "s", "3"), array({bulk("1"), bulk("2"), bulk("3")}));
  EXPECT_EQ(run3("SRANDMEMBER", "none", "3"), array({}));
}

TEST_F(SetTest, SrandmemberOfTooManyEndsAtTheOutputLimit) {
  const std::string before = config("client-output-buffer-limit");
  ASSERT_EQ(run("CONFIG", "SET", "client-output-buffer-limit", "normal 1000000 0 0"), ok());
  line("SADD s 1 2 3");
  EXPECT_FALSE(server().raw().run("SRANDMEMBER", "s", "-1000000000000").is_reply());
  EXPECT_LT(info_number("used_memory_peak"), 100'000'000);
  ASSERT_EQ(run("CONFIG", "SET", "client-output-buffer-limit", before), ok());
}

TEST_F(SetTest, SrandmemberReturnsDifferentMembersOfTheSet) {
  for (int i = 0; i < 1000; ++i) run("SADD", "s", "m" + std::to_string(i));
  for (const int count : {1, 5, 300, 400, 900, 1000}) {
    Texts members = run("SRANDMEMBER", "s", count).sorted_texts();
    EXPECT_EQ(members.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(std::adjacent_find(members.begin(), members.end()), members.end());
    for (const std::string& member : members) EXPECT_EQ(run("SISMEMBER", "s", member), integer(1));
  }
  EXPECT_EQ(run("SCARD", "s"), integer(1000));
}

TEST_F(SetTest, Algebra) {
  line("SADD a 1 2 3 text");
  line("SADD b 2 3 4 text other");
  line("SADD c 3 5 text");
  EXPECT_EQ(line("SINTER a b").sorted_texts(), (Texts{"2", "3", "text"}));
  EXPECT_EQ(line("SINTER a b c").sorted_texts(), (Texts{"3", "text"}));
  EXPECT_EQ(line("SINTER a").sorted_texts(), (Texts{"1", "2", "3", "text"}));
  EXPECT_EQ(line("SINTER a none b"), array({}));
  EXPECT_EQ(line("SUNION a b c").sorted_texts(), (Texts{"1", "2", "3", "4", "5", "other", "text"}));
  EXPECT_EQ(line("SUNION none a none").sorted_texts(), (Texts{"1", "2", "3", "text"}));
  EXPECT_EQ(line("SUNION none"), array({}));
  EXPECT_EQ(line("SDIFF a b"), bulks({"1"}));
  EXPECT_EQ(line("SDIFF b a c").sorted_texts(), (Texts{"4", "other"}));
  EXPECT_EQ(line("SDIFF a a"), array({}));
  EXPECT_EQ(line("SDIFF none a"), array({}));
  EXPECT_EQ(line("SDIFF a none").sorted_texts(), (Texts{"1", "2", "3", "text"}));
  EXPECT_EQ(sorted(run3("SINTER", "a", "c")), set({bulk("3"), bulk("text")}));
  EXPECT_EQ(sorted(run3("SUNION", "c", "c")), set({bulk("3"), bulk("5"), bulk("text")}));
  EXPECT_EQ(run3("SDIFF", "a", "b"), set({bulk("1")}));
  EXPECT_EQ(run3("SINTER", "a", "none"), set({}));
  EXPECT_EQ(run3("SDIFF", "none", "a"), set({}));
  EXPECT_EQ(line("SINTER"), wrong_arity("sinter"));
  EXPECT_EQ(line("SUNION"), wrong_arity("sunion"));
  EXPECT_EQ(line("SDIFF"), wrong_arity("sdiff"));
}

TEST_F(SetTest, AlgebraChecksTypesOfAllKeys) {
  expect_session({{"SADD a 1", integer(1)},
                  {"SET t x", ok()},
                  {"SINTER a t", kWrongType},
                  {"SINTER none t", kWrongType},
                  {"SUNION a t", kWrongType},
                  {"SDIFF none t", kWrongType},
                  {"SINTERSTORE d none t", kWrongType},
                  {"SUNIONSTORE d a t", kWrongType},
                  {"SDIFFSTORE d a t", kWrongType},
                  {"SINTERCARD 2 none t", kWrongType},
                  {"EXISTS d", integer(0)}});
}

TEST_F(SetTest, Sintercard) {
  const Reply no_keys = error("ERR numkeys should be greater than 0");
  const Reply negative = error("ERR LIMIT can't be negative");
  expect_session(
      {{"SADD a 1 2 3 4", integer(4)},
       {"SADD b 2 3 4 5", integer(4)},
       {"SINTERCARD 2 a b", integer(3)},
       {"SINTERCARD 1 a", integer(4)},
       {"SINTERCARD 2 a none", integer(0)},
       {"SINTERCARD 2 a b LIMIT 0", integer(3)},
       {"SINTERCARD 2 a b LIMIT 2", integer(2)},
       {"SINTERCARD 2 a b limit 9", integer(3)},
       {"SINTERCARD 2 a b LIMIT 1 LIMIT 2", integer(2)},
       {"SINTERCARD 0 a", no_keys},
       {"SINTERCARD -1 a", no_keys},
       {"SINTERCARD x a", no_keys},
       {"SINTERCARD 3 a b", error("ERR Number of keys can't be greater than number of args")},
       {"SINTERCARD 2 a b LIMIT", kSyntax},
       {"SINTERCARD 2 a b LIMIT -1", negative},
       {"SINTERCARD 2 a b LIMIT x", negative},
       {"SINTERCARD 1 a b", kSyntax},
       {"SINTERCARD 1", wrong_arity("sintercard")}});
  for (int i = 0; i < 500; ++i) run("SADD", "large", "m" + std::to_string(i));
  EXPECT_EQ(line("SINTERCARD 2 large large LIMIT 100"), integer(100));
  EXPECT_EQ(line("SINTERCARD 1 large"), integer(500));
}

TEST_F(SetTest, Stores) {
  expect_session({{"SADD a 1 2 3", integer(3)},
                  {"SADD b 2 3 4", integer(3)},
                  {"SINTERSTORE d a b", integer(2)},
                  {"SMEMBERS d", bulks({"2", "3"})},
                  {"SUNIONSTORE d a b", integer(4)},
                  {"SMEMBERS d", bulks({"1", "2", "3", "4"})},
                  {"SDIFFSTORE d a b", integer(1)},
                  {"SMEMBERS d", bulks({"1"})},
                  {"SDIFFSTORE d a a", integer(0)},
                  {"EXISTS d", integer(0)},
                  {"SINTERSTORE d a none", integer(0)},
                  {"SET t x EX 100", ok()},
                  {"SUNIONSTORE t a", integer(3)},
                  {"TTL t", integer(-1)},
                  {"TYPE t", status("set")},
                  {"SET t x", ok()},
                  {"SINTERSTORE t none", integer(0)},
                  {"EXISTS t", integer(0)},
                  {"SUNIONSTORE a a b", integer(4)},
                  {"SINTERSTORE a", wrong_arity("sinterstore")},
                  {"SUNIONSTORE a", wrong_arity("sunionstore")},
                  {"SDIFFSTORE a", wrong_arity("sdiffstore")}});
}

TEST_F(SetTest, AlgebraOfLargeSets) {
  // Every encoding with every other; the results are known.
  for (int i = 0; i < 2000; ++i) {
    run("SADD", "large", i);
    if (i % 2 == 0) run("SADD", "even", i);
    if (i < 300) run("SADD", "integers", i);
    if (i < 50) run("SADD", "few", i, "t" + std::to_string(i));
  }
  EXPECT_EQ(line("SINTERCARD 2 large even"), integer(1000));
  EXPECT_EQ(line("SINTER large even integers").elements.size(), 150U);
  EXPECT_EQ(line("SINTER even few").elements.size(), 25U);
  EXPECT_EQ(line("SUNION large few even").elements.size(), 2050U);
  EXPECT_EQ(line("SDIFF large even").elements.size(), 1000U);
  EXPECT_EQ(line("SDIFF few large").elements.size(), 50U);
  EXPECT_EQ(line("SDIFFSTORE d large even integers"), integer(850));
  EXPECT_EQ(line("SUNIONSTORE d few integers"), integer(350));
  EXPECT_EQ(line("SINTERSTORE d large few"), integer(50));
}

TEST_F(SetTest, Sscan) {
  const Reply nothing = array({bulk("0"), array({})});
  expect_session({{"SSCAN none 0", nothing},
                  {"SSCAN none 0 BOGUS", nothing},
                  {"SSCAN none x", error("ERR invalid cursor")},
                  {"SADD s 1 2 30", integer(3)},
                  {"SSCAN s 0", array({bulk("0"), bulks({"1", "2", "30"})})},
                  {"SSCAN s 0 MATCH ?", array({bulk("0"), bulks({"1", "2"})})},
                  {"SSCAN s 0 match * count 1", array({bulk("0"), bulks({"1", "2", "30"})})},
                  {"SSCAN s 0 COUNT 0", kSyntax},
                  {"SSCAN s 0 COUNT x", kNotAnInteger},
                  {"SSCAN s 0 COUNT", kSyntax},
                  {"SSCAN s 0 TYPE set", kSyntax},
                  {"SET t x", ok()},
                  {"SSCAN t 0", kWrongType},
                  {"SSCAN t 0 BOGUS", kWrongType},
                  {"SSCAN s", wrong_arity("sscan")}});
  EXPECT_EQ(run3("SSCAN", "s", "0"), array({bulk("0"), bulks({"1", "2", "30"})}));
}

TEST_F(SetTest, SscanVisitsAllOfALargeSet) {
  std::set<std::string> expected;
  for (int i = 0; i < 2000; ++i) {
    expected.insert("m" + std::to_string(i));
    run("SADD", "s", "m" + std::to_string(i));
  }
  std::set<std::string> seen;
  std::string cursor = "0";
  int steps = 0;
  do {
    const Reply step = run("SSCAN", "s", cursor, "COUNT", 50);
    ASSERT_EQ(step.elements.size(), 2U);
    cursor = step.elements[0].text;
    for (const std::string& member : step.elements[1].texts()) seen.insert(member);
    ++steps;
  } while (cursor != "0");
  EXPECT_EQ(seen, expected);
  EXPECT_GT(steps, 10);
}

TEST_F(SetTest, ExpiryStaysWhenMembersChange) {
  expect_session({{"SADD s a", integer(1)},
                  {"PEXPIREAT s 33177117420000", integer(1)},
                  {"SADD s b", integer(1)},
                  {"SREM s a", integer(1)},
                  {"PEXPIRETIME s", integer(33177117420000)},
                  {"SMOVE s t b", integer(1)},
                  {"PTTL t", integer(-1)}});
}

TEST_F(SetTest, ALargeSetIsUnlinkedInTheBackground) {
  for (int batch = 0; batch < 100; ++batch) {
    std::vector<std::string> command = {"SADD", "s"};
    for (int i = 0; i < 500; ++i) {
      command.push_back("a rather long member " + std::to_string(batch * 500 + i));
    }
    EXPECT_EQ(server().raw().command(command), integer(500));
  }
  const long long full = info_number("used_memory");
  EXPECT_EQ(run("UNLINK", "s"), integer(1));
  EXPECT_TRUE(wait_until([&] { return info_number("used_memory") < full - 2'000'000; }));
}

}  // namespace
}  // namespace spinel::test
