#include "persistence/aof/directory.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "persistence/file/replacement_file.h"

namespace spinel::persistence::aof {

namespace {

// Far more than any manifest that was not made to exhaust memory.
constexpr size_t kMaxManifestBytes = size_t{16} << 20;

FileError find_file(const std::string& path, bool& exists) {
  FileStatus status;
  FileError error = get_status(path, status);
  exists = status.exists;
  return error;
}

// Makes an old file, if there is one that counts, the state.
FileError find_old_file(const Location& location, DirectoryState& state) {
  if (state.kind == DirectoryState::Kind::kManifest) {
    // Adopting it may have been interrupted after the manifest was written.
    const Manifest& manifest = state.manifest;
    if (!manifest.base || manifest.base->name != location.prefix || !manifest.history.empty() ||
        !manifest.increments.empty()) {
      return {};
    }
    bool is_moved = false;
    FileError error = find_file(location.path(location.prefix), is_moved);
    if (!error.ok() || is_moved) return error;
  }
  FileStatus status;
  FileError error = get_status(location.old_file_path(), status);
  if (error.ok() && status.is_regular) {
    state.kind = DirectoryState::Kind::kOldFile;
    state.manifest = {};
    state.manifest.base = ManifestFile{location.prefix, 1};
  }
  return error;
}

// Whether a file has such a name: PREFIX.<n>.base.rdb, .base.aof or .incr.aof.
bool is_name_of_part(std::string_view name, const std::string& prefix) {
  if (!name.starts_with(prefix + ".")) return false;
  name.remove_prefix(prefix.size() + 1);
  const size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  name.remove_prefix(digits);
  return digits > 0 && (name == ".base.rdb" || name == ".base.aof" || name == ".incr.aof");
}

FileError find_unlisted_files(const Location& location, std::vector<std::string>& names) {
  std::vector<std::string> all;
  FileError error = list_directory(location.directory(), all);
  if (error.error == ENOENT) return {};
  for (std::string& name : all) {
    if (is_name_of_part(name, location.prefix)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return error;
}

}  // namespace

DirectoryState read_directory(const Location& location) {
  DirectoryState state;
  std::string text;
  state.file_error = read_whole_file(location.manifest_path(), kMaxManifestBytes, text);
  if (state.file_error.ok()) {
    const bool is_good = parse_manifest(text, state.manifest, state.manifest_error);
    state.kind = is_good ? DirectoryState::Kind::kManifest : DirectoryState::Kind::kBad;
    if (!is_good) return state;
  } else if (state.file_error.error != ENOENT) {
    state.kind = DirectoryState::Kind::kFailed;
    return state;
  }
  const bool has_manifest = state.kind == DirectoryState::Kind::kManifest;
  state.file_error = find_old_file(location, state);
  if (state.file_error.ok() && !has_manifest) {
    state.file_error = find_unlisted_files(location, state.manifest.unlisted);
  }
  if (!state.file_error.ok()) state.kind = DirectoryState::Kind::kFailed;
  return state;
}

FileError write_manifest(const Location& location, const Manifest& manifest) {
  bool exists = false;
  FileError error = find_file(location.directory(), exists);
  if (error.ok() && !exists) {
    error = make_directory(location.directory());
    if (error.ok()) error = sync_directory_of(location.directory());
  }
  if (!error.ok()) return error;
  ReplacementFile file;
  error = file.create(location.temporary_manifest_path());
  if (error.ok()) error = file.file().write(manifest.format());
  return error.ok() ? file.commit(location.manifest_path()) : error;
}

FileError adopt_old_file(const Location& location, const Manifest& manifest) {
  FileError error = write_manifest(location, manifest);
  if (error.ok()) error = rename_file(location.old_file_path(), location.path(location.prefix));
  // The new name first: a crash between may leave both, never none.
  if (error.ok()) error = sync_directory(location.directory());
  return error.ok() ? sync_directory(location.data_directory) : error;
}

FileError delete_history(const Location& location, Manifest& manifest) {
  if (manifest.history.empty()) return {};
  FileError first_error;
  std::vector<ManifestFile> remaining;
  for (ManifestFile& file : manifest.history) {
    FileError error = remove_file(location.path(file.name));
    if (error.ok() || error.error == ENOENT) continue;
    remaining.push_back(std::move(file));
    if (first_error.ok()) first_error = std::move(error);
  }
  const bool any_gone = remaining.size() < manifest.history.size();
  manifest.history = std::move(remaining);
  FileError error = any_gone ? write_manifest(location, manifest) : FileError{};
  return first_error.ok() ? error : first_error;
}

FileError measure_files(const Location& location, const Manifest& manifest, AofSizes& sizes) {
  sizes = {};
  for (const ManifestFile& file : manifest.load_order()) {
    const std::string path = location.path(file.name);
    FileStatus status;
    FileError error = get_status(path, status);
    if (!error.ok()) return error;
    if (!status.exists) return {"open", path, ENOENT};
    if (manifest.base && file == *manifest.base) sizes.base_bytes = status.size_bytes;
    sizes.total_bytes += status.size_bytes;
  }
  return {};
}

}  // namespace spinel::persistence::aof
