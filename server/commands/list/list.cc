// Lists: pushing, popping, reading and changing one list. What moves elements between lists, or
// waits for them, is in list_move.cc.
#include <algorithm>
#include <limits>
#include <utility>

#include "server/commands/list/list_common.h"
#include "server/commands/support/collection.h"
#include "server/commands/support/index_range.h"
#include "server/engine/command_errors.h"
#include "server/engine/context.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::Key;
using storage::List;
using storage::ListEnd;
using storage::ListOptions;
using storage::ListpackItem;
using storage::ListRun;
using storage::Type;

using WritableList = WritableCollection<List>;

List list_of(const ConstItem& item) {
  return {item->encoding(), item->object()};
}

// Whether the arguments from `index` on can be elements; otherwise the error has been sent.
bool check_elements(CommandContext& ctx, size_t index) {
  for (; index < ctx.arity(); ++index) {
    if (ctx.arg(index).size() > List::kMaxElementBytes) {
      ctx.error("ERR Element too large");
      return false;
    }
  }
  return true;
}

// --- pushing and popping

void push_elements(CommandContext& ctx, ListEnd end, bool only_existing) {
  if (!check_elements(ctx, 2)) return;
  const Key key = ctx.key(1);
  auto list = WritableList::find(ctx, key);
  if (!list) return;
  if (only_existing && !list->exists()) return ctx.reply.integer(0);
  const ListOptions options = list_options(ctx);
  if (!list->exists()) {
    size_t bytes = 0;
    for (size_t i = 2; i < ctx.arity(); ++i) bytes += ctx.arg(i).size() + 1;
    list->value().expect(bytes, options);
  }
  for (size_t i = 2; i < ctx.arity(); ++i) list->value().push(end, ctx.arg(i), options);
  ctx.reply.integer(static_cast<int64_t>(list->value().size()));
  list->commit(static_cast<int64_t>(ctx.arity()) - 2, kNotifyList, push_event(end));
}

void lpush_command(CommandContext& ctx) {
  push_elements(ctx, ListEnd::kFront, false);
}

void rpush_command(CommandContext& ctx) {
  push_elements(ctx, ListEnd::kBack, false);
}

void lpushx_command(CommandContext& ctx) {
  push_elements(ctx, ListEnd::kFront, true);
}

void rpushx_command(CommandContext& ctx) {
  push_elements(ctx, ListEnd::kBack, true);
}

void pop_one(CommandContext& ctx, ListEnd end) {
  const Key key = ctx.key(1);
  auto list = WritableList::find(ctx, key);
  if (!list) return;
  if (!list->exists()) return ctx.reply.null();
  list->value().read_end(end, [&](const unsigned char* at) { reply_element(ctx.reply, at); });
  list->value().pop(end, 1, list_options(ctx));
  list->commit(1, kNotifyList, pop_event(end));
}

void pop_elements(CommandContext& ctx, ListEnd end) {
  if (ctx.arity() == 2) return pop_one(ctx, end);
  if (ctx.arity() > 3) return ctx.error(wrong_arity_error(ctx.command));
  const auto wanted = ctx.integer(2, errors::kNotPositive);
  if (!wanted) return;
  if (*wanted < 0) return ctx.error(errors::kNotPositive);
  const Key key = ctx.key(1);
  auto list = WritableList::find(ctx, key);
  if (!list) return;
  if (!list->exists()) return ctx.reply.null_array();
  const size_t count = std::min(static_cast<size_t>(*wanted), list->value().size());
  ctx.reply.array(count);
  if (count == 0) return;
  reply_from_end(ctx.reply, list->value(), end, count);
  list->value().pop(end, count, list_options(ctx));
  list->commit(static_cast<int64_t>(count), kNotifyList, pop_event(end));
}

void lpop_command(CommandContext& ctx) {
  pop_elements(ctx, ListEnd::kFront);
}

void rpop_command(CommandContext& ctx) {
  pop_elements(ctx, ListEnd::kBack);
}

// --- reading

void llen_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kList)) return;
  ctx.reply.integer(item ? static_cast<int64_t>(list_of(item).size()) : 0);
}

// The index that a client's index means, which counts from the end if it is negative; nothing if
// there is no such element.
std::optional<size_t> element_index(int64_t index, size_t size) {
  const auto length = static_cast<int64_t>(size);
  if (index < 0) index += length;
  if (index < 0 || index >= length) return std::nullopt;
  return static_cast<size_t>(index);
}

void lindex_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!item) return ctx.reply.null();
  if (!ctx.check_type(item, Type::kList)) return;
  const auto wanted = ctx.integer(2);
  if (!wanted) return;
  const List list = list_of(item);
  const auto index = element_index(*wanted, list.size());
  if (!index) return ctx.reply.null();
  list.read(*index, 1, [&](const ListRun& run) {
    reply_element(ctx.reply, run.at);
    return false;
  });
}

