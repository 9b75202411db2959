// A string value as a reply, whatever its encoding.
#pragma once

#include "server/resp/reply_writer.h"
#include "storage/keyspace/entry.h"
#include "storage/keyspace/entry_string.h"

namespace spinel::server {

// Sends the string `entry` as a bulk string. Large ones are not copied. The bytes of a compressed
// bitmap are made where they are sent from.
void reply_string_value(resp::ReplyWriter& reply, const storage::Entry& entry);
// Sends `count` of its bytes from `first` on, which must be there.
void reply_string_part(resp::ReplyWriter& reply, const storage::Entry& entry, size_t first,
                       size_t count);

}  // namespace spinel::server
