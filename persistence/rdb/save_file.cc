#include "persistence/rdb/save_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace spinel::persistence::rdb {

SaveFileResult save_file(storage::Keyspace& keyspace, const std::string& path,
                         const std::string& temporary_path, const SaveOptions& options,
                         bool incremental_fsync) {
  constexpr size_t kSyncEveryBytes = size_t{4} << 20;
  SaveFileResult result;
  ReplacementFile file;
  result.error = file.create(temporary_path);
  if (!result.error.ok()) return result;
  FileSink sink(file.fd(), incremental_fsync ? kSyncEveryBytes : 0);
  result.saved = save(keyspace, sink, options);
  result.error = result.saved.ok() ? file.commit(path)
                                   : FileError{"write", temporary_path, result.saved.error};
  return result;
}

LoadResult load_file(const std::string& path, storage::Keyspace& keyspace,
                     const LoadOptions& options, LoadObserver& observer) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    LoadResult result;
    result.error.cause = std::string("open failed: ") + std::strerror(errno);
    return result;
  }
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  FileSource source(fd);
  ByteReader reader(source);
  LoadResult result = load(reader, keyspace, options, observer);
  close(fd);
  return result;
}

}  // namespace spinel::persistence::rdb
