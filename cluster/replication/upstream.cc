#include "cluster/replication/upstream.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <utility>

#include "cluster/replication/node.h"
#include "cluster/replication/stream_applier.h"
#include "persistence/file/byte_reader.h"
#include "server/engine/context.h"
#include "server/log/log.h"
#include "server/net/event_loop.h"
#include "server/resp/encode.h"
#include "server/server.h"
#include "server/stats/info_writer.h"
#include "storage/base/clock.h"

namespace spinel::cluster {

namespace {

constexpr int64_t kRetryMs = 1000;
constexpr int64_t kAcknowledgePeriodMs = 1000;
// How often one event reads before others have their turn.
constexpr int kMostReads = 4;
constexpr int64_t kDiskWarningPeriodMs = 10'000;
// A copy arrives in larger pieces.
constexpr size_t kCopyReadBytes = 256 * 1024;

}  // namespace

Upstream::Upstream(Node& node)
    : node_(node),
      link_(std::make_unique<server::net::OutgoingLink>(
          node.loop, static_cast<server::net::OutgoingLink::Owner&>(*this))) {}

Upstream::~Upstream() = default;

int64_t Upstream::now_ms() const {
  return storage::monotonic_us() / 1000;
}

// --- following

void Upstream::follow(const std::string& host, int port) {
  host_ = host;
  port_ = port;
  down_since_ms_ = -1;
  disconnect(0);
}

void Upstream::stop() {
  host_.clear();
  disconnect(0);
  down_since_ms_ = -1;
  must_copy_ = false;
}

void Upstream::disconnect(int64_t delay_ms) {
  if (is_loading_) {
    // What loads notices, and comes back here.
    give_up_loading_ = true;
    return;
  }
  if (is_applying_) {
    is_killed_ = true;
    return;
  }
  if (connected()) {
    down_since_ms_ = now_ms();
    stream_database_ = client_->database;
  }
  link_->close();
  applier_.reset();
  client_.reset();
  copy_.reset();
  input_.consume(input_.size());
  unanswered_.clear();
  is_killed_ = false;
  state_ = active() ? State::kConnect : State::kNone;
  next_try_ms_ = now_ms() + delay_ms;
  node_.update_role();
}

void Upstream::connect() {
  state_ = State::kConnecting;
  last_io_ms_ = now_ms();
  server::log_notice("Connecting to the master {}:{}", host_, port_);
  link_->connect(host_, port_, node_.server.config.bind_source_addr);
}

void Upstream::on_connect_failed(const std::string& why) {
  server::log_warning("Cannot connect to the master {}:{}: {}. Trying again in a second", host_,
                      port_, why);
  disconnect(kRetryMs);
}

void Upstream::lose(std::string_view why) {
  if (connected()) {
    server::log_warning("Lost the connection to the master: {}. Connecting again", why);
    return disconnect(0);
  }
  server::log_warning("Cannot synchronize with the master: {}. Trying again in a second", why);
  disconnect(kRetryMs);
}

void Upstream::check_timeout() {
  if (state_ <= State::kConnect || is_loading_) return;
  if (now_ms() - last_io_ms_ <= int64_t{node_.server.config.repl_timeout_s} * 1000) return;
  switch (state_) {
    case State::kConnecting:
      return lose("it did not accept the connection within repl-timeout");
    case State::kReceive:
      return lose(
          "nothing of the full copy arrived within repl-timeout. Raise repl-timeout if the master "
          "is "
          "slow");
    case State::kConnected:
      return lose("it sent nothing within repl-timeout");
    default:
      return lose("it did not answer within repl-timeout");
  }
}

void Upstream::cron() {
  if (!active() || is_loading_) return;
  link_->flush();
  check_timeout();
  if (!connected()) return;
  if (now_ms() - last_acknowledged_ms_ >= kAcknowledgePeriodMs) acknowledge();
}

void Upstream::between_turns() {
  if (!active() || is_loading_) return;
  if (is_killed_) {
    node_.loop.within_turn([this] { lose("its client was killed"); });
  } else if (state_ == State::kLoadFile) {
    load_file();
  } else if (state_ == State::kLoadLink) {
    load_from_link();
  } else if (state_ == State::kConnect && now_ms() >= next_try_ms_ &&
             !node_.server.loading.active()) {
    connect();
  }
}

// --- reading

void Upstream::on_readable() {
  if (is_loading_) return;  // it is read where it is loaded
  server::Server& server = node_.server;
  for (int i = 0; i < kMostReads; ++i) {
    const size_t expected = applier_ != nullptr         ? applier_->expected_bytes()
                            : state_ == State::kReceive ? kCopyReadBytes
                                                        : 0;
    input_.prepare(std::max(expected, server::resp::InputBuffer::kReadCapacity));
    const size_t room = input_.room();
    const ssize_t received = link_->receive(input_.tail(), room);
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (received < 0) return lose(std::strerror(errno));
    if (received == 0) return lose("the master closed it");
    input_.commit(static_cast<size_t>(received));
    last_io_ms_ = now_ms();
    ++server.stats.total_reads_processed;
    server.stats.total_net_repl_input_bytes += received;
    if (client_ != nullptr) {
      client_->bytes_in += static_cast<uint64_t>(received);
      client_->last_interaction_ms = server.now_ms();
    }
    process_input();
    if (!link_->connected() || state_ == State::kLoadFile || state_ == State::kLoadLink) return;
    if (static_cast<size_t>(received) < room) break;
  }
  link_->watch();
}

void Upstream::process_input() {
  while (link_->connected()) {
    switch (state_) {
      case State::kReceive:
        return receive_copy();
      case State::kConnected:
        return apply_stream();
      case State::kLoadFile:
      case State::kLoadLink:
        return;
      default:
        if (!process_line()) return;
    }
  }
}

bool Upstream::process_line() {
  constexpr size_t kLongestLine = 64 * 1024;
  const std::string_view input = input_.view();
  const size_t end = input.find('\n');
  if (end == std::string_view::npos) {
    if (input.size() > kLongestLine) lose("its answer is too long");
    return false;
  }
  std::string line(input.substr(0, end));
  if (line.ends_with('\r')) line.pop_back();
  input_.consume(end + 1);
  // An empty line says that the master is alive, and needs time.
  if (!line.empty()) on_line(line);
  return true;
}

void Upstream::on_line(std::string_view line) {
  switch (state_) {
    case State::kPing:
      if (line.starts_with('+') || line.starts_with("-NOAUTH") || line.starts_with("-NOPERM") ||
          line.starts_with("-ERR operation not permitted")) {
        server::log_notice("The master answers");
        return introduce();
      }
      return lose(fmt::format("it answered PING with '{}'", line));
    case State::kIntroduce:
      return on_introduced(line);
    case State::kPsync:
      return on_psync_answer(line);
    case State::kCopyHead:
      return on_copy_head(line);
    default:
      return;
  }
}

// Whether a replica that cannot keep what it applies may go on; it tells of it now and then.
void Upstream::check_disk() {
  server::Server& server = node_.server;
  if (!server.snapshots.failing() && !server.append_only_file.failing()) [[likely]]
    return;
  if (server.snapshots.write_refusal().empty() && server.append_only_file.write_refusal().empty()) {
    return;
  }
  if (!server.config.replica_ignore_disk_write_errors) {
    server::log_warning(
        "This replica cannot write what its master sends to its disk, and ends. With "
        "replica-ignore-disk-write-errors it would go on. Check the disk");
    std::_Exit(1);
  }
  if (now_ms() < next_disk_warning_ms_) return;
  next_disk_warning_ms_ = now_ms() + kDiskWarningPeriodMs;
  server::log_warning(
      "This replica applies what its master sends although it cannot write it to its disk");
}

void Upstream::apply_stream() {
  check_disk();
  is_applying_ = true;
  const size_t done = applier_->apply(input_.view());
  is_applying_ = false;
  if (is_killed_) return;  // the rest may be asked for again
  input_.consume(done);
  if (!applier_->failed()) return;
  server::log_warning("Protocol error in the stream of the master: {}. Connecting again",
                      applier_->error());
  lose("its stream is broken");
}

// --- the handshake

void Upstream::send(std::initializer_list<std::string_view> args) {
  std::string text;
  server::resp::append_command(text, args);
  link_->send(text);
}

void Upstream::on_connected() {
  last_io_ms_ = now_ms();
  state_ = State::kPing;
  send({"PING"});
  link_->watch();
}

void Upstream::introduce() {
  const server::Config& config = node_.server.config;
  state_ = State::kIntroduce;
  if (!config.masterauth.empty()) {
    unanswered_.push_back(Introduction::kAuth);
    if (config.masteruser.empty()) {
      send({"AUTH", config.masterauth});
    } else {
      send({"AUTH", config.masteruser, config.masterauth});
    }
  }
  const bool own_tls = config.tls_replication && config.tls_port != 0;
  const int port = config.replica_announce_port != 0 ? config.replica_announce_port
                   : own_tls                         ? config.tls_port
                                                     : config.port;
  unanswered_.push_back(Introduction::kOption);
  send({"REPLCONF", "listening-port", std::to_string(port)});
  if (!config.replica_announce_ip.empty()) {
    unanswered_.push_back(Introduction::kOption);
    send({"REPLCONF", "ip-address", config.replica_announce_ip});
  }
  unanswered_.push_back(Introduction::kOption);
  send({"REPLCONF", "capa", "eof", "capa", "psync2"});
}

void Upstream::on_introduced(std::string_view answer) {
  const Introduction what = unanswered_.front();
  unanswered_.pop_front();
  if (answer.starts_with('-')) {
    if (what == Introduction::kAuth) {
      return lose(fmt::format("it refused masteruser and masterauth: {}", answer));
    }
    server::log_notice("The master ignores an option of REPLCONF: {}", answer);
  }
  if (unanswered_.empty()) ask_for_stream();
}

void Upstream::ask_for_stream() {
  state_ = State::kPsync;
  acknowledges_ = true;
  std::string id = "?";
  int64_t wanted = -1;
  if (!must_copy_) {
    id = node_.history.id();
    wanted = node_.history.offset() + 1;
    server::log_notice("Asking the master for history {} from byte {} on", id, wanted);
  } else {
    server::log_notice("Asking the master for a full copy");
  }
  if (node_.failover.in_progress()) {
    send({"PSYNC", id, std::to_string(wanted), "FAILOVER"});
  } else {
    send({"PSYNC", id, std::to_string(wanted)});
  }
}

void Upstream::on_psync_answer(std::string_view line) {
  constexpr std::string_view kContinue = "+CONTINUE";
  constexpr std::string_view kFullResync = "+FULLRESYNC ";
  if (line == kContinue) return go_on({});
  if (line.starts_with(kContinue) && line[kContinue.size()] == ' ') {
    return go_on(line.substr(kContinue.size() + 1));
  }
  if (node_.failover.in_progress()) {
    disconnect(kRetryMs);
    node_.failover.on_rejected();
    return;
  }
  if (line.starts_with(kFullResync)) {
    line.remove_prefix(kFullResync.size());
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) return begin_copy(line, {});
    return begin_copy(line.substr(0, space), line.substr(space + 1));
  }
  refused(line);
}