void lrange_command(CommandContext& ctx) {
  const auto start = ctx.integer(2);
  if (!start) return;
  const auto stop = ctx.integer(3);
  if (!stop) return;
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!item) return ctx.reply.array(0);
  if (!ctx.check_type(item, Type::kList)) return;
  const List list = list_of(item);
  const IndexRange range = index_range(*start, *stop, list.size());
  ctx.reply.array(range.count);
  list.read(range.first, range.count, [&](const ListRun& run) {
    reply_run(ctx.reply, run);
    return true;
  });
}

// --- LPOS

struct PositionQuery {
  int64_t rank = 1;              // negative: counted from the end
  std::optional<int64_t> count;  // 0: all
  int64_t max_comparisons = 0;   // 0: no limit
};

// The argument at `index`, not negative.
std::optional<int64_t> count_argument(CommandContext& ctx, size_t index, std::string_view error) {
  const auto value = ctx.integer(index, error);
  if (value && *value < 0) {
    ctx.error(error);
    return std::nullopt;
  }
  return value;
}

bool read_position_option(CommandContext& ctx, size_t index, PositionQuery& query) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  if (ctx.arg_is(index, "RANK") && index + 1 < ctx.arity()) {
    const auto rank = ctx.integer_between(
        index + 1, -kMost, kMost,
        "ERR value is out of range, value must between -9223372036854775807 and "
        "9223372036854775807");
    if (!rank) return false;
    if (*rank == 0) {
      ctx.error(
          "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or "
          "use negative to start from the end of the list");
      return false;
    }
    query.rank = *rank;
    return true;
  }
  if (ctx.arg_is(index, "COUNT") && index + 1 < ctx.arity()) {
    query.count = count_argument(ctx, index + 1, "ERR COUNT can't be negative");
    return query.count.has_value();
  }
  if (ctx.arg_is(index, "MAXLEN") && index + 1 < ctx.arity()) {
    const auto most = count_argument(ctx, index + 1, "ERR MAXLEN can't be negative");
    query.max_comparisons = most.value_or(0);
    return most.has_value();
  }
  ctx.syntax_error();
  return false;
}

// Looks at one element after the other, from either end, and replies where those are that are
// asked for.
class PositionSearch {
 public:
  PositionSearch(resp::ReplyWriter& reply, const PositionQuery& query, std::string_view text,
                 size_t size)
      : reply_(reply), item_(text), size_(size), backward_(query.rank < 0) {
    to_skip_ = static_cast<uint64_t>(backward_ ? -query.rank : query.rank) - 1;
    if (!query.count) {
      to_find_ = 1;
    } else if (*query.count > 0) {
      to_find_ = static_cast<uint64_t>(*query.count);
    }
    if (query.max_comparisons > 0) to_compare_ = static_cast<uint64_t>(query.max_comparisons);
  }

  bool backward() const { return backward_; }
  size_t found() const { return found_; }

  // Returns whether to go on.
  bool look_at(const unsigned char* at, const unsigned char* end) {
    if (looked_at_ == to_compare_ || found_ == to_find_) return false;
    if (item_.equals(at, static_cast<size_t>(end - at))) {
      if (to_skip_ > 0) {
        --to_skip_;
      } else {
        reply_.integer(static_cast<int64_t>(backward_ ? size_ - 1 - looked_at_ : looked_at_));
        ++found_;
      }
    }
    ++looked_at_;
    return true;
  }

 private:
  static constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();

  resp::ReplyWriter& reply_;
  ListpackItem item_;
  size_t size_;
  bool backward_;
  uint64_t to_skip_;
  uint64_t to_find_ = kAll;
  uint64_t to_compare_ = kAll;
  uint64_t looked_at_ = 0;
  size_t found_ = 0;
};

bool search_run(PositionSearch& search, const ListRun& run) {
  for (const unsigned char* at = run.at; at != run.end; at += storage::listpack_entry_size(at)) {
    if (!search.look_at(at, run.end)) return false;
  }
  return true;
}

bool search_run_backward(PositionSearch& search, const ListRun& run) {
  std::vector<const unsigned char*> elements;
  elements.reserve(run.count);
  for (const unsigned char* at = run.at; at != run.end; at += storage::listpack_entry_size(at)) {
    elements.push_back(at);
  }
  for (size_t i = elements.size(); i-- > 0;) {
    if (!search.look_at(elements[i], run.end)) return false;
  }
  return true;
}

