#include "storage/base/split_args.h"

#include "storage/base/hex.h"

namespace spinel::storage {
namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";

bool is_blank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

class Splitter {
 public:
  explicit Splitter(std::string_view line) : rest_(line.substr(0, line.find('\0'))) {}

  std::optional<std::vector<std::string>> run() {
    std::vector<std::string> words;
    while (skip_blanks()) {
      std::string word;
      if (!read_word(word)) return std::nullopt;
      words.push_back(std::move(word));
    }
    return words;
  }

 private:
  bool skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    return !rest_.empty();
  }

  // False if quotes are unbalanced. A quote opens anywhere in a word, and closing it ends the word.
  bool read_word(std::string& word) {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return read_double_quoted(word);
      if (c == '\'') return read_single_quoted(word);
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') return true;
      word.push_back(c);
    }
    return true;
  }

  bool read_double_quoted(std::string& word) {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return at_word_end();
      if (c != '\\' || rest_.empty()) {
        word.push_back(c);
      } else if (rest_.size() >= 3 && rest_[0] == 'x' && hex_value(rest_[1]) >= 0 &&
                 hex_value(rest_[2]) >= 0) {
        word.push_back(static_cast<char>(hex_value(rest_[1]) * 16 + hex_value(rest_[2])));
        rest_.remove_prefix(3);
      } else {
        word.push_back(unescape(rest_.front()));
        rest_.remove_prefix(1);
      }
    }
    return false;
  }

  bool read_single_quoted(std::string& word) {
    while (!rest_.empty()) {
      if (rest_.starts_with("\\'")) {
        word.push_back('\'');
        rest_.remove_prefix(2);
        continue;
      }
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\'') return at_word_end();
      word.push_back(c);
    }
    return false;
  }

  bool at_word_end() const { return rest_.empty() || is_blank(rest_.front()); }

  std::string_view rest_;
};

}  // namespace

std::optional<std::vector<std::string>> split_args(std::string_view line) {
  return Splitter(line).run();
}

std::string quote_arg(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '\\':
      case '"':
        quoted += '\\';
        quoted += c;
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      case '\a':
        quoted += "\\a";
        break;
      case '\b':
        quoted += "\\b";
        break;
      default:
        if (c >= ' ' && c <= '~') {
          quoted += c;
        } else {
          quoted += "\\x" + storage::hex_encode({&c, 1});
        }
    }
  }
  return quoted + '"';
}

}  // namespace spinel::storage
