// spinel-check-aof FILE: checks an append-only file, or all files that a manifest lists, in the
// manner of redis-check-aof.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <iostream>

#include "persistence/aof/manifest.h"
#include "persistence/file/file_system.h"
#include "tools/check-aof/file_check.h"
#include "tools/common/progress.h"

namespace {

using namespace spinel::check_aof;
using spinel::persistence::File;
using spinel::persistence::aof::Manifest;
using spinel::persistence::aof::ManifestError;
using spinel::persistence::aof::ManifestFile;

struct Options {
  std::string path;
  bool fix = false;
  bool yes = false;
  std::optional<int64_t> until_seconds;
};

// How checking a file ended.
enum class Outcome : uint8_t { kValid, kEmpty, kFixed, kCut, kRefused, kBad };

struct Target {
  std::string path;
  std::string name;  // in what is printed: as it was given, or as the manifest has it
  bool is_last;      // only the last file may be cut
};

template <typename... Arguments>
void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  fmt::print("{}\n", fmt::format(format, std::forward<Arguments>(arguments)...));
}

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

void print_preamble(const std::string& name, const Preamble& preamble) {
  line("[offset 0] Checking RDB file {}", name);
  for (const auto& [aux, value] : preamble.aux) line("[info] AUX FIELD {} = '{}'", aux, value);
  if (preamble.ok) {
    const char* checksum = preamble.has_checksum ? "Checksum OK" : "There is no checksum";
    line("[offset {}] {}", preamble.end_offset, checksum);
    line("[offset {}] \\o/ RDB looks OK! \\o/", preamble.end_offset);
  } else {
    if (!preamble.error.is_unsupported) line("--- RDB ERROR DETECTED ---");
    line("[offset {}] {}", preamble.error.offset, preamble.error.cause);
  }
  for (const ReadError& refusal : preamble.refusals) {
    line("[refused] {} at offset {}", refusal.cause, refusal.offset);
  }
  line("[info] {} keys read", preamble.keys);
  line("[info] {} expires", preamble.expires);
  line("[info] {} already expired", preamble.already_expired);
  if (preamble.ok) {
    line("RDB preamble is OK, proceeding with AOF tail...");
  } else if (preamble.error.is_unsupported) {
    line("What follows in the RDB preamble cannot be checked, aborting.");
  } else {
    line("RDB preamble of AOF file is not sane, aborting.");
  }
}

// Prints that a server does not load the file, if that is so although it is not damaged.
bool print_refusal(const std::string& name, const FileReport& report) {
  if (!report.preamble) return false;
  const Preamble& preamble = *report.preamble;
  if (!(preamble.ok ? !preamble.refusals.empty() : preamble.error.is_unsupported)) return false;
  line(
      "[refused] spinel-server does not load AOF {}. Delete in Redis what is not supported here, "
      "and rewrite the file there",
      name);
  return true;
}

void print_error(const std::string& name, const FileReport& report) {
  if (report.error.cause.empty()) return;
  const bool is_about_order = report.error.cause.starts_with("Unexpected ");
  line("0x{:16x}: {}{}", report.error.offset, report.error.cause,
       is_about_order ? " in AOF " + name : "");
  if (report.status == FileReport::Status::kBad && !is_about_order)
    line("AOF {} format error", name);
}

bool confirms() {
  fmt::print("Continue? [y/N]: ");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer.starts_with('y') || answer.starts_with('Y');
}

// Cuts the file and syncs it. Prints an error, if there is one.
bool truncate(const Target& target, uint64_t size_bytes) {
  File file;
  spinel::persistence::FileError error = file.open(target.path, File::Mode::kReadWrite);
  if (error.ok()) error = file.truncate(size_bytes);
  if (error.ok()) error = file.sync();
  if (!error.ok()) line("Failed to truncate AOF {}: {}", target.name, error.text());
  return error.ok();
}

