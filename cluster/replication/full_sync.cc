#include "cluster/replication/full_sync.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

#include "cluster/replication/node.h"
#include "persistence/rdb/saver.h"
#include "server/client.h"
#include "server/log/log.h"
#include "server/net/event_loop.h"
#include "server/persistence/snapshots.h"
#include "server/server.h"
#include "storage/base/random.h"

namespace spinel::cluster {

namespace rdb = persistence::rdb;
using State = ReplicaClient::State;

namespace {

constexpr size_t kMarkDigits = 40;
constexpr int kPipeBytes = 1 << 20;
// How much is read in one turn, and how far the slowest replica may be behind for that.
constexpr size_t kReadBytes = 256 * 1024;
constexpr uint64_t kMostPendingBytes = 1 << 20;

}  // namespace

std::vector<ReplicaClient*> FullSync::those_who_wait() const {
  std::vector<ReplicaClient*> waiting;
  for (ReplicaClient* replica : replicas_.attached()) {
    if (replica->state() != State::kWaiting || replica->client().closing) continue;
    if (waiting.empty() || replica->traits.same_filter(waiting[0]->traits)) {
      waiting.push_back(replica);
    }
  }
  return waiting;
}

// What goes through a pipe cannot be joined later: so it waits a while for further replicas.
bool FullSync::is_due(const std::vector<ReplicaClient*>& waiting, bool through_pipe) const {
  const server::Config& config = node_.server.config;
  if (!through_pipe || config.repl_diskless_sync_delay_s == 0) return true;
  const int most = config.repl_diskless_sync_max_replicas;
  if (most > 0 && waiting.size() >= static_cast<size_t>(most)) return true;
  int64_t since_ms = INT64_MAX;
  for (const ReplicaClient* replica : waiting) {
    since_ms = std::min(since_ms, replica->waiting_since_ms());
  }
  return node_.server.monotonic_ms() - since_ms >=
         config.repl_diskless_sync_delay_s * int64_t{1000};
}

void FullSync::start_if_due() {
  if (pipe_ != nullptr || !file_path_.empty() || node_.server.child.running()) return;
  const std::vector<ReplicaClient*> waiting = those_who_wait();
  if (waiting.empty()) return;
  const bool through_pipe =
      (node_.server.config.repl_diskless_sync || waiting[0]->traits.filtered()) &&
      std::ranges::all_of(
          waiting, [](const ReplicaClient* replica) { return replica->traits.takes_eof_mark; });
  if (!is_due(waiting, through_pipe)) return;
  server::log_notice("Saving the data for {} replicas, {}", waiting.size(),
                     through_pipe ? "through a pipe" : "to disk");
  // The stream behind the copy begins with the database it is about.
  if (!node_.is_replica()) node_.server.effects.select_anew();
  through_pipe ? start_pipe(waiting) : start_file(waiting);
}

void FullSync::announce(ReplicaClient& replica, int64_t offset) const {
  if (!replica.acknowledges()) return;  // SYNC knows no offsets
  replica.client().output.append(fmt::format("+FULLRESYNC {} {}\r\n", node_.history.id(), offset));
  replica.client().transport().output_ready();
}

void FullSync::refuse(const std::vector<ReplicaClient*>& waiting, const std::string& cause) {
  server::log_warning("Replicas cannot be sent the data: {}", cause);
  for (ReplicaClient* replica : waiting) {
    server::Client& client = replica->client();
    replica->detach();
    client.output.append("-ERR BGSAVE failed, replication can't continue\r\n");
    client.close_after_reply = true;
    client.transport().output_ready();
  }
}

// --- through a file

void FullSync::start_file(const std::vector<ReplicaClient*>& waiting) {
  if (!node_.server.snapshots.start()) return refuse(waiting, "no child could be forked");
  file_path_ = node_.server.config.dbfilename;
  file_offset_ = node_.history.offset();
  const storage::ByteLog::Reader reader = node_.history.reader_at_end();
  for (ReplicaClient* replica : waiting) {
    replica->begin_saving(reader);
    announce(*replica, file_offset_);
  }
}

bool FullSync::join(ReplicaClient& replica) {
  if (file_path_.empty()) return false;
  for (ReplicaClient* other : replicas_.attached()) {
    if (other->state() != State::kSaving || other->client().closing) continue;
    if (!replica.traits.can_share(other->traits)) continue;
    // Nothing of the stream was sent to the other one yet.
    replica.begin_saving(*other->stream());
    announce(replica, file_offset_);
    return true;
  }
  return false;
}

void FullSync::on_snapshot_end(bool ok) {
  if (file_path_.empty()) return;  // nobody waited for that one
  const std::string path = std::exchange(file_path_, {});
  for (ReplicaClient* replica : replicas_.attached()) {
    if (replica->state() != State::kSaving || replica->client().closing) continue;
    std::unique_ptr<FileCopy> copy = ok ? FileCopy::open(path) : nullptr;
    if (copy == nullptr) {
      server::log_warning("Replica {} is disconnected, as there is no snapshot to send",
                          replica->name());
      node_.server.clients.close(replica->client(), server::CloseReason::kKilled);
      continue;
    }
    replica->begin_copying(std::move(copy), node_.server.monotonic_ms());
    replica->client().transport().output_ready();
  }
  // Those who are sent the file have it open.
  if (ok) node_.server.snapshots.remove_sync_file(path);
}

// --- through a pipe

void FullSync::start_pipe(const std::vector<ReplicaClient*>& waiting) {
  server::Server& server = node_.server;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return refuse(waiting, std::strerror(errno));
  fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);  // if the system lets us
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  const int to = ends[1];
  rdb::SaveOptions options = server::rdb_save_options(server, false);
  options.consume_values = true;
  options.without_data = waiting[0]->traits.without_data;
  const auto work = [&](persistence::ChildProcess::Reporter& reporter) {
    options.progress = server::child_progress(server, server::ChildKind::kSnapshot, reporter);
    persistence::File file;
    file.adopt(to, "the pipe to replicas");
    persistence::FileSink sink(file);
    const rdb::SaveResult saved = rdb::save(server.keyspace, sink, options);
    if (!saved.ok()) return fmt::format("write: {}", std::strerror(saved.error));
    reporter.report(saved.keys, saved.bytes);
    return std::string();
  };
  const int error =
      server.child.start(server::ChildKind::kSnapshot, work,
                         [this](const persistence::ChildEnd& end) { on_child_end(end); }, {to});
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return refuse(waiting, fmt::format("fork failed: {}", std::strerror(error)));
  }
  server::log_notice("Background RDB transfer started by pid {}", server.child.pid());
  pipe_ = std::make_unique<Pipe>();
  pipe_->stream = std::make_shared<CopyStream>();
  pipe_->mark = storage::random_hex(kMarkDigits);
  pipe_->watch =
      std::make_unique<server::net::DescriptorWatch>(node_.loop, ends[0], [this] { read_pipe(); });
  const int64_t offset = node_.history.offset();
  const storage::ByteLog::Reader reader = node_.history.reader_at_end();
  for (ReplicaClient* replica : waiting) {
    replica->begin_saving(reader);
    announce(*replica, offset);
    replica->begin_copying(std::make_unique<StreamCopy>(pipe_->stream), server.monotonic_ms());
  }
  pipe_->stream->log.append(fmt::format("$EOF:{}\r\n", pipe_->mark));
}

