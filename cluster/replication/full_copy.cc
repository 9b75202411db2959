#include "cluster/replication/full_copy.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

#include "persistence/file/byte_reader.h"
#include "persistence/rdb/loader.h"
#include "server/net/event_loop.h"
#include "server/net/outgoing_link.h"
#include "server/persistence/loading.h"
#include "server/server.h"
#include "storage/base/clock.h"
#include "storage/base/crc64.h"
#include "storage/base/numbers.h"

namespace spinel::cluster {

namespace {

constexpr std::string_view kMarkHead = "$EOF:";
constexpr size_t kMarkBytes = 40;
constexpr size_t kHeadBytes = 9;  // "REDIS0011"
constexpr size_t kChecksumBytes = 8;
constexpr int64_t kFirstVersionWithChecksum = 5;
constexpr size_t kSyncEveryBytes = size_t{8} << 20;

class CopyObserver final : public server::LoggingLoadObserver {
 public:
  CopyObserver(server::Server& server, std::function<bool()> keep_going)
      : LoggingLoadObserver(server), keep_going_(std::move(keep_going)) {}

  bool on_progress(uint64_t bytes_read) override {
    return LoggingLoadObserver::on_progress(bytes_read) && keep_going_();
  }

 private:
  const std::function<bool()> keep_going_;
};

}  // namespace

std::optional<CopyForm> CopyForm::parse(std::string_view line) {
  CopyForm form;
  if (line.starts_with(kMarkHead)) {
    line.remove_prefix(kMarkHead.size());
    if (line.size() != kMarkBytes) return std::nullopt;
    form.mark = line;
    return form;
  }
  if (!line.starts_with('$')) return std::nullopt;
  const auto size = storage::parse_int64(line.substr(1));
  if (!size || *size < 0) return std::nullopt;
  form.size_bytes = static_cast<uint64_t>(*size);
  return form;
}

ReceivedCopy::ReceivedCopy(server::Server& server, CopyForm form)
    : server_(server), form_(std::move(form)) {}

ReceivedCopy::~ReceivedCopy() {
  file_.close();
  if (!temporary_path_.empty()) persistence::remove_file(temporary_path_);
}

bool ReceivedCopy::fail(const persistence::FileError& error) {
  error_ =
      fmt::format("{} of {} failed: {}", error.operation, error.path, std::strerror(error.error));
  return false;
}

bool ReceivedCopy::open() {
  const std::string path = fmt::format("temp-{}.{}.rdb", server_.now_ms() / 1000, getpid());
  const persistence::FileError error = file_.open(path, persistence::File::Mode::kCreate);
  if (!error.ok()) return fail(error);
  temporary_path_ = path;
  sink_ = std::make_unique<persistence::FileSink>(
      file_, server_.config.rdb_save_incremental_fsync ? kSyncEveryBytes : 0);
  is_complete_ = form_.mark.empty() && form_.size_bytes == 0;
  return true;
}

size_t ReceivedCopy::take(std::string_view bytes) {
  if (form_.mark.empty()) {
    bytes = bytes.substr(0, form_.size_bytes - received_bytes_);
    received_bytes_ += bytes.size();
    write(bytes);
    is_complete_ = received_bytes_ == form_.size_bytes;
    return bytes.size();
  }
  // Nothing follows the mark before this node asks for it: it is at the end of what was received.
  received_bytes_ += bytes.size();
  held_ += bytes;
  if (held_.size() > kMarkBytes) {
    const size_t size = held_.size() - kMarkBytes;
    write(std::string_view(held_).substr(0, size));
    held_.erase(0, size);
  }
  is_complete_ = held_ == form_.mark;
  return bytes.size();
}

void ReceivedCopy::write(std::string_view bytes) {
  if (!error_.empty() || bytes.empty()) return;
  if (head_.size() < kHeadBytes) head_ += bytes.substr(0, kHeadBytes - head_.size());
  add_to_checksum(bytes);
  file_bytes_ += bytes.size();
  if (const int error = sink_->write(bytes.data(), bytes.size()); error != 0) {
    fail({"write", temporary_path_, error});
  }
}

// Adds what is not among the last bytes of the file, as far as these are known.
void ReceivedCopy::add_to_checksum(std::string_view bytes) {
  if (bytes.size() >= kChecksumBytes) {
    crc_ = storage::crc64(crc_, tail_.data(), tail_.size());
    const size_t size = bytes.size() - kChecksumBytes;
    crc_ = storage::crc64(crc_, bytes.data(), size);
    tail_ = bytes.substr(size);
    return;
  }
  tail_ += bytes;
  if (tail_.size() <= kChecksumBytes) return;
  const size_t size = tail_.size() - kChecksumBytes;
  crc_ = storage::crc64(crc_, tail_.data(), size);
  tail_.erase(0, size);
}

// Whether the file is one as far as can be told without loading it.
bool ReceivedCopy::check() {
  const std::string_view head = head_;
  const bool is_rdb = head.starts_with("REDIS") || head.starts_with("VALKEY");
  if (!is_rdb || head.size() < kHeadBytes || tail_.size() < kChecksumBytes) {
    error_ = "what was received is no RDB file";
    return false;
  }
  const std::string_view digits = head.substr(head.starts_with("REDIS") ? 5 : 6);
  const auto version = storage::parse_int64(
      digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1)));
  if (!version || *version <= 0) {
    error_ = "the version of the RDB file that was received is no number";
    return false;
  }
  if (*version < kFirstVersionWithChecksum || !server_.config.rdbchecksum) return true;
  uint64_t stored = 0;
  std::memcpy(&stored, tail_.data(), sizeof stored);
  if (stored == 0 || stored == crc_) return true;
  error_ = "the checksum of the RDB file that was received is wrong";
  return false;
}

