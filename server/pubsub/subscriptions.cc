#include "server/pubsub/subscriptions.h"

#include <algorithm>
#include <charconv>

#include "server/config/notify_flags.h"
#include "server/pubsub/push_message.h"
#include "server/server.h"
#include "storage/base/key_slot.h"

namespace spinel::server {

namespace {

// What a subscription costs beside its name: a node of the client's table and a place among the
// receivers.
constexpr size_t kSubscriptionBytes = 48;

}  // namespace

bool Subscriber::active() const {
  return std::any_of(topics.begin(), topics.end(), [](const auto& some) { return !some.empty(); });
}

size_t Subscriber::memory_bytes() const {
  size_t bytes = sizeof(Subscriber) + name_bytes + deferred.memory_bytes();
  for (const auto& some : topics) {
    bytes += some.bucket_count() * sizeof(void*) + some.size() * kSubscriptionBytes;
  }
  return bytes;
}

Subscriptions::Subscriptions(Server& server) : server_(server) {
  server_.events.add_sink(*this);
}

Subscriptions::~Subscriptions() {
  server_.events.remove_sink(*this);
}

Subscriber& Subscriptions::subscriber_of(Client& client) {
  if (client.subscriber == nullptr) {
    client.subscriber = std::make_unique<Subscriber>();
    client.server.clients.set_output_limit(client);
  }
  return *client.subscriber;
}

bool Subscriptions::subscribe(Client& client, TopicKind kind, std::string_view name) {
  Subscriber& subscriber = subscriber_of(client);
  TopicTable& topics = table(kind);
  Topic* topic = nullptr;
  const auto found = topics.find(name);
  if (found != topics.end()) {
    topic = found->second.get();
  } else {
    auto added = std::make_unique<Topic>();
    added->name = name;
    topic = added.get();
    topics.emplace(topic->name, std::move(added));
    if (kind == TopicKind::kPattern) patterns_.add(*topic);
    if (kind == TopicKind::kShardChannel) slots_[storage::key_slot(name)].insert(topic);
  }
  const bool was_active = subscriber.active();
  auto& own = subscriber.topics[static_cast<size_t>(kind)];
  if (!own.emplace(topic, topic->receivers.size()).second) return false;
  topic->receivers.push_back(&client);
  subscriber.name_bytes += name.size();
  update_mode(client, was_active);
  return true;
}

bool Subscriptions::unsubscribe(Client& client, TopicKind kind, std::string_view name) {
  if (client.subscriber == nullptr) return false;
  const auto found = table(kind).find(name);
  if (found == table(kind).end()) return false;
  Topic& topic = *found->second;
  auto& own = client.subscriber->topics[static_cast<size_t>(kind)];
  const auto place = own.find(&topic);
  if (place == own.end()) return false;
  const size_t index = place->second;
  own.erase(place);
  client.subscriber->name_bytes -= name.size();
  remove_receiver(client, kind, topic, index);
  update_mode(client, true);
  return true;
}

void Subscriptions::drop_slot(uint16_t slot) {
  const auto found = slots_.find(slot);
  if (found == slots_.end()) return;
  std::vector<std::string> channels;
  for (const Topic* topic : found->second) channels.push_back(topic->name);
  std::ranges::sort(channels);
  for (const std::string& channel : channels) {
    const std::vector<Client*> receivers =
        table(TopicKind::kShardChannel).find(channel)->second->receivers;
    for (Client* client : receivers) {
      unsubscribe(*client, TopicKind::kShardChannel, channel);
      if (client->closing) continue;
      resp::ReplyWriter push(push_buffer(*client));
      push.set_resp3(client->reply.resp3());
      push.push(3);
      push.bulk("sunsubscribe");
      push.bulk(channel);
      push.integer(static_cast<int64_t>(client->subscriber->count(TopicKind::kShardChannel)));
      if (!client->executing) client->transport().output_ready();
    }
  }
}

void Subscriptions::unsubscribe_all(Client& client) {
  if (client.subscriber == nullptr) return;
  const bool was_active = client.subscriber->active();
  for (const TopicKind kind :
       {TopicKind::kChannel, TopicKind::kPattern, TopicKind::kShardChannel}) {
    auto& own = client.subscriber->topics[static_cast<size_t>(kind)];
    for (const auto& [topic, place] : own) remove_receiver(client, kind, *topic, place);
    own.clear();
  }
  client.subscriber->name_bytes = 0;
  update_mode(client, was_active);
}

// Fills the gap with the last of the receivers. The last subscription ends the topic.
void Subscriptions::remove_receiver(Client& client, TopicKind kind, Topic& topic, size_t place) {
  SPINEL_ASSERT(topic.receivers[place] == &client);
  Client* const last = topic.receivers.back();
  topic.receivers[place] = last;
  topic.receivers.pop_back();
  if (last != &client) last->subscriber->topics[static_cast<size_t>(kind)][&topic] = place;
  if (!topic.receivers.empty()) return;
  if (kind == TopicKind::kPattern) patterns_.remove(topic);
  if (kind == TopicKind::kShardChannel) {
    const auto slot = slots_.find(storage::key_slot(topic.name));
    slot->second.erase(&topic);
    if (slot->second.empty()) slots_.erase(slot);
  }
  const auto found = table(kind).find(topic.name);
  const std::unique_ptr<Topic> ended = std::move(found->second);  // the key is its name
  table(kind).erase(found);
}

// Follows a change of the subscriptions of `client`.
void Subscriptions::update_mode(Client& client, bool was_active) {
  const bool is_active = client.subscriber->active();
  if (is_active == was_active) return;
  is_active ? ++client_count_ : --client_count_;
  if (!client.closing) server_.clients.set_output_limit(client);
}

size_t Subscriptions::subscriber_count(TopicKind kind, std::string_view name) const {
  const auto found = table(kind).find(name);
  return found == table(kind).end() ? 0 : found->second->receivers.size();
}

void Subscriptions::for_each(TopicKind kind,
                             const std::function<void(std::string_view)>& visit) const {
  for (const auto& [name, topic] : table(kind)) visit(name);
}

size_t Subscriptions::publish(std::string_view channel, std::string_view message) {
  size_t sent = 0;
  const auto found = table(TopicKind::kChannel).find(channel);
  if (found != table(TopicKind::kChannel).end()) {
    const std::string_view parts[] = {"message", channel, message};
    PushMessage push(parts);
    send(*found->second, push);
    sent += found->second->receivers.size();
  }
  if (count(TopicKind::kPattern) > 0) {
    patterns_.for_each_match(channel, [&](const Topic& pattern) {
      const std::string_view parts[] = {"pmessage", pattern.name, channel, message};
      PushMessage push(parts);
      send(pattern, push);
      sent += pattern.receivers.size();
    });
  }
  close_overflowing();
  return sent;
}

size_t Subscriptions::publish_to_shard(std::string_view channel, std::string_view message) {
  const auto found = table(TopicKind::kShardChannel).find(channel);
  if (found == table(TopicKind::kShardChannel).end()) return 0;
  const size_t sent = found->second->receivers.size();
  const std::string_view parts[] = {"smessage", channel, message};
  PushMessage push(parts);
  send(*found->second, push);
  close_overflowing();
  return sent;
}

void Subscriptions::send(const Topic& topic, PushMessage& message) {
  for (Client* client : topic.receivers) {
    if (client->closing || client->close_after_reply) continue;
    if (tells_of_writes_) server_.reply_gate.hold_for_all(*client);
    message.append_to(push_buffer(*client), client->reply.resp3());
    if (client->executing) continue;
    client->transport().output_ready();
    if (server_.clients.exceeds_output_limit(*client)) over_limit_.push_back(client);
  }
}

// Closing a client ends its subscriptions, so this waits until nobody walks through receivers.
void Subscriptions::close_overflowing() {
  if (over_limit_.empty()) return;
  for (Client* client : over_limit_) server_.clients.close(*client, CloseReason::kOutputBuffer);
  over_limit_.clear();
}

resp::OutputBuffer& Subscriptions::push_buffer(Client& client) {
  return client.executing ? subscriber_of(client).deferred : client.output;
}

void Subscriptions::flush_deferred(Client& client) {
  resp::OutputBuffer& deferred = client.subscriber->deferred;
  if (deferred.empty() && !deferred.overflowed()) return;
  if (deferred.overflowed()) {
    return client.server.clients.close(client, CloseReason::kOutputBuffer);
  }
  if (!client.closing) client.output.append(deferred.view());
  deferred.consume(deferred.size());
  deferred.release_idle_memory(0);
}

void Subscriptions::on_keyspace_event(int database, std::string_view event, std::string_view key) {
  if (client_count_ == 0) return;
  const uint32_t enabled = server_.config.notify_keyspace_events;
  tells_of_writes_ = server_.reply_gate.active();
  const auto announce = [&](std::string_view prefix, std::string_view name,
                            std::string_view message) {
    char digits[16];
    char* const end = std::to_chars(digits, digits + sizeof digits, database).ptr;
    event_channel_.assign(prefix);
    event_channel_.append(digits, end);
    event_channel_ += "__:";
    event_channel_ += name;
    publish(event_channel_, message);
  };
  if ((enabled & kNotifyKeyspace) != 0) announce("__keyspace@", key, event);
  if ((enabled & kNotifyKeyevent) != 0) announce("__keyevent@", event, key);
  tells_of_writes_ = false;
}

}  // namespace spinel::server