void Upstream::refused(std::string_view line) {
  if (line.starts_with("-NOMASTERLINK") || line.starts_with("-LOADING")) {
    return lose(fmt::format("it cannot serve replicas now: {}", line));
  }
  server::log_notice("The master refused PSYNC and is sent SYNC: {}", line);
  acknowledges_ = false;
  copy_id_ = new_replication_id();
  copy_offset_ = 0;
  state_ = State::kCopyHead;
  link_->send("SYNC\r\n");
}

void Upstream::go_on(std::string_view id) {
  History& history = node_.history;
  if (!id.empty() && id.size() != kNoReplicationId.size()) {
    return lose("the replication ID that it sent does not have 40 characters");
  }
  const std::string old_id = history.id();
  if (!history.has_backlog()) history.adopt(old_id, history.offset());
  if (!id.empty() && id != old_id) {
    history.continue_as(std::string(id));
    server::log_notice("The replication ID of the master is {} now", id);
    node_.replicas.disconnect_all();
  }
  server::log_notice("Successful partial resynchronization with master.");
  node_.failover.on_accepted();
  begin_stream();
}

void Upstream::begin_copy(std::string_view id, std::string_view offset) {
  const auto number = storage::parse_int64(offset);
  if (id.size() != kNoReplicationId.size() || !number || *number < 0) {
    must_copy_ = true;
    return lose("its +FULLRESYNC has no replication ID or offset");
  }
  copy_id_ = id;
  copy_offset_ = *number;
  server::log_notice("Full resync from master: {}:{}", copy_id_, copy_offset_);
  state_ = State::kCopyHead;
}

