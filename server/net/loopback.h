// Which addresses lead back to this machine.
#pragma once

#include "server/net/asio.h"

namespace spinel::server::net {

// Whether `address` is in 127.0.0.0/8, also mapped into IPv6, or is ::1. Protected mode and options
// with the value "local" trust clients that connect from such an address.
inline bool is_loopback(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address.is_loopback();
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
}

}  // namespace spinel::server::net
