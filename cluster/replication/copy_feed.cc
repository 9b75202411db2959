#include "cluster/replication/copy_feed.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "server/log/log.h"

namespace spinel::cluster {

using persistence::File;
using persistence::FileError;

namespace {
constexpr size_t kPieceBytes = 64 * 1024;
}

std::unique_ptr<FileCopy> FileCopy::open(const std::string& path) {
  File file;
  persistence::FileStatus status;
  FileError error = file.open(path, File::Mode::kRead);
  if (error.ok()) error = file.status(status);
  if (error.ok())
    return std::unique_ptr<FileCopy>(new FileCopy(std::move(file), status.size_bytes));
  server::log_warning("Cannot send the snapshot to a replica: {}", error.text());
  return nullptr;
}

FileCopy::FileCopy(File file, uint64_t size_bytes)
    : file_(std::move(file)),
      size_bytes_(size_bytes),
      left_bytes_(size_bytes),
      buffer_(fmt::format("${}\r\n", size_bytes)) {}

std::string_view FileCopy::peek() {
  if (begin_ == buffer_.size() && left_bytes_ > 0 && !failed_) {
    buffer_.resize(std::min<uint64_t>(left_bytes_, kPieceBytes));
    size_t read_bytes = 0;
    const FileError error = file_.read(buffer_.data(), buffer_.size(), read_bytes);
    failed_ = !error.ok() || read_bytes == 0;
    if (failed_) {
      server::log_warning("Cannot send the snapshot to a replica: {}",
                          error.ok() ? "the file became shorter" : error.text());
      read_bytes = 0;
    }
    buffer_.resize(read_bytes);
    begin_ = 0;
    left_bytes_ -= read_bytes;
  }
  return std::string_view(buffer_).substr(begin_);
}

}  // namespace spinel::cluster
