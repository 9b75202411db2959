// The list type: one small node, or a quicklist of many. See storage/containers/list_node.h and
// quicklist.h.
#pragma once

#include <cstddef>
#include <string_view>

#include "storage/containers/quicklist.h"
#include "storage/types/encoding.h"

namespace spinel::storage {

// A handle for a list stored somewhere, in either encoding. Changes may change what `encoding()`
// and `object()` say: whoever keeps them puts them back. Indexes are in range; elements, and what
// is read, are as ListpackItem and ListpackValue have them. `options` are those in force: they say
// when a list changes its encoding, and how a quicklist that is made is kept.
class List {
 public:
  static constexpr Type kType = Type::kList;
  // No element may be longer.
  static constexpr size_t kMaxElementBytes = (size_t{1} << 32) - 1024;

  List(Encoding encoding, void* object) : encoding_(encoding), object_(object) {}
  // An empty one, which takes no memory until something is pushed; it must be destroyed or, with an
  // element in it, stored.
  static List create() { return {Encoding::kListpackList, nullptr}; }
  static void destroy(Encoding encoding, void* object);
  static void* duplicate(Encoding encoding, const void* object);
  // See storage/keyspace/object.h.
  static size_t bytes(Encoding encoding, const void* object);
  // All of it is counted as it changes, so that samples are not needed.
  static size_t memory(Encoding encoding, const void* object, size_t) {
    return bytes(encoding, object);
  }
  static size_t free_effort(Encoding encoding, const void* object);

  Encoding encoding() const { return encoding_; }
  void* object() const { return object_; }

  size_t size() const {
    if (is_quicklist()) return quicklist().size();
    return object_ == nullptr ? 0 : node().count();
  }
  bool empty() const { return size() == 0; }

  // --- reading
  // Calls visit(const unsigned char*) for the element at an end.
  template <typename Visit>
  void read_end(ListEnd end, Visit&& visit) const {
    if (is_quicklist()) return quicklist().read_end(end, visit);
    visit(node().at(end == ListEnd::kFront ? 0 : node().count() - 1));
  }
  // Calls visit(ListRun) for the elements from `first` on, run by run, until it returns false. The
  // runs are those of `count` elements, which must exist.
  template <typename Visit>
  void read(size_t first, size_t count, Visit&& visit) const {
    if (is_quicklist()) return quicklist().read(first, count, visit);
    if (count > 0) visit(run(first, count));
  }
  // The same from the last run to the first; within a run, elements are in their order.
  template <typename Visit>
  void read_backward(size_t first, size_t count, Visit&& visit) const {
    if (is_quicklist()) return quicklist().read_backward(first, count, visit);
    if (count > 0) visit(run(first, count));
  }

  // --- changing
  // Elements of `bytes` in all are about to be pushed.
  void expect(size_t bytes, const ListOptions& options);
  void push(ListEnd end, std::string_view text, const ListOptions& options);
  // Removes `count` elements at an end.
  void pop(ListEnd end, size_t count, const ListOptions& options);
  // Puts an element before the one at `index`, which may be size().
  void insert(size_t index, std::string_view text, const ListOptions& options);
  void replace(size_t index, std::string_view text, const ListOptions& options);
  // Keeps `count` elements from `first` on.
  void trim(size_t first, size_t count, const ListOptions& options);
  // Removes up to `limit` elements equal to `text`, the first or the last ones. Returns how many.
  size_t remove_equal(std::string_view text, ListEnd from, size_t limit,
                      const ListOptions& options);

 private:
  bool is_quicklist() const { return encoding_ == Encoding::kQuicklist; }
  ListNode& node() const { return *static_cast<ListNode*>(object_); }
  Quicklist& quicklist() const { return *static_cast<Quicklist*>(object_); }
  ListRun run(size_t first, size_t count) const {
    return {node().at(first), node().at(first + count), count};
  }
  void become_quicklist(const ListOptions& options);
  void shrink(const ListOptions& options);

  Encoding encoding_;
  void* object_;
};

}  // namespace spinel::storage
