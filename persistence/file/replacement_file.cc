#include "persistence/file/replacement_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace spinel::persistence {

namespace {

FileError failed(const char* operation, const std::string& path) {
  return {operation, path, errno};
}

}  // namespace

std::string FileError::text() const {
  return std::string(operation) + " of " + path + " failed: " + std::strerror(error);
}

ReplacementFile::~ReplacementFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(path_.c_str());
}

FileError ReplacementFile::create(const std::string& path) {
  constexpr mode_t kMode = 0644;
  fd_ = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode);
  if (fd_ < 0) return failed("open", path);
  path_ = path;
  return {};
}

FileError ReplacementFile::commit(const std::string& path) {
  if (fsync(fd_) != 0) return failed("fsync", path_);
  if (rename(path_.c_str(), path.c_str()) != 0) return failed("rename", path_);
  const int fd = std::exchange(fd_, -1);
  if (close(fd) != 0) return failed("close", path);
  return sync_directory_of(path);
}

FileError sync_directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "."
                                : slash == 0               ? "/"
                                                           : path.substr(0, slash);
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed("open", directory);
  FileError error;
  // Some file systems have no such thing.
  if (fsync(fd) != 0 && errno != EINVAL) error = failed("fsync", directory);
  close(fd);
  return error;
}

}  // namespace spinel::persistence