std::vector<ReplicaClient*> FullSync::receivers() const {
  std::vector<ReplicaClient*> receivers;
  for (ReplicaClient* replica : replicas_.attached()) {
    const auto* copy = dynamic_cast<const StreamCopy*>(replica->copy());
    if (copy == nullptr || !copy->is_of(*pipe_->stream) || replica->client().closing) continue;
    receivers.push_back(replica);
  }
  return receivers;
}

uint64_t FullSync::most_pending_bytes() const {
  uint64_t most = 0;
  for (const ReplicaClient* replica : receivers()) {
    most = std::max(most, static_cast<const StreamCopy*>(replica->copy())->pending_bytes());
  }
  return most;
}

void FullSync::read_pipe() {
  static std::array<char, kReadBytes> buffer;
  if (pipe_ == nullptr || pipe_->ended) return;
  if (most_pending_bytes() > kMostPendingBytes) return;  // `end_turn` sees when that is over
  const ssize_t got = read(pipe_->watch->descriptor(), buffer.data(), buffer.size());
  if (got > 0) {
    pipe_->stream->log.append({buffer.data(), static_cast<size_t>(got)});
    for (ReplicaClient* replica : receivers()) replica->client().transport().output_ready();
    return;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  // A read that fails is the end, too: then the child cannot write on and tells so.
  pipe_->ended = true;
  server::log_notice("Diskless rdb transfer, done reading from pipe, {} replicas still up.",
                     receivers().size());
  finish_pipe_if_complete();
  node_.server.child.poll();
}

void FullSync::on_child_end(const persistence::ChildEnd& end) {
  using How = persistence::ChildEnd::How;
  if (pipe_ == nullptr) return;
  pipe_->child_runs = false;
  if (end.how == How::kDone) {
    server::log_notice("The child has written the full copy");
    return finish_pipe_if_complete();
  }
  if (end.how == How::kKilled) {
    server::log_warning("Signal {} ended the child that wrote the full copy", end.signal);
  } else {
    server::log_warning("The child could not write the full copy: {}", end.cause);
  }
  for (ReplicaClient* replica : receivers()) {
    server::log_warning("Replica {} is disconnected, as its full copy cannot be completed",
                        replica->name());
    node_.server.clients.close(replica->client(), server::CloseReason::kKilled);
  }
  pipe_.reset();
}

void FullSync::finish_pipe_if_complete() {
  if (!pipe_->ended || pipe_->child_runs) return;
  pipe_->stream->log.append(pipe_->mark);
  pipe_->stream->complete = true;
  for (ReplicaClient* replica : receivers()) replica->client().transport().output_ready();
  pipe_.reset();
}

void FullSync::end_turn() {
  if (pipe_ == nullptr) return;
  if (receivers().empty()) {
    if (pipe_->child_runs) {
      server::log_notice("Diskless rdb transfer, last replica dropped, killing fork child.");
      node_.server.child.kill(SIGUSR1);
    }
    pipe_.reset();
    return;
  }
  if (!pipe_->ended && most_pending_bytes() <= kMostPendingBytes) pipe_->watch->arm();
}

}  // namespace spinel::cluster