// --- the stream

void Upstream::begin_stream() {
  server::Server& server = node_.server;
  client_ = std::make_unique<server::Client>(server, static_cast<server::ClientTransport&>(*this));
  client_->is_master = true;
  client_->authenticated = true;
  client_->deny_blocking = true;
  client_->user = "(superuser)";
  client_->address = link_->peer_address();
  client_->local_address = link_->local_address();
  client_->database = stream_database_;
  applier_ = std::make_unique<StreamApplier>(server, *client_, [this] { acknowledge(); });
  state_ = State::kConnected;
  must_copy_ = !acknowledges_;
  last_io_ms_ = now_ms();
  node_.update_role();
}

void Upstream::acknowledge() {
  last_acknowledged_ms_ = now_ms();
  if (!acknowledges_) return;
  const std::string offset = std::to_string(node_.history.offset());
  const server::AppendOnlyFile& file = node_.server.append_only_file;
  if (!file.enabled()) return send({"REPLCONF", "ACK", offset});
  const uint64_t end = node_.server.effects.log().end();
  const uint64_t synced = file.synced_up_to(end) ? end : file.synced_position();
  send({"REPLCONF", "ACK", offset, "FACK", std::to_string(node_.history.offset_at(synced))});
}

// --- what is told

void Upstream::write_info(server::InfoWriter& info) const {
  const server::Config& config = node_.server.config;
  const int64_t now = now_ms();
  const bool copying = state_ == State::kCopyHead || state_ == State::kReceive ||
                       state_ == State::kLoadFile || state_ == State::kLoadLink;
  info.field("master_host", host_);
  info.field("master_port", port_);
  info.field("master_link_status", connected() ? "up" : "down");
  info.field("master_last_io_seconds_ago", connected() ? (now - last_io_ms_) / 1000 : -1);
  info.field("master_sync_in_progress", copying);
  const int64_t applied = node_.history.offset();
  info.field("slave_read_repl_offset",
             applied + (connected() ? static_cast<int64_t>(input_.size()) : 0));
  info.field("slave_repl_offset", applied);
  if (copying) {
    const uint64_t total = copy_form_.size_bytes;
    const uint64_t read = copy_ != nullptr ? copy_->received_bytes() : copy_read_bytes_;
    info.field("master_sync_total_bytes", total);
    info.field("master_sync_read_bytes", read);
    info.field("master_sync_left_bytes", static_cast<int64_t>(total - read));
    info.fixed("master_sync_perc",
               total == 0 ? 0 : 100.0 * static_cast<double>(read) / static_cast<double>(total));
    info.field("master_sync_last_io_seconds_ago", (now - last_io_ms_) / 1000);
  }
  if (!connected()) {
    info.field("master_link_down_since_seconds",
               down_since_ms_ < 0 ? -1 : (now - down_since_ms_) / 1000);
  }
  info.field("slave_priority", config.replica_priority);
  info.field("slave_read_only", config.replica_read_only);
  info.field("replica_announced", config.replica_announced);
}

void Upstream::write_role(server::CommandContext& ctx) const {
  std::string_view state = "none";
  switch (state_) {
    case State::kNone:
      break;
    case State::kConnect:
      state = "connect";
      break;
    case State::kConnecting:
      state = "connecting";
      break;
    case State::kPing:
    case State::kIntroduce:
    case State::kPsync:
      state = "handshake";
      break;
    case State::kCopyHead:
    case State::kReceive:
    case State::kLoadFile:
    case State::kLoadLink:
      state = "sync";
      break;
    case State::kConnected:
      state = "connected";
      break;
  }
  ctx.reply.array(5);
  ctx.reply.bulk("slave");
  ctx.reply.bulk(host_);
  ctx.reply.integer(port_);
  ctx.reply.bulk(state);
  ctx.reply.integer(connected() ? node_.history.offset() : -1);
}

}  // namespace spinel::cluster
