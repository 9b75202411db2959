// SORT and SORT_RO: the elements of a list, set or sorted set in the order of their own values, or
// of values at keys that are made out of them.
#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/commands/hash/hash_access.h"
#include "server/commands/list/list_common.h"
#include "server/commands/set/set_support.h"
#include "server/commands/support/string_reply.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/engine/key_spec.h"
#include "storage/base/numbers.h"
#include "storage/keyspace/entry_string.h"
#include "storage/types/list.h"
#include "storage/types/sorted_set.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Entry;
using storage::Item;
using storage::Key;
using storage::List;
using storage::SetMember;
using storage::SortedSet;
using storage::Type;

// --- options

// Where BY and GET find a value for an element.
struct Pattern {
  enum class Kind : uint8_t { kNone, kElement, kString, kField };

  Kind kind = Kind::kNone;
  // The key is `before`, the element, `after`.
  std::string_view before = {};
  std::string_view after = {};
  std::string_view field = {};
};

// `#` is the element itself. What has a `*` names a key, with `->` behind that the field of a hash;
// what has none names nothing. A NUL ends the search for these signs.
Pattern parse_pattern(std::string_view text) {
  using Kind = Pattern::Kind;
  if (text == "#") return {.kind = Kind::kElement};
  const std::string_view visible = text.substr(0, text.find('\0'));
  const size_t star = visible.find('*');
  if (star == std::string_view::npos) return {};
  const size_t arrow = visible.find("->", star + 1);
  const std::string_view before = text.substr(0, star);
  if (arrow == std::string_view::npos || arrow + 2 == visible.size()) {
    return {.kind = Kind::kString, .before = before, .after = text.substr(star + 1)};
  }
  return {.kind = Kind::kField,
          .before = before,
          .after = text.substr(star + 1, arrow - star - 1),
          .field = text.substr(arrow + 2)};
}

struct Options {
  bool sorted = true;  // false: BY something that has no `*`
  bool descending = false;
  bool alpha = false;
  int64_t first = 0;
  int64_t count = -1;  // negative: all
  std::optional<Pattern> by = {};
  std::vector<Pattern> get = {};
  size_t store_index = 0;  // the argument that is the key to store the result at; 0: none

  bool stores() const { return store_index != 0; }
};

// Reads the offset and count that follow LIMIT at `index`. False if they are none: the error has
// been sent.
bool read_limit(CommandContext& ctx, size_t index, Options& options) {
  const std::optional<int64_t> first = ctx.integer(index + 1);
  if (!first) return false;
  const std::optional<int64_t> count = ctx.integer(index + 2);
  if (!count) return false;
  options.first = *first;
  options.count = *count;
  return true;
}

// If it cannot read the options, the error has been sent.
std::optional<Options> sort_options(CommandContext& ctx, bool may_store) {
  Options options;
  for (size_t i = 2; i < ctx.arity(); ++i) {
    const size_t left = ctx.arity() - i - 1;
    if (ctx.arg_is(i, "ASC")) {
      options.descending = false;
    } else if (ctx.arg_is(i, "DESC")) {
      options.descending = true;
    } else if (ctx.arg_is(i, "ALPHA")) {
      options.alpha = true;
    } else if (ctx.arg_is(i, "LIMIT") && left >= 2) {
      if (!read_limit(ctx, i, options)) return std::nullopt;
      i += 2;
    } else if (may_store && ctx.arg_is(i, "STORE") && left >= 1) {
      options.store_index = ++i;
    } else if (ctx.arg_is(i, "BY") && left >= 1) {
      const std::string_view text = ctx.arg(++i);
      options.by = parse_pattern(text);
      if (text.substr(0, text.find('\0')).find('*') == std::string_view::npos) {
        options.sorted = false;
      }
    } else if (ctx.arg_is(i, "GET") && left >= 1) {
      options.get.push_back(parse_pattern(ctx.arg(++i)));
    } else {
      ctx.syntax_error();
      return std::nullopt;
    }
  }
  if (!options.sorted) options.by.reset();
  return options;
}

// --- elements

// What BY leads to. Many elements may lead to one string of 512 MB: a string behind a pointer stays
// where it is, and a compressed bitmap what it is.
struct Weight {
  std::string text = {};
  const Entry* large = nullptr;  // instead of `text`
};

