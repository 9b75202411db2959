// Elements of collections as replies.
#pragma once

#include "server/resp/reply_writer.h"
#include "storage/containers/listpack_entry.h"

namespace spinel::server {

// The bytes of `element` as a bulk string.
inline void reply_element(resp::ReplyWriter& reply, const storage::ListpackValue& element) {
  if (element.is_text()) return reply.bulk(element.text);
  if (element.is_integer()) return reply.bulk_integer(element.integer);
  char digits[storage::kMaxDoubleChars];
  reply.bulk(element.bytes(digits));
}

}  // namespace spinel::server
