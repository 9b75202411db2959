#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spinel::test {

/// One value of RESP2 or RESP3 as it was on the wire, or what came instead of one.
/// Values compare by type and content; numbers of type kDouble compare by their text.
struct Reply {
  enum class Type {
    kStatus,
    kError,
    kInteger,
    kString,
    kNull,  ///< `$-1` of RESP2 or `_` of RESP3
    kArray,
    kNullArray,  ///< `*-1` of RESP2
    kDouble,
    kBool,
    kBigNumber,
    kVerbatim,  ///< text is `fmt:content`
    kMap,       ///< elements are key, value, key, value...
    kSet,
    kPush,
    kAttribute,  ///< as kMap; the value that it describes is the next reply
    kClosed,     ///< the server closed the connection
    kTimeout,    ///< nothing whole arrived in time
    kMalformed,  ///< what arrived is not RESP; text says why
  };

  Type type = Type::kNull;
  std::string text;
  std::int64_t number = 0;
  std::vector<Reply> elements;

  bool operator==(const Reply&) const = default;

  bool is_error() const { return type == Type::kError; }
  bool is_null() const { return type == Type::kNull || type == Type::kNullArray; }
  bool is_aggregate() const;
  /// False for kClosed, kTimeout and kMalformed: no reply was read.
  bool is_reply() const;

  /// The error text begins with `prefix`. False for any other type.
  bool is_error_with(std::string_view prefix) const;

  /// The value under `key` of a kMap, or of a RESP2 array of key, value, key, value.
  /// Returns a null reply when there is no such key.
  const Reply& at(std::string_view key) const;

  /// The texts of the elements, in order.
  std::vector<std::string> texts() const;
  /// The texts of the elements, sorted.
  std::vector<std::string> sorted_texts() const;

  /// One line, in the manner of redis-cli; long strings are shortened.
  std::string to_string() const;
};

std::ostream& operator<<(std::ostream& out, const Reply& reply);

Reply status(std::string_view text);
Reply ok();
Reply error(std::string_view text);
Reply integer(std::int64_t value);
Reply bulk(std::string_view text);
Reply nil();
Reply null_array();
Reply array(std::vector<Reply> elements);
/// An array of bulk strings.
Reply bulks(const std::vector<std::string>& texts);
Reply set(std::vector<Reply> elements);
Reply map(std::vector<Reply> keys_and_values);
Reply push(std::vector<Reply> elements);
Reply real(std::string_view text);
Reply boolean(bool value);
Reply verbatim(std::string_view format, std::string_view text);

/// `text` with unprintable bytes escaped, shortened to `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 200);

}  // namespace spinel::test
