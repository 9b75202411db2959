#include "persistence/file/byte_source.h"

#include <algorithm>

#include "persistence/file/file_system.h"

namespace spinel::persistence {

FileSource::FileSource(File& file) : file_(file) {
  FileStatus status;
  if (!file.status(status).ok() || !status.is_regular) return;
  total_bytes_ = status.size_bytes - std::min(file.position(), status.size_bytes);
}

ByteSource::ReadResult FileSource::read(void* to, size_t size) {
  size_t bytes = 0;
  const FileError error = file_.read(to, size, bytes);
  return {bytes, error.error};
}

}  // namespace spinel::persistence
