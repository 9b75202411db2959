// RDB snapshots: SAVE, BGSAVE, save points, and what follows when they fail.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "persistence/rdb/save_file.h"
#include "persistence/snapshot/child_process.h"

namespace spinel::server {

class Server;

class Snapshots {
 public:
  explicit Snapshots(Server& server);

  // Saves to `dbfilename` while nothing else runs. Returns whether that succeeded; logs why not.
  bool save();
  // Forks a child that saves. Returns whether it runs; logs why not. Requires that no child runs.
  bool start();
  // Has `start` called as soon as no child runs.
  void schedule() { is_scheduled_ = true; }
  // Ends the child that saves, if there is one, and removes its file.
  void stop_child();
  // Removes a snapshot that was written or received for a full copy alone, if rdb-del-sync-files
  // asks for it and this server keeps no data on disk otherwise.
  void remove_sync_file(const std::string& path) const;
  // FLUSHALL: what a child still saves is worth nothing any more, and what is in the file neither.
  void on_flushall();
  // Starts a child if one is scheduled or a save point is due. Called periodically.
  void cron();

  bool has_save_points() const;
  // Whether `write_refusal` may be a reason.
  bool failing() const { return !last_background_ok_; }
  // Why commands that write are refused (static, code first); empty if they are not.
  std::string_view write_refusal() const;

  // --- for INFO and LASTSAVE
  int64_t last_save_s() const { return last_save_s_; }  // Unix time
  bool last_background_ok() const { return last_background_ok_; }
  int64_t last_background_s() const { return last_background_s_; }  // duration; -1: none
  uint64_t last_copied_bytes() const { return last_copied_bytes_; }

 private:
  void on_child_end(const persistence::ChildEnd& end);
  bool save_point_due() const;
  std::string temporary_path(int64_t pid) const;

  Server& server_;
  bool is_scheduled_ = false;
  int64_t last_save_s_;
  int64_t last_try_s_ = 0;
  bool last_background_ok_ = true;
  int64_t last_background_s_ = -1;
  int64_t child_started_s_ = 0;
  uint64_t last_copied_bytes_ = 0;
  int64_t server_dirty_at_fork_ = 0;
  pid_t child_pid_ = 0;
};

// What an RDB file of `server` is to be like. `aof_base`: it is the base of an append only file.
persistence::rdb::SaveOptions rdb_save_options(const Server& server, bool aof_base);

}  // namespace spinel::server
