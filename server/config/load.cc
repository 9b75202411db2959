#include "server/config/load.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <glob.h>
#include <unistd.h>
#include <unordered_set>

#include "server/config/config_file.h"
#include "server/config/options.h"
#include "server/version.h"
#include "storage/base/bytes.h"
#include "storage/base/split_args.h"

namespace spinel::server {
namespace {

// Stops files that include themselves.
constexpr int kMaxIncludeDepth = 16;

constexpr const char* kBadDirective = "Bad directive or wrong number of arguments";

std::string cannot_open(const std::string& path, std::string_view reason) {
  return fmt::format("Fatal error, can't open config file '{}': {}\n", path, reason);
}

std::string format_fatal_error(std::string_view text) {
  return fmt::format("\n*** FATAL CONFIG FILE ERROR (Spinel {}) ***\n{}\n", kSpinelVersion, text);
}

constexpr std::string_view kCommandLine = "the command line";

// Names the place of a mistake. `source` is a path, standard input or the command line.
std::string place_of(std::string_view source, size_t line_number) {
  if (source == kCommandLine) return "Reading the options of the command line";
  return fmt::format("Reading the configuration from {}, at line {}", source, line_number);
}

class Loader {
 public:
  Loader(Config& config, FileAccess access) : config_(config), access_(access) {}

  std::optional<std::string> run(const ConfigSources& sources) {
    std::string file;
    std::string input;
    if (auto error = read_sources(sources, file, input)) return error;
    if (auto error = load_text(file, config_.config_file)) return error;
    if (auto error = load_text(input, "standard input")) return error;
    if (auto error = load_text(sources.options, kCommandLine)) return error;
    if (auto error = check_logfile()) return error;
    collect_warnings();
    return std::nullopt;
  }

 private:
  std::optional<std::string> read_sources(const ConfigSources& sources, std::string& file,
                                          std::string& input) {
    if (!sources.file.empty()) {
      std::error_code error;
      const auto path = std::filesystem::absolute(sources.file, error);
      if (error) return cannot_open(sources.file, error.message());
      config_.config_file = path.lexically_normal().string();
      if (const auto reason = read_file(config_.config_file, file)) {
        return cannot_open(config_.config_file, *reason);
      }
    }
    if (sources.read_stdin) {
      if (const auto reason = read_stream(stdin, input)) return cannot_open("-", *reason);
    }
    return std::nullopt;
  }

  std::optional<std::string> load_text(std::string_view text, std::string_view source) {
    size_t number = 0;
    for (const std::string_view line : trimmed_lines(text)) {
      ++number;
      if (line.empty() || line.starts_with('#')) continue;
      if (const auto reason = load_line(line)) {
        return format_fatal_error(
            fmt::format("{}\n>>> '{}'\n{}", place_of(source, number), line, *reason));
      }
      if (include_error_) return include_error_;
    }
    return std::nullopt;
  }

  ConfigError load_line(std::string_view line) {
    const auto words = storage::split_args(line);
    if (!words) return "Unbalanced quotes in configuration line";
    if (words->empty()) return std::nullopt;
    const std::string& name = words->front();
    const ConfigWords arguments = ConfigWords(*words).subspan(1);
    const auto match = OptionTable::instance().find(name);
    if (match.option != nullptr) return load_option(*match.option, arguments);
    if (storage::equals_ignore_case(name, "include") && arguments.size() == 1) {
      include_error_ = include(arguments[0]);
      return std::nullopt;
    }
    if (storage::equals_ignore_case(name, "sentinel")) {
      return "sentinel directive while not in sentinel mode";
    }
    if (is_retired_directive(name) && arguments.size() == 1) return std::nullopt;
    return kBadDirective;
  }

  ConfigError load_option(const Option& option, ConfigWords arguments) {
    if (access_ == FileAccess::kDenied && option.name == "dir") return std::nullopt;
    const bool first = seen_.insert(&option).second;
    return parse_option(option, config_, arguments,
                        first ? ValueOrigin::kFirstLine : ValueOrigin::kFurtherLine);
  }

  // Loads a file, or all files that match a pattern, which may be none.
  std::optional<std::string> include(const std::string& path) {
    if (access_ == FileAccess::kDenied) return std::nullopt;
    if (path.find_first_of("*?[") == std::string::npos) return include_file(path);
    glob_t found{};
    std::optional<std::string> error;
    if (glob(path.c_str(), 0, nullptr, &found) == 0) {
      for (size_t i = 0; i < found.gl_pathc && !error; ++i) error = include_file(found.gl_pathv[i]);
    }
    globfree(&found);
    return error;
  }

  std::optional<std::string> include_file(const std::string& path) {
    if (include_depth_ == kMaxIncludeDepth) return cannot_open(path, "Too many levels of includes");
    std::string text;
    if (const auto reason = read_file(path, text)) return cannot_open(path, *reason);
    ++include_depth_;
    auto error = load_text(text, path);
    --include_depth_;
    return error;
  }

  std::optional<std::string> check_logfile() {
    if (access_ == FileAccess::kDenied || config_.logfile.empty()) return std::nullopt;
    const int fd = open(config_.logfile.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
      return format_fatal_error(fmt::format("Can't open the log file: {}", std::strerror(errno)));
    close(fd);
    return std::nullopt;
  }

  void collect_warnings() {
    std::vector<std::string_view> ignored;
    OptionTable::instance().for_each([&](const Option& option) {
      const bool asked_for = option.support == Support::kIgnored && seen_.contains(&option) &&
                             differs_from_default(option, config_);
      if (asked_for) ignored.push_back(option.name);
    });
    if (ignored.empty()) return;
    config_.warnings.push_back(fmt::format("These options are accepted but have no effect yet: {}",
                                           fmt::join(ignored, ", ")));
  }

  Config& config_;
  const FileAccess access_;
  std::unordered_set<const Option*> seen_;
  std::optional<std::string> include_error_;
  int include_depth_ = 0;
};

}  // namespace

std::optional<std::string> load_config(Config& config, const ConfigSources& sources,
                                       FileAccess access) {
  return Loader(config, access).run(sources);
}

}  // namespace spinel::server
