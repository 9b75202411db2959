// Loading the append only file: the base, and then the incremental files in their order.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "persistence/aof/record_reader.h"
#include "persistence/rdb/loader.h"
#include "server/engine/known_names.h"
#include "server/engine/replayer.h"
#include "server/log/log.h"
#include "server/persistence/append_only_file.h"
#include "server/persistence/file_advice.h"
#include "server/persistence/loading.h"
#include "server/server.h"
#include "storage/base/clock.h"

namespace spinel::server {

namespace aof = persistence::aof;
namespace rdb = persistence::rdb;
using persistence::ByteReader;
using persistence::File;
using persistence::FileError;
using persistence::FileSource;

namespace {

constexpr size_t kMaxShownName = 64;

// Applies the records of one file to the keyspace.
class RecordLoader {
 public:
  // kBadCommand: no such command, or its arguments are too few or too many. kRefused: Redis has it,
  // and this server does not.
  enum class End : uint8_t { kWhole, kTruncated, kBad, kBadCommand, kRefused, kFailed, kStopped };

  // Both outlive it.
  RecordLoader(Server& server, ByteReader& reader)
      : server_(server),
        reader_(reader),
        records_(reader),
        replayer_(server),
        units_end_(reader.position()) {}

  End load();
  // Where the last whole unit ends.
  uint64_t units_end() const { return units_end_; }
  // What is wrong behind it.
  const persistence::ReadError& error() const { return error_; }
  const Replayer& replayer() const { return replayer_; }

 private:
  bool apply(const aof::Record& record);
  bool apply_transaction(const aof::Record& record);
  End end_of(aof::RecordReader::Status status);
  bool fail(const aof::Record& record, CommandArgs args);

