// From bytes to executed commands: parses all requests that a read brought, prefetches what they
// will touch, and runs them in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "server/blocking/blocked_clients.h"
#include "server/client.h"
#include "server/engine/spec.h"
#include "server/engine/table.h"
#include "server/resp/request_parser.h"
#include "storage/keyspace/element_prefetch.h"

namespace spinel::storage {
class Database;
}

namespace spinel::server {

class Server;

class Dispatcher {
 public:
  explicit Dispatcher(Server& server) : server_(server) {}

  // Executes what `input` holds of complete requests, as far as the client may execute commands
  // now, and returns how many bytes are done with. The rest is to be passed again, from its first
  // byte, with more behind it.
  size_t process(Client& client, std::string_view input, resp::RequestParser& parser);

  // Executes one command for `client`. `args` is not empty.
  void execute(Client& client, CommandArgs args, Wake wake = Wake::kNone);

 private:
  // A parsed request of the batch.
  struct Request {
    uint32_t first_arg;
    uint32_t arg_count;
    size_t end;  // where it ends in the input
    const Command* command;
    uint64_t key_hash;
    bool has_key_hash;
  };

  static constexpr size_t kBatch = 128;

  // Does `work`, which executes commands, and counts how long they took.
  template <typename Work>
  void timed(Work&& work);
  size_t process_batches(Client& client, std::string_view input, resp::RequestParser& parser);
  bool read_batch(Client& client, std::string_view input, resp::RequestParser& parser,
                  size_t& position);
  void prefetch_batch(Client& client);
  // Of commands on sets and hashes, the member or field that follows the key; of those on sorted
  // sets the last argument, which is the member where there is one.
  void prefetch_elements(storage::Database& database);
  CommandArgs args_of(const Request& request) const {
    return {args_.data() + request.first_arg, request.arg_count};
  }
  void run(Client& client, CommandArgs args, const Command* command, uint64_t key_hash,
           bool has_key_hash, Wake wake);
  // Whether the command may run now. If not, the reply was sent or the client was blocked.
  bool admit(Client& client, CommandArgs args, const Command* command);
  void call(Client& client, CommandArgs args, const Command& command, uint64_t key_hash,
            bool has_key_hash, Wake wake);
  // Whether a command that the configuration must enable is; if not, the reply was sent.
  bool protected_command_allowed(Client& client, const Command& command);
  // Counts a command that ran and whose reply starts at `mark` of the output.
  void record(Client& client, CommandArgs args, const Command& command, size_t mark,
              uint64_t duration_ns);
  void reject(Client& client, const Command* command, std::string_view error);

  Server& server_;
  std::vector<std::string_view> args_;  // of the whole batch
  std::vector<Request> batch_;
  std::vector<uint64_t> overflowing_;  // hashes of the batch whose entry is in an overflow bucket
  storage::ElementPrefetch elements_;
  uint64_t last_ticks_ = 0;  // when the previous command of the batch ended
  bool timing_ = false;      // within `timed`
};

}  // namespace spinel::server
