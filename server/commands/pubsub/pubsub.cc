// SUBSCRIBE, PUBLISH and their relatives.
#include <fmt/format.h>
#include <vector>

#include "server/commands/support/help.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/pubsub/subscriptions.h"
#include "storage/base/glob.h"

namespace spinel::server {

namespace {

// The names that confirmations carry.
struct Verbs {
  std::string_view subscribe;
  std::string_view unsubscribe;
};

constexpr Verbs verbs_of(TopicKind kind) {
  switch (kind) {
    case TopicKind::kChannel:
      return {"subscribe", "unsubscribe"};
    case TopicKind::kPattern:
      return {"psubscribe", "punsubscribe"};
    case TopicKind::kShardChannel:
      return {"ssubscribe", "sunsubscribe"};
  }
  __builtin_unreachable();
}

// Subscriptions that a confirmation counts: those to channels and patterns together.
size_t counted_subscriptions(const Subscriber& subscriber, TopicKind kind) {
  if (kind == TopicKind::kShardChannel) return subscriber.count(kind);
  return subscriber.count(TopicKind::kChannel) + subscriber.count(TopicKind::kPattern);
}

// Writes confirmations. CLIENT REPLY suppresses replies and no pushes, as which these count.
class Confirmations {
 public:
  Confirmations(CommandContext& ctx, TopicKind kind)
      : kind_(kind),
        subscriber_(Subscriptions::subscriber_of(ctx.client())),
        unsuppressed_(subscriber_.deferred),
        reply_(replies_are_suppressed(ctx.client()) ? unsuppressed_ : ctx.reply) {
    unsuppressed_.set_resp3(ctx.reply.resp3());
  }

  void add(std::string_view verb, std::optional<std::string_view> name) {
    reply_.push(3);
    reply_.bulk(verb);
    name ? reply_.bulk(*name) : reply_.null();
    reply_.integer(static_cast<int64_t>(counted_subscriptions(subscriber_, kind_)));
  }
  bool overflowed() const { return reply_.overflowed(); }

 private:
  static bool replies_are_suppressed(const Client& client) {
    return client.reply_mode == ReplyMode::kOff || client.reply_mode == ReplyMode::kSkipThis;
  }

