#include "storage/containers/list_tree.h"

#include <algorithm>
#include <numeric>

#include "storage/base/assert.h"
#include "storage/base/memory.h"

namespace spinel::storage {

// --- branches

size_t ListTree::Branch::total_nodes() const {
  return std::accumulate(nodes, nodes + size, size_t{0});
}

size_t ListTree::Branch::total_elements() const {
  return std::accumulate(elements, elements + size, size_t{0});
}

size_t ListTree::Branch::child_of(size_t& ordinal) const {
  size_t at = 0;
  while (ordinal >= nodes[at]) {
    ordinal -= nodes[at++];
    SPINEL_ASSERT(at < size);
  }
  return at;
}

// Makes room for a child at `at`.
void ListTree::Branch::open(size_t at) {
  SPINEL_ASSERT(size < kFanOut);
  std::copy_backward(nodes + at, nodes + size, nodes + size + 1);
  std::copy_backward(elements + at, elements + size, elements + size + 1);
  std::copy_backward(children + at, children + size, children + size + 1);
  ++size;
}

void ListTree::Branch::close(size_t at) {
  std::copy(nodes + at + 1, nodes + size, nodes + at);
  std::copy(elements + at + 1, elements + size, elements + at);
  std::copy(children + at + 1, children + size, children + at);
  --size;
}

void ListTree::Branch::set(size_t at, void* child, size_t node_count, size_t element_count) {
  nodes[at] = static_cast<uint32_t>(node_count);
  elements[at] = element_count;
  children[at] = child;
}

void ListTree::Branch::refresh(size_t at) {
  set(at, children[at], branch(at)->total_nodes(), branch(at)->total_elements());
}

// Moves the children from `from` on to the end of `to`.
void ListTree::Branch::move_to(Branch& to, size_t from) {
  std::copy(nodes + from, nodes + size, to.nodes + to.size);
  std::copy(elements + from, elements + size, to.elements + to.size);
  std::copy(children + from, children + size, to.children + to.size);
  to.size = static_cast<uint16_t>(to.size + size - from);
  size = static_cast<uint16_t>(from);
}

ListTree::Branch* ListTree::make_branch(unsigned level) {
  auto* branch = static_cast<Branch*>(allocate_bytes(sizeof(Branch)));
  branch->level = static_cast<uint16_t>(level);
  branch->size = 0;
  ++branches_;
  return branch;
}

void ListTree::free_branch(Branch* branch) {
  free_bytes(branch, sizeof(Branch));
  --branches_;
}

// --- the tree

ListTree::~ListTree() {
  if (root_ != nullptr) destroy(root_);
}

void ListTree::destroy(Branch* branch) {
  for (size_t at = 0; at < branch->size; ++at) {
    if (branch->level == 0) {
      ListNode::destroy(branch->node(at));
    } else {
      destroy(branch->branch(at));
    }
  }
  free_branch(branch);
}

ListTree::ListTree(const ListTree& other) : elements_(other.elements_) {
  if (other.root_ != nullptr) root_ = copy(*other.root_);
}

ListTree::Branch* ListTree::copy(const Branch& from) {
  Branch* to = make_branch(from.level);
  for (size_t at = 0; at < from.size; ++at) {
    void* child = nullptr;
    if (from.level == 0) {
      ListNode* node = ListNode::duplicate(from.node(at));
      node_bytes_ += node->allocated_bytes();
      child = node;
    } else {
      child = copy(*from.branch(at));
    }
    to->set(at, child, from.nodes[at], from.elements[at]);
    ++to->size;
  }
  return to;
}

ListTree::Place ListTree::locate(size_t element) const {
  SPINEL_ASSERT(element < elements_);
  size_t ordinal = 0;
  for (const Branch* branch = root_;;) {
    size_t at = 0;
    for (; element >= branch->elements[at]; ++at) {
      element -= branch->elements[at];
      ordinal += branch->nodes[at];
    }
    if (branch->level == 0) return {ordinal, element};
    branch = branch->branch(at);
  }
}

const ListNode* ListTree::node(size_t ordinal) const {
  const Branch* branch = root_;
  for (;;) {
    const size_t at = branch->child_of(ordinal);
    if (branch->level == 0) return branch->node(at);
    branch = branch->branch(at);
  }
}

ListNode* ListTree::take(size_t ordinal) {
  auto* taken = const_cast<ListNode*>(node(ordinal));
  node_bytes_ -= taken->allocated_bytes();
  return taken;
}

void ListTree::put_back(size_t ordinal, ListNode* node) {
  SPINEL_ASSERT(!node->empty());
  Branch* path[8 * sizeof(size_t)];
  size_t places[8 * sizeof(size_t)];
  size_t depth = 0;
  for (Branch* branch = root_;; branch = branch->branch(places[depth++])) {
    path[depth] = branch;
    places[depth] = branch->child_of(ordinal);
    if (branch->level == 0) break;
  }
  const uint64_t before = path[depth]->elements[places[depth]];
  path[depth]->children[places[depth]] = node;
  // Sums wrap around as they should where there are fewer elements now.
  for (size_t i = 0; i <= depth; ++i) path[i]->elements[places[i]] += node->count() - before;
  elements_ += node->count() - before;
  node_bytes_ += node->allocated_bytes();
}

void ListTree::insert(size_t ordinal, ListNode* node) {
  SPINEL_ASSERT(!node->empty() && ordinal <= node_count());
  elements_ += node->count();
  node_bytes_ += node->allocated_bytes();
  if (root_ == nullptr) root_ = make_branch(0);
  Branch* sibling = insert_below(*root_, ordinal, node);
  if (sibling == nullptr) return;
  Branch* root = make_branch(root_->level + 1u);
  root->size = 2;
  root->children[0] = root_;
  root->children[1] = sibling;
  root->refresh(0);
  root->refresh(1);
  root_ = root;
}

// Moves the children from `at` on to a new branch.
ListTree::Branch* ListTree::split(Branch& branch, size_t at) {
  Branch* sibling = make_branch(branch.level);
  branch.move_to(*sibling, at);
  return sibling;
}

// Returns the branch that is now behind `branch`, if that had no room left.
ListTree::Branch* ListTree::insert_below(Branch& branch, size_t ordinal, ListNode* node) {
  size_t at = 0;
  while (at < branch.size && ordinal > branch.nodes[at]) ordinal -= branch.nodes[at++];
  void* child = node;
  size_t node_count = 1;
  size_t element_count = node->count();
  if (branch.level == 0) {
    at += ordinal;  // behind the last child that was looked at
  } else {
    Branch* split_off = insert_below(*branch.branch(at), ordinal, node);
    branch.refresh(at);
    if (split_off == nullptr) return nullptr;
    ++at;
    child = split_off;
    node_count = split_off->total_nodes();
    element_count = split_off->total_elements();
  }
  Branch* sibling = nullptr;
  Branch* into = &branch;
  if (branch.size == kFanOut) {
    // At either end, where lists grow, full branches stay full.
    const size_t middle = at == kFanOut || at == 0 ? at : kFanOut / 2;
    sibling = split(branch, middle);
    if (at > middle || at == kFanOut) {
      at -= middle;
      into = sibling;
    }
  }
  into->open(at);
  into->set(at, child, node_count, element_count);
  return sibling;
}

ListNode* ListTree::remove(size_t ordinal) {
  ListNode* node = take(ordinal);
  remove_taken(ordinal);
  return node;
}

void ListTree::remove_taken(size_t ordinal) {
  elements_ -= remove_below(*root_, ordinal);
  while (root_ != nullptr && root_->size <= 1 && (root_->size == 0 || root_->level > 0)) {
    Branch* old = root_;
    root_ = old->size == 0 ? nullptr : old->branch(0);
    free_branch(old);
  }
}

// Returns how many elements that node had when it was last put here.
uint64_t ListTree::remove_below(Branch& branch, size_t ordinal) {
  const size_t at = branch.child_of(ordinal);
  if (branch.level == 0) {
    const uint64_t removed = branch.elements[at];
    branch.close(at);
    return removed;
  }
  const uint64_t removed = remove_below(*branch.branch(at), ordinal);
  if (branch.branch(at)->size == 0) {
    free_branch(branch.branch(at));
    branch.close(at);
    return removed;
  }
  branch.refresh(at);
  if (at > 0) join_children(branch, at - 1);
  if (at + 1 < branch.size) join_children(branch, at);
  return removed;
}

// Joins the children at `at` and behind it if the result is at most half full.
void ListTree::join_children(Branch& branch, size_t at) {
  Branch* child = branch.branch(at);
  Branch* next = branch.branch(at + 1);
  if (child->size + next->size > kFanOut / 2) return;
  next->move_to(*child, 0);
  free_branch(next);
  branch.close(at + 1);
  branch.refresh(at);
}

}  // namespace spinel::storage
