#include "cluster/replication/replica_client.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "cluster/replication/node.h"
#include "cluster/replication/replicas.h"
#include "server/client.h"
#include "server/log/log.h"
#include "server/server.h"

namespace spinel::cluster {

namespace {

double megabytes(uint64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

}  // namespace

ReplicaClient::~ReplicaClient() {
  if (replicas_ != nullptr) replicas_->remove(*this);
}

std::string ReplicaClient::ip() const {
  if (!traits.announced_ip.empty()) return traits.announced_ip;
  std::string_view address = client_.address;
  address = address.substr(0, address.rfind(':'));
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  return std::string(address);
}

std::string ReplicaClient::name() const {
  if (traits.listening_port == 0) return fmt::format("{}:<unknown-replica-port>", ip());
  return fmt::format("{}:{}", ip(), traits.listening_port);
}

std::string_view ReplicaClient::state_name() const {
  switch (state_) {
    case State::kConfigured:
    case State::kWaiting:
    case State::kSaving:
      return "wait_bgsave";
    case State::kCopying:
      // As with Redis: the child has not ended.
      return copy_->total_bytes() == 0 ? "wait_bgsave" : "send_bulk";
    case State::kOnline:
      return "online";
  }
  return "";
}

void ReplicaClient::wait_for_copy(bool acknowledges, int64_t now_ms) {
  state_ = State::kWaiting;
  acknowledges_ = acknowledges;
  waiting_since_ms_ = heard_at_ms_ = now_ms;
}

void ReplicaClient::begin_saving(const storage::ByteLog::Reader& reader) {
  state_ = State::kSaving;
  reader_.emplace(reader);
  counted_from_ = reader.position() + reader.available();
}

void ReplicaClient::begin_copying(std::unique_ptr<CopyFeed> copy, int64_t now_ms) {
  state_ = State::kCopying;
  copy_ = std::move(copy);
  copy_began_ms_ = moving_at_ms_ = now_ms;
}

void ReplicaClient::continue_stream(const storage::ByteLog::Reader& reader, int64_t now_ms) {
  state_ = State::kOnline;
  reader_.emplace(reader);
  counted_from_ = reader.position() + reader.available();
  heard_at_ms_ = now_ms;
}

void ReplicaClient::finish_copy() {
  const int64_t now_ms = client_.server.monotonic_ms();
  const double seconds = static_cast<double>(std::max<int64_t>(now_ms - copy_began_ms_, 1)) / 1000;
  const double copied_mb = megabytes(copied_bytes_);
  // A copy that ends with a mark is told from the stream by the silence behind it.
  awaits_first_ack_ = copy_->total_bytes() == 0;
  copy_.reset();
  state_ = State::kOnline;
  counted_from_ = reader_->position() + reader_->available();
  heard_at_ms_ = now_ms;
  server::log_notice(
      "Full copy of {:.1f} MB sent to replica {} in {:.1f} seconds ({:.1f} MB/s){}", copied_mb,
      name(), seconds, copied_mb / seconds,
      awaits_first_ack_ && !traits.only_copy ? ": waiting for its first REPLCONF ACK" : "");
  if (traits.only_copy) {
    server::log_notice("Replica {} wanted nothing but the full copy: disconnecting it", name());
    client_.close_after_reply = true;
  } else {
    server::log_notice("Replica {} has its full copy, and is sent the stream", name());
  }
}

void ReplicaClient::acknowledge(int64_t offset, int64_t synced_offset, int64_t now_ms) {
  acknowledged_offset_ = std::max(acknowledged_offset_, offset);
  synced_offset_ = std::max(synced_offset_, synced_offset);
  heard_at_ms_ = now_ms;
  if (state_ == State::kOnline && std::exchange(awaits_first_ack_, false)) {
    counted_from_ = reader_->position() + reader_->available();
    client_.transport().output_ready();
  }
}

void ReplicaClient::observe(int64_t now_ms) {
  if (std::exchange(seen_bytes_in_, client_.bytes_in) != client_.bytes_in) heard_at_ms_ = now_ms;
  const bool has_moved = std::exchange(has_moved_, false);
  if (has_moved || state_ != State::kCopying || !copy_->has_bytes()) moving_at_ms_ = now_ms;
}

std::string_view ReplicaClient::peek() {
  if (state_ == State::kCopying) {
    const std::string_view bytes = copy_->peek();
    if (bytes.empty() && copy_->failed()) replicas_->close_later(*this);
    return bytes;
  }
  if (state_ != State::kOnline || awaits_first_ack_ || client_.close_after_reply) return {};
  return replicas_->history().peek(*reader_);
}

void ReplicaClient::consume(size_t bytes) {
  if (state_ != State::kCopying) return reader_->advance(bytes);
  has_moved_ = true;
  copy_->consume(bytes);
  copied_bytes_ += bytes;
  if (copy_->done()) finish_copy();
}

uint64_t ReplicaClient::pending_bytes() const {
  if (!reader_) return 0;
  const uint64_t available = reader_->available();
  // Who is cut off now begins with a full copy again, which takes as long: it is let be while there
  // is memory.
  if (holds_stream() && replicas_ != nullptr && available <= replicas_->spare_bytes()) return 0;
  return std::min(available, reader_->position() + available - counted_from_);
}

}  // namespace spinel::cluster
