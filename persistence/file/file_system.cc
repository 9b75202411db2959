#include "persistence/file/file_system.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "persistence/file/file_faults.h"

namespace spinel::persistence {

namespace {

int flags_of(File::Mode mode) {
  switch (mode) {
    case File::Mode::kRead:
      return O_RDONLY;
    case File::Mode::kReadWrite:
      return O_RDWR;
    case File::Mode::kCreate:
      return O_WRONLY | O_CREAT | O_TRUNC;
    case File::Mode::kAppend:
      return O_WRONLY | O_CREAT | O_APPEND;
  }
  return O_RDONLY;
}

// Makes a call that returns -1 on errors. Returns 0 or an errno, or that of an injected fault.
template <typename Call>
int attempt(FileOperation operation, std::string_view path, Call call) {
  const Fault fault = fault_of(operation, path);
  if (fault.error != 0) return fault.error;
  for (;;) {
    if (call() >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

FileStatus status_of(const struct stat& found) {
  return {true, S_ISDIR(found.st_mode), S_ISREG(found.st_mode),
          static_cast<uint64_t>(found.st_size)};
}

FileError error_of(const char* operation, const std::string& path, int error) {
  return error == 0 ? FileError{} : FileError{operation, path, error};
}

}  // namespace

std::string FileError::text() const {
  return std::string(operation) + " of " + path + " failed: " + std::strerror(error);
}

// --- open files

File::File(File&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  path_ = std::move(other.path_);
  return *this;
}

FileError File::open(const std::string& path, Mode mode) {
  constexpr mode_t kPermissions = 0644;
  close();
  path_ = path;
  const int error = attempt(FileOperation::kOpen, path_, [&] {
    return fd_ = ::open(path_.c_str(), flags_of(mode) | O_CLOEXEC, kPermissions);
  });
  if (error != 0) return failed("open", error);
  if (mode == Mode::kRead) posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  return {};
}

void File::adopt(int fd, std::string path) {
  close();
  fd_ = fd;
  path_ = std::move(path);
}

FileError File::close() {
  if (fd_ < 0) return {};
  const int fd = std::exchange(fd_, -1);
  // Not repeated after EINTR: Linux has closed it by then.
  return ::close(fd) == 0 || errno == EINTR ? FileError{} : failed("close", errno);
}

FileError File::write(const void* from, size_t size, uint64_t& written_bytes) {
  const char* at = static_cast<const char*>(from);
  while (size > 0) {
    const Fault fault = fault_of(FileOperation::kWrite, path_);
    if (fault.error != 0) return failed("write", fault.error);
    const size_t piece = fault.is_short ? size / 2 : size;
    const ssize_t written = ::write(fd_, at, piece);
    if (written < 0) {
      if (errno == EINTR) continue;
      return failed("write", errno);
    }
    written_bytes += static_cast<size_t>(written);
    if (written == 0 || fault.is_short) return failed("write", ENOSPC);
    at += written;
    size -= static_cast<size_t>(written);
  }
  return {};
}

FileError File::write(std::string_view bytes) {
  uint64_t written_bytes = 0;
  return write(bytes.data(), bytes.size(), written_bytes);
}

FileError File::read(void* to, size_t size, size_t& read_bytes) {
  read_bytes = 0;
  const Fault fault = fault_of(FileOperation::kRead, path_);
  if (fault.error != 0) return failed("read", fault.error);
  const size_t piece = fault.is_short ? std::max<size_t>(size / 2, 1) : size;
  for (;;) {
    const ssize_t got = ::read(fd_, to, piece);
    if (got >= 0) {
      read_bytes = static_cast<size_t>(got);
      return {};
    }
    if (errno != EINTR) return failed("read", errno);
  }
}

FileError File::sync() {
  return error_of("fsync", path_,
                  attempt(FileOperation::kSync, path_, [this] { return fsync(fd_); }));
}

FileError File::sync_data() {
  return error_of("fsync", path_,
                  attempt(FileOperation::kSync, path_, [this] { return fdatasync(fd_); }));
}

FileError File::write_back(uint64_t offset, uint64_t size, bool wait) {
  const unsigned flags =
      wait ? SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER
           : SYNC_FILE_RANGE_WRITE;
  const int error = attempt(FileOperation::kWriteBack, path_, [&] {
    return sync_file_range(fd_, static_cast<off64_t>(offset), static_cast<off64_t>(size), flags);
  });
  // Not every kind of file has this; fsync does all the work there.
  if (error == ESPIPE || error == ENOSYS || error == EINVAL) return {};
  return error_of("sync_file_range", path_, error);
}

FileError File::truncate(uint64_t size) {
  return error_of("truncate", path_, attempt(FileOperation::kTruncate, path_, [&] {
                    return ftruncate(fd_, static_cast<off_t>(size));
                  }));
}

uint64_t File::position() const {
  return static_cast<uint64_t>(std::max<off_t>(lseek(fd_, 0, SEEK_CUR), 0));
}

FileError File::seek(uint64_t offset) {
  return lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0 ? failed("seek", errno) : FileError{};
}

FileError File::status(FileStatus& status) const {
  struct stat found;
  if (fstat(fd_, &found) != 0) return failed("stat", errno);
  status = status_of(found);
  return {};
}

// --- directories

FileError rename_file(const std::string& from, const std::string& to) {
  const int error = attempt(FileOperation::kRename, from + " -> " + to,
                            [&] { return rename(from.c_str(), to.c_str()); });
  return error_of("rename", from, error);
}

FileError remove_file(const std::string& path) {
  return error_of("unlink", path,
                  attempt(FileOperation::kRemove, path, [&] { return unlink(path.c_str()); }));
}

FileError make_directory(const std::string& path) {
  constexpr mode_t kPermissions = 0755;
  const int error = attempt(FileOperation::kMakeDirectory, path,
                            [&] { return mkdir(path.c_str(), kPermissions); });
  if (error == EEXIST) {
    FileStatus status;
    if (get_status(path, status).ok() && status.is_directory) return {};
  }
  return error_of("mkdir", path, error);
}

FileError list_directory(const std::string& directory, std::vector<std::string>& names) {
  DIR* stream = nullptr;
  const int error = attempt(FileOperation::kOpen, directory, [&] {
    stream = opendir(directory.c_str());
    return stream == nullptr ? -1 : 0;
  });
  if (error != 0) return error_of("open", directory, error);
  errno = 0;
  while (const dirent* entry = readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int read_error = errno;
  closedir(stream);
  return error_of("read", directory, read_error);
}

FileError sync_directory(const std::string& directory) {
  const Fault fault = fault_of(FileOperation::kSyncDirectory, directory);
  if (fault.error != 0) return {"fsync", directory, fault.error};
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return {"open", directory, errno};
  FileError error;
  // Some file systems cannot sync directories, and need not.
  if (fsync(fd) != 0 && errno != EINVAL) error = {"fsync", directory, errno};
  ::close(fd);
  return error;
}

FileError sync_directory_of(const std::string& path) {
  return sync_directory(directory_of(path));
}

FileError get_status(const std::string& path, FileStatus& status) {
  status = {};
  struct stat found;
  if (stat(path.c_str(), &found) != 0) {
    return errno == ENOENT ? FileError{} : FileError{"stat", path, errno};
  }
  status = status_of(found);
  return {};
}

FileError read_whole_file(const std::string& path, size_t max_bytes, std::string& to) {
  constexpr size_t kPiece = size_t{1} << 16;
  to.clear();
  File file;
  if (FileError error = file.open(path, File::Mode::kRead); !error.ok()) return error;
  for (;;) {
    const size_t old_size = to.size();
    to.resize(old_size + kPiece);
    size_t read_bytes = 0;
    FileError error = file.read(to.data() + old_size, kPiece, read_bytes);
    to.resize(old_size + read_bytes);
    if (!error.ok() || read_bytes == 0) return error;
    if (to.size() > max_bytes) return {"read", path, EFBIG};
  }
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace spinel::persistence
