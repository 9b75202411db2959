// Commands about the connection itself: who the client is, which protocol and database it uses.
#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "server/client_description.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/transactions/transaction.h"
#include "server/version.h"

namespace spinel::server {
namespace {

constexpr std::string_view kWrongPassword =
    "WRONGPASS invalid username-password pair or user is disabled.";

// Whether the pair is that of a user; takes the same time however much of the password is right.
bool credentials_fit(const Config& config, std::string_view user, std::string_view password) {
  if (user != "default") return false;
  if (config.requirepass.empty()) return true;
  const std::string& expected = config.requirepass;
  unsigned difference = expected.size() == password.size() ? 0 : 1;
  for (size_t i = 0; i < password.size(); ++i) {
    difference |= static_cast<unsigned char>(password[i] ^ expected[i % expected.size()]);
  }
  return difference == 0;
}

bool authenticate(CommandContext& ctx, std::string_view user, std::string_view password) {
  if (!credentials_fit(ctx.server.config, user, password)) {
    ++ctx.server.stats.acl_access_denied_auth;
    ctx.error(kWrongPassword);
    return false;
  }
  ctx.client().authenticated = true;
  ctx.session.user = user;
  return true;
}

void auth_command(CommandContext& ctx) {
  if (ctx.arity() > 3) return ctx.syntax_error();
  if (ctx.arity() == 2) {
    if (ctx.server.config.requirepass.empty()) {
      return ctx.error(
          "ERR AUTH <password> called without any password configured for the default user. Are "
          "you sure your configuration is correct?");
    }
    if (authenticate(ctx, "default", ctx.arg(1))) ctx.reply.ok();
    return;
  }
  if (authenticate(ctx, ctx.arg(1), ctx.arg(2))) ctx.reply.ok();
}

void echo_command(CommandContext& ctx) {
  ctx.reply.bulk(ctx.arg(1));
}

void reply_hello(CommandContext& ctx) {
  resp::ReplyWriter& reply = ctx.reply;
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk(kRedisVersion);
  reply.bulk("proto");
  reply.integer(reply.resp3() ? 3 : 2);
  reply.bulk("id");
  reply.integer(static_cast<int64_t>(ctx.client().id));
  reply.bulk("mode");
  reply.bulk("standalone");
  reply.bulk("role");
  reply.bulk("master");
  reply.bulk("modules");
  reply.array(0);
}

void hello_command(CommandContext& ctx) {
  std::optional<int64_t> version;
  if (ctx.arity() > 1) {
    version = ctx.integer(1, "ERR Protocol version is not an integer or out of range");
    if (!version) return;
    if (*version != 2 && *version != 3) return ctx.error("NOPROTO unsupported protocol version");
  }
  std::optional<std::string_view> name;
  for (size_t i = 2; i < ctx.arity(); ++i) {
    const size_t more = ctx.arity() - i - 1;
    if (ctx.arg_is(i, "AUTH") && more >= 2) {
      if (!authenticate(ctx, ctx.arg(i + 1), ctx.arg(i + 2))) return;
      i += 2;
    } else if (ctx.arg_is(i, "SETNAME") && more >= 1) {
      name = ctx.arg(i + 1);
      if (!is_client_attribute(*name)) return ctx.error(kInvalidClientName);
      ++i;
    } else {
      return ctx.error(fmt::format("ERR Syntax error in HELLO option '{}'", ctx.arg(i)));
    }
  }
  if (!ctx.client().authenticated && !ctx.server.config.requirepass.empty()) {
    return ctx.error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
        "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the "
        "RESP protocol version at the same time");
  }
  if (name) ctx.session.name = *name;
  if (version) ctx.reply.set_resp3(*version == 3);
  reply_hello(ctx);
}

void ping_command(CommandContext& ctx) {
  if (ctx.arity() > 2) return ctx.error("ERR wrong number of arguments for 'ping' command");
  const Client* client = ctx.session.client();
  if (client != nullptr && client->is_subscriber() && !ctx.reply.resp3()) {
    // Such a client expects nothing but messages, and this looks like one.
    ctx.reply.array(2);
    ctx.reply.bulk("pong");
    return ctx.reply.bulk(ctx.arity() == 1 ? "" : ctx.arg(1));
  }
  if (ctx.arity() == 1) return ctx.reply.simple("PONG");
  ctx.reply.bulk(ctx.arg(1));
}

void quit_command(CommandContext& ctx) {
  ctx.reply.ok();
  ctx.client().close_after_reply = true;
}

void reset_command(CommandContext& ctx) {
  Client& client = ctx.client();
  discard_transaction(client);
  std::erase(ctx.server.clients.monitors, &client);
  client.monitor = false;
  ctx.server.pubsub.unsubscribe_all(client);
  ctx.server.tracking.stop(client);
  client.name.clear();
  client.database = 0;
  client.reply_mode = ReplyMode::kOn;
  client.no_evict = false;
  client.no_touch = false;
  client.user = "default";
  client.authenticated = ctx.server.config.requirepass.empty();
  ctx.reply.set_resp3(false);
  ctx.reply.simple("RESET");
}

void select_command(CommandContext& ctx) {
  constexpr int64_t kLow = std::numeric_limits<int>::min();
  constexpr int64_t kHigh = std::numeric_limits<int>::max();
  const auto index = ctx.integer_between(
      1, kLow, kHigh, "ERR value is out of range, value must between -2147483648 and 2147483647");
  if (!index) return;
  if (*index < 0 || *index >= ctx.server.keyspace.database_count()) {
    return ctx.error("ERR DB index is out of range");
  }
  ctx.session.database = static_cast<int>(*index);
  ctx.reply.ok();
}

constexpr CommandRow kConnectionRows[] = {
    {.name = "AUTH",
     .handler = auth_command,
     .arity = -2,
     .group = "connection",
     .since = "1.0.0",
     .flags = "NOSCRIPT,LOADING,STALE,FAST,NO_AUTH,SENTINEL,ALLOW_BUSY",
     .acl = "CONNECTION",
     .syntax = "[username:string@6.0.0] password:string",
     .complexity = "O(N)",
     .summary = "Proves who the client is with a password, or a user name and password.",
     .history = "6.0.0 A user name may precede the password."},
    {.name = "ECHO",
     .handler = echo_command,
     .arity = 2,
     .group = "connection",
     .since = "1.0.0",
     .flags = "LOADING,STALE,FAST",
     .acl = "CONNECTION",
     .syntax = "message:string",
     .complexity = "O(1)",
     .summary = "Returns the message it was given."},
    {.name = "HELLO",
     .handler = hello_command,
     .arity = -1,
     .group = "connection",
     .since = "6.0.0",
     .flags = "NOSCRIPT,LOADING,STALE,FAST,NO_AUTH,SENTINEL,ALLOW_BUSY",
     .acl = "CONNECTION",
     .syntax = "[arguments=<protover:integer [AUTH username-password=<username:string "
               "password:string>] [SETNAME clientname:string]>]",
     .complexity = "O(1)",
     .summary = "Chooses the protocol version, and may authenticate and name the connection.",
     .history = "6.2.0 `protover` may be left out, which reports the connection as it is."},
    {.name = "PING",
     .handler = ping_command,
     .arity = -1,
     .group = "connection",
     .since = "1.0.0",
     .flags = "FAST,SENTINEL",
     .acl = "CONNECTION",
     .tips = "REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:ALL_SUCCEEDED",
     .syntax = "[message:string]",
     .complexity = "O(1)",
     .summary = "Answers PONG, or the message it was given."},
    {.name = "QUIT",
     .handler = quit_command,
     .arity = -1,
     .group = "connection",
     .since = "1.0.0",
     .flags = "ALLOW_BUSY,NOSCRIPT,LOADING,STALE,FAST,NO_AUTH",
     .acl = "CONNECTION",
     .complexity = "O(1)",
     .summary = "Closes this connection after an OK.",
     .deprecated_since = "7.2.0",
     .replaced_by = "just closing the connection",
     .doc_flags = "DEPRECATED"},
    {.name = "RESET",
     .handler = reset_command,
     .arity = 1,
     .group = "connection",
     .since = "6.2.0",
     .flags = "NOSCRIPT,LOADING,STALE,FAST,NO_AUTH,ALLOW_BUSY",
     .acl = "CONNECTION",
     .complexity = "O(1)",
     .summary = "Puts this connection back into the state it started in."},
    {.name = "SELECT",
     .handler = select_command,
     .arity = 2,
     .group = "connection",
     .since = "1.0.0",
     .flags = "LOADING,STALE,FAST",
     .acl = "CONNECTION",
     .syntax = "index:integer",
     .complexity = "O(1)",
     .summary = "Chooses the database that this connection works on."},
};

}  // namespace

CommandFamily connection_commands() {
  return kConnectionRows;
}

}  // namespace spinel::server
