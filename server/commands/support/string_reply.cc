#include "server/commands/support/string_reply.h"

#include "storage/containers/compressed_bitmap.h"
#include "storage/keyspace/entry_string.h"
#include "storage/types/string.h"

namespace spinel::server {

using storage::CompressedBitmap;
using storage::Encoding;
using storage::Entry;
using storage::RawString;

namespace {

void reply_bitmap_part(resp::ReplyWriter& reply, const Entry& entry, size_t first, size_t count) {
  const auto& bitmap = *static_cast<const CompressedBitmap*>(entry.object());
  reply.bulk_filled(count, [&](char* to) {
    if (count > 0) bitmap.read(first, {reinterpret_cast<unsigned char*>(to), count});
  });
}

void reply_raw_part(resp::ReplyWriter& reply, const Entry& entry, size_t first, size_t count) {
  reply.bulk_shared(*static_cast<RawString*>(entry.object()), first, count);
}

}  // namespace

void reply_string_value(resp::ReplyWriter& reply, const Entry& entry) {
  switch (entry.encoding()) {
    case Encoding::kEmbedded:
      return reply.bulk(entry.embedded());
    case Encoding::kRaw:
      return reply_raw_part(reply, entry, 0, static_cast<RawString*>(entry.object())->size);
    case Encoding::kCompressedBitmap:
      return reply_bitmap_part(reply, entry, 0, storage::string_size(entry));
    default:
      return reply.bulk_integer(entry.integer());
  }
}

void reply_string_part(resp::ReplyWriter& reply, const Entry& entry, size_t first, size_t count) {
  if (entry.encoding() == Encoding::kCompressedBitmap) {
    return reply_bitmap_part(reply, entry, first, count);
  }
  if (entry.encoding() == Encoding::kRaw) return reply_raw_part(reply, entry, first, count);
  storage::StringScratch scratch;
  reply.bulk(storage::string_part(entry, first, count, scratch));
}

}  // namespace spinel::server
