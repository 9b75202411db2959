// Who follows this node: handshakes, full copies, the stream, and what replicas acknowledge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace spinel::server {
class CommandContext;
class InfoWriter;
}  // namespace spinel::server

namespace spinel::cluster {

class Node;

class Replicas {
 public:
  explicit Replicas(Node& node) : node_(node) {}

  void psync(server::CommandContext& ctx);
  void replconf(server::CommandContext& ctx);
  // Once a second: pings, timeouts, full copies that are due.
  void cron();
  // Has the stream sent, and trims the backlog.
  void end_turn();
  // Closes the connections of all, so that they come back and ask how to go on.
  void disconnect_all();

  struct Summary {
    std::string host;  // as it announces itself, or else as it connected from
    int port;
    bool is_online;
    int64_t acknowledged_offset;
  };
  std::vector<Summary> summaries() const;
  size_t online_count() const;
  // Those that min-replicas-to-write counts.
  size_t good_count() const;
  size_t that_have(int64_t offset) const;
  size_t that_synced(int64_t offset) const;
  void ask_for_acknowledgements();

  // connected_slaves, min_slaves_good_slaves and a line each.
  void write_info(server::InfoWriter& info) const;
  // The third element of a master's ROLE.
  void write_role(server::CommandContext& ctx) const;

 private:
  Node& node_;
};

}  // namespace spinel::cluster
