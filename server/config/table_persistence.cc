// Rows of the option table: snapshots and the append only file.
#include "persistence/file/file_faults.h"
#include "server/config/options.h"

namespace spinel::server {
namespace {

// Refuses a path: the directory belongs in `dir`.
ConfigError check_dbfilename(const std::string& name) {
  if (name.find('/') != std::string::npos) return "dbfilename can't be a path, just a filename";
  return std::nullopt;
}

ConfigError check_file_faults(const std::string& text) {
  std::vector<persistence::FaultRule> rules;
  std::string wrong;
  if (persistence::parse_fault_rules(text, rules, wrong)) return std::nullopt;
  return "wrong rule: " + wrong;
}

ConfigError check_appendfilename(const std::string& name) {
  if (name.empty()) return "appendfilename can't be empty";
  if (name.find('/') != std::string::npos) return "appendfilename can't be a path, just a filename";
  return std::nullopt;
}

ConfigError check_appenddirname(const std::string& name) {
  if (name.empty()) return "appenddirname can't be empty";
  if (name.find('/') != std::string::npos) return "appenddirname can't be a path, just a dirname";
  return std::nullopt;
}

std::vector<Option> snapshots() {
  return {
      {.name = "dir",
       .value = working_directory_value(),
       .flags = kProtected | kAlwaysRewritten,
       .comment = "Working directory: place of all files that are named here without a path.\n",
       .example = "./"},
      {.name = "save",
       .value = save_value(),
       .comment =
           "Take a snapshot after so many changes within so many seconds. Several pairs or lines\n"
           "add up. \"\": none.\n"},
      {.name = "dbfilename",
       .value = text(&Config::dbfilename, check_dbfilename),
       .flags = kProtected,
       .comment = "File name of the snapshot.\n"},
      {.name = "stop-writes-on-bgsave-error",
       .value = yes_no(&Config::stop_writes_on_bgsave_error),
       .comment = "Refuse writes after a snapshot failed, so that somebody notices.\n"},
      {.name = "rdbcompression",
       .value = yes_no(&Config::rdbcompression),
       .comment = "Compress strings in snapshots and in what DUMP returns.\n"},
      {.name = "rdbchecksum",
       .value = yes_no(&Config::rdbchecksum),
       .flags = kImmutable,
       .comment = "End snapshots with a checksum.\n"},
      {.name = "sanitize-dump-payload",
       .value = choice(&Config::sanitize_dump_payload, {{"no", SanitizeDump::kNo},
                                                        {"yes", SanitizeDump::kYes},
                                                        {"clients", SanitizeDump::kClients}}),
       .comment =
           "Values that are restored or loaded are always checked. This says which checks INFO\n"
           "counts: no, yes, or only those of values that clients restore.\n"},
      {.name = "rdb-skip-module-keys",
       .value = yes_no(&Config::rdb_skip_module_keys),
       .comment =
           "Load RDB files that have keys of Redis modules, without these keys, which the next\n"
           "snapshot then lacks. no: refuse such files. What modules keep beside keys is always\n"
           "left out.\n"},
      {.name = "rdb-del-sync-files",
       .value = yes_no(&Config::rdb_del_sync_files),
       .comment =
           "Remove snapshots made for replication only, where nothing else is kept on disk.\n"},
      {.name = "rdb-save-incremental-fsync",
       .value = yes_no(&Config::rdb_save_incremental_fsync),
       .comment = "Flush a snapshot to disk in steps while it is written.\n"},
      {.name = "debug-file-faults",
       .value = text(&Config::debug_file_faults, check_file_faults),
       .flags = kHidden},
      {.name = "rdb-key-save-delay",
       .value = integer(&Config::rdb_key_save_delay_us, INT32_MIN),
       .flags = kHidden},
      {.name = "key-load-delay",
       .value = integer(&Config::key_load_delay_us, INT32_MIN),
       .flags = kHidden},
      {.name = "loading-process-events-interval-bytes",
       .value = integer(&Config::loading_process_events_interval_bytes, 1024),
       .flags = kHidden},
  };
}

std::vector<Option> append_only_file() {
  return {
      {.name = "appendonly",
       .value = yes_no(&Config::appendonly),
       .comment = "Log every write to the append only file, and restore from it.\n"},
      {.name = "appendfilename",
       .value = text(&Config::appendfilename, check_appendfilename),
       .flags = kImmutable,
       .comment = "Prefix of the names of its files.\n"},
      {.name = "appenddirname",
       .value = text(&Config::appenddirname, check_appenddirname),
       .flags = kImmutable,
       .comment = "Directory of these files, inside dir.\n"},
      {.name = "appendfsync",
       .value = choice(&Config::appendfsync, {{"everysec", DiskAppendFsync::kEverysec},
                                              {"always", DiskAppendFsync::kAlways},
                                              {"no", DiskAppendFsync::kNo}}),
       .comment =
           "When they are forced to disk: always (before the reply), everysec, or no (the kernel\n"
           "decides).\n"},
      {.name = "no-appendfsync-on-rewrite",
       .value = yes_no(&Config::no_appendfsync_on_rewrite),
       .comment =
           "Do not force them to disk while a snapshot or a rewrite runs: faster, less safe.\n"},
      {.name = "auto-aof-rewrite-percentage",
       .value = integer(&Config::auto_aof_rewrite_percentage),
       .comment = "Rewrite the file when it has grown by this percentage. 0: never.\n"},
      {.name = "auto-aof-rewrite-min-size",
       .value = memory(&Config::auto_aof_rewrite_min_size_bytes),
       .comment = "Size below which it is not rewritten.\n"},
      {.name = "aof-load-truncated",
       .value = yes_no(&Config::aof_load_truncated),
       .comment = "Start even if the end of the file is missing, as after a crash.\n"},
      {.name = "aof-load-corrupt-tail-max-size",
       .value = memory(&Config::aof_load_corrupt_tail_max_size_bytes),
       .comment = "Start even if so many bytes at the end of the file make no sense: they are cut "
                  "off. 0:\n"
                  "do not start then.\n"},
      {.name = "aof-use-rdb-preamble",
       .value = yes_no(&Config::aof_use_rdb_preamble),
       .comment = "Rewrite the file as a snapshot, which is smaller and loads faster.\n"},
      {.name = "aof-timestamp-enabled",
       .value = yes_no(&Config::aof_timestamp_enabled),
       .comment = "Write timestamps to the file, to restore a point in time.\n"},
      {.name = "aof-rewrite-incremental-fsync",
       .value = yes_no(&Config::aof_rewrite_incremental_fsync),
       .comment = "Flush a rewrite to disk in steps.\n"},
      {.name = "aof-disable-auto-gc",
       .value = yes_no(&Config::aof_disable_auto_gc),
       .comment = "Keep the files that a rewrite replaced.\n"},
  };
}

}  // namespace

std::vector<OptionSection> persistence_options() {
  return {{"Snapshots", snapshots()}, {"Append only file", append_only_file()}};
}

}  // namespace spinel::server