struct Element {
  std::string text;
  double score = 0;
  std::optional<Weight> weight = {};
  size_t position = 0;  // before sorting
};

// Part of a collection: of those in its order, `count` elements from `first` on.
struct Range {
  size_t first;
  size_t count;
};

// The part of `size` elements that LIMIT names.
Range limited_range(const Options& options, size_t size) {
  const auto total = static_cast<int64_t>(size);
  const int64_t first = std::clamp<int64_t>(options.first, 0, total);
  const int64_t left = total - first;
  const int64_t count = options.count < 0 ? left : std::min(options.count, left);
  return {static_cast<size_t>(first), static_cast<size_t>(count)};
}

void append_run(std::vector<Element>& elements, const storage::ListRun& run) {
  for (const unsigned char* at = run.at; at != run.end; at += storage::listpack_entry_size(at)) {
    char digits[storage::kMaxDoubleChars];
    elements.push_back({.text = std::string(storage::read_listpack_entry(at).bytes(digits))});
  }
}

// From the end on if `backward`.
void load_list(const ConstItem& item, Range range, bool backward, std::vector<Element>& elements) {
  const List list(item->encoding(), item->object());
  const size_t first = backward ? list.size() - range.first - range.count : range.first;
  list.read(first, range.count, [&](const storage::ListRun& run) {
    append_run(elements, run);
    return true;
  });
  if (backward) std::ranges::reverse(elements);
}

void load_set(const ConstItem& item, std::vector<Element>& elements) {
  set_at(item).for_each([&](const SetMember& member) {
    char digits[storage::kMaxInt64Chars];
    elements.push_back({.text = std::string(member.bytes(digits))});
  });
}

// From the highest score on if `backward`.
void load_sorted_set(const ConstItem& item, Range range, bool backward,
                     std::vector<Element>& elements) {
  const SortedSet set(item->encoding(), item->object());
  const size_t first = backward ? set.size() - 1 - range.first : range.first;
  set.visit(first, range.count, backward, [&](std::string_view member, double) {
    elements.push_back({.text = std::string(member)});
  });
}

size_t size_of(const ConstItem& item) {
  switch (item->type()) {
    case Type::kList:
      return List(item->encoding(), item->object()).size();
    case Type::kSet:
      return set_at(item).size();
    default:
      return SortedSet(item->encoding(), item->object()).size();
  }
}

// The elements to be sorted; without sorting, those that LIMIT leaves, in the order they have.
std::vector<Element> load(const ConstItem& item, const Options& options) {
  std::vector<Element> elements;
  if (!item) return elements;
  const size_t size = size_of(item);
  const Range range = options.sorted ? Range{0, size} : limited_range(options, size);
  if (range.count == 0) return elements;
  const bool backward = !options.sorted && options.descending;
  elements.reserve(range.count);
  switch (item->type()) {
    case Type::kList:
      load_list(item, range, backward, elements);
      break;
    case Type::kSet:  // has no order to begin or end with
      load_set(item, elements);
      if (options.stores() && options.alpha && options.by) {
        // Elements of the same weight keep this order, which must be the same everywhere.
        std::ranges::sort(elements, {}, &Element::text);
      }
      if (!options.sorted) {
        const auto begin = elements.begin() + static_cast<ptrdiff_t>(range.first);
        elements.erase(begin + static_cast<ptrdiff_t>(range.count), elements.end());
        elements.erase(elements.begin(), begin);
      }
      break;
    default:
      load_sorted_set(item, range, backward, elements);
  }
  return elements;
}

// --- values of elements

// A text, a string behind a pointer, or nothing where there is no value.
struct Value {
  std::optional<std::string_view> text = {};
  const Entry* large = nullptr;

  bool exists() const { return text.has_value() || large != nullptr; }
};

template <typename Visit>
void visit_field(CommandContext& ctx, const ConstItem& item, std::string_view field,
                 Visit&& visit) {
  if (item->type() != Type::kHash) return visit(Value());
  const auto found = hash_at(ctx, item).find(storage::HashField(field));
  char digits[storage::kMaxDoubleChars];
  visit(found ? Value{.text = found->value.bytes(digits)} : Value());
}

