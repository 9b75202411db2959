// Every system call on the files of persistence is made here, so that tests can make any of them
// fail (persistence/file/file_faults.h). Errors are values. Calls that a signal interrupted are
// repeated. Several threads may call at the same time, though not on the same File.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/file/file_error.h"

namespace spinel::persistence {

struct FileStatus {
  bool exists = false;
  bool is_directory = false;
  bool is_regular = false;
  uint64_t size_bytes = 0;
};

// An open file, closed by the destructor.
class File {
 public:
  enum class Mode : uint8_t {
    kRead,       // an existing file, from its beginning to its end
    kReadWrite,  // an existing file, from its beginning
    kCreate,     // a new file for writing; one that exists is emptied
    kAppend,     // writes go to the end; created if missing
  };

  File() = default;
  ~File() { close(); }
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;

  // Closes what was open before. New files get mode 0644.
  FileError open(const std::string& path, Mode mode);
  bool is_open() const { return fd_ >= 0; }
  // Takes over an open descriptor. `path` is what errors and fault rules call it.
  void adopt(int fd, std::string path);
  int fd() const { return fd_; }
  // As it was opened.
  const std::string& path() const { return path_; }
  FileError close();

  // Writes all bytes. Adds to `written_bytes` how many were written, also if the rest failed.
  FileError write(const void* from, size_t size, uint64_t& written_bytes);
  FileError write(std::string_view bytes);
  // Sets `read_bytes` to a number from 1 to `size`, or to 0 at the end of the file.
  FileError read(void* to, size_t size, size_t& read_bytes);
  // Syncs data and attributes (fsync).
  FileError sync();
  // Syncs data and the size, not times (fdatasync).
  FileError sync_data();
  // Begins to write a range back to the disk. With `wait` returns when it is there. This is no
  // substitute for sync(). Does nothing where the file cannot do that, such as a pipe.
  FileError write_back(uint64_t offset, uint64_t size, bool wait);
  FileError truncate(uint64_t size);
  // Where the next read or write takes place; 0 for what has no positions.
  uint64_t position() const;
  FileError seek(uint64_t offset);
  FileError status(FileStatus& status) const;

 private:
  FileError failed(const char* operation, int error) const { return {operation, path_, error}; }

  int fd_ = -1;
  std::string path_;
};

// `to` is replaced if it exists. Lasts once the directory is synced.
FileError rename_file(const std::string& from, const std::string& to);
// A file that does not exist is an error (ENOENT).
FileError remove_file(const std::string& path);
// Mode 0755. A directory that exists already is no error.
FileError make_directory(const std::string& path);
// Appends the names of what is in the directory to `names`, in no order.
FileError list_directory(const std::string& directory, std::vector<std::string>& names);
// Makes new names, renames and removals in the directory last.
FileError sync_directory(const std::string& directory);
// The same for the directory that `path` is in.
FileError sync_directory_of(const std::string& path);

// A path that does not exist is no error.
FileError get_status(const std::string& path, FileStatus& status);

// Reads a whole file into `to`. EFBIG if it has more than `max_bytes`.
FileError read_whole_file(const std::string& path, size_t max_bytes, std::string& to);

// "." for a path without a slash.
std::string directory_of(const std::string& path);

}  // namespace spinel::persistence
