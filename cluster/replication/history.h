// Which writes this node has: the ids of the history that they belong to, how far it goes, and the
// last of them, kept for replicas that come back (the backlog).
//
// The bytes are those in the log of effects. An offset counts the bytes of a history since its
// beginning, as replicas and masters tell each other: offset n means that n bytes are there, and
// the next one wanted is n + 1. What a replica's own clients wrote is in the log, too, and is no
// part of the history (EffectStream::local_ranges).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/engine/effects.h"

namespace spinel::cluster {

// 40 hex digits.
std::string new_replication_id();
inline constexpr std::string_view kNoReplicationId = "0000000000000000000000000000000000000000";

class History {
 public:
  explicit History(server::EffectStream& effects);

  // --- ids
  const std::string& id() const { return id_; }
  // The history that this one goes on from, up to `second_offset`; kNoReplicationId and -1 if there
  // is none.
  const std::string& second_id() const { return second_id_; }
  int64_t second_offset() const { return second_offset_; }
  // Bytes of the history that this node has.
  int64_t offset() const;

  // --- the backlog
  bool has_backlog() const { return backlog_.has_value(); }
  // Keeps what comes from now on. Does nothing if there is one.
  void create_backlog();
  void drop_backlog();
  // Forgets the oldest bytes beyond `size_bytes`, but none from `kept_position` of the log on.
  void trim(uint64_t size_bytes, uint64_t kept_position = UINT64_MAX);
  // The offset of its first byte, counted from 1, and how many there are. Zero without a backlog.
  int64_t first_byte() const;
  int64_t length() const;
  // Bytes of the log that it keeps.
  uint64_t memory_bytes() const;

  // Whether a replica that has the history `id` and wants the byte at `wanted` next can go on.
  bool can_continue(std::string_view id, int64_t wanted) const;
  // A place from which the byte at `wanted` is read next. Requires first_byte() <= wanted <=
  // offset() + 1.
  storage::ByteLog::Reader reader_at(int64_t wanted) const;
  // A place behind all that is there. Requires a backlog.
  storage::ByteLog::Reader reader_at_end() const { return effects_.plain_reader(); }
  // What can be read at `reader` in one piece, without what is no part of the history.
  std::string_view peek(storage::ByteLog::Reader& reader) const;
  // The offset of what comes before `position` of the log; from where the backlog begins, if that
  // is behind it.
  int64_t offset_at(uint64_t position) const;
  // The opposite: the position of the log up to which `offset` bytes of the history come; that of
  // the backlog's beginning, if that is behind it. Requires a backlog.
  uint64_t position_at(int64_t offset) const;
  // The position of the log at which the backlog begins. Requires one.
  uint64_t backlog_position() const { return backlog_->position(); }

  // --- changes of the history
  // A new one begins: what replicas have is worth nothing any more. DEBUG CHANGE-REPL-ID, and a
  // backlog that was dropped.
  void begin_anew();
  // This node was a replica, and is a master now: replicas of both may go on.
  void promote();
  // The data are now those of a master's history at `offset`: a full sync, or a file that was
  // loaded at the start. The backlog begins empty.
  void adopt(std::string id, int64_t offset);
  // As `adopt` of what a master saved, to go on as a master: with an id of its own.
  void adopt_as_second(std::string id, int64_t offset);
  // The master goes on with another id.
  void continue_as(const std::string& id);

 private:
  // Bytes between the positions that are no part of the history.
  uint64_t local_bytes(uint64_t begin, uint64_t end) const;
  void restart_backlog();

  server::EffectStream& effects_;
  std::string id_;
  std::string second_id_{kNoReplicationId};
  int64_t second_offset_ = -1;
  std::optional<storage::ByteLog::Reader> backlog_;
  // `base_offset_` bytes of the history come before this position of the log. Without a backlog
  // only the offset counts.
  uint64_t base_position_ = 0;
  int64_t base_offset_ = 0;
};

}  // namespace spinel::cluster
