// What geo commands tell others, effects and keyspace events, and how they write numbers. What else
// they reply is tested in tests/integration.
#include <cmath>
#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <string>

#include "server/commands/geo/geo_support.h"
#include "storage/base/random.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(GeoCommands, AddAsSortedSetsDo) {
  TestServer server;
  server.run("GEOADD", "g", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669",
             "Catania");
  server.run("GEOADD", "g", "13.361389", "38.115556", "Palermo");
  server.run("GEOADD", "g", "nx", "cH", "13", "38", "Palermo", "13", "38", "X");
  server.run("GEOADD", "g", "XX", "13", "38.1", "Palermo", "13", "38", "Y");
  server.run("GEOADD", "missing", "XX", "13", "38", "Y");
  server.run("GEOADD", "corner", "180", "85.05112878", "x");
  EXPECT_THAT(server.take_effects(),
              ElementsAre("ZADD g 3479099956230698 Palermo 3479447370796909 Catania",
                          "ZADD g nx cH 3479065152021743 Palermo 3479065152021743 X",
                          "ZADD g XX 3479068394483903 Palermo 3479065152021743 Y",
                          "ZADD corner 13510798882111488 x"));
  EXPECT_THAT(server.take_events(),
              ElementsAre("new g", "zadd g", "zadd g", "zadd g", "new corner", "zadd corner"));
}

TEST(GeoCommands, AddNothingIfOneIsWrong) {
  TestServer server;
  server.run("GEOADD", "g", "1", "1", "a", "200", "1", "b");
  server.run("GEOADD", "g", "1", "1", "a", "x", "1", "b");
  server.run("GEOADD", "g", "1", "1", "a", "1", "1");
  EXPECT_THAT(server.take_effects(), IsEmpty());
  EXPECT_THAT(server.take_events(), IsEmpty());
  EXPECT_EQ(server.run("EXISTS", "g"), integer(0));
}

TEST(GeoCommands, TellWhatTheyStored) {
  TestServer server;
  server.run("GEOADD", "g", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669",
             "Catania");
  server.take_effects();
  server.take_events();
  server.run("GEORADIUS", "g", "15", "37", "200", "km", "STORE", "d");
  server.run("GEORADIUSBYMEMBER", "g", "Palermo", "1", "km", "STOREDIST", "d");
  server.run("GEOSEARCHSTORE", "d", "g", "FROMLONLAT", "15", "37", "BYBOX", "900", "900", "km");
  server.run("GEOSEARCHSTORE", "d", "g", "FROMLONLAT", "80", "1", "BYRADIUS", "1", "km");
  server.run("GEOSEARCHSTORE", "d", "g", "FROMLONLAT", "80", "1", "BYRADIUS", "1", "km");
  server.run("GEORADIUS", "g", "15", "37", "1", "km", "STORE", "g");
  server.run("GEORADIUS", "g", "15", "37", "1", "km", "STORE", "g");
  EXPECT_THAT(server.take_effects(),
              ElementsAre("GEORADIUS g 15 37 200 km STORE d",
                          "GEORADIUSBYMEMBER g Palermo 1 km STOREDIST d",
                          "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYBOX 900 900 km",
                          "GEOSEARCHSTORE d g FROMLONLAT 80 1 BYRADIUS 1 km",
                          "GEORADIUS g 15 37 1 km STORE g"));
  EXPECT_THAT(server.take_events(), ElementsAre("new d", "georadiusstore d", "georadiusstore d",
                                                "geosearchstore d", "del d", "del g", "keymiss g"));
}

// Of many matches those that COUNT keeps are the same as those that are first of all.
TEST(GeoCommands, FewOfManyAreTheFirstOfAll) {
  TestServer server;
  storage::Random random(1);
  for (int i = 0; i < 3000; ++i) {
    // Some share a place.
    const std::string longitude = std::to_string(2 + random.unit());
    const std::string latitude = std::to_string(48 + random.unit());
    server.run("GEOADD", "g", longitude, latitude, "m" + std::to_string(i));
    if (i % 5 == 0) server.run("GEOADD", "g", longitude, latitude, "n" + std::to_string(i));
  }
  for (const char* order : {"ASC", "DESC"}) {
    const std::string all =
        server.run("GEOSEARCH", "g", "FROMLONLAT", "2.5", "48.5", "BYRADIUS", "40", "km", order);
    for (const int count : {1, 2, 50, 64, 65, 500}) {
      const std::string few = server.run("GEOSEARCH", "g", "FROMLONLAT", "2.5", "48.5", "BYRADIUS",
                                         "40", "km", order, "COUNT", std::to_string(count));
      const std::string header = "*" + std::to_string(count) + "\r\n";
      ASSERT_EQ(few.substr(0, header.size()), header);
      EXPECT_THAT(all.substr(all.find('\n') + 1), testing::StartsWith(few.substr(header.size())));
    }
  }
}

std::string printed(const char* format, long double value) {
  char text[400];
  return {text, static_cast<size_t>(std::snprintf(text, sizeof text, format, value))};
}
std::string distance_text(double distance) {
  char text[kMaxDistanceChars];
  return {text, format_distance(distance, text)};
}
std::string coordinate_text(double degrees) {
  char text[kMaxCoordinateChars];
  return {text, format_coordinate(degrees, text)};
}

TEST(GeoNumbers, DistancesHaveFourDecimals) {
  EXPECT_EQ(distance_text(0), "0.0000");
  EXPECT_EQ(distance_text(166274.15156960033), "166274.1516");
  EXPECT_EQ(distance_text(0.00005), printed("%.4Lf", 0.00005));
  EXPECT_EQ(distance_text(0.99999), "1.0000");
  EXPECT_EQ(distance_text(1e300), printed("%.4Lf", 1e300));
  storage::Random random(2);
  for (int i = 0; i < 200'000; ++i) {
    double value = std::exp(40 * random.unit() - 10);
    // Now and then halves, which decimals of doubles are not quite.
    if (i % 4 == 0) value = std::floor(value * 1000) / 10'000 + 0.00005;
    ASSERT_EQ(distance_text(value), printed("%.4Lf", value)) << i;
  }
}

TEST(GeoNumbers, CoordinatesHaveSeventeenDecimals) {
  EXPECT_EQ(coordinate_text(0), "0");
  EXPECT_EQ(coordinate_text(-0.0), "0");
  EXPECT_EQ(coordinate_text(180), "180");
  EXPECT_EQ(coordinate_text(-180), "-180");
  EXPECT_EQ(coordinate_text(85.05112878), "85.0511287799999991");
  EXPECT_EQ(coordinate_text(13.36138933897018433), "13.36138933897018433");
  EXPECT_EQ(coordinate_text(-85.05112751263942528), "-85.05112751263942528");
  EXPECT_EQ(coordinate_text(0.00000268220901489), "0.00000268220901489");
  EXPECT_EQ(coordinate_text(-1e-30), "0");
  EXPECT_EQ(coordinate_text(std::numeric_limits<double>::denorm_min()), "0");
  storage::Random random(3);
  for (int i = 0; i < 100'000; ++i) {
    double value = (2 * random.unit() - 1) * 180;
    if (i % 4 == 0) value *= std::exp(-40 * random.unit());
    std::string expected = printed("%.17Lf", value);
    expected.erase(expected.find_last_not_of('0') + 1);
    if (expected.ends_with('.')) expected.pop_back();
    ASSERT_EQ(coordinate_text(value), expected == "-0" ? "0" : expected);
  }
}

}  // namespace
}  // namespace spinel::server
