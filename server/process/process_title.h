// What ps and top show as the server's command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spinel::server {

// The values behind the variables of proc-title-template.
struct ProcessTitleValues {
  std::string title;        // {title}: the program's name
  std::string listen_addr;  // {listen-addr}: "127.0.0.1:6379", "*:6379" or the Unix socket
  std::string server_mode;  // {server-mode}: "", "[cluster]" or "[sentinel]"
  std::string config_file;  // {config-file}; empty shows as "-"
  std::string unixsocket;   // {unixsocket}
  int port = 0;             // {port}
  int tls_port = 0;         // {tls-port}
};

// Replaces the variables and removes white space from the end; {{ is a brace. Nothing if the
// template is empty, a brace is not closed or a variable is not known.
std::optional<std::string> expand_process_title(std::string_view title_template,
                                                const ProcessTitleValues& values);

// The part of memory in which the kernel looks for the command line: the arguments and, right
// behind them, the environment.
class ProcessTitleArea {
 public:
  ProcessTitleArea() = default;
  // The vectors as main() got them; nothing is written yet.
  ProcessTitleArea(int argc, char** argv, char** environment);

  size_t capacity() const { return size_ > 0 ? size_ - 1 : 0; }
  // Writes `title`, cut to capacity().
  void write(std::string_view title) const;

 private:
  char* start_ = nullptr;
  size_t size_ = 0;
};

// To be called once, first in main(), before any thread starts: moves the environment out of the
// way. `argv` itself changes when a title is set: whoever needs the arguments copies them before.
void init_process_title(int argc, char** argv);

// Shows `title` from now on. Does nothing before init_process_title().
void set_process_title(std::string_view title);

}  // namespace spinel::server
