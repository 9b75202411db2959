// BITFIELD and BITFIELD_RO, as clients see them.
#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using BitfieldTest = ServerTest;

const Reply kSyntax = error("ERR syntax error");
const Reply kBadType = error(
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 "
    "is.");
const Reply kBadOffset = error("ERR bit offset is not an integer or out of range");
const Reply kBadOverflow = error("ERR Invalid OVERFLOW type specified");
const Reply kBadValue = error("ERR value is not an integer or out of range");
const Reply kReadOnly = error("ERR BITFIELD_RO only supports the GET subcommand");
const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");

Reply integers(const std::vector<std::int64_t>& values) {
  std::vector<Reply> elements;
  elements.reserve(values.size());
  for (const std::int64_t value : values) elements.push_back(integer(value));
  return array(std::move(elements));
}

TEST_F(BitfieldTest, SetGetAndIncrement) {
  expect_session({{"BITFIELD k SET i5 100 1 GET u4 0", integers({0, 0})},
                  {"BITFIELD k INCRBY i5 100 1 GET u4 0", integers({2, 0})},
                  {"STRLEN k", integer(14)},
                  {"BITFIELD k set u8 0 72 SeT u8 8 105", integers({0, 0})},
                  {"GETRANGE k 0 1", bulk("Hi")},
                  {"BITFIELD k GET u16 0 GET u1 1 GET u3 1 GET i3 1", integers({18537, 1, 4, -4})},
                  {"BITFIELD_RO k GET u8 #1 get u8 8", integers({105, 105})},
                  {"BITFIELD k SET u8 #1 33 INCRBY u8 #0 1", integers({105, 73})},
                  {"GETRANGE k 0 1", bulk("I!")},
                  {"BITFIELD k GET u8 1000 GET i64 111", integers({0, 0})},
                  {"BITFIELD k GET i64 0", integers({5269493039000190976})}});
}

TEST_F(BitfieldTest, FieldsAcrossBytes) {
  expect_session({{"BITFIELD k SET i64 3 -2", integers({0})},
                  {"BITFIELD k GET i64 3 GET u63 3 GET u63 4",
                   integers({-2, 9223372036854775807, 9223372036854775806})},
                  {"STRLEN k", integer(9)},
                  {"BITFIELD k SET u63 5 0 GET u3 0 GET u8 0 GET i64 3",
                   integers({INT64_MAX - 3, 0, 24, INT64_MIN / 2})}});
}

TEST_F(BitfieldTest, IntegersAndShortStringsAreTheirText) {
  run("SET", "number", "100");
  expect_session({{"BITFIELD number GET u8 0 INCRBY u8 0 1", integers({49, 50})},
                  {"GET number", bulk("200")},
                  {"INCR number", integer(201)},
                  {"BITFIELD_RO number GET u24 0", integers({0x323031})},
                  {"SET empty \"\"", ok()},
                  {"BITFIELD empty GET u8 0", integers({0})},
                  {"STRLEN empty", integer(0)},
                  {"BITFIELD empty SET u1 7 1", integers({0})},
                  {"GET empty", bulk("\x01")}});
}

TEST_F(BitfieldTest, WrapIsTheDefault) {
  expect_session(
      {{"BITFIELD k SET u8 0 300 GET u8 0", integers({0, 44})},
       {"BITFIELD k SET u8 0 -1 GET u8 0", integers({44, 255})},
       {"BITFIELD k INCRBY u8 0 1", integers({0})},
       {"BITFIELD k INCRBY u8 0 -1", integers({255})},
       {"BITFIELD k SET i8 0 127 INCRBY i8 0 1", integers({-1, -128})},
       {"BITFIELD k INCRBY i8 0 -1 SET i8 0 -129 GET i8 0", integers({127, 127, 127})},
       {"BITFIELD m SET i64 0 9223372036854775807 INCRBY i64 0 1", integers({0, INT64_MIN})},
       {"BITFIELD m INCRBY i64 0 -9223372036854775808", integers({0})},
       {"BITFIELD m SET u63 1 9223372036854775807 INCRBY u63 1 1", integers({0, 0})}});
}

