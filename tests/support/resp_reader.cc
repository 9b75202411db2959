#include "tests/support/resp_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace spinel::test {

namespace {

constexpr std::int64_t kMaxElements = std::int64_t{1} << 28;
constexpr std::int64_t kMaxBodyBytes = std::int64_t{1} << 31;
constexpr std::size_t kMaxDepth = 128;

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Reply> RespReader::next() {
  while (true) {
    Reply value;
    std::size_t children = 0;
    const std::size_t start = position_;
    if (!read_value(value, children)) {
      position_ = start;
      drop_consumed();
      return std::nullopt;
    }
    if (value.type == Reply::Type::kMalformed) return value;
    if (children > 0) {
      if (open_.size() == kMaxDepth) return fail(value, "nested too deeply");
      open_.push_back({std::move(value), children});
      continue;
    }
    while (true) {
      if (open_.empty()) return value;
      Frame& frame = open_.back();
      frame.reply.elements.push_back(std::move(value));
      if (--frame.missing > 0) break;
      value = std::move(frame.reply);
      open_.pop_back();
    }
  }
}

bool RespReader::read_value(Reply& value, std::size_t& children) {
  using Type = Reply::Type;
  std::string_view line;
  if (!read_line(line)) return false;
  if (line.empty()) {
    fail(value, "an empty line where a type byte is due");
    return true;
  }
  const std::string_view rest = line.substr(1);
  switch (line.front()) {
    case '+':
      value.type = Type::kStatus;
      break;
    case '-':
      value.type = Type::kError;
      break;
    case ',':
      value.type = Type::kDouble;
      break;
    case '(':
      value.type = Type::kBigNumber;
      break;
    case '$':
      value.type = Type::kString;
      return read_body(value, rest);
    case '=':
      value.type = Type::kVerbatim;
      return read_body(value, rest);
    case '!':
      value.type = Type::kError;
      return read_body(value, rest);
    case '*':
      value.type = Type::kArray;
      open_aggregate(value, rest, children);
      return true;
    case '%':
      value.type = Type::kMap;
      open_aggregate(value, rest, children);
      return true;
    case '|':
      value.type = Type::kAttribute;
      open_aggregate(value, rest, children);
      return true;
    case '~':
      value.type = Type::kSet;
      open_aggregate(value, rest, children);
      return true;
    case '>':
      value.type = Type::kPush;
      open_aggregate(value, rest, children);
      return true;
    case '_':
      value.type = Type::kNull;
      if (!rest.empty()) fail(value, "bytes after the null's type byte");
      return true;
    case '#':
      value.type = Type::kBool;
      value.number = rest == "t" ? 1 : 0;
      if (rest != "t" && rest != "f") fail(value, "not a boolean: " + printable(rest));
      return true;
    case ':': {
      value.type = Type::kInteger;
      const auto number = parse_integer(rest);
      if (!number) {
        fail(value, "not an integer: " + printable(rest));
      } else {
        value.number = *number;
      }
      return true;
    }
    default:
      fail(value, "unknown type byte in line " + printable(line));
      return true;
  }
  value.text = rest;
  return true;
}

bool RespReader::read_line(std::string_view& line) {
  const std::size_t end = buffer_.find('\n', position_);
  if (end == std::string::npos) return false;
  if (end == position_ || buffer_[end - 1] != '\r') {
    // Left to read_value to refuse: a line that ends in a bare LF has no valid type byte.
    line = "\n";
  } else {
    line = std::string_view(buffer_).substr(position_, end - 1 - position_);
  }
  position_ = end + 1;
  return true;
}

bool RespReader::read_body(Reply& value, std::string_view length_text) {
  const auto length = parse_integer(length_text);
  if (length == -1 && value.type == Reply::Type::kString) {
    value.type = Reply::Type::kNull;
    return true;
  }
  if (!length || *length < 0 || *length > kMaxBodyBytes) {
    fail(value, "not a length: " + printable(length_text));
    return true;
  }
  const auto size = static_cast<std::size_t>(*length);
  if (buffer_.size() - position_ < size + 2) return false;
  if (buffer_.compare(position_ + size, 2, "\r\n") != 0) {
    fail(value, "no CRLF after the body");
    return true;
  }
  value.text.assign(buffer_, position_, size);
  position_ += size + 2;
  return true;
}

void RespReader::open_aggregate(Reply& value, std::string_view length_text, std::size_t& children) {
  const auto length = parse_integer(length_text);
  if (length == -1 && value.type == Reply::Type::kArray) {
    value.type = Reply::Type::kNullArray;
    return;
  }
  if (!length || *length < 0 || *length > kMaxElements) {
    fail(value, "not a count: " + printable(length_text));
    return;
  }
  const bool pairs = value.type == Reply::Type::kMap || value.type == Reply::Type::kAttribute;
  children = static_cast<std::size_t>(*length) * (pairs ? 2 : 1);
  value.elements.reserve(std::min<std::size_t>(children, 1024));
}

Reply& RespReader::fail(Reply& value, const std::string& why) {
  value = Reply{};
  value.type = Reply::Type::kMalformed;
  value.text = why;
  return value;
}

void RespReader::drop_consumed() {
  if (position_ == buffer_.size()) {
    buffer_.clear();
    position_ = 0;
  } else if (position_ > 65536 && position_ > buffer_.size() / 2) {
    buffer_.erase(0, position_);
    position_ = 0;
  }
}

std::string RespReader::take_pending() {
  std::string rest = buffer_.substr(position_);
  buffer_.clear();
  position_ = 0;
  return rest;
}

std::string encode_command(const std::vector<std::string>& arguments) {
  std::string out = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string& argument : arguments) {
    out += "$" + std::to_string(argument.size()) + "\r\n";
    out += argument;
    out += "\r\n";
  }
  return out;
}

}  // namespace spinel::test
