#include "persistence/file/byte_sink.h"

#include "persistence/file/file_system.h"

namespace spinel::persistence {

FileSink::FileSink(File& file, size_t sync_every_bytes)
    : file_(file), sync_every_bytes_(sync_every_bytes), begin_(file.position()) {}

int FileSink::write(const void* from, size_t size) {
  const FileError error = file_.write(from, size, written_bytes_);
  if (!error.ok()) return error.error;
  if (sync_every_bytes_ == 0 || written_bytes_ - on_its_way_ < sync_every_bytes_) return 0;
  return write_back();
}

int FileSink::write_back() {
  FileError error = file_.write_back(begin_ + on_its_way_, written_bytes_ - on_its_way_, false);
  if (error.ok() && on_its_way_ > on_disk_) {
    error = file_.write_back(begin_ + on_disk_, on_its_way_ - on_disk_, true);
  }
  on_disk_ = on_its_way_;
  on_its_way_ = written_bytes_;
  return error.error;
}

}  // namespace spinel::persistence