template <typename Visit>
void visit_string(const ConstItem& item, Visit&& visit) {
  if (item->type() != Type::kString) return visit(Value());
  if (item->has_object()) return visit(Value{.large = &*item});
  storage::StringScratch scratch;
  visit(Value{.text = storage::string_bytes(*item, scratch)});
}

// Calls `visit(const Value&)` once, for what the pattern leads to for this element; the value is
// valid until that returns.
template <typename Visit>
void visit_value(CommandContext& ctx, const Pattern& pattern, const std::string& element,
                 Visit&& visit) {
  if (pattern.kind == Pattern::Kind::kNone) return visit(Value());
  if (pattern.kind == Pattern::Kind::kElement) return visit(Value{.text = element});
  std::string name(pattern.before);
  name.append(element).append(pattern.after);
  const ConstItem item = ctx.find_read(Key(name));
  if (!item) return visit(Value());
  if (pattern.kind == Pattern::Kind::kField) return visit_field(ctx, item, pattern.field, visit);
  visit_string(item, visit);
}

// As strtod reads it, up to a NUL; nothing if it is no number, or none that a double can hold.
std::optional<double> parse_score(const std::string& text) {
  if (const std::optional<int64_t> integer = storage::parse_int64(text)) {
    return static_cast<double>(*integer);
  }
  char* end = nullptr;
  errno = 0;
  const double score = std::strtod(text.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(score)) return std::nullopt;
  return score;
}

// What there is of a large string before a byte that no number has in it, with that byte: enough to
// tell which number it is.
std::string number_part(const Entry& entry) {
  const size_t size = storage::string_size(entry);
  storage::StringScratch scratch;
  for (size_t count = 256;; count *= 2) {
    const std::string_view part = storage::string_part(entry, 0, std::min(count, size), scratch);
    const auto* const end = std::ranges::find_if(part, [](char byte) {
      const auto code = static_cast<unsigned char>(byte);
      return code == 0 || code >= 0x7f;
    });
    if (end != part.end()) return std::string(part.begin(), end + 1);
    if (count >= size) return std::string(part);
  }
}

std::optional<double> score_of(const Weight& weight) {
  return parse_score(weight.large != nullptr ? number_part(*weight.large) : weight.text);
}

// Finds out what the elements are to be sorted by. False if a number is wanted and there is
// something else. All keys are looked up even so: hits, misses and keymiss events tell of them.
bool weigh(CommandContext& ctx, const Options& options, std::vector<Element>& elements) {
  bool all_numbers = true;
  size_t position = 0;
  for (Element& element : elements) {
    element.position = position++;
    if (options.by) {
      visit_value(ctx, *options.by, element.text, [&element](const Value& value) {
        if (!value.exists()) return;
        element.weight = Weight{std::string(value.text.value_or("")), value.large};
      });
    }
    if (options.alpha) continue;
    if (options.by && !element.weight) continue;  // counts as 0
    const std::optional<double> score =
        options.by ? score_of(*element.weight) : parse_score(element.text);
    all_numbers = all_numbers && score.has_value();
    element.score = score.value_or(0);
  }
  return all_numbers;
}

// --- order

// Compares text in the order of the configured locale.
class Collation {
 public:
  explicit Collation(const std::string& name) {
    // Loading a locale takes long; there is one thread, which rarely needs another one.
    static std::string loaded_name;
    static locale_t loaded = nullptr;
    if (loaded == nullptr || loaded_name != name) {
      if (loaded != nullptr) freelocale(loaded);
      loaded = newlocale(LC_COLLATE_MASK, name.c_str(), nullptr);
      loaded_name = name;
    }
    locale_ = loaded;
  }
  int compare(const std::string& a, const std::string& b) const {
    if (locale_ == nullptr) return std::strcmp(a.c_str(), b.c_str());
    return strcoll_l(a.c_str(), b.c_str(), locale_);
  }

 private:
  locale_t locale_;  // null: there is no such locale any more
};

// The bytes of a weight, in parts.
class WeightReader {
 public:
  explicit WeightReader(const Weight& weight) : weight_(weight) {}

  size_t size() const {
    return weight_.large != nullptr ? storage::string_size(*weight_.large) : weight_.text.size();
  }
  // Valid until the next call.
  std::string_view part(size_t first, size_t count) {
    if (weight_.large != nullptr) return string_part(*weight_.large, first, count, scratch_);
    return std::string_view(weight_.text).substr(first, count);
  }

