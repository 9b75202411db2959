// The nodes in the middle of a long list: a B-tree that knows how many nodes and how many elements
// are below each branch, so that the node of an element, and the n-th node, are found in
// logarithmic time, wherever nodes come and go.
#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/containers/list_node.h"

namespace spinel::storage {

// Owns the nodes. Ordinals number them from 0.
class ListTree {
 public:
  ListTree() = default;
  ~ListTree();
  ListTree(const ListTree& other);  // copies the nodes as well
  ListTree& operator=(const ListTree&) = delete;

  size_t node_count() const { return root_ == nullptr ? 0 : root_->total_nodes(); }
  size_t element_count() const { return elements_; }
  // Bytes allocated, with those of the nodes.
  size_t allocated_bytes() const { return node_bytes_ + branches_ * sizeof(Branch); }

  // Which node an element is in, and as which.
  struct Place {
    size_t ordinal;
    size_t index;
  };
  // `element` is one of them.
  Place locate(size_t element) const;
  const ListNode* node(size_t ordinal) const;

  // The tree gives a node away and gets back what a change made of it, which is not empty.
  ListNode* take(size_t ordinal);
  void put_back(size_t ordinal, ListNode* node);
  // Puts the node at `ordinal`, before the one that was there.
  void insert(size_t ordinal, ListNode* node);
  // Removes the node and gives it away.
  ListNode* remove(size_t ordinal);
  // Removes it after it was taken.
  void remove_taken(size_t ordinal);

 private:
  static constexpr size_t kFanOut = 31;  // a branch then fills an allocation of 640 bytes

  struct Branch {
    uint16_t level;  // 0: its children are list nodes
    uint16_t size;
    uint32_t nodes[kFanOut];
    uint64_t elements[kFanOut];
    void* children[kFanOut];

    Branch* branch(size_t at) const { return static_cast<Branch*>(children[at]); }
    ListNode* node(size_t at) const { return static_cast<ListNode*>(children[at]); }
    size_t total_nodes() const;
    size_t total_elements() const;
    // The child that holds the node `ordinal`, which becomes the one within that child.
    size_t child_of(size_t& ordinal) const;
    void open(size_t at);
    void close(size_t at);
    void set(size_t at, void* child, size_t node_count, size_t element_count);
    void refresh(size_t at);
    void move_to(Branch& to, size_t from);
  };

  Branch* make_branch(unsigned level);
  void free_branch(Branch* branch);
  Branch* split(Branch& branch, size_t at);
  Branch* insert_below(Branch& branch, size_t ordinal, ListNode* node);
  uint64_t remove_below(Branch& branch, size_t ordinal);
  void join_children(Branch& branch, size_t at);
  void destroy(Branch* branch);
  Branch* copy(const Branch& from);

  Branch* root_ = nullptr;
  size_t elements_ = 0;
  size_t node_bytes_ = 0;
  size_t branches_ = 0;
};

}  // namespace spinel::storage
