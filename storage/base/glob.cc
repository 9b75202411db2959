#include "storage/base/glob.h"

#include <utility>

#include "storage/base/bytes.h"

namespace spinel::storage {

namespace {

// Walks a pattern one element (a literal, `?` or a class) at a time. Both cases are folded by the
// caller's choice.
class Matcher {
 public:
  Matcher(std::string_view pattern, bool ignore_case)
      : pattern_(pattern), ignore_case_(ignore_case) {}

  // Matches the element at `at` against `c` and moves `at` behind the element if it matches.
  bool match_one(size_t& at, char c) const {
    switch (pattern_[at]) {
      case '?':
        ++at;
        return true;
      case '[':
        return match_class(at, c);
      case '\\':
        // A backslash that ends the pattern stands for itself.
        if (at + 1 < pattern_.size()) return match_literal(at, 2, pattern_[at + 1], c);
        [[fallthrough]];
      default:
        return match_literal(at, 1, pattern_[at], c);
    }
  }

 private:
  // A byte's place in a range. Redis compares signed chars, so bytes above 127 come first; but
  // where it ignores case, the C library's tolower puts them last, all but 255.
  int fold(char c) const {
    const auto place = static_cast<signed char>(c);
    if (!ignore_case_) return place;
    return place < -1 ? place + 256 : ascii_lower(c);
  }

  // The ends may come in either order. They are put in order before their case is folded, not
  // after: [a-Z] without regard to case is z to a, and empty.
  bool in_range(int wanted, char from, char to) const {
    if (static_cast<signed char>(from) > static_cast<signed char>(to)) std::swap(from, to);
    return wanted >= fold(from) && wanted <= fold(to);
  }

  bool match_literal(size_t& at, size_t width, char literal, char c) const {
    if (fold(literal) != fold(c)) return false;
    at += width;
    return true;
  }

  // A class that is never closed ends with the pattern.
  bool match_class(size_t& at, char c) const {
    const int wanted = fold(c);
    size_t i = at + 1;
    const bool negated = i < pattern_.size() && pattern_[i] == '^';
    if (negated) ++i;
    bool found = false;
    for (; i < pattern_.size() && pattern_[i] != ']'; ++i) {
      if (pattern_[i] == '\\' && i + 1 < pattern_.size()) {
        ++i;
        found |= fold(pattern_[i]) == wanted;
      } else if (i + 2 < pattern_.size() && pattern_[i + 1] == '-') {
        found |= in_range(wanted, pattern_[i], pattern_[i + 2]);
        i += 2;
      } else {
        found |= fold(pattern_[i]) == wanted;
      }
    }
    if (found == negated) return false;
    at = i < pattern_.size() ? i + 1 : i;
    return true;
  }

  std::string_view pattern_;
  bool ignore_case_;
};

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text, bool ignore_case) {
  // Not even stars match nothing at all, unless they are behind something that matched.
  if (text.empty()) return pattern.empty();
  const Matcher matcher(pattern, ignore_case);
  constexpr size_t kNone = ~size_t{0};
  size_t at = 0;
  size_t position = 0;
  // Where to go on after a mismatch: the last star takes one byte more. Earlier stars need no
  // second try.
  size_t after_star = kNone;
  size_t star_end = 0;
  while (position < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      after_star = ++at;
      star_end = position;
      if (at == pattern.size()) return true;
    } else if (at < pattern.size() && matcher.match_one(at, text[position])) {
      ++position;
    } else if (after_star != kNone) {
      at = after_star;
      position = ++star_end;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace spinel::storage