TEST_F(BitfieldTest, Saturation) {
  expect_session(
      {{"BITFIELD k OVERFLOW SAT SET u8 0 300 GET u8 0", integers({0, 255})},
       {"BITFIELD k OVERFLOW sat INCRBY u8 0 1 INCRBY u8 0 -300", integers({255, 0})},
       {"BITFIELD k OVERFLOW SAT SET u8 0 -1 GET u8 0", integers({0, 255})},
       {"BITFIELD k OVERFLOW SAT SET i8 0 -1000 GET i8 0 SET i8 0 1000 GET i8 0",
        integers({-1, -128, -128, 127})},
       // So far below that Redis takes it for something above.
       {"BITFIELD k OVERFLOW SAT SET i8 0 -9223372036854775808 GET i8 0", integers({127, 127})},
       {"BITFIELD k OVERFLOW SAT SET i8 0 -9223372036854775681 GET i8 0", integers({127, 127})},
       {"BITFIELD k OVERFLOW SAT SET i8 0 -9223372036854775680 GET i8 0", integers({127, -128})},
       {"BITFIELD k OVERFLOW SAT INCRBY i8 0 9223372036854775807", integers({127})},
       {"BITFIELD k OVERFLOW SAT INCRBY i8 0 -9223372036854775808", integers({-128})},
       {"BITFIELD k OVERFLOW SAT SET i64 0 1 INCRBY i64 0 9223372036854775807",
        integers({INT64_MIN, INT64_MAX})},
       {"BITFIELD k OVERFLOW SAT INCRBY u63 1 9223372036854775807 INCRBY u63 1 "
        "-9223372036854775808",
        integers({INT64_MAX, 0})}});
}

TEST_F(BitfieldTest, FailureIsNull) {
  EXPECT_EQ(
      line("BITFIELD k OVERFLOW FAIL SET u8 0 256 SET u8 0 255 INCRBY u8 0 1 INCRBY u8 0 -256 "
           "SET u8 0 -1 GET u8 0"),
      array({nil(), integer(0), nil(), nil(), nil(), integer(255)}));
  EXPECT_EQ(run3("BITFIELD", "k", "OVERFLOW", "FAIL", "INCRBY", "u8", "0", "1", "GET", "u8", "0"),
            array({nil(), integer(255)}));
  // One that fails does not keep the others from being done, and lengthens the string.
  EXPECT_EQ(line("BITFIELD k OVERFLOW FAIL SET i8 800 128 OVERFLOW WRAP INCRBY u8 0 1"),
            array({nil(), integer(0)}));
  EXPECT_EQ(line("STRLEN k"), integer(101));
}

TEST_F(BitfieldTest, OverflowHoldsForWhatFollows) {
  EXPECT_EQ(line("BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1"), integers({1, 1}));
  EXPECT_EQ(line("BITFIELD k INCRBY u2 100 2 OVERFLOW SAT INCRBY u2 102 3"), integers({3, 3}));
  EXPECT_EQ(line("BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1"), integers({0, 3}));
  EXPECT_EQ(line("BITFIELD k OVERFLOW FAIL INCRBY u2 102 1"), array({nil()}));
}

TEST_F(BitfieldTest, ReadingMakesNoKey) {
  expect_session({{"BITFIELD k", array({})},
                  {"BITFIELD_RO k", array({})},
                  {"BITFIELD k OVERFLOW WRAP", array({})},
                  {"BITFIELD_RO k OVERFLOW FAIL GET u8 0", integers({0})},
                  {"BITFIELD k GET u8 0 GET i64 4294967295", integers({0, 0})},
                  {"EXISTS k", integer(0)},
                  {"SET k a", ok()},
                  {"BITFIELD k GET u8 1000", integers({0})},
                  {"STRLEN k", integer(1)}});
  EXPECT_EQ(run3("BITFIELD", "k"), array({}));
  EXPECT_EQ(run3("BITFIELD_RO", "k", "GET", "i8", "0"), integers({97}));
}

