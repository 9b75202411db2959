#include "server/engine/replayer.h"

#include "server/server.h"
#include "storage/base/numbers.h"

namespace spinel::server {

bool Replayer::add(CommandArgs args) {
  const Command* command = server_.commands.resolve(args);
  if (command == nullptr || command->handler == nullptr || !command->arity_fits(args.size())) {
    return false;
  }
  if (batch_.empty()) next_database_ = session_.database;
  batch_.push_back({.command = command,
                    .first_arg = static_cast<uint32_t>(args_.size()),
                    .arg_count = static_cast<uint32_t>(args.size()),
                    .database = next_database_,
                    .key_hash = {}});
  args_.insert(args_.end(), args.begin(), args.end());
  if (command->name == "select") {
    const auto database = storage::parse_int64(args[1]);
    const int64_t count = server_.keyspace.database_count();
    if (database && *database >= 0 && *database < count) {
      next_database_ = static_cast<int>(*database);
    }
  }
  return true;
}

void Replayer::run() {
  prefetch_.run(
      std::span<Request>(batch_), [this](const Request& request) { return args_of(request); },
      [this](const Request& request) -> storage::Database& {
        return server_.keyspace.database(request.database);
      });
  for (const Request& request : batch_) {
    server_.dispatcher.apply(session_, reply_, args_of(request), *request.command,
                             request.key_hash);
    output_.truncate(0);
    if (!reply_.has_errors()) continue;
    resp::ReplyWriter::Errors errors = reply_.take_errors();
    errors_ += static_cast<uint64_t>(errors.count);
    if (first_error_.empty()) first_error_ = request.command->name + ": " + errors.first;
  }
  commands_ += batch_.size();
  drop();
}

void Replayer::drop() {
  batch_.clear();
  args_.clear();
}

}  // namespace spinel::server
