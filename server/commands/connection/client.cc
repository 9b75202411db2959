// CLIENT: what the server knows about its connections, and what one may do to them.
#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "server/client_description.h"
#include "server/commands/support/help.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/base/numbers.h"

namespace spinel::server {

namespace {

// The types that filters know.
enum class ClientType : uint8_t { kNormal, kReplica, kPubsub, kMaster };

std::optional<ClientType> read_client_type(CommandContext& ctx, size_t index) {
  if (ctx.arg_is(index, "normal")) return ClientType::kNormal;
  if (ctx.arg_is(index, "slave") || ctx.arg_is(index, "replica")) return ClientType::kReplica;
  if (ctx.arg_is(index, "pubsub")) return ClientType::kPubsub;
  if (ctx.arg_is(index, "master")) return ClientType::kMaster;
  ctx.error(fmt::format("ERR Unknown client type '{}'", ctx.arg(index)));
  return std::nullopt;
}

ClientType type_of(const Client& client) {
  if (client.is_master) return ClientType::kMaster;
  if (client.is_replica()) return ClientType::kReplica;
  return client.is_subscriber() ? ClientType::kPubsub : ClientType::kNormal;
}

// ON or OFF, as CLIENT NO-EVICT and NO-TOUCH take it.
std::optional<bool> read_switch(CommandContext& ctx, size_t index) {
  if (ctx.arg_is(index, "ON")) return true;
  if (ctx.arg_is(index, "OFF")) return false;
  ctx.syntax_error();
  return std::nullopt;
}

void too_many_arguments(CommandContext& ctx) {
  ctx.error(
      fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try CLIENT HELP.",
                  ctx.arg(1)));
}

void client_getname_command(CommandContext& ctx) {
  if (ctx.session.name.empty()) return ctx.reply.null();
  ctx.reply.bulk(ctx.session.name);
}

void client_help_command(CommandContext& ctx) {
  reply_help(ctx.reply, "CLIENT",
             {"CACHING (YES|NO)",
              "    Have the keys of the next command tracked (OPTIN), or not (OPTOUT).",
              "GETNAME",
              "    Tell the name of this connection.",
              "GETREDIR",
              "    Tell which connection the messages of invalidation go to.",
              "ID",
              "    Tell the number of this connection.",
              "INFO",
              "    Describe this connection.",
              "KILL <ip:port>",
              "    Close the connection from <ip:port>.",
              "KILL <option> <value> [...]",
              "    Close the connections that match all options:",
              "    * ADDR <ip:port>, LADDR <ip:port>: the address of the peer, or of this end.",
              "    * ID <client-id>: the number of the connection.",
              "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB): its type.",
              "    * USER <username>: the user it authenticated as.",
              "    * SKIPME (YES|NO): whether to spare this connection (default: yes).",
              "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <client-id> [...]]",
              "    Describe connections, one a line.",
              "NO-EVICT (ON|OFF)",
              "    Exempt this connection from client eviction.",
              "NO-TOUCH (ON|OFF)",
              "    Keep the reads of this connection from counting as use of a key.",
              "PAUSE <timeout> [WRITE|ALL]",
              "    Hold back commands that write, or all, for <timeout> milliseconds.",
              "REPLY (ON|OFF|SKIP)",
              "    Choose which replies this connection gets.",
              "SETINFO (LIB-NAME|LIB-VER) <value>",
              "    Tell which client library this is.",
              "SETNAME <name>",
              "    Name this connection.",
              "TRACKING (ON|OFF) [REDIRECT <client-id>] [BCAST] [PREFIX <prefix> [...]]",
              "         [OPTIN] [OPTOUT] [NOLOOP]",
              "    Tell this connection which of the keys that it read are modified.",
              "TRACKINGINFO",
              "    Describe how this connection tracks keys.",
              "UNBLOCK <client-id> [TIMEOUT|ERROR]",
              "    End the wait of a blocked client, as if by its timeout or with an error.",
              "UNPAUSE",
              "    End a pause."});
}

void client_id_command(CommandContext& ctx) {
  ctx.reply.integer(static_cast<int64_t>(ctx.client().id));
}

void client_info_command(CommandContext& ctx) {
  ctx.reply.verbatim("txt", describe_client(ctx.client(), ctx.args) + "\n");
}

// What CLIENT KILL's new form selects by; what is absent matches everything.
struct KillFilter {
  std::optional<uint64_t> id;
  std::optional<ClientType> type;
  std::optional<std::string_view> user;
  std::optional<std::string_view> address;
  std::optional<std::string_view> local_address;
  bool skip_me = true;

