// A long list: nodes of up to some kilobytes, one after the other.
//
// The first and the last node, where lists grow and shrink, stand by themselves, so that a push or
// a pop touches nothing else. The others are in a tree that finds the n-th element in logarithmic
// time.
//
// Nodes that are at least `compress_depth` nodes away from either end are kept compressed; they are
// decompressed to be read or changed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/containers/list_node.h"
#include "storage/containers/list_tree.h"

namespace spinel::storage {

// How a list is to be kept, as configured.
struct ListOptions {
  // Positive: elements in a node. From -1 to -5: bytes in one, as 4, 8, 16, 32 or 64 kb.
  int max_listpack_size = -2;
  // Nodes at either end that stay uncompressed; 0: all of them.
  int compress_depth = 0;
  // Text of this size and more gets a node of its own.
  size_t large_element_bytes = size_t{1} << 30;

  ListNodeLimits node_limits() const;
  // `max_listpack_size` within its bounds.
  int effective_size() const;
};

// Elements one after the other, encoded: for (at = run.at; at != run.end;
// at += listpack_entry_size(at)).
struct ListRun {
  const unsigned char* at;
  const unsigned char* end;
  size_t count;
};

// An element to be stored.
struct ListElement {
  explicit ListElement(std::string_view text, const ListOptions& options)
      : item(text), alone(text.size() >= options.large_element_bytes) {}

  ListpackItem item;
  bool alone;  // it must not share its node
};

// Indexes are in range; an empty list allows nothing but pushes.
class Quicklist {
 public:
  // Takes over `node`.
  static Quicklist* create(ListNode* node, const ListOptions& options);
  static void destroy(Quicklist* list);
  static Quicklist* duplicate(const Quicklist* list);
  Quicklist& operator=(const Quicklist&) = delete;

  size_t size() const {
    return first_->count() + middle_.element_count() + (last_ == nullptr ? 0 : last_->count());
  }
  size_t node_count() const { return 1 + middle_.node_count() + (last_ == nullptr ? 0 : 1); }
  // The n-th node, maybe compressed.
  const ListNode& node(size_t ordinal) const;
  // Bytes of all blocks as allocated.
  size_t allocated_bytes() const;
  const ListOptions& options() const { return options_; }

  void push(ListEnd end, const ListElement& element);
  // Removes `count` elements at an end; the list may be empty then.
  void pop(ListEnd end, size_t count);
  // Calls visit(const unsigned char*) for the element at an end.
  template <typename Visit>
  void read_end(ListEnd end, Visit&& visit) const {
    const ListNode& node = end == ListEnd::kBack && last_ != nullptr ? *last_ : *first_;
    visit(node.at(end == ListEnd::kFront ? 0 : node.count() - 1));
  }
  // Calls visit(ListRun) for the elements from `first` on, node by node, until it returns false.
  template <typename Visit>
  void read(size_t first, size_t count, Visit&& visit) const {
    while (count > 0) {
      const ListTree::Place place = locate(first);
      const ReadableNode readable(node(place.ordinal));
      const size_t in_node = std::min(count, readable->count() - place.index);
      if (!visit(readable.run(place.index, in_node))) return;
      first += in_node;
      count -= in_node;
    }
  }
  // The same, from the last node to the first; within a run, elements are in their order.
  template <typename Visit>
  void read_backward(size_t first, size_t count, Visit&& visit) const {
    while (count > 0) {
      const ListTree::Place place = locate(first + count - 1);
      const ReadableNode readable(node(place.ordinal));
      const size_t in_node = std::min(count, place.index + 1);
      if (!visit(readable.run(place.index + 1 - in_node, in_node))) return;
      count -= in_node;
    }
  }

  // Puts the element before the one at `index`, which may be size().
  void insert(size_t index, const ListElement& element);
  void replace(size_t index, const ListElement& element);
  // Removes up to `limit` elements equal to `item`, the first or the last ones, and returns how
  // many. The list may be empty then.
  size_t remove_equal(const ListpackItem& item, ListEnd from, size_t limit);

  // Whether the list is one node that is filled to no more than half of what `options` allow.
  bool is_short(const ListOptions& options) const;
  // Gives away the only node and destroys the list.
  static ListNode* release(Quicklist* list);

 private:
  // A node that can be read: itself, or a copy of one that is compressed.
  class ReadableNode {
   public:
    explicit ReadableNode(const ListNode& node)
        : node_(node.compressed() ? ListNode::decompressed(&node) : &node),
          copied_(node.compressed()) {}
    ~ReadableNode() {
      if (copied_) ListNode::destroy(const_cast<ListNode*>(node_));
    }
    ReadableNode(const ReadableNode&) = delete;
    ReadableNode& operator=(const ReadableNode&) = delete;
    const ListNode* operator->() const { return node_; }
    ListRun run(size_t first, size_t count) const {
      return {node_->at(first), node_->at(first + count), count};
    }

   private:
    const ListNode* node_;
    bool copied_;
  };

  Quicklist(ListNode* node, const ListOptions& options);
  Quicklist(const Quicklist& other);
  ~Quicklist();

  ListTree::Place locate(size_t element) const;
  ListNode*& end_node(ListEnd end) {
    return end == ListEnd::kBack && last_ != nullptr ? last_ : first_;
  }
  // A node with that element.
  ListNode* new_node(const ListElement& element) const;
  // The same with room for more at that end.
  ListNode* new_end_node(ListEnd end, const ListElement& element) const;
  bool has_room(const ListNode& node, const ListElement& element) const {
    return !element.alone && node.has_room(element.item.size(), limits_);
  }
  // Nodes by their number in the whole list: the first is 0.
  ListNode* take(size_t ordinal);
  void put_back(size_t ordinal, ListNode* node);
  void drop_taken(size_t ordinal, ListNode* node);
  void insert_node(size_t ordinal, ListNode* node);
  void add_end(ListEnd end, ListNode* node);
  void remove_end(ListEnd end);
  void insert_in_full(const ListTree::Place& place, ListNode* node, const ListElement& element);
  void erase_one(size_t index);
  bool try_join(size_t ordinal);
  // The same within `middle_`.
  ListNode* take_middle_end(ListEnd end);
  bool far_from_ends(size_t ordinal) const;
  void settle(size_t ordinal);
  void settle_borders();
  void settle_all_near_ends();

  ListNode* first_;
  ListNode* last_ = nullptr;  // null: there is one node only
  ListTree middle_;           // empty without `last_`
  ListOptions options_;
  ListNodeLimits limits_;
};

}  // namespace spinel::storage
