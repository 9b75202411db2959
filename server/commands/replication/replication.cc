// The commands by which nodes follow each other. cluster/replication does their work.
#include "server/engine/context.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

void psync_command(CommandContext& ctx) {
  ctx.server.replication->psync(ctx);
}

void replconf_command(CommandContext& ctx) {
  ctx.server.replication->replconf(ctx);
}

void replicaof_command(CommandContext& ctx) {
  ctx.server.replication->replicaof(ctx);
}

void failover_command(CommandContext& ctx) {
  ctx.server.replication->failover_command(ctx);
}

constexpr CommandRow kReplicationRows[] = {
    {.name = "FAILOVER",
     .handler = failover_command,
     .arity = -1,
     .group = "server",
     .since = "6.2.0",
     .flags = "ADMIN,NOSCRIPT,STALE",
     .syntax = "[TO target=<host:string port:integer [FORCE]>] [ABORT] [TIMEOUT "
               "milliseconds:integer]",
     .complexity = "O(1)",
     .summary = "Hands the role of the master over to one of the replicas."},
    {.name = "PSYNC",
     .handler = psync_command,
     .arity = -3,
     .group = "server",
     .since = "2.8.0",
     .flags = "NO_ASYNC_LOADING,ADMIN,NO_MULTI,NOSCRIPT",
     .syntax = "replicationid:string offset:integer",
     .summary = "Makes this connection a replica that goes on from an offset, where that is "
                "possible."},
    {.name = "REPLCONF",
     .handler = replconf_command,
     .arity = -1,
     .group = "server",
     .since = "3.0.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE,ALLOW_BUSY",
     .complexity = "O(1)",
     .summary = "Tells a master about its replica, or asks a replica how far it is."},
    {.name = "REPLICAOF",
     .handler = replicaof_command,
     .arity = 3,
     .group = "server",
     .since = "5.0.0",
     .flags = "NO_ASYNC_LOADING,ADMIN,NOSCRIPT,STALE",
     .syntax = "args=<host-port=<host:string port:integer>|no-one=<NO ONE>>",
     .complexity = "O(1)",
     .summary = "Makes this server a replica of another one, or a master."},
    {.name = "SLAVEOF",
     .handler = replicaof_command,
     .arity = 3,
     .group = "server",
     .since = "1.0.0",
     .flags = "NO_ASYNC_LOADING,ADMIN,NOSCRIPT,STALE",
     .syntax = "args=<host-port=<host:string port:integer>|no-one=<NO ONE>>",
     .complexity = "O(1)",
     .summary = "The former name of REPLICAOF.",
     .deprecated_since = "5.0.0",
     .replaced_by = "`REPLICAOF`",
     .doc_flags = "DEPRECATED"},
    {.name = "SYNC",
     .handler = psync_command,
     .arity = 1,
     .group = "server",
     .since = "1.0.0",
     .flags = "NO_ASYNC_LOADING,ADMIN,NO_MULTI,NOSCRIPT",
     .summary = "Makes this connection a replica that begins with a full copy."},
};

}  // namespace

CommandFamily replication_commands() {
  return kReplicationRows;
}

}  // namespace spinel::server
