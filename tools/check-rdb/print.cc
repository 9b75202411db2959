#include "tools/check-rdb/print.h"

#include <fmt/format.h>

namespace spinel::check_rdb {

namespace {

using persistence::rdb::Dialect;

const char* dialect_name(const Report& report) {
  return report.file.dialect == Dialect::kValkey ? "Valkey" : "Redis";
}

// --- text

// What is not supported ends reading, so what follows it is unknown.
std::string error_lines(const Report& report) {
  const bool is_unsupported = report.error.is_unsupported;
  std::string text = is_unsupported ? "" : "--- RDB ERROR DETECTED ---\n";
  text += fmt::format("[offset {}] {}{}\n", report.error.offset, report.error.cause,
                      is_unsupported ? ": what follows is not checked" : "");
  text += fmt::format("[additional info] While doing: {}\n", report.doing);
  if (!report.last_key.empty()) {
    text += fmt::format("[additional info] Reading key {}\n", report.last_key);
  }
  return text;
}

std::string verdict_lines(const Report& report) {
  const uint64_t end = report.file.end_offset;
  std::string text =
      report.checksum == ChecksumState::kOk
          ? fmt::format("[offset {}] Checksum OK\n", end)
          : fmt::format("[offset {}] The file has no checksum: nothing was compared\n", end);
  const char* verdict = report.refusals.empty() ? "\\o/ RDB looks OK! \\o/" : "RDB is not damaged";
  text += fmt::format("[offset {}] {}\n", end, verdict);
  if (end < report.file_bytes) {
    text += fmt::format("[info] {} bytes follow its end, as in an AOF that begins with an RDB\n",
                        report.file_bytes - end);
  }
  return text;
}

// --- JSON

std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < ' ' || byte >= 0x7f) {
      json += fmt::format("\\u{:04x}", byte);
    } else {
      json += c;
    }
  }
  return json + '"';
}

// A key without the quotes around it.
std::string quoted_key(const std::string& printable) {
  const size_t end = printable.rfind('\'');
  std::string bare = printable.substr(1, end - 1) + printable.substr(end + 1);
  return quoted(bare);
}

template <typename Items, typename Print>
std::string joined(const Items& items, Print&& print) {
  std::string json;
  for (const auto& item : items) {
    if (!json.empty()) json += ',';
    json += print(item);
  }
  return json;
}

const char* checksum_name(ChecksumState state) {
  switch (state) {
    case ChecksumState::kOk:
      return "ok";
    case ChecksumState::kWrong:
      return "wrong";
    case ChecksumState::kNone:
      return "none";
    case ChecksumState::kNotReached:
      break;
  }
  return "not reached";
}

const char* verdict_name(const Report& report) {
  switch (verdict_of(report)) {
    case Verdict::kGood:
      return "good";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kDamaged:
      break;
  }
  return "damaged";
}

std::string refusal_object(const persistence::ReadError& refusal) {
  return fmt::format(R"({{"offset":{},"cause":{}}})", refusal.offset, quoted(refusal.cause));
}

std::string error_object(const Report& report) {
  if (report.ok) return "null";
  return fmt::format(R"({{"offset":{},"cause":{},"doing":{},"key":{}}})", report.error.offset,
                     quoted(report.error.cause), quoted(report.doing),
                     report.last_key.empty() ? "null" : quoted_key(report.last_key));
}

}  // namespace

std::string as_text(const Report& report) {
  std::string text = report.ok ? verdict_lines(report) : error_lines(report);
  for (const persistence::ReadError& refusal : report.refusals) {
    text += fmt::format("[refused] {} at offset {}\n", refusal.cause, refusal.offset);
  }
  if (verdict_of(report) == Verdict::kRefused) {
    text +=
        "[refused] spinel-server does not load this file. Delete in Redis what is not supported"
        " here, and save there again\n";
  }
  text += fmt::format("[info] {} keys read\n", report.keys);
  text += fmt::format("[info] {} expires\n", report.expires);
  text += fmt::format("[info] {} already expired\n", report.already_expired);
  if (report.file.version > 0) {
    text += fmt::format("[info] version {} of {}\n", report.file.version, dialect_name(report));
  }
  if (report.functions > 0) text += fmt::format("[info] {} function libraries\n", report.functions);
  for (const std::string& module : report.modules) {
    text += fmt::format("[info] data of module {} skipped\n", module);
  }
  for (const auto& [type, total] : report.types) {
    text += fmt::format("[type] {}: {} keys, {} bytes\n", type, total.keys, total.bytes);
  }
  for (const KeyFound& key : report.largest) {
    text += fmt::format("[large] {} bytes: {} in DB {}, a {}\n", key.bytes, key.key, key.database,
                        key.type);
  }
  return text;
}

std::string as_json(const Report& report) {
  const auto member = [](const std::string& name, const std::string& value) {
    return quoted(name) + ':' + value;
  };
  const std::string aux = joined(
      report.aux, [&](const auto& field) { return member(field.first, quoted(field.second)); });
  const std::string types = joined(report.types, [&](const auto& type) {
    return member(type.first,
                  fmt::format(R"({{"keys":{},"bytes":{}}})", type.second.keys, type.second.bytes));
  });
  const std::string largest = joined(report.largest, [](const KeyFound& key) {
    return fmt::format(R"({{"db":{},"key":{},"type":{},"bytes":{}}})", key.database,
                       quoted_key(key.key), quoted(key.type), key.bytes);
  });
  std::string json =
      fmt::format(R"({{"file":{},"ok":{},"verdict":"{}","bytes":{},"dialect":{},"version":{})",
                  quoted(report.path), verdict_of(report) == Verdict::kGood, verdict_name(report),
                  report.file_bytes, quoted(dialect_name(report)), report.file.version);
  json += fmt::format(R"(,"checksum":{},"end_offset":{},"aux":{{{}}})",
                      quoted(checksum_name(report.checksum)), report.file.end_offset, aux);
  json += fmt::format(R"(,"keys":{},"expires":{},"already_expired":{},"functions":{})", report.keys,
                      report.expires, report.already_expired, report.functions);
  json +=
      fmt::format(R"(,"modules":[{}],"types":{{{}}},"largest":[{}],"refusals":[{}],"error":{}}})",
                  joined(report.modules, quoted), types, largest,
                  joined(report.refusals, refusal_object), error_object(report));
  return json + '\n';
}

}  // namespace spinel::check_rdb