void lpos_command(CommandContext& ctx) {
  PositionQuery query;
  for (size_t i = 3; i < ctx.arity(); i += 2) {
    if (!read_position_option(ctx, i, query)) return;
  }
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!item) return query.count ? ctx.reply.array(0) : ctx.reply.null();
  if (!ctx.check_type(item, Type::kList)) return;
  const List list = list_of(item);
  const size_t mark = ctx.reply.begin_deferred();
  PositionSearch search(ctx.reply, query, ctx.arg(2), list.size());
  if (search.backward()) {
    list.read_backward(0, list.size(),
                       [&](const ListRun& run) { return search_run_backward(search, run); });
  } else {
    list.read(0, list.size(), [&](const ListRun& run) { return search_run(search, run); });
  }
  if (query.count) {
    ctx.reply.end_deferred_array(mark, search.found());
  } else if (search.found() == 0) {
    ctx.reply.null();
  }
}

// --- changing

void lset_command(CommandContext& ctx) {
  if (!check_elements(ctx, 3)) return;
  const Key key = ctx.key(1);
  auto list = WritableList::find(ctx, key);
  if (!list) return;
  if (!list->exists()) return ctx.error(errors::kNoSuchKey);
  const auto wanted = ctx.integer(2);
  if (!wanted) return;
  const auto index = element_index(*wanted, list->value().size());
  if (!index) return ctx.error(errors::kIndexOutOfRange);
  list->value().replace(*index, ctx.arg(3), list_options(ctx));
  list->commit(1, kNotifyList, "lset");
  ctx.reply.ok();
}

// Index of the first element equal to `text`.
std::optional<size_t> find_first(const List& list, std::string_view text) {
  const ListpackItem item(text);
  size_t index = 0;
  bool found = false;
  list.read(0, list.size(), [&](const ListRun& run) {
    for (const unsigned char* at = run.at; at != run.end; at += storage::listpack_entry_size(at)) {
      found = item.equals(at, static_cast<size_t>(run.end - at));
      if (found) return false;
      ++index;
    }
    return true;
  });
  return found ? std::optional(index) : std::nullopt;
}

void linsert_command(CommandContext& ctx) {
  const bool after = ctx.arg_is(2, "AFTER");
  if (!after && !ctx.arg_is(2, "BEFORE")) return ctx.syntax_error();
  if (!check_elements(ctx, 4)) return;
  const Key key = ctx.key(1);
  auto list = WritableList::find(ctx, key);
  if (!list) return;
  if (!list->exists()) return ctx.reply.integer(0);
  const auto pivot = find_first(list->value(), ctx.arg(3));
  if (!pivot) return ctx.reply.integer(-1);
  list->value().insert(*pivot + (after ? 1 : 0), ctx.arg(4), list_options(ctx));
  ctx.reply.integer(static_cast<int64_t>(list->value().size()));
  list->commit(1, kNotifyList, "linsert");
}

void lrem_command(CommandContext& ctx) {
  const auto count = ctx.integer(2);
  if (!count) return;
  const Key key = ctx.key(1);
  auto list = WritableList::find(ctx, key);
  if (!list) return;
  if (!list->exists()) return ctx.reply.integer(0);
  const ListEnd from = *count < 0 ? ListEnd::kBack : ListEnd::kFront;
  const auto magnitude =
      *count < 0 ? uint64_t{0} - static_cast<uint64_t>(*count) : static_cast<uint64_t>(*count);
  const size_t limit = magnitude == 0 ? std::numeric_limits<size_t>::max() : magnitude;
  const size_t removed = list->value().remove_equal(ctx.arg(3), from, limit, list_options(ctx));
  ctx.reply.integer(static_cast<int64_t>(removed));
  if (removed > 0) list->commit(static_cast<int64_t>(removed), kNotifyList, "lrem");
}

void ltrim_command(CommandContext& ctx) {
  const auto start = ctx.integer(2);
  if (!start) return;
  const auto stop = ctx.integer(3);
  if (!stop) return;
  const Key key = ctx.key(1);
  auto list = WritableList::find(ctx, key);
  if (!list) return;
  ctx.reply.ok();
  if (!list->exists()) return;
  const size_t size = list->value().size();
  const IndexRange range = index_range(*start, *stop, size);
  list->value().trim(range.first, range.count, list_options(ctx));
  list->commit(static_cast<int64_t>(size - range.count), kNotifyList, "ltrim");
}

