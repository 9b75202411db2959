#include "server/process/banner.h"

#include <array>
#include <fmt/format.h>
#include <unistd.h>

#include "server/log/log.h"

namespace spinel::server {
namespace {

constexpr int kBits = sizeof(void*) * 8;

// A spinel crystal is an octahedron. The facts stand to its right.
constexpr std::array<std::string_view, 10> kCrystal = {
    R"(            .           )", R"(           /|\          )", R"(          / | \         )",
    R"(         /  |  \        )", R"(        /___|___\       )", R"(        \   |   /       )",
    R"(         \  |  /        )", R"(          \ | /         )", R"(           \|/          )",
    R"(            '           )",
};

}  // namespace

void log_start(bool configured) {
  log_notice("Spinel {} is starting: {} bit, process {}", SPINEL_VERSION, kBits, ::getpid());
  if (!configured) {
    log_warning(
        "No configuration was given, so all options have their defaults. To give one: "
        "spinel-server "
        "/path/to/redis.conf");
  }
}

std::string render_logo(std::string_view mode, int port) {
  const std::array<std::string, kCrystal.size()> facts = {
      "",
      "",
      "",
      fmt::format("Spinel {} {} bit", SPINEL_VERSION, kBits),
      "",
      fmt::format("Running in {} mode", mode),
      fmt::format("Port: {}", port),
      fmt::format("PID: {}", ::getpid()),
  };
  std::string logo = "\n";
  for (size_t i = 0; i < kCrystal.size(); ++i) {
    std::string line = fmt::format("{}{}", kCrystal[i], facts[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    logo += line + "\n";
  }
  return logo + "\n";
}

void log_banner(std::string_view mode, int port, bool as_logo) {
  if (as_logo) {
    log_raw(LogLevel::kNotice, render_logo(mode, port));
  } else {
    log_notice("Running in {} mode on port {}", mode, port);
  }
}

bool log_goes_to_terminal() {
  return log_is_stdout() && ::isatty(STDOUT_FILENO) == 1;
}

}  // namespace spinel::server
