// The one place that hears of every modified key, whoever modified it: commands, expiry, eviction,
// FLUSHALL, SWAPDB, loading.
#pragma once

#include <string_view>
#include <vector>

namespace spinel::server {

// Is notified of modified keys while it is registered. Calls come after a value was stored and just
// before a key is removed. They must not change keys, nor register or unregister observers.
class ModifiedKeyObserver {
 public:
  virtual ~ModifiedKeyObserver() = default;
  virtual void on_key_modified(int database, std::string_view key) = 0;
  // All keys of `database`, of which there may be none, are about to be removed.
  virtual void on_database_flushed(int database) = 0;
  // Keys of any database may have been added or replaced: a file was loaded.
  virtual void on_loaded() = 0;
  // The keys of `first` are now those of `second` and the other way round.
  virtual void on_databases_swapped(int first, int second) = 0;
};

// Costs one comparison a key while nobody is registered, so observers register only while they have
// something to watch.
class ModifiedKeys {
 public:
  void add(ModifiedKeyObserver& observer) { observers_.push_back(&observer); }
  void remove(ModifiedKeyObserver& observer) { std::erase(observers_, &observer); }

  void modified(int database, std::string_view key) const {
    if (!observers_.empty()) [[unlikely]]
      notify(database, key);
  }
  // The same of a key that no command asked to modify: it expired or is evicted.
  void modified_unasked(int database, std::string_view key) {
    by_command_ = false;
    modified(database, key);
    by_command_ = true;
  }
  // Whether a command asked for what observers are notified of now.
  bool by_command() const { return by_command_; }
  void flushed(int database) const {
    for (ModifiedKeyObserver* observer : observers_) observer->on_database_flushed(database);
  }
  void loaded() const {
    for (ModifiedKeyObserver* observer : observers_) observer->on_loaded();
  }
  void swapped(int first, int second) const {
    for (ModifiedKeyObserver* observer : observers_) observer->on_databases_swapped(first, second);
  }

 private:
  void notify(int database, std::string_view key) const {
    for (ModifiedKeyObserver* observer : observers_) observer->on_key_modified(database, key);
  }

  std::vector<ModifiedKeyObserver*> observers_;
  bool by_command_ = true;
};

}  // namespace spinel::server
