#include "storage/containers/quicklist.h"

#include <utility>
#include <vector>

#include "storage/base/assert.h"
#include "storage/base/memory.h"

namespace spinel::storage {

int ListOptions::effective_size() const {
  constexpr int kMost = 32767;
  return std::clamp(max_listpack_size, -5, kMost);
}

ListNodeLimits ListOptions::node_limits() const {
  constexpr size_t kWithoutLimit = 8192;
  const int size = effective_size();
  if (size >= 0) return {kWithoutLimit, static_cast<size_t>(std::max(size, 1))};
  return {size_t{2048} << -size, UINT16_MAX};
}

// --- making and destroying

Quicklist::Quicklist(ListNode* node, const ListOptions& options)
    : first_(node), options_(options), limits_(options.node_limits()) {}

Quicklist::Quicklist(const Quicklist& other)
    : first_(ListNode::duplicate(other.first_)),
      last_(other.last_ == nullptr ? nullptr : ListNode::duplicate(other.last_)),
      middle_(other.middle_),
      options_(other.options_),
      limits_(other.limits_) {}

Quicklist::~Quicklist() {
  if (first_ != nullptr) ListNode::destroy(first_);
  if (last_ != nullptr) ListNode::destroy(last_);
}

Quicklist* Quicklist::create(ListNode* node, const ListOptions& options) {
  return new Quicklist(node, options);
}

void Quicklist::destroy(Quicklist* list) {
  delete list;
}

Quicklist* Quicklist::duplicate(const Quicklist* list) {
  return new Quicklist(*list);
}

ListNode* Quicklist::release(Quicklist* list) {
  SPINEL_ASSERT(list->last_ == nullptr);
  ListNode* node = std::exchange(list->first_, nullptr);
  delete list;
  return node;
}

bool Quicklist::is_short(const ListOptions& options) const {
  const ListNodeLimits limits = options.node_limits();
  return last_ == nullptr && !first_->alone() && first_->count() <= limits.elements / 2 &&
         first_->element_bytes() <= limits.bytes / 2;
}

size_t Quicklist::allocated_bytes() const {
  return usable_size(sizeof(Quicklist)) + first_->allocated_bytes() + middle_.allocated_bytes() +
         (last_ == nullptr ? 0 : last_->allocated_bytes());
}

// --- nodes by ordinal

const ListNode& Quicklist::node(size_t ordinal) const {
  if (ordinal == 0) return *first_;
  if (ordinal == node_count() - 1) {
    SPINEL_ASSERT(last_ != nullptr);
    return *last_;
  }
  return *middle_.node(ordinal - 1);
}

ListTree::Place Quicklist::locate(size_t element) const {
  if (element < first_->count()) return {0, element};
  element -= first_->count();
  if (element >= middle_.element_count()) {
    return {node_count() - 1, element - middle_.element_count()};
  }
  const ListTree::Place place = middle_.locate(element);
  return {place.ordinal + 1, place.index};
}

// Between this and `put_back` or `drop_taken` no node comes or goes.
ListNode* Quicklist::take(size_t ordinal) {
  if (ordinal == 0) return first_;
  if (ordinal == node_count() - 1) return last_;
  return ListNode::decompress(middle_.take(ordinal - 1));
}

void Quicklist::put_back(size_t ordinal, ListNode* node) {
  if (ordinal == 0) {
    first_ = node;
  } else if (ordinal == node_count() - 1) {
    last_ = node;
  } else {
    middle_.put_back(ordinal - 1, ListNode::trim(node));
    settle(ordinal - 1);
  }
}

// Instead of `put_back`, of a node that is empty.
void Quicklist::drop_taken(size_t ordinal, ListNode* node) {
  if (ordinal == 0) {
    first_ = node;
    remove_end(ListEnd::kFront);
  } else if (ordinal == node_count() - 1) {
    last_ = node;
    remove_end(ListEnd::kBack);
  } else {
    ListNode::destroy(node);
    middle_.remove_taken(ordinal - 1);
    settle_borders();
  }
}

void Quicklist::insert_node(size_t ordinal, ListNode* node) {
  if (ordinal == 0) return add_end(ListEnd::kFront, node);
  if (ordinal == node_count()) return add_end(ListEnd::kBack, node);
  middle_.insert(ordinal - 1, ListNode::trim(node));
  settle(ordinal - 1);
  settle_borders();
}

void Quicklist::add_end(ListEnd end, ListNode* node) {
  const bool front = end == ListEnd::kFront;
  if (last_ == nullptr) {
    last_ = front ? std::exchange(first_, node) : node;
    return;
  }
  ListNode*& place = front ? first_ : last_;
  middle_.insert(front ? 0 : middle_.node_count(), ListNode::trim(std::exchange(place, node)));
  settle_borders();
}

// Removes the node at that end, which is empty; if it is the only one it stays.
void Quicklist::remove_end(ListEnd end) {
  if (last_ == nullptr) return;
  ListNode*& place = end == ListEnd::kFront ? first_ : last_;
  ListNode::destroy(place);
  if (middle_.node_count() > 0) {
    place = ListNode::decompress(take_middle_end(end));
    settle_borders();
  } else {
    if (end == ListEnd::kFront) first_ = last_;
    last_ = nullptr;
  }
}

ListNode* Quicklist::take_middle_end(ListEnd end) {
  return middle_.remove(end == ListEnd::kFront ? 0 : middle_.node_count() - 1);
}

// --- compression. Ordinals are those of `middle_` here.

bool Quicklist::far_from_ends(size_t ordinal) const {
  const auto depth = static_cast<size_t>(options_.compress_depth);
  return depth != 0 && ordinal + 1 >= depth && middle_.node_count() - ordinal >= depth;
}

// Compresses the node or decompresses it, by its place.
void Quicklist::settle(size_t ordinal) {
  if (options_.compress_depth == 0 || ordinal >= middle_.node_count()) return;
  const bool far = far_from_ends(ordinal);
  if (middle_.node(ordinal)->compressed() == far) return;
  ListNode* node = middle_.take(ordinal);
  middle_.put_back(ordinal, far ? ListNode::compress(node) : ListNode::decompress(node));
}

// After one node came or went: two at either end may have passed the border.
void Quicklist::settle_borders() {
  if (options_.compress_depth == 0) return;
  const auto depth = static_cast<size_t>(options_.compress_depth);
  const size_t count = middle_.node_count();
  // What wraps around is not a node.
  for (const size_t ordinal : {depth - 2, depth - 1, count - depth, count - depth + 1}) {
    settle(ordinal);
  }
}

// After several nodes went.
void Quicklist::settle_all_near_ends() {
  const auto depth = static_cast<size_t>(options_.compress_depth);
  const size_t count = middle_.node_count();
  for (size_t i = 0; i < std::min(depth, count); ++i) {
    settle(i);
    settle(count - 1 - i);
  }
}

// --- pushing and popping

ListNode* Quicklist::new_node(const ListElement& element) const {
  ListNode* node =
      ListNode::push(ListNode::create(element.item.size()), ListEnd::kBack, element.item, limits_);
  if (element.alone) node->set_alone();
  return node;
}

ListNode* Quicklist::new_end_node(ListEnd end, const ListElement& element) const {
  if (element.alone) return new_node(element);
  const size_t size = element.item.size();
  const size_t room = std::min(limits_.bytes / 8, size * limits_.elements);
  return ListNode::push(ListNode::create(std::max(size, room)), end, element.item, limits_);
}

void Quicklist::push(ListEnd end, const ListElement& element) {
  ListNode*& node = end_node(end);
  if (node->empty() && element.alone) {
    ListNode::destroy(std::exchange(node, new_node(element)));
  } else if (has_room(*node, element)) {
    node = ListNode::push(node, end, element.item, limits_);
  } else {
    add_end(end, new_end_node(end, element));
  }
}

void Quicklist::pop(ListEnd end, size_t count) {
  size_t removed_nodes = 0;
  for (;;) {
    ListNode& node = *end_node(end);
    if (count < node.count() || last_ == nullptr) {
      node.pop(end, count);
      break;
    }
    count -= node.count();
    // Those that go as a whole need not be decompressed.
    while (middle_.node_count() > 0) {
      const size_t next = end == ListEnd::kFront ? 0 : middle_.node_count() - 1;
      if (middle_.node(next)->count() > count) break;
      ListNode* gone = middle_.remove(next);
      count -= gone->count();
      ListNode::destroy(gone);
      ++removed_nodes;
    }
    remove_end(end);
    if (count == 0) break;
  }
  if (removed_nodes > 0) settle_all_near_ends();
}

// --- changing in the middle

void Quicklist::insert(size_t index, const ListElement& element) {
  if (index == 0) return push(ListEnd::kFront, element);
  if (index == size()) return push(ListEnd::kBack, element);
  const ListTree::Place place = locate(index);
  ListNode* node = take(place.ordinal);
  if (has_room(*node, element)) {
    put_back(place.ordinal, ListNode::insert(node, place.index, element.item, limits_));
  } else {
    insert_in_full(place, node, element);
  }
}

void Quicklist::insert_in_full(const ListTree::Place& place, ListNode* node,
                               const ListElement& element) {
  if (place.index == 0) {
    put_back(place.ordinal, node);
    ListNode* before = take(place.ordinal - 1);
    const bool fits = has_room(*before, element);
    if (fits) before = ListNode::push(before, ListEnd::kBack, element.item, limits_);
    put_back(place.ordinal - 1, before);
    if (!fits) insert_node(place.ordinal, new_node(element));
    return;
  }
  ListNode* rest = node->split(place.index);
  ListNode* between = nullptr;
  if (has_room(*node, element)) {
    node = ListNode::push(node, ListEnd::kBack, element.item, limits_);
  } else if (has_room(*rest, element)) {
    rest = ListNode::push(rest, ListEnd::kFront, element.item, limits_);
  } else {
    between = new_node(element);
  }
  put_back(place.ordinal, node);
  insert_node(place.ordinal + 1, rest);
  if (between != nullptr) insert_node(place.ordinal + 1, between);
}

void Quicklist::replace(size_t index, const ListElement& element) {
  const ListTree::Place place = locate(index);
  ListNode* node = take(place.ordinal);
  if (node->count() == 1) {
    ListNode::destroy(node);
    return put_back(place.ordinal, new_node(element));
  }
  const size_t old_size = listpack_entry_size(node->at(place.index));
  const size_t size = element.item.size();
  if (!element.alone && (size <= old_size || node->can_grow(size - old_size, limits_))) {
    return put_back(place.ordinal, ListNode::replace(node, place.index, element.item, limits_));
  }
  put_back(place.ordinal, node);
  erase_one(index);
  insert(index, element);
}

// Of a node that has others.
void Quicklist::erase_one(size_t index) {
  const ListTree::Place place = locate(index);
  ListNode* node = take(place.ordinal);
  node->erase(place.index, 1);
  put_back(place.ordinal, node);
}

size_t Quicklist::remove_equal(const ListpackItem& item, ListEnd from, size_t limit) {
  const bool forward = from == ListEnd::kFront;
  std::vector<uint16_t> found;
  size_t removed = 0;
  // How many nodes were looked at and are still there.
  for (size_t seen = 0; seen < node_count() && removed < limit;) {
    const size_t ordinal = forward ? seen : node_count() - 1 - seen;
    ReadableNode(node(ordinal))->find_equal(item, from, limit - removed, found);
    ++seen;
    if (found.empty()) continue;
    removed += found.size();
    ListNode* node = take(ordinal);
    node->erase_each(found);
    if (node->empty()) {
      --seen;
      if (node_count() == 1) break;  // and it is ours, as it was
      drop_taken(ordinal, node);
    } else {
      put_back(ordinal, node);
      const size_t neighbour = forward ? ordinal - 1 : ordinal;
      if (try_join(neighbour)) --seen;
    }
  }
  return removed;
}

// Joins the node and the one behind it if both are in the middle and the result is at most half
// full: so a list from which much was removed does not keep many small nodes.
bool Quicklist::try_join(size_t ordinal) {
  if (ordinal + 1 < 2 || ordinal + 2 >= node_count()) return false;
  const ListNode& left = node(ordinal);
  const ListNode& right = node(ordinal + 1);
  if (left.alone() || right.alone() || left.count() + right.count() > limits_.elements / 2 ||
      left.uncompressed_bytes() + right.uncompressed_bytes() > limits_.bytes / 2) {
    return false;
  }
  ListNode* node = take(ordinal);
  ListNode* next = take(ordinal + 1);
  node = ListNode::join(node, next);
  middle_.remove_taken(ordinal);
  put_back(ordinal, node);
  settle_borders();
  return true;
}

}  // namespace spinel::storage
