#include "server/net/loopback.h"

#include <gtest/gtest.h>

namespace spinel::server::net {
namespace {

TEST(Loopback, IsAllOf127AndTheOneOfIpv6) {
  for (const char* address : {"127.0.0.1", "127.0.0.2", "127.255.255.255", "::1",
                              "::ffff:127.0.0.1", "::ffff:127.1.2.3"}) {
    EXPECT_TRUE(is_loopback(asio::ip::make_address(address))) << address;
  }
  for (const char* address : {"128.0.0.1", "126.255.255.255", "0.0.0.0", "10.0.0.127", "::", "::2",
                              "::7f00:1", "::ffff:10.0.0.1", "fe80::1", "127::1"}) {
    EXPECT_FALSE(is_loopback(asio::ip::make_address(address))) << address;
  }
}

}  // namespace
}  // namespace spinel::server::net