 private:
  const Weight& weight_;
  storage::StringScratch scratch_;
};

int compare_bytes(const Weight& a, const Weight& b) {
  if (a.large != nullptr && a.large == b.large) return 0;
  constexpr size_t kPart = 64 << 10;
  WeightReader left(a);
  WeightReader right(b);
  const size_t both = std::min(left.size(), right.size());
  for (size_t at = 0; at < both; at += kPart) {
    const size_t count = std::min(kPart, both - at);
    const int order = left.part(at, count).compare(right.part(at, count));
    if (order != 0) return order;
  }
  return int{left.size() > right.size()} - int{left.size() < right.size()};
}

// As C reads them: up to a NUL.
int collate(const Weight& a, const Weight& b, const Collation& collation) {
  if (a.large == nullptr && b.large == nullptr) return collation.compare(a.text, b.text);
  if (a.large == b.large) return 0;
  const auto text = [](const Weight& weight) {
    if (weight.large == nullptr) return weight.text;
    WeightReader reader(weight);
    const size_t size = reader.size();
    for (size_t count = 256;; count *= 2) {
      const std::string_view part = reader.part(0, std::min(count, size));
      const size_t nul = part.find('\0');
      if (nul != std::string_view::npos || count >= size) return std::string(part.substr(0, nul));
    }
  };
  return collation.compare(text(a), text(b));
}

// Negative if `a` comes first. Where the result is stored, text is compared by its bytes: the same
// everywhere.
int compare(const Element& a, const Element& b, const Options& options,
            const Collation& collation) {
  if (!options.alpha) {
    if (a.score != b.score) return a.score < b.score ? -1 : 1;
    return a.text.compare(b.text);
  }
  if (options.by && (!a.weight || !b.weight))
    return int{a.weight.has_value()} - int{b.weight.has_value()};
  if (options.by) {
    return options.stores() ? compare_bytes(*a.weight, *b.weight)
                            : collate(*a.weight, *b.weight, collation);
  }
  return options.stores() ? a.text.compare(b.text) : collation.compare(a.text, b.text);
}

// Sorts the elements of `range`, as they are in the sorted whole, and drops the others.
void sort_range(CommandContext& ctx, const Options& options, Range range,
                std::vector<Element>& elements) {
  const Collation collation(ctx.server.config.locale_collate);
  const auto before = [&](const Element& a, const Element& b) {
    const int order = compare(a, b, options, collation);
    if (order == 0) return a.position < b.position;
    return options.descending ? order > 0 : order < 0;
  };
  const auto begin = elements.begin() + static_cast<ptrdiff_t>(range.first);
  const auto end = begin + static_cast<ptrdiff_t>(range.count);
  // What is outside of the range is kept from being sorted.
  if (begin != elements.begin()) std::nth_element(elements.begin(), begin, elements.end(), before);
  if (end != elements.end()) std::nth_element(begin, end, elements.end(), before);
  std::sort(begin, end, before);
  elements.erase(end, elements.end());
  elements.erase(elements.begin(), begin);
}

// --- results

// Calls `visit(const Value&)` for each value of the result, in order.
template <typename Visit>
void for_each_value(CommandContext& ctx, const Options& options,
                    const std::vector<Element>& elements, Visit&& visit) {
  for (const Element& element : elements) {
    if (options.get.empty()) visit(Value{.text = element.text});
    for (const Pattern& pattern : options.get) visit_value(ctx, pattern, element.text, visit);
  }
}

void reply_values(CommandContext& ctx, const Options& options,
                  const std::vector<Element>& elements) {
  ctx.reply.array(elements.size() * std::max<size_t>(options.get.size(), 1));
  for_each_value(ctx, options, elements, [&](const Value& value) {
    if (value.large != nullptr) {
      reply_string_value(ctx.reply, *value.large);
    } else if (value.text) {
      ctx.reply.bulk(*value.text);
    } else {
      ctx.reply.null();
    }
  });
}

// Removes what is at the key, as there is no result.
void remove_target(CommandContext& ctx, const Key& key) {
  const Item item = ctx.find_write(key);
  if (item) ctx.remove(item, key, ctx.server.config.lazyfree_lazy_server_del);
}

