#include "server/tracking/tracking.h"

#include <algorithm>
#include <utility>

#include "server/client.h"
#include "server/pubsub/subscriptions.h"
#include "server/resp/encode.h"
#include "server/server.h"

namespace spinel::server {

using resp::append_bulk;
using resp::append_header;

namespace {

// What a prefix takes beside its bytes: nodes of two trees.
constexpr size_t kPrefixBytes = 160;
// Keys beyond tracking-table-max-keys that are forgotten in one go, besides as many as were added.
constexpr size_t kMostForgotten = 100;

// The keys as an array of RESP, without those that `left_out` modified alone.
void write_keys(std::string& to, std::span<const Broadcasts::Changes::Change> changes,
                Broadcasts::ClientId left_out) {
  const auto is_told = [left_out](const Broadcasts::Changes::Change& change) {
    return left_out == Broadcasts::kNobody || change.modifier != left_out;
  };
  to.clear();
  append_header(to, '*', static_cast<size_t>(std::ranges::count_if(changes, is_told)));
  for (const auto& change : changes) {
    if (is_told(change)) append_bulk(to, change.key);
  }
}

}  // namespace

size_t ClientTracking::memory_bytes() const {
  return sizeof(ClientTracking) + prefixes.size() * kPrefixBytes + 3 * prefix_bytes;
}

Tracking::Tracking(Server& server)
    : server_(server), keys_([this](ClientId id) { return clients_.contains(id); }) {}

Tracking::~Tracking() {
  if (!clients_.empty()) server_.modified_keys.remove(*this);
}

void Tracking::start(Client& client, const TrackingOptions& options,
                     std::span<const std::string_view> prefixes) {
  if (client.tracking == nullptr) {
    client.tracking = std::make_unique<ClientTracking>();
    if (clients_.empty()) server_.modified_keys.add(*this);
    clients_.emplace(client.id, &client);
    if (options.mode != TrackingMode::kBroadcast) ++reader_count_;
  }
  ClientTracking& tracking = *client.tracking;
  tracking.options = options;
  tracking.redirect_broken = false;
  if (options.mode != TrackingMode::kBroadcast) return;
  static constexpr std::string_view kEveryKey[] = {""};
  for (const std::string_view prefix : prefixes.empty() ? std::span(kEveryKey) : prefixes) {
    if (!tracking.prefixes.emplace(prefix).second) continue;
    tracking.prefix_bytes += prefix.size();
    broadcasts_.add(client, prefix);
  }
}

void Tracking::stop(Client& client) {
  if (client.tracking == nullptr) return;
  for (const std::string& prefix : client.tracking->prefixes) broadcasts_.remove(client, prefix);
  if (!client.tracking->broadcasts()) --reader_count_;
  client.tracking.reset();
  clients_.erase(client.id);
  // The keys of others stay; who left is found out when a key is modified.
  if (reader_count_ == 0) keys_.clear();
  if (clients_.empty()) server_.modified_keys.remove(*this);
}

void Tracking::on_command(Client& client, const Command& command, CommandArgs args) {
  if (!command.has(CommandFlags::kReadonly)) return;
  const ClientTracking& tracking = *client.tracking;
  switch (tracking.options.mode) {
    case TrackingMode::kBroadcast:
      return;
    case TrackingMode::kOptIn:
      if (!tracking.caching) return;
      break;
    case TrackingMode::kOptOut:
      if (tracking.caching) return;
      break;
    case TrackingMode::kAllReads:
      break;
  }
  found_.clear();
  if (!extract_keys(command, args, found_)) return;
  for (const KeyRef& key : found_) keys_.add(args[key.index], client.id);
  shrink(found_.size() + kMostForgotten);
}

void Tracking::on_reply(Client& client, const Command* command) {
  if (client.transaction != nullptr) return;
  const bool is_client_command =
      command != nullptr && command->parent != nullptr && command->parent->name == "client";
  if (!is_client_command) client.tracking->caching = false;
}

void Tracking::shrink(size_t most) {
  const uint64_t limit = server_.config.tracking_table_max_keys;
  if (limit == 0) return;
  for (; most > 0 && keys_.size() > limit; --most) {
    keys_.take_any(key_, taken_);
    invalidate_tracked(key_, nullptr);
  }
}

const Client* Tracking::modifier() const {
  return server_.modified_keys.by_command() ? server_.current_client : nullptr;
}

void Tracking::on_key_modified(int, std::string_view key) {
  const Client* const client = modifier();
  if (!broadcasts_.empty()) {
    broadcasts_.on_key_modified(key, client == nullptr ? Broadcasts::kNobody : client->id);
  }
  if (keys_.empty() || !keys_.take(key, taken_)) return;
  tells_of_writes_ = true;
  invalidate_tracked(key, client);
  tells_of_writes_ = false;
}

// Tells the clients in `taken_`.
void Tracking::invalidate_tracked(std::string_view key, const Client* modifier) {
  message_ = "*1\r\n";
  append_bulk(message_, key);
  for (const ClientId id : taken_) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) continue;
    Client& client = *found->second;
    if (client.tracking->broadcasts()) continue;
    if (client.tracking->options.noloop && &client == modifier) continue;
    send(client, message_);
  }
}