// Cuts what is later than the time that was asked for.
Outcome cut_later(const Options& options, const Target& target, const FileReport& report) {
  const std::string& name = target.name;
  const int64_t until = *options.until_seconds;
  if (!report.later_offset) {
    line("Truncate nothing in AOF {} to timestamp {}", name, until);
    return Outcome::kValid;
  }
  if (report.valid_bytes == 0) {
    line("AOF {} has nothing before timestamp {}, aborting...", target.path, until);
    return Outcome::kBad;
  }
  if (!target.is_last) {
    line("Failed to truncate AOF {} to timestamp {} to offset {} because it is not the last file",
         name, until, report.valid_bytes);
    return Outcome::kBad;
  }
  if (!truncate(target, report.valid_bytes)) return Outcome::kBad;
  line("Successfully truncated AOF {} to timestamp {}", name, until);
  return Outcome::kCut;
}

Outcome fix(const Options& options, const Target& target, const FileReport& report) {
  const std::string& name = target.name;
  if (!options.fix) {
    line("AOF {} is not valid. Use the --fix option to try fixing it.", name);
    return Outcome::kBad;
  }
  if (report.status == FileReport::Status::kFailed) {
    line("AOF {} cannot be read: nothing is cut", name);
    return Outcome::kBad;
  }
  if (!target.is_last) {
    line("Failed to truncate AOF {} because it is not the last file", name);
    return Outcome::kBad;
  }
  line("This will shrink the AOF {} from {} bytes, with {} bytes, to {} bytes", name,
       report.size_bytes, report.size_bytes - report.valid_bytes, report.valid_bytes);
  if (!options.yes && !confirms()) {
    line("Aborting...");
    return Outcome::kBad;
  }
  if (!truncate(target, report.valid_bytes)) return Outcome::kBad;
  line("Successfully truncated AOF {}", name);
  return Outcome::kFixed;
}

// Checks one file and prints what is found.
Outcome check(const Options& options, const Target& target) {
  const std::string& name = target.name;
  spinel::tools::Progress progress;
  const FileReport report =
      check_file(target.path, options.until_seconds, now_ms(),
                 [&](uint64_t bytes, uint64_t total) { progress.update(bytes, total); });
  progress.clear();
  if (!report.file_error.ok()) {
    line("Cannot open file {}: {}, aborting...", target.path,
         std::strerror(report.file_error.error));
    return Outcome::kBad;
  }
  if (report.preamble) print_preamble(name, *report.preamble);
  const bool is_refused = print_refusal(name, report);
  if (report.preamble && !report.preamble->ok) {
    return is_refused ? Outcome::kRefused : Outcome::kBad;
  }
  if (report.size_bytes == 0) return Outcome::kEmpty;
  print_error(name, report);
  if (options.until_seconds && report.ok()) {
    const Outcome outcome = cut_later(options, target, report);
    return is_refused && outcome != Outcome::kBad ? Outcome::kRefused : outcome;
  }
  line("AOF analyzed: filename={}, size={}, ok_up_to={}, ok_up_to_line={}, diff={}", name,
       report.size_bytes, report.valid_bytes, report.valid_lines,
       report.size_bytes - std::min(report.valid_bytes, report.size_bytes));
  if (!report.ok()) return fix(options, target, report);
  return is_refused ? Outcome::kRefused : Outcome::kValid;
}

// The last line about a file, unless it was one about an error.
void print_outcome(const char* kind, const std::string& name, Outcome outcome) {
  if (outcome == Outcome::kValid) line("{} {} is valid", kind, name);
  if (outcome == Outcome::kEmpty) line("{} {} is empty", kind, name);
}

int exit_status_of(Outcome outcome) {
  if (outcome == Outcome::kRefused) return 2;
  return outcome == Outcome::kBad ? 1 : 0;
}

int check_single(const Options& options) {
  line("Start checking Old-Style AOF");
  const Outcome outcome = check(options, {options.path, options.path, true});
  print_outcome("AOF", options.path, outcome);
  return exit_status_of(outcome);
}

