#include "server/process/banner.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace spinel::server {
namespace {

std::string log_of_banner(bool as_logo) {
  testing::internal::CaptureStdout();
  log_banner("standalone", 7913, as_logo);
  return testing::internal::GetCapturedStdout();
}

TEST(Banner, IsALineOfTheLogOrAPicture) {
  EXPECT_TRUE(log_of_banner(false).ends_with(" * Running in standalone mode on port 7913\n"));
  EXPECT_EQ(log_of_banner(true), render_logo("standalone", 7913));
}

TEST(Banner, PictureHasTheFacts) {
  const std::string logo = render_logo("cluster", 6379);
  EXPECT_NE(logo.find("Spinel " SPINEL_VERSION " 64 bit\n"), std::string::npos) << logo;
  EXPECT_NE(logo.find("Running in cluster mode\n"), std::string::npos);
  EXPECT_NE(logo.find("Port: 6379\n"), std::string::npos);
  EXPECT_NE(logo.find("PID: " + std::to_string(::getpid()) + "\n"), std::string::npos);
  EXPECT_EQ(logo.find(" \n"), std::string::npos) << "no space at line ends";
}

TEST(Banner, StartSaysWhetherThereIsAConfiguration) {
  testing::internal::CaptureStdout();
  log_start(true);
  const std::string configured = testing::internal::GetCapturedStdout();
  EXPECT_NE(configured.find("Spinel " SPINEL_VERSION " is starting: 64 bit, process "),
            std::string::npos);
  EXPECT_TRUE(configured.find("No configuration") == std::string::npos);
  testing::internal::CaptureStdout();
  log_start(false);
  EXPECT_NE(testing::internal::GetCapturedStdout().find(" # No configuration was given"),
            std::string::npos);
}

}  // namespace
}  // namespace spinel::server
