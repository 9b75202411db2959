// Keys whose content tells how many writes they took: after a crash, each shows which of its writes
// survived, and whether what survived is whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/reply.h"

namespace spinel::test {

using Command = std::vector<std::string>;

/// A way to count the writes of a key. The content after n writes, its version n, depends on n
/// alone. Version 0 is the missing key.
struct VersionedKind {
  std::string_view name;
  /// The commands that take `key` from version - 1 to `version`, as one unit.
  std::vector<Command> (*write)(const std::string& key, std::int64_t version);
  /// One command whose reply shows the version. It costs little.
  Command (*peek)(const std::string& key);
  /// The version that a reply to `peek` shows; -1 if it shows none.
  std::int64_t (*version)(const Reply& reply);
  /// Commands whose replies show the whole content.
  std::vector<Command> (*read)(const std::string& key);
  /// Whether the replies to `read` are exactly the content of `version`, which is not 0.
  bool (*is_whole)(std::int64_t version, const std::vector<Reply>& replies);
  /// Writes are transactions: the server needs MULTI.
  bool needs_multi = false;
};

/// Each data type, transactions, expiries, and commands whose effects are propagated as others.
const std::vector<VersionedKind>& versioned_kinds();

}  // namespace spinel::test
