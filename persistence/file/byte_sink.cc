#include "persistence/file/byte_sink.h"

#include <cerrno>
#include <unistd.h>

namespace spinel::persistence {

int FileSink::write(const void* from, size_t size) {
  const char* at = static_cast<const char*>(from);
  for (size_t left = size; left > 0;) {
    const ssize_t written = ::write(fd_, at, left);
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (written == 0) return ENOSPC;
    at += written;
    left -= static_cast<size_t>(written);
  }
  written_bytes_ += size;
  if (sync_every_bytes_ == 0 || written_bytes_ - synced_bytes_ < sync_every_bytes_) return 0;
  synced_bytes_ = written_bytes_;
  // What is no file has nothing to be synced.
  return fdatasync(fd_) == 0 || errno == EINVAL || errno == EROFS ? 0 : errno;
}

}  // namespace spinel::persistence
