#include "server/commands/support/scan_collection.h"

#include <string>

#include "storage/base/numbers.h"

namespace spinel::server {

namespace {

std::string_view format_cursor(uint64_t cursor, char* digits) {
  return {digits, storage::format_uint64(cursor, digits)};
}

}  // namespace

std::optional<CollectionScan> find_scanned(CommandContext& ctx, storage::Type type, ScanKind kind) {
  const std::optional<uint64_t> cursor = scan_cursor(ctx, 2);
  if (!cursor) return std::nullopt;
  const storage::ConstItem item = ctx.find_read(ctx.key(1));
  if (!item) {  // the options are not even looked at
    ctx.reply.array(2);
    ctx.reply.bulk("0");
    ctx.reply.array(0);
    return std::nullopt;
  }
  if (!ctx.check_type(item, type)) return std::nullopt;
  const std::optional<ScanOptions> options = scan_options(ctx, 3, kind);
  if (!options) return std::nullopt;
  return CollectionScan{.item = item, .cursor = *cursor, .options = *options};
}

bool ScanReply::takes(const storage::ListpackValue& element) {
  char digits[storage::kMaxDoubleChars];
  return takes(element.bytes(digits));
}

void ScanReply::finish(uint64_t cursor) {
  reply_.end_deferred_array(mark_, added_);
  char digits[storage::kMaxInt64Chars];
  const std::string_view text = format_cursor(cursor, digits);
  const std::string head =
      "*2\r\n$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
  reply_.out().insert(mark_, head);
}

}  // namespace spinel::server
