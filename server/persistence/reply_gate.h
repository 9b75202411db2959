// With `appendfsync always`, replies wait until the writes that they tell of are on disk, and
// nothing else waits: no client ever hears of a write, its own or another's, that a crash could
// take back.
//
// Writes are counted in generations: those of one are synced together. A reply to a command that
// modified keys, or read keys that were modified and are not synced, is held until that generation
// is. What a client is owed leaves in order, so all of its output waits with it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "server/engine/modified_keys.h"
#include "server/engine/table.h"
#include "server/persistence/unsynced_keys.h"

namespace spinel::server {

class Client;

class ReplyGate final : private ModifiedKeyObserver {
 public:
  explicit ReplyGate(ModifiedKeys& modified_keys) : modified_keys_(modified_keys) {}
  ~ReplyGate();

  // Whether writes are to be on disk before they are told of. While it is not, nothing costs.
  bool active() const { return active_; }
  void set_active(bool active);

  // --- the clients' side
  // `client` executed `command`, in the database that it was in before: holds its output as long as
  // needed.
  void hold(Client& client, const Command& command, CommandArgs args, int database);
  // Holds it for all that was modified so far, and in this unit of execution.
  void hold_for_all(Client& client);
  // Whether the output of `client` must wait.
  bool is_held(const Client& client) const;

  // --- the file's side
  // What is modified from now on belongs to the next generation. Returns the one that ended.
  uint64_t end_generation() { return current_++; }
  // All up to this generation is on disk.
  void set_durable(uint64_t generation);
  // All that was modified so far is on disk, or not to be.
  void set_all_durable() { set_durable(end_generation()); }
  size_t memory_bytes() const { return keys_.memory_bytes(); }

 private:
  uint64_t generation_to_wait_for(const Command& command, CommandArgs args, int database);
  void on_key_modified(int database, std::string_view key) override;
  void on_database_flushed(int) override { all_modified_ = modified_ = current_; }
  void on_loaded() override { all_modified_ = modified_ = current_; }
  void on_databases_swapped(int, int) override { all_modified_ = modified_ = current_; }

  ModifiedKeys& modified_keys_;
  bool active_ = false;
  uint64_t current_ = 1;
  uint64_t durable_ = 0;
  uint64_t modified_ = 0;      // the last generation in which anything was modified
  uint64_t all_modified_ = 0;  // the last one in which any key may have been
  UnsyncedKeys keys_;
  std::vector<KeyRef> found_;
};

}  // namespace spinel::server
