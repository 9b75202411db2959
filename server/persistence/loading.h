// The server while it loads its data: how far it is, and serving clients meanwhile, to whom most
// commands answer -LOADING.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "persistence/rdb/save_file.h"
#include "server/replication.h"

namespace spinel::server {

class Server;

class Loading {
 public:
  explicit Loading(Server& server) : server_(server) {}

  // Whether commands must wait: a file is being loaded.
  bool active() const { return active_; }
  // Whether data are loaded beside those that are there, which are served meanwhile.
  bool async() const { return async_; }
  // Called now and then while a file is loaded at the start: serves what clients sent.
  void set_serve_events(std::function<void()> serve) { serve_events_ = std::move(serve); }

  // --- for whoever loads
  // Begins; `total_bytes` are to be read of `what`, which log lines name.
  enum class Beside : uint8_t { kNothing, kServedData };
  void begin(std::string what, uint64_t total_bytes, Beside beside = Beside::kNothing);
  // So many bytes of the current file were read, `keys` are there. Serves events. Returns false if
  // loading is to stop, as somebody asked for a shutdown.
  bool advance(uint64_t loaded_bytes);
  // The next file follows; the bytes of the last one are done.
  void next_file() { earlier_bytes_ = loaded_bytes_; }
  void end();

  enum class Result : uint8_t { kLoaded, kNoFile, kFailed, kStopped };
  struct SnapshotOptions {
    bool drop_expired = true;
    bool replace_existing = false;
    // Whether the data are those that this node begins with: then replication goes on with them.
    bool tell_replication = false;
  };
  // Loads the RDB file at `path` into the keyspace. Logs what went wrong; some keys are loaded
  // then.
  Result load_snapshot(const std::string& path, const SnapshotOptions& options);
  // Options for loading an RDB file as configured.
  persistence::rdb::LoadOptions load_options(const SnapshotOptions& options) const;

  // --- for INFO
  int64_t started_s() const { return started_s_; }  // Unix time
  uint64_t total_bytes() const { return total_bytes_; }
  uint64_t loaded_bytes() const { return loaded_bytes_; }
  uint64_t rdb_used_memory() const { return rdb_used_memory_; }
  void set_rdb_used_memory(uint64_t bytes) { rdb_used_memory_ = bytes; }
  double loaded_percent() const;
  int64_t seconds_left() const;
  uint64_t last_keys_loaded() const { return last_keys_loaded_; }
  uint64_t last_keys_expired() const { return last_keys_expired_; }
  void count_keys(const persistence::rdb::LoadResult& result);

 private:
  void log_progress();

  Server& server_;
  std::function<void()> serve_events_;
  bool active_ = false;
  bool async_ = false;
  std::string what_;
  int64_t started_s_ = 0;
  int64_t started_ms_ = 0;   // monotonic
  int64_t next_log_ms_ = 0;  // monotonic
  uint64_t total_bytes_ = 0;
  uint64_t earlier_bytes_ = 0;
  uint64_t loaded_bytes_ = 0;
  uint64_t rdb_used_memory_ = 0;
  uint64_t last_keys_loaded_ = 0;
  uint64_t last_keys_expired_ = 0;
};

// What to do about an RDB file with something that is not supported.
inline constexpr const char* kUnsupportedAdvice =
    "Load it into the server that wrote it, delete there what is not supported here, and save it "
    "again";

// Logs what an RDB file tells of itself, and what of it is left out.
class LoggingLoadObserver : public persistence::rdb::LoadObserver {
 public:
  explicit LoggingLoadObserver(Server& server) : server_(server) {}

  // What the file says of the history that its data belong to.
  const Replication::Fields& replication_fields() const { return replication_fields_; }

  void on_aux(std::string_view name, std::string_view value) override;
  void on_module_skipped(std::string_view module, std::string_view key) override;
  bool on_progress(uint64_t bytes_read) override;

 private:
  Server& server_;
  std::string last_module_;
  Replication::Fields replication_fields_;
};

// Loads what the configuration names: the append only file, or else the snapshot. Returns whether
// the server may serve; if not, it logged why, or was told to stop.
bool load_data_at_start(Server& server);

// Removes all data and loads `dbfilename`: DEBUG RELOAD.
struct ReloadOptions {
  bool save = true;
  bool flush = true;
  bool merge = false;
};
// Returns the error reply, empty if there is none. A file that is there and cannot be loaded ends
// the process: half of the data must not be served.
std::string_view reload_snapshot(Server& server, const ReloadOptions& options);
// Removes all keys of all databases.
void empty_keyspace(Server& server);

}  // namespace spinel::server
