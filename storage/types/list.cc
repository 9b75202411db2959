#include "storage/types/list.h"

#include <algorithm>
#include <vector>

namespace spinel::storage {

namespace {

const ListNode* as_node(const void* object) {
  return static_cast<const ListNode*>(object);
}

const Quicklist* as_quicklist(const void* object) {
  return static_cast<const Quicklist*>(object);
}

}  // namespace

void List::destroy(Encoding encoding, void* object) {
  if (object == nullptr) return;
  if (encoding == Encoding::kQuicklist) return Quicklist::destroy(static_cast<Quicklist*>(object));
  ListNode::destroy(static_cast<ListNode*>(object));
}

void* List::duplicate(Encoding encoding, const void* object) {
  if (encoding == Encoding::kQuicklist) return Quicklist::duplicate(as_quicklist(object));
  return ListNode::duplicate(as_node(object));
}

size_t List::bytes(Encoding encoding, const void* object) {
  return encoding == Encoding::kQuicklist ? as_quicklist(object)->allocated_bytes()
                                          : as_node(object)->allocated_bytes();
}

size_t List::free_effort(Encoding encoding, const void* object) {
  return encoding == Encoding::kQuicklist ? as_quicklist(object)->node_count() : 1;
}

void List::become_quicklist(const ListOptions& options) {
  object_ = Quicklist::create(static_cast<ListNode*>(object_), options);
  encoding_ = Encoding::kQuicklist;
}

// After something was removed: a quicklist becomes a node again when it would be half full. The
// other half keeps lists around the limit from changing with every command.
void List::shrink(const ListOptions& options) {
  if (empty()) return;
  if (is_quicklist()) {
    if (!quicklist().is_short(options)) return;
    object_ = Quicklist::release(&quicklist());
    encoding_ = Encoding::kListpackList;
  }
  object_ = ListNode::trim_if_sparse(&node());
}

void List::expect(size_t bytes, const ListOptions& options) {
  if (object_ == nullptr) {
    object_ = ListNode::create(std::min(bytes, options.node_limits().bytes / 2));
  }
}

void List::push(ListEnd end, std::string_view text, const ListOptions& options) {
  const ListElement element(text, options);
  expect(element.item.size(), options);
  if (!is_quicklist()) {
    const ListNodeLimits limits = options.node_limits();
    if (!element.alone && node().fits(element.item.size(), limits)) {
      object_ = ListNode::push(&node(), end, element.item, limits);
      return;
    }
    become_quicklist(options);
  }
  quicklist().push(end, element);
}

void List::pop(ListEnd end, size_t count, const ListOptions& options) {
  if (is_quicklist()) {
    quicklist().pop(end, count);
  } else {
    node().pop(end, count);
  }
  shrink(options);
}

void List::insert(size_t index, std::string_view text, const ListOptions& options) {
  const ListElement element(text, options);
  if (!is_quicklist()) {
    const ListNodeLimits limits = options.node_limits();
    if (!element.alone && node().fits(element.item.size(), limits)) {
      object_ = ListNode::insert(&node(), index, element.item, limits);
      return;
    }
    become_quicklist(options);
  }
  quicklist().insert(index, element);
}

void List::replace(size_t index, std::string_view text, const ListOptions& options) {
  const ListElement element(text, options);
  if (!is_quicklist()) {
    const ListNodeLimits limits = options.node_limits();
    const size_t old_size = listpack_entry_size(node().at(index));
    const size_t size = element.item.size();
    if (!element.alone && (size <= old_size || node().can_grow(size - old_size, limits))) {
      object_ = ListNode::replace(&node(), index, element.item, limits);
      return;
    }
    become_quicklist(options);
  }
  quicklist().replace(index, element);
  shrink(options);
}

void List::trim(size_t first, size_t count, const ListOptions& options) {
  const size_t behind = size() - first - count;
  if (is_quicklist()) {
    quicklist().pop(ListEnd::kBack, behind);
    quicklist().pop(ListEnd::kFront, first);
  } else {
    node().pop(ListEnd::kBack, behind);
    node().pop(ListEnd::kFront, first);
  }
  shrink(options);
}

size_t List::remove_equal(std::string_view text, ListEnd from, size_t limit,
                          const ListOptions& options) {
  const ListpackItem item(text);
  size_t removed = 0;
  if (is_quicklist()) {
    removed = quicklist().remove_equal(item, from, limit);
  } else {
    std::vector<uint16_t> found;
    node().find_equal(item, from, limit, found);
    node().erase_each(found);
    removed = found.size();
  }
  if (removed > 0) shrink(options);
  return removed;
}

}  // namespace spinel::storage
