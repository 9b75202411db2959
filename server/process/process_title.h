// The command line of the server in ps and top.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spinel::server {

// Values of the variables of proc-title-template.
struct ProcessTitleValues {
  std::string title;        // {title}: the program as it was called
  std::string listen_addr;  // {listen-addr}: "127.0.0.1:6379", "*:6379" or the Unix socket
  std::string server_mode;  // {server-mode}: "", "[cluster]" or "[sentinel]"
  std::string config_file;  // {config-file}; empty shows as "-"
  std::string unixsocket;   // {unixsocket}
  int port = 0;             // {port}
  int tls_port = 0;         // {tls-port}
};

// Replaces the variables and removes trailing white space; {{ is a brace. Returns nothing if the
// template is empty, a brace is not closed or a variable is unknown.
std::optional<std::string> expand_process_title(std::string_view title_template,
                                                const ProcessTitleValues& values);

// The memory from which the kernel reads the command line: the arguments and, right behind them,
// the environment.
class ProcessTitleArea {
 public:
  ProcessTitleArea() = default;
  // Takes the vectors of main(). Writes nothing.
  ProcessTitleArea(int argc, char** argv, char** environment);

  size_t capacity() const { return size_ > 0 ? size_ - 1 : 0; }
  // Writes `title`, cut to capacity().
  void write(std::string_view title) const;

 private:
  char* start_ = nullptr;
  size_t size_ = 0;
};

// Moves the environment out of the way. Must be called once, first in main(), before any thread
// starts. Setting a title overwrites `argv`: copy the arguments before.
void init_process_title(int argc, char** argv);

// Sets the title. Does nothing before init_process_title().
void set_process_title(std::string_view title);

}  // namespace spinel::server
