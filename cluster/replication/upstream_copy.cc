// The full copy of a master's data: receiving and loading it.
#include <fmt/format.h>
#include <utility>

#include "cluster/replication/node.h"
#include "cluster/replication/stream_applier.h"
#include "cluster/replication/upstream.h"
#include "persistence/file/byte_reader.h"
#include "server/log/log.h"
#include "server/net/event_loop.h"
#include "server/server.h"
#include "storage/base/clock.h"

namespace spinel::cluster {

using server::DisklessLoad;

namespace {

constexpr int64_t kNewlinePeriodMs = 1000;
constexpr int64_t kProgressPeriodMs = 5000;
constexpr double kMega = 1 << 20;

std::string size_text(const CopyForm& form) {
  if (!form.mark.empty()) return "of unknown size";
  return fmt::format("{} bytes", form.size_bytes);
}

}  // namespace

void Upstream::on_copy_head(std::string_view line) {
  if (line.starts_with('-')) {
    return lose(fmt::format("it ended the full copy with an error: {}", line));
  }
  auto form = CopyForm::parse(line);
  if (!form) {
    return lose(fmt::format(
        "it sent '{}' where a full copy should begin. Check host and port of the master", line));
  }
  copy_form_ = std::move(*form);
  copy_read_bytes_ = 0;
  copy_began_ms_ = now_ms();
  next_progress_ms_ = copy_began_ms_ + kProgressPeriodMs;
  const DisklessLoad mode = node_.server.config.repl_diskless_load;
  const bool from_link =
      mode == DisklessLoad::kSwapdb || (mode == DisklessLoad::kOnEmptyDb && data_is_empty());
  server::log_notice("Receiving the full copy, {}, {}", size_text(copy_form_),
                     from_link ? "and loading it meanwhile" : "into a file");
  if (from_link) {
    state_ = State::kLoadLink;
    return;
  }
  copy_ = std::make_unique<ReceivedCopy>(node_.server, copy_form_);
  if (!copy_->open()) return lose(fmt::format("the copy cannot be kept: {}", copy_->error()));
  state_ = copy_->complete() ? State::kLoadFile : State::kReceive;
}

void Upstream::receive_copy() {
  input_.consume(copy_->take(input_.view()));
  if (!copy_->error().empty()) {
    return lose(fmt::format("the copy cannot be kept: {}", copy_->error()));
  }
  if (now_ms() >= next_progress_ms_) log_progress();
  if (copy_->complete()) state_ = State::kLoadFile;
}

void Upstream::log_progress() {
  const int64_t now = now_ms();
  next_progress_ms_ = now + kProgressPeriodMs;
  const auto received = static_cast<double>(copy_->received_bytes());
  const double seconds = static_cast<double>(now - copy_began_ms_) / 1000;
  const double rate = received / seconds;
  if (!copy_form_.mark.empty()) {
    server::log_notice("Receiving the copy: {:.0f} MB so far, {:.1f} MB/s", received / kMega,
                       rate / kMega);
    return;
  }
  const auto total = static_cast<double>(copy_form_.size_bytes);
  server::log_notice(
      "Receiving the copy: {:.0f}%, {:.0f} of {:.0f} MB, {:.1f} MB/s, about {:.0f} seconds left",
      100 * received / total, received / kMega, total / kMega, rate / kMega,
      (total - received) / rate);
}

bool Upstream::data_is_empty() const {
  for (int i = 0; i < node_.server.keyspace.database_count(); ++i) {
    if (node_.server.keyspace.database(i).size() > 0) return false;
  }
  return true;
}

void Upstream::empty_data() {
  server::Server& server = node_.server;
  server::log_notice("Removing the old data");
  for (int i = 0; i < server.keyspace.database_count(); ++i) {
    storage::Database& database = server.keyspace.database(i);
    if (database.size() == 0) continue;
    server.modified_keys.flushed(i);
    database.clear(server.keyspace.lazy(server.config.replica_lazy_flush));
    keep_loading();
  }
}

bool Upstream::keep_loading() {
  const int64_t now = now_ms();
  if (now - last_newline_ms_ >= kNewlinePeriodMs) {
    last_newline_ms_ = now;
    link_->send("\n");
  }
  return !give_up_loading_;
}

// It would take in what is not there any more.
void Upstream::stop_append_only_file() {
  if (node_.server.append_only_file.enabled()) node_.server.append_only_file.set_enabled(false);
}

void Upstream::resume_append_only_file() {
  server::Server& server = node_.server;
  if (!server.config.appendonly || server.append_only_file.enabled()) return;
  if (const auto error = server.append_only_file.set_enabled(true)) {
    server::log_warning("Cannot begin the append only file after the full copy: {}", *error);
  }
}

LoadedCopy Upstream::replace_data(persistence::ByteReader& reader, uint64_t size_bytes,
                                  bool verify) {
  server::Server& server = node_.server;
  node_.loop.within_turn([&] {
    stop_append_only_file();
    node_.replicas.disconnect_all();
    server.loading.begin("the copy of the master's data", size_bytes);
    // From here on the data are nobody's until all are there.
    must_copy_ = true;
    empty_data();
  });
  server::log_notice("MASTER <-> REPLICA sync: Loading DB in memory");
  LoadedCopy loaded =
      load_copy(server, reader, server.keyspace, verify, [this] { return keep_loading(); });
  if (loaded.ok) ends_with_mark(reader, loaded);
  node_.loop.within_turn([&] {
    if (!loaded.ok) empty_data();
    server.loading.end();
  });
  return loaded;
}

LoadedCopy Upstream::load_aside(persistence::ByteReader& reader) {
  server::Server& server = node_.server;
  storage::SilentObserver nobody;
  storage::Keyspace aside(server.keyspace.database_count(), nobody);
  aside.access.lfu = server.keyspace.access.lfu;
  aside.access.lfu_log_factor = server.keyspace.access.lfu_log_factor;
  aside.access.lfu_decay_minutes = server.keyspace.access.lfu_decay_minutes;
  aside.set_now(server.now_ms());
  // Only what goes on from the same history may be served although it is old.
  const bool same_history = copy_id_ == node_.history.id() && !must_copy_;
  server.loading.begin(
      "the copy of the master's data", copy_form_.size_bytes,
      same_history ? server::Loading::Beside::kServedData : server::Loading::Beside::kNothing);
  server::log_notice("MASTER <-> REPLICA sync: Loading DB in memory");
  LoadedCopy loaded = load_copy(server, reader, aside, true, [this] { return keep_loading(); });
  if (loaded.ok) ends_with_mark(reader, loaded);
  node_.loop.within_turn([&] {
    server.loading.end();
    if (loaded.ok) {
      server::log_notice("The full copy takes the place of the old data");
      stop_append_only_file();
      must_copy_ = true;
      for (int i = 0; i < aside.database_count(); ++i) {
        storage::Database& database = server.keyspace.database(i);
        if (database.size() > 0) server.modified_keys.flushed(i);
        database.swap_contents(aside.database(i));
        aside.database(i).clear(server.keyspace.lazy(server.config.replica_lazy_flush));
      }
    }
  });
  return loaded;
}

// The mark must stand behind the file.
bool Upstream::ends_with_mark(persistence::ByteReader& reader, LoadedCopy& loaded) const {
  if (copy_form_.mark.empty()) return true;
  const unsigned char* bytes = reader.take(copy_form_.mark.size());
  if (bytes != nullptr && std::string_view(reinterpret_cast<const char*>(bytes),
                                           copy_form_.mark.size()) == copy_form_.mark) {
    return true;
  }
  loaded.ok = false;
  loaded.cause = "the mark behind the RDB file is missing";
  return false;
}

void Upstream::load_file() {
  server::Server& server = node_.server;
  const std::string path = server.config.dbfilename;
  server.snapshots.stop_child();  // what it saves is older
  if (!copy_->install(path)) {
    const std::string why = copy_->error();
    return node_.loop.within_turn([&] { lose(why); });
  }
  LoadedCopy loaded;
  persistence::File file;
  if (const auto error = file.open(path, persistence::File::Mode::kRead); !error.ok()) {
    loaded.cause = error.text();
  } else {
    is_loading_ = true;
    persistence::FileSource source(file);
    persistence::ByteReader reader(source);
    const CopyForm form = std::exchange(copy_form_, {copy_->file_bytes(), {}});
    loaded = replace_data(reader, copy_->file_bytes(), false);
    copy_form_ = form;
    is_loading_ = false;
  }
  server.snapshots.remove_sync_file(path);
  node_.loop.within_turn([&] { on_loaded(loaded); });
}

void Upstream::load_from_link() {
  server::Server& server = node_.server;
  is_loading_ = true;
  std::optional<uint64_t> size;
  if (copy_form_.mark.empty()) size = copy_form_.size_bytes;
  LinkSource source(server, node_.loop, *link_, input_, size, [this, &source] {
    copy_read_bytes_ = source.read_bytes();
    return keep_loading();
  });
  persistence::ByteReader reader(source);
  const LoadedCopy loaded = server.config.repl_diskless_load == DisklessLoad::kSwapdb
                                ? load_aside(reader)
                                : replace_data(reader, copy_form_.size_bytes, true);
  is_loading_ = false;
  node_.loop.within_turn([&] { on_loaded(loaded); });
}

void Upstream::on_loaded(const LoadedCopy& loaded) {
  server::Server& server = node_.server;
  const bool gave_up = std::exchange(give_up_loading_, false);
  if (!loaded.ok || gave_up) {
    if (!server.shutdown_request()) resume_append_only_file();
    if (gave_up) return disconnect(0);
    return lose(fmt::format("its full copy cannot be loaded: {}", loaded.cause));
  }
  copy_.reset();
  node_.replicas.disconnect_all();
  node_.history.adopt(copy_id_, copy_offset_);
  stream_database_ = loaded.database;
  server.effects.append_applied({}, loaded.database);
  server.modified_keys.loaded();
  resume_append_only_file();
  begin_stream();
  server::log_notice("MASTER <-> REPLICA sync: Finished with success");
  // Only now does a master that wrote to the connection directly send more.
  if (!copy_form_.mark.empty()) acknowledge();
  process_input();
  if (link_->connected()) link_->watch();
}

}  // namespace spinel::cluster
