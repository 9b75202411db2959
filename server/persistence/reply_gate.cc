#include "server/persistence/reply_gate.h"

#include <algorithm>

#include "server/client.h"
#include "storage/base/hash.h"

namespace spinel::server {

namespace {

uint64_t hash_of(int database, std::string_view key) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
  return storage::hash_bytes(key) + static_cast<uint64_t>(database) * kOdd;
}

// Whether the reply may tell of the data. INFO's figures are for operators, who must see them when
// the disk hangs, too. A message is no data.
bool looks_at_data(const Command& command) {
  if (command.has(CommandFlags::kPubsub)) return false;
  return command.has(CommandFlags::kWrite | CommandFlags::kReadonly |
                     CommandFlags::kMayReplicate) ||
         command.name == "debug" || command.name.starts_with("slowlog");
}

// Whether extract_keys finds all keys that the command reads, and they are in the client's
// database.
bool tells_all_keys(const Command& command) {
  if (command.name == "copy" || command.name == "move") return false;
  return !command.key_specs.empty() &&
         std::none_of(command.key_specs.begin(), command.key_specs.end(), [](const KeySpec& spec) {
           return any(spec.flags & KeyFlags::kIncomplete) ||
                  spec.begin == KeySpec::Begin::kUnknown || spec.find == KeySpec::Find::kUnknown;
         });
}

}  // namespace

ReplyGate::~ReplyGate() {
  set_active(false);
}

void ReplyGate::set_active(bool active) {
  if (active == active_) return;
  active_ = active;
  if (active) {
    modified_keys_.add(*this);
  } else {
    modified_keys_.remove(*this);
    set_all_durable();
  }
}

void ReplyGate::on_key_modified(int database, std::string_view key) {
  modified_ = current_;
  keys_.add(hash_of(database, key), current_, durable_);
}

bool ReplyGate::is_held(const Client& client) const {
  return client.held_until > durable_;
}

uint64_t ReplyGate::generation_to_wait_for(const Command& command, CommandArgs args, int database) {
  if (modified_ <= durable_ || !looks_at_data(command)) return 0;
  // What this command modified is in the current generation; that others did may be the reason.
  if (command.has(CommandFlags::kWrite) && modified_ == current_) return current_;
  if (!tells_all_keys(command)) return modified_;
  found_.clear();
  if (!extract_keys(command, args, found_)) return modified_;
  uint64_t latest = all_modified_;
  for (const KeyRef& key : found_) {
    latest = std::max(latest, keys_.generation_of(hash_of(database, args[key.index])));
  }
  return latest;
}

void ReplyGate::hold(Client& client, const Command& command, CommandArgs args, int database) {
  client.held_until = std::max(client.held_until, generation_to_wait_for(command, args, database));
}

void ReplyGate::hold_for_all(Client& client) {
  client.held_until = current_;
}

void ReplyGate::set_durable(uint64_t generation) {
  durable_ = generation;
  if (modified_ <= durable_) keys_.clear();
}

}  // namespace spinel::server
