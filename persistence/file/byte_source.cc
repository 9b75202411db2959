#include "persistence/file/byte_source.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace spinel::persistence {

FileSource::FileSource(int fd) : fd_(fd) {
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return;
  const off_t at = lseek(fd, 0, SEEK_CUR);
  if (at >= 0) total_bytes_ = static_cast<uint64_t>(std::max<off_t>(status.st_size - at, 0));
}

ByteSource::ReadResult FileSource::read(void* to, size_t size) {
  for (;;) {
    const ssize_t got = ::read(fd_, to, size);
    if (got >= 0) return {static_cast<size_t>(got), 0};
    if (errno != EINTR) return {0, errno};
  }
}

}  // namespace spinel::persistence
