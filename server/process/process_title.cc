#include "server/process/process_title.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace spinel::server {
namespace {

std::optional<std::string> value_of(std::string_view variable, const ProcessTitleValues& values) {
  if (variable == "title") return values.title;
  if (variable == "listen-addr") return values.listen_addr;
  if (variable == "server-mode") return values.server_mode;
  if (variable == "config-file") return values.config_file.empty() ? "-" : values.config_file;
  if (variable == "unixsocket") return values.unixsocket;
  if (variable == "port") return std::to_string(values.port);
  if (variable == "tls-port") return std::to_string(values.tls_port);
  return std::nullopt;
}

// The C library and callers of getenv() keep pointers into the environment until the process ends,
// so the copy is never freed.
void move_environment() {
  size_t count = 0;
  while (environ[count] != nullptr) ++count;
  auto** moved = static_cast<char**>(std::calloc(count + 1, sizeof(char*)));
  if (moved == nullptr) return;
  for (size_t i = 0; i < count; ++i) moved[i] = ::strdup(environ[i]);
  environ = moved;
}

ProcessTitleArea process_area;

}  // namespace

std::optional<std::string> expand_process_title(std::string_view title_template,
                                                const ProcessTitleValues& values) {
  if (title_template.empty()) return std::nullopt;
  std::string title;
  while (!title_template.empty()) {
    const size_t open = title_template.find('{');
    title += title_template.substr(0, open);
    if (open == std::string_view::npos) break;
    if (title_template.substr(open).starts_with("{{")) {
      title += '{';
      title_template.remove_prefix(open + 2);
      continue;
    }
    const size_t close = title_template.find('}', open);
    if (close == std::string_view::npos) return std::nullopt;
    const auto value = value_of(title_template.substr(open + 1, close - open - 1), values);
    if (!value) return std::nullopt;
    title += *value;
    title_template.remove_prefix(close + 1);
  }
  title.erase(title.find_last_not_of(" \t\r\n") + 1);
  return title;
}

ProcessTitleArea::ProcessTitleArea(int argc, char** argv, char** environment) {
  if (argc < 1 || argv[0] == nullptr) return;
  start_ = argv[0];
  char* end = start_;
  // Only strings that follow the first argument without a gap may be overwritten.
  const auto extend = [&end](char* text) {
    if (text == end) end += std::strlen(text) + 1;
  };
  for (int i = 0; i < argc; ++i) extend(argv[i]);
  for (char** each = environment; each != nullptr && *each != nullptr; ++each) extend(*each);
  size_ = static_cast<size_t>(end - start_);
}

void ProcessTitleArea::write(std::string_view title) const {
  if (size_ == 0) return;
  const size_t length = std::min(title.size(), capacity());
  std::memcpy(start_, title.data(), length);
  std::memset(start_ + length, 0, size_ - length);
}

void init_process_title(int argc, char** argv) {
  process_area = ProcessTitleArea(argc, argv, environ);
  move_environment();
  // These point into argv[0], which a title overwrites.
  program_invocation_name = ::strdup(program_invocation_name);
  program_invocation_short_name = ::strdup(program_invocation_short_name);
}

void set_process_title(std::string_view title) {
  process_area.write(title);
}

}  // namespace spinel::server
