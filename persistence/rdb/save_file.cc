#include "persistence/rdb/save_file.h"

#include <cstring>

namespace spinel::persistence::rdb {

SaveFileResult save_file(storage::Keyspace& keyspace, const std::string& path,
                         const std::string& temporary_path, const SaveOptions& options,
                         bool incremental_fsync) {
  constexpr size_t kSyncEveryBytes = size_t{4} << 20;
  SaveFileResult result;
  ReplacementFile file;
  result.error = file.create(temporary_path);
  if (!result.error.ok()) return result;
  FileSink sink(file.file(), incremental_fsync ? kSyncEveryBytes : 0);
  result.saved = save(keyspace, sink, options);
  result.error = result.saved.ok() ? file.commit(path)
                                   : FileError{"write", temporary_path, result.saved.error};
  return result;
}

LoadResult load_file(const std::string& path, storage::Keyspace& keyspace,
                     const LoadOptions& options, LoadObserver& observer) {
  File file;
  if (const FileError error = file.open(path, File::Mode::kRead); !error.ok()) {
    LoadResult result;
    result.error.cause = std::string("open failed: ") + std::strerror(error.error);
    return result;
  }
  FileSource source(file);
  ByteReader reader(source);
  return load(reader, keyspace, options, observer);
}

}  // namespace spinel::persistence::rdb
