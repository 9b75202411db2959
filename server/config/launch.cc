#include "server/config/launch.h"

#include <fmt/format.h>

#include "server/version.h"
#include "storage/base/bytes.h"
#include "storage/base/memory.h"
#include "storage/base/numbers.h"
#include "storage/base/split_args.h"

namespace spinel::server {
namespace {

bool is_option_name(const std::string& argument) {
  return argument.starts_with("--");
}

// Turns options into lines of a configuration file. The word behind a name is a value even if it
// looks like another name. Only `--save` needs no value.
std::string option_lines(std::span<const std::string> arguments) {
  std::string lines;
  bool value_due = false;
  bool save = false;
  for (const std::string& argument : arguments) {
    const bool name = is_option_name(argument);
    if (name && (!value_due || save)) {
      if (value_due) lines += " \"\"";
      if (!lines.empty()) lines += '\n';
      lines += argument.substr(2);
      value_due = true;
      save = storage::equals_ignore_case(argument, "--save");
      continue;
    }
    if (!lines.empty()) lines += ' ';
    lines += storage::quote_arg(argument);
    value_due = false;
  }
  return lines;
}

Launch test_memory(std::span<const std::string> arguments) {
  const auto megabytes = arguments.size() == 2 ? storage::parse_int64(arguments[1]) : std::nullopt;
  if (!megabytes || *megabytes <= 0) {
    return {.action = LaunchAction::kFail,
            .message =
                "--test-memory takes the number of megabytes to test, such as --test-memory 4096"};
  }
  return {.action = LaunchAction::kTestMemory, .test_memory_mb = *megabytes};
}

}  // namespace

Launch parse_command_line(std::span<const std::string> arguments) {
  if (arguments.empty()) return {};
  const std::string& first = arguments[0];
  if (first == "-v" || first == "--version") return {.action = LaunchAction::kPrintVersion};
  if (first == "-h" || first == "--help") return {.action = LaunchAction::kPrintHelp};
  if (first == "--test-memory") return test_memory(arguments);
  if (first == "--check-system") return {.action = LaunchAction::kCheckSystem};

  Launch launch;
  if (!first.starts_with('-')) {
    launch.sources.file = first;
    arguments = arguments.subspan(1);
  } else if (first == "-") {
    launch.sources.read_stdin = true;
    arguments = arguments.subspan(1);
  }
  if (!arguments.empty() && arguments.back() == "-") {
    launch.sources.read_stdin = true;
    arguments = arguments.first(arguments.size() - 1);
  }
  for (const std::string& argument : arguments) {
    if (argument == "--sentinel") {
      return {.action = LaunchAction::kFail, .message = "Sentinel mode is not available"};
    }
  }
  launch.sources.options = option_lines(arguments);
  return launch;
}

std::string version_line() {
  // Scripts read the version that clients see from v=.
  return fmt::format("Spinel server v={} sha=00000000:0 malloc={} bits={} build={:016x} spinel={}",
                     kRedisVersion, storage::allocator_name(), sizeof(void*) * 8, build_id(),
                     kSpinelVersion);
}

std::string help_text(std::string_view program) {
  return fmt::format(
      "Usage: {0} [/path/to/redis.conf] [--option value...] [-]\n"
      "       {0} -                      (configuration from standard input)\n"
      "       {0} -v or --version\n"
      "       {0} -h or --help\n"
      "       {0} --test-memory <megabytes>\n"
      "       {0} --check-system         (settings of the system that slow the server down)\n"
      "\n"
      "Every line of a redis.conf can be given as an option. Options come after the file and "
      "after\n"
      "standard input, and win over both. redis.conf.sample shows all of them with their "
      "defaults.\n"
      "\n"
      "Examples:\n"
      "       {0}\n"
      "       {0} /etc/redis/redis.conf --loglevel verbose\n"
      "       {0} --port 7777 --maxmemory 100mb --maxmemory-policy allkeys-lru\n"
      "       echo 'maxmemory 128mb' | {0} -\n",
      program);
}

}  // namespace spinel::server
