// The manifest of an append-only file: which files it consists of, in the order in which they are
// loaded. A base holds the data of some moment, increments what was written since then. Files that
// a rewrite replaced are history until they are deleted.
//
// Text, a line a file: "file appendonly.aof.1.base.rdb seq 1 type b".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::persistence::aof {

struct ManifestFile {
  std::string name;  // in the directory of the manifest
  uint64_t sequence = 0;

  bool operator==(const ManifestFile&) const = default;
};

struct Manifest {
  std::optional<ManifestFile> base;
  std::vector<ManifestFile> history;
  std::vector<ManifestFile> increments;  // by ascending sequence
  // Not of the manifest: files in its directory whose names new ones do not take, since the
  // manifest that listed them may be lost.
  std::vector<std::string> unlisted;

  bool operator==(const Manifest&) const = default;

  // Base and increments, in the order in which they are loaded.
  std::vector<ManifestFile> load_order() const;
  std::string format() const;

  // `prefix` is the option appendfilename. Names are chosen that no file has, listed or in
  // `unlisted`.

  // Lists a new increment behind the others and returns it.
  const ManifestFile& add_increment(const std::string& prefix);
  // The base that the next rewrite makes: "PREFIX.<n>.base.rdb", or ".base.aof" for commands.
  ManifestFile next_base(const std::string& prefix, bool is_rdb) const;
  // Makes `file` the base. What it replaces becomes history: the old base, and the increments but
  // the last `kept_increments`, which hold what was written since the rewrite began.
  void replace_base(ManifestFile file, size_t kept_increments);

 private:
  bool has(std::string_view name) const;
  ManifestFile next_file(const std::string& prefix, uint64_t last, const char* suffix) const;
};

struct ManifestError {
  size_t line = 0;      // from 1 on; 0: the error is not in a certain line
  std::string content;  // of the line
  std::string cause;    // in the words of Redis
};

// What a line may have, with its end.
inline constexpr size_t kMaxManifestLine = 1024;

// Reads the text of a manifest. Pairs of a line are in any order, and unknown ones are ignored,
// such as the offsets that Redis 8 writes. False if the text is wrong; then `manifest` is
// unchanged.
bool parse_manifest(std::string_view text, Manifest& manifest, ManifestError& error);

}  // namespace spinel::persistence::aof
