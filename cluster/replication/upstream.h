// Whom this node follows: the connection to its master, the handshake, the full copy, and the
// stream that is applied.
#pragma once

#include <cstdint>
#include <string>

namespace spinel::server {
class Client;
class CommandContext;
class InfoWriter;
}  // namespace spinel::server

namespace spinel::cluster {

class Node;

class Upstream {
 public:
  explicit Upstream(Node& node) : node_(node) {}

  // Whether this node is a replica.
  bool active() const { return !host_.empty(); }
  bool follows(const std::string& host, int port) const { return host == host_ && port == port_; }
  // Whether the stream of the master arrives.
  bool connected() const;
  // Follows the master at `host`:`port`, beginning at the next `cron`. What is known of the history
  // is used to go on without a full copy.
  void follow(const std::string& host, int port);
  // Closes the connection: this node is no replica any more.
  void stop();

  void cron();
  void between_turns();

  // From master_host on, as far as it is about the master.
  void write_info(server::InfoWriter& info) const;
  // A replica's ROLE.
  void write_role(server::CommandContext& ctx) const;
  // The client of the master's stream; null without one.
  const server::Client* client() const;

 private:
  Node& node_;
  std::string host_;
  int port_ = 0;
};

}  // namespace spinel::cluster
