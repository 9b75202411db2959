#include "server/command/context.h"
#include "server/command/families.h"

namespace spinel::server {
namespace {

void ping_command(CommandContext& ctx) {
  if (ctx.arity() == 1) return ctx.reply.simple("PONG");
  ctx.reply.bulk(ctx.arg(1));
}

constexpr CommandRow kConnectionRows[] = {
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
};

}  // namespace

CommandFamily connection_commands() {
  return kConnectionRows;
}

}  // namespace spinel::server
