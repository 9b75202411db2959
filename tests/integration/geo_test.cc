// Geo commands. The replies are those of Redis.
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const Reply kSyntax = error("ERR syntax error");
const Reply kNotAFloat = error("ERR value is not a valid float");
const Reply kNotAUnit = error("ERR unsupported unit provided. please use M, KM, FT, MI");
const Reply kNoMember = error("ERR could not decode requested zset member");
const Reply kAnyAlone = error("ERR the ANY argument requires COUNT argument");
const Reply kNone = array({});

Reply list(const std::string& text) {
  return bulks(words(text));
}
Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}
Reply no_place(const std::string& pair) {
  return error("ERR invalid longitude,latitude pair " + pair);
}

class GeoTest : public ServerTest {
 protected:
  void add_sicily() {
    run("GEOADD", "g", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania",
        "12.758489", "38.788135", "edge1", "17.241510", "38.788135", "edge2");
  }
};

TEST_F(GeoTest, AddsPlacesAsScores) {
  expect_session(
      {{"GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", integer(2)},
       {"ZRANGE g 0 -1 WITHSCORES", list("Palermo 3479099956230698 Catania 3479447370796909")},
       {"GEOADD g 13.361389 38.115556 Palermo", integer(0)},
       {"GEOADD g NX 13 38 Palermo 13 38 X", integer(1)},
       {"GEOADD g XX CH 13.5 38 X 13 38 NEW", integer(1)},
       {"GEOADD g CH 13.5 38 X", integer(0)},
       {"GEOADD g ch Ch 13.6 38 X", integer(1)},
       {"ZSCORE g Palermo", bulk("3479099956230698")},
       {"EXISTS NEW", integer(0)},
       {"GEOADD missing XX 1 1 b", integer(0)},
       {"EXISTS missing", integer(0)},
       {"GEOADD e 180 85.05112878 a -180 -85.05112878 b 180 0 c -0 -0 d", integer(4)},
       {"ZRANGE e 0 -1 WITHSCORES",
        list("b 0 d 3377699720527872 c 10133099161583616 a 13510798882111488")},
       {"GEOADD g 0x10 1e1 hex", integer(1)},
       {"OBJECT ENCODING g", bulk("listpack")}});
}

TEST_F(GeoTest, RefusesPlacesThatAreNone) {
  run("SET", "s", "x");
  expect_session({{"GEOADD g 181 38 c", no_place("181.000000,38.000000")},
                  {"GEOADD g -181 90 c", no_place("-181.000000,90.000000")},
                  {"GEOADD g 180 85.05112879 c", no_place("180.000000,85.051129")},
                  {"GEOADD g inf 1 d", no_place("inf,1.000000")},
                  {"GEOADD g 1 -inf d", no_place("1.000000,-inf")},
                  {"GEOADD g nan 1 d", kNotAFloat},
                  {"GEOADD g 1e400 1 d", kNotAFloat},
                  {"GEOADD g a b c", kNotAFloat},
                  {"GEOADD g 13 b c", kNotAFloat},
                  {"GEOADD g \"\" 1 c", kNotAFloat},
                  {"GEOADD g 12.9 1 a 200 1 b", no_place("200.000000,1.000000")},
                  {"EXISTS g", integer(0)},
                  {"GEOADD s 1 1 a", kWrongType},
                  {"GEOADD s 200 1 a", no_place("200.000000,1.000000")}});
}

TEST_F(GeoTest, GeoaddRefusesWhatMakesNoSense) {
  expect_session({{"GEOADD g NX XX 13 38 X", kSyntax},
                  {"GEOADD g XX NX 13 38 X", kSyntax},
                  {"GEOADD g NX XX 13 38", kSyntax},
                  {"GEOADD g CH CH CH", kSyntax},
                  {"GEOADD g CH NX 13", kSyntax},
                  {"GEOADD g 13 38 a 14", kSyntax},
                  {"GEOADD g nx 13 38 a 14 38", kSyntax},
                  {"GEOADD g GT 1 1 b", kSyntax},
                  {"GEOADD g GT 1 1", kNotAFloat},
                  {"GEOADD g 1 1 a NX 1 1", kNotAFloat},
                  {"GEOADD g 13 38", wrong_arity("geoadd")},
                  {"EXISTS g", integer(0)}});
}

