// Which nodes a Skiplist consists of: how they share, split and merge.
//
// Whatever happens to a node happens to a window of up to kWindow neighbours below one index: what
// they hold is spread evenly over them, over one more node, or over one less.
#include <algorithm>
#include <array>
#include <bit>
#include <type_traits>

#include "storage/base/assert.h"
#include "storage/base/memory.h"
#include "storage/containers/skiplist.h"

namespace spinel::storage {

using skiplist::capacity_of;
using skiplist::column;
using skiplist::Index;
using skiplist::kMaxCount;
using skiplist::Leaf;
using skiplist::shift;

namespace {

constexpr size_t kWord = sizeof(uint64_t);

// A window shares what it holds if that leaves room for at least so many more in each node. With
// less, it would have to share again soon.
template <typename Node>
constexpr unsigned kWorthSharing = kMaxCount<Node> / 16;

// A node of fewer looks whether its window fits into one node less, full to seven eighths.
template <typename Node>
constexpr unsigned kLow = kMaxCount<Node> * 5 / 8;
template <typename Node>
constexpr unsigned kCompactFill = kMaxCount<Node> * 7 / 8;

// How full nodes built from sorted items are: there is room for some more in each.
template <typename Node>
constexpr unsigned kBuildFill = kMaxCount<Node> * 7 / 8;

template <typename Node>
size_t bytes_of(const Node* node) {
  return std::bit_ceil(sizeof(Node) + Node::kColumns * kWord * node->capacity);
}

template <typename Node>
size_t bytes_for(unsigned count) {
  size_t bytes = Node::kMinBytes;
  while (capacity_of<Node>(bytes) < count) bytes *= 2;
  return bytes;
}

uint64_t size_of(const Leaf* leaf) {
  return leaf->count;
}
uint64_t size_of(const Index* index) {
  uint64_t size = 0;
  for (unsigned i = 0; i < index->count; ++i) size += index->sizes()[i];
  return size;
}
uint64_t begins_of(const Leaf* leaf) {
  return static_cast<uint64_t>(std::popcount(leaf->begins));
}
uint64_t begins_of(const Index* index) {
  uint64_t begins = 0;
  for (unsigned i = 0; i < index->count; ++i) begins += index->begins()[i];
  return begins;
}

// How much a child of `parent` holds, itself; for leaves this does not look at them.
template <typename Node>
unsigned child_count(const Index* parent, unsigned slot) {
  if constexpr (std::is_same_v<Node, Leaf>) {
    return static_cast<unsigned>(parent->sizes()[slot]);
  } else {
    return static_cast<const Node*>(parent->children()[slot])->count;
  }
}

// Neighbouring children of one index.
struct Window {
  unsigned begin;
  unsigned nodes;
  unsigned total;  // of what they hold
};

template <typename Node>
Window window_around(const Index* parent, unsigned slot, unsigned most) {
  const unsigned nodes = std::min<unsigned>(most, parent->count);
  const unsigned before = std::min(slot, (nodes - 1) / 2);
  Window window{std::min(slot - before, parent->count - nodes), nodes, 0};
  for (unsigned i = 0; i < nodes; ++i) window.total += child_count<Node>(parent, window.begin + i);
  return window;
}

template <typename Node>
bool worth_sharing(const Window& window) {
  return window.total <= window.nodes * (kMaxCount<Node> - kWorthSharing<Node>);
}

// The node and the emptier one of its two neighbours.
template <typename Node>
Window pair_around(const Index* parent, unsigned slot) {
  const unsigned own = child_count<Node>(parent, slot);
  Window best{slot, 1, own};
  if (slot > 0) best = {slot - 1, 2, own + child_count<Node>(parent, slot - 1)};
  if (slot + 1 < parent->count) {
    const unsigned total = own + child_count<Node>(parent, slot + 1);
    if (best.nodes == 1 || total < best.total) best = {slot, 2, total};
  }
  return best;
}

template <size_t kSize>
void share_evenly(std::array<unsigned, kSize>& sizes, unsigned total, unsigned nodes) {
  for (unsigned i = 0; i < nodes; ++i) sizes[i] = total / nodes + (i < total % nodes ? 1 : 0);
}

// Sets all flags of a leaf but the first, which is given.
void set_flags(Leaf* leaf, bool first) {
  uint64_t begins = first ? 1 : 0;
  const double* scores = leaf->scores();
  for (unsigned i = 1; i < leaf->count; ++i) {
    begins |= static_cast<uint64_t>(scores[i] != scores[i - 1]) << i;
  }
  leaf->begins = begins;
}

}  // namespace

// Nodes

template <typename Node>
Node* Skiplist::make_node(size_t bytes) {
  auto* node = static_cast<Node*>(allocate_bytes(bytes));
  *node = Node{};
  node->capacity = static_cast<uint16_t>(capacity_of<Node>(bytes));
  node_bytes_ += bytes;
  return node;
}
template Leaf* Skiplist::make_node<Leaf>(size_t bytes);

template <typename Node>
void Skiplist::free_node(Node* node) {
  const size_t bytes = bytes_of(node);
  ++node_changes_;
  node_bytes_ -= bytes;
  free_bytes(node, bytes);
}
template void Skiplist::free_node<Leaf>(Leaf* node);

void Skiplist::free_tree(void* node, unsigned height) {
  if (height == 0) return free_node(static_cast<Leaf*>(node));
  auto* index = static_cast<Index*>(node);
  for (unsigned i = 0; i < index->count; ++i) free_tree(index->children()[i], height - 1);
  free_node(index);
}

void Skiplist::clear() {
  if (root_ != nullptr) free_tree(root_, height_);
  SPINEL_ASSERT(node_bytes_ == 0);
  root_ = nullptr;
  head_ = tail_ = nullptr;
  height_ = 0;
  size_ = distinct_ = 0;
}

void Skiplist::link_after(Leaf* leaf, Leaf* before) {
  leaf->prev = before;
  leaf->next = before == nullptr ? nullptr : before->next;
  (leaf->next == nullptr ? tail_ : leaf->next->prev) = leaf;
  (before == nullptr ? head_ : before->next) = leaf;
}

// The leaf keeps its own links.
void Skiplist::unlink(Leaf* leaf) {
  (leaf->prev == nullptr ? head_ : leaf->prev->next) = leaf->next;
  (leaf->next == nullptr ? tail_ : leaf->next->prev) = leaf->prev;
}

template <typename Node>
void Skiplist::set_child(Index* parent, unsigned slot, Node* child) {
  parent->scores()[slot] = child->scores()[0];
  parent->members()[slot] = child->members()[0];
  parent->children()[slot] = child;
  parent->sizes()[slot] = size_of(child);
  parent->begins()[slot] = begins_of(child);
}

// Spreads what `old_nodes` children of `parent` hold over `new_nodes`: each gets its size. One node
// may come, for which the parent has room, or one go.
template <typename Node>
void Skiplist::redistribute(Index* parent, unsigned begin, unsigned old_nodes,
                            const unsigned* sizes, unsigned new_nodes) {
  constexpr unsigned kMaxNodes = kWindow + 1;
  alignas(64) unsigned char buffer[Node::kColumns][kMaxNodes * kMaxCount<Node> * kWord];
  Node* nodes[kMaxNodes];
  unsigned total = 0;
  for (unsigned i = 0; i < old_nodes; ++i) {
    nodes[i] = static_cast<Node*>(parent->children()[begin + i]);
    for (unsigned c = 0; c < Node::kColumns; ++c) {
      std::memcpy(buffer[c] + total * kWord, column(nodes[i], c), nodes[i]->count * kWord);
    }
    total += nodes[i]->count;
  }

  if (new_nodes > old_nodes) {
    SPINEL_ASSERT(new_nodes == old_nodes + 1 && parent->count < parent->capacity);
    nodes[old_nodes] = make_node<Node>(Node::kMaxBytes);
    if constexpr (std::is_same_v<Node, Leaf>) link_after(nodes[old_nodes], nodes[old_nodes - 1]);
  } else if (new_nodes < old_nodes) {
    if constexpr (std::is_same_v<Node, Leaf>) unlink(nodes[new_nodes]);
    free_node(nodes[new_nodes]);
  }
  if (new_nodes != old_nodes) {
    shift(parent, begin + old_nodes, begin + new_nodes);
    parent->count = static_cast<uint16_t>(parent->count + new_nodes - old_nodes);
  }

  unsigned from = 0;
  for (unsigned i = 0; i < new_nodes; ++i) {
    Node* node = nodes[i];
    SPINEL_ASSERT(sizes[i] > 0 && sizes[i] <= node->capacity);
    node->count = static_cast<uint16_t>(sizes[i]);
    for (unsigned c = 0; c < Node::kColumns; ++c) {
      std::memcpy(column(node, c), buffer[c] + from * kWord, sizes[i] * kWord);
    }
    if constexpr (std::is_same_v<Node, Leaf>) {
      const double* score = node->scores();
      set_flags(node,
                i == 0 ? node->begins & 1 : nodes[i - 1]->scores()[sizes[i - 1] - 1] != *score);
    }
    set_child(parent, begin + i, node);
    from += sizes[i];
  }
  SPINEL_ASSERT(from == total);
}

// Growing

// Makes room in the path's child at `level`, which is full, or gets nearer to it by making room
// above. The path is no longer valid.
void Skiplist::make_room(const Path& path, unsigned level, Growth growth) {
  if (level < height_) {
    return level == 0 ? make_room_beside<Leaf>(path, level, growth)
                      : make_room_beside<Index>(path, level, growth);
  }
  if (height_ == 0 && path.leaf->capacity < kMaxCount<Leaf>) return grow_root<Leaf>();
  if (height_ > 0 && path.steps[height_ - 1].node->capacity < kMaxCount<Index>) {
    return grow_root<Index>();
  }
  raise_root();
}

template <typename Node>
void Skiplist::make_room_beside(const Path& path, unsigned level, Growth growth) {
  const auto [parent, slot] = path.steps[level];
  std::array<unsigned, kWindow + 1> sizes;
  Window window{slot, 1, child_count<Node>(parent, slot)};
  if (growth == Growth::kWithin) {
    window = pair_around<Node>(parent, slot);
    if (window.nodes < 2 || !worth_sharing<Node>(window)) {
      window = window_around<Node>(parent, slot, kWindow);
    }
    if (window.nodes >= 2 && worth_sharing<Node>(window)) {
      share_evenly(sizes, window.total, window.nodes);
      return redistribute<Node>(parent, window.begin, window.nodes, sizes.data(), window.nodes);
    }
  }
  if (parent->count == parent->capacity) return make_room(path, level + 1, growth);
  if (growth == Growth::kWithin) {
    share_evenly(sizes, window.total, window.nodes + 1);
  } else {
    // What comes in order leaves full nodes behind.
    sizes[growth == Growth::kBack ? 0 : 1] = window.total - 1;
    sizes[growth == Growth::kBack ? 1 : 0] = 1;
  }
  redistribute<Node>(parent, window.begin, window.nodes, sizes.data(), window.nodes + 1);
}

// Replaces a root that is smaller than nodes can be by one of twice its size.
template <typename Node>
void Skiplist::grow_root() {
  auto* old = static_cast<Node*>(root_);
  auto* root = make_node<Node>(bytes_of(old) * 2);
  const uint16_t capacity = root->capacity;
  *root = *old;
  root->capacity = capacity;
  for (unsigned c = 0; c < Node::kColumns; ++c) {
    std::memcpy(column(root, c), column(old, c), old->count * kWord);
  }
  free_node(old);
  root_ = root;
  if constexpr (std::is_same_v<Node, Leaf>) head_ = tail_ = root;
}

// Puts an index over the root.
void Skiplist::raise_root() {
  SPINEL_ASSERT(height_ < kMaxHeight);
  auto* index = make_node<Index>(Index::kMinBytes);
  index->count = 1;
  if (height_ == 0) {
    set_child(index, 0, static_cast<Leaf*>(root_));
  } else {
    set_child(index, 0, static_cast<Index*>(root_));
  }
  root_ = index;
  ++height_;
}

// Shrinking

// Takes the path's child at `level`, which is empty and freed, out of what is above. Above `level`,
// the path is no longer valid.
void Skiplist::remove_child(const Path& path, unsigned level) {
  if (level == height_) {
    root_ = nullptr;
    height_ = 0;
    return;
  }
  const auto [index, slot] = path.steps[level];
  shift(index, slot + 1, slot);
  if (--index->count == 0) {
    free_node(index);
    return remove_child(path, level + 1);
  }
  if (slot == 0) refresh_key(path, level + 1);
  relieve(path, level + 1);
}

// Merges the path's child at `level`, and then what is above it, with neighbours, where nodes hold
// little.
void Skiplist::relieve(const Path& path, unsigned level) {
  while (level < height_ &&
         (level == 0 ? compact<Leaf>(path, level) : compact<Index>(path, level))) {
    ++level;
  }
}

// Returns whether there is a node less.
template <typename Node>
bool Skiplist::compact(const Path& path, unsigned level) {
  const auto [parent, slot] = path.steps[level];
  if (child_count<Node>(parent, slot) >= kLow<Node>) return false;
  const Window window = window_around<Node>(parent, slot, kWindow);
  if (window.nodes < 2 || window.total > (window.nodes - 1) * kCompactFill<Node>) return false;
  std::array<unsigned, kWindow> sizes;
  share_evenly(sizes, window.total, window.nodes - 1);
  redistribute<Node>(parent, window.begin, window.nodes, sizes.data(), window.nodes - 1);
  return true;
}

// Takes away levels that have one node only.
void Skiplist::lower_root() {
  while (height_ > 0) {
    auto* root = static_cast<Index*>(root_);
    if (root->count > 1) return;
    root_ = root->children()[0];
    --height_;
    free_node(root);
  }
}

// Building

void Skiplist::assign_sorted(std::span<const Item> items) {
  SPINEL_ASSERT(size_ == 0);
  if (items.empty()) return;
  std::vector<void*> nodes;
  build_leaves(items, nodes);
  size_ = items.size();
  for (const Leaf* leaf = head_; leaf != nullptr; leaf = leaf->next) distinct_ += begins_of(leaf);
  if (nodes.size() > 1) build_level<Leaf>(nodes);
  while (nodes.size() > 1) build_level<Index>(nodes);
  root_ = nodes[0];
}

void Skiplist::build_leaves(std::span<const Item> items, std::vector<void*>& nodes) {
  const bool alone = items.size() <= kMaxCount<Leaf>;
  const size_t count = alone ? 1 : (items.size() + kBuildFill<Leaf> - 1) / kBuildFill<Leaf>;
  const size_t bytes =
      alone ? bytes_for<Leaf>(static_cast<unsigned>(items.size())) : Leaf::kMaxBytes;
  nodes.reserve(count);
  size_t from = 0;
  for (size_t i = 0; i < count; ++i) {
    auto* leaf = make_node<Leaf>(bytes);
    link_after(leaf, tail_);
    const size_t end = items.size() / count * (i + 1) + std::min(items.size() % count, i + 1);
    const bool first = from == 0 || items[from - 1].score != items[from].score;
    for (; from < end; ++from, ++leaf->count) {
      leaf->scores()[leaf->count] = items[from].score;
      leaf->members()[leaf->count] = items[from].member;
    }
    set_flags(leaf, first);
    nodes.push_back(leaf);
  }
}

// Replaces the nodes of a level by those of the level above.
template <typename Node>
void Skiplist::build_level(std::vector<void*>& nodes) {
  SPINEL_ASSERT(height_ < kMaxHeight);
  const bool alone = nodes.size() <= kMaxCount<Index>;
  const size_t count = alone ? 1 : (nodes.size() + kBuildFill<Index> - 1) / kBuildFill<Index>;
  const size_t bytes =
      alone ? bytes_for<Index>(static_cast<unsigned>(nodes.size())) : Index::kMaxBytes;
  size_t from = 0;
  for (size_t i = 0; i < count; ++i) {
    auto* index = make_node<Index>(bytes);
    const size_t end = nodes.size() / count * (i + 1) + std::min(nodes.size() % count, i + 1);
    for (; from < end; ++from, ++index->count) {
      set_child(index, index->count, static_cast<Node*>(nodes[from]));
    }
    nodes[i] = index;  // those before `from` are done with, and i is less
  }
  nodes.resize(count);
  ++height_;
}

}  // namespace spinel::storage
