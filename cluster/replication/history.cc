#include "cluster/replication/history.h"

#include <algorithm>
#include <utility>

#include "storage/base/assert.h"
#include "storage/base/bytes.h"
#include "storage/base/random.h"

namespace spinel::cluster {

namespace {
constexpr size_t kIdDigits = 40;
}

std::string new_replication_id() {
  return storage::random_hex(kIdDigits);
}

History::History(server::EffectStream& effects) : effects_(effects), id_(new_replication_id()) {}

uint64_t History::local_bytes(uint64_t begin, uint64_t end) const {
  uint64_t bytes = 0;
  for (const auto& range : effects_.local_ranges()) {
    const uint64_t from = std::max(begin, range.begin);
    const uint64_t to = std::min(end, range.begin + range.size);
    if (from < to) bytes += to - from;
  }
  return bytes;
}

int64_t History::offset_at(uint64_t position) const {
  if (position <= base_position_) return base_offset_;
  return base_offset_ +
         static_cast<int64_t>(position - base_position_ - local_bytes(base_position_, position));
}

uint64_t History::position_at(int64_t offset) const {
  uint64_t position = base_position_;
  if (offset <= base_offset_) return position;
  position += static_cast<uint64_t>(offset - base_offset_);
  for (const auto& range : effects_.local_ranges()) {
    const uint64_t end = range.begin + range.size;
    if (end <= base_position_) continue;
    if (range.begin >= position) break;
    position += end - std::max(range.begin, base_position_);
  }
  return position;
}

int64_t History::offset() const {
  return backlog_ ? offset_at(effects_.log().end()) : base_offset_;
}

void History::create_backlog() {
  if (backlog_) return;
  // Writes that came before were not counted.
  begin_anew();
  restart_backlog();
  effects_.select_anew();
}

void History::restart_backlog() {
  base_offset_ = offset();
  backlog_.reset();
  backlog_.emplace(effects_.plain_reader());
  base_position_ = backlog_->position();
  effects_.forget_local_ranges_before(base_position_);
}

void History::drop_backlog() {
  base_offset_ = offset();
  backlog_.reset();
  begin_anew();
}

void History::trim(uint64_t size_bytes, uint64_t kept_position) {
  if (!backlog_) return;
  const uint64_t available = backlog_->available();
  if (available <= size_bytes) return;
  const uint64_t begin = backlog_->position();
  const uint64_t wanted =
      std::max(begin, std::min(begin + (available - size_bytes), kept_position));
  backlog_->advance(wanted - begin);
  // The base moves along, so that what is local before it need not be known any more.
  base_offset_ = offset_at(wanted);
  base_position_ = wanted;
  effects_.forget_local_ranges_before(wanted);
}

int64_t History::first_byte() const {
  return backlog_ ? offset_at(backlog_->position()) + 1 : 0;
}

int64_t History::length() const {
  return backlog_ ? offset() - offset_at(backlog_->position()) : 0;
}

uint64_t History::memory_bytes() const {
  return backlog_ ? backlog_->available() : 0;
}

bool History::can_continue(std::string_view id, int64_t wanted) const {
  if (!backlog_ || wanted < first_byte() || wanted > offset() + 1) return false;
  if (storage::equals_ignore_case(id, id_)) return true;
  return storage::equals_ignore_case(id, second_id_) && wanted <= second_offset_;
}

storage::ByteLog::Reader History::reader_at(int64_t wanted) const {
  SPINEL_ASSERT(backlog_.has_value());
  storage::ByteLog::Reader reader(*backlog_);
  auto left = static_cast<uint64_t>(wanted - first_byte());
  while (left > 0) {
    const uint64_t part = std::min<uint64_t>(left, peek(reader).size());
    SPINEL_ASSERT(part > 0);
    reader.advance(part);
    left -= part;
  }
  return reader;
}

std::string_view History::peek(storage::ByteLog::Reader& reader) const {
  std::string_view bytes = reader.peek();
  for (const auto& range : effects_.local_ranges()) {
    const uint64_t position = reader.position();
    if (range.begin + range.size <= position) continue;
    if (range.begin > position) return bytes.substr(0, range.begin - position);
    reader.advance(range.begin + range.size - position);
    bytes = reader.peek();
  }
  return bytes;
}

void History::begin_anew() {
  id_ = new_replication_id();
  second_id_ = kNoReplicationId;
  second_offset_ = -1;
}

void History::promote() {
  second_id_ = std::exchange(id_, new_replication_id());
  second_offset_ = offset() + 1;
  effects_.select_anew();
}

void History::adopt(std::string id, int64_t offset) {
  restart_backlog();
  id_ = std::move(id);
  second_id_ = kNoReplicationId;
  second_offset_ = -1;
  base_offset_ = offset;
}

void History::adopt_as_second(std::string id, int64_t offset) {
  adopt(std::move(id), offset);
  promote();
}

void History::continue_as(const std::string& id) {
  if (id == id_) return;
  second_id_ = std::exchange(id_, id);
  second_offset_ = offset() + 1;
}

}  // namespace spinel::cluster
