// The append only file: a reader of the effect stream that writes it to disk, as often as
// `appendfsync` says, and rewrites it when it has grown.
//
// With `everysec` and `no`, what a turn of the loop did is written before its replies are sent, so
// that the end of the process loses nothing that was answered; a thread syncs. While that thread
// syncs, writes wait for up to two seconds, as the system would let them wait. With `always` the
// thread writes and syncs, and the replies wait for it (ReplyGate), while the loop goes on.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/aof/directory.h"
#include "persistence/aof/manifest.h"
#include "persistence/aof/sync_thread.h"
#include "persistence/file/byte_reader.h"
#include "persistence/file/file_system.h"
#include "persistence/snapshot/child_process.h"
#include "storage/base/byte_log.h"

namespace spinel::server {

class Server;

class AppendOnlyFile {
 public:
  explicit AppendOnlyFile(Server& server);

  bool enabled() const { return state_ != State::kOff; }
  // Whether the effects up to `position` of their log are on disk.
  bool synced_up_to(uint64_t position) const;
  // The position up to which everything is known to be.
  uint64_t synced_position() const { return synced_position_; }

  // --- the event loop
  // Hands over what the turn did. Called when all commands of the turn have run, and before their
  // replies are sent.
  void end_turn() {
    if (reader_) [[unlikely]]
      hand_over();
  }
  // Becomes readable when the thread has done something: then `on_event` is to be called.
  int event_descriptor() const { return thread_.event_descriptor(); }
  void on_event();
  // Retries, syncs and rewrites what is due.
  void cron();

  // --- start, stop and configuration
  // Loads the files, or makes the first ones, and opens the last for writing. Returns whether that
  // succeeded; logs why not.
  bool start();
  // Reads the files anew into the keyspace, which is emptied: DEBUG LOADAOF. What cannot be loaded
  // ends the process. Returns false if there are no files.
  bool reload();
  // CONFIG SET appendonly. Returns what went wrong.
  std::optional<std::string> set_enabled(bool enabled);
  // CONFIG SET appendfsync.
  void apply_policy();
  // The server is about to end: writes and syncs all. Returns false, with the reason in the log, if
  // data would be lost that `force` does not give up.
  bool prepare_shutdown(bool force);
  // Has everything written and synced before it returns. Returns whether that succeeded.
  bool flush_and_sync();

  // --- rewriting
  enum class RewriteStart : uint8_t { kStarted, kScheduled, kAlreadyRunning, kFailed };
  // BGREWRITEAOF.
  RewriteStart request_rewrite();

  // Why commands that write are refused, code first; empty if they are not.
  std::string write_refusal() const;
  bool failing() const { return write_error_ != 0 || sync_error_ != 0; }

  // --- for INFO
  bool rewrite_scheduled() const { return is_rewrite_scheduled_; }
  bool last_rewrite_ok() const { return last_rewrite_ok_; }
  int64_t last_rewrite_s() const { return last_rewrite_s_; }  // duration; -1: none
  uint64_t last_copied_bytes() const { return last_copied_bytes_; }
  uint64_t current_size_bytes() const { return earlier_bytes_ + file_bytes_; }
  uint64_t base_size_bytes() const { return base_bytes_; }
  // Written by commands and not by us yet.
  uint64_t buffer_bytes() const { return reader_ ? reader_->available() : 0; }
  bool sync_pending() const { return !thread_.idle(); }

 private:
  enum class State : uint8_t {
    kOff,
    kOn,
    // Switched on at run time: what was there before is still to be written, by the first rewrite.
    kWaitForRewrite,
  };
  struct Batch {
    uint64_t job;
    std::shared_ptr<persistence::File> file;
    uint64_t generation;
    uint64_t bytes;
    uint64_t position;  // of the log: its end
    int64_t began_us;   // monotonic
  };

  // Logs why something failed, and remembers it for later log lines.
  void report_failure(std::string text);
  bool always() const;
  // --- writing
  void hand_over();
  void submit_always();
  enum class Urgency : uint8_t { kMayWait, kNow };
  // Writes all that is there. Returns whether nothing is left.
  bool write(Urgency urgency);
  bool write_timestamp();
  bool must_wait_for_sync();
  void write_failed(const persistence::FileError& error, uint64_t start_bytes);
  void sync_if_due();
  void take_failure();
  // Those up to this job of the thread.
  void finish_batches(uint64_t done_job);
  void sync_failed(const persistence::FileError& error, uint64_t job);
  void sync_succeeded();
  void write_succeeded();
  // Waits until the thread has done all.
  void drain_thread();