  Server& server_;
  ByteReader& reader_;
  aof::RecordReader records_;
  Replayer replayer_;
  bool in_transaction_ = false;
  std::vector<std::vector<std::string>> transaction_;  // its commands, until EXEC
  uint64_t units_end_;
  persistence::ReadError error_;
};

RecordLoader::End RecordLoader::load() {
  const int delay_us = server_.config.key_load_delay_us;
  for (;;) {
    const auto status = records_.read_batch(delay_us > 0 ? 1 : aof::RecordReader::kBatch);
    for (const aof::Record& record : records_.records()) {
      if (!apply(record)) return error_.is_unsupported ? End::kRefused : End::kBadCommand;
      if (!in_transaction_) units_end_ = record.end_offset;
    }
    replayer_.run();
    if (status != aof::RecordReader::Status::kMore) return end_of(status);
    if (delay_us > 0) {
      usleep(static_cast<useconds_t>(delay_us));
      if (!server_.loading.advance(reader_.position())) return End::kStopped;
    }
  }
}

bool RecordLoader::apply(const aof::Record& record) {
  switch (record.kind) {
    case aof::Record::Kind::kAnnotation:
      return true;
    case aof::Record::Kind::kMulti:
      in_transaction_ = true;
      return true;
    case aof::Record::Kind::kExec:
      in_transaction_ = false;
      return apply_transaction(record);
    case aof::Record::Kind::kCommand:
      break;
  }
  if (in_transaction_) {
    transaction_.emplace_back(record.arguments.begin(), record.arguments.end());
    return true;
  }
  return replayer_.add(record.arguments) || fail(record, record.arguments);
}

bool RecordLoader::apply_transaction(const aof::Record& record) {
  replayer_.run();  // what came before
  std::vector<std::string_view> args;
  for (const std::vector<std::string>& command : transaction_) {
    args.assign(command.begin(), command.end());
    if (replayer_.add(args)) continue;
    replayer_.drop();  // all or nothing
    return fail(record, args);
  }
  replayer_.run();  // while its arguments are there
  transaction_.clear();
  return true;
}

// `args` cannot be run.
bool RecordLoader::fail(const aof::Record& record, CommandArgs args) {
  replayer_.run();  // what came before is good
  const std::string_view name = args[0].substr(0, kMaxShownName);
  const Command* command = server_.commands.resolve(args);
  if (command != nullptr && command->handler != nullptr) {
    error_ = {record.offset, fmt::format("wrong number of arguments of '{}'", name)};
    return false;
  }
  const auto missing = commands_to_come();
  const bool is_missing = std::any_of(
      missing.begin(), missing.end(),
      [&](std::string_view redis_name) { return storage::equals_ignore_case(redis_name, name); });
  error_ = is_missing
               ? persistence::ReadError{record.offset,
                                        fmt::format("this server does not have the command "
                                                    "'{}' of Redis",
                                                    name),
                                        true}
               : persistence::ReadError{record.offset, fmt::format("unknown command '{}'", name)};
  return false;
}

RecordLoader::End RecordLoader::end_of(aof::RecordReader::Status status) {
  error_ = records_.error();
  switch (status) {
    case aof::RecordReader::Status::kMore:
    case aof::RecordReader::Status::kEnd:
      return End::kWhole;
    case aof::RecordReader::Status::kTruncated:
      return End::kTruncated;
    case aof::RecordReader::Status::kBad:
      return End::kBad;
    case aof::RecordReader::Status::kFailed:
      return reader_.stopped() ? End::kStopped : End::kFailed;
  }
  return End::kFailed;
}

// Whether the file begins as an RDB file does.
FileError look_for_preamble(File& file, bool& has_preamble) {
  char magic[6] = {};
  size_t size = 0;
  FileError error = file.read(magic, sizeof magic, size);
  if (error.ok()) error = file.seek(0);
  const std::string_view begin(magic, size);
  has_preamble = begin.starts_with("REDIS") || begin == "VALKEY";
  return error;
}

}  // namespace

AppendOnlyFile::LoadEnd AppendOnlyFile::load_files() {
  const int64_t began_us = storage::monotonic_us();
  aof::AofSizes sizes;
  const FileError error = aof::measure_files(location(), *manifest_, sizes);
  if (!error.ok()) {
    log_warning("Cannot load the append only file as {} lists it: {}. Restore that part of it",
                location().manifest_path(), error.text());
    return LoadEnd::kFailed;
  }
  // What is applied is on the disk, and was written when its keys were there.
  const storage::Keyspace::IgnoreExpiry ignore_expiry(server_.keyspace);
  const EffectStream::Suspension no_effects(server_.effects);
  server_.loading.begin("the append only file", sizes.total_bytes);
  const std::vector<aof::ManifestFile> files = manifest_->load_order();
  LoadEnd end = LoadEnd::kOk;
  for (size_t i = 0; i < files.size() && end == LoadEnd::kOk; ++i) {
    const bool is_base = manifest_->base && i == 0;
    end = load_file(files[i], is_base, i + 1 == files.size());
    server_.loading.next_file();
  }
  server_.loading.end();
  server_.dirty = 0;
  if (end != LoadEnd::kOk) return end;
  log_notice("DB loaded from append only file: {:.3f} seconds",
             static_cast<double>(storage::monotonic_us() - began_us) / 1e6);
  return LoadEnd::kOk;
}

AppendOnlyFile::LoadEnd AppendOnlyFile::load_file(const aof::ManifestFile& listed, bool is_base,
                                                  bool is_last) {
  const int64_t began_us = storage::monotonic_us();
  const std::string path = path_of(listed.name);
  File file;
  bool has_preamble = false;
  FileError error = file.open(path, File::Mode::kRead);
  if (error.ok() && is_base) error = look_for_preamble(file, has_preamble);
  if (!error.ok()) {
    log_warning("Cannot load the append only file: {}. {}", error.text(), file_advice(error.error));
    return LoadEnd::kFailed;
  }
  FileSource source(file);
  ByteReader reader(source);
  if (has_preamble && !load_preamble(path, reader)) {
    return reader.stopped() ? LoadEnd::kStopped : LoadEnd::kFailed;
  }
  reader.set_progress([this](uint64_t position) { return server_.loading.advance(position); },
                      static_cast<uint64_t>(server_.config.loading_process_events_interval_bytes));
  RecordLoader loader(server_, reader);
  const RecordLoader::End end = loader.load();
  if (loader.replayer().errors() > 0) {
    server_.stats.unexpected_error_replies += static_cast<int64_t>(loader.replayer().errors());
    log_warning(
        "{} commands in {} failed when they were applied, the first one: {}. Compare the data with "
        "those of the server that wrote the file",
        loader.replayer().errors(), path, loader.replayer().first_error());
  }
  switch (end) {
    case RecordLoader::End::kWhole:
      break;
    case RecordLoader::End::kStopped:
      return LoadEnd::kStopped;
    case RecordLoader::End::kFailed:
      log_warning("Cannot read {}: {} at offset {}. Check the disk", path, loader.error().cause,
                  loader.error().offset);
      return LoadEnd::kFailed;
    case RecordLoader::End::kRefused:
      log_warning(
          "Cannot load {}: {} at offset {}. The file is not damaged, so do not cut it. Load it "
          "into "
          "Redis, delete there the keys that need this command, and use BGREWRITEAOF",
          path, loader.error().cause, loader.error().offset);
      return LoadEnd::kFailed;
    case RecordLoader::End::kTruncated:
      if (!cut_tail(path, is_last, Tail::kTruncated, loader.units_end(), loader.error())) {
        return LoadEnd::kFailed;
      }
      break;
    case RecordLoader::End::kBad:
      if (!cut_tail(path, is_last, Tail::kBadFormat, loader.units_end(), loader.error())) {
        return LoadEnd::kFailed;
      }
      break;
    case RecordLoader::End::kBadCommand:
      if (!cut_tail(path, is_last, Tail::kBadCommand, loader.units_end(), loader.error())) {
        return LoadEnd::kFailed;
      }
      break;
  }
  log_notice("DB loaded from {} file {}: {:.3f} seconds", is_base ? "base" : "incr", listed.name,
             static_cast<double>(storage::monotonic_us() - began_us) / 1e6);
  return LoadEnd::kOk;
}

bool AppendOnlyFile::load_preamble(const std::string& path, ByteReader& reader) {
  LoggingLoadObserver observer(server_);
  const rdb::LoadResult result = rdb::load(
      reader, server_.keyspace, server_.loading.load_options({.drop_expired = false}), observer);
  server_.loading.count_keys(result);
  if (result.ok) return true;
  if (!result.stopped) {
    log_warning("Cannot load {}: {} at offset {}. {}", path, result.error.cause,
                result.error.offset,
                result.error.is_unsupported
                    ? kUnsupportedAdvice
                    : "Examine it with spinel-check-aof, and restore it from a backup");
  }
  return false;
}

// What stands behind `good_bytes` is half a record, or makes no sense: cuts it off, if the
// configuration allows that. Returns whether the file is whole now.
bool AppendOnlyFile::cut_tail(const std::string& path, bool is_last, Tail tail, uint64_t good_bytes,
                              const persistence::ReadError& error) {
  const bool is_truncated = tail == Tail::kTruncated;
  const Config& config = server_.config;
  persistence::FileStatus status;
  persistence::get_status(path, status);
  const uint64_t tail_bytes = status.size_bytes - std::min(status.size_bytes, good_bytes);
  const bool may_cut =
      is_last && (is_truncated ? config.aof_load_truncated
                               : tail_bytes <= config.aof_load_corrupt_tail_max_size_bytes);
  const std::string_view what = is_truncated ? "Unexpected end of file reading the append only file"
                                             : "Bad file format reading the append only file";
  if (!may_cut) {
    const char* advice =
        !is_last
            ? "It is not the last file, so the data behind it would not fit: restore it from a "
              "backup"
        : tail == Tail::kBadCommand ? "Look at what stands there. If all from there on may be "
                                      "lost, make a copy of the file "
                                      "and cut it at that offset with truncate(1)"
                                    : "Make a copy of it, and then use spinel-check-aof --fix";
    log_warning("{} {}: {} at offset {}; it is good up to offset {}. {}", what, path, error.cause,
                error.offset, good_bytes, advice);
    return false;
  }
  log_warning(
      "{} {}: {} at offset {}. Truncating the AOF {} at offset {}, which loses {} bytes; "
      "the data are loaded anyway because {} is enabled",
      what, path, error.cause, error.offset, path, good_bytes, tail_bytes,
      is_truncated ? "aof-load-truncated" : "aof-load-corrupt-tail-max-size");
  File file;
  FileError failure = file.open(path, File::Mode::kReadWrite);
  if (failure.ok()) failure = file.truncate(good_bytes);
  if (failure.ok()) failure = file.sync();
  if (!failure.ok()) {
    log_warning("Cannot truncate the append only file at offset {}: {}. {}", good_bytes,
                failure.text(), file_advice(failure.error));
  }
  return failure.ok();
}

bool AppendOnlyFile::reload() {
  if (state_ != State::kOn || !flush_and_sync()) return false;
  empty_keyspace(server_);
  if (!read_manifest(OldFile::kLeave) || load_files() != LoadEnd::kOk) {
    log_warning(
        "The data are not loaded as a whole, and must not be served: the server ends. Mend what "
        "the "
        "line before this one names, and start it again");
    std::_Exit(1);
  }
  server_.modified_keys.loaded();
  log_notice("DEBUG LOADAOF loaded the append only file");
  return true;
}

}  // namespace spinel::server