  bool matches(const Client& client, const Client& self) const {
    if (id && client.id != *id) return false;
    if (type && *type != type_of(client)) return false;
    if (user && client.user != *user) return false;
    if (address && client.address != *address) return false;
    if (local_address && client.local_address != *local_address) return false;
    return !(skip_me && &client == &self);
  }
};

// Reads one option and its value at `index`. False if the error was sent.
bool read_kill_option(CommandContext& ctx, size_t index, KillFilter& filter) {
  const size_t value = index + 1;
  if (value >= ctx.arity()) {
    ctx.syntax_error();
    return false;
  }
  if (ctx.arg_is(index, "ID")) {
    const auto id = storage::parse_int64(ctx.arg(value));
    if (!id || *id <= 0) {
      ctx.error("ERR client-id should be greater than 0");
      return false;
    }
    filter.id = static_cast<uint64_t>(*id);
  } else if (ctx.arg_is(index, "TYPE")) {
    filter.type = read_client_type(ctx, value);
    return filter.type.has_value();
  } else if (ctx.arg_is(index, "ADDR")) {
    filter.address = ctx.arg(value);
  } else if (ctx.arg_is(index, "LADDR")) {
    filter.local_address = ctx.arg(value);
  } else if (ctx.arg_is(index, "USER")) {
    if (ctx.arg(value) != "default") {
      ctx.error(fmt::format("ERR No such user '{}'", ctx.arg(value)));
      return false;
    }
    filter.user = ctx.arg(value);
  } else if (ctx.arg_is(index, "SKIPME") && ctx.arg_is(value, "YES")) {
    filter.skip_me = true;
  } else if (ctx.arg_is(index, "SKIPME") && ctx.arg_is(value, "NO")) {
    filter.skip_me = false;
  } else {
    ctx.syntax_error();
    return false;
  }
  return true;
}

int64_t kill_matching(CommandContext& ctx, const KillFilter& filter) {
  int64_t killed = 0;
  for (const auto& [id, client] : ctx.server.clients) {
    if (client->closing || !filter.matches(*client, ctx.client())) continue;
    ctx.server.clients.close_after_command(*client, CloseReason::kKilled);
    ++killed;
  }
  return killed;
}

void client_kill_command(CommandContext& ctx) {
  KillFilter filter;
  if (ctx.arity() == 3) {  // the old form: an address
    filter.address = ctx.arg(2);
    filter.skip_me = false;
    if (kill_matching(ctx, filter) == 0) return ctx.error("ERR No such client");
    return ctx.reply.ok();
  }
  for (size_t i = 2; i < ctx.arity(); i += 2) {
    if (!read_kill_option(ctx, i, filter)) return;
  }
  ctx.reply.integer(kill_matching(ctx, filter));
}

void client_list_command(CommandContext& ctx) {
  std::string lines;
  const auto add = [&ctx, &lines](const Client& client) {
    lines += describe_client(client, &client == &ctx.client() ? ctx.args : CommandArgs());
    lines += '\n';
  };
  if (ctx.arity() == 4 && ctx.arg_is(2, "TYPE")) {
    const auto type = read_client_type(ctx, 3);
    if (!type) return;
    for (const auto& [id, client] : ctx.server.clients) {
      if (*type == type_of(*client) && !client->closing) add(*client);
    }
  } else if (ctx.arity() > 3 && ctx.arg_is(2, "ID")) {
    for (size_t i = 3; i < ctx.arity(); ++i) {
      const auto id = ctx.integer(i, "ERR Invalid client ID");
      if (!id) return;
      if (const Client* client = ctx.server.clients.find(static_cast<uint64_t>(*id))) add(*client);
    }
  } else if (ctx.arity() != 2) {
    return ctx.syntax_error();
  } else {
    for (const auto& [id, client] : ctx.server.clients) {
      if (!client->closing) add(*client);
    }
  }
  ctx.reply.verbatim("txt", lines);
}

void client_no_evict_command(CommandContext& ctx) {
  const auto on = read_switch(ctx, 2);
  if (!on) return;
  ctx.client().no_evict = *on;
  ctx.server.clients.memory.update(ctx.client());
  ctx.reply.ok();
}

void client_no_touch_command(CommandContext& ctx) {
  const auto on = read_switch(ctx, 2);
  if (!on) return;
  ctx.session.no_touch = *on;
  ctx.reply.ok();
}

void client_pause_command(CommandContext& ctx) {
  PauseScope scope = PauseScope::kAll;
  if (ctx.arity() > 4) return too_many_arguments(ctx);
  if (ctx.arity() == 4) {
    if (ctx.arg_is(3, "WRITE")) {
      scope = PauseScope::kWrites;
    } else if (!ctx.arg_is(3, "ALL")) {
      return ctx.error("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
  }
  const auto timeout_ms = ctx.integer(2, "ERR timeout is not an integer or out of range");
  if (!timeout_ms) return;
  if (*timeout_ms < 0) return ctx.error("ERR timeout is negative");
  if (*timeout_ms > INT64_MAX - ctx.server.monotonic_ms()) {
    return ctx.error("ERR timeout is out of range");
  }
  ctx.server.pause.begin(PauseReason::kClient, scope, ctx.server.monotonic_ms() + *timeout_ms);
  ctx.reply.ok();
}

void client_reply_command(CommandContext& ctx) {
  if (ctx.arg_is(2, "ON")) {
    ctx.client().reply_mode = ReplyMode::kOn;
    ctx.reply.ok();
  } else if (ctx.arg_is(2, "OFF")) {
    ctx.client().reply_mode = ReplyMode::kOff;
  } else if (ctx.arg_is(2, "SKIP")) {
    if (ctx.client().reply_mode != ReplyMode::kOff) ctx.client().reply_mode = ReplyMode::kSkipNext;
  } else {
    ctx.syntax_error();
  }
}

void client_setinfo_command(CommandContext& ctx) {
  const bool name = ctx.arg_is(2, "LIB-NAME");
  if (!name && !ctx.arg_is(2, "LIB-VER")) {
    return ctx.error(fmt::format("ERR Unrecognized option '{}'", ctx.arg(2)));
  }
  if (!is_client_attribute(ctx.arg(3))) {
    return ctx.error(fmt::format("ERR {} cannot contain spaces, newlines or special characters.",
                                 name ? "lib-name" : "lib-ver"));
  }
  (name ? ctx.client().lib_name : ctx.client().lib_version) = ctx.arg(3);
  ctx.reply.ok();
}

void client_setname_command(CommandContext& ctx) {
  if (!is_client_attribute(ctx.arg(2))) return ctx.error(kInvalidClientName);
  ctx.session.name = ctx.arg(2);
  ctx.reply.ok();
}

void client_unblock_command(CommandContext& ctx) {
  bool with_error = false;
  if (ctx.arity() > 4) return too_many_arguments(ctx);
  if (ctx.arity() == 4) {
    with_error = ctx.arg_is(3, "ERROR");
    if (!with_error && !ctx.arg_is(3, "TIMEOUT")) {
      return ctx.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
  }
  const auto id = ctx.integer(2);
  if (!id) return;
  Client* client = ctx.server.clients.find(static_cast<uint64_t>(*id));
  // Who is held back by a pause did not block: its command has not begun.
  if (client == nullptr || client->blocked == BlockReason::kNone ||
      client->blocked == BlockReason::kPaused) {
    return ctx.reply.integer(0);
  }
  constexpr std::string_view kUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
  BlockedClients& blocked = ctx.server.blocked;
  const bool ended = with_error ? blocked.fail(*client, kUnblocked) : blocked.time_out(*client);
  ctx.reply.integer(ended ? 1 : 0);
}

void client_unpause_command(CommandContext& ctx) {
  ctx.server.pause.end(PauseReason::kClient);
  ctx.reply.ok();
}

constexpr CommandRow kClientRows[] = {
    {.name = "CLIENT",
     .arity = -2,
     .group = "connection",
     .since = "2.4.0",
     .flags = "SENTINEL",
     .complexity = "Depends on the subcommand.",
     .summary = "Groups the commands about client connections."},
    {.name = "CLIENT GETNAME",
     .handler = client_getname_command,
     .arity = 2,
     .group = "connection",
     .since = "2.6.9",
     .flags = "NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .complexity = "O(1)",
     .summary = "Reads the name of this connection."},
    {.name = "CLIENT HELP",
     .handler = client_help_command,
     .arity = 2,
     .group = "connection",
     .since = "5.0.0",
     .flags = "LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .complexity = "O(1)",
     .summary = "Lists the subcommands of CLIENT."},
    {.name = "CLIENT ID",
     .handler = client_id_command,
     .arity = 2,
     .group = "connection",
     .since = "5.0.0",
     .flags = "NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .complexity = "O(1)",
     .summary = "Tells the number of this connection."},
    {.name = "CLIENT INFO",
     .handler = client_info_command,
     .arity = 2,
     .group = "connection",
     .since = "6.2.0",
     .flags = "NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .complexity = "O(1)",
     .summary = "Describes this connection in one line."},
    {.name = "CLIENT KILL",
     .handler = client_kill_command,
     .arity = -3,
     .group = "connection",
     .since = "2.4.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .syntax =
         "filter=<old-format=ip:port:string!2.8.12|new-format=<[ID client-id:integer@2.8.12]|[TYPE "
         "client-type=<normal|master@3.2.0|slave|replica@5.0.0|pubsub>@2.8.12]|[USER "
         "username:string]|[ADDR ip:port:string]|[LADDR ip:port:string@6.2.0]|[SKIPME "
         "skipme=<YES|NO>]> ...>",
     .complexity = "O(N)",
     .summary = "Closes the connections that match an address or a filter.",
     .history = "2.8.12 Filters select the connections. ; 2.8.12 Filter `ID`. ; 3.2.0 Filter "
                "`TYPE` knows `master`. ; 5.0.0 Filter `TYPE` knows `replica`; `slave` stays an "
                "alias. ; 6.2.0 Filter `LADDR`."},
    {.name = "CLIENT LIST",
     .handler = client_list_command,
     .arity = -2,
     .group = "connection",
     .since = "2.4.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .syntax =
         "[TYPE client-type=<normal|master|replica|pubsub>@5.0.0] [ID client-id:integer@6.2.0 ...]",
     .complexity = "O(N)",
     .summary = "Describes the open connections, one a line.",
     .history = "2.8.12 Field `id`. ; 5.0.0 Filter `TYPE`. ; 6.0.0 Field `user`. ; 6.2.0 Fields "
                "`argv-mem`, `tot-mem`, `laddr` and `redir`, and filter `ID`. ; 7.0.0 Fields "
                "`resp`, `multi-mem`, `rbs` and `rbp`. ; 7.0.3 Field `ssub`."},
    {.name = "CLIENT NO-EVICT",
     .handler = client_no_evict_command,
     .arity = 3,
     .group = "connection",
     .since = "7.0.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .syntax = "enabled=<ON|OFF>",
     .complexity = "O(1)",
     .summary = "Exempts this connection from client eviction, or ends that."},
    {.name = "CLIENT NO-TOUCH",
     .handler = client_no_touch_command,
     .arity = 3,
     .group = "connection",
     .since = "7.2.0",
     .flags = "NOSCRIPT,LOADING,STALE",
     .acl = "CONNECTION",
     .syntax = "enabled=<ON|OFF>",
     .complexity = "O(1)",
     .summary = "Keeps the reads of this connection from counting as use of a key, or ends that."},
    {.name = "CLIENT PAUSE",
     .handler = client_pause_command,
     .arity = -3,
     .group = "connection",
     .since = "3.0.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .syntax = "timeout:integer [mode=<WRITE|ALL>@6.2.0]",
     .complexity = "O(1)",
     .summary = "Holds back the commands of clients for a while.",
     .history = "6.2.0 A mode: `WRITE` or `ALL`."},
    {.name = "CLIENT REPLY",
     .handler = client_reply_command,
     .arity = 3,
     .group = "connection",
     .since = "3.2.0",
     .flags = "NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .syntax = "action=<ON|OFF|SKIP>",
     .complexity = "O(1)",
     .summary = "Turns the replies to this connection on or off, or skips one."},
    {.name = "CLIENT SETINFO",
     .handler = client_setinfo_command,
     .arity = 4,
     .group = "connection",
     .since = "7.2.0",
     .flags = "NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .tips = "REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:ALL_SUCCEEDED",
     .syntax = "attr=<lib-name libname:string|lib-ver libver:string>",
     .complexity = "O(1)",
     .summary = "Records the name or version of the client library."},
    {.name = "CLIENT SETNAME",
     .handler = client_setname_command,
     .arity = 3,
     .group = "connection",
     .since = "2.6.9",
     .flags = "NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .tips = "REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:ALL_SUCCEEDED",
     .syntax = "connection-name:string",
     .complexity = "O(1)",
     .summary = "Names this connection."},
    {.name = "CLIENT UNBLOCK",
     .handler = client_unblock_command,
     .arity = -3,
     .group = "connection",
     .since = "5.0.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .syntax = "client-id:integer [unblock-type=<TIMEOUT|ERROR>]",
     .complexity = "O(log N)",
     .summary = "Wakes a client out of a blocking command."},
    {.name = "CLIENT UNPAUSE",
     .handler = client_unpause_command,
     .arity = 2,
     .group = "connection",
     .since = "6.2.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .complexity = "O(N)",
     .summary = "Lets paused clients go on."},
};

}  // namespace

CommandFamily client_commands() {
  return kClientRows;
}

}  // namespace spinel::server
