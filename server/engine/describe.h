// Commands as COMMAND shows them to clients.
#pragma once

#include "server/engine/table.h"
#include "server/resp/reply_writer.h"

namespace spinel::server {

// One element of COMMAND and COMMAND INFO: the ten facts about a command, its subcommands within.
void reply_command_info(resp::ReplyWriter& reply, const Command& command);

// One pair of COMMAND DOCS: the full name and the map of what is to be known about it.
void reply_command_docs(resp::ReplyWriter& reply, const Command& command);

// How a key is used, as a set of simple strings.
void reply_key_flags(resp::ReplyWriter& reply, KeyFlags flags);

}  // namespace spinel::server
