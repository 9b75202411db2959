#include "storage/base/split_args.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace spinel::storage {
namespace {

using Words = std::vector<std::string>;

TEST(SplitArgs, SeparatesAtBlanks) {
  EXPECT_EQ(split_args(""), Words{});
  EXPECT_EQ(split_args(" \t\r\n"), Words{});
  EXPECT_EQ(split_args("  get\tkey  value \r\n"), (Words{"get", "key", "value"}));
  EXPECT_EQ(split_args("\v\fget a\vb"), (Words{"get", "a\vb"}));
}

TEST(SplitArgs, UnescapesInDoubleQuotes) {
  EXPECT_EQ(split_args(R"("\x41\x4z\q\\\n\a\b\t\r\"")"), (Words{"Ax4zq\\\n\a\b\t\r\""}));
  EXPECT_EQ(split_args(R"("\xfF")"), (Words{"\xff"}));
  EXPECT_EQ(split_args(R"("\x4")"), (Words{"x4"}));
  EXPECT_EQ(split_args(R"("")"), (Words{""}));
  EXPECT_EQ(split_args(R"("it's" "a b")"), (Words{"it's", "a b"}));
  EXPECT_EQ(split_args(R"(\x41)"), (Words{"\\x41"}));
}

TEST(SplitArgs, TakesSingleQuotesLiterally) {
  EXPECT_EQ(split_args(R"('a\nb\'c' '')"), (Words{R"(a\nb'c)", ""}));
}

TEST(SplitArgs, AllowsAQuoteToOpenInsideAWord) {
  EXPECT_EQ(split_args(R"(a"b c" a'b c' a"")"), (Words{"ab c", "ab c", "a"}));
}

TEST(SplitArgs, RefusesUnbalancedQuotes) {
  for (const char* line : {R"("a)", R"('a)", R"("a"b)", R"('a'b)", R"("a""b")", R"(a"b"c)",
                           R"("a\)", R"('a\')", R"(")", R"(ok ')"}) {
    EXPECT_EQ(split_args(line), std::nullopt) << line;
  }
}

TEST(SplitArgs, EndsAtANulByte) {
  EXPECT_EQ(split_args(std::string_view("a b\0c d", 7)), (Words{"a", "b"}));
  EXPECT_EQ(split_args(std::string_view("\"a\0\"", 4)), std::nullopt);
}

TEST(QuoteArg, EscapesWhatIsNotPrintable) {
  EXPECT_EQ(quote_arg(""), R"("")");
  EXPECT_EQ(quote_arg("a b"), R"("a b")");
  EXPECT_EQ(quote_arg(std::string_view("a\0b\x7f\xe9\x1b\n\r\t\a\b\v\\\"'z", 16)),
            R"("a\x00b\x7f\xe9\x1b\n\r\t\a\b\x0b\\\"'z")");
}

TEST(QuoteArg, IsUndoneBySplitArgs) {
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 2000; ++round) {
    Words words(random() % 4);
    std::string line;
    for (std::string& word : words) {
      for (unsigned length = random() % 20; length > 0; --length) {
        word += static_cast<char>(random());
      }
      line += quote_arg(word) + ' ';
    }
    ASSERT_EQ(split_args(line), words) << line;
  }
}

}  // namespace
}  // namespace spinel::storage
