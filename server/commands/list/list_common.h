// What the commands on lists share.
#pragma once

#include <cstring>
#include <vector>

#include "server/engine/context.h"
#include "server/engine/encoding_limits.h"
#include "server/resp/reply_writer.h"
#include "storage/containers/listpack_entry.h"
#include "storage/types/list.h"

namespace spinel::server {

inline storage::ListOptions list_options(const CommandContext& ctx) {
  return list_options(ctx.server.config, ctx.server.debug.list_large_element_bytes);
}

inline std::string_view push_event(storage::ListEnd end) {
  return end == storage::ListEnd::kFront ? "lpush" : "rpush";
}
inline std::string_view pop_event(storage::ListEnd end) {
  return end == storage::ListEnd::kFront ? "lpop" : "rpop";
}
// The command that an element's removal is told as.
inline std::string_view pop_effect(storage::ListEnd end) {
  return end == storage::ListEnd::kFront ? "LPOP" : "RPOP";
}

// --- replies: from the bytes that elements are stored in straight into the output buffer

// More than a reply has around the bytes of an element.
inline constexpr size_t kMaxElementOverhead = 32;

// Writes the element at `at` as a bulk string where there is room, and returns the end.
inline char* write_element(char* to, const unsigned char* at) {
  char scratch[storage::kMaxDoubleChars];
  std::string_view text;
  if ((*at & 0xc0) == 0x80) {  // a short text, as nearly all are
    text = {reinterpret_cast<const char*>(at + 1), *at & 0x3fu};
  } else {
    text = storage::read_listpack_entry(at).bytes(scratch);
  }
  *to++ = '$';
  if (text.size() >= 100) {
    to += storage::format_uint64(text.size(), to);
  } else {
    if (text.size() >= 10) *to++ = static_cast<char>('0' + text.size() / 10);
    *to++ = static_cast<char>('0' + text.size() % 10);
  }
  *to++ = '\r';
  *to++ = '\n';
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  to += text.size();
  *to++ = '\r';
  *to++ = '\n';
  return to;
}

inline void reply_element(resp::ReplyWriter& reply, const unsigned char* at) {
  resp::OutputBuffer& out = reply.out();
  char* start = out.reserve(storage::listpack_entry_size(at) + kMaxElementOverhead);
  out.commit(static_cast<size_t>(write_element(start, at) - start));
}

// The elements of a run, without a header.
inline void reply_run(resp::ReplyWriter& reply, const storage::ListRun& run) {
  resp::OutputBuffer& out = reply.out();
  const auto bytes = static_cast<size_t>(run.end - run.at);
  char* const start = out.reserve(bytes + run.count * kMaxElementOverhead);
  char* to = start;
  for (const unsigned char* at = run.at; at != run.end; at += storage::listpack_entry_size(at)) {
    to = write_element(to, at);
  }
  out.commit(static_cast<size_t>(to - start));
}

// The same from the last element to the first.
inline void reply_run_reversed(resp::ReplyWriter& reply, const storage::ListRun& run) {
  std::vector<const unsigned char*> elements;
  elements.reserve(run.count);
  for (const unsigned char* at = run.at; at != run.end; at += storage::listpack_entry_size(at)) {
    elements.push_back(at);
  }
  for (size_t i = elements.size(); i-- > 0;) reply_element(reply, elements[i]);
}

// `count` elements in the order in which they would be popped from that end, without a header.
inline void reply_from_end(resp::ReplyWriter& reply, const storage::List& list,
                           storage::ListEnd end, size_t count) {
  if (end == storage::ListEnd::kFront) {
    list.read(0, count, [&](const storage::ListRun& run) {
      reply_run(reply, run);
      return true;
    });
  } else {
    list.read_backward(list.size() - count, count, [&](const storage::ListRun& run) {
      reply_run_reversed(reply, run);
      return true;
    });
  }
}

}  // namespace spinel::server
