#include "cluster/replication/upstream.h"

namespace spinel::cluster {
bool Upstream::connected() const {
  return false;
}
void Upstream::follow(const std::string& host, int port) {
  host_ = host;
  port_ = port;
}
void Upstream::stop() {
  host_.clear();
}
void Upstream::cron() {}
void Upstream::between_turns() {}
void Upstream::write_info(server::InfoWriter&) const {}
void Upstream::write_role(server::CommandContext&) const {}
const server::Client* Upstream::client() const {
  return nullptr;
}
}  // namespace spinel::cluster
