#include "server/blocking/blocked_clients.h"

#include <algorithm>

#include "storage/base/assert.h"

namespace spinel::server {

namespace {

// What a string takes besides the object itself.
size_t heap_bytes(const std::string& text) {
  static const size_t kInline = std::string().capacity();
  return text.capacity() > kInline ? text.capacity() + 1 : 0;
}

}  // namespace

BlockedClients::Wait& BlockedClients::add_wait(Client& client, BlockReason reason, CommandArgs args,
                                               int64_t deadline_ms) {
  SPINEL_ASSERT(client.blocked == BlockReason::kNone && reason != BlockReason::kNone);
  auto wait = std::make_unique<Wait>();
  wait->client = &client;
  wait->reason = reason;
  wait->args.assign(args.begin(), args.end());
  wait->memory_bytes = sizeof(Wait) + args.size() * sizeof(std::string);
  for (const std::string& arg : wait->args) wait->memory_bytes += heap_bytes(arg);
  wait->deadline_ms = deadline_ms;
  wait->order = next_order_++;
  if (deadline_ms != 0) deadlines_.emplace(deadline_ms, &client);
  if (reason == BlockReason::kWait) waiting_for_acks_.emplace(wait->order, &client);
  client.blocked = reason;
  return *(waits_[&client] = std::move(wait));
}

void BlockedClients::block(Client& client, BlockReason reason, CommandArgs args,
                           int64_t deadline_ms) {
  add_wait(client, reason, args, deadline_ms);
}

void BlockedClients::block_on_keys(Client& client, CommandArgs args, CommandArgs keys,
                                   storage::Type type, int64_t deadline_ms) {
  Wait& wait = add_wait(client, BlockReason::kKeys, args, deadline_ms);
  wait.type = type;
  for (std::string_view key : keys) {
    DatabaseKey name(client.database, key);
    if (waiting_for_keys_[name].clients.emplace(std::pair(type, wait.order), &client).second) {
      // The name is kept here and in the queue.
      wait.memory_bytes += 2 * (sizeof name + heap_bytes(name.second)) + sizeof(Queue);
      wait.keys.push_back(std::move(name));
    }
  }
  watch_keys();
}

void BlockedClients::watch_keys() {
  const bool watch = !waiting_for_keys_.empty();
  if (watch == std::exchange(watches_keys_, watch)) return;
  watch ? modified_keys_.add(*this) : modified_keys_.remove(*this);
}

void BlockedClients::leave_queues(Client& client, const Wait& wait) {
  for (const DatabaseKey& key : wait.keys) {
    const auto found = waiting_for_keys_.find(key);
    found->second.clients.erase({wait.type, wait.order});
    if (found->second.clients.empty()) waiting_for_keys_.erase(found);
  }
  watch_keys();
  if (wait.deadline_ms != 0) deadlines_.erase({wait.deadline_ms, &client});
  if (wait.reason == BlockReason::kWait) waiting_for_acks_.erase(wait.order);
  if (wait.is_over) {
    std::erase_if(ended_, [&](const EndedWait& ended) { return ended.client == &client; });
  }
  client.blocked = BlockReason::kNone;
}

void BlockedClients::forget(Client& client) {
  const auto found = waits_.find(&client);
  if (found == waits_.end()) return;
  leave_queues(client, *found->second);
  waits_.erase(found);
}

bool BlockedClients::end_wait(Client& client, WakeReason reason, std::string_view error) {
  if (std::exchange(waits_.at(&client)->is_over, true)) return false;
  ended_.push_back({&client, reason, error});
  return true;
}

void BlockedClients::wake(Client& client, WakeReason reason) {
  const auto found = waits_.find(&client);
  if (found == waits_.end()) return;
  const std::unique_ptr<Wait> wait = std::move(found->second);
  leave_queues(client, *wait);
  waits_.erase(found);

  if (client.closing) return;  // what it waited for is for others
  const std::vector<std::string_view> args(wait->args.begin(), wait->args.end());
  retry_(client, args, reason);

  if (client.blocked == BlockReason::kNone) {
    if (!client.closing) client.transport().resume_input();
    return;
  }
  // What was paused began only now, and its wait is a new one.
  if (client.blocked != wait->reason) return;
  SPINEL_ASSERT(reason == WakeReason::kReady);
  // It blocked again: give it back its place and its deadline.
  const std::unique_ptr<Wait> again = std::move(waits_.at(&client));
  leave_queues(client, *again);
  for (const DatabaseKey& key : wait->keys) {
    waiting_for_keys_[key].clients.emplace(std::pair(wait->type, wait->order), &client);
  }
  watch_keys();
  if (wait->deadline_ms != 0) deadlines_.emplace(wait->deadline_ms, &client);
  if (wait->reason == BlockReason::kWait) waiting_for_acks_.emplace(wait->order, &client);
  client.blocked = wait->reason;
  wait->is_over = false;
  waits_[&client] = std::make_unique<Wait>(*wait);
}

void BlockedClients::on_key_modified(int database, std::string_view key) {
  const auto found = waiting_for_keys_.find(DatabaseKeyView(database, key));
  if (found != waiting_for_keys_.end()) note_changed(found->first, found->second);
}

void BlockedClients::note_changed(const DatabaseKey& key, Queue& queue) {
  if (!std::exchange(queue.changed, true)) changed_.push_back(key);
}

void BlockedClients::on_loaded() {
  for (auto& [key, queue] : waiting_for_keys_) note_changed(key, queue);
}

void BlockedClients::on_databases_swapped(int first, int second) {
  for (auto& [key, queue] : waiting_for_keys_) {
    if (key.first == first || key.first == second) note_changed(key, queue);
  }
}

void BlockedClients::serve_all() {
  if (serving_) return;
  serving_ = true;
  for (;;) {
    if (!ended_.empty()) {
      const EndedWait ended = ended_.front();
      ended_.erase(ended_.begin());
      wait_error_ = ended.error;
      wake(*ended.client, ended.reason);
    } else if (!changed_.empty()) {
      const std::vector<DatabaseKey> changed = std::exchange(changed_, {});
      for (const DatabaseKey& key : changed) serve_key(key);
    } else {
      break;
    }
  }
  serving_ = false;
}

// Serving one client may add others to the queue, or remove them. Whoever blocked again keeps its
// place, which is behind us; whoever came only now is served when the key changes next. Those who
// wait for another type than the key has are not looked at.
void BlockedClients::serve_key(const DatabaseKey& key) {
  const uint64_t newcomers = next_order_;
  const auto changed = waiting_for_keys_.find(key);
  if (changed != waiting_for_keys_.end()) changed->second.changed = false;
  for (uint64_t served = 0;;) {
    const auto found = waiting_for_keys_.find(key);
    if (found == waiting_for_keys_.end()) return;
    const auto& clients = found->second.clients;
    const std::optional<storage::Type> type = type_at_(*clients.begin()->second, key.second);
    if (!type) return;
    const auto next = clients.upper_bound({*type, served});
    if (next == clients.end() || next->first.first != *type) return;
    served = next->first.second;
    if (served >= newcomers) return;
    wake(*next->second, WakeReason::kReady);
  }
}

void BlockedClients::serve_timeouts(int64_t now_monotonic_ms) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_monotonic_ms) {
    wake(*deadlines_.begin()->second, WakeReason::kTimeout);
  }
}

void BlockedClients::resume_paused() {
  std::vector<std::pair<uint64_t, Client*>> queue;
  for (const auto& [client, wait] : waits_) {
    if (wait->reason != BlockReason::kPaused || wait->is_over) continue;
    wait->is_over = true;
    queue.emplace_back(wait->order, wait->client);
  }
  std::sort(queue.begin(), queue.end());
  for (const auto& [order, client] : queue) client->transport().resume_input();
}

std::vector<std::string> BlockedClients::take_resumed(Client& client) {
  const auto found = waits_.find(&client);
  if (found == waits_.end() || client.blocked != BlockReason::kPaused || !found->second->is_over) {
    return {};
  }
  std::vector<std::string> args = std::move(found->second->args);
  forget(client);
  return args;
}

size_t BlockedClients::argument_bytes(const Client& client) const {
  const auto found = waits_.find(&client);
  size_t bytes = 0;
  if (found != waits_.end()) {
    for (const std::string& arg : found->second->args) bytes += arg.size();
  }
  return bytes;
}

size_t BlockedClients::memory_bytes(const Client& client) const {
  const auto found = waits_.find(&client);
  return found == waits_.end() ? 0 : found->second->memory_bytes;
}

}  // namespace spinel::server