  // --- files
  persistence::aof::Location location() const;
  std::string path_of(const std::string& name) const { return location().path(name); }
  // Reads what is on the disk into `manifest_`. Logs what went wrong.
  enum class OldFile : uint8_t { kAdopt, kLeave };
  bool read_manifest(OldFile old_file);
  bool write_manifest(const persistence::aof::Manifest& manifest);
  bool make_directory();
  // Opens a file for writing at its end, null if that fails. `is_new`: what has that name is
  // removed before.
  std::shared_ptr<persistence::File> open_file(const std::string& path, bool is_new);
  // From now on `file` is written to. The one before is synced and closed.
  void switch_to(std::shared_ptr<persistence::File> file);
  void close_file();
  void measure_files();
  void remove_history();
  void finish_removal();
  void delete_history_at_start();
  void warn_about_snapshot() const;
  void warn_about_unlisted_files() const;
  bool start_new_files();
  bool begin_increment(persistence::aof::Manifest manifest);

  // --- loading (append_only_file_load.cc)
  enum class LoadEnd : uint8_t { kOk, kFailed, kStopped };
  LoadEnd load_files();
  LoadEnd load_file(const persistence::aof::ManifestFile& listed, bool is_base, bool is_last);
  bool load_preamble(const std::string& path, persistence::ByteReader& reader);
  // What stands behind the last whole unit of a file. kBadCommand: it cannot be run.
  enum class Tail : uint8_t { kTruncated, kBadFormat, kBadCommand };
  bool cut_tail(const std::string& path, bool is_last, Tail tail, uint64_t good_bytes,
                const persistence::ReadError& error);

  // --- rewriting (append_only_file_rewrite.cc)
  bool start_rewrite();
  bool begin_incremental_file();
  bool begin_temporary_file();
  bool install_temporary_file(persistence::aof::Manifest& next);
  void on_rewrite_end(const persistence::ChildEnd& end);
  bool install_base(const std::string& written_path);
  void rewrite_failed();
  bool growth_is_due() const;
  int64_t growth_percent() const;
  int64_t retry_wait_s() const;
  bool may_retry() const;

  Server& server_;
  State state_ = State::kOff;
  std::optional<storage::ByteLog::Reader> reader_;
  std::shared_ptr<persistence::File> file_;
  std::optional<persistence::aof::Manifest> manifest_;
  uint64_t file_bytes_ = 0;        // of the file that is written to
  uint64_t earlier_bytes_ = 0;     // of all others
  uint64_t base_bytes_ = 0;        // of all after the last rewrite, or of the base at the start
  uint64_t synced_bytes_ = 0;      // of the file that is written to, as of the last sync that began
  int64_t last_sync_ms_ = 0;       // monotonic, when it began
  uint64_t syncing_position_ = 0;  // of the log: what that sync brings to disk
  uint64_t synced_position_ = 0;   // of the log: what is on disk for certain
  int64_t waiting_since_ms_ = 0;   // monotonic: writes wait for a sync; 0: they do not
  int64_t pending_since_s_ = 0;    // Unix time of the first effect that is not written; 0: none
  int64_t last_timestamp_s_ = 0;   // as written to the file
  std::deque<Batch> batches_;      // with `always`: under way
  int write_error_ = 0;
  int sync_error_ = 0;
  uint64_t failed_job_ = 0;        // of the thread: what came up to it may not be on disk
  uint64_t last_sync_job_ = 0;     // of the thread
  int64_t next_error_log_ms_ = 0;  // monotonic
  int64_t next_retry_ms_ = 0;      // monotonic: of a write that failed

  bool is_rewrite_scheduled_ = false;
  bool last_rewrite_ok_ = true;
  int64_t rewrite_started_s_ = 0;
  int64_t last_rewrite_s_ = -1;
  int64_t last_failure_ms_ = 0;  // monotonic
  std::string last_failure_;     // as logged
  uint64_t last_copied_bytes_ = 0;
  pid_t child_pid_ = 0;
  bool base_is_rdb_ = true;  // what the child writes

  persistence::aof::SyncThread thread_;
  bool is_removing_ = false;              // history, on the thread below
  persistence::aof::SyncThread remover_;  // a large file takes long, and nothing waits for it
};

}  // namespace spinel::server
