#include "server/engine/syntax.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace spinel::server {
namespace {

// A tree on one line: name:type, then what it has, then its children in braces.
std::string dump(const std::vector<Argument>& arguments) {
  std::string out;
  for (const Argument& argument : arguments) {
    if (!out.empty()) out += ' ';
    out += argument.name + ":" + std::string(argument_type_name(argument.type));
    if (argument.token) out += " token=" + std::string(*argument.token);
    if (argument.key_spec_index >= 0) out += " spec=" + std::to_string(argument.key_spec_index);
    if (!argument.since.empty()) out += " since=" + std::string(argument.since);
    if (!argument.deprecated_since.empty()) {
      out += " deprecated=" + std::string(argument.deprecated_since);
    }
    if (argument.optional) out += " optional";
    if (argument.multiple) out += " multiple";
    if (argument.multiple_token) out += " multiple_token";
    if (!argument.arguments.empty()) out += " {" + dump(argument.arguments) + "}";
  }
  return out;
}

std::string parsed(std::string_view text, int key_specs = 1) {
  const SyntaxParse parse = parse_syntax(text, key_specs);
  return parse.error.empty() ? dump(parse.arguments) : "error: " + parse.error;
}

TEST(Syntax, NothingIsNoArguments) {
  EXPECT_EQ(parsed(""), "");
}

TEST(Syntax, Values) {
  EXPECT_EQ(parsed("message:string"), "message:string");
  EXPECT_EQ(parsed("a:integer b:double c:pattern d:unix-time"),
            "a:integer b:double c:pattern d:unix-time");
  EXPECT_EQ(parsed("[message:string]"), "message:string optional");
  EXPECT_EQ(parsed("arg:string ..."), "arg:string multiple");
  EXPECT_EQ(parsed("[arg:string ...]"), "arg:string optional multiple");
  EXPECT_EQ(parsed("ip:port:string"), "ip:port:string");
}

TEST(Syntax, LowerCaseWordsAreKeysIfThereAreKeys) {
  EXPECT_EQ(parsed("key", 1), "key:key spec=0");
  EXPECT_EQ(parsed("key", 0), "key:pure-token token=key");
  EXPECT_EQ(parsed("destination key ...", 2), "destination:key spec=0 key:key spec=1 multiple");
  // More keys than specifications share the last one.
  EXPECT_EQ(parsed("key1 key2", 1), "key1:key spec=0 key2:key spec=0");
  EXPECT_EQ(parsed("<m|km>", 1), "m-km:oneof {m:pure-token token=m km:pure-token token=km}");
  EXPECT_EQ(parsed("lib-name libname:string", 0), "libname:string token=lib-name");
}

TEST(Syntax, Keywords) {
  EXPECT_EQ(parsed("[NOW]"), "now:pure-token token=NOW optional");
  EXPECT_EQ(parsed("COUNT count:integer"), "count:integer token=COUNT");
  EXPECT_EQ(parsed("[COUNT count:integer]"), "count:integer token=COUNT optional");
  EXPECT_EQ(parsed("[KEYS key ...]"), "key:key token=KEYS spec=0 optional multiple");
  EXPECT_EQ(parsed("NO ONE"), "no:pure-token token=NO one:pure-token token=ONE");
  EXPECT_EQ(parsed("(GET pattern:pattern) ..."),
            "pattern:pattern token=GET multiple multiple_token");
  EXPECT_EQ(parsed("[(GET pattern:pattern) ...]"),
            "pattern:pattern token=GET optional multiple multiple_token");
  EXPECT_EQ(parsed("<key|empty=\"\">"), "key-empty:oneof {key:key spec=0 empty:pure-token token=}");
}

TEST(Syntax, Collections) {
  EXPECT_EQ(parsed("[<NX|XX>]"),
            "nx-xx:oneof optional {nx:pure-token token=NX xx:pure-token token=XX}");
  EXPECT_EQ(parsed("<key value:string> ..."),
            "key-value:block multiple {key:key spec=0 value:string}");
  EXPECT_EQ(parsed("[LIMIT <offset:integer count:integer>]"),
            "offset-count:block token=LIMIT optional {offset:integer count:integer}");
  EXPECT_EQ(parsed("AGGREGATE <SUM|MIN>"),
            "sum-min:oneof token=AGGREGATE {sum:pure-token token=SUM min:pure-token token=MIN}");
  EXPECT_EQ(
      parsed("[COUNT count:integer [ANY]]"),
      "count-any:block optional {count:integer token=COUNT any:pure-token token=ANY optional}");
  EXPECT_EQ(parsed("<a:string|<b:string c:string>>"),
            "a-b-c:oneof {a:string b-c:block {b:string c:string}}");
  EXPECT_EQ(parsed("[<=|~>]", 0).substr(0, 6), "=-~:on");
}

TEST(Syntax, NamesVersionsAndSpecifications) {
  EXPECT_EQ(
      parsed("[condition=<NX|XX>@2.6.12]"),
      "condition:oneof since=2.6.12 optional {nx:pure-token token=NX xx:pure-token token=XX}");
  EXPECT_EQ(parsed("[change=CH@3.0.2]"), "change:pure-token token=CH since=3.0.2 optional");
  EXPECT_EQ(parsed("[GET@6.2.0]"), "get:pure-token token=GET since=6.2.0 optional");
  // A keyword with a version stands for itself.
  EXPECT_EQ(parsed("GET@6.2.0 key"), "get:pure-token token=GET since=6.2.0 key:key spec=0");
  EXPECT_EQ(parsed("EX seconds:integer@2.6.12"), "seconds:integer token=EX since=2.6.12");
  EXPECT_EQ(parsed("old=ip:port:string!2.8.12"), "old:string deprecated=2.8.12");
  EXPECT_EQ(parsed("BY pattern:pattern#1@2.0", 3), "pattern:pattern token=BY spec=1 since=2.0");
  EXPECT_EQ(parsed("key STORE destination#2", 3),
            "key:key spec=0 destination:key token=STORE spec=2");
  EXPECT_EQ(parsed("operator=<equal==|approximately=~>", 0),
            "operator:oneof {equal:pure-token token== approximately:pure-token token=~}");
  EXPECT_EQ(parsed("TYPE type=<NORMAL|PUBSUB>@5.0.0 ..."),
            "type:oneof token=TYPE since=5.0.0 multiple {normal:pure-token token=NORMAL "
            "pubsub:pure-token token=PUBSUB}");
}

TEST(Syntax, DisplayText) {
  const SyntaxParse parse = parse_syntax("old=ip:port:string key <A|B>", 1);
  ASSERT_EQ(parse.error, "");
  EXPECT_EQ(parse.arguments[0].name, "old");
  EXPECT_EQ(parse.arguments[0].display_text, "ip:port");
  EXPECT_EQ(parse.arguments[1].display_text, "key");
  EXPECT_EQ(parse.arguments[2].display_text, "");
  EXPECT_EQ(parse.arguments[2].arguments[0].display_text, "a");
}

TEST(Syntax, RealOnes) {
  EXPECT_EQ(parsed("key numkeys:integer key ... [WEIGHTS weight:integer ...]", 2),
            "key:key spec=0 numkeys:integer key:key spec=1 multiple "
            "weight:integer token=WEIGHTS optional multiple");
  EXPECT_EQ(parsed("GROUP <group:string consumer:string> STREAMS <key ... ID:string ...>"),
            "group-consumer:block token=GROUP {group:string consumer:string} "
            "key-ID:block token=STREAMS {key:key spec=0 multiple ID:string multiple}");
}

TEST(Syntax, RefusesWhatItCannotRead) {
  for (const char* text : {"[",         "]",          "[]",
                           "<>",        "<a:string",  "a:string>",
                           "[a:string", "(a:string)", "(GET a:string)",
                           "a:nothing", "a:key",      "(a:string) ...",
                           "<A|>",      "<|A>",       "\"\"",
                           "...",       "key#7",      "key#x",
                           "|",         "[A]]",       "(A|B) ..."}) {
    EXPECT_NE(parse_syntax(text, 1).error, "") << text;
  }
}

TEST(Syntax, SurvivesAnything) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string pieces[] = {"[",   "]", "<",   ">",    "|",        "(",  ")",
                                "...", " ", "key", "A",    "a:string", "=",  "@",
                                "#",   "!", "1",   "\"\"", ":",        "x=", "COUNT "};
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (size_t length = random() % 12; length > 0; --length) {
      text += pieces[random() % std::size(pieces)];
    }
    const SyntaxParse parse = parse_syntax(text, static_cast<int>(random() % 3));
    if (!parse.error.empty()) continue;
    EXPECT_EQ(parse.arguments.empty(), text.find_first_not_of(' ') == text.npos) << text;
  }
}

}  // namespace
}  // namespace spinel::server
