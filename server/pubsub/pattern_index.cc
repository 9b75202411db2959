#include "server/pubsub/pattern_index.h"

#include <algorithm>

#include "storage/base/glob.h"

namespace spinel::server {

size_t literal_prefix_size(std::string_view pattern) {
  return std::min(pattern.find_first_of("*?[\\"), pattern.size());
}

bool matches_behind_prefix(std::string_view pattern, size_t prefix_size, std::string_view text) {
  // As Redis has it, `*` does not match an empty text, but `a*` matches "a": so ask for all of it.
  if (!text.empty() && pattern.substr(prefix_size) == "*") return true;
  return storage::glob_match(pattern, text);
}

}  // namespace spinel::server
