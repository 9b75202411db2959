// One replica as its master sees it: what it told of itself, how far it is, and what it is sent.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/replication/copy_feed.h"
#include "server/replication.h"
#include "storage/base/byte_log.h"

namespace spinel::server {
class Client;
}

namespace spinel::cluster {

class Replicas;

// What REPLCONF told before PSYNC.
struct ReplicaTraits {
  std::string announced_ip;  // empty: that of the connection
  int64_t listening_port = 0;
  bool takes_eof_mark = false;     // capa eof: a full copy whose length is not known before
  bool knows_continue_id = false;  // capa psync2: +CONTINUE may bring another id
  bool only_copy = false;          // rdb-only: closes the connection after the full copy
  // rdb-filter-only: what the full copy is without.
  bool without_data = false;
  bool without_functions = false;

  bool filtered() const { return without_data || without_functions; }
  bool same_filter(const ReplicaTraits& other) const {
    return without_data == other.without_data && without_functions == other.without_functions;
  }
  // Whether a full copy that was made for `other` suits this one.
  bool can_share(const ReplicaTraits& other) const {
    return same_filter(other) && (takes_eof_mark || !other.takes_eof_mark) &&
           (knows_continue_id || !other.knows_continue_id);
  }
};

class ReplicaClient final : public server::ReplicaFeed {
 public:
  enum class State : uint8_t {
    kConfigured,  // REPLCONF came, and no PSYNC yet
    kWaiting,     // for a full copy that has not begun
    kSaving,      // a snapshot file is being written for it
    kCopying,     // the full copy is being sent
    kOnline,      // the stream follows
  };

  // Both outlive it.
  ReplicaClient(Replicas& replicas, server::Client& client)
      : replicas_(&replicas), client_(client) {}
  ~ReplicaClient() override;

  ReplicaTraits traits;

  server::Client& client() { return client_; }
  const server::Client& client() const { return client_; }
  State state() const { return state_; }
  bool online() const { return state_ == State::kOnline; }
  // "127.0.0.1:6380", as logs name it.
  std::string name() const;
  std::string ip() const;
  // As INFO shows it.
  std::string_view state_name() const;

  // --- from PSYNC to the stream
  // PSYNC or SYNC asked for a full copy. `acknowledges` is false with SYNC.
  void wait_for_copy(bool acknowledges, int64_t now_ms);
  int64_t waiting_since_ms() const { return waiting_since_ms_; }
  // A full copy of what the history has now begins for it; the stream from `reader` on follows.
  void begin_saving(const storage::ByteLog::Reader& reader);
  void begin_copying(std::unique_ptr<CopyFeed> copy, int64_t now_ms);
  // The stream goes on from `reader`.
  void continue_stream(const storage::ByteLog::Reader& reader, int64_t now_ms);
  // Is no replica any more: the full copy failed before it began.
  void detach() { state_ = State::kConfigured; }
  const CopyFeed* copy() const { return copy_.get(); }
  uint64_t copied_bytes() const { return copied_bytes_; }
  // Whether what follows the full copy waits for the first acknowledgement.
  bool awaits_first_ack() const { return awaits_first_ack_; }
  // Whether it still loads what it was sent, or is not sent all yet: so long nothing of the stream
  // goes to it.
  bool holds_stream() const {
    return state_ == State::kSaving || state_ == State::kCopying || awaits_first_ack_;
  }
  // Of the stream, what was not sent yet. Null until a full copy has begun.
  const storage::ByteLog::Reader* stream() const { return reader_ ? &*reader_ : nullptr; }

  // --- what it tells
  // REPLCONF ACK: it has `offset` bytes. `synced_offset`: so many are in its append only file;
  // negative if it did not say.
  void acknowledge(int64_t offset, int64_t synced_offset, int64_t now_ms);
  bool acknowledges() const { return acknowledges_; }
  int64_t acknowledged_offset() const { return acknowledged_offset_; }
  int64_t synced_offset() const { return synced_offset_; }
  // Notes whether anything came from it since the last call, and whether it takes what it is sent.
  void observe(int64_t now_ms);
  // Monotonic milliseconds since it was last heard of.
  int64_t silent_ms(int64_t now_ms) const { return now_ms - heard_at_ms_; }
  // How long it has taken nothing of a full copy although something is to be sent.
  int64_t stalled_ms(int64_t now_ms) const { return now_ms - moving_at_ms_; }

  // --- server::ReplicaFeed
  bool attached() const override { return state_ != State::kConfigured; }
  std::string_view peek() override;
  void consume(size_t bytes) override;
  uint64_t pending_bytes() const override;

 private:
  friend class Replicas;

  void finish_copy();

  Replicas* replicas_;  // null once they are gone
  server::Client& client_;
  State state_ = State::kConfigured;
  bool acknowledges_ = true;
  bool awaits_first_ack_ = false;
  int64_t waiting_since_ms_ = 0;
  std::unique_ptr<CopyFeed> copy_;
  int64_t copy_began_ms_ = 0;
  uint64_t copied_bytes_ = 0;
  std::optional<storage::ByteLog::Reader> reader_;
  // What comes before this position of the log counts against no limit: it was there when the
  // stream began for it, or its full copy ended.
  uint64_t counted_from_ = 0;
  bool warned_of_limit_ = false;
  int64_t acknowledged_offset_ = 0;
  int64_t synced_offset_ = 0;
  int64_t heard_at_ms_ = 0;  // monotonic
  uint64_t seen_bytes_in_ = 0;
  int64_t moving_at_ms_ = 0;  // monotonic; when the copy last went on, or had nothing to send
  bool has_moved_ = false;    // since `observe`
};

}  // namespace spinel::cluster