// All databases may be flushed one after the other, so this is told when the unit ends. What is
// read until then is remembered anew.
void Tracking::on_database_flushed(int) {
  keys_.clear();
  flushed_ = has_work_ = true;
}

// The keys of all databases are one to clients. Redis tells them nothing here, and so their caches
// keep values of the other database.
void Tracking::on_databases_swapped(int first, int second) {
  if (first != second) on_database_flushed(first);
}

void Tracking::do_work() {
  if (std::exchange(flushed_, false)) {
    tells_of_writes_ = true;
    for (const auto& [id, client] : clients_) send(*client, std::nullopt);
    tells_of_writes_ = false;
  }
  has_work_ = false;
  for (const ClientId id : std::exchange(over_limit_, {})) {
    if (Client* client = server_.clients.find(id)) {
      server_.clients.close(*client, CloseReason::kOutputBuffer);
    }
  }
}

void Tracking::finish_turn() {
  shrink(kMostForgotten);  // the limit may have been lowered
  if (broadcasts_.has_changes()) {
    tells_of_writes_ = true;
    broadcasts_.take_changes([this](const Broadcasts::Prefix& prefix) { broadcast(prefix); });
    tells_of_writes_ = false;
  }
  end_unit();
}

void Tracking::broadcast(const Broadcasts::Prefix& prefix) {
  const std::vector<Broadcasts::Changes::Change> changes = prefix.changes.sorted();
  std::string all;
  write_keys(all, changes, Broadcasts::kNobody);
  for (const auto& [id, client] : prefix.clients) {
    const auto is_own = [id = id](const auto& change) { return change.modifier == id; };
    if (!client->tracking->options.noloop || std::ranges::none_of(changes, is_own)) {
      send(*client, all);
    } else if (!std::ranges::all_of(changes, is_own)) {
      write_keys(message_, changes, id);
      send(*client, message_);
    }
  }
}

template <typename Write>
void Tracking::push(Client& target, Write&& write) {
  if (target.closing || target.close_after_reply) return;
  if (tells_of_writes_ && server_.reply_gate.active()) server_.reply_gate.hold_for_all(target);
  write(Subscriptions::push_buffer(target));
  if (target.executing) return;
  target.transport().output_ready();
  if (!server_.clients.exceeds_output_limit(target)) return;
  // Closing ends what we are in the middle of.
  over_limit_.push_back(target.id);
  has_work_ = true;
}

void Tracking::send(Client& client, std::optional<std::string_view> keys) {
  const uint64_t redirect = client.tracking->options.redirect;
  Client* const target = redirect == 0 ? &client : server_.clients.find(redirect);
  if (target == nullptr) return send_broken_redirect(client);
  if (target->reply.resp3()) {
    push(*target, [keys](resp::OutputBuffer& out) {
      out.append(">2\r\n$10\r\ninvalidate\r\n");
      out.append(keys.value_or("_\r\n"));
    });
  } else if (redirect != 0 && target->is_subscriber()) {
    push(*target, [keys](resp::OutputBuffer& out) {
      out.append("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n");
      out.append(keys.value_or("$-1\r\n"));
    });
  }
}

void Tracking::send_broken_redirect(Client& client) {
  client.tracking->redirect_broken = true;
  if (!client.reply.resp3()) return;
  push(client, [&client](resp::OutputBuffer& out) {
    std::string id;
    append_header(id, ':', client.tracking->options.redirect);
    out.append(">2\r\n$21\r\ntracking-redir-broken\r\n");
    out.append(id);
  });
}

}  // namespace spinel::server
