// CLIENT TRACKING and its relatives: client-side caching.
#include "server/tracking/tracking.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "server/engine/context.h"
#include "server/engine/families.h"

namespace spinel::server {

namespace {

struct TrackingArguments {
  TrackingOptions options;
  bool broadcast = false;
  bool opt_in = false;
  bool opt_out = false;
  std::vector<std::string_view> prefixes;
};

// Nothing: the error was sent.
std::optional<TrackingArguments> read_tracking_arguments(CommandContext& ctx) {
  TrackingArguments read;
  for (size_t i = 3; i < ctx.arity(); ++i) {
    const bool has_value = i + 1 < ctx.arity();
    if (ctx.arg_is(i, "REDIRECT") && has_value) {
      if (read.options.redirect != 0) {
        ctx.error("ERR A client can only redirect to a single other client");
        return std::nullopt;
      }
      const auto id = ctx.integer(++i);
      if (!id) return std::nullopt;
      if (*id <= 0 || ctx.server.clients.find(static_cast<uint64_t>(*id)) == nullptr) {
        ctx.error("ERR The client ID you want redirect to does not exist");
        return std::nullopt;
      }
      read.options.redirect = static_cast<uint64_t>(*id);
    } else if (ctx.arg_is(i, "PREFIX") && has_value) {
      read.prefixes.push_back(ctx.arg(++i));
    } else if (ctx.arg_is(i, "BCAST")) {
      read.broadcast = true;
    } else if (ctx.arg_is(i, "OPTIN")) {
      read.opt_in = true;
    } else if (ctx.arg_is(i, "OPTOUT")) {
      read.opt_out = true;
    } else if (ctx.arg_is(i, "NOLOOP")) {
      read.options.noloop = true;
    } else {
      ctx.syntax_error();
      return std::nullopt;
    }
  }
  if (read.broadcast) {
    read.options.mode = TrackingMode::kBroadcast;
  } else if (read.opt_in) {
    read.options.mode = TrackingMode::kOptIn;
  } else if (read.opt_out) {
    read.options.mode = TrackingMode::kOptOut;
  }
  return read;
}

bool overlap(std::string_view a, std::string_view b) {
  return a.starts_with(b) || b.starts_with(a);
}

// A prefix that one of `prefixes` begins with or the other way round.
std::optional<std::string_view> find_overlap(const std::set<std::string, std::less<>>& prefixes,
                                             std::string_view prefix) {
  // What begins with `prefix` stands right behind where it would be.
  const auto next = prefixes.lower_bound(prefix);
  if (next != prefixes.end() && next->starts_with(prefix)) return *next;
  for (size_t size = prefix.size(); size > 0; --size) {
    const auto found = prefixes.find(prefix.substr(0, size - 1));
    if (found != prefixes.end()) return *found;
  }
  return std::nullopt;
}

// Whether no prefix overlaps with another one; if not, the error was sent.
bool check_prefixes(CommandContext& ctx, const std::vector<std::string_view>& prefixes) {
  const ClientTracking* tracking = ctx.client().tracking.get();
  for (size_t i = 0; i < prefixes.size(); ++i) {
    if (tracking != nullptr) {
      if (const auto other = find_overlap(tracking->prefixes, prefixes[i])) {
        ctx.error(
            fmt::format("ERR Prefix '{}' overlaps with an existing prefix '{}'. Prefixes for "
                        "a single client must not overlap.",
                        prefixes[i], *other));
        return false;
      }
    }
    for (size_t j = i + 1; j < prefixes.size(); ++j) {
      if (!overlap(prefixes[i], prefixes[j])) continue;
      ctx.error(
          fmt::format("ERR Prefix '{}' overlaps with another provided prefix '{}'. Prefixes "
                      "for a single client must not overlap.",
                      prefixes[i], prefixes[j]));
      return false;
    }
  }
  return true;
}

// Whether the arguments fit together and to how the client tracks now; if not, the error was sent.
bool check_tracking_arguments(CommandContext& ctx, const TrackingArguments& wanted) {
  const ClientTracking* tracking = ctx.client().tracking.get();
  std::string_view error;
  if (!wanted.broadcast && !wanted.prefixes.empty()) {
    error = "ERR PREFIX option requires BCAST mode to be enabled";
  } else if (tracking != nullptr && tracking->broadcasts() != wanted.broadcast) {
    error =
        "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and "
        "then re-enabling it with a different mode.";
  } else if (wanted.broadcast && (wanted.opt_in || wanted.opt_out)) {
    error = "ERR OPTIN and OPTOUT are not compatible with BCAST";
  } else if (wanted.opt_in && wanted.opt_out) {
    error = "ERR You can't specify both OPTIN mode and OPTOUT mode";
  } else if (tracking != nullptr &&
             ((wanted.opt_in && tracking->options.mode == TrackingMode::kOptOut) ||
              (wanted.opt_out && tracking->options.mode == TrackingMode::kOptIn))) {
    error =
        "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and "
        "then re-enabling it with a different mode.";
  }
  if (!error.empty()) {
    ctx.error(error);
    return false;
  }
  return check_prefixes(ctx, wanted.prefixes);
}

void client_tracking_command(CommandContext& ctx) {
  const auto wanted = read_tracking_arguments(ctx);
  if (!wanted) return;
  if (ctx.arg_is(2, "ON")) {
    if (!check_tracking_arguments(ctx, *wanted)) return;
    ctx.server.tracking.start(ctx.client(), wanted->options, wanted->prefixes);
  } else if (ctx.arg_is(2, "OFF")) {
    ctx.server.tracking.stop(ctx.client());
  } else {
    return ctx.syntax_error();
  }
  ctx.server.clients.memory.update(ctx.client());
  ctx.reply.ok();
}

void client_caching_command(CommandContext& ctx) {
  ClientTracking* tracking = ctx.client().tracking.get();
  if (tracking == nullptr) {
    return ctx.error(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
        "OPTOUT mode enabled");
  }
  const TrackingMode mode = tracking->options.mode;
  if (ctx.arg_is(2, "YES")) {
    if (mode != TrackingMode::kOptIn) {
      return ctx.error(
          "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
    }
  } else if (ctx.arg_is(2, "NO")) {
    if (mode != TrackingMode::kOptOut) {
      return ctx.error(
          "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
    }
  } else {
    return ctx.syntax_error();
  }
  tracking->caching = true;
  ctx.reply.ok();
}

void client_getredir_command(CommandContext& ctx) {
  const ClientTracking* tracking = ctx.client().tracking.get();
  ctx.reply.integer(tracking == nullptr ? -1 : static_cast<int64_t>(tracking->options.redirect));
}

std::vector<std::string_view> tracking_flags(const ClientTracking* tracking) {
  if (tracking == nullptr) return {"off"};
  std::vector<std::string_view> flags = {"on"};
  switch (tracking->options.mode) {
    case TrackingMode::kAllReads:
      break;
    case TrackingMode::kBroadcast:
      flags.emplace_back("bcast");
      break;
    case TrackingMode::kOptIn:
      flags.emplace_back("optin");
      if (tracking->caching) flags.emplace_back("caching-yes");
      break;
    case TrackingMode::kOptOut:
      flags.emplace_back("optout");
      if (tracking->caching) flags.emplace_back("caching-no");
      break;
  }
  if (tracking->options.noloop) flags.emplace_back("noloop");
  if (tracking->redirect_broken) flags.emplace_back("broken_redirect");
  return flags;
}

void client_trackinginfo_command(CommandContext& ctx) {
  const ClientTracking* tracking = ctx.client().tracking.get();
  ctx.reply.map(3);
  ctx.reply.bulk("flags");
  const std::vector<std::string_view> flags = tracking_flags(tracking);
  ctx.reply.set(flags.size());
  for (const std::string_view flag : flags) ctx.reply.bulk(flag);
  ctx.reply.bulk("redirect");
  client_getredir_command(ctx);
  ctx.reply.bulk("prefixes");
  ctx.reply.array(tracking == nullptr ? 0 : tracking->prefixes.size());
  if (tracking == nullptr) return;
  for (const std::string& prefix : tracking->prefixes) ctx.reply.bulk(prefix);
}

constexpr CommandRow kTrackingRows[] = {
    {.name = "CLIENT CACHING",
     .handler = client_caching_command,
     .arity = 3,
     .group = "connection",
     .since = "6.0.0",
     .flags = "NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .syntax = "mode=<YES|NO>",
     .complexity = "O(1)",
     .summary = "Has the keys of the next command tracked, or not."},
    {.name = "CLIENT GETREDIR",
     .handler = client_getredir_command,
     .arity = 2,
     .group = "connection",
     .since = "6.0.0",
     .flags = "NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .complexity = "O(1)",
     .summary = "Tells which connection the messages of invalidation go to."},
    {.name = "CLIENT TRACKING",
     .handler = client_tracking_command,
     .arity = -3,
     .group = "connection",
     .since = "6.0.0",
     .flags = "NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .syntax = "status=<ON|OFF> [REDIRECT client-id:integer] [(PREFIX prefix:string) ...] [BCAST] "
               "[OPTIN] [OPTOUT] [NOLOOP]",
     .complexity = "O(1)",
     .summary = "Tells this connection which of the keys that it read are modified, or ends that."},
    {.name = "CLIENT TRACKINGINFO",
     .handler = client_trackinginfo_command,
     .arity = 2,
     .group = "connection",
     .since = "6.2.0",
     .flags = "NOSCRIPT,LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .complexity = "O(1)",
     .summary = "Describes the tracking of keys by this connection."},
};

}  // namespace

CommandFamily tracking_commands() {
  return kTrackingRows;
}

}  // namespace spinel::server
