#include "tests/support/reply.h"

#include <algorithm>
#include <ostream>

namespace spinel::test {

namespace {

Reply make(Reply::Type type, std::string_view text = {}) {
  Reply reply;
  reply.type = type;
  reply.text = text;
  return reply;
}

Reply aggregate(Reply::Type type, std::vector<Reply> elements) {
  Reply reply;
  reply.type = type;
  reply.elements = std::move(elements);
  return reply;
}

std::string list_of(const Reply& reply, const char* open, const char* close, bool pairs) {
  constexpr std::size_t kMaxShown = 64;
  std::string out = open;
  for (std::size_t i = 0; i < reply.elements.size(); ++i) {
    if (i > 0) out += pairs && i % 2 == 1 ? ": " : ", ";
    if (i == kMaxShown) {
      out += "... " + std::to_string(reply.elements.size()) + " in all";
      break;
    }
    out += reply.elements[i].to_string();
  }
  return out + close;
}

}  // namespace

bool Reply::is_aggregate() const {
  return type == Type::kArray || type == Type::kMap || type == Type::kSet || type == Type::kPush ||
         type == Type::kAttribute;
}

bool Reply::is_reply() const {
  return type != Type::kClosed && type != Type::kTimeout && type != Type::kMalformed;
}

bool Reply::is_error_with(std::string_view prefix) const {
  return is_error() && std::string_view(text).starts_with(prefix);
}

const Reply& Reply::at(std::string_view key) const {
  static const Reply kNone;
  for (std::size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (elements[i].text == key) return elements[i + 1];
  }
  return kNone;
}

std::vector<std::string> Reply::texts() const {
  std::vector<std::string> out;
  out.reserve(elements.size());
  for (const Reply& element : elements) out.push_back(element.text);
  return out;
}

std::vector<std::string> Reply::sorted_texts() const {
  std::vector<std::string> out = texts();
  std::sort(out.begin(), out.end());
  return out;
}

std::string Reply::to_string() const {
  switch (type) {
    case Type::kStatus:
      return "+" + text;
    case Type::kError:
      return "-" + text;
    case Type::kInteger:
      return "(integer) " + std::to_string(number);
    case Type::kString:
      return printable(text);
    case Type::kNull:
      return "(nil)";
    case Type::kNullArray:
      return "(nil array)";
    case Type::kDouble:
      return "(double) " + text;
    case Type::kBool:
      return number != 0 ? "(true)" : "(false)";
    case Type::kBigNumber:
      return "(big number) " + text;
    case Type::kVerbatim:
      return "(verbatim) " + printable(text);
    case Type::kArray:
      return list_of(*this, "[", "]", false);
    case Type::kMap:
      return list_of(*this, "{", "}", true);
    case Type::kSet:
      return list_of(*this, "~[", "]", false);
    case Type::kPush:
      return list_of(*this, ">[", "]", false);
    case Type::kAttribute:
      return list_of(*this, "|{", "}", true);
    case Type::kClosed:
      return "(connection closed) " + text;
    case Type::kTimeout:
      return "(no reply in time)";
    case Type::kMalformed:
      return "(malformed reply) " + text;
  }
  return "(unknown)";
}

std::ostream& operator<<(std::ostream& out, const Reply& reply) {
  return out << reply.to_string();
}
Reply status(std::string_view text) {
  return make(Reply::Type::kStatus, text);
}
Reply ok() {
  return status("OK");
}
Reply error(std::string_view text) {
  return make(Reply::Type::kError, text);
}
Reply bulk(std::string_view text) {
  return make(Reply::Type::kString, text);
}
Reply nil() {
  return make(Reply::Type::kNull);
}
Reply null_array() {
  return make(Reply::Type::kNullArray);
}
Reply real(std::string_view text) {
  return make(Reply::Type::kDouble, text);
}

Reply integer(std::int64_t value) {
  Reply reply = make(Reply::Type::kInteger);
  reply.number = value;
  return reply;
}

Reply boolean(bool value) {
  Reply reply = make(Reply::Type::kBool);
  reply.number = value ? 1 : 0;
  return reply;
}

Reply verbatim(std::string_view format, std::string_view text) {
  return make(Reply::Type::kVerbatim, std::string(format) + ":" + std::string(text));
}

Reply array(std::vector<Reply> elements) {
  return aggregate(Reply::Type::kArray, std::move(elements));
}
Reply set(std::vector<Reply> elements) {
  return aggregate(Reply::Type::kSet, std::move(elements));
}
Reply push(std::vector<Reply> elements) {
  return aggregate(Reply::Type::kPush, std::move(elements));
}
Reply map(std::vector<Reply> keys_and_values) {
  return aggregate(Reply::Type::kMap, std::move(keys_and_values));
}

Reply bulks(const std::vector<std::string>& texts) {
  std::vector<Reply> elements;
  elements.reserve(texts.size());
  for (const std::string& text : texts) elements.push_back(bulk(text));
  return array(std::move(elements));
}

std::string printable(std::string_view text, std::size_t limit) {
  static const char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  out += '"';
  if (text.size() > limit) out += "... (" + std::to_string(text.size()) + " bytes)";
  return out;
}

}  // namespace spinel::test
