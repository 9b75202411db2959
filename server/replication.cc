#include "server/replication.h"

#include "server/engine/context.h"
#include "server/stats/info_writer.h"

namespace spinel::server {

namespace {
constexpr std::string_view kNotHere = "ERR This server does not replicate";
}

void Replication::psync(CommandContext& ctx) {
  ctx.error(kNotHere);
}

void Replication::replconf(CommandContext& ctx) {
  ctx.error(kNotHere);
}

void Replication::replicaof(CommandContext& ctx) {
  ctx.error(kNotHere);
}

void Replication::failover_command(CommandContext& ctx) {
  ctx.error(kNotHere);
}

void Replication::role(CommandContext& ctx) {
  ctx.reply.array(3);
  ctx.reply.bulk("master");
  ctx.reply.integer(0);
  ctx.reply.array(0);
}

void Replication::write_info(InfoWriter& info) const {
  info.field("role", "master");
  info.field("connected_slaves", 0);
}

}  // namespace spinel::server
