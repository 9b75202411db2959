// Finds the patterns of PSUBSCRIBE that describe a channel without trying them all.
//
// A pattern begins with a literal prefix, up to its first special character. The patterns hang in a
// radix tree at the place of that prefix, so a lookup meets those only whose prefix the channel
// begins with: 10,000 patterns such as `user:17:*` cost one walk down the tree. Patterns that begin
// with a special character are all tried.
#pragma once

#include <cstddef>
#include <string_view>

#include "storage/containers/prefix_tree.h"

namespace spinel::server {

// How many bytes `pattern` begins with that stand for themselves.
size_t literal_prefix_size(std::string_view pattern);

// Whether `text` matches `pattern`, of which the first `prefix_size` bytes, a literal prefix, are
// known to match.
bool matches_behind_prefix(std::string_view pattern, size_t prefix_size, std::string_view text);

// Maps patterns to values of a type that has a `name`, the pattern. The values belong to the
// caller.
template <typename Value>
class PatternIndex {
 public:
  // Adds `value`. Requires that no other value of the same name is there, and that the name stays.
  void add(Value& value) { tree_.add(prefix_of(value), value); }

  // Removes `value`, which must be there.
  void remove(Value& value) { tree_.remove(prefix_of(value), value); }

  // Calls `visit(Value&)` for each value whose pattern matches `text`. `visit` must not change the
  // index.
  template <typename Visit>
  void for_each_match(std::string_view text, Visit&& visit) const {
    tree_.for_each_prefix_of(text, [&](Value& value, size_t matched) {
      if (matches_behind_prefix(value.name, matched, text)) visit(value);
    });
  }

  // Nodes of the tree, without the root: for tests.
  size_t node_count() const { return tree_.node_count(); }

 private:
  static std::string_view prefix_of(const Value& value) {
    const std::string_view name = value.name;
    return name.substr(0, literal_prefix_size(name));
  }

  storage::PrefixTree<Value> tree_;
};

}  // namespace spinel::server
