// The types of Asio that this room uses. Only files of server/net include it: it is slow to
// compile.
#pragma once

// clang-format off
#include <cstdlib>  // first: see asio.cc

#include <asio/basic_stream_socket.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
// clang-format on

namespace spinel::server::net {

// Bound to io_context: no type-erased executor on the path of a request.
using Executor = asio::io_context::executor_type;
// A TCP or a Unix socket.
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

}  // namespace spinel::server::net
