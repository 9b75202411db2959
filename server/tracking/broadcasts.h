// The prefixes of clients in broadcasting mode, and the keys beneath them that were modified since
// the last messages.
//
// A modified key is found by one walk down a tree of prefixes, however many there are. It is only
// noted then: at the end of a turn each client gets one message for each of its prefixes, with all
// of its keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/containers/prefix_tree.h"

namespace spinel::server {

class Client;

class Broadcasts {
 public:
  using ClientId = uint64_t;
  static constexpr ClientId kNobody = 0;

  // The modified keys of one prefix. The bytes are valid until it changes.
  class Changes {
   public:
    struct Change {
      std::string_view key;
      ClientId modifier;  // kNobody: not one client alone
    };

    bool empty() const { return places_.empty(); }
    void add(std::string_view key, ClientId modifier);
    // Each key once, in ascending order.
    std::vector<Change> sorted() const;
    void clear();
    size_t memory_bytes() const { return bytes_.capacity() + places_.capacity() * sizeof(Place); }

   private:
    struct Place {
      size_t first;
      size_t size;
      ClientId modifier;
    };
    // From that many on, repeated keys are dropped before there is more room.
    static constexpr size_t kFirstCompaction = 1024;

    std::string bytes_;
    std::vector<Place> places_;
    size_t compact_at_ = kFirstCompaction;
  };

  struct Prefix {
    std::string prefix;
    std::map<ClientId, Client*> clients;
    Changes changes;
  };

  // Requires that `client` does not have the prefix yet, or does.
  void add(Client& client, std::string_view prefix);
  void remove(Client& client, std::string_view prefix);

  bool empty() const { return prefixes_.empty(); }
  size_t prefix_count() const { return prefixes_.size(); }

  void on_key_modified(std::string_view key, ClientId modifier);
  bool has_changes() const { return !changed_.empty(); }
  // Calls `visit(const Prefix&)` for the prefixes whose keys changed, in ascending order, and
  // forgets the changes. `visit` must neither add nor remove prefixes.
  template <typename Visit>
  void take_changes(Visit&& visit) {
    sort_changed();
    for (Prefix* prefix : changed_) {
      visit(std::as_const(*prefix));
      prefix->changes.clear();
    }
    changed_.clear();
  }

 private:
  void sort_changed();

  std::map<std::string, std::unique_ptr<Prefix>, std::less<>> prefixes_;
  storage::PrefixTree<Prefix> tree_;
  std::vector<Prefix*> changed_;
};

}  // namespace spinel::server
