#include "server/engine/secrets.h"

#include <algorithm>

#include "storage/base/bytes.h"

namespace spinel::server {

namespace {

using storage::equals_ignore_case;

constexpr std::string_view kRedacted = "(redacted)";
constexpr std::string_view kSecretOptions[] = {"requirepass", "masterauth", "masteruser",
                                               "tls-key-file-pass", "tls-client-key-file-pass"};

bool is_secret_option(std::string_view name) {
  return std::ranges::any_of(
      kSecretOptions, [name](std::string_view secret) { return equals_ignore_case(name, secret); });
}

}  // namespace

std::vector<std::string_view> without_secrets(const Command& command, CommandArgs args) {
  std::vector<std::string_view> shown(args.begin(), args.end());
  const auto hide = [&shown](size_t first, size_t count) {
    for (size_t i = first; i < std::min(first + count, shown.size()); ++i) shown[i] = kRedacted;
  };
  if (command.name == "auth") {
    hide(1, args.size());
  } else if (command.name == "hello") {
    for (size_t i = 2; i < args.size(); ++i) {
      if (equals_ignore_case(args[i], "AUTH")) hide(i + 1, 2);
    }
  } else if (command.name == "migrate") {
    constexpr size_t kFirstOption = 6;
    for (size_t i = kFirstOption; i < args.size(); ++i) {
      if (equals_ignore_case(args[i], "AUTH")) {
        hide(++i, 1);
      } else if (equals_ignore_case(args[i], "AUTH2")) {
        hide(i + 1, 2);
        i += 2;
      } else if (equals_ignore_case(args[i], "KEYS")) {
        break;
      }
    }
  } else if (command.name == "config|set") {
    for (size_t i = 2; i + 1 < args.size(); i += 2) {
      if (is_secret_option(args[i])) hide(i + 1, 1);
    }
  }
  return shown;
}

}  // namespace spinel::server
