// Lists: every command in both protocols, and how lists are kept. Commands that wait are in
// list_blocking_test.cc.

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using ListTest = ServerTest;
using OwnListTest = OwnServerTest;

const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const Reply kSyntax = error("ERR syntax error");
const Reply kNotInteger = error("ERR value is not an integer or out of range");

std::vector<std::string> numbers(int first, int last) {
  std::vector<std::string> texts;
  for (int i = first; i <= last; ++i) texts.push_back(std::to_string(i));
  return texts;
}

Reply push(Client& client, const std::string& command, const std::string& key,
           const std::vector<std::string>& elements) {
  std::vector<std::string> arguments = {command, key};
  arguments.insert(arguments.end(), elements.begin(), elements.end());
  return client.command(arguments);
}

TEST_F(ListTest, PushesAtEitherEnd) {
  expect_session({{"LPUSH l a b c", integer(3)},
                  {"RPUSH l d e", integer(5)},
                  {"LRANGE l 0 -1", bulks({"c", "b", "a", "d", "e"})},
                  {"LLEN l", integer(5)},
                  {"LPUSHX l f", integer(6)},
                  {"RPUSHX l g h", integer(8)},
                  {"LRANGE l 0 -1", bulks({"f", "c", "b", "a", "d", "e", "g", "h"})},
                  {"LPUSHX none a", integer(0)},
                  {"RPUSHX none a", integer(0)},
                  {"EXISTS none", integer(0)},
                  {"TYPE l", status("list")}});
}