int check_listed(const Options& options, const Manifest& manifest) {
  const std::string directory = spinel::persistence::directory_of(options.path);
  const size_t count = manifest.load_order().size();
  size_t number = 0;
  bool is_refused = false;
  const auto check_next = [&](const char* kind, const ManifestFile& file) {
    const Outcome outcome =
        check(options, {directory + "/" + file.name, file.name, ++number == count});
    print_outcome(kind, file.name, outcome);
    is_refused = is_refused || outcome == Outcome::kRefused;
    return outcome != Outcome::kBad;
  };
  if (manifest.base) {
    const std::string path = directory + "/" + manifest.base->name;
    spinel::persistence::FileStatus status;
    // A file that is missing has no format.
    if (spinel::persistence::get_status(path, status).ok() && status.exists) {
      line("Start to check BASE AOF ({} format).", begins_with_rdb(path) ? "RDB" : "RESP");
    }
    if (!check_next("BASE AOF", *manifest.base)) return 1;
  }
  if (!manifest.increments.empty()) line("Start to check INCR files.");
  for (const ManifestFile& file : manifest.increments) {
    if (!check_next("INCR AOF", file)) return 1;
  }
  if (is_refused) return exit_status_of(Outcome::kRefused);
  line("All AOF files and manifest are valid");
  return 0;
}

int check_manifest(const Options& options, const std::string& text) {
  line("Start checking Multi Part AOF");
  Manifest manifest;
  ManifestError error;
  if (parse_manifest(text, manifest, error)) return check_listed(options, manifest);
  line("*** FATAL AOF MANIFEST FILE ERROR ***");
  if (error.line > 0) line("Reading the manifest file, at line {}", error.line);
  if (error.line > 0) line(">>> '{}'", error.content);
  line("{}", error.cause);
  return 1;
}

// Whether a file that begins so lists others: its first line that is no comment begins with "file".
bool is_manifest(const std::string& path, std::string_view text) {
  if (path.ends_with(".manifest")) return true;
  while (text.starts_with('#')) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.starts_with("file ");
}

int run(const Options& options) {
  constexpr size_t kMaxManifest = size_t{16} << 20;
  File file;
  std::string head(spinel::persistence::aof::kMaxManifestLine * 4, '\0');
  size_t head_bytes = 0;
  FileError error = file.open(options.path, File::Mode::kRead);
  if (error.ok()) error = file.read(head.data(), head.size(), head_bytes);
  head.resize(head_bytes);
  std::string text;
  const bool lists_files = error.ok() && is_manifest(options.path, head);
  if (lists_files) error = spinel::persistence::read_whole_file(options.path, kMaxManifest, text);
  if (!error.ok()) {
    line("Cannot open file {}: {}", options.path, std::strerror(error.error));
    return 1;
  }
  return lists_files ? check_manifest(options, text) : check_single(options);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Checks an append-only file: one file, or all that a manifest lists. Commands are not run, "
      "so "
      "whether a server knows them is not checked.",
      "spinel-check-aof");
  app.footer(
      "Exit status: 0: the files are valid, or were made so; 1: they are not, or the arguments are "
      "wrong; 2: they are not damaged as far as they were read, but spinel-server does not load "
      "them.");
  Options options;
  app.add_option("file", options.path, "Manifest, or a single append-only file")->required();
  CLI::Option* fix = app.add_flag(
      "--fix", options.fix, "Cut what is not valid off the end of the last file, after asking");
  app.add_flag("--yes", options.yes, "Do not ask before cutting")->needs(fix);
  app.add_option("--truncate-to-timestamp", options.until_seconds,
                 "Cut off what was written after this Unix time, in seconds, as far as the file "
                 "tells it (aof-timestamp-enabled)")
      ->check(CLI::PositiveNumber)
      ->excludes(fix);
  app.set_version_flag("-v,--version", "spinel-check-aof " SPINEL_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  return run(options);
}
