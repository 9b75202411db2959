// A radix tree that finds the values whose prefix a text begins with, in one walk: what it costs
// depends on the text, not on how many prefixes there are.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spinel::storage {

// The values belong to the caller.
template <typename Value>
class PrefixTree {
 public:
  void add(std::string_view prefix, Value& value) {
    Node* node = &root_;
    std::string_view rest = prefix;
    while (!rest.empty()) {
      const size_t at = child_place(*node, rest[0]);
      if (at == node->children.size() || node->children[at]->label[0] != rest[0]) {
        auto leaf = std::make_unique<Node>();
        leaf->label = rest;
        node->children.insert(node->children.begin() + static_cast<ptrdiff_t>(at), std::move(leaf));
        node = node->children[at].get();
        break;
      }
      const size_t common = common_size(node->children[at]->label, rest);
      if (common < node->children[at]->label.size()) split(node->children[at], common);
      node = node->children[at].get();
      rest.remove_prefix(common);
    }
    node->values.push_back(&value);
  }

  // Removes `value`, which must be there with that prefix.
  void remove(std::string_view prefix, Value& value) { remove_from(root_, prefix, value); }

  // Calls `visit(Value&, prefix_size)` for each value whose prefix `text` begins with, the shortest
  // first. `visit` must not change the tree.
  template <typename Visit>
  void for_each_prefix_of(std::string_view text, Visit&& visit) const {
    const Node* node = &root_;
    size_t matched = 0;
    while (true) {
      for (Value* value : node->values) visit(*value, matched);
      if (matched == text.size()) return;
      const size_t at = child_place(*node, text[matched]);
      if (at == node->children.size()) return;
      node = node->children[at].get();
      if (!text.substr(matched).starts_with(node->label)) return;
      matched += node->label.size();
    }
  }

  // Nodes of the tree, without the root: for tests.
  size_t node_count() const { return count(root_) - 1; }

 private:
  struct Node {
    std::string label;                            // what this node adds to the prefix of its parent
    std::vector<std::unique_ptr<Node>> children;  // by the first byte of their labels
    std::vector<Value*> values;                   // whose prefix ends here
  };

  // Where the child whose label begins with `first` is, or would be.
  static size_t child_place(const Node& node, char first) {
    size_t low = 0;
    size_t high = node.children.size();
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (node.children[middle]->label[0] < first) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  static size_t common_size(std::string_view a, std::string_view b) {
    size_t size = 0;
    while (size < a.size() && size < b.size() && a[size] == b[size]) ++size;
    return size;
  }

  // Puts a node between `child` and its parent that takes the first `size` bytes of its label.
  static void split(std::unique_ptr<Node>& child, size_t size) {
    auto upper = std::make_unique<Node>();
    upper->label = child->label.substr(0, size);
    child->label.erase(0, size);
    upper->children.push_back(std::move(child));
    child = std::move(upper);
  }

  // Walks down to the value and, on the way back, removes or joins nodes that are of no use.
  static void remove_from(Node& root, std::string_view rest, Value& value) {
    std::vector<Node*> path = {&root};
    while (!rest.empty()) {
      Node* node = path.back()->children[child_place(*path.back(), rest[0])].get();
      rest.remove_prefix(node->label.size());
      path.push_back(node);
    }
    std::erase(path.back()->values, &value);
    // A node without values has at least two children: so at most this one and its parent are
    // concerned.
    while (path.size() > 1) {
      Node& node = *path.back();
      path.pop_back();
      if (!node.values.empty() || node.children.size() > 1) return;
      auto& siblings = path.back()->children;
      std::unique_ptr<Node>& place = siblings[child_place(*path.back(), node.label[0])];
      if (node.children.empty()) {
        siblings.erase(siblings.begin() + (&place - siblings.data()));
      } else {
        std::unique_ptr<Node> child = std::move(node.children.front());
        child->label.insert(0, node.label);
        place = std::move(child);
      }
    }
  }

  // Iterative: a tree may be as deep as a pattern is long.
  static size_t count(const Node& root) {
    std::vector<const Node*> open = {&root};
    size_t nodes = 0;
    while (!open.empty()) {
      const Node* node = open.back();
      open.pop_back();
      ++nodes;
      for (const auto& child : node->children) open.push_back(child.get());
    }
    return nodes;
  }

  Node root_;
};

}  // namespace spinel::storage