TEST_F(GeoTest, TellsPlaces) {
  add_sicily();
  run("GEOADD", "g", "180", "85.05112878", "corner", "-180", "-85.05112878", "other");
  run("SET", "s", "x");
  expect_session({{"GEOPOS g Palermo none corner other",
                   array({list("13.36138933897018433 38.11555639549629859"), nil(),
                          list("180 85.0511287799999991"),
                          list("-179.99999731779098511 -85.05112751263942528")})},
                  {"GEOPOS g", kNone},
                  {"GEOPOS missing", kNone},
                  {"GEOPOS missing a b", array({nil(), nil()})},
                  {"GEOPOS s a", kWrongType},
                  {"GEOHASH g Palermo none corner other",
                   array({bulk("sqc8b49rny0"), nil(), bulk("bp05b5048p0"), bulk("00bh0hbj200")})},
                  {"GEOHASH g", kNone},
                  {"GEOHASH missing a", array({nil()})},
                  {"GEOHASH s a", kWrongType}});
  EXPECT_EQ(run3("GEOPOS", "g", "Palermo", "none"),
            array({array({real("13.36138933897018433"), real("38.11555639549629859")}), nil()}));
  EXPECT_EQ(run3("GEOHASH", "g", "Palermo", "none"), array({bulk("sqc8b49rny0"), nil()}));
}

TEST_F(GeoTest, TellsPlacesOfScoresThatAreNone) {
  run("ZADD", "g", "1.5", "fraction", -5, "negative", "1e30", "big", "inf", "inf", "-inf", "-inf");
  EXPECT_EQ(
      line("GEOPOS g fraction negative big inf -inf"),
      array({list("-179.99999731779098511 -85.05112497791824921"), list("180 85.0511287799999991"),
             list("-179.99999731779098511 -85.05112751263942528"),
             list("-179.99999731779098511 -85.05112751263942528"),
             list("180 -85.05112751263942528")}));
  EXPECT_EQ(line("GEOHASH g fraction negative big inf -inf"),
            list("00bh0hbj210 bp05b5048p0 00bh0hbj200 00bh0hbj200 00bh0hbj200"));
  EXPECT_EQ(line("GEODIST g fraction negative"), bulk("18919844.3072"));
}

TEST_F(GeoTest, Measures) {
  add_sicily();
  run("SET", "s", "x");
  expect_session({{"GEODIST g Palermo Catania", bulk("166274.1516")},
                  {"GEODIST g Palermo Catania m", bulk("166274.1516")},
                  {"GEODIST g Palermo Catania KM", bulk("166.2742")},
                  {"GEODIST g Palermo Catania mi", bulk("103.3182")},
                  {"GEODIST g Palermo Catania Ft", bulk("545518.8700")},
                  {"GEODIST g Palermo Palermo", bulk("0.0000")},
                  {"GEODIST g Palermo none", nil()},
                  {"GEODIST missing a b", nil()},
                  {"GEODIST missing a b xx", kNotAUnit},
                  {"GEODIST g Palermo Catania km km", kSyntax},
                  {"GEODIST s a b", kWrongType},
                  {"GEODIST s a b xx", kNotAUnit},
                  {"GEODIST g Palermo", wrong_arity("geodist")}});
  EXPECT_EQ(run3("GEODIST", "g", "Palermo", "Catania"), bulk("166274.1516"));
}

TEST_F(GeoTest, SearchesCirclesAndBoxes) {
  add_sicily();
  const std::string circle = "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ";
  expect_session(
      {{circle + "ASC", list("Catania Palermo")},
       {circle + "DESC", list("Palermo Catania")},
       {circle, list("Palermo Catania")},
       {circle + "COUNT 1", list("Catania")},
       {circle + "COUNT 1 DESC", list("Palermo")},
       {circle + "COUNT 1 ANY", list("Palermo")},
       {circle + "ANY COUNT 1", list("Palermo")},
       {circle + "COUNT 1 ANY COUNT 2", list("Palermo Catania")},
       {circle + "COUNT 9223372036854775807", list("Catania Palermo")},
       {circle + "ASC DESC", list("Palermo Catania")},
       {"GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC", list("Catania Palermo edge2 edge1")},
       {"GEOSEARCH g BYBOX 400 300 km FROMLONLAT 15 37 ASC", list("Catania Palermo")},
       {"GEOSEARCH g FROMMEMBER Palermo BYRADIUS 100 km", list("Palermo edge1")},
       {"GEOSEARCH g FROMMEMBER Palermo BYRADIUS 0 m", list("Palermo")},
       {"GEOSEARCH g FROMMEMBER Palermo BYBOX 0 0 m", list("Palermo")},
       {"GEOSEARCH g FROMLONLAT 15 37 BYRADIUS inf km", list("Palermo edge1 Catania edge2")},
       {"GEOSEARCH g FROMLONLAT 15 37 BYBOX inf inf km", list("Palermo edge1 Catania edge2")},
       // What is said last counts.
       {"GEOSEARCH g FROMMEMBER edge1 FROMMEMBER Palermo BYRADIUS 0 km", list("Palermo")},
       {"GEOSEARCH g FROMLONLAT 1 1 FROMLONLAT 15 37 BYRADIUS 1 m BYRADIUS 100 km",
        list("Catania")},
       {"GEOSEARCH missing FROMMEMBER none BYRADIUS 1 km", kNone},
       {"GEOSEARCH missing FROMLONLAT 1 1 BYRADIUS 1 km WITHDIST", kNone}});
}