// Stores the values as a list, what is missing as empty texts, and replies how many there are.
void store_values(CommandContext& ctx, const Options& options,
                  const std::vector<Element>& elements) {
  const Key key = ctx.key(options.store_index);
  if (elements.empty()) {
    remove_target(ctx, key);
    return ctx.reply.integer(0);
  }
  const storage::ListOptions list_limits = list_options(ctx);
  List list = List::create();
  for_each_value(ctx, options, elements, [&](const Value& value) {
    storage::StringScratch scratch;
    const std::string_view text =
        value.large != nullptr ? string_bytes(*value.large, scratch) : value.text.value_or("");
    list.push(storage::ListEnd::kBack, text, list_limits);
  });
  const auto count = static_cast<int64_t>(list.size());
  Item item = ctx.find_write(key);
  if (!item) ctx.created(key.bytes);
  ctx.db.set_object(key, item, list.encoding(), list.object(), storage::kNoExpiry,
                    ctx.new_access());
  ctx.changed(key.bytes, count);
  ctx.notify(kNotifyList, "sortstore", key.bytes);
  ctx.reply.integer(count);
}

bool can_be_sorted(const ConstItem& item) {
  return !item || item->type() == Type::kList || item->type() == Type::kSet ||
         item->type() == Type::kSortedSet;
}

void sort_elements(CommandContext& ctx, bool may_store) {
  std::optional<Options> options = sort_options(ctx, may_store);
  if (!options) return;
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!can_be_sorted(item)) return ctx.error(errors::kWrongType);
  if (!options->sorted && options->stores() && item && item->type() == Type::kSet) {
    // The order of a set is this server's own; what is stored must be the same everywhere.
    options->sorted = true;
    options->alpha = true;
  }
  std::vector<Element> elements = load(item, *options);
  if (options->sorted) {
    if (!weigh(ctx, *options, elements)) {
      return ctx.error("ERR One or more scores can't be converted into double");
    }
    sort_range(ctx, *options, limited_range(*options, elements.size()), elements);
  }
  if (options->stores()) return store_values(ctx, *options, elements);
  reply_values(ctx, *options, elements);
}

void sort_command(CommandContext& ctx) {
  sort_elements(ctx, true);
}

void sort_ro_command(CommandContext& ctx) {
  sort_elements(ctx, false);
}

constexpr CommandRow kSortRows[] = {
    {.name = "SORT",
     .handler = sort_command,
     .arity = -2,
     .group = "generic",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM",
     .acl = "SET,SORTEDSET,LIST,DANGEROUS",
     .keys = "RO+ACCESS@index:1/range:0,1,0 ; RO+ACCESS@unknown/unknown (Keys that BY and GET lead "
             "to come out of the elements) ; OW+UPDATE@unknown/unknown (STORE may stand anywhere "
             "among the options)",
     .key_finder = sort_keys,
     .syntax = "key [BY pattern:pattern#1] [LIMIT <offset:integer count:integer>] [(GET "
               "pattern:pattern#1) ...] [order=<ASC|DESC>] [sorting=ALPHA] [STORE destination#2]",
     .complexity = "O(N+M*log(M)) with N elements, M of which are returned; without sorting O(N)",
     .summary = "Sorts the elements of a list, a set or a sorted set, and may store the result."},
    {.name = "SORT_RO",
     .handler = sort_ro_command,
     .arity = -2,
     .group = "generic",
     .since = "7.0.0",
     .flags = "READONLY",
     .acl = "SET,SORTEDSET,LIST,DANGEROUS",
     .keys = "RO+ACCESS@index:1/range:0,1,0 ; RO+ACCESS@unknown/unknown (Keys that BY and GET lead "
             "to come out of the elements)",
     .key_finder = sort_ro_keys,
     .syntax = "key [BY pattern:pattern#1] [LIMIT <offset:integer count:integer>] [(GET "
               "pattern:pattern#1) ...] [order=<ASC|DESC>] [sorting=ALPHA]",
     .complexity = "O(N+M*log(M)) with N elements, M of which are returned; without sorting O(N)",
     .summary = "Sorts the elements of a list, a set or a sorted set without changing anything."},
};

}  // namespace

CommandFamily sort_commands() {
  return kSortRows;
}

}  // namespace spinel::server
