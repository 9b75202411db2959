#include "server/config/config_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace spinel::server {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr mode_t kNewFileMode = 0644;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    content.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : kNewFileMode;
}

// A rename is durable only when its directory is. Some file systems cannot sync a directory; the
// file is in place nevertheless, so that is not an error.
void sync_directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) fsync(fd.get());
}

}  // namespace

std::optional<std::string> read_stream(std::FILE* file, std::string& text) {
  std::string buffer(kReadBytes, '\0');
  while (const size_t count = std::fread(buffer.data(), 1, buffer.size(), file)) {
    text.append(buffer, 0, count);
  }
  if (std::ferror(file) != 0) return std::strerror(errno);
  return std::nullopt;
}

std::optional<std::string> read_file(const std::string& path, std::string& text) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             &std::fclose);
  if (file == nullptr) return std::strerror(errno);
  return read_stream(file.get(), text);
}

std::optional<std::string> replace_file(const std::string& path, std::string_view content) {
  std::string temporary = path + ".XXXXXX";
  const Descriptor fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (fd.get() < 0) return std::strerror(errno);
  if (write_all(fd.get(), content) && fchmod(fd.get(), mode_of(path)) == 0 &&
      fsync(fd.get()) == 0 && rename(temporary.c_str(), path.c_str()) == 0) {
    sync_directory_of(path);
    return std::nullopt;
  }
  std::string reason = std::strerror(errno);
  unlink(temporary.c_str());
  return reason;
}

std::vector<std::string_view> trimmed_lines(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const size_t first = std::min(line.find_first_not_of(kBlanks), line.size());
    lines.push_back(line.substr(first, line.find_last_not_of(kBlanks) + 1 - first));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace spinel::server