TEST_F(ListTest, KeepsEveryKindOfElement) {
  const std::vector<std::string> elements = {"",
                                             "0",
                                             "127",
                                             "128",
                                             "-1",
                                             "4096",
                                             "32768",
                                             "-8388609",
                                             "9223372036854775807",
                                             "-9223372036854775808",
                                             "9223372036854775808",
                                             "007",
                                             "1.50",
                                             std::string("\0\r\n", 3),
                                             std::string(63, 'a'),
                                             std::string(64, 'b'),
                                             std::string(4095, 'c'),
                                             std::string(4096, 'd'),
                                             std::string(100'000, 'e')};
  EXPECT_EQ(push(client(), "RPUSH", "l", elements), integer(elements.size()));
  EXPECT_EQ(line("LRANGE l 0 -1"), bulks(elements));
  EXPECT_EQ(run3("LRANGE", "l", 0, -1), bulks(elements));
  for (size_t i = 0; i < elements.size(); ++i) {
    EXPECT_EQ(run("LINDEX", "l", i), bulk(elements[i]));
    EXPECT_EQ(run("LPOS", "l", elements[i]), integer(i));
  }
  for (size_t i = elements.size(); i-- > 0;) EXPECT_EQ(line("RPOP l"), bulk(elements[i]));
}

TEST_F(ListTest, PopsAtEitherEnd) {
  push(client(), "RPUSH", "l", numbers(1, 10));
  expect_session({{"LPOP l", bulk("1")},
                  {"RPOP l", bulk("10")},
                  {"LPOP l 2", bulks({"2", "3"})},
                  {"RPOP l 3", bulks({"9", "8", "7"})},
                  {"LPOP l 0", array({})},
                  {"RPOP l 100", bulks({"6", "5", "4"})},
                  {"EXISTS l", integer(0)},
                  {"LPOP l", nil()},
                  {"RPOP l 1", nil()},
                  {"LPOP l -1", error("ERR value is out of range, must be positive")},
                  {"RPOP l x", error("ERR value is out of range, must be positive")},
                  {"LPOP l 1 1", error("ERR wrong number of arguments for 'lpop' command")}});
}

TEST_F(ListTest, NullsOfPopsInBothProtocols) {
  RawConnection resp2 = server().raw();
  EXPECT_EQ(resp2.run("LPOP", "none"), nil());
  EXPECT_EQ(resp2.run("LPOP", "none", 1), null_array());
  EXPECT_EQ(resp2.run("LPOP", "none", 0), null_array());
  EXPECT_EQ(resp2.run("LMPOP", 1, "none", "LEFT"), null_array());
  EXPECT_EQ(resp2.run("LMOVE", "none", "x", "LEFT", "LEFT"), nil());
  EXPECT_EQ(resp2.run("LPOS", "none", "x"), nil());
  EXPECT_EQ(resp2.run("LPOS", "none", "x", "COUNT", 0), array({}));
  for (const char* command : {"LPOP none", "RPOP none 1", "LMPOP 1 none LEFT", "RPOPLPUSH none x",
                              "LINDEX none 0", "LPOS none x"}) {
    EXPECT_EQ(resp3().command(words(command)), nil()) << command;
  }
}

TEST_F(ListTest, ReadsByIndexAndRange) {
  push(client(), "RPUSH", "l", numbers(0, 9));
  expect_session({{"LINDEX l 0", bulk("0")},
                  {"LINDEX l -1", bulk("9")},
                  {"LINDEX l 10", nil()},
                  {"LINDEX l -11", nil()},
                  {"LINDEX l x", kNotInteger},
                  {"LINDEX none x", nil()},
                  {"LRANGE l 2 4", bulks({"2", "3", "4"})},
                  {"LRANGE l -2 100", bulks({"8", "9"})},
                  {"LRANGE l -100 1", bulks({"0", "1"})},
                  {"LRANGE l 5 4", array({})},
                  {"LRANGE l 10 20", array({})},
                  {"LRANGE none 0 -1", array({})},
                  {"LRANGE l x 1", kNotInteger},
                  {"LRANGE l 1 x", kNotInteger}});
}

TEST_F(ListTest, ChangesByIndex) {
  push(client(), "RPUSH", "l", {"a", "b", "c"});
  expect_session({{"LSET l 0 x", ok()},
                  {"LSET l -1 12345", ok()},
                  {"LRANGE l 0 -1", bulks({"x", "b", "12345"})},
                  {"LSET l 3 y", error("ERR index out of range")},
                  {"LSET l -4 y", error("ERR index out of range")},
                  {"LSET l x y", kNotInteger},
                  {"LSET none 0 y", error("ERR no such key")},
                  {"LSET none x y", error("ERR no such key")}});
}

TEST_F(ListTest, InsertsBesideAnElement) {
  push(client(), "RPUSH", "l", {"a", "b", "a", "12"});
  expect_session({{"LINSERT l BEFORE a x", integer(5)},
                  {"LINSERT l after 12 y", integer(6)},
                  {"LINSERT l AFTER b z", integer(7)},
                  {"LRANGE l 0 -1", bulks({"x", "a", "b", "z", "a", "12", "y"})},
                  {"LINSERT l BEFORE none x", integer(-1)},
                  {"LINSERT none BEFORE a x", integer(0)},
                  {"LINSERT l BESIDE a x", kSyntax}});
}

TEST_F(ListTest, RemovesEqualElements) {
  const std::vector<std::string> elements = {"a", "b", "a", "c", "a", "a", "7"};
  push(client(), "RPUSH", "l", elements);
  expect_session({{"LREM l 2 a", integer(2)},
                  {"LRANGE l 0 -1", bulks({"b", "c", "a", "a", "7"})},
                  {"LREM l -1 a", integer(1)},
                  {"LRANGE l 0 -1", bulks({"b", "c", "a", "7"})},
                  {"LREM l 0 07", integer(0)},
                  {"LREM l 0 7", integer(1)},
                  {"LREM l x a", kNotInteger},
                  {"LREM none 0 a", integer(0)},
                  {"LREM l -9223372036854775808 a", integer(1)},
                  {"LREM l 0 b", integer(1)},
                  {"LREM l 0 c", integer(1)},
                  {"EXISTS l", integer(0)}});
}

TEST_F(ListTest, Trims) {
  push(client(), "RPUSH", "l", numbers(0, 9));
  expect_session({{"LTRIM l 1 -2", ok()},
                  {"LRANGE l 0 -1", bulks(numbers(1, 8))},
                  {"LTRIM l -3 100", ok()},
                  {"LRANGE l 0 -1", bulks(numbers(6, 8))},
                  {"LTRIM l x 1", kNotInteger},
                  {"LTRIM none 0 1", ok()},
                  {"LTRIM l 5 1", ok()},
                  {"EXISTS l", integer(0)}});
}

TEST_F(ListTest, FindsPositions) {
  push(client(), "RPUSH", "l", {"a", "b", "c", "1", "2", "3", "c", "c"});
  expect_session(
      {{"LPOS l c", integer(2)},
       {"LPOS l c RANK 2", integer(6)},
       {"LPOS l c RANK -1", integer(7)},
       {"LPOS l c RANK 4", nil()},
       {"LPOS l c COUNT 2", array({integer(2), integer(6)})},
       {"LPOS l c COUNT 0 RANK -1", array({integer(7), integer(6), integer(2)})},
       {"LPOS l c RANK -2 COUNT 1", array({integer(6)})},
       {"LPOS l c COUNT 0 MAXLEN 3", array({integer(2)})},
       {"LPOS l c MAXLEN 2", nil()},
       {"LPOS l c COUNT 0 MAXLEN 2 RANK -1", array({integer(7), integer(6)})},
       {"LPOS l none COUNT 0", array({})},
       {"LPOS l c RANK 0", error("ERR RANK can't be zero: use 1 to start from the first match, 2 "
                                 "from the second ... or use negative to start from the end of "
                                 "the list")},
       {"LPOS l c COUNT -1", error("ERR COUNT can't be negative")},
       {"LPOS l c MAXLEN x", error("ERR MAXLEN can't be negative")},
       {"LPOS l c RANK", kSyntax},
       {"LPOS l c BOGUS 1", kSyntax}});
  SKIP_ON_REDIS_7_0("it takes the least rank there is");
  EXPECT_EQ(line("LPOS l c RANK -9223372036854775808"),
            error("ERR value is out of range, value must between -9223372036854775807 and "
                  "9223372036854775807"));
}

TEST_F(ListTest, MovesBetweenLists) {
  push(client(), "RPUSH", "a", {"1", "2", "3", "4"});
  expect_session({{"LMOVE a b LEFT LEFT", bulk("1")},
                  {"LMOVE a b RIGHT LEFT", bulk("4")},
                  {"LMOVE a b LEFT RIGHT", bulk("2")},
                  {"LRANGE b 0 -1", bulks({"4", "1", "2"})},
                  {"RPOPLPUSH a b", bulk("3")},
                  {"EXISTS a", integer(0)},
                  {"RPOPLPUSH a b", nil()},
                  {"LMOVE b b LEFT RIGHT", bulk("3")},
                  {"LRANGE b 0 -1", bulks({"4", "1", "2", "3"})},
                  {"RPOPLPUSH b b", bulk("3")},
                  {"LRANGE b 0 -1", bulks({"3", "4", "1", "2"})},
                  {"LMOVE b b UP LEFT", kSyntax},
                  {"LMOVE b b LEFT UP", kSyntax},
                  {"DEL b", integer(1)},
                  {"RPUSH b x", integer(1)},
                  {"LMOVE b b LEFT LEFT", bulk("x")},
                  {"LRANGE b 0 -1", bulks({"x"})}});
}

TEST_F(ListTest, PopsFromTheFirstListThereIs) {
  push(client(), "RPUSH", "a", {"1", "2", "3"});
  push(client(), "RPUSH", "b", {"x"});
  const Reply numkeys = error("ERR numkeys should be greater than 0");
  const Reply count = error("ERR count should be greater than 0");
  expect_session({{"LMPOP 2 none a LEFT", array({bulk("a"), bulks({"1"})})},
                  {"LMPOP 2 a b RIGHT COUNT 5", array({bulk("a"), bulks({"3", "2"})})},
                  {"LMPOP 2 a b LEFT", array({bulk("b"), bulks({"x"})})},
                  {"LMPOP 2 a b LEFT", nil()},
                  {"LMPOP 0 a LEFT", numkeys},
                  {"LMPOP x a LEFT", numkeys},
                  {"LMPOP 2 a LEFT", kSyntax},
                  {"LMPOP 1 a UP", kSyntax},
                  {"LMPOP 1 a LEFT COUNT", kSyntax},
                  {"LMPOP 1 a LEFT COUNT 0", count},
                  {"LMPOP 1 a LEFT COUNT 1 COUNT 1", kSyntax},
                  {"LMPOP 9223372036854775807 a LEFT", kSyntax}});
}

TEST_F(ListTest, RefusesOtherTypes) {
  run("SET", "s", "text");
  run("RPUSH", "l", "a");
  for (const char* command : {"LPUSH s a",
                              "RPUSH s a",
                              "LPUSHX s a",
                              "RPUSHX s a",
                              "LPOP s",
                              "RPOP s 1",
                              "LLEN s",
                              "LINDEX s 0",
                              "LRANGE s 0 1",
                              "LSET s 0 a",
                              "LINSERT s BEFORE a b",
                              "LREM s 0 a",
                              "LTRIM s 0 1",
                              "LPOS s a",
                              "LMOVE s l LEFT LEFT",
                              "LMOVE l s LEFT LEFT",
                              "RPOPLPUSH s l",
                              "RPOPLPUSH l s",
                              "LMPOP 1 s LEFT",
                              "LMPOP 2 none s LEFT",
                              "BLPOP s 0",
                              "BRPOP none s 0",
                              "BLMOVE s l LEFT LEFT 0",
                              "BLMOVE l s LEFT LEFT 0",
                              "BRPOPLPUSH s l 0",
                              "BLMPOP 0 1 s LEFT"}) {
    EXPECT_EQ(line(command), kWrongType) << command;
    EXPECT_EQ(resp3().command(words(command)), kWrongType) << command;
  }
  EXPECT_EQ(line("LRANGE l 0 -1"), bulks({"a"}));
  EXPECT_EQ(line("GET l"), kWrongType);
}

TEST_F(ListTest, CopiesAreIndependent) {
  push(client(), "RPUSH", "l", numbers(1, 2000));
  EXPECT_EQ(line("COPY l m"), integer(1));
  EXPECT_EQ(line("DEBUG DIGEST-VALUE l"), line("DEBUG DIGEST-VALUE m"));
  EXPECT_EQ(line("LSET l 1000 changed"), ok());
  EXPECT_EQ(line("LINDEX m 1000"), bulk("1001"));
  EXPECT_NE(line("DEBUG DIGEST-VALUE l"), line("DEBUG DIGEST-VALUE m"));
  EXPECT_EQ(line("RENAME m n"), ok());
  EXPECT_EQ(line("LRANGE n 0 -1"), bulks(numbers(1, 2000)));
}

TEST_F(ListTest, AMillionElements) {
  constexpr int kElements = 1'000'000;
  RawConnection loader = server().raw();
  for (int first = 0; first < kElements; first += 10'000) {
    std::vector<std::string> arguments = {"RPUSH", "l"};
    for (int i = first; i < first + 10'000; ++i) arguments.push_back(std::to_string(i));
    ASSERT_EQ(loader.command(arguments), integer(first + 10'000));
  }
  EXPECT_EQ(line("LINDEX l 500000"), bulk("500000"));
  EXPECT_EQ(line("LINDEX l -1"), bulk("999999"));
  EXPECT_EQ(line("LRANGE l 700000 700002"), bulks({"700000", "700001", "700002"}));
  EXPECT_EQ(line("LINSERT l BEFORE 400000 here"), integer(kElements + 1));
  EXPECT_EQ(line("LINDEX l 400000"), bulk("here"));
  EXPECT_EQ(line("LINDEX l 900001"), bulk("900000"));
  EXPECT_EQ(line("LREM l -1 here"), integer(1));
  const Reply all = loader.run("LRANGE", "l", 0, -1);
  ASSERT_EQ(all.elements.size(), static_cast<size_t>(kElements));
  EXPECT_EQ(all.elements[123'456].text, "123456");
  EXPECT_EQ(line("LTRIM l 499999 500001"), ok());
  EXPECT_EQ(line("LRANGE l 0 -1"), bulks({"499999", "500000", "500001"}));
  EXPECT_EQ(line("DEL l"), integer(1));
}

// --- how lists are kept

TEST_F(OwnListTest, ChangeTheirEncodingAtTheConfiguredSize) {
  start_with({"--list-max-listpack-size", "4"});
  SKIP_ON_REDIS_7_0("all lists are quicklists");
  push(client(), "RPUSH", "l", numbers(1, 4));
  expect_session({{"OBJECT ENCODING l", bulk("listpack")},
                  {"RPUSH l 5", integer(5)},
                  {"OBJECT ENCODING l", bulk("quicklist")},
                  {"RPOP l", bulk("5")},
                  {"OBJECT ENCODING l", bulk("quicklist")},
                  {"RPOP l", bulk("4")},
                  {"OBJECT ENCODING l", bulk("quicklist")},
                  {"RPOP l", bulk("3")},
                  {"OBJECT ENCODING l", bulk("listpack")},
                  {"LRANGE l 0 -1", bulks({"1", "2"})},
                  {"LINSERT l BEFORE 2 a", integer(3)},
                  {"LINSERT l BEFORE 2 b", integer(4)},
                  {"OBJECT ENCODING l", bulk("listpack")},
                  {"LINSERT l BEFORE 2 c", integer(5)},
                  {"OBJECT ENCODING l", bulk("quicklist")},
                  {"LTRIM l 0 1", ok()},
                  {"OBJECT ENCODING l", bulk("listpack")}});
}

TEST_F(OwnListTest, ChangeTheirEncodingAtTheConfiguredBytes) {
  start_with({"--list-max-listpack-size", "-1"});
  SKIP_ON_REDIS_7_0("all lists are quicklists");
  run("RPUSH", "l", std::string(1000, 'a'), std::string(1000, 'b'), std::string(1000, 'c'));
  EXPECT_EQ(line("OBJECT ENCODING l"), bulk("listpack"));
  run("LSET", "l", 1, std::string(4000, 'd'));
  EXPECT_EQ(line("OBJECT ENCODING l"), bulk("quicklist"));
  EXPECT_EQ(line("LINDEX l 1"), bulk(std::string(4000, 'd')));
  run("RPUSH", "huge", std::string(5000, 'a'));
  EXPECT_EQ(line("OBJECT ENCODING huge"), bulk("quicklist"));
}

TEST_F(OwnListTest, CompressedListsAreTheSame) {
  start_with({"--list-max-listpack-size", "16", "--list-compress-depth", "1"});
  constexpr int kElements = 500;
  std::vector<std::string> elements;
  elements.reserve(kElements);
  for (int i = 0; i < kElements; ++i) {
    elements.push_back("an element like others " + std::to_string(i));
  }
  push(client(), "RPUSH", "l", elements);
  EXPECT_EQ(line("LRANGE l 0 -1"), bulks(elements));
  const std::string layout = line("DEBUG OBJECT l").text;
  EXPECT_NE(layout.find(" encoding:quicklist "), std::string::npos) << layout;
  EXPECT_NE(layout.find(" ql_nodes:32 ql_avg_node:15.62 ql_listpack_max:16 ql_compressed:1 "),
            std::string::npos)
      << layout;
  EXPECT_EQ(run("LSET", "l", 250, "changed"), ok());
  EXPECT_EQ(run("LINSERT", "l", "AFTER", "changed", "inserted"), integer(501));
  EXPECT_EQ(run("LREM", "l", -1, elements[300]), integer(1));
  elements[250] = "changed";
  elements.erase(elements.begin() + 300);
  elements.insert(elements.begin() + 251, "inserted");
  EXPECT_EQ(line("LRANGE l 0 -1"), bulks(elements));
  for (size_t i = 0; i < elements.size(); ++i) EXPECT_EQ(line("LPOP l"), bulk(elements[i]));
}

TEST_F(ListTest, LargeElementsGetNodesOfTheirOwn) {
  ASSERT_EQ(line("DEBUG QUICKLIST-PACKED-THRESHOLD 10b"), ok());
  run("RPUSH", "l", "a", "0123456789", "b", "9876543210xyz", "c");
  const std::string layout = line("DEBUG OBJECT l").text;
  EXPECT_NE(layout.find(" ql_nodes:5 "), std::string::npos) << layout;
  EXPECT_EQ(run("LSET", "l", 0, "also a large one"), ok());
  EXPECT_EQ(run("LINSERT", "l", "BEFORE", "b", "and another one"), integer(6));
  EXPECT_EQ(line("LRANGE l 0 -1"), bulks({"also a large one", "0123456789", "and another one", "b",
                                          "9876543210xyz", "c"}));
  EXPECT_EQ(run("LMOVE", "l", "l", "LEFT", "RIGHT"), bulk("also a large one"));
  EXPECT_EQ(line("RPOP l 6").elements.size(), 6u);
  EXPECT_EQ(line("DEBUG QUICKLIST-PACKED-THRESHOLD 0"), ok());
}

TEST_F(ListTest, DebugShowsHowListsAreKept) {
  push(client(), "RPUSH", "long", numbers(1, 10'000));
  run("SET", "s", "text");
  expect_session({{"DEBUG QUICKLIST long", status("Quicklist structure printed on stdout")},
                  {"DEBUG QUICKLIST s", error("ERR Not a quicklist encoded object.")},
                  {"DEBUG QUICKLIST none", error("ERR no such key")},
                  {"DEBUG LISTPACK long", error("ERR Not a listpack encoded object.")}});
  SKIP_ON_REDIS_7_0("all lists are quicklists");
  run("RPUSH", "short", "1", "2");
  run("RPUSH", "two", std::string(5000, 'a'), std::string(5000, 'b'));
  EXPECT_EQ(line("DEBUG QUICKLIST two 1"), status("Quicklist structure printed on stdout"));
  EXPECT_EQ(line("DEBUG LISTPACK short"), status("Listpack structure printed on stdout"));
  EXPECT_EQ(line("DEBUG QUICKLIST short"), error("ERR Not a quicklist encoded object."));
}

TEST_F(ListTest, MemoryUsageCountsElements) {
  run("RPUSH", "short", "a", "b", "c");
  EXPECT_INTEGER_BETWEEN(run("MEMORY", "USAGE", "short"), 20, 200);
  push(client(), "RPUSH", "long", std::vector<std::string>(10'000, std::string(24, 'v')));
  EXPECT_INTEGER_BETWEEN(run("MEMORY", "USAGE", "long"), 250'000, 290'000);
}

}  // namespace
}  // namespace spinel::test
