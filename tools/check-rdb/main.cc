// spinel-check-rdb FILE: checks an RDB file and tells what is in it.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>

#include "tools/check-rdb/inspection.h"
#include "tools/check-rdb/print.h"
#include "tools/common/progress.h"

namespace {

using namespace spinel::check_rdb;

void print(std::FILE* to, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

int run(const std::string& path, size_t top, bool json) {
  spinel::tools::Progress progress;
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
  switch (verdict_of(report)) {
    case Verdict::kGood:
      return 0;
    case Verdict::kDamaged:
      return 1;
    case Verdict::kRefused:
      return 2;
  }
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Checks an RDB file and tells what is in it.", "spinel-check-rdb");
  app.footer(
      "Exit status: 0: the file is good; 1: it is damaged or cannot be read, or the arguments are "
      "wrong; 2: it is not damaged as far as it was read, but spinel-server does not load it.");
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
