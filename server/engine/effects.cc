#include "server/engine/effects.h"

#include <cstring>

#include "storage/base/numbers.h"

namespace spinel::server {

namespace {

constexpr size_t kMaxHeaderBytes = storage::kMaxInt64Chars + 3;  // "$", digits, CRLF
constexpr std::string_view kMulti = "*1\r\n$5\r\nMULTI\r\n";
constexpr std::string_view kExec = "*1\r\n$4\r\nEXEC\r\n";
// What a unit that was unusually large may leave allocated.
constexpr size_t kMaxIdleUnitBytes = 64 * 1024;

char* write_header(char* to, char type, size_t count) {
  *to++ = type;
  if (count < 10) {  // of nearly all there are
    *to++ = static_cast<char>('0' + count);
  } else {
    to += storage::format_uint64(count, to);
  }
  *to++ = '\r';
  *to++ = '\n';
  return to;
}

char* write_bulk(char* to, std::string_view bytes) {
  to = write_header(to, '$', bytes.size());
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  to += bytes.size();
  *to++ = '\r';
  *to++ = '\n';
  return to;
}

// At least as many bytes as `args` take in RESP.
size_t encoded_bound(CommandArgs args) {
  size_t bound = kMaxHeaderBytes;
  for (const std::string_view arg : args) bound += kMaxHeaderBytes + arg.size() + 2;
  return bound;
}

char* write_command(char* to, CommandArgs args) {
  to = write_header(to, '*', args.size());
  for (const std::string_view arg : args) to = write_bulk(to, arg);
  return to;
}

// Appends `args` to anything with append(std::string_view), in pieces.
template <typename Sink>
void append_command(Sink& sink, CommandArgs args) {
  char header[kMaxHeaderBytes];
  const auto append_header = [&](char type, size_t count) {
    const auto size = static_cast<size_t>(write_header(header, type, count) - header);
    sink.append(std::string_view(header, size));
  };
  append_header('*', args.size());
  for (const std::string_view arg : args) {
    append_header('$', arg.size());
    sink.append(arg);
    sink.append(std::string_view("\r\n"));
  }
}

template <typename Sink>
void append_select(Sink& sink, int database) {
  const storage::IntegerText text(database);
  const std::string_view select[] = {"SELECT", text.view()};
  append_command(sink, select);
}

}  // namespace

void EffectStream::select(int database) {
  if (database == selected_) return;
  append_select(log_, database);
  selected_ = database;
}

void EffectStream::write_single(int database, CommandArgs effect) {
  select(database);
  const size_t bound = encoded_bound(effect);
  if (bound > storage::ByteLog::kMaxReserve) return append_command(log_, effect);
  char* const to = log_.reserve(bound);
  log_.commit(static_cast<size_t>(write_command(to, effect) - to));
}

void EffectStream::add_to_unit(int database, CommandArgs effect) {
  if (unit_effects_ == 0) {
    unit_first_database_ = database;
  } else if (database != unit_database_) {
    append_select(unit_, database);
  }
  unit_database_ = database;
  append_command(unit_, effect);
  ++unit_effects_;
}

// What was written since `begin` is local: what follows is to find `selected_before` selected.
void EffectStream::end_local(uint64_t begin, int selected_before) {
  if (selected_before != kNoDatabase) select(selected_before);
  if (local_ranges_.empty() || local_ranges_.back().begin + local_ranges_.back().size != begin) {
    local_ranges_.push_back({begin, 0});
  }
  local_ranges_.back().size += log_.end() - begin;
}

void EffectStream::forget_local_ranges_before(uint64_t position) {
  while (!local_ranges_.empty() &&
         local_ranges_.front().begin + local_ranges_.front().size <= position) {
    local_ranges_.pop_front();
  }
}

void EffectStream::commit_unit() {
  if (active()) {
    const uint64_t begin = log_.end();
    const int selected_before = selected_;
    select(unit_first_database_);
    if (unit_effects_ > 1) log_.append(kMulti);
    log_.append(unit_);
    if (unit_effects_ > 1) log_.append(kExec);
    selected_ = unit_database_;
    if (is_local_) end_local(begin, selected_before);
  }
  unit_effects_ = 0;
  unit_.clear();
  if (unit_.capacity() > kMaxIdleUnitBytes) unit_.shrink_to_fit();
}

}  // namespace spinel::server