  const TopicKind kind_;
  Subscriber& subscriber_;
  resp::ReplyWriter unsuppressed_;
  resp::ReplyWriter& reply_;
};

void subscribe(CommandContext& ctx, TopicKind kind) {
  Confirmations confirmations(ctx, kind);
  for (size_t i = 1; i < ctx.arity() && !confirmations.overflowed(); ++i) {
    ctx.server.pubsub.subscribe(ctx.client(), kind, ctx.arg(i));
    confirmations.add(verbs_of(kind).subscribe, ctx.arg(i));
  }
}

void unsubscribe(CommandContext& ctx, TopicKind kind) {
  Client& client = ctx.client();
  Confirmations confirmations(ctx, kind);
  const std::string_view verb = verbs_of(kind).unsubscribe;
  if (ctx.arity() > 1) {
    for (size_t i = 1; i < ctx.arity() && !confirmations.overflowed(); ++i) {
      ctx.server.pubsub.unsubscribe(client, kind, ctx.arg(i));
      confirmations.add(verb, ctx.arg(i));
    }
    return;
  }
  const auto& topics = client.subscriber->topics[static_cast<size_t>(kind)];
  if (topics.empty()) return confirmations.add(verb, std::nullopt);
  while (!topics.empty() && !confirmations.overflowed()) {
    const std::string name = topics.begin()->first->name;
    ctx.server.pubsub.unsubscribe(client, kind, name);
    confirmations.add(verb, name);
  }
}

void subscribe_command(CommandContext& ctx) {
  subscribe(ctx, TopicKind::kChannel);
}
void psubscribe_command(CommandContext& ctx) {
  subscribe(ctx, TopicKind::kPattern);
}
void ssubscribe_command(CommandContext& ctx) {
  subscribe(ctx, TopicKind::kShardChannel);
}
void unsubscribe_command(CommandContext& ctx) {
  unsubscribe(ctx, TopicKind::kChannel);
}
void punsubscribe_command(CommandContext& ctx) {
  unsubscribe(ctx, TopicKind::kPattern);
}
void sunsubscribe_command(CommandContext& ctx) {
  unsubscribe(ctx, TopicKind::kShardChannel);
}

void publish_command(CommandContext& ctx) {
  ctx.reply.integer(static_cast<int64_t>(ctx.server.pubsub.publish(ctx.arg(1), ctx.arg(2))));
}

void spublish_command(CommandContext& ctx) {
  const size_t sent = ctx.server.pubsub.publish_to_shard(ctx.arg(1), ctx.arg(2));
  ctx.reply.integer(static_cast<int64_t>(sent));
}

void reply_names(CommandContext& ctx, TopicKind kind) {
  if (ctx.arity() > 3) {
    return ctx.error(fmt::format(
        "ERR unknown subcommand or wrong number of arguments for '{}'. Try PUBSUB HELP.",
        ctx.arg(1)));
  }
  const size_t mark = ctx.reply.begin_deferred();
  size_t count = 0;
  ctx.server.pubsub.for_each(kind, [&](std::string_view name) {
    if (ctx.reply.overflowed()) return;
    if (ctx.arity() == 3 && !storage::glob_match(ctx.arg(2), name)) return;
    ctx.reply.bulk(name);
    ++count;
  });
  ctx.reply.end_deferred_array(mark, count);
}

void reply_subscriber_counts(CommandContext& ctx, TopicKind kind) {
  ctx.reply.array(2 * (ctx.arity() - 2));
  for (size_t i = 2; i < ctx.arity() && !ctx.reply.overflowed(); ++i) {
    ctx.reply.bulk(ctx.arg(i));
    const size_t subscribers = ctx.server.pubsub.subscriber_count(kind, ctx.arg(i));
    ctx.reply.integer(static_cast<int64_t>(subscribers));
  }
}

void pubsub_channels_command(CommandContext& ctx) {
  reply_names(ctx, TopicKind::kChannel);
}
void pubsub_shardchannels_command(CommandContext& ctx) {
  reply_names(ctx, TopicKind::kShardChannel);
}
void pubsub_numsub_command(CommandContext& ctx) {
  reply_subscriber_counts(ctx, TopicKind::kChannel);
}
void pubsub_shardnumsub_command(CommandContext& ctx) {
  reply_subscriber_counts(ctx, TopicKind::kShardChannel);
}
void pubsub_numpat_command(CommandContext& ctx) {
  ctx.reply.integer(static_cast<int64_t>(ctx.server.pubsub.count(TopicKind::kPattern)));
}

void pubsub_help_command(CommandContext& ctx) {
  reply_help(
      ctx.reply, "PUBSUB",
      {"CHANNELS [<pattern>]",
       "    List the channels with subscribers, or those that match <pattern>.", "NUMPAT",
       "    Count the patterns that clients are subscribed to.", "NUMSUB [<channel> ...]",
       "    Count the subscribers of each channel, without those of patterns.",
       "SHARDCHANNELS [<pattern>]",
       "    List the shard channels with subscribers, or those that match <pattern>.",
       "SHARDNUMSUB [<shardchannel> ...]", "    Count the subscribers of each shard channel."});
}

constexpr CommandRow kPubsubRows[] = {
    {.name = "PSUBSCRIBE",
     .handler = psubscribe_command,
     .arity = -2,
     .group = "pubsub",
     .since = "2.0.0",
     .flags = "PUBSUB,NOSCRIPT,LOADING,STALE,SENTINEL",
     .syntax = "pattern:pattern ...",
     .complexity = "O(N)",
     .summary = "Subscribes to the channels whose names match patterns."},
    {.name = "PUBLISH",
     .handler = publish_command,
     .arity = 3,
     .group = "pubsub",
     .since = "2.0.0",
     .flags = "PUBSUB,LOADING,STALE,FAST,MAY_REPLICATE,SENTINEL",
     .syntax = "channel:string message:string",
     .complexity = "O(N+M)",
     .summary = "Sends a message to the subscribers of a channel."},
    {.name = "PUBSUB",
     .arity = -2,
     .group = "pubsub",
     .since = "2.8.0",
     .complexity = "Depends on the subcommand.",
     .summary = "Groups the commands that inspect pub/sub."},
    {.name = "PUBSUB CHANNELS",
     .handler = pubsub_channels_command,
     .arity = -2,
     .group = "pubsub",
     .since = "2.8.0",
     .flags = "PUBSUB,LOADING,STALE",
     .syntax = "[pattern:pattern]",
     .complexity = "O(N)",
     .summary = "Lists the channels with subscribers."},
    {.name = "PUBSUB HELP",
     .handler = pubsub_help_command,
     .arity = 2,
     .group = "pubsub",
     .since = "6.2.0",
     .flags = "LOADING,STALE",
     .complexity = "O(1)",
     .summary = "Lists the subcommands of PUBSUB."},
    {.name = "PUBSUB NUMPAT",
     .handler = pubsub_numpat_command,
     .arity = 2,
     .group = "pubsub",
     .since = "2.8.0",
     .flags = "PUBSUB,LOADING,STALE",
     .complexity = "O(1)",
     .summary = "Counts the patterns that clients are subscribed to."},
    {.name = "PUBSUB NUMSUB",
     .handler = pubsub_numsub_command,
     .arity = -2,
     .group = "pubsub",
     .since = "2.8.0",
     .flags = "PUBSUB,LOADING,STALE",
     .syntax = "[channel:string ...]",
     .complexity = "O(N)",
     .summary = "Counts the subscribers of channels."},
    {.name = "PUBSUB SHARDCHANNELS",
     .handler = pubsub_shardchannels_command,
     .arity = -2,
     .group = "pubsub",
     .since = "7.0.0",
     .flags = "PUBSUB,LOADING,STALE",
     .syntax = "[pattern:pattern]",
     .complexity = "O(N)",
     .summary = "Lists the shard channels with subscribers."},
    {.name = "PUBSUB SHARDNUMSUB",
     .handler = pubsub_shardnumsub_command,
     .arity = -2,
     .group = "pubsub",
     .since = "7.0.0",
     .flags = "PUBSUB,LOADING,STALE",
     .syntax = "[shardchannel:string ...]",
     .complexity = "O(N)",
     .summary = "Counts the subscribers of shard channels."},
    {.name = "PUNSUBSCRIBE",
     .handler = punsubscribe_command,
     .arity = -1,
     .group = "pubsub",
     .since = "2.0.0",
     .flags = "PUBSUB,NOSCRIPT,LOADING,STALE,SENTINEL",
     .syntax = "[pattern:pattern ...]",
     .complexity = "O(N)",
     .summary = "Ends subscriptions to patterns, by default all."},
    {.name = "SPUBLISH",
     .handler = spublish_command,
     .arity = 3,
     .group = "pubsub",
     .since = "7.0.0",
     .flags = "PUBSUB,LOADING,STALE,FAST,MAY_REPLICATE",
     .keys = "NOT_KEY@index:1/range:0,1,0",
     .syntax = "shardchannel:string message:string",
     .complexity = "O(N)",
     .summary = "Sends a message to the subscribers of a shard channel."},
    {.name = "SSUBSCRIBE",
     .handler = ssubscribe_command,
     .arity = -2,
     .group = "pubsub",
     .since = "7.0.0",
     .flags = "PUBSUB,NOSCRIPT,LOADING,STALE",
     .keys = "NOT_KEY@index:1/range:-1,1,0",
     .syntax = "shardchannel:string ...",
     .complexity = "O(N)",
     .summary = "Subscribes to shard channels."},
    {.name = "SUBSCRIBE",
     .handler = subscribe_command,
     .arity = -2,
     .group = "pubsub",
     .since = "2.0.0",
     .flags = "PUBSUB,NOSCRIPT,LOADING,STALE,SENTINEL",
     .syntax = "channel:string ...",
     .complexity = "O(N)",
     .summary = "Subscribes to channels."},
    {.name = "SUNSUBSCRIBE",
     .handler = sunsubscribe_command,
     .arity = -1,
     .group = "pubsub",
     .since = "7.0.0",
     .flags = "PUBSUB,NOSCRIPT,LOADING,STALE",
     .keys = "NOT_KEY@index:1/range:-1,1,0",
     .syntax = "[shardchannel:string ...]",
     .complexity = "O(N)",
     .summary = "Ends subscriptions to shard channels, by default all."},
    {.name = "UNSUBSCRIBE",
     .handler = unsubscribe_command,
     .arity = -1,
     .group = "pubsub",
     .since = "2.0.0",
     .flags = "PUBSUB,NOSCRIPT,LOADING,STALE,SENTINEL",
     .syntax = "[channel:string ...]",
     .complexity = "O(N)",
     .summary = "Ends subscriptions to channels, by default all."},
};

}  // namespace

CommandFamily pubsub_commands() {
  return kPubsubRows;
}

}  // namespace spinel::server
