// Where the keys of a command are and what it does to them.
//
// A specification is written "FLAGS@begin/find"; " ; " stands between several, and a remark in
// parentheses may follow each.
//
// FLAGS: RO, RW, OW (overwrites) or RM (removes); +ACCESS +UPDATE +INSERT +DELETE; +NOT_KEY (a
// channel, routed as keys are); +INCOMPLETE; +VARIABLE_FLAGS.
//
// begin, where to start:
//   index:1               at argument 1
//   keyword:STREAMS@4     after that keyword, looked for from argument 4; from the end if negative
//   unknown
// find, which of the arguments from there on:
//   range:last,step,limit   up to `last` arguments further; if negative, up to the end less so
//   many,
//                           or with a limit N > 1, to the end of the first Nth of what is left
//   keynum:index,first,step as many as the argument `index` further says, from `first` further on
//   unknown
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/engine/bitmask.h"
#include "server/engine/spec.h"

namespace spinel::server {

enum class KeyFlags : uint16_t {
  kNone = 0,
  kReadWrite = 1u << 0,
  kReadOnly = 1u << 1,
  kOverwrite = 1u << 2,
  kRemove = 1u << 3,
  kAccess = 1u << 4,
  kUpdate = 1u << 5,
  kInsert = 1u << 6,
  kDelete = 1u << 7,
  kNotKey = 1u << 8,
  kIncomplete = 1u << 9,
  kVariable = 1u << 10,
};

template <>
inline constexpr bool kIsBitmask<KeyFlags> = true;

struct KeyFlagName {
  KeyFlags flag;
  std::string_view name;     // as a row writes it: "NOT_KEY"
  std::string_view printed;  // as COMMAND prints it: "not_key"
};

// All key flags in the order in which COMMAND prints them.
std::span<const KeyFlagName> key_flag_names();

struct KeySpec {
  enum class Begin : uint8_t { kUnknown, kIndex, kKeyword };
  enum class Find : uint8_t { kUnknown, kRange, kKeynum };

  KeyFlags flags = KeyFlags::kNone;
  Begin begin = Begin::kUnknown;
  Find find = Find::kUnknown;
  int index = 0;             // kIndex
  std::string_view keyword;  // kKeyword
  int start_from = 0;        // kKeyword
  int last_key = 0;          // kRange, relative
  int limit = 0;             // kRange
  int keynum_index = 0;      // kKeynum, relative
  int first_key = 0;         // kKeynum, relative
  int key_step = 1;          // both
  std::string_view notes;
};

// A key of one invocation: its place among the arguments and what the command does to it.
struct KeyRef {
  uint32_t index;
  KeyFlags flags;

  friend bool operator==(const KeyRef&, const KeyRef&) = default;
};

struct KeySpecsParse {
  std::vector<KeySpec> specs;
  std::string error;  // empty if all went well
};

// Parses the `keys` column; the specifications view into `text`.
KeySpecsParse parse_key_specs(std::string_view text);

// Appends the keys that `spec` finds in `args` (the command's name is args[0]). False if the
// arguments do not fit the specification; a keyword that is not there is no error. `spec` is not
// unknown.
bool find_keys(const KeySpec& spec, CommandArgs args, std::vector<KeyRef>& keys);

// Finders for commands whose specification does not tell all; see CommandRow::key_finder.
bool set_keys(CommandArgs args, std::vector<KeyRef>& keys);
bool bitfield_keys(CommandArgs args, std::vector<KeyRef>& keys);
bool sort_keys(CommandArgs args, std::vector<KeyRef>& keys);
bool sort_ro_keys(CommandArgs args, std::vector<KeyRef>& keys);
bool migrate_keys(CommandArgs args, std::vector<KeyRef>& keys);

}  // namespace spinel::server
