// spinel-check-rdb FILE: checks an RDB file and tells what is in it. Exit codes: 0 the file is
// good, 1 it is not, or the arguments are wrong.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "tools/check-rdb/inspection.h"
#include "tools/check-rdb/print.h"

namespace {

using namespace spinel::check_rdb;

void print(std::FILE* to, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

// Shows how far reading has come: as a bar on a terminal; otherwise, of large files, as a line for
// each tenth.
class Progress {
 public:
  void update(uint64_t bytes, uint64_t total_bytes) {
    if (total_bytes == 0) return;
    const auto percent = static_cast<int>(bytes * 100 / total_bytes);
    if (is_terminal_) {
      if (percent != shown_percent_) draw(percent);
    } else if (total_bytes >= kLargeBytes && percent / 10 > shown_percent_ / 10) {
      print(stderr, fmt::format("[progress] {} % of {} bytes\n", percent, total_bytes));
      shown_percent_ = percent;
    }
  }
  // Removes the bar, to make place for a line.
  void clear() {
    if (is_terminal_ && shown_percent_ > 0) print(stderr, "\r\x1b[K");
    if (is_terminal_) shown_percent_ = 0;
  }

 private:
  static constexpr uint64_t kLargeBytes = uint64_t{64} << 20;
  static constexpr int kWidth = 50;

  void draw(int percent) {
    const int full = percent * kWidth / 100;
    print(stderr, fmt::format("\r[{:#<{}}{: <{}}] {:3} %", "", full, "", kWidth - full, percent));
    shown_percent_ = percent;
  }

  const bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;
  int shown_percent_ = 0;
};

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

int run(const std::string& path, size_t top, bool json) {
  Progress progress;
  if (!json) print(stdout, fmt::format("[offset 0] Checking RDB file {}\n", path));
  const auto on_found = [&](uint64_t offset, const std::string& text) {
    if (json) return;
    progress.clear();
    print(stdout, fmt::format("[offset {}] {}\n", offset, text));
  };
  const auto on_progress = [&](uint64_t bytes, uint64_t total_bytes) {
    progress.update(bytes, total_bytes);
  };
  const Report report = inspect(path, top, now_ms(), on_found, on_progress);
  progress.clear();
  print(stdout, json ? as_json(report) : as_text(report));
  return report.ok ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Checks an RDB file and tells what is in it.", "spinel-check-rdb");
  std::string path;
  size_t top = 10;
  bool json = false;
  app.add_option("file", path, "RDB file")->required();
  app.add_flag("--json", json, "Print one JSON object instead of lines");
  app.add_option("--top", top, "How many of the largest keys to list")->capture_default_str();
  app.set_version_flag("-v,--version", "spinel-check-rdb " SPINEL_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  return run(path, top, json);
}
