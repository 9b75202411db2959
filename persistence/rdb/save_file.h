// Saves a keyspace to an RDB file, and loads it from one.
#pragma once

#include <string>

#include "persistence/file/replacement_file.h"
#include "persistence/rdb/loader.h"
#include "persistence/rdb/saver.h"

namespace spinel::persistence::rdb {

struct SaveFileResult {
  FileError error;
  SaveResult saved;
};
// Writes `temporary_path`, which is in the directory of `path`, and renames it to `path` when all
// is on the disk. After an error the old file is there and the temporary one is not.
SaveFileResult save_file(storage::Keyspace& keyspace, const std::string& path,
                         const std::string& temporary_path, const SaveOptions& options,
                         bool incremental_fsync);

// Loads a file. An error that is not about its content has offset 0.
LoadResult load_file(const std::string& path, storage::Keyspace& keyspace,
                     const LoadOptions& options, LoadObserver& observer);

}  // namespace spinel::persistence::rdb
