#include "persistence/aof/manifest.h"

#include <algorithm>
#include <strings.h>
#include <utility>

#include "storage/base/split_args.h"

namespace spinel::persistence::aof {

namespace {

constexpr const char* kIncrementSuffix = ".incr.aof";

// Quoted like the arguments of a configuration file if it has bytes that need it.
std::string written_name(const std::string& name) {
  const auto needs_quotes = [](unsigned char c) {
    return c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '\\';
  };
  const bool plain = !name.empty() && std::none_of(name.begin(), name.end(), needs_quotes);
  return plain ? name : storage::quote_arg(name);
}

void append_line(std::string& text, const ManifestFile& file, char type) {
  text += "file " + written_name(file.name) + " seq " + std::to_string(file.sequence) + " type " +
          type + "\n";
}

// A positive number; 0 for anything else.
uint64_t parse_sequence(const std::string& text) {
  constexpr uint64_t kMost = INT64_MAX;
  uint64_t value = 0;
  if (text.empty()) return 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    value = value * 10 + static_cast<uint64_t>(c - '0');
    if (value > kMost) return 0;
  }
  return value;
}

// Reads a line that is no comment into `manifest`. Returns the cause of an error, or null.
const char* parse_line(std::string_view line, Manifest& manifest) {
  constexpr size_t kLeastWords = 6;
  constexpr const char* kBadFormat = "Invalid AOF manifest file format";
  const std::optional<std::vector<std::string>> words = storage::split_args(line);
  if (!words || words->size() < kLeastWords || words->size() % 2 != 0) return kBadFormat;
  ManifestFile file;
  std::string type;
  for (size_t i = 0; i < words->size(); i += 2) {
    const std::string& key = (*words)[i];
    const std::string& value = (*words)[i + 1];
    if (strcasecmp(key.c_str(), "file") == 0) {
      if (value.find_first_of("/\\") != std::string::npos || value == "." || value == "..") {
        return "File can't be a path, just a filename";
      }
      file.name = value;
    } else if (strcasecmp(key.c_str(), "seq") == 0) {
      file.sequence = parse_sequence(value);
    } else if (strcasecmp(key.c_str(), "type") == 0) {
      type = value;
    }
  }
  const bool has_nul = file.name.find('\0') != std::string::npos;
  if (file.name.empty() || has_nul || file.sequence == 0 || type.empty()) return kBadFormat;
  // Redis looks at the first letter only.
  if (type[0] == 'b') {
    if (manifest.base) return "Found duplicate base file information";
    manifest.base = std::move(file);
  } else if (type[0] == 'h') {
    manifest.history.push_back(std::move(file));
  } else if (type[0] == 'i') {
    if (!manifest.increments.empty() && file.sequence <= manifest.increments.back().sequence) {
      return "Found a non-monotonic sequence number";
    }
    manifest.increments.push_back(std::move(file));
  } else {
    return "Unknown AOF file type";
  }
  return nullptr;
}

}  // namespace

std::vector<ManifestFile> Manifest::load_order() const {
  std::vector<ManifestFile> files;
  if (base) files.push_back(*base);
  files.insert(files.end(), increments.begin(), increments.end());
  return files;
}

std::string Manifest::format() const {
  std::string text;
  if (base) append_line(text, *base, 'b');
  for (const ManifestFile& file : history) append_line(text, file, 'h');
  for (const ManifestFile& file : increments) append_line(text, file, 'i');
  return text;
}

bool Manifest::has(std::string_view name) const {
  const auto has_name = [name](const ManifestFile& file) { return file.name == name; };
  return (base && has_name(*base)) || std::any_of(history.begin(), history.end(), has_name) ||
         std::any_of(increments.begin(), increments.end(), has_name) ||
         std::find(unlisted.begin(), unlisted.end(), name) != unlisted.end();
}

ManifestFile Manifest::next_file(const std::string& prefix, uint64_t last,
                                 const char* suffix) const {
  ManifestFile file;
  file.sequence = last;
  do {
    file.name = prefix + "." + std::to_string(++file.sequence) + suffix;
  } while (has(file.name));
  return file;
}

const ManifestFile& Manifest::add_increment(const std::string& prefix) {
  // Old files may be deleted at any time: a new one never has the name of one of them.
  uint64_t last = increments.empty() ? 0 : increments.back().sequence;
  for (const ManifestFile& old : history) {
    if (old.name.ends_with(kIncrementSuffix)) last = std::max(last, old.sequence);
  }
  increments.push_back(next_file(prefix, last, kIncrementSuffix));
  return increments.back();
}

ManifestFile Manifest::next_base(const std::string& prefix, bool is_rdb) const {
  return next_file(prefix, base ? base->sequence : 0, is_rdb ? ".base.rdb" : ".base.aof");
}

void Manifest::replace_base(ManifestFile file, size_t kept_increments) {
  if (base) history.push_back(std::move(*base));
  base = std::move(file);
  const size_t replaced = increments.size() - std::min(kept_increments, increments.size());
  const auto end = increments.begin() + static_cast<ptrdiff_t>(replaced);
  history.insert(history.end(), increments.begin(), end);
  increments.erase(increments.begin(), end);
}

bool parse_manifest(std::string_view text, Manifest& manifest, ManifestError& error) {
  if (text.empty()) {
    error = {0, "", "Found an empty AOF manifest"};
    return false;
  }
  Manifest parsed;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');  // npos is too long, too
    if (end >= kMaxManifestLine) {
      error = {number, std::string(text.substr(0, kMaxManifestLine)),
               "The AOF manifest file contains too long line"};
      return false;
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.starts_with('#')) continue;
    const char* cause = parse_line(line, parsed);
    if (cause == nullptr) continue;
    error = {number, std::string(line), cause};
    return false;
  }
  manifest = std::move(parsed);
  return true;
}

}  // namespace spinel::persistence::aof