bool ReceivedCopy::install(const std::string& path) {
  if (!check()) return false;
  if (const auto error = file_.sync(); !error.ok()) return fail(error);
  if (const auto error = file_.close(); !error.ok()) return fail(error);
  if (const auto error = persistence::rename_file(temporary_path_, path); !error.ok()) {
    return fail(error);
  }
  temporary_path_.clear();
  const auto error = persistence::sync_directory_of(path);
  return error.ok() || fail(error);
}

persistence::ByteSource::ReadResult LinkSource::read(void* to, size_t size) {
  if (size_bytes_) size = std::min<uint64_t>(size, *size_bytes_ - read_bytes_);
  if (size == 0) return {0, 0};
  if (input_.size() > 0) {
    size = std::min(size, input_.size());
    std::memcpy(to, input_.view().data(), size);
    input_.consume(size);
    read_bytes_ += size;
    return {size, 0};
  }
  int64_t last_ms = storage::monotonic_us() / 1000;
  for (;;) {
    if (!link_.connected()) return {0, ECONNRESET};
    const ssize_t received = link_.receive(to, size);
    if (received > 0) {
      read_bytes_ += static_cast<uint64_t>(received);
      server_.stats.total_net_repl_input_bytes += received;
      return {static_cast<size_t>(received), 0};
    }
    if (received == 0) return {0, ECONNRESET};
    if (errno != EAGAIN && errno != EWOULDBLOCK) return {0, errno};
    link_.watch();
    loop_.serve_next();
    if (!keep_going_() || server_.shutdown_request()) return {0, ECANCELED};
    const int64_t idle_ms = storage::monotonic_us() / 1000 - last_ms;
    if (idle_ms > int64_t{server_.config.repl_timeout_s} * 1000) return {0, ETIMEDOUT};
  }
}

LoadedCopy load_copy(server::Server& server, persistence::ByteReader& reader,
                     storage::Keyspace& keyspace, bool verify_checksum,
                     std::function<bool()> keep_going) {
  CopyObserver observer(server, std::move(keep_going));
  persistence::rdb::LoadOptions options = server.loading.load_options({.drop_expired = false});
  options.verify_checksum = options.verify_checksum && verify_checksum;
  const persistence::rdb::LoadResult result =
      persistence::rdb::load(reader, keyspace, options, observer);
  server.loading.count_keys(result);
  LoadedCopy loaded;
  loaded.ok = result.ok;
  if (!result.ok) {
    loaded.cause = fmt::format("{} at offset {}", result.error.cause, result.error.offset);
  }
  for (const auto& [name, value] : observer.replication_fields()) {
    if (name != "repl-stream-db") continue;
    const auto database = storage::parse_int64(value);
    if (database && *database >= 0 && *database < server.keyspace.database_count()) {
      loaded.database = static_cast<int>(*database);
    }
  }
  return loaded;
}

}  // namespace spinel::cluster
