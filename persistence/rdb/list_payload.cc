// Lists are written as quicklist2, a node of ours as one of theirs, whatever its size. Read are all
// forms that lists ever had.
#include "persistence/rdb/payload.h"

namespace spinel::persistence::rdb {

namespace {

using storage::List;
using storage::ListEnd;
using storage::ListRun;

// An element of this size alone in its node is written as it is, and not copied into a listpack.
constexpr size_t kPlainBytes = size_t{1} << 20;

// A list while it is read: destroyed unless it is taken.
class ListInTheMaking {
 public:
  explicit ListInTheMaking(const storage::ListOptions& options)
      : list_(List::create()), options_(options) {}
  ~ListInTheMaking() { List::destroy(list_.encoding(), list_.object()); }
  ListInTheMaking(const ListInTheMaking&) = delete;
  ListInTheMaking& operator=(const ListInTheMaking&) = delete;

  void push(std::string_view text) { list_.push(ListEnd::kBack, text, options_); }
  // Elements of so many bytes in all are about to be pushed.
  void expect(size_t bytes) { list_.expect(bytes, options_); }
  Value take() {
    if (list_.empty()) return {};
    return Value::of(std::exchange(list_, List::create()));
  }

 private:
  List list_;
  const storage::ListOptions& options_;
};

bool read_node(PayloadReader& from, PackedReader::Form form, ListInTheMaking& list) {
  const uint64_t begin = from.bytes.position();
  const std::string_view blob = from.blob();
  PackedReader reader = from.open(form, blob);
  if (!from.bytes.ok()) return false;
  list.expect(blob.size());
  char digits[storage::kMaxInt64Chars];
  while (const auto element = reader.next()) {
    const std::string_view text =
        element->is_integer()
            ? std::string_view(digits, storage::format_int64(element->integer, digits))
            : element->text;
    if (text.size() > kMaxElementBytes) return from.bytes.fail_at(begin, "an element is too long");
    list.push(text);
  }
  return reader.error() == nullptr || from.bytes.fail_at(begin, reader.error());
}

bool read_quicklist2_node(PayloadReader& from, ListInTheMaking& list) {
  const uint64_t container = read_length(from.bytes);
  if (container == kPackedNode) return read_node(from, PackedReader::Form::kListpack, list);
  if (container != kPlainNode) return from.bytes.fail("a list's node has an unknown form");
  const std::string_view text = from.element();
  if (from.bytes.ok()) list.push(text);
  return from.bytes.ok();
}

bool read_nodes(PayloadReader& from, ValueType type, ListInTheMaking& list) {
  for (uint64_t left = read_length(from.bytes); left > 0 && from.bytes.ok(); --left) {
    switch (type) {
      case ValueType::kList: {
        const std::string_view text = from.element();
        if (from.bytes.ok()) list.push(text);
        break;
      }
      case ValueType::kListQuicklist:
        read_node(from, PackedReader::Form::kZiplist, list);
        break;
      default:
        read_quicklist2_node(from, list);
        break;
    }
  }
  return from.bytes.ok();
}

void write_node(ValueWriter& to, const ListRun& run) {
  if (run.count == 1) {
    const storage::ListpackValue value = storage::read_listpack_entry(run.at);
    if (value.is_text() && value.text.size() >= kPlainBytes) {
      write_length(to.writer(), kPlainNode);
      to.strings().write(to.writer(), value.text);
      return;
    }
  }
  ListpackWriter& node = to.listpack();
  node.clear();
  for (const unsigned char* at = run.at; at != run.end; at += storage::listpack_entry_size(at)) {
    node.append_entry(at);
  }
  write_length(to.writer(), kPackedNode);
  to.strings().write_bytes(to.writer(), node.finish());
}

}  // namespace

bool read_list(PayloadReader& from, ValueType type, Value& value) {
  ListInTheMaking list(from.limits.list);
  const bool ok = type == ValueType::kListZiplist
                      ? read_node(from, PackedReader::Form::kZiplist, list)
                      : read_nodes(from, type, list);
  if (ok) value = list.take();
  return ok;
}

void write_list(ValueWriter& to, const List& list) {
  const bool is_quicklist = list.encoding() == storage::Encoding::kQuicklist;
  write_length(
      to.writer(),
      is_quicklist ? static_cast<const storage::Quicklist*>(list.object())->node_count() : 1);
  list.read(0, list.size(), [&to](const ListRun& run) {
    write_node(to, run);
    return to.writer().ok();
  });
}

}  // namespace spinel::persistence::rdb