TEST_F(GeoTest, SearchesTellMore) {
  add_sicily();
  const Reply palermo = list("13.36138933897018433 38.11555639549629859");
  expect_session(
      {{"GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km WITHCOORD WITHHASH WITHDIST DESC "
        "COUNT 1",
        array({array({bulk("Palermo"), bulk("190.4424"), integer(3479099956230698), palermo})})},
       {"GEORADIUS g 15 37 200 km WITHHASH WITHCOORD DESC COUNT 1",
        array({array({bulk("Palermo"), integer(3479099956230698), palermo})})},
       {"GEORADIUSBYMEMBER_RO g Palermo 200 km DESC WITHDIST",
        array({list("Catania 166.2742"), list("edge1 91.4007"), list("Palermo 0.0000")})}});
  EXPECT_EQ(run3("GEOSEARCH", "g", "FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "WITHDIST",
                 "WITHCOORD", "COUNT", 1, "DESC"),
            array({array({bulk("Palermo"), bulk("190.4424"),
                          array({real("13.36138933897018433"), real("38.11555639549629859")})})}));
}

TEST_F(GeoTest, SearchRefusesWhatMakesNoSense) {
  add_sicily();
  run("SET", "s", "x");
  const std::string circle = "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ";
  const std::string center = "GEOSEARCH g FROMLONLAT 15 37 ";
  const Reply no_radius = error("ERR need numeric radius");
  const Reply negative_box = error("ERR height or width cannot be negative");
  const Reply bad_count = error("ERR COUNT must be > 0");
  const std::string no_center = "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ";
  const std::string no_shape = "ERR exactly one of BYRADIUS and BYBOX can be specified for ";
  expect_session(
      {{circle + "ANY", kAnyAlone},
       {circle + "COUNT 0", bad_count},
       {circle + "COUNT -1", bad_count},
       {circle + "COUNT x", error("ERR value is not an integer or out of range")},
       {circle + "COUNT", kSyntax},
       {circle + "BYBOX 1 1 km", kSyntax},
       {circle + "FROMMEMBER Palermo", kSyntax},
       {circle + "STORE d", kSyntax},
       {circle + "STOREDIST", kSyntax},
       {center + "BYRADIUS 200", kSyntax},
       {center + "BYRADIUS 200 xx", kNotAUnit},
       {center + "BYRADIUS x km", no_radius},
       {center + "BYRADIUS nan km", no_radius},
       {center + "BYRADIUS -1 xx", error("ERR radius cannot be negative")},
       {center + "BYRADIUS -0 km", kNone},
       {center + "BYBOX x 1 km", error("ERR need numeric width")},
       {center + "BYBOX -1 x xx", error("ERR need numeric height")},
       {center + "BYBOX -1 1 xx", negative_box},
       {center + "BYBOX 1 -1 km", negative_box},
       {center + "BYBOX 1 1 xx", kNotAUnit},
       {center + "BYBOX 1 1", kSyntax},
       {center + "ASC DESC ASC", error(no_shape + "GEOSEARCH")},
       {"geosearch g ASC ASC ASC ASC ASC", error(no_center + "geosearch")},
       {"GEOSEARCH g BYRADIUS 1 km ANY ANY ANY", error(no_center + "GEOSEARCH")},
       {"GEOSEARCH g FROMLONLAT 181 1 BYRADIUS 1 km", no_place("181.000000,1.000000")},
       {"GEOSEARCH g FROMLONLAT x 1 BYRADIUS 1 km", kNotAFloat},
       {"GEOSEARCH g FROMMEMBER none BYRADIUS x km BOGUS", kNoMember},
       {"GEOSEARCH missing FROMMEMBER none BYRADIUS x km", no_radius},
       {"GEOSEARCH missing FROMMEMBER none BYRADIUS 1 km BOGUS", kSyntax},
       {"GEOSEARCH missing FROMLONLAT 1 200 BYRADIUS 1 km", no_place("1.000000,200.000000")},
       {"GEOSEARCH s FROMLONLAT 1 1 BYRADIUS x km", kWrongType},
       {"GEOSEARCH g FROMLONLAT 1 1 BYRADIUS", wrong_arity("geosearch")}});
}

