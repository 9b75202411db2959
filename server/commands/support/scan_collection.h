// HSCAN, SSCAN and ZSCAN: what they share.
//
//   const auto scan = find_scanned(ctx, Type::kSet, ScanKind::kOther);
//   if (!scan) return;                                      // the reply was sent
//   const Set set(scan->item->encoding(), scan->item->object());
//   reply_scan(ctx, *scan, [&](uint64_t cursor, ScanReply& out) {
//     return set.scan(cursor, [&](const ListpackValue& member) {
//       if (out.takes(member)) out.add(member);
//     });
//   });
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "server/commands/support/element.h"
#include "server/commands/support/scan_options.h"
#include "server/engine/context.h"

namespace spinel::server {

struct CollectionScan {
  storage::ConstItem item;
  uint64_t cursor;
  ScanOptions options;
};

// Reads `key cursor [options]` and finds the collection. Nothing after the reply was sent: an
// error, or that there is nothing.
std::optional<CollectionScan> find_scanned(CommandContext& ctx, storage::Type type, ScanKind kind);

// The reply under way: elements go straight into the output buffer.
class ScanReply {
 public:
  ScanReply(CommandContext& ctx, const ScanOptions& options)
      : reply_(ctx.reply), options_(options), mark_(reply_.begin_deferred()) {}

  // Counts an element as seen; returns whether it is to be added.
  bool takes(const storage::ListpackValue& element);
  bool takes(std::string_view element) {
    ++seen_;
    return options_.matches(element);
  }
  void add(const storage::ListpackValue& text) {
    ++added_;
    reply_element(reply_, text);
  }
  void add(std::string_view text) {
    ++added_;
    reply_.bulk(text);
  }

  bool enough() const { return seen_ >= options_.count; }
  void finish(uint64_t cursor);

 private:
  resp::ReplyWriter& reply_;
  const ScanOptions& options_;
  size_t mark_;
  size_t added_ = 0;
  int64_t seen_ = 0;
};

// Calls `step(cursor, ScanReply&)`, which returns the next cursor, until COUNT elements were seen
// or all of them were. Where most buckets are empty it gives up earlier.
template <typename Step>
void reply_scan(CommandContext& ctx, const CollectionScan& scan, Step&& step) {
  constexpr int64_t kBucketsPerElement = 10;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const int64_t count = scan.options.count;
  int64_t buckets = count < kMost / kBucketsPerElement ? count * kBucketsPerElement : kMost;
  ScanReply out(ctx, scan.options);
  uint64_t cursor = scan.cursor;
  do {
    cursor = step(cursor, out);
  } while (cursor != 0 && !out.enough() && --buckets > 0);
  out.finish(cursor);
}

}  // namespace spinel::server
