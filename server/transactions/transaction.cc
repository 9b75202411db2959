#include "server/transactions/transaction.h"

#include "server/client.h"
#include "server/server.h"

namespace spinel::server {

namespace {

// Room for a small transaction, so that it allocates once.
constexpr size_t kFirstBytes = 512;
constexpr size_t kFirstArguments = 32;
constexpr size_t kFirstCommands = 12;

}  // namespace

Transaction::Transaction() {
  bytes_.reserve(kFirstBytes);
  ends_.reserve(kFirstArguments);
  commands_.reserve(kFirstCommands);
}

void Transaction::add(const Command& command, CommandArgs args) {
  commands_.push_back(
      {.command = &command, .first_arg = ends_.size(), .arg_count = args.size(), .key_hash = {}});
  for (const std::string_view arg : args) {
    bytes_.append(arg);
    ends_.push_back(bytes_.size());
  }
  any_flags_ |= command.flags;
  if (!command.has(CommandFlags::kLoading)) not_allowed_ = CommandFlags::kLoading;
}

size_t Transaction::memory_bytes() const {
  return sizeof(Transaction) + bytes_.capacity() + ends_.capacity() * sizeof(size_t) +
         commands_.capacity() * sizeof(Queued) + args_.capacity() * sizeof(std::string_view);
}

void Transaction::finish() {
  const std::string_view bytes = bytes_;
  args_.reserve(ends_.size());
  size_t begin = 0;
  for (const size_t end : ends_) {
    args_.push_back(bytes.substr(begin, end - begin));
    begin = end;
  }
}

void discard_transaction(Client& client) {
  client.transaction.reset();
  client.server.watched_keys.unwatch(client);
}

}  // namespace spinel::server
