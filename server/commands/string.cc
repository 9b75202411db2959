#include "server/command/context.h"
#include "server/command/families.h"

namespace spinel::server {
namespace {

using storage::Item;
using storage::Key;
using storage::Type;

void get_command(CommandContext& ctx) {
  const Item item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kString)) return;
  if (!item) return ctx.reply.null();
  storage::IntegerText scratch;
  ctx.reply.bulk(storage::string_bytes(*item, scratch));
}

void set_command(CommandContext& ctx) {
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  ctx.db.set_string(key, item, ctx.arg(2), storage::kNoExpiry, ctx.new_access());
  ctx.changed(key.bytes);
  ctx.notify(kNotifyString, "set", key.bytes);
  ctx.reply.ok();
}

constexpr CommandRow kStringRows[] = {
    {.name = "GET",
     .handler = get_command,
     .arity = 2,
     .group = "string",
     .since = "2.0.0",
     .flags = "READONLY,FAST",
     .acl = "STRING",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Reads the string stored at a key."},
    {.name = "SET",
     .handler = set_command,
     .arity = -3,
     .group = "string",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM",
     .acl = "STRING",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key value:string",
     .complexity = "O(1)",
     .summary = "Stores a string at a key, replacing what was there."},
};

}  // namespace

CommandFamily string_commands() {
  return kStringRows;
}

}  // namespace spinel::server