TEST_F(BitfieldTest, ArgumentsThatMakeNoSense) {
  expect_session({{"BITFIELD", error("ERR wrong number of arguments for 'bitfield' command")},
                  {"BITFIELD_RO", error("ERR wrong number of arguments for 'bitfield_ro' command")},
                  {"BITFIELD k nonsense", kSyntax},
                  {"BITFIELD k GET u8", kSyntax},
                  {"BITFIELD k SET u8 0", kSyntax},
                  {"BITFIELD k INCRBY u8 0", kSyntax},
                  {"BITFIELD k OVERFLOW", kSyntax},
                  {"BITFIELD k OVERFLOW SAT OVERFLOW", kSyntax},
                  {"BITFIELD k GET u8 0 0", kSyntax},
                  {"BITFIELD k OVERFLOW never", kBadOverflow},
                  {"BITFIELD k GET u64 0", kBadType},
                  {"BITFIELD k GET u0 0", kBadType},
                  {"BITFIELD k GET i0 0", kBadType},
                  {"BITFIELD k GET i65 0", kBadType},
                  {"BITFIELD k GET u08 0", kBadType},
                  {"BITFIELD k GET U8 0", kBadType},
                  {"BITFIELD k GET 8 0", kBadType},
                  {"BITFIELD k GET u 0", kBadType},
                  {"BITFIELD k GET \"\" 0", kBadType},
                  {"BITFIELD k SET u64 x x", kBadType},
                  {"BITFIELD k GET u8 -1", kBadOffset},
                  {"BITFIELD k GET u8 x", kBadOffset},
                  {"BITFIELD k GET u8 #", kBadOffset},
                  {"BITFIELD k GET u8 #-1", kBadOffset},
                  {"BITFIELD k GET u8 ##1", kBadOffset},
                  {"BITFIELD k GET u8 4294967296", kBadOffset},
                  {"BITFIELD k GET u8 #536870912", kBadOffset},
                  {"BITFIELD k SET u8 x x", kBadOffset},
                  {"BITFIELD k SET u8 0 x", kBadValue},
                  {"BITFIELD k SET u8 0 9223372036854775808", kBadValue},
                  {"BITFIELD k INCRBY u8 0 1.5", kBadValue},
                  // Nothing is done before all is understood.
                  {"BITFIELD k SET u8 0 1 GET u8 x", kBadOffset},
                  {"EXISTS k", integer(0)}});
}

TEST_F(BitfieldTest, ReadOnlyVariant) {
  expect_session({{"BITFIELD_RO k SET u8 0 1", kReadOnly},
                  {"BITFIELD_RO k GET u8 0 INCRBY u8 0 1", kReadOnly},
                  // What makes no sense at all comes first.
                  {"BITFIELD_RO k SET u8 0 1 GET u77 0", kBadType},
                  {"BITFIELD_RO k SET u8 0 x", kBadValue},
                  {"BITFIELD_RO k SET u8 0 1 OVERFLOW never", kBadOverflow},
                  {"BITFIELD_RO k SET u8 0", kSyntax},
                  {"EXISTS k", integer(0)}});
}

TEST_F(BitfieldTest, OtherTypesAreRefused) {
  run("RPUSH", "l", "a");
  for (const char* command : {"BITFIELD l", "BITFIELD_RO l", "BITFIELD l GET u8 0",
                              "BITFIELD_RO l GET u8 0", "BITFIELD l SET u8 0 1"}) {
    EXPECT_EQ(line(command), kWrongType) << command;
  }
  EXPECT_EQ(line("BITFIELD l GET u8"), kSyntax);
  EXPECT_EQ(line("BITFIELD_RO l SET u8 0 1"), kReadOnly);
}

TEST_F(BitfieldTest, KeysOfACall) {
  const auto flags = [](const std::vector<std::string>& names) {
    std::vector<Reply> elements;
    elements.reserve(names.size());
    for (const std::string& name : names) elements.push_back(status(name));
    return array({array({bulk("k"), array(std::move(elements))})});
  };
  EXPECT_EQ(line("COMMAND GETKEYSANDFLAGS BITFIELD k GET u8 0"), flags({"RO", "access"}));
  EXPECT_EQ(line("COMMAND GETKEYSANDFLAGS BITFIELD k OVERFLOW SAT GET u8 0"),
            flags({"RO", "access"}));
  EXPECT_EQ(line("COMMAND GETKEYSANDFLAGS BITFIELD k GET u8 0 SET u8 0 1"),
            flags({"RW", "access", "update"}));
  EXPECT_EQ(line("COMMAND GETKEYSANDFLAGS BITFIELD_RO k GET u8 0"), flags({"RO", "access"}));
}

}  // namespace
}  // namespace spinel::test
