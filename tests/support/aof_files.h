// The files of an append-only file, as they are on disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace spinel::test {

/// A line of a manifest.
struct AofFile {
  std::string name;
  std::int64_t sequence = 0;
  char type = '?';  ///< b, h or i

  bool operator==(const AofFile&) const = default;
};

/// The manifest `directory`/appendonlydir/appendonly.aof.manifest; empty if there is none.
std::vector<AofFile> read_manifest(const std::string& directory);

/// The path of a file in appendonlydir.
std::string aof_path(const std::string& directory, const std::string& name);
/// The path of the last incremental file that the manifest names; empty if it names none.
std::string last_increment(const std::string& directory);

/// The size of a file in bytes; -1 if there is none.
std::int64_t file_size(const std::string& path);
/// Cuts a file, or appends zeroes to it.
void resize_file(const std::string& path, std::int64_t size_bytes);
/// Copies a directory or a file, with all that is in it.
void copy_files(const std::string& from, const std::string& to);

}  // namespace spinel::test
