#include "server/config/notify_flags.h"

#include <gtest/gtest.h>

namespace spinel::server {
namespace {

TEST(NotifyFlags, PrintsTheCanonicalString) {
  const std::pair<const char*, const char*> cases[] = {
      {"KEA", "AKE"},
      {"Kg$lshzxet", "g$lshzxetK"},
      {"Kg$lshzxetdmn", "AKm"},
      {"m", "m"},
      {"nm", "nm"},
      {"mnd", "dnm"},
      {"AAmnKE", "AKEm"},
      {"Elg", "glE"},
      {"", ""},
      {"KEg$lshzxe", "g$lshzxeKE"},
      {"Ed", "dE"},
      {"tx$", "$xt"},
      {"An", "A"},
      {"gg$$", "g$"},
  };
  for (const auto& [given, canonical] : cases) {
    const auto flags = parse_notify_flags(given);
    ASSERT_TRUE(flags) << given;
    EXPECT_EQ(format_notify_flags(*flags), canonical) << given;
  }
}

TEST(NotifyFlags, KeepsTheClassesApart) {
  EXPECT_EQ(parse_notify_flags("K"), kNotifyKeyspace);
  EXPECT_EQ(parse_notify_flags("Ex"), kNotifyKeyevent | kNotifyExpired);
  EXPECT_EQ(parse_notify_flags("A"), kNotifyAll);
  EXPECT_EQ(parse_notify_flags("Amn"), kNotifyAll | kNotifyKeyMiss | kNotifyNew);
}

TEST(NotifyFlags, RefusesUnknownClasses) {
  for (const char* text : {"q", "K ", "k", "A1"}) EXPECT_FALSE(parse_notify_flags(text)) << text;
}

}  // namespace
}  // namespace spinel::server
