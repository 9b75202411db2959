// Who subscribed to what, and the delivery of messages: PUBLISH, SPUBLISH and keyspace events.
//
// A message never lands within a reply. What is published to a client while its own command runs
// waits in `Subscriber::deferred` until the reply is complete.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/engine/keyspace_events.h"
#include "server/pubsub/pattern_index.h"
#include "server/resp/output_buffer.h"
#include "storage/base/hash.h"

namespace spinel::server {

class Client;
class PushMessage;
class Server;

enum class TopicKind : uint8_t { kChannel = 0, kPattern = 1, kShardChannel = 2 };
inline constexpr size_t kTopicKinds = 3;

// A channel or pattern with at least one subscriber.
struct Topic {
  std::string name;
  std::vector<Client*> receivers;
};

// A client's part: exists from its first subscription on.
struct Subscriber {
  // Its topics of each kind, and its place among the receivers of each.
  std::array<std::unordered_map<Topic*, size_t>, kTopicKinds> topics;
  size_t name_bytes = 0;  // of all of them
  // Messages that wait for the end of the command that the client executes.
  resp::OutputBuffer deferred;

  size_t count(TopicKind kind) const { return topics[static_cast<size_t>(kind)].size(); }
  // Whether the client is in subscriber mode.
  bool active() const;
  // Memory held for the client. Names count for each subscriber, although they are shared.
  size_t memory_bytes() const;
};

class Subscriptions final : public KeyspaceEventSink {
 public:
  explicit Subscriptions(Server& server);
  ~Subscriptions() override;
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  // Makes it if there is none.
  static Subscriber& subscriber_of(Client& client);

  // False if `client` had subscribed to it already.
  bool subscribe(Client& client, TopicKind kind, std::string_view name);
  // False if `client` had not subscribed to it.
  bool unsubscribe(Client& client, TopicKind kind, std::string_view name);
  // Ends all subscriptions to shard channels of `slot`, and tells their subscribers: another node
  // of the cluster has it now.
  void drop_slot(uint16_t slot);
  // Ends all subscriptions of `client` without telling it.
  void unsubscribe_all(Client& client);

  // Sends `message` to the subscribers of the channel, then to those of patterns. Returns how many
  // times it was sent.
  size_t publish(std::string_view channel, std::string_view message);
  size_t publish_to_shard(std::string_view channel, std::string_view message);

  // --- for commands and INFO
  size_t count(TopicKind kind) const { return table(kind).size(); }
  // Clients with any subscription.
  size_t client_count() const { return client_count_; }
  size_t subscriber_count(TopicKind kind, std::string_view name) const;
  // Names of the topics of which there are any, in no order.
  void for_each(TopicKind kind, const std::function<void(std::string_view)>& visit) const;

  // Where a push to `client` is to be written now: behind the reply of the command that it
  // executes.
  static resp::OutputBuffer& push_buffer(Client& client);
  // Moves what waited for the end of the command of `client` to its output.
  static void flush_deferred(Client& client);

 private:
  struct Hash {
    size_t operator()(std::string_view name) const { return storage::hash_bytes(name); }
  };
  // The keys are the names of the topics.
  using TopicTable = std::unordered_map<std::string_view, std::unique_ptr<Topic>, Hash>;

  TopicTable& table(TopicKind kind) { return tables_[static_cast<size_t>(kind)]; }
  const TopicTable& table(TopicKind kind) const { return tables_[static_cast<size_t>(kind)]; }
  void on_keyspace_event(int database, std::string_view event, std::string_view key) override;
  void update_mode(Client& client, bool was_active);
  void remove_receiver(Client& client, TopicKind kind, Topic& topic, size_t place);
  void send(const Topic& topic, PushMessage& message);
  void close_overflowing();

  Server& server_;
  std::array<TopicTable, kTopicKinds> tables_;
  PatternIndex<Topic> patterns_;
  std::unordered_map<uint16_t, std::unordered_set<Topic*>> slots_;  // of shard channels
  size_t client_count_ = 0;
  bool tells_of_writes_ = false;     // what is published now is a keyspace event
  std::vector<Client*> over_limit_;  // to be closed when the message has been sent to all
  std::string event_channel_;
};

}  // namespace spinel::server
