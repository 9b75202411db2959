// The reply of a container's HELP subcommand.
#pragma once

#include <initializer_list>
#include <string_view>

#include "server/resp/reply_writer.h"

namespace spinel::server {

// Replies a heading for `container` ("CONFIG"), then `lines` (a subcommand's usage, then what it
// does indented by four spaces), then HELP itself.
void reply_help(resp::ReplyWriter& reply, std::string_view container,
                std::initializer_list<std::string_view> lines);

}  // namespace spinel::server
