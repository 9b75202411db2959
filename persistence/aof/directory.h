// The directory of an append-only file, and the changes of it that survive a crash at any moment:
// the manifest is replaced as a whole, and a file is deleted only when no manifest needs it.
#pragma once

#include <cstdint>
#include <string>

#include "persistence/aof/manifest.h"
#include "persistence/file/file_system.h"

namespace spinel::persistence::aof {

// Where the files are.
struct Location {
  std::string data_directory = ".";  // dir
  std::string directory_name;        // appenddirname
  std::string prefix;                // appendfilename

  std::string directory() const { return data_directory + "/" + directory_name; }
  std::string path(const std::string& name) const { return directory() + "/" + name; }
  std::string manifest_path() const { return path(prefix + ".manifest"); }
  std::string temporary_manifest_path() const { return path("temp-" + prefix + ".manifest"); }
  // What is written while the first rewrite after CONFIG SET appendonly yes runs.
  std::string temporary_increment_path() const { return path("temp-" + prefix + ".incr"); }
  // The single file that Redis before 7 wrote.
  std::string old_file_path() const { return data_directory + "/" + prefix; }
};

struct DirectoryState {
  enum class Kind : uint8_t {
    kNothing,   // neither a manifest nor an old file
    kManifest,  // `manifest` was read
    kOldFile,   // an old single file is to be adopted; `manifest` lists it as the base
    kBad,       // the manifest is wrong: `manifest_error` says why
    kFailed,    // it could not be read: `file_error` says why
  };
  Kind kind = Kind::kNothing;
  Manifest manifest;
  ManifestError manifest_error;
  FileError file_error;
};

// Finds out what is there. Changes nothing. Without a manifest, `manifest.unlisted` has the files
// of its directory that look like those of an append-only file.
DirectoryState read_directory(const Location& location);

// Replaces the manifest; makes the directory if it is missing. After an error the old manifest is
// there, unless the error is the last step's, the sync of the directory.
FileError write_manifest(const Location& location, const Manifest& manifest);

// Writes the manifest of kOldFile and moves the old file into the directory. May be repeated after
// an error or a crash.
FileError adopt_old_file(const Location& location, const Manifest& manifest);

// Deletes the files that are history, and then takes those that are gone off the manifest. Does
// nothing if there are none. Returns the first error; a later call tries again.
FileError delete_history(const Location& location, Manifest& manifest);

struct AofSizes {
  uint64_t base_bytes = 0;
  uint64_t total_bytes = 0;  // with increments
};
// Measures base and increments. A file that is missing is the error ENOENT.
FileError measure_files(const Location& location, const Manifest& manifest, AofSizes& sizes);

}  // namespace spinel::persistence::aof