constexpr CommandRow kListRows[] = {
    {.name = "LPUSH",
     .handler = lpush_command,
     .arity = -3,
     .group = "list",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "LIST",
     .keys = "RW+INSERT@index:1/range:0,1,0",
     .syntax = "key element:string ...",
     .complexity = "O(1) for each element.",
     .summary = "Puts elements before the first one of a list, which is made if there is none.",
     .history = "2.4.0 Several elements."},
    {.name = "RPUSH",
     .handler = rpush_command,
     .arity = -3,
     .group = "list",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "LIST",
     .keys = "RW+INSERT@index:1/range:0,1,0",
     .syntax = "key element:string ...",
     .complexity = "O(1) for each element.",
     .summary = "Puts elements behind the last one of a list, which is made if there is none.",
     .history = "2.4.0 Several elements."},
    {.name = "LPUSHX",
     .handler = lpushx_command,
     .arity = -3,
     .group = "list",
     .since = "2.2.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "LIST",
     .keys = "RW+INSERT@index:1/range:0,1,0",
     .syntax = "key element:string ...",
     .complexity = "O(1) for each element.",
     .summary = "Puts elements before the first one of a list, if there is a list.",
     .history = "4.0.0 Several elements."},
    {.name = "RPUSHX",
     .handler = rpushx_command,
     .arity = -3,
     .group = "list",
     .since = "2.2.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "LIST",
     .keys = "RW+INSERT@index:1/range:0,1,0",
     .syntax = "key element:string ...",
     .complexity = "O(1) for each element.",
     .summary = "Puts elements behind the last one of a list, if there is a list.",
     .history = "4.0.0 Several elements."},
    {.name = "LPOP",
     .handler = lpop_command,
     .arity = -2,
     .group = "list",
     .since = "1.0.0",
     .flags = "WRITE,FAST",
     .acl = "LIST",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0",
     .syntax = "key [count:integer@6.2.0]",
     .complexity = "O(N) where N is the number of elements returned.",
     .summary = "Removes the first elements of a list and returns them.",
     .history = "6.2.0 Argument `count`."},
    {.name = "RPOP",
     .handler = rpop_command,
     .arity = -2,
     .group = "list",
     .since = "1.0.0",
     .flags = "WRITE,FAST",
     .acl = "LIST",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0",
     .syntax = "key [count:integer@6.2.0]",
     .complexity = "O(N) where N is the number of elements returned.",
     .summary = "Removes the last elements of a list and returns them.",
     .history = "6.2.0 Argument `count`."},
    {.name = "LLEN",
     .handler = llen_command,
     .arity = 2,
     .group = "list",
     .since = "1.0.0",
     .flags = "READONLY,FAST",
     .acl = "LIST",
     .keys = "RO@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Counts the elements of a list."},
    {.name = "LINDEX",
     .handler = lindex_command,
     .arity = 3,
     .group = "list",
     .since = "1.0.0",
     .flags = "READONLY",
     .acl = "LIST",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key index:integer",
     .complexity = "O(log N) where N is the length of the list.",
     .summary = "Reads one element of a list by its index."},
    {.name = "LRANGE",
     .handler = lrange_command,
     .arity = 4,
     .group = "list",
     .since = "1.0.0",
     .flags = "READONLY",
     .acl = "LIST",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key start:integer stop:integer",
     .complexity = "O(log N + M) where N is the length of the list and M the number of "
                   "elements returned.",
     .summary = "Reads a range of the elements of a list."},
    {.name = "LPOS",
     .handler = lpos_command,
     .arity = -3,
     .group = "list",
     .since = "6.0.6",
     .flags = "READONLY",
     .acl = "LIST",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key element:string [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN "
               "len:integer]",
     .complexity = "O(N) where N is the length of the list.",
     .summary = "Finds where in a list an element is."},
    {.name = "LSET",
     .handler = lset_command,
     .arity = 4,
     .group = "list",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM",
     .acl = "LIST",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key index:integer element:string",
     .complexity = "O(log N) where N is the length of the list.",
     .summary = "Replaces one element of a list by its index."},
    {.name = "LINSERT",
     .handler = linsert_command,
     .arity = 5,
     .group = "list",
     .since = "2.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "LIST",
     .keys = "RW+INSERT@index:1/range:0,1,0",
     .syntax = "key where=<BEFORE|AFTER> pivot:string element:string",
     .complexity = "O(N) where N is the number of elements before the pivot.",
     .summary = "Puts an element before or behind another one of a list."},
    {.name = "LREM",
     .handler = lrem_command,
     .arity = 4,
     .group = "list",
     .since = "1.0.0",
     .flags = "WRITE",
     .acl = "LIST",
     .keys = "RW+DELETE@index:1/range:0,1,0",
     .syntax = "key count:integer element:string",
     .complexity = "O(N) where N is the length of the list.",
     .summary = "Removes the elements of a list that are equal to another."},
    {.name = "LTRIM",
     .handler = ltrim_command,
     .arity = 4,
     .group = "list",
     .since = "1.0.0",
     .flags = "WRITE",
     .acl = "LIST",
     .keys = "RW+DELETE@index:1/range:0,1,0",
     .syntax = "key start:integer stop:integer",
     .complexity = "O(N) where N is the number of elements removed.",
     .summary = "Removes the elements of a list outside a range."},
};
}  // namespace

CommandFamily list_commands() {
  return kListRows;
}

}  // namespace spinel::server