TEST_F(GeoTest, StoresWhatItFinds) {
  add_sicily();
  run("SET", "s", "x");
  const std::string circle = " g FROMLONLAT 15 37 BYRADIUS 200 km ";
  const Reply told =
      error("ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
  expect_session(
      {{"GEOSEARCHSTORE d" + circle, integer(2)},
       {"ZRANGE d 0 -1 WITHSCORES", list("Palermo 3479099956230698 Catania 3479447370796909")},
       {"GEOSEARCHSTORE d" + circle + "STOREDIST", integer(2)},
       {"ZRANGE d 0 -1", list("Catania Palermo")},
       {"GEOSEARCHSTORE d" + circle + "COUNT 1 STOREDIST STOREDIST", integer(1)},
       {"ZRANGE d 0 -1", list("Catania")},
       {"GEOSEARCHSTORE s" + circle + "COUNT 1 DESC", integer(1)},
       {"TYPE s", status("zset")},
       {"GEOSEARCHSTORE s g FROMLONLAT 15 80 BYRADIUS 200 mi", integer(0)},
       {"EXISTS s", integer(0)},
       {"GEOSEARCHSTORE d missing FROMMEMBER x BYRADIUS 200 mi", integer(0)},
       {"EXISTS d", integer(0)},
       {"GEOSEARCHSTORE d g FROMMEMBER x BYRADIUS 200 mi", kNoMember},
       {"GEOSEARCHSTORE d" + circle + "WITHDIST", told},
       {"GEOSEARCHSTORE d" + circle + "WITHHASH ANY", told},
       {"GEOSEARCHSTORE d missing FROMLONLAT 1 1 BYRADIUS 1 km WITHCOORD", told},
       {"GEOSEARCHSTORE d" + circle + "ANY", kAnyAlone},
       {"GEOSEARCHSTORE d" + circle + "STORE x", kSyntax},
       // The destination may be the source.
       {"GEOSEARCHSTORE g" + circle, integer(2)},
       {"ZRANGE g 0 -1", list("Palermo Catania")}});
}

TEST_F(GeoTest, StoresDistancesInTheUnitOfTheSearch) {
  add_sicily();
  run("GEOSEARCHSTORE", "d", "g", "FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "STOREDIST");
  EXPECT_DOUBLE_EQ(std::stod(run("ZSCORE", "d", "Catania").text), 56.441257870158204);
  EXPECT_DOUBLE_EQ(std::stod(run("ZSCORE", "d", "Palermo").text), 190.44242984775784);
  run("GEORADIUS", "g", 15, 37, 200, "mi", "STOREDIST", "d", "COUNT", 1);
  EXPECT_DOUBLE_EQ(std::stod(run("ZSCORE", "d", "Catania").text), 35.071058862737644);
}

TEST_F(GeoTest, OlderFormsOfSearches) {
  add_sicily();
  run("SET", "s", "x");
  const Reply no_radius = error("ERR need numeric radius");
  const Reply told = error(
      "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD "
      "options");
  expect_session(
      {{"GEORADIUS g 15 37 200 km", list("Palermo Catania")},
       {"GEORADIUS_RO g 15 37 200 KM ASC COUNT 1", list("Catania")},
       {"GEORADIUSBYMEMBER g Palermo 200 km", list("Palermo edge1 Catania")},
       {"GEORADIUS g 15 37 200 km STORE d", integer(2)},
       {"ZRANGE d 0 -1 WITHSCORES", list("Palermo 3479099956230698 Catania 3479447370796909")},
       // What is said last counts.
       {"GEORADIUS g 15 37 200 km STOREDIST d STORE e", integer(2)},
       {"ZSCORE e Catania", bulk("3479447370796909")},
       {"GEORADIUS g 15 37 1 km STORE d", integer(0)},
       {"EXISTS d", integer(0)},
       {"GEORADIUSBYMEMBER missing none 1 km STORE e", integer(0)},
       {"EXISTS e", integer(0)},
       {"GEORADIUS g 15 37 200 km ANY", kAnyAlone},
       {"GEORADIUS g 15 37 200 km BYBOX 1 1 km", kSyntax},
       {"GEORADIUS g 15 37 200 km FROMMEMBER x", kSyntax},
       {"GEORADIUS g 15 37 200 km STORE", kSyntax},
       {"GEORADIUS g 15 37 200 km STORE d WITHDIST", told},
       {"GEORADIUSBYMEMBER missing x 1 km STOREDIST d WITHHASH", told},
       {"GEORADIUS_RO g 15 37 200 km STORE d", kSyntax},
       {"GEORADIUSBYMEMBER_RO g Palermo 200 km STOREDIST d", kSyntax},
       {"GEORADIUS g x 37 -1 xx", kNotAFloat},
       {"GEORADIUS g 15 99 x km", no_place("15.000000,99.000000")},
       {"GEORADIUS g 15 37 x xx", no_radius},
       {"GEORADIUS g 15 37 -1 xx", error("ERR radius cannot be negative")},
       {"GEORADIUS g 15 37 1 xx", kNotAUnit},
       {"GEORADIUS missing 15 37 x km", no_radius},
       {"GEORADIUS missing 15 37 1 km", kNone},
       {"GEORADIUS missing 15 37 1 km BOGUS", kSyntax},
       {"GEORADIUS s 15 37 x xx", kWrongType},
       {"GEORADIUSBYMEMBER g none x km BOGUS", kNoMember},
       // Nobody looks at them where there is no set.
       {"GEORADIUSBYMEMBER missing none x km", kNone},
       {"GEORADIUSBYMEMBER missing none 1 xx", kNone},
       {"GEORADIUSBYMEMBER missing none 1 km BOGUS", kSyntax},
       {"GEORADIUSBYMEMBER missing none 1 km ANY", kAnyAlone},
       {"GEORADIUSBYMEMBER g Palermo 1", wrong_arity("georadiusbymember")},
       {"GEORADIUS_RO g 1 1 1", wrong_arity("georadius_ro")}});
}

TEST_F(GeoTest, CommandsTellTheirKeys) {
  expect_session({{"COMMAND GETKEYS GEOADD g 1 1 a", list("g")},
                  {"COMMAND GETKEYS GEORADIUS g 15 37 200 km", list("g")},
                  {"COMMAND GETKEYS GEORADIUS g 15 37 200 km STORE d", list("g d")},
                  {"COMMAND GETKEYS GEORADIUS g 15 37 200 km STOREDIST d STORE e", list("g e d")},
                  {"COMMAND GETKEYS GEORADIUS g 15 37 200 km STORE", list("g")},
                  {"COMMAND GETKEYS GEORADIUSBYMEMBER g STORE 200 km COUNT 1 STORE d", list("g d")},
                  {"COMMAND GETKEYS GEORADIUSBYMEMBER_RO g Palermo 200 km STORE d", list("g")},
                  {"COMMAND GETKEYS GEOSEARCHSTORE d g FROMLONLAT 1 1 BYRADIUS 1 m", list("d g")}});
}

// Thousands of places in a set that is no listpack any more, against a search of all of them.
TEST_F(GeoTest, FindsWhatASearchOfAllFinds) {
  std::mt19937_64 engine(20'261'123);
  std::uniform_real_distribution<double> unit(0, 1);
  const auto between = [&](double low, double high) { return low + unit(engine) * (high - low); };
  constexpr int kPlaces = 4000;
  for (int i = 0; i < kPlaces; ++i) {
    // Half of them around a city, the others around the antimeridian.
    double longitude = i % 2 == 0 ? between(2, 3) : between(179.5, 180.5);
    if (longitude > 180) longitude -= 360;
    client().append({"GEOADD", "g", std::to_string(longitude), std::to_string(between(48, 49)),
                     "m" + std::to_string(i)});
  }
  for (int i = 0; i < kPlaces; ++i) ASSERT_EQ(client().read_reply(), integer(1));
  EXPECT_EQ(line("OBJECT ENCODING g"), bulk("skiplist"));

  for (int round = 0; round < 40; ++round) {
    const std::string center = "m" + std::to_string(engine() % kPlaces);
    const double radius = std::exp(between(std::log(10), std::log(60'000)));
    for (int i = 0; i < kPlaces; ++i) {
      client().append({"GEODIST", "g", center, "m" + std::to_string(i)});
    }
    std::vector<std::string> expected;
    for (int i = 0; i < kPlaces; ++i) {
      if (std::stod(client().read_reply().text) <= radius) {
        expected.push_back("m" + std::to_string(i));
      }
    }
    std::sort(expected.begin(), expected.end());
    const Reply found =
        run("GEOSEARCH", "g", "FROMMEMBER", center, "BYRADIUS", std::to_string(radius), "m");
    ASSERT_EQ(found.sorted_texts(), expected) << center << ", " << radius;
  }
}

}  // namespace
}  // namespace spinel::test
