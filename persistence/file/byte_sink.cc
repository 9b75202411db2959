#include "persistence/file/byte_sink.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace spinel::persistence {

FileSink::FileSink(int fd, size_t sync_every_bytes)
    : fd_(fd), sync_every_bytes_(sync_every_bytes), begin_(lseek(fd, 0, SEEK_CUR)) {
  if (begin_ < 0) begin_ = 0;
}

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
  if (sync_every_bytes_ == 0 || written_bytes_ - on_its_way_ < sync_every_bytes_) return 0;
  return write_back();
}

int FileSink::write_back() {
  const auto range = [this](uint64_t from, uint64_t to, unsigned flags) {
    const int result = sync_file_range(fd_, begin_ + static_cast<int64_t>(from),
                                       static_cast<int64_t>(to - from), flags);
    // What is no file, or on a file system without it, is left to fsync.
    return result == 0 || errno == ESPIPE || errno == ENOSYS || errno == EINVAL ? 0 : errno;
  };
  int error = range(on_its_way_, written_bytes_, SYNC_FILE_RANGE_WRITE);
  if (error == 0 && on_its_way_ > on_disk_) {
    error = range(on_disk_, on_its_way_,
                  SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  }
  on_disk_ = on_its_way_;
  on_its_way_ = written_bytes_;
  return error;
}

}  // namespace spinel::persistence
